// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page request queue: devices that ask for pages before they use them (ATS and PRI). A request is its owner's to
 * answer; one that nobody will answer is refused here, or the device would wait for ever. What the queue has no room
 * for, the SMMU answers itself.
 */
#include <arch/barrier.h>
#include <hyp/gic.h>
#include "smmu_internal.h"

int priq_init(struct smmu *smmu, u32 log2)
{
	int err = smmu_queue_alloc(&smmu->priq, log2, sizeof(struct smmu_cmd));

	if (err)
		return err;
	smmu_write64(smmu, SMMU_PRIQ_BASE, smmu_queue_base(&smmu->priq));
	smmu_write32(smmu, SMMU_PRIQ_PROD, 0);
	smmu_write32(smmu, SMMU_PRIQ_CONS, 0);
	return 0;
}

struct smmu_cmd smmu_pri_response(const u64 *request, u32 response)
{
	/* a refusal has no PASID */
	bool ssv = (request[0] & PRI0_SSV) && response == PRI_RESP_SUCCESS;

	return (struct smmu_cmd){
		.dw[0] = FIELD_PREP(CMD0_OP, CMD_PRI_RESP) | FIELD_PREP(CMD_CFGI0_SID, FIELD_GET(PRI0_SID, request[0])) |
			 (ssv ? CMD0_SSV | FIELD_PREP(CMD0_SSID, FIELD_GET(PRI0_SSID, request[0])) : 0),
		.dw[1] = FIELD_PREP(CMD_PRI1_INDEX, FIELD_GET(PRI1_INDEX, request[1])) | FIELD_PREP(CMD_PRI1_RESP, response),
	};
}

static void request_handle(struct smmu *smmu, const struct smmu_event *request)
{
	struct smmu_stream *stream = strtab_stream(smmu, (u32)FIELD_GET(PRI0_SID, request->dw[0]));
	struct smmu_domain *domain = stream ? stream->domain : NULL;
	/* failure is for good; where an owner has no room just now, the device shall ask again */
	struct smmu_cmd answer = smmu_pri_response(request->dw, domain && domain->event ? PRI_RESP_SUCCESS : PRI_RESP_FAILURE);

	if (domain && domain->event && domain->event(domain, smmu->index, request, true))
		return;
	if (pri_needs_answer(request->dw[0]))
		cmdq_run(smmu, &answer, 1);
}

static bool priq_drain(struct smmu *smmu, u32 max)
{
	struct smmu_queue *q = &smmu->priq;
	const struct smmu_cmd *entries = q->entries;
	u32 prod = smmu_read32(smmu, SMMU_PRIQ_PROD);

	/* entries are read after PROD, and before CONS gives their places back */
	dsb_sy();
	q->prod = queue_pointer(q, prod);
	for (; q->cons != q->prod && max; max--) {
		const struct smmu_cmd *entry = &entries[queue_index(q, q->cons)];
		struct smmu_event request = { .dw = { entry->dw[0], entry->dw[1] } };

		q->cons = queue_pointer(q, q->cons + 1);
		request_handle(smmu, &request);
	}
	dsb_sy();
	smmu_write32(smmu, SMMU_PRIQ_CONS, q->cons | (prod & (u32)EVENTQ_OVERFLOW));
	return queue_pointer(q, smmu_read32(smmu, SMMU_PRIQ_PROD)) != q->cons;
}

void priq_irq(struct smmu *smmu)
{
	bool more;

	spin_lock(&smmu->lock);
	more = priq_drain(smmu, EVTQ_BATCH);
	spin_unlock(&smmu->lock);
	if (more)
		gic_set_pending(smmu->priq_irq);
}
