// SPDX-License-Identifier: GPL-2.0-only
/*
 * cloisterctl's reader of the log: pieces of any size become lines, and what was overwritten before it was read is told by
 * its bytes. The fake's headers are not used: this is a program of the root cell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "ctl.h"

static char seen[4096];

static void note(void *context, const struct log_line *line)
{
	size_t used = strlen(seen);

	(void)context;
	if (line->text)
		snprintf(seen + used, sizeof(seen) - used, "%s@%llu:%s|", level_names[line->level], (unsigned long long)line->us,
			 line->text);
	else
		snprintf(seen + used, sizeof(seen) - used, "lost %llu|", (unsigned long long)line->lost);
}

static void begin(struct log_reader *reader)
{
	*reader = (struct log_reader){ .print = note };
	seen[0] = '\0';
}

static void feed(struct log_reader *reader, const char *text, uint64_t from)
{
	log_feed(reader, text, strlen(text), from + strlen(text));
}

static const char two[] = "[    1.000002] I cell a: created\n[12345.678901] W cell b: a [bracket] W\n";

static void whole_lines(void **state)
{
	struct log_reader reader;

	begin(&reader);
	feed(&reader, two, 0);
	assert_string_equal(seen, "info@1000002:cell a: created|warning@12345678901:cell b: a [bracket] W|");
}

static void any_pieces(void **state)
{
	struct log_reader reader;
	char expected[sizeof(seen)];
	size_t size, at;

	begin(&reader);
	feed(&reader, two, 0);
	strcpy(expected, seen);
	for (size = 1; size < sizeof(two); size++) {
		begin(&reader);
		for (at = 0; at < sizeof(two) - 1; at += size) {
			size_t piece = sizeof(two) - 1 - at < size ? sizeof(two) - 1 - at : size;

			log_feed(&reader, two + at, piece, at + piece);
		}
		assert_string_equal(seen, expected);
	}
}

/* The ring's oldest byte is in the middle of a line, or at its beginning; neither is a loss of this reader. */
static void begins_late(void **state)
{
	struct log_reader reader;

	begin(&reader);
	feed(&reader, "ll a: created\n[    2.000000] E later\n", 5000);
	assert_string_equal(seen, "error@2000000:later|");
	begin(&reader);
	feed(&reader, "[    2.000000] E later\n", 5000);
	assert_string_equal(seen, "error@2000000:later|");
}

static void loss_is_told(void **state)
{
	struct log_reader reader;

	begin(&reader);
	feed(&reader, "[    1.000000] I one\n[    1.5", 0);
	feed(&reader, "f a line\n[    3.000000] D three\n", 33000);
	assert_string_equal(seen, "info@1000000:one|lost 32971|debug@3000000:three|");
	begin(&reader);
	feed(&reader, "[    1.000000] I one\n", 0);
	feed(&reader, "[    3.000000] D three\n", 70000);
	assert_string_equal(seen, "info@1000000:one|lost 69979|debug@3000000:three|");
}

/* Nothing that a log could hold breaks the reader: it goes on with the next line. */
static void strange_lines(void **state)
{
	static const char *const lines[] = {
		"", "[", "[]", "[1]", "[1.2", "[1.2]", "[1.2] ", "[1.2] X text", "[1.2] E", "PANIC: [ 1.000000] E end",
		"\x80\xff\x01",
	};
	struct log_reader reader;
	char text[3000];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(&reader);
		snprintf(text, sizeof(text), "%s\n[    7.000000] I good\n", lines[i]);
		feed(&reader, text, 0);
		assert_non_null(strstr(seen, "info@7000000:good|"));
		assert_null(strstr(seen, "lost"));
	}
	begin(&reader);
	memset(text, 'x', sizeof(text));
	log_feed(&reader, text, sizeof(text), sizeof(text));
	feed(&reader, "\n[    7.000000] I good\n", sizeof(text));
	assert_non_null(strstr(seen, "x|info@7000000:good|"));
}

static void levels(void **state)
{
	assert_int_equal(level_number("error"), LEVEL_ERROR);
	assert_int_equal(level_number("w"), LEVEL_WARNING);
	assert_int_equal(level_number("debug"), LEVEL_DEBUG);
	assert_int_equal(level_number("loud"), -1);
	assert_int_equal(level_number(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines), cmocka_unit_test(any_pieces), cmocka_unit_test(begins_late),
		cmocka_unit_test(loss_is_told), cmocka_unit_test(strange_lines), cmocka_unit_test(levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
