/* decide - time of one decision through clguard.h, for each guard kind, in sets of 10 to 100,000 policies, in turns */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/report.h"
#include "engine/library/clguard.h"

#define TARGETS 1000
#define OPERATIONS 10 /* asked for, the same ones whatever the size of the set, unless there is but one policy */
#define TURNS 20
#define ROUNDS 10 /* of each turn */
#define SIZES 4

struct kind {
	const char *name;
	void (*put)(FILE *out, unsigned number, unsigned entries);
	bool history, loops;
};

static void
put_head(FILE *out, unsigned number, const char *type)
{
	fprintf(out,
	        "    - p%u:\n        type: onap.policies.controlloop.guard.%s\n        version: 1.0.0\n        "
	        "properties:\n",
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
	fprintf(out, "          blacklist: [vm-0"); /* ten of the targets asked about, however many entries there are */
	for (unsigned i = 1; i < entries; i++)
		fprintf(out, ",vm-%u", i < 10 ? i * 100 : TARGETS + i);
	fprintf(out, "]\n");
}

/* Half of the targets asked about are on the list, so that nobody can guess the answer. */
static void
put_half(FILE *out, unsigned number, unsigned entries)
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
	             "            - {field: cloud-region.cloud-region-id, filter: north, function: string-starts-with, "
	             "blacklist: true}\n"
	             "            - {field: generic-vnf.vnf-name, filter: 'lab-[0-9]+', function: string-regexp-match, "
	             "blacklist: true}\n");
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
			fprintf(out, "tosca_definitions_version: tosca_simple_yaml_1_1_0\ntopology_template:\n  "
			             "policies:\n");
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
			rows[t] = (struct clg_operation){.actor = "SO",
			                                 .operation = operations[t % OPERATIONS],
			                                 .target = targets[t],
			                                 .outcome = "Success",
			                                 .start_ms = now - 60000 * (round + 1),
			                                 .end_ms = now - 60000 * (round + 1)};
		if (clg_record(engine, rows, TARGETS, &err) != 0)
			abort();
	}
}

struct subject {
	struct clg_engine *engine;
	struct clg_session *session;
	unsigned operation_count;
	bool loops_given;
	char targets[TARGETS][16], operations[OPERATIONS][16], loops[OPERATIONS][16];
};

/* What is asked about a target. */
static struct clg_request
request_for(const struct subject *subject, unsigned target)
{
	static const int32_t vf_count = 3;

	return (struct clg_request){
		.actor = "SO",
		.operation = subject->operations[target % subject->operation_count],
		.target = subject->targets[target],
		.clname = subject->loops_given ? subject->loops[target % OPERATIONS] : NULL,
		.cloud_region_id = "south-1",
		.vnf_name = "edge-204",
		.vf_count = &vf_count,
	};
}

static void
subject_open(struct subject *subject, const struct kind *kind, unsigned count, unsigned entries)
{
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
	for (int i = 0; i < TARGETS; i++)
		snprintf(subject->targets[i], 16, "vm-%d", i);
	subject->operation_count = count == 1 ? 1 : OPERATIONS;
	subject->loops_given = kind->loops;
	if (kind->history)
		fill_history(subject->engine, subject->targets, subject->operations);
}

static void
subject_close(struct subject *subject)
{
	clg_session_close(subject->session);
	clg_close(subject->engine);
}

/* Another order each round, so that no branch is learnt by heart. */
static void
shuffle(unsigned short order[TARGETS])
{
	static uint64_t random = 1;

	for (unsigned short i = 0; i < TARGETS; i++) {
		unsigned other;

		random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		other = (unsigned)(random >> 33) % (i + 1u);
		order[i] = order[other];
		order[other] = i;
	}
}

/* As a caller asks who has just made the request: an array of them would not fit into the first cache. */
static void
ask(struct subject *subject, struct samples *samples)
{
	unsigned short order[TARGETS];
	struct clg_decision decision;

	for (int round = 0; round < ROUNDS; round++) {
		shuffle(order);
		for (int i = 0; i < TARGETS; i++) {
			struct clg_request request = request_for(subject, order[i]);
			uint64_t begin = clock_ticks(), end;

			clg_decide(subject->session, &request, &decision);
			end = clock_ticks();
			samples_add(samples, begin, end);
		}
	}
}

/* Without the slowest hundredth, in which the machine's other work is. After samples_sort. */
static double
usual(const struct samples *samples)
{
	struct samples most = {.ns = samples->ns, .count = samples->count - samples->count / 100};

	return samples_mean(&most);
}

/*
 * The turn with the least median: times as such depend on who shares the processor at the moment, so this one tells
 * most of the code, and no bar is held against it. Before samples_sort, while the turns stand one after the other.
 */
static void
report_quietest(const struct samples *samples, const char *name)
{
	const size_t count = samples->count / TURNS;
	struct samples turn;
	double p50 = 0;

	samples_init(&turn, count);
	for (int t = 0; t < TURNS; t++) {
		memcpy(turn.ns, samples->ns + (size_t)t * count, count * sizeof(*turn.ns));
		turn.count = count;
		samples_sort(&turn);
		if (t == 0 || samples_at(&turn, .5) < p50)
			p50 = samples_at(&turn, .5);
	}
	report_number(p50, "ns", "%s/quietest turn/p50", name);
	samples_free(&turn);
}

/*
 * How fast the processor is meanwhile: ns of a fixed piece of arithmetic in registers, the middle of some tries. It grows when
 * somebody else is on the same core, which nothing else here tells.
 */
static double
arithmetic_ns(void)
{
	static volatile uint64_t kept;
	struct samples tries;
	double middle;

	samples_init(&tries, 64);
	for (int i = 0; i < 64; i++) {
		uint64_t begin = clock_ticks(), a = kept, b = a + 1, c = a + 2, d = a + 3;

		for (int n = 0; n < 500; n++) {
			a = (a ^ a >> 7) + 3;
			b = (b ^ b >> 7) + 5;
			c = (c ^ c >> 7) + 7;
			d = (d ^ d >> 7) + 9;
		}
		kept = a ^ b ^ c ^ d;
		samples_add(&tries, begin, clock_ticks());
	}
	samples_sort(&tries);
	middle = samples_at(&tries, .5);
	samples_free(&tries);
	return middle;
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct size {
	unsigned policies, entries;
};

/* The same requests to each set in turns; ratios are to the first. */
static void
measure(const struct kind *kind, const struct size *sizes, int count)
{
	static struct subject subjects[SIZES];
	struct samples samples[SIZES], warm;
	double first = 0, arithmetic[TURNS];

	samples_init(&warm, 0);
	for (int s = 0; s < count; s++) {
		subject_open(&subjects[s], kind, sizes[s].policies, sizes[s].entries);
		samples_init(&samples[s], (size_t)TURNS * ROUNDS * TARGETS);
		ask(&subjects[s], &warm);
	}
	for (int turn = 0; turn < TURNS; turn++) {
		arithmetic[turn] = arithmetic_ns();
		for (int s = 0; s < count; s++)
			ask(&subjects[s], &samples[s]);
	}
	qsort(arithmetic, TURNS, sizeof(*arithmetic), by_value);
	report_number(arithmetic[TURNS / 2], "ns", "%s/policies=%u/arithmetic", kind->name, sizes[0].policies);
	report_number(arithmetic[0], "ns", "%s/policies=%u/arithmetic at its fastest", kind->name, sizes[0].policies);
	for (int s = 0; s < count; s++) {
		char name[64];

		snprintf(name, sizeof(name), "%s/policies=%u/entries=%u", kind->name, sizes[s].policies,
		         sizes[s].entries);
		report_quietest(&samples[s], name);
		report_samples(&samples[s], "ns", "%s", name);
		report_number(usual(&samples[s]), "ns", "%s/usual", name);
		if (s == 0)
			first = usual(&samples[s]);
		else
			report_bar(usual(&samples[s]) / first, 1.3, "%s/over the smallest", name);
		samples_free(&samples[s]);
		subject_close(&subjects[s]);
	}
	samples_free(&warm);
}

/* What a batch saves: one snapshot and one look at the clock for all. */
static void
measure_batch(const struct kind *kind)
{
	static struct subject subject;
	static struct clg_request requests[TARGETS];
	static struct clg_decision decisions[TARGETS];
	struct samples samples;

	subject_open(&subject, kind, 1000, 10);
	for (unsigned i = 0; i < TARGETS; i++)
		requests[i] = request_for(&subject, i);
	samples_init(&samples, 1000);
	for (int round = 0; round < 1000; round++) {
		uint64_t begin = clock_ticks();

		clg_decide_batch(subject.session, requests, TARGETS, decisions);
		samples_add(&samples, begin, clock_ticks());
	}
	samples_sort(&samples);
	report_number(samples_at(&samples, .5) / TARGETS, "ns", "%s/batch of %d/a decision", kind->name, TARGETS);
	samples_free(&samples);
	subject_close(&subject);
}

int
main(int argc, char **argv)
{
	static const struct size policies[SIZES] = {{10, 10}, {1000, 10}, {10000, 10}, {100000, 10}};
	static const struct size entries[2] = {{1, 10}, {1, 1000000}}, half[2] = {{1, TARGETS / 2}, {1, 1000000}};
	static const struct kind blacklist_half = {"Blacklist of half the targets", put_half, false, false};

	report_begin("decide", argc, argv);
	printf("# ns for one clg_decide, the timer's own cost taken off; the same %d requests for every size, in "
	       "random order\n",
	       TARGETS);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		measure(&kinds[k], policies, SIZES);
	measure(&kinds[0], entries, 2);
	measure(&blacklist_half, half, 2);
	measure_batch(&kinds[0]);
	measure_batch(&kinds[3]);
	return 0;
}
