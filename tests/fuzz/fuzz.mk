# SPDX-License-Identifier: GPL-2.0-only
# Fuzzing with libFuzzer: the hypervisor's own .c files on the host, over the fake architecture of the unit tests.
#
# One line adds a target:    fuzz-<name> := <sources that it needs>
# Its own source is tests/fuzz/fuzz_<name>.c with LLVMFuzzerTestOneInput(). tests/fuzz/corpus/<name> holds inputs that
# reach much of it, each of which is run; fuzzruns-<name> bounds how many there are in all in `make test-fuzz`,
# fuzzlen-<name> their length. That is short and repeatable (fixed seed). fuzzmutants-<name> are defects of
# hypervisor/include/hyp/mutate.h that it must find within the same bounds.
#
# make fuzz-nightly gives each target FUZZ_SECONDS. make fuzz-corpus writes the corpus anew, with what that has found.

fuzz-config	:= $(wildcard hypervisor/config/*.c)
fuzzruns-config	:= 250000
fuzz-vpci	:= hypervisor/config/config.c hypervisor/cell/mmio.c hypervisor/pci/ecam.c $(wildcard hypervisor/pci/vpci*.c)
fuzzruns-vpci	:= 30000
fuzzlen-vpci	:= 512
fuzz-vgic	:= tests/unit/gic_model.c tests/unit/fake/fake.c hypervisor/config/config.c hypervisor/cell/mmio.c \
		   $(wildcard hypervisor/gic/*.c)
fuzzruns-vgic	:= 3000
fuzz-vsmmu_commands	= tests/fuzz/vsmmu_rig.c $(filter-out %/refine.c,$(REFINE_SRC)) tests/unit/fake/fake.c
fuzzruns-vsmmu_commands	:= 700
fuzzlen-vsmmu_commands	:= 512
fuzzmutants-vsmmu_commands := VSMMU_ANY_COMMAND VSMMU_UNBOUNDED
fuzz-vsmmu_tables	= $(fuzz-vsmmu_commands)
fuzzruns-vsmmu_tables	:= 700
fuzzlen-vsmmu_tables	:= 512
fuzzmutants-vsmmu_tables := VSMMU_NO_STAGE2 VSMMU_REAL_SID
fuzz-vsmmu_registers	= $(fuzz-vsmmu_commands)
fuzzruns-vsmmu_registers := 700
fuzzlen-vsmmu_registers	:= 512
fuzzmutants-vsmmu_registers := VSMMU_KEEP_STAGE1

FUZZ_CC		?= clang
FUZZ_SECONDS	?= 3600
FUZZ_TARGETS	= $(sort $(patsubst fuzz-%,%,$(filter fuzz-%,$(.VARIABLES))))
FUZZ_OUT	:= $(BUILD)/tests/fuzz
FUZZ_CFLAGS	:= -g -O1 -std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -fno-sanitize-recover=all -D_GNU_SOURCE \
		   $(HOST_OPTIONS) -fsanitize=fuzzer-no-link,address,undefined \
		   -fsanitize-coverage-ignorelist=tests/fuzz/no-coverage \
		   $(addprefix -I,tests/unit/fake hypervisor/include hypervisor/arch/arm64/include tests/unit tests/model \
		   tools/cloisterctl tools/include driver)

$(FUZZ_OUT)/obj/%.o: %.c tests/fuzz/fuzz.mk tests/fuzz/no-coverage
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

# <name>@<mutation>: only the files that it is in are compiled anew
fuzz_name	= $(firstword $(subst @, ,$*))
fuzz_mutation	= $(word 2,$(subst @, ,$*))
fuzz_object	= $(patsubst %.c,$(FUZZ_OUT)/obj/%.o,$1)
fuzz_mutated	= $(if $(fuzz_mutation),$(shell grep -l 'MUTATE($(fuzz_mutation))' $(fuzz-$(fuzz_name))))

.SECONDEXPANSION:
$(FUZZ_OUT)/%: $$(call fuzz_object,tests/fuzz/fuzz_$$(fuzz_name).c $$(fuzz-$$(fuzz_name)))
	@echo "  FUZZCC  $@"
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -DCONFIG_MUTATION=MUTATION_$(or $(fuzz_mutation),NONE) -o $@ \
		$(fuzz_mutated) $(filter-out $(call fuzz_object,$(fuzz_mutated)),$(filter %.o,$^)) -lcmocka
# make would take them for its own to delete
.SECONDARY:

-include $(wildcard $(FUZZ_OUT)/obj/*/*/*.d $(FUZZ_OUT)/obj/*/*/*/*.d)

# ---- running ----

# $1: the program. What it finds to be new goes into the first directory.
fuzz_target	= $(firstword $(subst @, ,$1))
fuzz_run	= rm -rf $(FUZZ_OUT)/new; mkdir -p $(FUZZ_OUT)/new; \
		  timeout 600 $(FUZZ_OUT)/$1 -runs=$(or $(fuzzruns-$(fuzz_target)),20000) -seed=1 -verbosity=0 \
			-max_len=$(or $(fuzzlen-$(fuzz_target)),4096) -len_control=0 -artifact_prefix=$(FUZZ_OUT)/$1- \
			$(FUZZ_OUT)/new $(wildcard tests/fuzz/corpus/$(fuzz_target)) >$(FUZZ_OUT)/$1.log 2>&1
FUZZ_MUTANTS	= $(foreach t,$(FUZZ_TARGETS),$(addprefix $t@,$(fuzzmutants-$t)))

.PHONY: test-fuzz fuzz-nightly fuzz-corpus
test-fuzz: $$(addprefix $(FUZZ_OUT)/,$$(FUZZ_TARGETS) $$(FUZZ_MUTANTS))
	$(Q)set -e; $(foreach t,$(FUZZ_TARGETS),$(call fuzz_run,$t) || { cat $(FUZZ_OUT)/$t.log; exit 1; }; \
		echo "  $t: $(or $(fuzzruns-$t),20000) runs, no failure";)
	$(Q)set -e; $(foreach m,$(FUZZ_MUTANTS),$(call fuzz_run,$m) && { echo "  $m: not found"; exit 1; }; \
		grep -q 'libFuzzer: deadly signal' $(FUZZ_OUT)/$m.log || { cat $(FUZZ_OUT)/$m.log; exit 1; }; \
		echo "  $m: found";)

# each target for FUZZ_SECONDS; what it reaches that was not reached before is kept for the next time
fuzz-nightly: $$(addprefix $(FUZZ_OUT)/,$$(FUZZ_TARGETS))
	$(Q)set -e; $(foreach t,$(FUZZ_TARGETS),mkdir -p $(FUZZ_OUT)/found/$t; \
		echo "  $t: $(FUZZ_SECONDS) seconds"; \
		$(FUZZ_OUT)/$t -max_total_time=$(FUZZ_SECONDS) -timeout=60 -max_len=$(or $(fuzzlen-$t),4096) -verbosity=0 \
			-artifact_prefix=$(FUZZ_OUT)/$t- $(FUZZ_OUT)/found/$t $(wildcard tests/fuzz/corpus/$t);)

# The smallest inputs that reach as much as all that are known. attack-*, made by hand, stay.
fuzz-corpus: $$(addprefix $(FUZZ_OUT)/,$$(FUZZ_TARGETS))
	$(Q)set -e; $(foreach t,$(FUZZ_TARGETS),\
		rm -rf $(FUZZ_OUT)/merged/$t; mkdir -p $(FUZZ_OUT)/found/$t $(FUZZ_OUT)/merged/$t tests/fuzz/corpus/$t; \
		cp tests/fuzz/corpus/$t/attack-* $(FUZZ_OUT)/merged/$t/ 2>/dev/null || true; \
		$(FUZZ_OUT)/$t -merge=1 -use_counters=0 -max_len=$(or $(fuzzlen-$t),4096) \
			$(FUZZ_OUT)/merged/$t $(FUZZ_OUT)/found/$t tests/fuzz/corpus/$t >$(FUZZ_OUT)/$t.log 2>&1; \
		rm -f tests/fuzz/corpus/$t/*; cp $(FUZZ_OUT)/merged/$t/* tests/fuzz/corpus/$t/;)
	@du -sh --apparent-size tests/fuzz/corpus/*
