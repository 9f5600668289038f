# SPDX-License-Identifier: GPL-2.0-only
# make bench: what operations cost on a bare machine and in a cell. build/$(BOARD)/bench.img is a system without a root
# cell, whose only cell, started at boot, is the bench inmate.

ifndef BENCH_INMATE		# harmless when it is included twice
BENCH_INMATE	:= $(BUILD)/inmates/tests/bench.bin
BENCH_IMAGE	:= $(BUILD)/$(BOARD)/bench.img

.PHONY: bench bench-check bench-bare
bench-check: BENCH_FLAGS := --check
bench bench-check: $(BENCH_INMATE) $(BENCH_IMAGE) $(BUILD)/hypervisor/cloister.elf $(BUILD)/$(BOARD)/system.img
	$(Q)$(PYTHON) tests/bench/bench.py --build $(BUILD) --cross $(CROSS) --system $(BENCH_IMAGE) \
		--root $(BUILD)/$(BOARD)/system.img $(BENCH_FLAGS)
bench-bare: $(BENCH_INMATE)
	$(Q)$(PYTHON) tests/bench/bench.py --build $(BUILD) --cross $(CROSS) --bare-only
endif
