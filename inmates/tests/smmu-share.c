/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One of several owners of an SMMU, each busy and each wrong in its own way, for ever: a page goes to the device and comes
 * back elsewhere, a fault at an address that says whose it is, an illegal command. It gets what it caused, all of it and
 * nothing else. `tag=` in bootargs tells the owners apart. A line for each round; the harness reads the last.
 */
#include <inmate/fdt.h>
#include <inmate/random.h>

#include "smmu-setup.h"

#define IOVA_BACK	0x00300000ULL
#define TAG_SHIFT	20		/* of faults: each owner has a MiB of addresses */
#define BAD_OPCODE	0xf0

static u64 *back;
static u32 events, errors, wrong_data, wrong_events, wrong_errors;

/* The page comes back at another address, which was another page a round ago. */
static void copy(u32 round)
{
	volatile u64 *entry = smmu_pte(&space, IOVA_BACK);

	for (u32 i = 0; i < PAGE / 8; i++) {
		buffer[i] = random64();
		back[i] = 0;
	}
	*entry = 0;
	smmu_command_sync(&smmu, CMD_TLBI_NH_VA | FIELD_PREP(CMD0_ASID, space.asid), IOVA_BACK | CMD1_LEAF);
	*entry = (u64)back | SMMU_PTE_PAGE;
	if (!dma_read(IOVA, PAGE) || !dma_write(IOVA_BACK, PAGE) || memcmp(buffer, back, PAGE))
		wrong_data++;
}

/* Nobody else's faults are at this address. */
static void fault(u64 tag, u32 round)
{
	u64 iova = IOVA_NONE + (tag << TAG_SHIFT) + round * WORD % PAGE;
	struct expected want = fault_event(EVT_F_TRANSLATION, iova, false, EVT_CLASS_IN);

	wrong_events += smmu_drop_events(&smmu);
	dma_write(iova, WORD);
	if (event_is(&want))
		events++;
	else
		wrong_events++;
}

static void illegal(u64 tag)
{
	u32 at = smmu.command_prod;

	if (smmu_errors(&smmu))
		wrong_errors++;
	smmu_queue_command(&smmu, BAD_OPCODE + tag, tag);
	smmu_queue_command(&smmu, CMD_SYNC, 0);
	smmu_ring(&smmu);
	if (!smmu_drain(&smmu) && smmu_command_error(&smmu) == CERROR_ILL &&
	    (smmu_read(&smmu, SMMU_CMDQ_CONS) & CMDQ_CONS_RD) == at)
		errors++;
	else
		wrong_errors++;
	smmu_command_skip(&smmu);
	smmu_drain(&smmu);
}

int main(void)
{
	u64 tag = boot_arg("tag", 1);

	ktap_begin("smmu-share: one owner of several");
	random_seed(tag);
	if (!set_up())
		return 0;
	back = smmu_alloc(PAGE, PAGE);
	for (u32 round = 1; back; round++) {
		copy(round);
		fault(tag, round);
		illegal(tag);
		printf("share %lu: round %u: %u events of %u irqs, %u errors of %u irqs, wrong %u %u %u\n", tag, round, events,
		       smmu.event_irqs, errors, smmu.error_irqs, wrong_data, wrong_events, wrong_errors);
	}
	return 0;
}
