/* report - what a benchmark found: lines for a reader, and the same as JSON for bench/report.py */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/clock.h"

/* Where the curve of a distribution is drawn: the tails finer than the middle. */
#define REPORT_CURVE \
	{ \
		0, .01, .05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99, .995, .998, .999, .9995, .9999, \
			.99999, 1 \
	}

/*
 * Every figure has a name, a path such as "limiter/keys=1000/ours/p50". When CLGUARD_RESULTS names a file, each is
 * appended to it as a line {"name": ..., "value": ...}.
 */

/* Prints machine and command, and begins the names of this program's figures with `bench`. */
void report_begin(const char *bench, int argc, char **argv);

/* One number; printed too. */
__attribute__((format(printf, 3, 4))) void report_number(double value, const char *unit, const char *name, ...);

/* Sorts them: p50, p99, p99.9 and max on one line; into the file also the mean and the shape of the distribution. */
__attribute__((format(printf, 3, 4))) void report_samples(struct samples *samples, const char *unit, const char *name,
                                                          ...);

/* A ratio and the bar that it is held against; printed as met or missed. */
__attribute__((format(printf, 3, 4))) void report_bar(double value, double bar, const char *name, ...);

#endif
