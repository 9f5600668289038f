/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the benches share: series of SAMPLES samples. Counter ticks are instructions when QEMU is run as
 * tests/bench/bench.py does. Lines: "bench <name> <min> <median> <max>".
 *
 * Around each series stands a BRK, so that a log of exceptions (qemu -d int) can be cut into series: BRK 1
 * starts one, BRK 2 ends it.
 */
#ifndef BENCH_H
#define BENCH_H

#include <inmate/console.h>
#include <inmate/fault.h>
#include <inmate/sort.h>

#define WARM_UP		16

static u64 samples[SAMPLES];

static void print_series(const char *name, u64 *values)
{
	sort(values, SAMPLES);
	printf("bench %s %lu %lu %lu\n", name, values[0], values[SAMPLES / 2], values[SAMPLES - 1]);
}

static void marker_start(void)
{
	fault_arm();
	asm volatile("brk #1" : : : "memory");
	fault_disarm();
}

static void marker_end(void)
{
	fault_arm();
	asm volatile("brk #2" : : : "memory");
	fault_disarm();
}

/* All sequences have the signature of the widest; they ignore what they do not use. */
typedef u64 (*sync_fn)(u64 a, u64 b);

static void run_sync(const char *name, sync_fn fn, u64 a, u64 b)
{
	for (u32 i = 0; i < WARM_UP; i++)
		fn(a, b);
	marker_start();
	for (u32 i = 0; i < SAMPLES; i++)
		samples[i] = fn(a, b);
	marker_end();
	print_series(name, samples);
}

#define RUN_SYNC(name, fn, a, b) run_sync(name, (sync_fn)(void *)(fn), a, b)

#endif
