/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cloisterctl's own declarations. Functions that can fail return 0 or -1 and leave a sentence in struct oops. image.c,
 * plan.c and cellfile.c are pure: they read untrusted bytes and touch nothing else, and are tested on the host.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <abi/cellfile.h>
#include <abi/config.h>
#include <cloister_ioctl.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

struct oops {
	char text[320];
};

__attribute__((format(printf, 2, 3))) int refuse(struct oops *oops, const char *format, ...);

/* Bytes of a file, or a part of them. */
struct bytes {
	const uint8_t *data;
	uint64_t size;
};

/* ---- cellfile.c ---- */
struct cell_file {
	uint64_t entry;				/* CELLFILE_ENTRY_IMAGE: what the image says */
	const struct cfg_cell *config;		/* points into the file; checked by config_view() */
	uint32_t section_count;
	struct cellfile_section sections[CELLFILE_MAX_SECTIONS];
	struct bytes file;
};

/* `file.data` must be 8-byte aligned, and must live as long as *cell does. */
int cellfile_parse(struct bytes file, struct cell_file *cell, struct oops *oops);
struct bytes cellfile_section_bytes(const struct cell_file *cell, uint32_t index);

/* Pointers to the arrays of a cell config whose counts and size agree. */
struct config_view {
	const struct cfg_cell *cell;
	const struct cfg_cell_cpu *cpus;
	const struct cfg_mem *mem;
	const struct cfg_irq *irqs;
	const struct cfg_stream *streams;
	const struct cfg_pci_dev *pci;
};
int config_view(struct bytes blob, struct config_view *view, struct oops *oops);

/* ---- plan.c: what goes where ---- */
#define PLAN_MAX	64

struct piece {
	char what[28];			/* for messages: "ELF segment 2" */
	uint64_t ipa;
	const uint8_t *data;
	uint64_t size;			/* bytes of data */
	uint64_t zero;			/* bytes behind them that are to be cleared */
	uint64_t span;			/* bytes that belong to it in memory, at least size + zero */
};

struct plan {
	uint32_t bits;			/* 32 or 64: what the image is made for; 0: it does not say */
	uint32_t count;
	struct piece pieces[PLAN_MAX];
	bool has_entry, has_arg;
	uint64_t entry;
	uint64_t arg;
};

int plan_add(struct plan *plan, const struct piece *piece, struct oops *oops);
/* Each piece is inside one LOAD region, none overlap, and the entry is in an executable region. */
int plan_check(const struct plan *plan, const struct config_view *config, struct oops *oops);
/* All of a cell file; an image that is given takes the place of the file's own. */
int plan_cell_file(struct plan *plan, const struct cell_file *cell, bool with_image, struct oops *oops);
/* Where an image without an address of its own goes: the first executable LOAD region. */
int plan_default_base(const struct config_view *config, uint64_t *ipa, struct oops *oops);

/* ---- image.c ---- */
enum image_kind { IMAGE_ELF, IMAGE_ARM64, IMAGE_RAW };

enum image_kind image_kind(struct bytes image);
/* Adds the image's pieces and sets the entry. `base` is not used for ELF, whose segments say where they go. */
int plan_image(struct plan *plan, enum image_kind kind, struct bytes image, uint64_t base, struct oops *oops);

/* ---- device.c: /dev/cloister ---- */
int device_open(struct oops *oops);
/* ioctl; when it fails, `doing` ("cannot start cell rtos0") and the driver's or errno's reason are the sentence. */
int device_call(int fd, unsigned long request, void *argument, const struct hc_error *error, struct oops *oops,
		const char *doing, ...) __attribute__((format(printf, 6, 7)));
int device_find(int fd, const char *name, uint32_t *id, struct oops *oops);
int device_info(int fd, uint32_t id, struct cloister_cell_info *info, struct oops *oops);
int device_system(int fd, struct hc_system_info *info, struct oops *oops);
/* The config of a managed cell, in `buffer` of CFG_MAX_CELL_SIZE bytes, 8-byte aligned. */
int device_config(int fd, uint32_t id, const char *name, void *buffer, struct config_view *view, struct oops *oops);

/* A piece of a console or of the log into CLOISTER_READ_MAX bytes; moves *position behind it. How much, or -1. */
long device_read(int fd, unsigned long request, uint32_t id, void *buffer, uint64_t *position, struct oops *oops);
/* The cell's n-th CPU: 1; 2: it has given that one away; 0: it has no n-th; -1. */
int device_cpu(int fd, uint32_t id, uint32_t n, struct hc_cpu_info *info, struct oops *oops);

/* ---- cmd_stream.c ---- */
/* Prints a console from *position on, or from the oldest byte kept, and moves it; with `follow`, then what comes. */
int stream_copy(int fd, uint32_t id, uint64_t *position, bool follow, struct oops *oops);

/* ---- cmd_console.c, cmd_pty.c ---- */
/* Types as much as the cell has room for; how much, or -1. */
long console_type(int fd, uint32_t id, const char *text, size_t size, struct oops *oops);
/* The console as a pseudo terminal, until a signal ends it. */
int console_pty(int fd, uint32_t id, const char *name, struct oops *oops);

/* ---- logtext.c: the log as lines; pure ---- */
enum { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG, LEVELS };

struct log_line {
	unsigned int level;
	uint64_t us;			/* of the hypervisor's clock */
	const char *text;		/* without what stands before it; NULL: `lost` bytes are missing here */
	const char *whole;
	uint64_t lost;
};

/* Zeroes but for `print` when it begins. */
struct log_reader {
	void (*print)(void *context, const struct log_line *line);
	void *context;
	uint64_t position;		/* behind the last byte that came */
	size_t used;			/* of a line that is not complete */
	bool cut;			/* its beginning is missing */
	char line[512];
};

/* A piece that ends at `end`; what is missing before it was overwritten, which is no loss at the beginning. */
void log_feed(struct log_reader *reader, const char *text, size_t size, uint64_t end);
extern const char *const level_names[LEVELS];
/* A level's number, by its name or the first letter of that; -1: none. */
int level_number(const char *name);

/* ---- util.c ---- */
int read_file(const char *path, struct bytes *bytes, struct oops *oops);	/* release with free_bytes() */
void free_bytes(struct bytes *bytes);
int parse_number(const char *text, uint64_t *value);
bool is_file_name(const char *text);	/* cells' names have neither dots nor slashes */
const char *state_name(uint32_t state);
const char *reason_name(uint32_t reason);
const char *comm_name(uint32_t comm_state);
void print_json_string(const char *text);
/* "2-3,5" */
const char *cpu_list(uint64_t cpus, char *buffer, size_t size);
void pause_ms(unsigned int ms);
uint64_t now_ms(void);

/* ---- commands ---- */
#define EXIT_OK		0
#define EXIT_FAILED	1
#define EXIT_USAGE	2

struct options {
	bool json, follow, wait, force, watch, pty;
	const char *send;
	bool has_address, has_entry, has_arg, has_timeout;
	uint64_t address, entry, arg;
	uint64_t timeout;		/* ms */
	uint64_t interval;		/* ms, of --watch */
	uint64_t count;			/* of intervals; 0: without end */
	int level;			/* of the log: LEVEL_* */
	int argc;			/* positional arguments */
	char **argv;
};

typedef int (*command_fn)(int fd, const struct options *options, struct oops *oops);

int cmd_create(int fd, const struct options *options, struct oops *oops);
int cmd_load(int fd, const struct options *options, struct oops *oops);
int cmd_start(int fd, const struct options *options, struct oops *oops);
int cmd_stop(int fd, const struct options *options, struct oops *oops);
int cmd_restart(int fd, const struct options *options, struct oops *oops);
int cmd_watch(int fd, const struct options *options, struct oops *oops);
int cmd_destroy(int fd, const struct options *options, struct oops *oops);
int cmd_list(int fd, const struct options *options, struct oops *oops);
int cmd_show(int fd, const struct options *options, struct oops *oops);
int cmd_stats(int fd, const struct options *options, struct oops *oops);
int cmd_console(int fd, const struct options *options, struct oops *oops);
int cmd_log(int fd, const struct options *options, struct oops *oops);
int cmd_version(int fd, const struct options *options, struct oops *oops);

#endif
