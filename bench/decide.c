/* decide - time of one decision through clguard.h, for each guard kind, at 10, 1,000 and 100,000 policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/clock.h"
#include "engine/clguard.h"

#define TARGETS 1000
#define OPERATIONS 10 /* asked for, the same ones whatever the size of the set, unless there is but one policy */
#define ROUNDS 200

struct kind {
	const char *name;
	void (*put)(FILE *out, unsigned number, unsigned entries);
	bool history, loops;
};

static void
put_head(FILE *out, unsigned number, const char *type)
{
	fprintf(out, "    - p%u:\n        type: onap.policies.controlloop.guard.%s\n        version: 1.0.0\n        properties:\n",
	        number, type);
}

static void
put_scope(FILE *out, unsigned number)
{
	fprintf(out, "          actor: SO\n          operation: op-%u\n", number);
}

static void
put_blacklist(FILE *out, unsigned number, unsigned entries)
{
	put_head(out, number, "common.Blacklist");
	put_scope(out, number);
	fprintf(out, "          blacklist: [vm-0");
	for (unsigned i = 1; i < entries; i++)
		fprintf(out, ",vm-%u", i * 2);
	fprintf(out, "]\n");
}

static void
put_min_max(FILE *out, unsigned number, unsigned entries)
{
	(void)entries;
	put_head(out, number, "MinMax");
	put_scope(out, number);
	fprintf(out, "          min_vf_module_instances: 1\n          max_vf_module_instances: 4\n");
}

static void
put_filter(FILE *out, unsigned number, unsigned entries)
{
	(void)entries;
	put_head(out, number, "common.Filter");
	put_scope(out, number);
	fprintf(out, "          algorithm: blacklist-overrides\n          filters:\n"
	             "            - {field: cloud-region.cloud-region-id, filter: north, function: string-starts-with, blacklist: true}\n"
	             "            - {field: generic-vnf.vnf-name, filter: 'lab-[0-9]+', function: string-regexp-match, blacklist: true}\n");
}

static void
put_limiter(FILE *out, unsigned number, unsigned entries)
{
	(void)entries;
	put_head(out, number, "common.FrequencyLimiter");
	put_scope(out, number);
	fprintf(out, "          timeWindow: 15\n          timeUnits: minute\n          limit: 5\n");
}

static void
put_coordination(FILE *out, unsigned number, unsigned entries)
{
	(void)entries;
	put_head(out, number, "coordination.FirstBlocksSecond");
	fprintf(out, "          controlLoop: [first-%u, second-%u]\n", number, number);
}

static const struct kind kinds[] = {
	{"Blacklist", put_blacklist, false, false},
	{"MinMax", put_min_max, false, false},
	{"Filter", put_filter, false, false},
	{"FrequencyLimiter", put_limiter, true, false},
	{"FirstBlocksSecond", put_coordination, true, true},
};

#define POLICIES_A_FILE 10000

/* A folder of policy files; clear_policies removes it. */
static char *
write_policies(const struct kind *kind, unsigned count, unsigned entries)
{
	static char folder[64];
	FILE *out = NULL;

	strcpy(folder, "/tmp/clguard-bench-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	for (unsigned i = 0; i < count; i++) {
		if (i % POLICIES_A_FILE == 0) {
			char path[128];

			if (out)
				fclose(out);
			snprintf(path, sizeof(path), "%s/%03u.yaml", folder, i / POLICIES_A_FILE);
			out = fopen(path, "w");
			if (!out)
				abort();
			fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  policies:\n");
		}
		kind->put(out, i, entries);
	}
	fclose(out);
	return folder;
}

static void
clear_policies(const char *folder)
{
	char path[128];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "%s/%03u.yaml", folder, i);
		if (unlink(path) != 0)
			break;
	}
	rmdir(folder);
}

/* Three operations done for each target asked about, so that the limiter has something to count. */
static void
fill_history(struct clg_engine *engine, char targets[][16], char operations[][16])
{
	static struct clg_operation rows[TARGETS];
	struct clg_error err = {0};
	int64_t now = (int64_t)time(NULL) * 1000;

	for (int round = 0; round < 3; round++) {
		for (int t = 0; t < TARGETS; t++)
			rows[t] = (struct clg_operation){.actor = "SO", .operation = operations[t % OPERATIONS],
			                                 .target = targets[t], .outcome = "Success",
			                                 .start_ms = now - 60000 * (round + 1),
			                                 .end_ms = now - 60000 * (round + 1)};
		if (clg_record(engine, rows, TARGETS, &err) != 0)
			abort();
	}
}

struct subject {
	struct clg_engine *engine;
	struct clg_session *session;
	struct clg_request requests[TARGETS];
	char targets[TARGETS][16], operations[OPERATIONS][16], loops[OPERATIONS][16];
};

static void
subject_open(struct subject *subject, const struct kind *kind, unsigned count, unsigned entries)
{
	static const int32_t vf_count = 3;
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_error err = {0};
	const char *path = write_policies(kind, count, entries);

	options.process_durability = true;
	if (clg_open(&options, &subject->engine, &err) != 0 ||
	    clg_load(subject->engine, &path, 1, NULL, NULL, &err) != 0 ||
	    clg_session_open(subject->engine, &subject->session, &err) != 0) {
		fprintf(stderr, "bench/decide: %s\n", err.text);
		exit(1);
	}
	clear_policies(path);
	for (int i = 0; i < OPERATIONS; i++) {
		snprintf(subject->operations[i], 16, "op-%d", i);
		snprintf(subject->loops[i], 16, "second-%d", i);
	}
	for (int i = 0; i < TARGETS; i++) {
		snprintf(subject->targets[i], 16, "vm-%d", i);
		subject->requests[i] = (struct clg_request){
			.actor = "SO",
			.operation = subject->operations[count == 1 ? 0 : i % OPERATIONS],
			.target = subject->targets[i],
			.clname = kind->loops ? subject->loops[i % OPERATIONS] : NULL,
			.cloud_region_id = "south-1",
			.vnf_name = "edge-204",
			.vf_count = &vf_count,
		};
	}
	if (kind->history)
		fill_history(subject->engine, subject->targets, subject->operations);
}

static void
measure(const struct kind *kind, unsigned count, unsigned entries)
{
	static struct subject subject;
	struct clg_decision decision;
	struct samples samples;
	unsigned long denied = 0;
	uint64_t begin, end;
	double loop_ns;

	subject_open(&subject, kind, count, entries);
	samples_init(&samples, (size_t)ROUNDS * TARGETS);
	for (int round = 0; round < 20; round++) { /* warm */
		for (int i = 0; i < TARGETS; i++)
			clg_decide(subject.session, &subject.requests[i], &decision);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < TARGETS; i++) {
			begin = clock_ticks();
			clg_decide(subject.session, &subject.requests[i], &decision);
			end = clock_ticks();
			samples_add(&samples, begin, end);
			denied += decision.effect == CLG_DENY;
		}
	}
	loop_ns = samples_mean(&samples);
	samples_sort(&samples);
	printf("%-18s %8u %9u %8.0f %8.0f %8.0f %8.0f %10.0f %6.1f%%\n", kind->name, count, entries, loop_ns,
	       samples_at(&samples, 0.5), samples_at(&samples, 0.99), samples_at(&samples, 0.999),
	       samples_at(&samples, 1), 100.0 * (double)denied / ((double)ROUNDS * TARGETS));
	fflush(stdout);
	samples_free(&samples);
	clg_session_close(subject.session);
	clg_close(subject.engine);
}

int
main(int argc, char **argv)
{
	static const unsigned sizes[] = {10, 1000, 100000};

	print_machine(argc, argv);
	printf("# ns for one clg_decide, the clock read included, the timer's own cost taken off; %d requests, the same for every size\n",
	       TARGETS);
	printf("%-18s %8s %9s %8s %8s %8s %8s %10s %7s\n", "kind", "policies", "entries", "mean", "p50", "p99", "p99.9",
	       "max", "denied");
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			measure(&kinds[k], sizes[s], 10);
	}
	measure(&kinds[0], 1, 10);
	measure(&kinds[0], 1, 1000000);
	return 0;
}
