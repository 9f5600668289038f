# SPDX-License-Identifier: GPL-2.0-only
# The real hypervisor/smmu and mm/stage2 on the SMMU model: the unit tests of smmu/, and the random test with its
# mutations, each of which must be caught. Included by tests/unit/unit.mk.

MODEL_SMMU	:= $(sort $(wildcard hypervisor/smmu/*.c))
MODEL_SRC	:= $(MODEL_SMMU) $(sort $(wildcard tests/model/smmu_model*.c)) \
		   tests/model/machine.c tests/unit/fake/memory.c hypervisor/config/config.c hypervisor/lib/vsnprintf.c \
		   $(addprefix hypervisor/mm/,page_pool.c pgtable.c stage2.c) hypervisor/arch/arm64/pte.c
MODEL_FLAGS	:= -Itests/unit -Itests/model

unit-ste	:= hypervisor/smmu/ste.c hypervisor/lib/vsnprintf.c
unit-smmu	:= $(MODEL_SRC)
unitflags-smmu	:= $(MODEL_FLAGS)
unit-smmu_model	:= $(sort $(wildcard tests/model/smmu_model*.c))
unitflags-smmu_model := $(MODEL_FLAGS)

# ---- random use ----

MODEL_OUT	:= $(BUILD)/tests/model
MODEL_CFLAGS	= $(UNIT_CFLAGS) $(MODEL_FLAGS) -O2 -fno-sanitize=all
MODEL_MUTANTS	:= SMMU_BYPASS STE_WRONG_ROOT NO_CFGI STE_ONE_WRITE NO_SMMU_TLBI
# commands that the driver must not leave out: CFGI_STE, CFGI_STE_RANGE, TLBI_S12_VMALL, TLBI_S2_IPA, CMD_SYNC
MODEL_NEEDED	:= 0x03 0x04 0x28 0x2a 0x46

$(MODEL_OUT)/smmu_random-%: tests/model/smmu_random.c $(MODEL_SRC) tests/unit/fake/fake.c tests/model/model.mk \
		$(wildcard tests/model/*.h hypervisor/smmu/*.h hypervisor/include/*/*.h)
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) $(MODEL_CFLAGS) -DCONFIG_MUTATION=MUTATION_$* -o $@ $(filter %.c,$^) -lcmocka

$(MODEL_OUT)/smmu_threads: tests/model/smmu_threads.c $(MODEL_SRC) tests/unit/fake/fake.c tests/model/model.mk \
		$(wildcard tests/model/*.h hypervisor/smmu/*.h hypervisor/include/*/*.h)
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) -fno-sanitize=all -fsanitize=thread $(MODEL_FLAGS) -o $@ $(filter %.c,$^) -lcmocka -lpthread

# ---- the emulated SMMU against an ideal one ----

REFINE_SRC	:= $(sort $(wildcard tests/model/refine*.c)) $(filter-out %/none.c,$(wildcard hypervisor/vsmmu/*.c)) \
		   hypervisor/cell/mmio.c hypervisor/cell/guest_mem.c $(MODEL_SRC)

REFINE		:= $(MODEL_OUT)/refine

# its mutations are chosen when it runs
$(REFINE): $(REFINE_SRC) tests/unit/fake/fake.c tests/model/model.mk \
		$(wildcard tests/model/*.h hypervisor/smmu/*.h hypervisor/vsmmu/*.h hypervisor/include/*/*.h)
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) $(MODEL_CFLAGS) -include tests/model/mutation.h -DCONFIG_MUTATION=model_mutation \
		-o $@ $(filter %.c,$^) -lcmocka

# CFGI_STE, CFGI_CD, CFGI_CD_ALL, TLBI_NH_ALL, _ASID, _VA, _VAA, TLBI_S12_VMALL, TLBI_S2_IPA, ATC_INV, PRI_RESP, RESUME,
# STALL_TERM, CMD_SYNC
REFINE_NEEDED	:= 0x03 0x05 0x06 0x10 0x11 0x12 0x13 0x28 0x2a 0x40 0x41 0x44 0x45 0x46
REFINE_FIELDS	:= vmid s2-vmid asid sid ssid address ipa

# as it is, and each of the defects is caught
.PHONY: test-refine nightly-refine
test-refine: $(REFINE)
	$(Q)timeout 300 $(REFINE) --actions 200000
	$(Q)for m in $$($(REFINE) --list); do \
		echo "  mutation $$m:"; timeout 120 $(REFINE) --mutation $$m --actions 200000 || exit 1; \
	done
	$(Q)for op in $(REFINE_NEEDED); do \
		echo "  without command $$op:"; timeout 120 $(REFINE) --actions 200000 --without $$op || exit 1; \
	done
	$(Q)for field in $(REFINE_FIELDS); do \
		echo "  wrong $$field:"; timeout 120 $(REFINE) --actions 200000 --wrong $$field || exit 1; \
	done

# 10 million actions, other ones each night
nightly-refine: $(REFINE)
	$(REFINE) --actions 10000000 --seed $$(date +%Y%m%d)0000

# passes on several seeds and in several threads, and each defect is caught
.PHONY: test-model
test-model: test-refine $(addprefix $(MODEL_OUT)/smmu_random-,NONE $(MODEL_MUTANTS)) $(MODEL_OUT)/smmu_threads
	$(Q)timeout 120 $(MODEL_OUT)/smmu_threads
	$(Q)timeout 120 $(MODEL_OUT)/smmu_random-NONE --runs 5
	$(Q)for m in $(MODEL_MUTANTS); do \
		echo "  mutation $$m:"; timeout 120 $(MODEL_OUT)/smmu_random-$$m --mutant || exit 1; \
	done
	$(Q)for op in $(MODEL_NEEDED); do \
		echo "  without command $$op:"; \
		timeout 120 $(MODEL_OUT)/smmu_random-NONE --mutant --without $$op || exit 1; \
	done

test-unit: test-model
