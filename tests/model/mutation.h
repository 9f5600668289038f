/* SPDX-License-Identifier: GPL-2.0-only */
/* Included before everything of the refinement test: which mutation is in is chosen when it runs. */
#ifndef MODEL_MUTATION_H
#define MODEL_MUTATION_H

extern int model_mutation;		/* enum mutation */

#endif
