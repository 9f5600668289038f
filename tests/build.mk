# SPDX-License-Identifier: GPL-2.0-only
# Options, checks and tests. `make test` is what CI runs.

-include tests/unit/unit.mk tests/fuzz/fuzz.mk

# ---- options: $(BUILD)/.config, and the same as a C header ----

AUTOCONF := $(BUILD)/include/generated/autoconf.h
KCONFIG	 := KCONFIG_CONFIG=$(BUILD)/.config $(PYTHON) -m

.PHONY: menuconfig defconfig
menuconfig:
	@mkdir -p $(dir $(AUTOCONF))
	$(Q)$(KCONFIG) menuconfig Kconfig
	$(Q)$(KCONFIG) genconfig --header-path $(AUTOCONF) Kconfig
defconfig:
	@mkdir -p $(dir $(AUTOCONF))
	$(Q)$(KCONFIG) alldefconfig > /dev/null
	$(Q)$(KCONFIG) genconfig --header-path $(AUTOCONF) Kconfig

# hypervisor/build.mk includes .config, so make brings it up to date by itself before anything else. Not for targets
# that must work on a machine where nothing is installed yet.
ifneq ($(filter-out help clean setup run test,$(or $(MAKECMDGOALS),all)),)
$(BUILD)/.config: Kconfig
	@tools/setup --check > /dev/null || \
		echo "make: packages are missing; make setup installs them, tools/setup --check names them"
	@mkdir -p $(dir $(AUTOCONF))
	$(Q)$(KCONFIG) $(if $(wildcard $@),olddefconfig,alldefconfig) > /dev/null
	$(Q)$(KCONFIG) genconfig --header-path $(AUTOCONF) Kconfig
	@touch $@
# hypervisor/build.mk goes on without it, as these targets must; what is built without it would lack all options
include $(BUILD)/.config
endif

# ---- checks and tests ----

.PHONY: lint test test-all test-files test-boot
lint:
	$(Q)$(PYTHON) tests/lint/lint

# What the images of the boot tests are made of.
test-files: hypervisor inmates tools $(GUEST)/Image $(GUEST)/root.cpio

# Deprecations that newer Pythons see in Debian's own modules are nothing that a reader of the result can change.
PYTEST	:= PYTHONWARNINGS=ignore::DeprecationWarning $(PYTHON) -B -m pytest -p no:cacheprovider -q -n 2 \
		--dist loadgroup --durations=10 --maxfail=100

test-boot: test-files
	$(Q)$(PYTEST) tests/boot

# What takes hours: 10 million random actions of guests on their SMMUs, a thousand cells one after another, two thousand
# that end in the middle of their DMA.
.PHONY: nightly nightly-boot
nightly: nightly-refine nightly-boot
nightly-boot: test-files driver
	$(Q)CLOISTER_ROUNDS=1000 CLOISTER_SMMU_CYCLES=2000 $(PYTEST) tests/boot -k "again_and_again or destroy_during_dma"

# First what is quick or stops everything, then one run of pytest, whose last line counts all: tests/stages has the
# other parts (unit, model, fuzz, ...) as one test each.
test:
	$(Q)tools/setup
	$(Q)$(MAKE) --no-print-directory test-all
test-all: test-files driver
	@echo "  TEST    about 600 tests, 15 to 20 minutes on two CPUs: a dot for each that passed"
	$(Q)$(PYTEST) tests/stages tests/config tests/boot

# ---- help ----

help:
	@echo "Cloister: static partitioning for 64-bit Arm. Targets:"
	@echo "  run          set-up, then the main job in QEMU: a cell with a DMA device that is fenced in; a root shell"
	@echo "  setup        install the Debian packages that are missing (Debian 12 or 13)"
	@echo "  all          the hypervisor: $(BUILD)/hypervisor/cloister.bin"
	@echo "  system       what QEMU starts: $(BUILD)/$(BOARD)/system.img"
	@echo "  menuconfig, defconfig   choose what the hypervisor contains; back to the default"
	@echo "  test         everything that CI runs; test-unit, test-model, test-fuzz, test-boot and lint are parts of it"
	@echo "  nightly      what takes hours: ten million random actions, thousands of cells"
	@echo "  bench        instructions per operation, size, lines of code"
	@echo "  bench-realtime   how late interrupts come in a cell beside others; how long a cell takes to start"
	@echo "  driver       the Linux module, for each kernel series of which the headers are fetched"
	@echo "  clean        removes what was built; downloads in $(BUILD)/guest stay"
	@echo "Variables: BOARD=$(BOARD) BUILD=$(BUILD) CROSS=$(CROSS) V=1 (show commands)"
	@echo "           MUTATION=NAME (a deliberate defect, for tests)"
