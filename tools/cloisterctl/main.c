// SPDX-License-Identifier: GPL-2.0-only
/*
 * cloisterctl: manages cells from the root cell, through /dev/cloister. Exit status: 0 done, 1 failed, 2 wrong usage.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ctl.h"

struct command {
	const char *group;		/* "cell", or NULL */
	const char *name;
	const char *arguments;
	const char *summary;
	const char *options;		/* the letters of option_list that it takes */
	int min_args, max_args;
	command_fn run;
	const char *details;
};

static const struct command commands[] = {
	{ "cell", "create", "FILE.cell", "make a cell: its CPUs, memory and devices leave this Linux", "", 1, 1,
	  cmd_create, NULL },
	{ "cell", "load", "FILE.cell|NAME [IMAGE]", "put an image into a cell that does not run", "a", 1, 2, cmd_load,
	  "With FILE.cell all that is in the file is loaded; IMAGE takes the place of the file's image. With NAME only\n"
	  "IMAGE is loaded. What has a dot or a slash in it is a file. IMAGE is an ELF executable for 64-bit or 32-bit\n"
	  "Arm, an arm64 Linux Image, or raw bytes. The first load after `create` or a run clears the cell's memory.\n" },
	{ "cell", "start", "NAME", "run a loaded cell", "exwt", 1, 1, cmd_start,
	  "Without --entry and --arg the cell starts where the last load or else its config says.\n" },
	{ "cell", "stop", "NAME", "stop a cell: its CPUs are parked, its devices' DMA is aborted", "tF", 1, 1, cmd_stop,
	  "A cell that uses its communication page is asked first, and has 5000 ms, or --timeout, to wind up.\n" },
	{ "cell", "restart", "FILE.cell|NAME [IMAGE]", "stop a cell, load it anew and start it", "atFw", 1, 2, cmd_restart,
	  "As `stop`, if it runs, `load` and `start` do it. With NAME alone, what was loaded last is loaded again.\n" },
	{ "cell", "watch", "FILE.cell...", "load and start cells again by the restart policy of their config", "", 1, 64,
	  cmd_watch, "Goes on until it is killed. A cell that was stopped by `stop` stays so.\n" },
	{ "cell", "destroy", "NAME", "give all that a cell has back to this Linux, cleared", "", 1, 1, cmd_destroy,
	  NULL },
	{ "cell", "list", "", "list the cells", "j", 0, 0, cmd_list, NULL },
	{ "cell", "show", "NAME", "show a cell: its state, why it ended, what it has", "j", 1, 1, cmd_show,
	  "Flags of memory: r read, w write, x execute, d DMA, l load, i device memory, s shared.\n" },
	{ "cell", "stats", "[NAME]", "show what cells and their CPUs do: exits, interrupts, violations", "jWn", 0, 1, cmd_stats,
	  "With NAME, all counters of that cell; without, a table of all cells. Counters begin at 0 when a cell is made, those of\n"
	  "a CPU when it gets that CPU. With --watch the table shows how many a second, again and again until it is killed:\n"
	  "  CALLS  hypercalls, PSCI and other SMCs and HVCs     INJ    interrupts given to the cell\n"
	  "  MMIO   accesses to emulated devices                 DMA-V  DMA that stage 2 stopped\n"
	  "  SYSR   trapped system registers                     CMD    commands to its own SMMUs\n"
	  "  IRQ    physical interrupts                          EVENT  other SMMU events of its streams\n"
	  "  FAULT  accesses and fetches where it has nothing    OTHER  other exits\n" },
	{ "cell", "console", "NAME", "talk to a cell, or print what it wrote", "fsp", 1, 1, cmd_console,
	  "From a terminal to a terminal: what is typed goes to the cell until Ctrl-]. Otherwise, what the cell wrote is\n"
	  "printed, as far as it is kept; with --follow also what comes. With --pty the console becomes a pseudo terminal, whose\n"
	  "path is printed, and linked as /run/cloister/NAME.pty until the command is killed.\n" },
	{ NULL, "log", "", "print the hypervisor's log", "fjl", 0, 0, cmd_log,
	  "Each line has the time in seconds since the machine started and its level: E, W, I or D. With --follow it says how\n"
	  "many bytes are missing where they were overwritten before they could be read.\n" },
	{ NULL, "version", "", "show the versions of cloisterctl, driver and hypervisor", "j", 0, 0, cmd_version, NULL },
};

#define COMMANDS	ARRAY_SIZE(commands)

static const struct option option_list[] = {
	{ "addr", required_argument, NULL, 'a' },
	{ "entry", required_argument, NULL, 'e' },
	{ "arg", required_argument, NULL, 'x' },
	{ "wait", no_argument, NULL, 'w' },
	{ "timeout", required_argument, NULL, 't' },
	{ "force", no_argument, NULL, 'F' },
	{ "json", no_argument, NULL, 'j' },
	{ "follow", no_argument, NULL, 'f' },
	{ "send", required_argument, NULL, 's' },
	{ "watch", optional_argument, NULL, 'W' },
	{ "count", required_argument, NULL, 'n' },
	{ "level", required_argument, NULL, 'l' },
	{ "pty", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const char *option_help(int letter)
{
	switch (letter) {
	case 'a': return "--addr IPA         where an arm64 Image or raw bytes go (default: the first executable region)";
	case 'e': return "--entry IPA        the first instruction";
	case 'x': return "--arg VALUE        x0 of the cell's first CPU";
	case 'w': return "--wait             until the cell says, in its communication page, that it is up";
	case 't': return "--timeout MS       how long to wait for the cell";
	case 'F': return "--force            without asking the cell";
	case 'j': return "--json             for programs";
	case 'f': return "--follow           go on with what comes";
	case 's': return "--send TEXT        type TEXT to the cell's console";
	case 'W': return "--watch [SECONDS]  how many a second, every second or so often; a number behind it is SECONDS";
	case 'n': return "--count N          of --watch: end after N times";
	case 'l': return "--level LEVEL      only what is that important: error, warning, info or debug";
	case 'p': return "--pty              as a pseudo terminal";
	default: return "";
	}
}

static void print_overview(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: cloisterctl COMMAND [OPTION]... [ARGUMENT]...\nManages Cloister's cells from the root cell.\n\n");
	for (i = 0; i < COMMANDS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%s%s %s", commands[i].group ? "cell " : "", commands[i].name,
			 commands[i].arguments);
		fprintf(to, "  %-36s %s\n", line, commands[i].summary);
	}
	fprintf(to, "\n`cloisterctl COMMAND --help` says more. Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

static void print_command_help(const struct command *command)
{
	const char *letter;

	printf("Usage: cloisterctl %s%s [OPTION]... %s\n%c%s.\n", command->group ? "cell " : "", command->name,
	       command->arguments, command->summary[0] - 'a' + 'A', command->summary + 1);
	if (command->details)
		printf("\n%s", command->details);
	printf("\n");
	for (letter = command->options; *letter; letter++)
		printf("  %s\n", option_help(*letter));
	printf("  --help             this text\n");
}

__attribute__((format(printf, 1, 2))) static int usage(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "cloisterctl: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; see cloisterctl --help\n");
	return EXIT_USAGE;
}

/* Seconds, in ms; at least a tenth. */
static bool parse_seconds(const char *text, uint64_t *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	*ms = 0;
	if (*text < '0' || *text > '9' || *end || !(seconds >= 0.1 && seconds <= 86400))
		return false;
	*ms = (uint64_t)(seconds * 1000);
	return true;
}

static bool set_option(struct options *options, int letter, const char *argument)
{
	switch (letter) {
	case 'a':
		options->has_address = true;
		return !parse_number(argument, &options->address);
	case 'e':
		options->has_entry = true;
		return !parse_number(argument, &options->entry);
	case 'x':
		options->has_arg = true;
		return !parse_number(argument, &options->arg);
	case 't':
		options->has_timeout = true;
		return !parse_number(argument, &options->timeout) && options->timeout < UINT32_MAX;
	case 's':
		options->send = argument;
		return true;
	case 'w':
		options->wait = true;
		return true;
	case 'F':
		options->force = true;
		return true;
	case 'j':
		options->json = true;
		return true;
	case 'W':
		options->watch = true;
		return !argument || parse_seconds(argument, &options->interval);
	case 'n':
		return !parse_number(argument, &options->count) && options->count;
	case 'l':
		options->level = level_number(argument);
		return options->level >= 0;
	case 'p':
		options->pty = true;
		return true;
	default:
		options->follow = true;
		return true;
	}
}

static int run(const struct command *command, const struct options *options)
{
	struct oops oops = { "" };
	int fd = device_open(&oops);
	int ret = fd < 0 ? -1 : command->run(fd, options, &oops);

	if (!ret && fflush(stdout))
		ret = refuse(&oops, "the output cannot be written");
	if (fd >= 0)
		close(fd);
	if (!ret)
		return EXIT_OK;
	fflush(stdout);
	fprintf(stderr, "cloisterctl: %s\n", oops.text);
	return EXIT_FAILED;
}

/* argv[0] is the command's name. */
static int parse_and_run(const struct command *command, int argc, char **argv)
{
	struct options options = { .interval = 1000, .level = LEVEL_DEBUG };
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, "h", option_list, NULL)) != -1) {
		if (letter == 'h') {
			print_command_help(command);
			return EXIT_OK;
		}
		if (letter == '?')
			return usage("%s is not an option, or its value is missing", argv[optind - 1]);
		if (!strchr(command->options, letter))
			return usage("%s is not an option of %s", argv[optind - 1], command->name);
		if (!set_option(&options, letter, optarg))
			return usage(letter == 'l' ? "%s is not error, warning, info or debug" :
				     letter == 'W' ? "%s is not 0.1 to 86400 seconds" : "%s is not a number", optarg);
		/* the C library takes `--watch=2` only */
		if (letter == 'W' && !optarg && optind < argc && parse_seconds(argv[optind], &options.interval))
			optind++;
	}
	options.argc = argc - optind;
	options.argv = argv + optind;
	if (options.argc < command->min_args)
		return usage("%s needs %s", command->name, command->arguments);
	if (options.argc > command->max_args)
		return usage("%s has too many arguments: %s", command->name, options.argv[command->max_args]);
	if (options.has_timeout && !options.wait && command->run == cmd_start)
		return usage("--timeout is for --wait");
	if (options.count && !options.watch)
		return usage("--count is for --watch");
	return run(command, &options);
}

static const struct command *find_command(const char *group, const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name) && !commands[i].group == !group)
			return &commands[i];
	return NULL;
}

static bool is_help(const char *text)
{
	return !strcmp(text, "--help") || !strcmp(text, "-h") || !strcmp(text, "help");
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *group = NULL;
	int first = 1;

	if (argc > 1 && !strcmp(argv[1], "cell")) {
		group = argv[1];
		first = 2;
	}
	if (argc <= first)
		return usage("a command is missing");
	if (is_help(argv[first])) {
		print_overview(stdout);
		return EXIT_OK;
	}
	command = find_command(group, argv[first]);
	if (!command)
		return usage("there is no command %s%s", group ? "cell " : "", argv[first]);
	return parse_and_run(command, argc - first, argv + first);
}
