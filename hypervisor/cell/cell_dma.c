/* SPDX-License-Identifier: GPL-2.0-only */
/* The streams of a cell: claimed as long as it exists, reaching its memory only while it runs (I2). */
#include <hyp/cell.h>

/* The root cell, if it is another one than `cell` and its config has the stream; else NULL. */
static struct cell *root_with(const struct cell *cell, const struct cfg_stream *stream)
{
	struct cell *root = root_cell();
	const struct cfg_stream *own;

	if (!root || root == cell)
		return NULL;
	own = cfg_cell_streams(root->config);
	for (u32 i = 0; i < root->config->stream_count; i++) {
		if (own[i].smmu == stream->smmu && own[i].sid == stream->sid)
			return root;
	}
	return NULL;
}

static void back_to_root(const struct cell *cell, const struct cfg_stream *stream)
{
	const struct smmu_domain *owner;
	struct cell *root = root_with(cell, stream);

	if (!root)
		return;
	if (smmu_stream_claim(stream->smmu, stream->sid, &root->dma, &owner) ||
	    (root->state == HC_STATE_RUNNING && smmu_stream_attach(stream->smmu, stream->sid, &root->dma)))
		pr_err("stream 0x%x of SMMU %u stays blocked: it cannot go back to the root cell", stream->sid,
		       stream->smmu);
	else
		vsmmu_stream_attached(root, stream);
}

static int stream_error(struct hc_error *err, const struct cfg_stream *s, int result, const struct smmu_domain *owner)
{
	const char *why = result == -EBUSY ? "belongs to cell " :
			  result == -ENOMEM ? "needs more memory than the pool has" : "does not exist";

	return hc_fail(err, result, "stream 0x%x of SMMU %u %s%s", s->sid, s->smmu, why, owner ? owner->name : "");
}

static void give_back(const struct cell *cell, u32 count)
{
	const struct cfg_stream *streams = cfg_cell_streams(cell->config);

	for (u32 i = 0; i < count; i++) {
		smmu_stream_release(streams[i].smmu, streams[i].sid, &cell->dma);
		back_to_root(cell, &streams[i]);
	}
}

int cell_streams_take(struct cell *cell, struct hc_error *err)
{
	const struct cfg_stream *streams = cfg_cell_streams(cell->config);
	const struct smmu_domain *owner;

	for (u32 i = 0; i < cell->config->stream_count; i++) {
		const struct cfg_stream *s = &streams[i];
		struct cell *root = root_with(cell, s);
		int result;

		if (root)
			smmu_stream_release(s->smmu, s->sid, &root->dma);
		result = smmu_stream_claim(s->smmu, s->sid, &cell->dma, &owner);
		if (!result)
			continue;
		give_back(cell, i + 1);		/* of the last nothing was taken but from the root cell */
		return stream_error(err, s, result, owner);
	}
	return 0;
}

void cell_streams_give_back(struct cell *cell)
{
	give_back(cell, cell->config->stream_count);
}

static int for_each_stream(struct cell *cell, int (*act)(u32 smmu, u32 sid, const struct smmu_domain *domain))
{
	const struct cfg_stream *streams = cfg_cell_streams(cell->config);
	int result = 0;

	for (u32 i = 0; i < cell->config->stream_count; i++) {
		int one = act(streams[i].smmu, streams[i].sid, &cell->dma);

		/* -EINVAL: not its own now, for the root cell has given it away */
		if (one && one != -EINVAL)
			result = one;
	}
	return result;
}

int cell_streams_attach(struct cell *cell)
{
	int result = for_each_stream(cell, smmu_stream_attach);

	if (result)
		cell_streams_block(cell);
	return result;
}

int cell_streams_block(struct cell *cell)
{
	return for_each_stream(cell, smmu_stream_block);
}
