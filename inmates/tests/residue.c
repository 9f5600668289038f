/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU remembers besides general registers and memory: keys and predicates. Nobody's at the start; full of a
 * pattern at the end, for the next cell on this CPU (or the second start of this one) to look for.
 */
#include <inmate/arch.h>
#include <inmate/ktap.h>

#define PATTERN		0x5ca1ab1edeadbea7
#define CPACR_FULL	(3 << 20 | 3 << 16)	/* SIMD and SVE */
#define ISAR1_PAUTH	0xff0
#define PFR0_SVE	(0xfULL << 32)
#define PREDICATE_MAX	32			/* bytes */

#define EACH_KEY(X) X(s3_0_c2_c1_0) X(s3_0_c2_c1_1) X(s3_0_c2_c1_2) X(s3_0_c2_c1_3) X(s3_0_c2_c2_0) X(s3_0_c2_c2_1) \
		    X(s3_0_c2_c2_2) X(s3_0_c2_c2_3) X(s3_0_c2_c3_0) X(s3_0_c2_c3_1)

static void keys(void)
{
	u64 found = 0;

	if (!(read_sysreg(id_aa64isar1_el1) & ISAR1_PAUTH)) {
		ktap_skip("no pointer authentication", "its keys");
		return;
	}
#define READ(reg) found |= read_sysreg(reg);
	EACH_KEY(READ)
	ktap_ok(!found, "keys for pointer authentication");
#define WRITE(reg) write_sysreg(PATTERN, reg);
	EACH_KEY(WRITE)
}

static void predicates(void)
{
	u8 found[PREDICATE_MAX] = { 0 }, any = 0;

	if (!(read_sysreg(id_aa64pfr0_el1) & PFR0_SVE)) {
		ktap_skip("no SVE", "its predicates");
		return;
	}
	write_sysreg(CPACR_FULL, cpacr_el1);
	isb();
	asm volatile(".arch_extension sve\n\t"
		     "str	p7, [%0]\n\t"
		     "ptrue	p7.b\n\t"
		     "setffr\n\t"
		     ".arch_extension nosve" : : "r" (found) : "memory");
	for (u32 i = 0; i < PREDICATE_MAX; i++)
		any |= found[i];
	ktap_ok(!any, "a predicate register of SVE");
}

int main(void)
{
	ktap_begin("residue: registers that a reset has to clear");
	keys();
	predicates();
	ktap_end();
	return 0;
}
