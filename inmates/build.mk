# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The inmates: lib/ linked to each program of demos/ and tests/: one .c, and perhaps a .S and a directory of the same name.
# Output: $(BUILD)/inmates/<dir>/<name>.elf and .bin, the latter an arm64 Linux Image.

INMATE_RAM	?= 0x40000000
INMATE_OUT	:= $(BUILD)/inmates

INMATE_CPPFLAGS	:= -Iinmates/lib/include -Ihypervisor/include
INMATE_CFLAGS	:= -std=gnu11 -O2 -g -march=armv8-a -mgeneral-regs-only -mstrict-align -ffreestanding -fno-pic -fno-common \
		   -fno-stack-protector -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
		   -Wall -Wextra -Wno-unused-parameter -Werror -Wmissing-prototypes
INMATE_LDFLAGS	:= -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 \
		   -Wl,--defsym=INMATE_RAM=$(INMATE_RAM) -T inmates/lib/inmate.lds

INMATE_LIB_OBJS	:= $(patsubst inmates/%,$(INMATE_OUT)/%.o,$(wildcard inmates/lib/*.c inmates/lib/*.S))
INMATE_PROGRAMS	:= $(patsubst inmates/%.c,%,$(wildcard inmates/demos/*.c inmates/tests/*.c))
INMATE_ASM	:= $(patsubst inmates/%.S,%,$(wildcard inmates/demos/*.S inmates/tests/*.S))
INMATE_PARTS	:= $(patsubst inmates/%,$(INMATE_OUT)/%.o,$(foreach program,$(INMATE_PROGRAMS),$(wildcard \
		   inmates/$(program)/*.c inmates/$(program)/*.S)))
INMATE_ELFS	:= $(INMATE_PROGRAMS:%=$(INMATE_OUT)/%.elf)
INMATE_BINS	:= $(INMATE_PROGRAMS:%=$(INMATE_OUT)/%.bin)

.PHONY: inmates
inmates: $(INMATE_ELFS) $(INMATE_BINS)

# objects carry their source's whole name, so that x.c and x.S can stand side by side
$(INMATE_OUT)/%.c.o: inmates/%.c inmates/build.mk
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CROSS)gcc $(INMATE_CPPFLAGS) $(INMATE_CFLAGS) -MMD -MP -c -o $@ $<

$(INMATE_OUT)/%.S.o: inmates/%.S inmates/build.mk
	@mkdir -p $(@D)
	@echo "  AS      $<"
	$(Q)$(CROSS)gcc $(INMATE_CPPFLAGS) -march=armv8-a -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

define inmate_program
$(INMATE_OUT)/$(1).elf: $(INMATE_OUT)/$(1).c.o $(if $(filter $(1),$(INMATE_ASM)),$(INMATE_OUT)/$(1).S.o) \
		$(filter $(INMATE_OUT)/$(1)/%,$(INMATE_PARTS)) $(INMATE_LIB_OBJS) inmates/lib/inmate.lds
	@echo "  LD      $$@"
	$(Q)$(CROSS)gcc $(INMATE_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(foreach program,$(INMATE_PROGRAMS),$(eval $(call inmate_program,$(program))))

$(INMATE_OUT)/%.bin: $(INMATE_OUT)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

# ---- with a C library: lib/, but for its printf(), and each program of picolibc/ ----

PICOLIBC	:= $(wildcard /usr/lib/picolibc/aarch64-linux-gnu)
ifneq ($(PICOLIBC),)
PICOLIBC_OBJS	:= $(filter-out $(INMATE_OUT)/lib/printf.c.o,$(INMATE_LIB_OBJS)) $(INMATE_OUT)/picolibc/libc.c.o
PICOLIBC_ELFS	:= $(patsubst inmates/%.c,$(INMATE_OUT)/%.elf,$(filter-out %/libc.c,$(wildcard inmates/picolibc/*.c)))
inmates: $(PICOLIBC_ELFS)

# floating point, and the library's headers instead of the compiler's own
$(INMATE_OUT)/picolibc/%.c.o: inmates/picolibc/%.c inmates/build.mk
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CROSS)gcc $(INMATE_CPPFLAGS) -isystem $(PICOLIBC)/include -ftls-model=local-exec \
		$(filter-out -mgeneral-regs-only -Wmissing-prototypes,$(INMATE_CFLAGS)) -MMD -MP -c -o $@ $<

$(PICOLIBC_ELFS): %.elf: %.c.o $(PICOLIBC_OBJS) inmates/lib/inmate.lds
	@echo "  LD      $@"
	$(Q)$(CROSS)gcc $(INMATE_LDFLAGS) -L$(PICOLIBC)/lib -o $@ $(filter %.o,$^) -lm -lc -lgcc
-include $(PICOLIBC_ELFS:.elf=.c.d) $(INMATE_OUT)/picolibc/libc.c.d
endif

# ---- AArch32: lib32/ and what of lib/ is plain C, with newlib, linked to each program of tests32/ ----

CROSS32		:= arm-none-eabi-
ifneq ($(shell command -v $(CROSS32)gcc 2>/dev/null),)
INMATE32_FLAGS	:= -march=armv7-a -mthumb -mfloat-abi=soft
INMATE32_CFLAGS	:= -Iinmates/lib32/include $(INMATE_CPPFLAGS) $(INMATE32_FLAGS) -std=gnu11 -O2 -g -ffreestanding -fno-common \
		   -Wall -Wextra -Wno-unused-parameter -Wno-format -Wno-pointer-to-int-cast -Wno-int-to-pointer-cast -Werror \
		   -Wmissing-prototypes
INMATE32_SHARED	:= edu fdt gic ktap pci random smccc smp start timer
INMATE32_LIB	:= $(patsubst inmates/%,$(INMATE_OUT)/%.o,$(wildcard inmates/lib32/*.c inmates/lib32/*.S)) \
		   $(INMATE32_SHARED:%=$(INMATE_OUT)/lib32/shared/%.c.o)
INMATE32_ELFS	:= $(patsubst inmates/%.c,$(INMATE_OUT)/%.elf,$(wildcard inmates/tests32/*.c))
INMATE32_ASM	:= $(wildcard inmates/tests32/*.S)
inmates: $(INMATE32_ELFS)

$(INMATE_OUT)/lib32/shared/%.c.o: inmates/lib/%.c inmates/build.mk
	@mkdir -p $(@D)
	@echo "  CC32    $<"
	$(Q)$(CROSS32)gcc $(INMATE32_CFLAGS) -MMD -MP -c -o $@ $<
$(INMATE_OUT)/lib32/%.c.o: inmates/lib32/%.c inmates/build.mk
	@mkdir -p $(@D)
	@echo "  CC32    $<"
	$(Q)$(CROSS32)gcc $(INMATE32_CFLAGS) -MMD -MP -c -o $@ $<
$(INMATE_OUT)/tests32/%.c.o: inmates/tests32/%.c inmates/build.mk
	@mkdir -p $(@D)
	@echo "  CC32    $<"
	$(Q)$(CROSS32)gcc $(INMATE32_CFLAGS) -MMD -MP -c -o $@ $<
$(INMATE_OUT)/lib32/%.S.o: inmates/lib32/%.S inmates/build.mk
	@mkdir -p $(@D)
	@echo "  AS32    $<"
	$(Q)$(CROSS32)gcc $(INMATE32_FLAGS) -MMD -MP -c -o $@ $<
$(INMATE_OUT)/tests32/%.S.o: inmates/tests32/%.S inmates/build.mk
	@mkdir -p $(@D)
	@echo "  AS32    $<"
	$(Q)$(CROSS32)gcc $(INMATE32_FLAGS) -MMD -MP -c -o $@ $<

define inmate32_program
$(1): $(1:.elf=.c.o) $(if $(filter $(patsubst $(INMATE_OUT)/%.elf,inmates/%.S,$(1)),$(INMATE32_ASM)),$(1:.elf=.S.o)) \
		$(INMATE32_LIB) inmates/lib32/inmate.lds
	@echo "  LD32    $$@"
	$(Q)$(CROSS32)gcc $(INMATE32_FLAGS) -nostartfiles -static -Wl,--build-id=none -Wl,--defsym=INMATE_RAM=$(INMATE_RAM) \
		-T inmates/lib32/inmate.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach elf,$(INMATE32_ELFS),$(eval $(call inmate32_program,$(elf))))
-include $(INMATE32_LIB:.o=.d) $(INMATE32_ELFS:.elf=.c.d)
endif

-include $(INMATE_LIB_OBJS:.o=.d) $(INMATE_PARTS:.o=.d) $(INMATE_PROGRAMS:%=$(INMATE_OUT)/%.c.d) $(INMATE_ASM:%=$(INMATE_OUT)/%.S.d)

# make bench runs one of the inmates.
include tests/bench/bench.mk
