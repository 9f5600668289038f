# SPDX-License-Identifier: GPL-2.0-only
# cloisterctl, static, for the root cell's Linux.

CTL_CC		?= $(if $(filter aarch64,$(shell uname -m)),gcc,aarch64-linux-gnu-gcc)
CTL_SOURCES	:= $(wildcard tools/cloisterctl/*.c)
CTL_OBJECTS	:= $(CTL_SOURCES:tools/cloisterctl/%.c=$(BUILD)/tools/obj/cloisterctl/%.o)
CTL_CFLAGS	:= -std=gnu11 -O2 -Wall -Wextra -Werror -Ihypervisor/include -Itools/include -Idriver -MMD -MP

$(BUILD)/tools/obj/cloisterctl/%.o: tools/cloisterctl/%.c tools/cloisterctl/cloisterctl.mk
	@echo "  CC      $@"
	@mkdir -p $(@D)
	$(Q)$(CTL_CC) $(CTL_CFLAGS) -c -o $@ $<

$(BUILD)/tools/cloisterctl: $(CTL_OBJECTS)
	@echo "  LD      $@"
	$(Q)$(CTL_CC) -static -s -o $@ $^

-include $(CTL_OBJECTS:.o=.d)

# Its parsers are tested and fuzzed on the host: see tests/unit/unit.mk and tests/fuzz/fuzz.mk.
CTL_PURE	:= $(addprefix tools/cloisterctl/,image.c plan.c cellfile.c util.c)
unit-logtext	:= tools/cloisterctl/logtext.c
unitflags-logtext := -Itools/cloisterctl -Itools/include -Idriver -D_GNU_SOURCE
unit-loader	:= $(CTL_PURE)
unitflags-loader := -Itools/cloisterctl -Itools/include -Idriver -D_GNU_SOURCE -Wno-unused-parameter
fuzz-loader	:= $(CTL_PURE)
fuzzruns-loader	:= 500000
fuzzflags-loader := -Itools/cloisterctl -Itools/include -Idriver -D_GNU_SOURCE
