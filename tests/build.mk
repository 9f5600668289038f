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
	@mkdir -p $(dir $(AUTOCONF))
	$(Q)$(KCONFIG) $(if $(wildcard $@),olddefconfig,alldefconfig) > /dev/null
	$(Q)$(KCONFIG) genconfig --header-path $(AUTOCONF) Kconfig
	@touch $@
endif
