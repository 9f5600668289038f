# SPDX-License-Identifier: GPL-2.0-only
# Fuzzing with libFuzzer: the hypervisor's own .c files on the host, over the fake architecture of the unit tests.
#
# One line adds a target:    fuzz-<name> := <sources that it needs>
# Its own source is tests/fuzz/fuzz_<name>.c with LLVMFuzzerTestOneInput(). fuzzruns-<name> bounds its run in
# `make test-fuzz`, fuzzlen-<name> its input; that is short and repeatable (fixed seed). For a long one start the
# program itself:
#     $(BUILD)/tests/fuzz/<name> -max_total_time=3600 <a directory for its corpus>

fuzz-config	:= $(wildcard hypervisor/config/*.c)
fuzzruns-config	:= 250000
fuzz-vpci	:= hypervisor/config/config.c hypervisor/cell/mmio.c $(filter-out %/none.c,$(wildcard hypervisor/pci/*.c))
fuzzruns-vpci	:= 30000
fuzzlen-vpci	:= 512
fuzz-vgic	:= tests/unit/gic_model.c tests/unit/fake/fake.c hypervisor/config/config.c hypervisor/cell/mmio.c \
		   $(wildcard hypervisor/gic/*.c)
fuzzruns-vgic	:= 3000
fuzzflags-vgic	:= -lcmocka
fuzz-vsmmu	= $(filter-out %/refine.c,$(REFINE_SRC)) tests/unit/fake/fake.c
fuzzruns-vsmmu	:= 3000
fuzzlen-vsmmu	:= 512
fuzzflags-vsmmu	:= -Itests/unit -Itests/model -lcmocka

FUZZ_CC		?= clang
FUZZ_TARGETS	= $(sort $(patsubst fuzz-%,%,$(filter fuzz-%,$(.VARIABLES))))
FUZZ_OUT	:= $(BUILD)/tests/fuzz
FUZZ_CFLAGS	:= -g -O1 -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -fno-sanitize-recover=all \
		   -fsanitize=fuzzer,address,undefined -DCONFIG_VSMMU=1 -Itests/unit/fake -Ihypervisor/include -Ihypervisor/arch/arm64/include

.SECONDEXPANSION:
$(FUZZ_OUT)/%: tests/fuzz/fuzz_%.c $$(fuzz-$$*) tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	@echo "  FUZZCC  $@"
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(fuzzflags-$*) -o $@ $(filter %.c,$^)

.PHONY: test-fuzz
test-fuzz: $$(addprefix $(FUZZ_OUT)/,$$(FUZZ_TARGETS))
	$(Q)set -e; $(foreach t,$(FUZZ_TARGETS),\
		timeout 300 $(FUZZ_OUT)/$t -runs=$(or $(fuzzruns-$t),20000) -seed=1 -max_len=$(or $(fuzzlen-$t),4096) \
			-len_control=0 -verbosity=0 -artifact_prefix=$(FUZZ_OUT)/$t- \
			>$(FUZZ_OUT)/$t.log 2>&1 || { cat $(FUZZ_OUT)/$t.log; exit 1; }; \
		echo "  $t: $(or $(fuzzruns-$t),20000) runs, no failure";)
