/* load - compiling 10,000 policies beside libyaml's bare parse of the same file, and what they take in memory */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

#include "bench/clock.h"
#include "engine/clguard.h"

#define POLICIES 10000
#define ROUNDS 7

static double
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A mixture as an operator might have it: limiters, blacklists, bounds. */
static size_t
write_file(const char *path)
{
	FILE *out = fopen(path, "w");
	long size;

	if (!out)
		abort();
	fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n");
	for (int i = 0; i < POLICIES; i++) {
		static const char *const kind[] = {"common.FrequencyLimiter", "common.Blacklist", "common.MinMax"};

		fprintf(out, "    - guard.%d:\n        type: onap.policies.controlloop.guard.%s\n        type_version: 1.0.0\n"
		             "        version: 1.0.0\n        name: guard.%d\n        metadata:\n          policy-id: guard.%d\n"
		             "        properties:\n          actor: SO\n          operation: operation-%d\n          id: loop-%d\n",
		        i, kind[i % 3], i, i, i, i % 100);
		if (i % 3 == 0)
			fprintf(out, "          timeWindow: 15\n          timeUnits: minute\n          limit: 5\n");
		else if (i % 3 == 1)
			fprintf(out, "          blacklist:\n            - vm-%d\n            - vm-%d\n", i, i + 1);
		else
			fprintf(out, "          target: pool-%d\n          min: 1\n          max: 5\n", i);
	}
	size = ftell(out);
	fclose(out);
	return (size_t)size;
}

static double
bare_parse(const char *path)
{
	FILE *in = fopen(path, "r");
	yaml_parser_t parser;
	yaml_event_t event;
	double begin = now_ms();
	int done = 0;

	if (!in || !yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_file(&parser, in);
	while (!done) {
		if (!yaml_parser_parse(&parser, &event))
			abort();
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	fclose(in);
	return now_ms() - begin;
}

static size_t
resident_kib(void)
{
	size_t pages = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (!in || fscanf(in, "%*u %zu", &pages) != 1)
		pages = 0;
	if (in)
		fclose(in);
	return pages * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

int
main(int argc, char **argv)
{
	char path[] = "/tmp/clguard-bench-XXXXXX.yaml";
	const char *paths[] = {path};
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_engine *engine;
	struct clg_error err = {0};
	double parse[ROUNDS], load[ROUNDS];
	size_t before = resident_kib(), bytes;
	int fd = mkstemps(path, 5);

	if (fd < 0 || clg_open(&options, &engine, &err) != 0)
		abort();
	close(fd);
	bytes = write_file(path);
	for (int i = 0; i < ROUNDS; i++) {
		double begin;

		parse[i] = bare_parse(path);
		begin = now_ms();
		if (clg_load(engine, paths, 1, NULL, NULL, &err) != 0) {
			fprintf(stderr, "bench/load: %s\n", err.text);
			return 1;
		}
		load[i] = now_ms() - begin;
	}
	print_machine(argc, argv);
	qsort(parse, ROUNDS, sizeof(*parse), by_value);
	qsort(load, ROUNDS, sizeof(*load), by_value);
	printf("%d policies, %zu bytes; medians of %d rounds\n", POLICIES, bytes, ROUNDS);
	printf("libyaml, events only   %8.1f ms\n", parse[ROUNDS / 2]);
	printf("clg_load, published    %8.1f ms\n", load[ROUNDS / 2]);
	printf("ratio %.2f (bar 2)\n", load[ROUNDS / 2] / parse[ROUNDS / 2]);
	printf("resident memory %zu KiB, of which %zu before the first load\n", resident_kib(), before);
	unlink(path);
	clg_close(engine);
	return 0;
}
