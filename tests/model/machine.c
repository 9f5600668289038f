// SPDX-License-Identifier: GPL-2.0-only
/* The host machine around the models; see machine.h. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include <arch/barrier.h>
#include <arch/io.h>
#include <asm/sysreg.h>
#include <hyp/config.h>
#include <hyp/gic.h>
#include <hyp/hyp_map.h>
#include <hyp/page_pool.h>
#include <hyp/percpu.h>
#include "../../hypervisor/smmu/smmu_internal.h"

#define POOL_BYTES	MIB(32)
#define EVENTQ_IRQ	106		/* and what follows, as enum model_irq */
#define PRIQ_IRQ	107
#define GERROR_IRQ	108

static u64 ram[MACHINE_RAM_SIZE / 8];

struct smmu_model models[MACHINE_SMMUS];
void (*machine_hook)(void);
u64 machine_vttbr;
u32 machine_kicks;
char machine_complaint[256];
bool machine_threads;

/* the models and the log are used by one thread at a time */
static pthread_mutex_t model_mutex = PTHREAD_MUTEX_INITIALIZER, log_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct line {
	gic_handler fn;
	void *ctx;
	bool pending;
} lines[1020];

static struct {
	struct cfg_system sys;
	struct cfg_cpu cpu;
	struct cfg_area area;
	struct cfg_smmu smmu[MACHINE_SMMUS];
} config;

void *machine_memory(u64 address, size_t bytes)
{
	if (address >= FAKE_PA_BASE && address + bytes <= FAKE_PA_BASE + POOL_BYTES)
		return hyp_va(pa(address));
	if (address >= MACHINE_RAM_BASE && address + bytes <= MACHINE_RAM_BASE + MACHINE_RAM_SIZE)
		return (u8 *)ram + (address - MACHINE_RAM_BASE);
	return NULL;
}

/* The SMMU's accesses race with the driver's by nature, so the thread sanitizer does not look at them. */
static __attribute__((no_sanitize("thread"))) void copy(volatile u64 *to, const volatile u64 *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		to[i] = from[i];
}

static bool memory_read(u64 address, void *to, size_t bytes)
{
	const void *from = machine_memory(address, bytes);

	if (from)
		copy(to, from, bytes);
	return from;
}

static bool memory_write(u64 address, const void *from, size_t bytes)
{
	void *to = machine_memory(address, bytes);

	if (to)
		copy(to, from, bytes);
	return to;
}

static void complain(const char *what)
{
	if (!machine_complaint[0])
		snprintf(machine_complaint, sizeof(machine_complaint), "%s", what);
}

static void raise_irq(struct smmu_model *model, enum model_irq which)
{
	__atomic_store_n(&lines[EVENTQ_IRQ + which + 8 * (model - models)].pending, true, __ATOMIC_SEQ_CST);
}

const struct cfg_system *machine_init(u32 count, u32 storm_limit)
{
	machine_hook = NULL;
	machine_threads = false;
	machine_vttbr = 0;
	machine_kicks = 0;
	machine_complaint[0] = 0;
	fake_log[0] = 0;
	memset(lines, 0, sizeof(lines));
	memset(&config, 0, sizeof(config));
	memset(smmus, 0, sizeof(smmus));
	memset(ram, 0, sizeof(ram));
	smmu_count = 0;
	fake_memory_init(POOL_BYTES);
	config.sys.cpu_count = 1;
	config.sys.area_count = 1;
	config.sys.smmu_count = count;
	config.sys.storm_limit = storm_limit;
	config.area = (struct cfg_area){ .base = GIB(1), .size = GIB(4), .flags = CFG_AREA_RAM };
	for (u32 i = 0; i < MACHINE_SMMUS; i++) {
		smmu_model_init(&models[i]);
		models[i].mem_read = memory_read;
		models[i].mem_write = memory_write;
		models[i].complain = complain;
		models[i].irq = raise_irq;
		config.smmu[i].base = MACHINE_SMMU_BASE + i * 0x20000;
		config.smmu[i].size = 0x20000;
		config.smmu[i].eventq_irq = EVENTQ_IRQ + 8 * i;
		config.smmu[i].priq_irq = PRIQ_IRQ + 8 * i;
		config.smmu[i].gerror_irq = GERROR_IRQ + 8 * i;
	}
	return &config.sys;
}

void machine_lock(void)
{
	pthread_mutex_lock(&model_mutex);
}

void machine_unlock(void)
{
	pthread_mutex_unlock(&model_mutex);
}

static void hook(void)
{
	static bool inside;

	if (!machine_hook || inside)
		return;
	inside = true;
	machine_hook();
	inside = false;
}

/* ---- what the driver calls ---- */

void *hyp_map_mmio(paddr_t base, size_t size)
{
	(void)size;
	return (void *)(uintptr_t)base.pa;
}

static struct smmu_model *model_at(const volatile void *addr, u64 *offset)
{
	u64 at = (uintptr_t)addr - MACHINE_SMMU_BASE;

	assert_true(at < MACHINE_SMMUS * 0x20000);
	*offset = at % 0x20000;
	return &models[at / 0x20000];
}

u64 fake_mmio_read(const volatile void *addr, unsigned int bytes)
{
	u64 offset, value;
	struct smmu_model *model = model_at(addr, &offset);

	hook();
	machine_lock();
	value = smmu_model_read(model, offset, bytes);
	machine_unlock();
	hook();
	return value;
}

void fake_mmio_write(volatile void *addr, unsigned int bytes, u64 value)
{
	u64 offset;
	struct smmu_model *model = model_at(addr, &offset);

	hook();
	machine_lock();
	smmu_model_write(model, offset, bytes, value);
	machine_unlock();
	hook();
}

void fake_barrier(const char *kind)
{
	hook();
	for (u32 i = 0; i < MACHINE_SMMUS && !machine_threads; i++)
		if (!strncmp(kind, "dsb", 3))
			smmu_model_barrier(&models[i]);
}

void fake_wait(void)
{
	if (machine_threads) {
		sched_yield();
		return;
	}
	fake_ticks += 100;
	hook();
}

u64 timer_ticks(void)
{
	return __atomic_fetch_add(&fake_ticks, 1, __ATOMIC_RELAXED);
}

u64 fake_sysreg_read(const char *name)
{
	return strcmp(name, "vttbr_el2") ? 0 : machine_vttbr;
}

int gic_request(u32 intid, gic_handler fn, void *ctx, struct cpu *cpu, bool edge)
{
	(void)cpu;
	assert_true(edge);
	lines[intid].fn = fn;
	lines[intid].ctx = ctx;
	return 0;
}

void gic_set_pending(u32 intid)
{
	machine_kicks++;
	__atomic_store_n(&lines[intid].pending, true, __ATOMIC_SEQ_CST);
}

bool machine_line_take(u32 intid)
{
	return __atomic_exchange_n(&lines[intid].pending, false, __ATOMIC_SEQ_CST);
}

u32 machine_irqs(u32 max)
{
	u32 calls = 0;

	for (u32 i = 0; i < ARRAY_SIZE(lines) && calls < max; i++) {
		if (!lines[i].fn || !__atomic_exchange_n(&lines[i].pending, false, __ATOMIC_SEQ_CST))
			continue;
		lines[i].fn(this_cpu(), lines[i].ctx);
		calls++;
		i = (u32)-1;
	}
	return calls;
}

/* As the fake's, but a test may cause more lines than fake_log holds: then the older ones go. */
void log_print(enum log_level level, const char *fmt, ...)
{
	va_list args;
	size_t used;

	(void)level;
	pthread_mutex_lock(&log_mutex);
	used = strlen(fake_log);
	if (used > sizeof(fake_log) - 512)
		used = 0;
	va_start(args, fmt);
	vsnprintf(fake_log + used, 500, fmt, args);
	va_end(args);
	strcat(fake_log, "\n");
	pthread_mutex_unlock(&log_mutex);
}
