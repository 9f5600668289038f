/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the program `architecture` share. An observation is a line "see WHAT -> VALUE": not judged here, but
 * compared by the harness between a bare machine and a cell. What must hold on both is a KTAP check.
 */
#ifndef PARTS_H
#define PARTS_H

#include <inmate/edu.h>
#include <inmate/fault.h>
#include <inmate/gic.h>
#include <inmate/ktap.h>
#include <inmate/smccc.h>
#include <inmate/smp.h>
#include <inmate/timer.h>

#define SETTLE_US	50		/* an interrupt of this CPU is where it will be */
#define LIMIT_US	5000000		/* a busy host is slow */
#define NOTHING		(INTID_NONE + 3)
#define SGI_TEST	5
#define SGI_OTHER	6
#define AFFINITY	0xff00ffffffULL
#define ICC_CTLR_SPLIT	BIT(1)		/* EOImode */

#define read_fault(reg) ({ u64 got_; fault_arm(); got_ = read_sysreg(reg); see_outcome(got_, #reg " read"); })
#define write_fault(value, reg) ({ fault_arm(); write_sysreg(value, reg); see_outcome(0, #reg " write"); })
#define run_fault(code, value) ({ fault_arm(); asm volatile(code : : "r"((u64)(value)) : "memory"); see_outcome(0, code); })

void see(u64 value, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Of what was done since fault_arm(): the value, or the class of the exception. */
void see_outcome(u64 value, const char *what);
void settle(void);
/* Waits until the condition holds; false: it did not in LIMIT_US. */
#define reached(condition) ({						\
	u64 end_ = timer_ticks() + timer_us(LIMIT_US);			\
	while (!(condition) && timer_ticks() < end_)			\
		;							\
	(condition); })

static inline u64 self_affinity(void) { return read_sysreg(mpidr_el1) & AFFINITY; }
static inline void set_pmr(u64 value) { write_sysreg(value, icc_pmr_el1); isb(); }
static inline void set_ctlr(u64 value) { write_sysreg(value, icc_ctlr_el1); isb(); }
static inline void deactivate(u64 intid) { write_sysreg(intid, icc_dir_el1); isb(); }
static inline u64 running_priority(void) { isb(); return read_sysreg(icc_rpr_el1); }
static inline u64 highest_pending(void) { isb(); return read_sysreg(icc_hppir1_el1); }

/* regs.S: all SIMD registers made of a number, compared with it (true: they are), put aside and brought back. */
void simd_fill(u64 seed);
u64 simd_holds(u64 seed);
void simd_save(u64 *where);
void simd_restore(const u64 *where);
#define SIMD_WORDS	(32 * 2 + 2)

/* The entry of a CPU that notes its state at the first instruction and goes off: x0 is a struct entry. */
struct entry { u64 x0, level, daif, sctlr, spsel, mpidr, vbar, cpacr, ctkctl, cntv, cntp, done; };
void note_entry(void);

extern struct edu edu;

void check_distributor(void);
void check_redistributor(void);
void check_states(void);
void check_interface(void);
void check_lines(void);
void check_timers(void);
void check_waiting(void);
void check_simd(void);
void check_identity(void);
void check_hidden(void);
void check_caches(void);
void check_firmware(void);
void check_sgi_patterns(void);
void check_cpus(void);

#endif
