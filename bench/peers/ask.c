/* ask - clguard in-process, on the inputs that the other engines get: usage: ask POLICIES REQUESTS ROUNDS */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "engine/library/clguard.h"

#define REQUESTS_MAX 10000

static void
check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/peers/ask: %s\n", what);
		exit(1);
	}
}

/* Lines of actor, operation, target, vfCount, with tabs between them. */
static size_t
read_requests(const char *path, struct clg_request *requests, int32_t *counts)
{
	char actor[64], operation[64], target[64];
	FILE *in = fopen(path, "r");
	size_t count = 0;

	check(in != NULL, path);
	while (count < REQUESTS_MAX &&
	       fscanf(in, "%63[^\t]\t%63[^\t]\t%63[^\t]\t%d\n", actor, operation, target, &counts[count]) == 4) {
		requests[count] = (struct clg_request){.actor = strdup(actor),
		                                       .operation = strdup(operation),
		                                       .target = strdup(target),
		                                       .vf_count = &counts[count]};
		count++;
	}
	fclose(in);
	return count;
}

int
main(int argc, char **argv)
{
	static struct clg_request requests[REQUESTS_MAX];
	static int32_t counts[REQUESTS_MAX];
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_session *session;
	struct clg_decision decision;
	struct clg_error err = {0};
	struct samples samples;
	const char *path = argv[1];
	size_t count, denied = 0;
	int rounds;

	check(argc == 4, "usage: ask POLICIES REQUESTS ROUNDS");
	count = read_requests(argv[2], requests, counts);
	rounds = (int)strtol(argv[3], NULL, 10);
	options.process_durability = true;
	check(clg_open(&options, &engine, &err) == 0 && clg_load(engine, &path, 1, NULL, NULL, &err) == 0 &&
	              clg_session_open(engine, &session, &err) == 0,
	      err.text);
	samples_init(&samples, (size_t)rounds * count);
	for (int round = -1; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			uint64_t begin = clock_ticks(), end;

			clg_decide(session, &requests[i], &decision);
			end = clock_ticks();
			if (round < 0)
				continue;
			samples_add(&samples, begin, end);
			denied += decision.effect == CLG_DENY;
		}
	}
	samples_sort(&samples);
	printf("{\"p50\": %g, \"p99\": %g, \"p99.9\": %g, \"max\": %g, \"denied\": %g}\n", samples_at(&samples, .5),
	       samples_at(&samples, .99), samples_at(&samples, .999), samples_at(&samples, 1),
	       (double)denied / (double)samples.count);
	clg_session_close(session);
	clg_close(engine);
	return 0;
}
