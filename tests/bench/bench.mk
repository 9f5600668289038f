# SPDX-License-Identifier: GPL-2.0-only
# make bench: what operations cost on a bare machine and in a cell. bench.img and bench-smmu.img in build/$(BOARD) are systems
# without a root cell, whose only cell, started at boot, is the inmate; linux*.img are those of a root cell, without and with
# an SMMU of its own, and a module that measures.

ifndef BENCH_INMATES		# harmless when it is included twice
BENCH_INMATES	:= $(BUILD)/inmates/tests/bench.bin $(BUILD)/inmates/tests/bench-smmu.bin
BENCH_OUT	:= $(BUILD)/bench
BENCH_LINUX	:= $(BENCH_OUT)/linux.img $(BENCH_OUT)/linux-stage1.img
BENCH_FILES	:= $(BENCH_INMATES) $(BUILD)/$(BOARD)/bench.img $(BUILD)/hypervisor/cloister.elf $(BUILD)/$(BOARD)/system.img
ifeq ($(CONFIG_VSMMU),y)
BENCH_FILES	+= $(BUILD)/$(BOARD)/bench-smmu.img $(BENCH_LINUX)
BENCH_FLAGS	:= --smmu
endif
BENCH		:= $(PYTHON) -B tests/bench/bench.py --build $(BUILD) --cross $(CROSS)

.PHONY: bench bench-check bench-bare bench-profile
bench-check: BENCH_FLAGS += --check
bench bench-check: $(BENCH_FILES)
	$(Q)$(BENCH) $(BENCH_FLAGS)
bench-bare: $(BENCH_INMATES)
	$(Q)$(BENCH) --bare-only
# where the instructions of one series go: make bench-profile SERIES=map-unmap
SERIES		?= map-unmap
bench-profile: $(BUILD)/$(BOARD)/bench-smmu.img
	$(Q)$(PYTHON) -B tests/bench/profile.py --build $(BUILD) --cross $(CROSS) $(SERIES)

# how late interrupts come, and how long a cell takes to its first instruction, on machines with two and three CPUs
REALTIME_FILES	:= $(BUILD)/inmates/tests/bench-realtime.bin $(BUILD)/inmates/tests/bench-attack.elf \
		   $(BUILD)/hypervisor/cloister.bin $(BUILD)/tools/abi.json $(BUILD)/tools/config_check
REALTIME	:= $(PYTHON) -B tests/bench/realtime.py --build $(BUILD) --check
.PHONY: bench-realtime bench-realtime-check
bench-realtime: $(REALTIME_FILES) $(BUILD)/guest/Image $(BUILD)/guest/root.cpio bench-board-2 bench-board-3
	$(Q)$(REALTIME)
bench-realtime-check: $(REALTIME_FILES) bench-board-2
	$(Q)$(REALTIME) --quick
bench-board-%: FORCE
	$(Q)$(MAKE) --no-print-directory OUT=$(BENCH_OUT)/realtime-$* BOARD_SMP=$* $(BENCH_OUT)/realtime-$*/board.dtb

$(BENCH_OUT)/initramfs.cpio: $(BUILD)/guest/root.cpio $(BUILD)/driver/6.12/dma_bench.ko
	@echo "  CPIO    $@"
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/guest/mkinitramfs -o $@ --onto $< --add $(BUILD)/driver/6.12/dma_bench.ko:test/

$(BENCH_OUT)/linux.img: configs/arm64/$(BOARD)/system.yaml
$(BENCH_OUT)/linux-stage1.img: configs/arm64/$(BOARD)/stage1-system.yaml
$(BENCH_LINUX): $(BENCH_OUT)/initramfs.cpio $(BUILD)/guest/Image $(BUILD)/hypervisor/cloister.bin $(BUILD)/$(BOARD)/board.dtb \
		$(BUILD)/tools/abi.json $(BUILD)/tools/config_check
	@echo "  PACK    $@"
	$(Q)$(CLOISTER) pack $(filter %.yaml,$^) --search $(BENCH_OUT) $(CLOISTER_ARGS) \
		--hypervisor $(BUILD)/hypervisor/cloister.bin -o $@
endif
