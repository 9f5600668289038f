// SPDX-License-Identifier: GPL-2.0-only
/*
 * Talks to another cell from Linux's user space through an ivshmem device, with the kernel's own uio_pci_generic:
 * registers and memory by sysfs, interrupts by /dev/uioN. Bytes go through the links of inmates/lib (link.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <inmate/ivshmem.h>
#include <inmate/link.h>
#include <inmate/pattern.h>

#define DRIVER		"uio_pci_generic"
#define DEVICES		"/sys/bus/pci/devices"
#define CHUNK		65536
#define PEERS_MAX	64

#define PCI_COMMAND	4
#define PCI_MEMORY	0x0002
#define PCI_INTX_OFF	0x0400

static const char usage[] =
	"Usage: ivshmem-uio [OPTION...] COMMAND\n"
	"Talks to other cells through an ivshmem device and uio_pci_generic.\n"
	"\n"
	"  show              the device: registers, memory, our number, the states of all peers\n"
	"  bind, release     gives the device to uio_pci_generic; takes it away. All below bind it when nobody has it\n"
	"  state VALUE       sets our state, which the others are told\n"
	"  ring [VECTOR]     rings the peer's doorbell (vector: 0)\n"
	"  wait [VALUE]      waits for an interrupt; with a value: until the peer's state is that\n"
	"  send BYTES        a pattern to the peer, which must receive, with its sum (BYTES: with K, M or G)\n"
	"  receive BYTES     the same pattern from the peer\n"
	"  exchange BYTES    a pattern to the peer, which must send back all bytes inverted, as inmates/demos/ivshmem does\n"
	"\n"
	"  --device ADDRESS  as in /sys/bus/pci/devices (default: the first ivshmem device)\n"
	"  --peer NUMBER     the peer (default: the lowest number that is not ours)\n"
	"  --timeout MS      how long to wait without any progress (default: 10000)\n"
	"  -h, --help        this text\n"
	"\n"
	"The status is 1 for what failed, 2 for a wrong command line, and 3 when nothing came in time.\n";

static char device[64];
static int config_fd, uio_fd = -1, timeout_ms = 10000;
static volatile u8 *regs;
static u8 *memory;
static u64 memory_size;
static u32 me, peers, peer = ~0u;
static unsigned long interrupts;

static void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "ivshmem-uio: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(status);
}

/* ---- the device in sysfs ---- */

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
	return path;
}

static bool file_is(const char *name, const char *text)
{
	char line[32] = "";
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		return false;
	close(fd);
	line[strcspn(line, "\n")] = 0;
	return !strcmp(line, text);
}

static void find_device(void)
{
	glob_t found;

	if (*device) {
		if (access(path_of(""), F_OK))
			die(1, "there is no device %s", device);
		if (!file_is("vendor", "0x1af4") || !file_is("device", "0x1110"))
			die(1, "%s is not an ivshmem device (1af4:1110)", device);
		return;
	}
	if (!glob(DEVICES "/*", 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc; i++) {
			snprintf(device, sizeof(device), "%s", strrchr(found.gl_pathv[i], '/') + 1);
			if (file_is("vendor", "0x1af4") && file_is("device", "0x1110"))
				return;
		}
	die(1, "there is no ivshmem device (1af4:1110) here");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(1, "%s: %s", path, strerror(errno));
	close(fd);
}

/* Empty where there is none. */
static const char *driver(void)
{
	static char target[256];
	ssize_t length = readlink(path_of("driver"), target, sizeof(target) - 1);

	target[length < 0 ? 0 : length] = 0;
	return strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
}

static void bind(void)
{
	if (!strcmp(driver(), DRIVER))
		return;
	if (*driver())
		die(1, "%s is the driver %s's", device, driver());
	write_file(path_of("driver_override"), DRIVER);
	write_file("/sys/bus/pci/drivers_probe", device);
	if (strcmp(driver(), DRIVER))
		die(1, DRIVER " did not take %s: is the module loaded? See the kernel's log", device);
}

static void release(void)
{
	if (strcmp(driver(), DRIVER))
		die(1, "%s is not " DRIVER "'s", device);
	write_file(path_of("driver/unbind"), device);
	write_file(path_of("driver_override"), "\n");
}

static void *map(const char *name, u64 *size, int flags)
{
	int fd = open(path_of(name), O_RDWR | O_CLOEXEC | flags);
	struct stat status;
	void *at;

	if (fd < 0 || fstat(fd, &status))
		die(1, "%s: %s", path_of(name), strerror(errno));
	*size = status.st_size;
	at = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die(1, "%s: %s", path_of(name), strerror(errno));
	close(fd);
	return at;
}

static void open_device(void)
{
	uint16_t command = PCI_MEMORY;
	u64 size;

	config_fd = open(path_of("config"), O_RDWR | O_CLOEXEC);
	if (config_fd < 0 || pwrite(config_fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		die(1, "%s: %s", path_of("config"), strerror(errno));
	regs = map("resource0", &size, O_SYNC);
	/* Normal Non-cacheable, as the other side has it */
	memory = map("resource2_wc", &memory_size, 0);
}

static u32 reg_read(u32 reg)
{
	return *(volatile u32 *)(regs + reg);
}

static void reg_write(u32 reg, u32 value)
{
	link_barrier();			/* what is in the memory comes first */
	*(volatile u32 *)(regs + reg) = value;
}

static void choose_peer(void)
{
	me = reg_read(IVSHMEM_POSITION);
	peers = reg_read(IVSHMEM_MAX_PEERS);
	if (peers < 2 || peers > PEERS_MAX || me >= peers)
		die(1, "%s says that it is number %u of %u", device, me, peers);
	if (peer == ~0u)
		peer = me ? 0 : 1;
	if (peer >= peers || peer == me)
		die(1, "there is no peer %u: the peers of %s are 0 to %u, and we are %u", peer, device, peers - 1, me);
}

static u32 state_of(u32 n)
{
	return reg_read(IVSHMEM_PEER_STATE + 4 * n);
}

/* ---- interrupts ---- */

/* Interrupts are no progress: a peer can send as many as it likes. */
static long progress_ms;

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void progress(void)
{
	progress_ms = now_ms();
}

static void open_uio(void)
{
	char path[32];
	glob_t found;

	if (glob(path_of("uio/uio*"), 0, NULL, &found))
		die(1, "%s has no uio device", device);
	snprintf(path, sizeof(path), "/dev/%s", strrchr(found.gl_pathv[0], '/') + 1);
	uio_fd = open(path, O_RDWR | O_CLOEXEC);
	if (uio_fd < 0)
		die(1, "%s: %s", path, strerror(errno));
	reg_write(IVSHMEM_INTR_MASK, 1);
	progress();
}

/* The kernel switches INTx off in the command register when it comes; what came meanwhile is still in the device. */
static bool wait_interrupt(void)
{
	long left = progress_ms + timeout_ms - now_ms();
	struct pollfd waiting = { .fd = uio_fd, .events = POLLIN };
	uint16_t command = PCI_MEMORY;
	u32 count;

	if (pwrite(config_fd, &command, sizeof(command), PCI_COMMAND) != sizeof(command))
		die(1, "%s: %s", path_of("config"), strerror(errno));
	if (left <= 0 || poll(&waiting, 1, left) != 1)
		return false;
	if (read(uio_fd, &count, sizeof(count)) != sizeof(count))
		die(1, "%s: its interrupt cannot be read: %s", device, strerror(errno));
	reg_read(IVSHMEM_INTR_STATUS);
	interrupts++;
	return true;
}

/* ---- commands ---- */

static void show(void)
{
	char line[128];
	FILE *resources = fopen(path_of("resource"), "r");

	printf("device %s, driver %s\n", device, *driver() ? driver() : "none");
	for (int bar = 0; resources && bar < 3 && fgets(line, sizeof(line), resources); bar++) {
		unsigned long long start = 0, end = 0;

		sscanf(line, "%llx %llx", &start, &end);
		if (end)
			printf("%s 0x%llx, %llu KiB\n", bar ? "memory" : "registers", start, (end - start + 1) / 1024);
	}
	printf("we are %u of %u\n", me, peers);
	for (u32 n = 0; n < peers; n++)
		printf("state %u: %#x%s\n", n, n == me ? reg_read(IVSHMEM_STATE) : state_of(n), n == me ? " (ours)" : "");
}

static int wait_for(const char *value)
{
	u32 wanted = value ? strtoul(value, NULL, 0) : 0;

	open_uio();
	for (;;) {
		if (value && state_of(peer) == wanted)
			break;
		if (!wait_interrupt())
			die(3, "%s in %d ms; the state of peer %u is %#x", value ? "not that state" : "no interrupt", timeout_ms,
			    peer, state_of(peer));
		if (!value)
			break;
	}
	printf("%lu interrupts, state %u: %#x\n", interrupts, peer, state_of(peer));
	return 0;
}

/* One direction of a transfer. */
struct flow {
	u64 left;		/* bytes not yet sent, or not yet checked */
	struct pattern pattern;
	u32 at, used;		/* what of the buffer is valid */
	u64 words[CHUNK / 8];
};

static struct flow out, in;
static struct link linked;
static u64 invert;

static s32 valid(s32 moved)
{
	if (moved < 0)
		die(1, "peer %u: its index in the shared memory is no index", peer);
	return moved;
}

static s32 send_some(void)
{
	s32 moved;

	if (!out.left)
		return 0;
	if (out.at == out.used) {
		out.used = out.left < CHUNK ? out.left : CHUNK;
		out.at = 0;
		pattern_fill(&out.pattern, out.words, out.used / 8);
	}
	moved = valid(link_write(&linked, (u8 *)out.words + out.at, out.used - out.at));
	out.at += moved;
	out.left -= moved;
	return moved;
}

/* Whole words are compared with what they ought to be; a rest of less is kept. */
static s32 receive_some(void)
{
	u32 room = in.left - in.used < CHUNK - in.used ? in.left - in.used : CHUNK - in.used, words;
	u64 expected;
	s32 moved;

	if (!in.left)
		return 0;
	moved = valid(link_read(&linked, (u8 *)in.words + in.used, room));
	in.used += moved;
	words = in.used / 8;
	for (u32 i = 0; i < words; i++) {
		pattern_fill(&in.pattern, &expected, 1);
		if (in.words[i] != (expected ^ invert))
			die(1, "peer %u: wrong data, %llu bytes before the end: %#llx, not %#llx", peer,
			    (unsigned long long)in.left, (unsigned long long)in.words[i],
			    (unsigned long long)(expected ^ invert));
		in.left -= 8;
	}
	in.used %= 8;
	memmove(in.words, in.words + words, in.used);
	return moved;
}

static void connect_link(void)
{
	struct timespec now;
	bool fresh;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!link_init(&linked, memory, memory_size, peers, me, peer, now.tv_sec * 1000000 + now.tv_nsec / 1000 + getpid()))
		die(1, "%llu bytes are too small for %u peers", (unsigned long long)memory_size, peers);
	open_uio();
	link_sleeps(&linked, true);
	reg_write(IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer));
	while (!link_up(&linked, &fresh)) {
		reg_write(IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer));
		if (!link_up(&linked, &fresh) && !wait_interrupt())
			die(3, "peer %u has not answered for %d ms", peer, timeout_ms);
	}
	reg_write(IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer));
	link_sleeps(&linked, false);
	progress();
}

static bool move(void)
{
	bool fresh = false;
	s32 moved;

	if (!link_up(&linked, &fresh) || fresh)
		die(1, "peer %u has started anew: what was under way is lost", peer);
	moved = send_some();
	moved += receive_some();
	if (moved)
		progress();
	if (moved && link_peer_sleeps(&linked))
		reg_write(IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer));
	return moved;
}

static int transfer(u64 outgoing, u64 incoming)
{
	struct timespec begin, end;
	double seconds;

	connect_link();
	out.left = outgoing;
	in.left = incoming;
	out.pattern.next = in.pattern.next = 1;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (out.left || in.left) {
		if (move())
			continue;
		link_sleeps(&linked, true);
		if (!move() && !wait_interrupt())
			die(3, "peer %u: nothing moved for %d ms; %llu bytes to send and %llu to receive", peer, timeout_ms,
			    (unsigned long long)out.left, (unsigned long long)in.left);
		link_sleeps(&linked, false);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	seconds = end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9;
	if (outgoing)
		printf("sent %llu bytes, sum %016llx %016llx, full %llu times\n", (unsigned long long)outgoing,
		       (unsigned long long)out.pattern.sum, (unsigned long long)out.pattern.order,
		       (unsigned long long)linked.full);
	if (incoming)
		printf("received %llu bytes, sum %016llx %016llx, empty %llu times\n", (unsigned long long)incoming,
		       (unsigned long long)in.pattern.sum, (unsigned long long)in.pattern.order,
		       (unsigned long long)linked.empty);
	printf("%.1f s, %lu interrupts\n", seconds, interrupts);
	return 0;
}

static u64 bytes(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	u64 value = strtoull(text, &end, 0);

	unit = *end ? strchr(units, *end) : NULL;
	if (end == text || (*end && (!unit || end[1])))
		die(2, "'%s' is no number of bytes", text);
	if (unit)
		value <<= 10 * (unit - units + 1);
	if (!value || value % 8)
		die(2, "the number of bytes must be a multiple of 8");
	return value;
}

static int run(const char *command, const char *argument)
{
	if (!strcmp(command, "release")) {
		release();
		return 0;
	}
	if (strcmp(command, "show"))
		bind();
	if (!strcmp(command, "bind"))
		return 0;
	open_device();
	choose_peer();
	if (!strcmp(command, "show"))
		show();
	else if (!strcmp(command, "state"))
		reg_write(IVSHMEM_STATE, strtoul(argument, NULL, 0));
	else if (!strcmp(command, "ring"))
		reg_write(IVSHMEM_DOORBELL, FIELD_PREP(IVSHMEM_DOORBELL_PEER, peer) |
			  (argument ? strtoul(argument, NULL, 0) & IVSHMEM_DOORBELL_VECTOR : 0));
	else if (!strcmp(command, "wait"))
		return wait_for(argument);
	else if (!strcmp(command, "send"))
		return transfer(bytes(argument), 0);
	else if (!strcmp(command, "receive"))
		return transfer(0, bytes(argument));
	else if (!strcmp(command, "exchange")) {
		invert = ~0ULL;
		return transfer(bytes(argument), bytes(argument));
	}
	return 0;
}

/* Commands, and how many words may follow. */
static const struct {
	const char *name;
	int least, most;
} commands[] = {
	{ "show", 0, 0 }, { "bind", 0, 0 }, { "release", 0, 0 }, { "state", 1, 1 }, { "ring", 0, 1 }, { "wait", 0, 1 },
	{ "send", 1, 1 }, { "receive", 1, 1 }, { "exchange", 1, 1 },
};

int main(int argc, char **argv)
{
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at += 2) {
		if (!strcmp(argv[at], "-h") || !strcmp(argv[at], "--help")) {
			fputs(usage, stdout);
			return 0;
		}
		if (at + 1 == argc)
			die(2, "%s wants a value, see --help", argv[at]);
		if (!strcmp(argv[at], "--device"))
			snprintf(device, sizeof(device), "%s", argv[at + 1]);
		else if (!strcmp(argv[at], "--peer"))
			peer = strtoul(argv[at + 1], NULL, 0);
		else if (!strcmp(argv[at], "--timeout"))
			timeout_ms = atoi(argv[at + 1]);
		else
			die(2, "there is no option %s, see --help", argv[at]);
	}
	for (size_t i = 0; at < argc && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[at], commands[i].name) && argc - at > commands[i].least && argc - at <= commands[i].most + 1) {
			find_device();
			return run(argv[at], argv[at + 1]);
		}
	fputs(usage, stderr);
	return 2;
}
