/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GIC's CPU interface (ICC_*) and its hypervisor control (ICH_*) as functions, so that host tests can put a model in
 * their place (tests/unit/fake/asm/gic_sysreg.h has the same names). All of them act on the calling CPU.
 */
#ifndef ASM_GIC_SYSREG_H
#define ASM_GIC_SYSREG_H

#include <arch/barrier.h>
#include <asm/sysreg.h>

#define ICC_SRE_ALL		7ULL		/* SRE, DFB, DIB */
#define ICC_SRE_ENABLE		BIT(3)
#define ICC_CTLR_CBPR		BIT(0)
#define ICC_CTLR_EOIMODE	BIT(1)
#define ICC_CTLR_PMHE		BIT(6)

static inline u32 icc_acknowledge(void)
{
	u32 intid = (u32)sysreg_read(icc_iar1_el1);

	dsb_sy();	/* acknowledged before anything that follows, as the architecture asks for */
	return intid;
}
static inline void icc_drop_priority(u32 intid) { sysreg_write(icc_eoir1_el1, intid); }
static inline void icc_deactivate(u32 intid)
{
	isb();		/* the priority drop comes first */
	sysreg_write(icc_dir_el1, intid);
}
static inline void icc_set_mask(u32 priority)
{
	sysreg_write(icc_pmr_el1, priority);
	isb();
}
static inline void icc_send_sgi(u64 value)
{
	sysreg_write(icc_sgi1r_el1, value);
	isb();
}

/* System registers for EL2 and EL1, Group 1 on, priority drop apart from deactivation. False: there is no such interface. */
static inline bool icc_enable(u32 mask)
{
	sysreg_write(icc_sre_el2, ICC_SRE_ALL | ICC_SRE_ENABLE);
	isb();
	if (!(sysreg_read(icc_sre_el2) & 1))
		return false;
	sysreg_write(icc_sre_el1, ICC_SRE_ALL);
	isb();
	sysreg_write(icc_ctlr_el1, (sysreg_read(icc_ctlr_el1) & ~(ICC_CTLR_CBPR | ICC_CTLR_PMHE)) | ICC_CTLR_EOIMODE);
	sysreg_write(icc_bpr1_el1, 0);
	sysreg_write(icc_igrpen0_el1, 0);
	sysreg_write(icc_igrpen1_el1, 1);
	icc_set_mask(mask);
	return true;
}

static inline u64 ich_vtr(void) { return sysreg_read(ich_vtr_el2); }
static inline u32 ich_free(void) { return (u32)sysreg_read(ich_elrsr_el2); }
static inline void ich_set_hcr(u64 value) { sysreg_write(ich_hcr_el2, value); }
static inline void ich_set_vmcr(u64 value) { sysreg_write(ich_vmcr_el2, value); }

/* No active virtual priorities; `bits` of preemption decide how many registers there are. */
static inline void ich_clear_active(u32 bits)
{
	sysreg_clear("ich_ap0r0_el2, ich_ap1r0_el2");
	if (bits >= 6)
		sysreg_clear("ich_ap0r1_el2, ich_ap1r1_el2");
	if (bits >= 7)
		sysreg_clear("ich_ap0r2_el2, ich_ap1r2_el2, ich_ap0r3_el2, ich_ap1r3_el2");
}

#define ICH_EACH_LR(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)

static inline u64 ich_read_lr(u32 n)
{
	switch (n) {
#define ICH_READ_LR(i) case i: return sysreg_read(ich_lr##i##_el2);
	ICH_EACH_LR(ICH_READ_LR)
#undef ICH_READ_LR
	}
	return 0;
}

static inline void ich_write_lr(u32 n, u64 value)
{
	switch (n) {
#define ICH_WRITE_LR(i) case i: sysreg_write(ich_lr##i##_el2, value); break;
	ICH_EACH_LR(ICH_WRITE_LR)
#undef ICH_WRITE_LR
	}
}

#endif
