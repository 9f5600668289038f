# SPDX-License-Identifier: GPL-2.0-only
# The hypervisor: $(BUILD)/hypervisor/cloister.{elf,bin}; with MUTATION=X in $(BUILD)/hypervisor-X, so that a deliberate
# defect never ends up in the real image.

HYP_OUT		:= $(BUILD)/hypervisor$(if $(filter-out NONE,$(MUTATION)),-$(MUTATION))
HYP_CONFIG	:= $(BUILD)/include/generated/autoconf.h
-include $(BUILD)/.config

HYP_SRC := $(sort $(wildcard $(addprefix hypervisor/,arch/arm64/*.S arch/arm64/*.c lib/*.c mm/*.c config/*.c boot/*.c \
	cell/*.c trap/*.c gic/*.c smmu/*.c uart/*.c)))
# a feature is a directory, or its none.c where it is left out
feature = $(if $(filter y,$(1)),$(sort $(filter-out %none.c %/ivshmem.c,$(wildcard hypervisor/$(2)/*.c))),hypervisor/$(2)/none.c)
HYP_SRC += $(call feature,$(CONFIG_PCI),pci)
HYP_SRC += $(call feature,$(CONFIG_VSMMU),vsmmu)
# needs no host bridge of the machine, so no PCI
HYP_SRC += hypervisor/pci/ivshmem$(if $(filter y,$(CONFIG_IVSHMEM)),,_none).c
HYP_OBJ := $(patsubst hypervisor/%,$(HYP_OUT)/%.o,$(HYP_SRC))

HYP_CPPFLAGS := -Ihypervisor/include -Ihypervisor/arch/arm64/include $(if $(wildcard $(HYP_CONFIG)),-include $(HYP_CONFIG)) \
	-DCONFIG_MUTATION=MUTATION_$(MUTATION)
HYP_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
	-Wno-unused-parameter \
	-ffreestanding -fno-builtin-printf -fno-common -fno-pic -fno-pie -fno-stack-protector -fno-strict-aliasing \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -ffunction-sections -fdata-sections -fomit-frame-pointer \
	-flto=auto -march=armv8-a -mgeneral-regs-only -mstrict-align -mno-outline-atomics -mcmodel=small -nostdlib
VERSION_TEXT := $(shell git -c safe.directory=$(CURDIR) describe --always --dirty --tags 2>/dev/null || echo unknown)

.PHONY: hypervisor
hypervisor: $(HYP_OUT)/cloister.bin

$(HYP_OUT)/version.h: FORCE
	@mkdir -p $(@D)
	@echo '#define CLOISTER_BUILD "$(VERSION_TEXT)"' | cmp -s - $@ || echo '#define CLOISTER_BUILD "$(VERSION_TEXT)"' > $@
.PHONY: FORCE
FORCE:

$(HYP_OUT)/%.c.o: hypervisor/%.c hypervisor/build.mk
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(HYP_CPPFLAGS) $(HYP_CFLAGS) -MMD -MP -c $< -o $@
# the compiler makes calls of these itself, after it has decided what is used
$(HYP_OUT)/lib/string.c.o: HYP_CFLAGS += -fno-lto
$(HYP_OUT)/boot/init.c.o: HYP_CPPFLAGS += -include $(HYP_OUT)/version.h
$(HYP_OUT)/boot/init.c.o: $(HYP_OUT)/version.h
$(HYP_OUT)/cell/cell_info.c.o: HYP_CPPFLAGS += -include $(HYP_OUT)/version.h
$(HYP_OUT)/cell/cell_info.c.o: $(HYP_OUT)/version.h

$(HYP_OUT)/%.S.o: hypervisor/%.S hypervisor/build.mk
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(HYP_CPPFLAGS) -D__ASSEMBLER__ -march=armv8-a -g -MMD -MP -c $< -o $@

$(HYP_OUT)/hyp.lds: hypervisor/arch/arm64/hyp.lds hypervisor/build.mk
	@mkdir -p $(@D)
	$(Q)cp $< $@

# those of IMG_* in abi/image.h
bit = $(if $(filter y,$(CONFIG_$(1))),$(2),0)

$(HYP_OUT)/cloister.elf: $(HYP_OBJ) $(HYP_OUT)/hyp.lds $(wildcard $(BUILD)/.config)
	@echo "  LD      $@"
	$(Q)$(CROSS)gcc $(HYP_CFLAGS) -static -Wl,-T,$(HYP_OUT)/hyp.lds,--gc-sections,--no-warn-rwx-segments,--build-id=none \
		-Wl,-z,max-page-size=4096,--defsym=img_features='$(call bit,VSMMU,1)+$(call bit,VPL011,2)+$(call bit,IVSHMEM,4)' \
		-o $@ $(HYP_OBJ)

$(HYP_OUT)/cloister.bin: $(HYP_OUT)/cloister.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

-include $(HYP_OBJ:.o=.d)
