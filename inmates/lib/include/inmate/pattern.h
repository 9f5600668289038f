/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is sent through links to try them: words that follow from a seed, and a sum that knows their order. */
#ifndef INMATE_PATTERN_H
#define INMATE_PATTERN_H

#include <inmate/types.h>

struct pattern {
	u64 next;
	u64 sum, order;		/* of all words, and of all sums */
};

static inline void pattern_add(struct pattern *p, u64 word)
{
	p->sum += word;
	p->order += p->sum;
}

/* The next words. */
static inline void pattern_fill(struct pattern *p, u64 *words, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		p->next = p->next * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
		words[i] = p->next;
		pattern_add(p, p->next);
	}
}

#endif
