// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue. Each batch is copied in, announced by one doorbell, closed by one CMD_SYNC and waited for, all
 * under the SMMU's lock; so the queue is empty whenever the lock is free, and an error belongs to the batch that waits.
 */
#include <arch/barrier.h>
#include <arch/timer.h>
#include <hyp/errno.h>
#include <hyp/mutate.h>
#include "smmu_internal.h"

static const struct smmu_cmd cmd_sync = { .dw[0] = FIELD_PREP(CMD0_OP, CMD_SYNC) };

static const char *const cerror_text[] = {
	[CERROR_NONE] = "no reason given",
	[CERROR_ILL] = "illegal command",
	[CERROR_ABT] = "external abort on fetch",
	[CERROR_ATC_INV_SYNC] = "ATC invalidation timed out",
};

int cmdq_recover(struct smmu *smmu)
{
	struct smmu_queue *q = &smmu->cmdq;
	u32 cons = smmu_read32(smmu, SMMU_CMDQ_CONS);
	u32 code = (u32)FIELD_GET(CMDQ_CONS_ERR, cons);
	struct smmu_cmd *cmd = (struct smmu_cmd *)q->entries + queue_index(q->log2, cons);
	int ret = 0;

	if (log_allowed(&smmu->error_log))
		pr_err("smmu %u: command queue stopped at entry %u: %s (command %016llx %016llx)", smmu->index,
		       queue_index(q->log2, cons), SMMU_TEXT(cerror_text, code), (unsigned long long)cmd->dw[0],
		       (unsigned long long)cmd->dw[1]);
	/* After a fetch abort the same command is fetched again. One that can't be executed becomes a CMD_SYNC. */
	if (code != CERROR_ABT) {
		*cmd = cmd_sync;
		smmu->cerror = code;
		ret = -EIO;
	}
	dsb_sy();
	smmu_write32(smmu, SMMU_GERRORN, smmu_read32(smmu, SMMU_GERRORN) ^ (u32)GERROR_CMDQ_ERR);
	return ret;
}

/* Waits until the SMMU has consumed everything: CONS equal to PROD, the wrap bit included. */
static int cmdq_wait(struct smmu *smmu)
{
	struct smmu_queue *q = &smmu->cmdq;
	u64 deadline = timer_deadline_us(CMDQ_TIMEOUT_US);
	u32 errors;
	int err = 0;

	for (;;) {
		/* the time is taken first: when it is over, the queue has still been looked at once more */
		bool late = timer_passed(deadline);

		q->cons = queue_pointer(q->log2, smmu_read32(smmu, SMMU_CMDQ_CONS));
		if (q->cons == q->prod)
			return err;
		if (late)
			break;
		errors = smmu_read32(smmu, SMMU_GERROR) ^ smmu_read32(smmu, SMMU_GERRORN);
		if ((errors & GERROR_CMDQ_ERR) && cmdq_recover(smmu))
			err = -EIO;
		cpu_relax();
	}
	pr_err("smmu %u: command queue is stuck at entry %u, %u us after %u was queued", smmu->index,
	       queue_index(q->log2, q->cons), CMDQ_TIMEOUT_US, queue_index(q->log2, q->prod));
	smmu_set_failed(smmu, "the command queue does not move");
	return -EIO;
}

/* TLB maintenance is by VMID; everything else that a domain may ask for is about one stream. */
static bool cmd_is_foreign(struct smmu *smmu, const struct smmu_domain *domain, const struct smmu_cmd *cmd)
{
	const struct smmu_stream *stream;

	if (cmd_is_tlbi(cmd->dw[0]))
		return !MUTATE(VSMMU_ANY_VMID) && FIELD_GET(CMD_TLBI0_VMID, cmd->dw[0]) != domain->s2->vmid;
	stream = strtab_stream(smmu, (u32)FIELD_GET(CMD_CFGI0_SID, cmd->dw[0]));
	return !stream || (!MUTATE(VSMMU_ANY_STREAM) && (stream->domain != domain || !stream->attached));
}

/* One batch that fits. */
static int cmdq_batch(struct smmu *smmu, const struct smmu_domain *domain, const struct smmu_cmd *cmds, u32 count)
{
	struct smmu_queue *q = &smmu->cmdq;
	struct smmu_cmd *entries = q->entries;
	u32 prod = q->prod;

	for (u32 i = 0; i < count; i++) {
		if (!domain || !cmd_is_foreign(smmu, domain, &cmds[i]))
			entries[queue_index(q->log2, prod++)] = cmds[i];
	}
	entries[queue_index(q->log2, prod++)] = cmd_sync;
	q->prod = queue_pointer(q->log2, prod);
	/* the commands, and whatever tables they are about, before the doorbell */
	dsb_sy();
	smmu_write32(smmu, SMMU_CMDQ_PROD, q->prod);
	return cmdq_wait(smmu);
}

int cmdq_run(struct smmu *smmu, const struct smmu_domain *domain, const struct smmu_cmd *cmds, u32 count)
{
	u32 room = (1u << smmu->cmdq.log2) - 1;
	int err = 0;

	/* A queue that is stuck may still hold old commands: nothing can be promised any more. */
	if (smmu->failed)
		return -EIO;
	do {
		u32 batch = MIN(count, room);
		int ret = cmdq_batch(smmu, domain, cmds, batch);

		err = err ? err : ret;
		cmds += batch;
		count -= batch;
	} while (count && !smmu->failed);
	return err;
}

int cmdq_one(struct smmu *smmu, u64 dw0, u64 dw1)
{
	return cmdq_run(smmu, NULL, &(struct smmu_cmd){ { dw0, dw1 } }, 1);
}

int smmu_run(u32 index, const struct smmu_domain *domain, const struct smmu_cmd *cmds, u32 count)
{
	struct smmu *smmu = &smmus[index];
	int err;

	spin_lock(&smmu->lock);
	smmu->cerror = CERROR_NONE;
	err = cmdq_run(smmu, domain, cmds, count);
	if (err && smmu->cerror)
		err = (int)smmu->cerror;
	/* a CMD_SYNC makes visible what was recorded before it */
	if (smmu_queue_waits(&smmu->evtq))
		smmu_queue_drain(&smmu->evtq, QUEUE_BATCH);
	spin_unlock(&smmu->lock);
	return err;
}
