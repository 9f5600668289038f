# SPDX-License-Identifier: GPL-2.0-only
# What runs in the root cell: Debian's unmodified arm64 kernel and an initramfs around busybox. Also the kernel headers
# that the driver is built against. Everything is downloaded once and kept in $(BUILD)/guest.

GUEST		:= $(BUILD)/guest
GUEST_KERNEL	:= 6.12
GUEST_MODULES	:= nvme e1000e virtio_pci virtio_blk vfio_iommu_type1 vfio-pci uio_pci_generic
GUEST_FETCH	:= tools/guest/fetch -o $(GUEST)

# Programs that the boot tests and `make run` use in the root cell: one C file each, static.
GUEST_TOOLS	:= $(patsubst tools/guest/%.c,$(GUEST)/bin/%,$(wildcard tools/guest/*.c))
GUEST_CC	:= $(if $(filter aarch64,$(shell uname -m)),gcc,aarch64-linux-gnu-gcc)

# The scripts are not prerequisites: a changed script shall not download again what is there (remove it to do so).
$(GUEST)/%/Image $(GUEST)/%/release:
	$(Q)$(GUEST_FETCH) image $*

# What images start from unless they ask for a series.
$(GUEST)/Image $(GUEST)/plain.cpio $(GUEST)/root.cpio: $(GUEST)/%: $(GUEST)/$(GUEST_KERNEL)/%
	$(Q)ln -sfn $(GUEST_KERNEL)/$* $@

$(GUEST)/busybox:
	$(Q)$(GUEST_FETCH) busybox

$(GUEST)/u-boot.bin:
	$(Q)$(GUEST_FETCH) u-boot

# Programs of Debian's for cells and for the root cell, with their libraries, and the packages that have them.
PACKAGE_cyclictest := rt-tests
PACKAGE_stress-ng  := stress-ng
$(GUEST)/programs/%/ready:
	$(Q)$(GUEST_FETCH) program $(PACKAGE_$*) $*
	$(Q)touch $@

$(GUEST)/%/headers/Makefile:
	$(Q)$(GUEST_FETCH) headers $*
.PRECIOUS: $(GUEST)/%/headers/Makefile

$(GUEST)/bin/%: tools/guest/%.c
	@echo "  CC      $@"
	@mkdir -p $(@D)
	$(Q)$(GUEST_CC) -static -O2 -Wall -Wextra -Werror -Iinmates/lib/include -MMD -MP -MF $@.d -o $@ $<
-include $(GUEST_TOOLS:=.d)

# Busybox, modules and a shell, and nothing of Cloister: for trying the machine without the hypervisor.
$(GUEST)/%/plain.cpio: $(GUEST)/busybox $(GUEST)/%/release tools/guest/init tools/guest/mkinitramfs $(GUEST_TOOLS)
	@echo "  CPIO    $@"
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --busybox $(GUEST)/busybox --init tools/guest/init \
		--modules $(@D)/modules --release "$$(cat $(@D)/release)" $(GUEST_MODULES:%=--module %) \
		$(GUEST_TOOLS:%=--add %:bin/)

# The root cell's, without cells, which depend on the board: tools/cloister.mk and the tests add theirs in /cells.
$(GUEST)/%/root.cpio: $(GUEST)/%/plain.cpio $(BUILD)/driver/%/cloister.ko \
		$(BUILD)/driver/%/edu_test.ko $(BUILD)/driver/%/fault_test.ko \
		$(BUILD)/driver/abi_test $(BUILD)/tools/cloisterctl
	@echo "  CPIO    $@"
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --onto $< --release "$$(cat $(@D)/release)" \
		--extra-module $(BUILD)/driver/$*/cloister.ko --add $(BUILD)/driver/$*/edu_test.ko:test/ \
		--add $(BUILD)/driver/$*/fault_test.ko:test/ --add $(BUILD)/driver/abi_test:test/ \
		--add $(BUILD)/tools/cloisterctl:bin/
.PRECIOUS: $(GUEST)/%/Image $(GUEST)/%/release $(GUEST)/%/plain.cpio $(GUEST)/%/root.cpio

.PHONY: guest guest-headers
guest: $(GUEST)/Image $(GUEST)/$(GUEST_KERNEL)/plain.cpio
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
