/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test results as KTAP: "TAP version 14", "1..n", then a line per check; the plan may come last. */
#ifndef INMATE_KTAP_H
#define INMATE_KTAP_H

#include <inmate/console.h>

void ktap_begin(const char *what);
/* One check. Returns `pass`. */
bool ktap_ok(bool pass, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A check that cannot be made here. */
void ktap_skip(const char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The plan and the totals. */
void ktap_end(void);

#endif
