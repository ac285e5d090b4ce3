/* clock - single operations timed, and their distribution */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Samples of one measurement, in ns; the clock's own cost is taken off. */
struct samples {
	double *ns;
	size_t count, room;
};

/* room: how many at most. Ends the program when out of memory, as the rest of this file does: a benchmark has no user. */
void samples_init(struct samples *samples, size_t room);
void samples_free(struct samples *samples);

/* Before and after the operation. */
uint64_t clock_ticks(void);
void samples_add(struct samples *samples, uint64_t before, uint64_t after);

double ticks_seconds(uint64_t ticks);

/* Sorts; then the p-th quantile, 0..1. */
void samples_sort(struct samples *samples);
double samples_at(const struct samples *samples, double quantile);
double samples_mean(const struct samples *samples);

/* "CPU model, n CPUs, compiler, command", on stdout as a comment line. */
void print_machine(int argc, char **argv);

#endif
