# SPDX-License-Identifier: GPL-2.0-only
# The Linux modules, built against unpacked kernel headers. tools/guest.mk says how those get to
# $(BUILD)/guest/<version>/headers; DRIVER_KDIR_<version> names another directory.

DRIVER_VERSIONS	?= 6.12 6.1
DRIVER_CROSS	?= aarch64-linux-gnu-
DRIVER_SOURCES	:= $(wildcard driver/*.c driver/*.h) \
		   $(filter-out %/abi_test.c,$(wildcard driver/test/*.c)) driver/Kbuild
DRIVER_MODULES	:= cloister edu_test dma_bench fault_test
DRIVER_INCLUDE	:= $(wildcard hypervisor/include/abi/*.h)

.PHONY: driver
driver: $(BUILD)/driver/abi_test $(foreach v,$(DRIVER_VERSIONS),$(DRIVER_MODULES:%=$(BUILD)/driver/$(v)/%.ko))

# kbuild writes next to the sources, so each version gets a directory of links to them.
define driver_rules
DRIVER_KDIR_$(1) ?= $(BUILD)/guest/$(1)/headers

$(DRIVER_MODULES:%=$(BUILD)/driver/$(1)/%.ko) &: $(DRIVER_SOURCES) $(DRIVER_INCLUDE) driver/build.mk \
		| $$(DRIVER_KDIR_$(1))/Makefile
	@echo "  KBUILD  $(BUILD)/driver/$(1)"
	$(Q)mkdir -p $(BUILD)/driver/$(1)
	$(Q)ln -sf $(abspath $(DRIVER_SOURCES)) $(BUILD)/driver/$(1)/
	$(Q)$(MAKE) -s -C $$(DRIVER_KDIR_$(1)) M=$(abspath $(BUILD))/driver/$(1) ARCH=arm64 \
		CROSS_COMPILE=$(DRIVER_CROSS) CLOISTER_INCLUDE=$(abspath hypervisor/include) \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
	$(Q)$(DRIVER_CROSS)strip --strip-debug $(DRIVER_MODULES:%=$(BUILD)/driver/$(1)/%.ko)
endef
$(foreach v,$(DRIVER_VERSIONS),$(eval $(call driver_rules,$(v))))

# A program for the root cell that tries to break the ioctls; KTAP on its standard output.
$(BUILD)/driver/abi_test: driver/test/abi_test.c $(DRIVER_INCLUDE)
	@echo "  CC      $@"
	@mkdir -p $(@D)
	$(Q)$(DRIVER_CROSS)gcc -static -O2 -Wall -Wextra -Werror -Ihypervisor/include -Idriver -o $@ $<
