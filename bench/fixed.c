/* fixed - main paths on fixed inputs, so many times and no more, for tests/instructions.sh to count instructions */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "api/decision_log/chain.h"
#include "api/decision_log/log_entry.h"
#include "base/document.h"
#include "engine/library/clguard.h"

#define NOW_MS INT64_C(1700000000000)
#define ENGINES 16 /* each has its own secret, and with it other texts that meet in one slot of a hash table */
#define TIMES 64   /* of each engine */
#define LOADS 10

/* What callgrind counts: nothing outside it. */
__attribute__((noinline)) void counted(void (*run)(void *context), void *context);

void
counted(void (*run)(void *context), void *context)
{
	run(context);
}

static void
check(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench/fixed: %s\n", what);
		exit(1);
	}
}

struct decisions {
	struct clg_engine *engine[ENGINES];
	struct clg_session *session[ENGINES];
	struct clg_request request;
};

static void
decide(void *context)
{
	struct decisions *decisions = context;
	struct clg_decision decision;

	for (int i = 0; i < ENGINES * TIMES; i++)
		check(clg_decide(decisions->session[i % ENGINES], &decisions->request, &decision) == 0 &&
		              decision.effect == CLG_PERMIT,
		      decision.reason);
}

struct loads {
	struct clg_engine *engine;
	const char *path;
};

static void
load(void *context)
{
	struct loads *loads = context;
	struct clg_error err = {0};

	for (int i = 0; i < LOADS; i++)
		check(clg_load(loads->engine, &loads->path, 1, NULL, NULL, &err) == 0, err.text);
}

/* A request as ONAP's clients send it, but for one escape in the second, which therefore goes through a tree. */
#define BODY(name) \
	"{\"ONAPName\":\"Policy\",\"ONAPComponent\":\"drools-pdp\",\"ONAPInstance\":\"usecase-template\"," \
	"\"requestId\":\"unique-request-id-1\",\"action\":\"guard\",\"resource\":{\"guard\":{\"actor\":\"SO\"," \
	"\"operation\":\"VF Module Create\",\"target\":\"pool-1\",\"clname\":\"ControlLoop-vDNS-1\",\"vfCount\":3," \
	"\"generic-vnf.vnf-name\":\"" name "\"}}}"

static void
scan_request(void *context)
{
	static const char body[sizeof(BODY("edge-204")) + REQUEST_SCAN_SLACK] = BODY("edge-204");

	(void)context;
	for (int i = 0; i < ENGINES * TIMES; i++) {
		struct request request;

		check(request_scan((struct str){body, sizeof(BODY("edge-204")) - 1}, GUARD_STRICT, &request) &&
		              request.vf_count == 3,
		      "not scanned");
	}
}

static void
read_request(void *context)
{
	const struct document_limits *limits = context;
	struct arena arena;

	arena_init(&arena, 0);
	for (int i = 0; i < ENGINES * TIMES; i++) {
		struct error err = {0};
		struct request request;
		struct node *root;

		check(json_read(STR(BODY("edge-204 \\u00e9")), "request", limits, &arena, &root, &err) == 0 &&
		              request_read(root, (struct request_form){.mode = GUARD_STRICT}, &arena, &request, &err) ==
		                      0 &&
		              request.vf_count == 3,
		      err.text);
		arena_reset(&arena);
	}
	arena_free(&arena);
}

/* A Permit as the decision log's lines have it, and the code that binds it to the line before. */
static void
log_permits(void *context)
{
	const struct document_limits *limits = context;
	const struct decision decision = {.permit = true, .generation = 1};
	const struct hash_key key = {1, 2};
	struct entry_form form = {.key = key};
	struct entry_time time = {0};
	struct request request;
	struct log_entry entry = {.door = LOG_DOOR_DECISION,
	                          .at_ms = NOW_MS,
	                          .id = STR("8887c63b-c9d2-4fc2-93b4-90e7ca5c5671"),
	                          .client = STR("127.0.0.1"),
	                          .request = &request,
	                          .decision = &decision};
	struct hash128 mac = {0};
	struct error err = {0};
	struct arena arena;
	struct node *root;
	char out[4096];

	arena_init(&arena, 0);
	check(json_read(STR(BODY("edge-204")), "request", limits, &arena, &root, &err) == 0 &&
	              request_read(root, (struct request_form){.mode = GUARD_STRICT}, &arena, &request, &err) == 0,
	      err.text);
	for (int i = 0; i < ENGINES * TIMES; i++) {
		struct arena lines;
		struct str line;

		arena_init(&lines, 0);
		line = entry_line(&form, &time, &entry, &lines);
		check(line.ptr && line.len + CHAIN_MORE < sizeof(out) &&
		              chain_line(&key, &mac, 1000000 + (uint64_t)i, line, out) > line.len,
		      "no line");
		arena_free(&lines);
	}
	arena_free(&arena);
}

/* Why a decision was taken, with the JSON of it. */
static void
explain(void *context)
{
	struct decisions *decisions = context;
	struct clg_decision decision;
	struct clg_error err = {0};
	const char *why;

	for (int i = 0; i < ENGINES * TIMES; i++)
		check(clg_explain(decisions->session[i % ENGINES], &decisions->request, &decision, &why, &err) == 0,
		      err.text);
}

static int64_t
fixed_clock(void *context)
{
	(void)context;
	return NOW_MS;
}

static struct clg_engine *
open_engine(const char *path)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_operation rows[3];
	struct clg_engine *engine;
	struct clg_error err = {0};

	options.clock = fixed_clock;
	options.map_bytes = (size_t)1 << 26; /* valgrind has no room for the default */
	options.process_durability = true;
	check(clg_open(&options, &engine, &err) == 0 && clg_load(engine, &path, 1, NULL, NULL, &err) == 0, err.text);
	for (int i = 0; i < 3; i++)
		rows[i] = (struct clg_operation){.actor = "SO",
		                                 .operation = "Restart",
		                                 .target = "vm-1",
		                                 .outcome = "Success",
		                                 .start_ms = NOW_MS - 60000 * (i + 1),
		                                 .end_ms = NOW_MS - 60000 * (i + 1)};
	check(clg_record(engine, rows, 3, &err) == 0, err.text);
	return engine;
}

int
main(int argc, char **argv)
{
	static const int32_t vf_count = 3;
	static const struct {
		const char *name;
		struct clg_request request;
		void (*run)(void *context);
	} cases[] = {
		{"nothing", {.actor = "VFC", .operation = "Heal", .target = "vm-1"}, decide},
		{"blacklist", {.actor = "APPC", .operation = "Restart", .target = "vm-4"}, decide},
		{"minmax",
	         {.actor = "SO", .operation = "VF Module Create", .target = "pool-1", .vf_count = &vf_count},
	         decide},
		{"filter",
	         {.actor = "SDNR", .operation = "ModifyConfig", .cloud_region_id = "south-1", .vnf_name = "edge-2"},
	         decide},
		{"limiter", {.actor = "SO", .operation = "Restart", .target = "vm-1"}, decide},
		{"explain", {.actor = "SO", .operation = "Restart", .target = "vm-1"}, explain},
	};
	struct document_limits limits = {1 << 16, 16, 1000, 10, 4096};
	struct decisions decisions = {0};
	struct clg_error err = {0};
	struct loads loads;
	size_t c = 0;

	check(argc == 3, "usage: fixed PATH nothing|blacklist|minmax|filter|limiter|explain|load|scan|read|log");
	for (int i = 0; i < ENGINES; i++) {
		decisions.engine[i] = open_engine(argv[1]);
		check(clg_session_open(decisions.engine[i], &decisions.session[i], &err) == 0, err.text);
	}
	loads = (struct loads){decisions.engine[0], argv[1]};
	if (strcmp(argv[2], "load") == 0) {
		counted(load, &loads);
	} else if (strcmp(argv[2], "scan") == 0) {
		counted(scan_request, NULL);
	} else if (strcmp(argv[2], "read") == 0) {
		counted(read_request, &limits);
	} else if (strcmp(argv[2], "log") == 0) {
		counted(log_permits, &limits);
	} else {
		while (c < sizeof(cases) / sizeof(cases[0]) && strcmp(argv[2], cases[c].name) != 0)
			c++;
		check(c < sizeof(cases) / sizeof(cases[0]), "no such case");
		decisions.request = cases[c].request;
		counted(cases[c].run, &decisions);
	}
	for (int i = 0; i < ENGINES; i++) {
		clg_session_close(decisions.session[i]);
		clg_close(decisions.engine[i]);
	}
	return 0;
}
