/* clock - single operations timed, and their distribution */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* Ticks of the time stamp counter where there is one: reading it costs a third of clock_gettime. */
uint64_t
clock_ticks(void)
{
#if defined(__x86_64__)
	unsigned core;

	return __rdtscp(&core);
#else
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

static double
wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* ns of a tick, and what reading the clock twice costs, both measured once. */
static double tick_ns, overhead_ns;

static void
calibrate(void)
{
	enum { READS = 10001 };
	static double empty[READS];
	double wall = wall_ns();
	uint64_t ticks = clock_ticks();

	while (wall_ns() - wall < 5e7)
		continue;
	tick_ns = (wall_ns() - wall) / (double)(clock_ticks() - ticks);
	for (int i = 0; i < READS; i++) {
		uint64_t before = clock_ticks(), after = clock_ticks();

		empty[i] = (double)(after - before) * tick_ns;
	}
	qsort(empty, READS, sizeof(*empty), compare);
	overhead_ns = empty[READS / 2];
}

void
samples_init(struct samples *samples, size_t room)
{
	if (tick_ns == 0)
		calibrate();
	*samples = (struct samples){.ns = malloc(room * sizeof(double)), .room = room};
	if (!samples->ns)
		abort();
	memset(samples->ns, 0, room * sizeof(double)); /* no page faults while measuring */
}

double
ticks_seconds(uint64_t ticks)
{
	return (double)ticks * tick_ns / 1e9;
}

void
samples_free(struct samples *samples)
{
	free(samples->ns);
}

void
samples_add(struct samples *samples, uint64_t before, uint64_t after)
{
	double ns = (double)(after - before) * tick_ns - overhead_ns;

	if (samples->count < samples->room)
		samples->ns[samples->count++] = ns > 0 ? ns : 0;
}

void
samples_sort(struct samples *samples)
{
	qsort(samples->ns, samples->count, sizeof(*samples->ns), compare);
}

double
samples_at(const struct samples *samples, double quantile)
{
	size_t at = (size_t)(quantile * (double)samples->count);

	return samples->count ? samples->ns[at < samples->count ? at : samples->count - 1] : 0;
}

double
samples_mean(const struct samples *samples)
{
	double sum = 0;

	for (size_t i = 0; i < samples->count; i++)
		sum += samples->ns[i];
	return samples->count ? sum / (double)samples->count : 0;
}

void
print_machine(int argc, char **argv)
{
	char line[256], model[256] = "unknown CPU";
	FILE *cpu = fopen("/proc/cpuinfo", "r");

	while (cpu && fgets(line, sizeof(line), cpu)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) == 0 && colon) {
			colon[strcspn(colon, "\n")] = '\0';
			(void)snprintf(model, sizeof(model), "%s", colon + 2);
			break;
		}
	}
	if (cpu)
		fclose(cpu);
	printf("# %s, %ld CPUs, compiler %s, command:", model, sysconf(_SC_NPROCESSORS_ONLN), __VERSION__);
	for (int i = 0; i < argc; i++)
		printf(" %s", argv[i]);
	printf("\n");
}
