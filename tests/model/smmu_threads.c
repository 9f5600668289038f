// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SMMU driver used by several CPUs at one time: one changes streams, one maps and unmaps, one takes interrupts of
 * devices that misbehave. Built with the thread sanitizer, so each access without its lock is found; and what was
 * unmapped must be unreachable when stage2_unmap() has returned, whatever the others do.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

#define SIDS		3
#define BASE		0x40000000UL

static const u32 sids[SIDS] = { 0x10, 0x11, 0x123 };
static struct stage2 s2;
static struct smmu_domain domain;
static u32 rounds = 300;
static u32 finished;

static void stop(const char *what, int value)
{
	printf("FAILED: %s (%d); %s\n", what, value, machine_complaint);
	exit(1);
}

static void must(const char *what, int err)
{
	if (err)
		stop(what, err);
}

static void *change_streams(void *arg)
{
	const struct smmu_domain *owner;
	u64 seed = 5;

	(void)arg;
	for (u32 i = 0; i < rounds; i++) {
		u32 sid = sids[fake_random(&seed) % SIDS];

		must("claim", smmu_stream_claim(0, sid, &domain, &owner));
		must("attach", smmu_stream_attach(0, sid, &domain));
		must("attach again", smmu_stream_attach(0, sid, &domain));
		must("release", smmu_stream_release(0, sid, &domain));
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void check_unreachable(u64 address)
{
	struct model_outcome out[64];

	machine_lock();
	for (u32 i = 0; i < SIDS; i++) {
		unsigned int n = smmu_model_outcomes(&models[0], sids[i], address, false, out, 64);

		while (n--)
			if (out[n].result != MODEL_ABORT)
				stop("reachable after unmap", (int)sids[i]);
	}
	machine_unlock();
}

static void *change_memory(void *arg)
{
	u64 seed = 9;

	(void)arg;
	for (u32 i = 0; i < rounds; i++) {
		u64 at = BASE + fake_random(&seed) % 4 * MIB(2), size = fake_random(&seed) % 2 ? PAGE_SIZE : MIB(2);

		must("map", stage2_map(&s2, ipa(at), pa(0x80000000), size, PROT_READ | PROT_WRITE));
		must("unmap", stage2_unmap(&s2, ipa(at), size));
		check_unreachable(at);
	}
	__atomic_fetch_add(&finished, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Devices that never stop, and the CPU that takes the interrupts. */
static void *take_interrupts(void *arg)
{
	u64 seed = 13;

	(void)arg;
	while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < 2) {
		machine_lock();
		for (u32 i = 0; i < 20; i++)
			smmu_model_dma(&models[0], sids[fake_random(&seed) % SIDS], BASE + fake_random(&seed) % MIB(8),
				       fake_random(&seed) % 2, (unsigned int)fake_random(&seed));
		machine_unlock();
		machine_irqs(4);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static void *(*const work[])(void *) = { change_streams, change_memory, take_interrupts };
	const struct cfg_system *sys = machine_init(1, 100);
	pthread_t thread[3];

	if (argc > 1 && argv[1][0] == '-') {
		printf("usage: smmu_threads [ROUNDS]\nThree threads use the SMMU driver on the model.\n");
		return 0;
	}
	rounds = argc > 1 ? (u32)strtoul(argv[1], NULL, 0) : rounds;
	for (u32 i = 0; i < SIDS; i++)
		smmu_model_watch(&models[0], sids[i]);
	must("init", smmu_init(sys));
	must("stage 2", stage2_init(&s2, 2));
	domain = (struct smmu_domain){ .name = "cell", .s2 = &s2 };
	machine_threads = true;
	models[0].in_order = true;
	for (u32 i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, work[i], NULL);
	for (u32 i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	if (machine_complaint[0])
		stop("the driver breaks a rule", 0);
	printf("%u rounds in three threads, %llu violations counted, %llu events of nobody: passed\n", rounds,
	       (unsigned long long)(domain.stats.read_violations + domain.stats.write_violations),
	       (unsigned long long)smmu_unowned_events());
	return 0;
}
