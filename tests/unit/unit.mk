# SPDX-License-Identifier: GPL-2.0-only
# Unit tests: the hypervisor's own .c files, compiled for the host over the fake architecture in fake/, with cmocka.
#
# One line adds a test:    unit-<name> := <sources of the hypervisor that it needs>
# Its own source is tests/unit/test_<name>.c. Flags for one test only: unitflags-<name> := ...
# Further sources from tests/ (models, helpers) may be in the list too. fake/fake.c is always linked; its functions
# are weak, so a test replaces any of them by defining it.

unit-string	:= hypervisor/lib/string.c hypervisor/lib/vsnprintf.c
unitflags-string := -include tests/unit/fake/rename.h -fno-builtin
unit-pte	:= hypervisor/arch/arm64/pte.c
unit-pgtable	:= hypervisor/mm/pgtable.c hypervisor/mm/page_pool.c hypervisor/arch/arm64/pte.c tests/unit/fake/memory.c
unit-stage2	:= hypervisor/mm/stage2.c $(unit-pgtable)
unit-hyp_map	:= hypervisor/mm/hyp_map.c $(unit-pgtable)
# the host's C library has a symbol of that name
unitflags-hyp_map := -D__data_start=hyp_data_start
unit-page_pool	:= hypervisor/mm/page_pool.c tests/unit/fake/memory.c
unit-config	:= $(sort $(wildcard hypervisor/config/*.c))

include tests/model/model.mk
unit-vsmmu	:= $(filter-out %/refine.c %/refine_chance.c,$(REFINE_SRC))
unitflags-vsmmu	:= $(MODEL_FLAGS)
unit-vsmmu_regs	:= $(unit-vsmmu)
unitflags-vsmmu_regs := $(MODEL_FLAGS)
unit-vpci	:= hypervisor/config/config.c hypervisor/cell/mmio.c hypervisor/pci/ecam.c $(wildcard hypervisor/pci/vpci*.c)
unit-ivshmem	:= hypervisor/config/config.c hypervisor/cell/mmio.c hypervisor/pci/ivshmem.c
unit-vgic	:= tests/unit/gic_model.c hypervisor/config/config.c hypervisor/cell/mmio.c $(wildcard hypervisor/gic/*.c)
unit-vgic_soft	:= $(unit-vgic)
# of the inmates' library, which Linux programs use as well
unit-link	:=
unitflags-link	:= -Iinmates/lib/include
unit-log	:= hypervisor/lib/log.c hypervisor/lib/ring.c
unit-vpl011	:= hypervisor/uart/vpl011.c hypervisor/cell/cell_console.c hypervisor/cell/mmio.c hypervisor/lib/ring.c

UNIT_TESTS	= $(sort $(patsubst unit-%,%,$(filter unit-%,$(.VARIABLES))))
UNIT_OUT	:= $(BUILD)/tests/unit
UNIT_CFLAGS	:= -g -O1 -std=gnu11 -fno-strict-aliasing -Wall -Wextra -Werror -Wno-unused-parameter \
		   -fsanitize=address,undefined -fno-sanitize-recover=all $(HOST_OPTIONS) \
		   -Itests/unit/fake -Ihypervisor/include -Ihypervisor/arch/arm64/include

.SECONDEXPANSION:
$(UNIT_OUT)/%: tests/unit/test_%.c $$(unit-$$*) tests/unit/fake/fake.c tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(unitflags-$*) -MMD -MP -MT $@ -o $@ $(filter %.c,$^) -lcmocka

# A test that does not fail under the mutation that it is there for proves nothing. <test>@<mutation>
UNIT_MUTATIONS	:= stage2@NO_CPU_TLBI stage2@NO_SMMU_TLBI ste@STE_ONE_WRITE config@CHECK_NO_OVERLAP vpci@PCI_NO_FILTER \
		   vgic@GICD_NO_FILTER vgic@SGI_ANY_CPU vgic_soft@VGIC_SOFT_ROUTE ivshmem@IVSHMEM_ANY_PEER \
		   ivshmem@IVSHMEM_KEEP_STATE
unit_of		= $(firstword $(subst @, ,$(1)))

$(addprefix $(UNIT_OUT)/,$(UNIT_MUTATIONS)): $(UNIT_OUT)/%: tests/unit/test_$$(call unit_of,$$*).c \
		$$(unit-$$(call unit_of,$$*)) tests/unit/fake/fake.c tests/unit/unit.mk
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(unitflags-$(call unit_of,$*)) -DCONFIG_MUTATION=MUTATION_$(lastword $(subst @, ,$*)) \
		-MMD -MP -MT $@ -o $@ $(filter %.c,$^) -lcmocka

.PHONY: test-unit-mutations
test-unit-mutations: $(addprefix $(UNIT_OUT)/,$(UNIT_MUTATIONS))
	$(Q)missed=; for t in $^; do \
		if timeout 120 $$t >$$t.log 2>&1; then missed="$$missed $${t##*/}"; else echo "  $${t##*/}: caught"; fi; \
	done; [ -z "$$missed" ] || { echo "mutations that no unit test catches:$$missed" >&2; exit 1; }

# runs all, also after a failure, and fails if one failed
.PHONY: test-unit
test-unit: test-unit-mutations $$(addprefix $(UNIT_OUT)/,$$(UNIT_TESTS))
	$(Q)failed=; for t in $(filter $(UNIT_OUT)/%,$^); do \
		if timeout 120 $$t >$$t.log 2>&1; then \
			sed -n "s|.*PASSED *. |  $${t##*/}: |p" $$t.log; \
		else \
			cat $$t.log; failed="$$failed $${t##*/}"; \
		fi; \
	done; [ -z "$$failed" ] || { echo "unit tests failed:$$failed" >&2; exit 1; }

-include $(wildcard $(UNIT_OUT)/*.d)
