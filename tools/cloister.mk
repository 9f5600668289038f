# SPDX-License-Identifier: GPL-2.0-only
# `cloister` and what it makes: $(OUT)/{board.dtb,system.cfg,root.dtb,system.img} and one .cell for each cell config.
# Variants of the board go elsewhere: make OUT=build/variants/8cpu BOARD_SMP=8 BOARD_MEM=4G build/variants/8cpu/system.img

OUT		?= $(BUILD)/$(BOARD)
BOARD_CPU	?= cortex-a57
BOARD_SMP	?= 4
BOARD_MEM	?= 2G
BOARD_MACHINE	?= virt,virtualization=on,gic-version=3,its=on,iommu=smmuv3
QEMU		?= qemu-system-aarch64

CONFIGS		:= configs/arm64/$(BOARD)
SYSTEM		?= $(CONFIGS)/system.yaml
# What the image of the system config starts from.
SYSTEM_FILES	?= $(BUILD)/guest/Image $(OUT)/initramfs.cpio

# The cells of this board: all configs but systems, those of Debian's programs, which would have to be fetched, and the one
# of another system; with too few CPUs for them, one that takes the last CPU.
ALL_CELLS	:= $(filter-out %system uboot linux ivshmem,$(notdir $(basename $(wildcard $(CONFIGS)/*.yaml))))
CELLS		?= $(if $(filter 1 2 3,$(BOARD_SMP)),rtos0-2cpu,$(ALL_CELLS))
CELL_FILES	= $(CELLS:%=$(OUT)/%.cell)

ABI_HEADERS	:= $(wildcard hypervisor/include/abi/*.h tools/include/abi/*.h)
CLOISTER_SRC	:= tools/cloister $(wildcard tools/cloister_lib/*.py)
CLOISTER	:= CLOISTER_ABI=$(BUILD)/tools/abi.json $(PYTHON) tools/cloister
CLOISTER_READY	:= $(CLOISTER_SRC) $(BUILD)/tools/abi.json $(BUILD)/tools/config_check
CLOISTER_ARGS	= --board $(OUT)/board.dtb --search $(OUT) --search $(BUILD) --config-check $(BUILD)/tools/config_check

.PHONY: tools configs test-config
tools: $(CLOISTER_READY)
test-config:
	$(Q)$(PYTHON) -B -m pytest -q -p no:cacheprovider tests/config
configs: $(OUT)/system.cfg $(CELL_FILES)

$(BUILD)/tools/abi.json: $(ABI_HEADERS) tools/cloister_lib/abi_gen.py
	@echo "  GEN     $@"
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/cloister_lib/abi_gen.py --include hypervisor/include --cc $(HOSTCC) -o $@

# The hypervisor's own checker, for the host; what an image's hypervisor was built without is `pack`'s to compare.
CHECK_SRC	:= tools/config_check_main.c $(wildcard hypervisor/config/*.c)
$(BUILD)/tools/config_check: $(CHECK_SRC) $(wildcard hypervisor/config/*.h hypervisor/include/hyp/*.h) $(ABI_HEADERS) \
		tools/cloister.mk
	@echo "  HOSTCC  $@"
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter $(HOST_OPTIONS) -Ihypervisor/include \
		-o $@ $(CHECK_SRC)

# What kind of board a variant is, so that it is made anew when the variables differ.
$(OUT)/board.args: FORCE
	@mkdir -p $(@D)
	@echo '$(BOARD_MACHINE) $(BOARD_CPU) $(BOARD_SMP) $(BOARD_MEM)' | cmp -s - $@ || \
		echo '$(BOARD_MACHINE) $(BOARD_CPU) $(BOARD_SMP) $(BOARD_MEM)' > $@

$(OUT)/board.dtb: $(OUT)/board.args
	@echo "  DTB     $@"
	$(Q)timeout 60 $(QEMU) -M $(BOARD_MACHINE),dumpdtb=$@.part -cpu $(BOARD_CPU) -smp $(BOARD_SMP) -m $(BOARD_MEM) \
		-display none -nic none -serial null -serial null -monitor none 2> $@.log || { cat $@.log; exit 1; }
	$(Q)mv $@.part $@ && rm -f $@.log

# The root cell's initramfs with this board's cells in /cells.
$(OUT)/initramfs.cpio: $(BUILD)/guest/root.cpio $(CELL_FILES)
	@echo "  CPIO    $@"
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --onto $< $(CELL_FILES:%=--add %:cells/)

$(OUT)/system.cfg: $(SYSTEM) $(OUT)/board.dtb $(CLOISTER_READY) $(wildcard $(SYSTEM_FILES))
	@echo "  CONFIG  $@"
	$(Q)$(CLOISTER) compile $(SYSTEM) $(CLOISTER_ARGS) -o $@

$(OUT)/root.dtb: $(SYSTEM) $(OUT)/board.dtb $(CLOISTER_READY) $(SYSTEM_FILES)
	@echo "  DTB     $@"
	$(Q)$(CLOISTER) dtb $(SYSTEM) $(CLOISTER_ARGS) -o $@

$(OUT)/system.img: $(SYSTEM) $(OUT)/board.dtb $(CLOISTER_READY) $(SYSTEM_FILES) $(HYP_OUT)/cloister.bin
	@echo "  PACK    $@"
	$(Q)$(CLOISTER) pack $(SYSTEM) $(CLOISTER_ARGS) --hypervisor $(HYP_OUT)/cloister.bin -o $@

$(OUT)/uboot.cell: $(BUILD)/guest/u-boot.bin
$(OUT)/linux.cell: $(BUILD)/guest/Image $(BUILD)/guest/plain.cpio
$(OUT)/uboot.img: $(CONFIGS)/uboot-system.yaml $(CONFIGS)/uboot.yaml $(OUT)/board.dtb $(CLOISTER_READY) \
		$(BUILD)/guest/u-boot.bin $(HYP_OUT)/cloister.bin
	@echo "  PACK    $@"
	$(Q)$(CLOISTER) pack $< $(CLOISTER_ARGS) --hypervisor $(HYP_OUT)/cloister.bin -o $@

# Systems without a root cell, for `make bench`.
$(OUT)/bench.img $(OUT)/bench-smmu.img: $(OUT)/%.img: $(CONFIGS)/%-system.yaml $(OUT)/board.dtb $(CLOISTER_READY) \
		$(BUILD)/inmates/tests/%.elf $(HYP_OUT)/cloister.bin
	@echo "  PACK    $@"
	$(Q)$(CLOISTER) pack $< $(CLOISTER_ARGS) --hypervisor $(HYP_OUT)/cloister.bin -o $@

$(OUT)/%.cell: $(CONFIGS)/%.yaml $(SYSTEM) $(OUT)/board.dtb $(CLOISTER_READY) $(INMATE_ELFS)
	@echo "  CELL    $@"
	$(Q)$(CLOISTER) compile $(SYSTEM) $(CLOISTER_ARGS) --cell $< -o $@
