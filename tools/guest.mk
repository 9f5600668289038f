# SPDX-License-Identifier: GPL-2.0-only
# What runs in the root cell: Debian's unmodified arm64 kernel and an initramfs around busybox. Also the kernel headers
# that the driver is built against. Everything is downloaded once and kept in $(BUILD)/guest.

GUEST		:= $(BUILD)/guest
GUEST_KERNEL	:= 6.12
GUEST_MODULES	:= nvme e1000e vfio_iommu_type1 vfio-pci
GUEST_FETCH	:= tools/guest/fetch -o $(GUEST)

# Programs that the boot tests and `make run` use in the root cell: one C file each, static.
GUEST_TOOLS	:= $(patsubst tools/guest/%.c,$(GUEST)/bin/%,$(wildcard tools/guest/*.c))
GUEST_CC	:= $(if $(filter aarch64,$(shell uname -m)),gcc,aarch64-linux-gnu-gcc)

# The scripts are not prerequisites: a changed script shall not download again what is there (remove it to do so).
$(GUEST)/Image $(GUEST)/$(GUEST_KERNEL)/release &:
	$(Q)$(GUEST_FETCH) image $(GUEST_KERNEL)

$(GUEST)/busybox:
	$(Q)$(GUEST_FETCH) busybox

$(GUEST)/%/headers/Makefile:
	$(Q)$(GUEST_FETCH) headers $*
.PRECIOUS: $(GUEST)/%/headers/Makefile

$(GUEST)/bin/%: tools/guest/%.c
	@echo "  CC      $@"
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -static -O2 -Wall -Wextra -Werror -o $@ $<

# Busybox, modules and a shell, and nothing of Cloister: for trying the machine without the hypervisor.
$(GUEST)/plain.cpio: $(GUEST)/busybox $(GUEST)/$(GUEST_KERNEL)/release tools/guest/init tools/guest/mkinitramfs $(GUEST_TOOLS)
	@echo "  CPIO    $@"
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --busybox $(GUEST)/busybox --init tools/guest/init \
		--modules $(GUEST)/$(GUEST_KERNEL)/modules --release "$$(cat $(GUEST)/$(GUEST_KERNEL)/release)" \
		$(GUEST_MODULES:%=--module %) $(GUEST_TOOLS:%=--add %:bin/)

# The root cell's, without cells, which depend on the board: tools/cloister.mk and the tests add theirs in /cells.
GUEST_DRIVER := $(BUILD)/driver/$(GUEST_KERNEL)
$(GUEST)/root.cpio: $(GUEST)/plain.cpio $(GUEST_DRIVER)/cloister.ko $(GUEST_DRIVER)/edu_test.ko $(BUILD)/tools/cloisterctl
	@echo "  CPIO    $@"
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --onto $< --release "$$(cat $(GUEST)/$(GUEST_KERNEL)/release)" \
		--extra-module $(GUEST_DRIVER)/cloister.ko --add $(GUEST_DRIVER)/edu_test.ko:test/ \
		--add $(BUILD)/tools/cloisterctl:bin/

.PHONY: guest guest-headers
guest: $(GUEST)/Image $(GUEST)/plain.cpio
guest-headers: $(GUEST)/6.1/headers/Makefile $(GUEST)/6.12/headers/Makefile

# Set-up, then the main job: see tools/run --help.
.PHONY: setup run
setup:
	$(Q)tools/setup

# A make that knows what set-up installed does the work.
run:
	$(Q)tools/setup
	$(Q)$(MAKE) --no-print-directory system
	$(Q)$(PYTHON) tools/run --image $(BUILD)/$(BOARD)/system.img --log $(BUILD)/run.log

.PHONY: system
system: $(BUILD)/$(BOARD)/system.img
