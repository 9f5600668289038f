# SPDX-License-Identifier: GPL-2.0-only
# The real hypervisor/smmu and mm/stage2 on the SMMU model: the unit tests of smmu/, and the random test with its
# mutations, each of which must be caught. Included by tests/unit/unit.mk.

MODEL_SMMU	:= $(sort $(wildcard hypervisor/smmu/*.c))
MODEL_SRC	:= $(MODEL_SMMU) tests/model/smmu_model.c tests/model/smmu_model_cmd.c tests/model/smmu_model_walk.c \
		   tests/model/machine.c tests/unit/fake/memory.c hypervisor/config/config.c hypervisor/lib/vsnprintf.c \
		   $(addprefix hypervisor/mm/,page_pool.c pgtable.c stage2.c s2_inval.c) hypervisor/arch/arm64/pte.c
MODEL_FLAGS	:= -Itests/unit -Itests/model

unit-ste	:= hypervisor/smmu/ste.c hypervisor/lib/vsnprintf.c
unit-smmu	:= $(MODEL_SRC)
unitflags-smmu	:= $(MODEL_FLAGS)
