/* load - compiling 10,000 and 100,000 policies beside libyaml's bare parse of the same files; reload under load */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#include "bench/policies.h"
#include "bench/report.h"
#include "engine/library/clguard.h"

#define RELOADS 20
#define MIXED_POLICIES 10000

static void
check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/load: %s\n", what);
		exit(1);
	}
}

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Every event of every file; the files are in the page cache, for both. */
static double
bare_parse(const char *folder)
{
	double begin = now_ms();

	for (unsigned i = 0;; i++) {
		char path[128];
		yaml_parser_t parser;
		yaml_event_t event;
		int done = 0;
		FILE *in;

		snprintf(path, sizeof(path), "%s/%03u.yaml", folder, i);
		in = fopen(path, "r");
		if (!in)
			return now_ms() - begin;
		check(yaml_parser_initialize(&parser), "libyaml");
		yaml_parser_set_input_file(&parser, in);
		while (!done) {
			check(yaml_parser_parse(&parser, &event), "libyaml");
			done = event.type == YAML_STREAM_END_EVENT;
			yaml_event_delete(&event);
		}
		yaml_parser_delete(&parser);
		fclose(in);
	}
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static struct clg_engine *
open_engine(void)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_error err = {0};

	options.process_durability = true;
	check(clg_open(&options, &engine, &err) == 0, err.text);
	return engine;
}

static void
measure(unsigned policies, int rounds)
{
	struct clg_engine *engine = open_engine();
	double parse[16], load[16], ratio[16];
	char folder[] = "/tmp/clguard-bench-XXXXXX";
	const char *path = folder;
	struct clg_error err = {0};

	check(mkdtemp(folder) != NULL, "no temporary folder");
	policies_write(folder, policies);
	for (int i = 0; i < rounds; i++) {
		double begin;

		parse[i] = bare_parse(folder);
		begin = now_ms();
		check(clg_load(engine, &path, 1, NULL, NULL, &err) == 0, err.text);
		load[i] = now_ms() - begin;
		ratio[i] = load[i] / parse[i];
	}
	qsort(parse, (size_t)rounds, sizeof(*parse), by_value);
	qsort(load, (size_t)rounds, sizeof(*load), by_value);
	qsort(ratio, (size_t)rounds, sizeof(*ratio), by_value);
	report_number(parse[rounds / 2], "ms", "policies=%u/libyaml, events only", policies);
	report_number(load[rounds / 2], "ms", "policies=%u/clg_load, published", policies);
	report_bar(ratio[rounds / 2], 2, "policies=%u/ratio", policies);
	policies_remove(folder);
	clg_close(engine);
}

/*
 * Two sets, each with 10,000 policies and one guard that denies what is asked: in sets of odd generation the one of
 * version 1.0.0, in even ones that of 2.0.0. So a decision that saw some of both would tell a wrong version, or permit.
 */
static void
write_mixed(char path[40], int generation)
{
	int fd;
	FILE *out;

	strcpy(path, "/tmp/clguard-bench-XXXXXX.yaml");
	fd = mkstemps(path, 5);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	check(out != NULL, "cannot write a file");
	fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n");
	for (unsigned i = 0; i < MIXED_POLICIES; i++)
		policy_write(out, i);
	for (int which = 0; which < 2; which++)
		fprintf(out,
		        "    - switch.%d:\n        type: onap.policies.controlloop.guard.common.Blacklist\n        "
		        "version: %d.0.0\n"
		        "        properties: {actor: SO, operation: Switch, blacklist: [%s]}\n",
		        which, which + 1, which == generation % 2 ? "vm-other" : "vm-1");
	fclose(out);
}

struct asker {
	struct clg_engine *engine;
	atomic_bool stop;
	unsigned long asked, wrong, generations;
	struct samples samples;
};

static void *
asker_main(void *context)
{
	const struct clg_request request = {.actor = "SO", .operation = "Switch", .target = "vm-1"};
	struct asker *asker = context;
	struct clg_session *session;
	struct clg_decision decision;
	struct clg_error err = {0};
	uint64_t last = 0;

	check(clg_session_open(asker->engine, &session, &err) == 0, err.text);
	while (!atomic_load_explicit(&asker->stop, memory_order_relaxed)) {
		uint64_t begin = clock_ticks();
		int r = clg_decide(session, &request, &decision);

		samples_add(&asker->samples, begin, clock_ticks());
		asker->asked++;
		if (r != 0 || decision.effect != CLG_DENY || strcmp(decision.reason, "blacklisted") != 0 ||
		    decision.generation < last || decision.version[0] != (decision.generation % 2 ? '1' : '2'))
			asker->wrong++;
		asker->generations += decision.generation != last;
		last = decision.generation;
	}
	clg_session_close(session);
	return NULL;
}

static void
measure_reload(void)
{
	static struct asker asker;
	char paths[2][40];
	struct clg_error err = {0};
	pthread_t thread;

	for (int i = 0; i < 2; i++)
		write_mixed(paths[i], i);
	asker.engine = open_engine();
	samples_init(&asker.samples, 40000000);
	for (int i = 1; i <= RELOADS; i++) {
		const char *path = paths[i % 2];

		check(clg_load(asker.engine, &path, 1, NULL, NULL, &err) == 0, err.text);
		if (i == 1)
			check(pthread_create(&thread, NULL, asker_main, &asker) == 0, "no thread");
	}
	atomic_store(&asker.stop, true);
	pthread_join(thread, NULL);
	report_number((double)asker.generations, "", "reload/generations seen, of %d", RELOADS);
	report_number((double)asker.asked, "", "reload/decisions");
	report_bar((double)asker.wrong, 0, "reload/failed or mixed decisions");
	report_samples(&asker.samples, "ns", "reload/a decision meanwhile");
	samples_free(&asker.samples);
	clg_close(asker.engine);
	for (int i = 0; i < 2; i++)
		unlink(paths[i]);
}

int
main(int argc, char **argv)
{
	report_begin("load", argc, argv);
	measure(10000, 9);
	measure(100000, 7);
	measure_reload();
	return 0;
}
