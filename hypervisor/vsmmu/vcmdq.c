// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command queue: an allow-list. Each command is copied once, checked, and becomes one that can concern nothing but
 * the cell's own streams and VMID. A doorbell runs a bounded number of them as one physical batch with one CMD_SYNC;
 * what is left goes on when the CPU has been back in the cell.
 */
#include <arch/barrier.h>
#include <hyp/mutate.h>
#include "vsmmu_local.h"

#define RANGE0		(CMD_TLBI0_NUM | CMD_TLBI0_SCALE)
#define FOLD		32	/* TLB invalidations; beyond, one that covers them all is cheaper */

/* Physical commands on their way, and what is to be told when they are done. */
struct batch {
	struct vsmmu *v;
	u32 work;		/* commands and stream updates so far: ends the batch at VSMMU_BATCH */
	u32 count;
	u32 tlbis;		/* of which only FOLD + 1 are kept, for one will stand for them all */
	bool barrier;		/* the cell has completed invalidations of CDs, on which what follows may rely */
	u32 signals;		/* BIT(CS) of the cell's CMD_SYNCs */
	struct smmu_cmd cmd[VSMMU_BATCH];
};

/* Not by ASID: that would not reach global entries, as invalidation by address does. */
static void fold(struct batch *b)
{
	u64 asid = MUTATE(VSMMU_FOLD_ASID) ? b->cmd[b->count - 1].dw[0] & CMD_TLBI0_ASID : 0;
	u64 op = MUTATE(VSMMU_FOLD_ASID) ? CMD_TLBI_NH_ASID : CMD_TLBI_NH_ALL;
	u32 others = 0;

	for (u32 i = 0; i < b->count; i++) {
		if (!cmd_is_tlbi(b->cmd[i].dw[0]))
			b->cmd[others++] = b->cmd[i];
	}
	b->cmd[others] = (struct smmu_cmd){ .dw[0] = cmd_about(op, b->v->cell->s2.vmid) | asid };
	b->count = others + 1;
}

/* Returns when all of it is done. Within a batch nothing makes an order, so one TLBI may stand for others. */
static int flush(struct batch *b)
{
	u32 count;

	if (b->tlbis > FOLD)
		fold(b);
	count = b->count;
	b->count = 0;
	b->tlbis = 0;
	b->barrier = false;
	return count || b->signals ? smmu_run(b->v->config->smmu, &b->v->cell->dma, b->cmd, count) : 0;
}

/* ---- the commands; each returns 0, CERROR_*, or -EIO ---- */

struct vcmd {
	int (*run)(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd);
	u64 keep[2];		/* bits that go through to the hardware */
	bool by_stream;		/* has a StreamID, and SSEC, which is illegal here */
};

static int nothing(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	return 0;
}

/* One command about one stream of the cell; about any other it has no effect. */
static int stream_cmd(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	u32 vsid = (u32)FIELD_GET(CMD_CFGI0_SID, cmd->dw[0]);

	for_each_vstream(b->v, stream) {
		if (stream->vsid != vsid && !MUTATE(VSMMU_ANY_STREAM))
			continue;
		b->cmd[b->count++] = (struct smmu_cmd){
			.dw[0] = cmd_about(FIELD_GET(CMD0_OP, cmd->dw[0]), stream->vsid == vsid ? stream->sid : vsid) |
				 (cmd->dw[0] & kind->keep[0]),
			.dw[1] = cmd->dw[1] & kind->keep[1],
		};
		break;
	}
	return 0;
}

static int cfgi_cd(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	u64 ssid = FIELD_GET(CMD0_SSID, cmd->dw[0]);

	if (ssid >> FIELD_GET(IDR1_SSIDSIZE, vreg_get(b->v, SMMU_IDR1)) || MUTATE(VSMMU_NO_CFGI_CD))
		return 0;
	return stream_cmd(b, kind, cmd);
}

/* Entries of one stream, or 2^bits; the cell's own are looked at, not the range. */
static int cfgi_ste(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	bool range = FIELD_GET(CMD0_OP, cmd->dw[0]) == CMD_CFGI_STE_RANGE;
	u64 vsid = FIELD_GET(CMD_CFGI0_SID, cmd->dw[0]), bits = range ? FIELD_GET(CMD_CFGI1_RANGE, cmd->dw[1]) + 1 : 0;

	for_each_vstream(b->v, stream) {
		if ((stream->vsid ^ vsid) >> bits)
			continue;
		b->work++;
		/* not its own any more: no effect */
		if (vste_update(b->v, stream) == -EIO)
			return -EIO;
	}
	return 0;
}

/* A CD that is still cached would bring back at once what this is to remove. */
static int tlbi_add(struct batch *b, const struct smmu_cmd *cmd)
{
	int err = b->barrier ? flush(b) : 0;

	if (MUTATE(VSMMU_NO_TLBI))
		return 0;
	if (b->tlbis++ <= FOLD)
		b->cmd[b->count++] = *cmd;
	return err;
}

/* TTL; of the 16 KiB granule there is no leaf at level 1. */
static u64 tlbi_level(u64 dw1)
{
	u64 ttl = FIELD_GET(CMD_TLBI1_TTL, dw1);

	return ttl == 1 && FIELD_GET(CMD_TLBI1_TG, dw1) == CMD_TLBI_TG_16K ? 0 : ttl;
}

static int tlbi(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	u64 op = FIELD_GET(CMD0_OP, cmd->dw[0]);
	u32 vmid = MUTATE(VSMMU_ANY_VMID) ? (u32)FIELD_GET(CMD_TLBI0_VMID, cmd->dw[0]) : b->v->cell->s2.vmid;
	struct smmu_cmd own = {
		.dw[0] = cmd_about(op == CMD_TLBI_NSNH_ALL ? CMD_TLBI_NH_ALL : op, vmid) | (cmd->dw[0] & kind->keep[0]),
		.dw[1] = cmd->dw[1] & kind->keep[1],
	};

	if (!(vreg_get(b->v, SMMU_IDR3) & IDR3_RIL) || !(own.dw[1] & CMD_TLBI1_TG)) {
		own.dw[0] &= ~RANGE0;
		own.dw[1] &= ~(CMD_TLBI1_TG | CMD_TLBI1_TTL);
	} else if (!(own.dw[0] & RANGE0) && !tlbi_level(own.dw[1])) {
		return CERROR_ILL;	/* reserved */
	}
	return tlbi_add(b, &own);
}

/* What must not overtake an invalidation that the cell has completed by a CMD_SYNC of its own. */
static int after_tlbi(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd, bool offered)
{
	int err = offered && (b->tlbis || b->barrier) ? flush(b) : 0;

	if (!offered)
		return CERROR_ILL;
	return err ? err : stream_cmd(b, kind, cmd);
}

static int atc_inv(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	return after_tlbi(b, kind, cmd, vreg_offers(b->v, IDR0_ATS) && FIELD_GET(CMD_ATC1_SIZE, cmd->dw[1]) <= ATC_SIZE_ALL);
}

static int pri_resp(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	return after_tlbi(b, kind, cmd, vreg_offers(b->v, IDR0_PRI) && FIELD_GET(CMD_PRI1_RESP, cmd->dw[1]) != PRI_RESP_RESERVED);
}

static int stall(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	return after_tlbi(b, kind, cmd, vreg_stall_model(b->v) != STALL_MODEL_NONE);
}

static int sync(struct batch *b, const struct vcmd *kind, const struct smmu_cmd *cmd)
{
	u64 signal = FIELD_GET(CMD_SYNC0_CS, cmd->dw[0]);

	if (signal == SYNC_CS_RESERVED)
		return CERROR_ILL;
	b->signals |= (u32)BIT(signal);
	b->barrier = b->count > MIN(b->tlbis, FOLD + 1u);
	return 0;
}

#define VA1	(CMD1_LEAF | CMD_TLBI1_TTL | CMD_TLBI1_TG | CMD1_ADDR)
#define SUBSTREAM (CMD0_SSV | CMD0_SSID)

/* Everything else is illegal: EL2, EL3 and stage 2, which this SMMU does not have. */
static const struct vcmd vcmds[] = {
	[CMD_PREFETCH_CONFIG] = { nothing, { 0, 0 }, true },
	[CMD_PREFETCH_ADDR] = { nothing, { 0, 0 }, true },
	[CMD_CFGI_STE] = { cfgi_ste, { 0, 0 }, true },
	[CMD_CFGI_STE_RANGE] = { cfgi_ste, { 0, 0 }, true },
	[CMD_CFGI_CD] = { cfgi_cd, { CMD0_SSID, CMD1_LEAF }, true },
	[CMD_CFGI_CD_ALL] = { stream_cmd, { 0, 0 }, true },
	[CMD_TLBI_NH_ALL] = { tlbi, { 0, 0 }, false },
	[CMD_TLBI_NH_ASID] = { tlbi, { CMD_TLBI0_ASID, 0 }, false },
	[CMD_TLBI_NH_VA] = { tlbi, { CMD_TLBI0_ASID | RANGE0, VA1 }, false },
	[CMD_TLBI_NH_VAA] = { tlbi, { RANGE0, VA1 }, false },
	[CMD_TLBI_NSNH_ALL] = { tlbi, { 0, 0 }, false },
	[CMD_ATC_INV] = { atc_inv, { SUBSTREAM | CMD_ATC0_GLOBAL, CMD_ATC1_SIZE | CMD1_ADDR }, true },
	[CMD_PRI_RESP] = { pri_resp, { SUBSTREAM, PRI1_INDEX | CMD_PRI1_RESP }, true },
	[CMD_RESUME] = { stall, { CMD_RESUME0_ACTION, EVT1_STAG }, true },
	[CMD_STALL_TERM] = { stall, { 0, 0 }, true },
	[CMD_SYNC] = { sync, { 0, 0 }, false },
};

static int execute(struct batch *b, const struct smmu_cmd *cmd)
{
	u64 op = FIELD_GET(CMD0_OP, cmd->dw[0]);

	b->work++;
	if (op >= ARRAY_SIZE(vcmds) || !vcmds[op].run || (vcmds[op].by_stream && (cmd->dw[0] & CMD0_SSEC)))
		return MUTATE(VSMMU_ANY_COMMAND) ? 0 : CERROR_ILL;
	return vcmds[op].run(b, &vcmds[op], cmd);
}

/* ---- the queue ---- */

/* Runs what is there up to the bound; q->cons is then behind the last command that was done. */
static int consume(struct batch *b, struct vqueue *q)
{
	struct smmu_cmd cmds[VSMMU_BATCH];
	int err = 0;

	while (vqueue_used(q) && b->work < VSMMU_BATCH && !err) {
		/* up to the end of the queue, and within a page: so all of them are there, or none */
		ipaddr_t from = vqueue_at(q, q->cons, sizeof(*cmds));
		u64 left = MIN((u64)vqueue_used(q), (PAGE_SIZE - (from.ipa & ~PAGE_MASK)) / sizeof(*cmds));
		u32 count = (u32)MIN(MIN(left, (u64)VSMMU_BATCH), (u64)((1u << q->log2) - queue_index(q->log2, q->cons))), done = 0;

		if (!guest_read(b->v->cell, from, cmds, count * sizeof(*cmds)))
			return CERROR_ABT;
		for (; done < count && b->work < VSMMU_BATCH && !err; done += !err)
			err = execute(b, &cmds[done]);
		q->cons = queue_pointer(q->log2, q->cons + done);
	}
	return err;
}

/* The cell's CMD_SYNCs complete. */
static void signal(const struct batch *b)
{
	if (b->signals & BIT(SYNC_CS_SEV))
		send_event();
	if (b->signals & BIT(SYNC_CS_IRQ))
		vsmmu_raise(b->v, b->v->config->sync_irq);
}

/* True: there is more to do. */
static bool run_batch(struct vsmmu *v)
{
	struct vqueue q = vreg_queue(v, SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, v->config->cmdq_log2);
	struct batch b;
	u32 error = vreg_get(v, SMMU_CMDQ_CONS) & (u32)CMDQ_CONS_ERR, first = q.cons;
	int err, flushed;

	if (!vreg_running(v, CR0_CMDQEN, GERROR_CMDQ_ERR) || !vqueue_used(&q))
		return false;
	b.v = v;
	b.work = b.count = b.tlbis = b.signals = 0;
	b.barrier = false;
	err = consume(&b, &q);
	flushed = flush(&b);
	__atomic_fetch_add(&v->cell->info.smmu_commands, b.work, __ATOMIC_RELAXED);
	/* the hardware refused one of those that count as done: at the latest, the last of them */
	if (flushed && q.cons != first)
		q.cons = queue_pointer(q.log2, q.cons - 1);
	err = flushed ? flushed : err;
	if (err)
		error = (u32)FIELD_PREP(CMDQ_CONS_ERR, err > 0 ? (u32)err : CERROR_ILL);
	/* with a CMD_SYNC, the events of before it are there before it is done */
	if (b.signals && READ_ONCE(v->head) != v->tail)
		vevtq_deliver(v);
	vreg_set(v, SMMU_CMDQ_CONS, q.cons | error);
	if (!flushed)
		signal(&b);
	if (err)
		vreg_gerror(v, (u32)(GERROR_CMDQ_ERR | (err < 0 ? GERROR_SFM_ERR : 0)));
	return !err && vqueue_used(&q);
}

void vcmdq_run(struct vsmmu *v)
{
	bool more = run_batch(v);

	while (MUTATE(VSMMU_UNBOUNDED) && more)
		more = run_batch(v);
	if (more)
		vsmmu_kick(v);
}
