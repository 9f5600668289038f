# SPDX-License-Identifier: GPL-2.0-only
# make bench: what operations cost on a bare machine and in a cell. build/$(BOARD)/bench.img is a system without a root
# cell, whose only cell, started at boot, is the bench inmate.

.PHONY: bench bench-bare
bench: $(BUILD)/inmates/tests/bench.bin $(BUILD)/$(BOARD)/bench.img $(BUILD)/hypervisor/cloister.elf
	$(Q)$(PYTHON) tests/bench/bench.py --build $(BUILD) --cross $(CROSS) --system $(BUILD)/$(BOARD)/bench.img
bench-bare: $(BUILD)/inmates/tests/bench.bin
	$(Q)$(PYTHON) tests/bench/bench.py --build $(BUILD) --cross $(CROSS) --bare-only
