/* stalls - how long a request waits because a core of the machine does something else, whoever the server is */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * A thread on each core reads the clock all the time. What is between two readings, beyond the usual, nobody had: the
 * host gave the core to others, or the kernel did its own work. A request that is due meanwhile waits for the rest of it,
 * even if the server took no time at all. Requests come evenly, so of a stall of d, the part d - w makes them wait
 * longer than w. One must pass both cores, the client's and the server's.
 */
#define CORES 2
#define STALLS_MAX 1000000
#define USUAL_NS 2000

struct watch {
	pthread_t thread;
	int core;
	double seconds;
	uint32_t *stalls; /* ns, at most 4 s */
	size_t count;
};

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *
watch_main(void *argument)
{
	struct watch *watch = argument;
	int64_t last, end;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(watch->core, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fprintf(stderr, "bench/stalls: core %d cannot be had alone\n", watch->core);
	last = now_ns();
	end = last + (int64_t)(watch->seconds * 1e9);
	while (last < end) {
		int64_t now = now_ns(), took = now - last;

		if (took > USUAL_NS && watch->count < STALLS_MAX)
			watch->stalls[watch->count++] = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
		last = now;
	}
	return NULL;
}

/* The share of all requests that wait longer than so many ns. */
static double
waiting(const struct watch *watches, double longer_ns)
{
	double sum = 0;

	for (int i = 0; i < CORES; i++)
		for (size_t j = 0; j < watches[i].count; j++)
			sum += watches[i].stalls[j] > longer_ns ? watches[i].stalls[j] - longer_ns : 0;
	return sum / (watches[0].seconds * 1e9);
}

/* How long 1 - share of the requests wait at most, microseconds. */
static double
quantile_us(const struct watch *watches, double share)
{
	double low = 0, high = UINT32_MAX;

	while (high - low > 1) {
		double middle = (low + high) / 2;

		*(waiting(watches, middle) > share ? &low : &high) = middle;
	}
	return high / 1000;
}

int
main(int argc, char **argv)
{
	struct watch watches[CORES] = {0};

	if (argc != 2 + CORES || atof(argv[1]) <= 0 || atoi(argv[2]) == atoi(argv[3])) {
		fprintf(stderr, "usage: stalls SECONDS CORE ANOTHER-CORE\n");
		return 2;
	}
	for (int i = 0; i < CORES; i++) {
		watches[i].core = atoi(argv[2 + i]);
		watches[i].seconds = atof(argv[1]);
		watches[i].stalls = calloc(STALLS_MAX, sizeof(*watches[i].stalls));
		if (!watches[i].stalls || pthread_create(&watches[i].thread, NULL, watch_main, &watches[i]) != 0) {
			perror("bench/stalls");
			return 1;
		}
	}
	for (int i = 0; i < CORES; i++)
		pthread_join(watches[i].thread, NULL);
	printf("{\"p99\": %.6g, \"p99.9\": %.6g}\n", quantile_us(watches, .01), quantile_us(watches, .001));
	return 0;
}
