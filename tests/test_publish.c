/* test_publish - decisions go on while sets are published, and allocate nothing */
/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/decide/engine.h"
#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

#define ACTORS 4
#define PUBLICATIONS 60

/* Two guards whose lists must be of one generation: mixed, a decision would come out other than either set says. */
static struct str
policies(unsigned generation, char buf[2048])
{
	int len = snprintf(
		buf, 2048,
		"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
		"topology_template:\n"
		"  policies:\n"
		"    - even:\n"
		"        type: onap.policies.controlloop.guard.common.Blacklist\n"
		"        version: 1.0.0\n"
		"        properties: {actor: SO, operation: Restart, blacklist: [%s]}\n"
		"    - odd:\n"
		"        type: onap.policies.controlloop.guard.common.Blacklist\n"
		"        version: 1.0.0\n"
		"        properties: {actor: SO, operation: Restart, blacklist: [%s]}\n"
		"    - limit:\n"
		"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
		"        version: 1.0.0\n"
		"        properties: {actor: SO, operation: Scale, timeWindow: 1, timeUnits: hour, limit: 3}\n",
		generation % 2 ? "other" : "vm-1", generation % 2 ? "vm-1" : "other");

	return (struct str){buf, (size_t)len};
}

static void
load(struct engine *engine, unsigned generation)
{
	char buf[2048];
	struct document document = {"publish.yaml", policies(generation, buf)};
	struct arena arena;
	struct diags diags;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	assert_int_equal(engine_load(engine, &document, 1, &diags), 0);
	arena_free(&arena);
}

struct asker {
	struct engine *engine;
	atomic_bool *stop;
	unsigned long decisions, wrong;
	uint64_t last_generation;
	pthread_t thread;
};

static void *
ask(void *argument)
{
	struct asker *asker = argument;
	struct session *session = NULL;
	struct request request = {0};
	struct error err = {0};

	if (session_open(asker->engine, &session, &err) != 0) {
		asker->wrong++;
		return NULL;
	}
	request.attribute[ATTRIBUTE_ACTOR] = STR("SO");
	request.attribute[ATTRIBUTE_TARGET] = STR("vm-1");
	while (!atomic_load(asker->stop) || asker->decisions < 1000) {
		struct decision decision;

		request.attribute[ATTRIBUTE_OPERATION] = asker->decisions % 3 ? STR("Restart") : STR("Scale");
		session_decide(session, &request, &decision);
		if (asker->decisions % 3) {
			const char *who = decision.generation % 2 ? "even" : "odd";

			asker->wrong += decision.permit || !str_is(decision.guard->policy, who);
		} else {
			asker->wrong += !decision.permit;
		}
		asker->wrong += decision.generation < asker->last_generation;
		asker->last_generation = decision.generation;
		asker->decisions++;
	}
	session_close(session);
	return NULL;
}

static void
every_decision_is_of_one_generation_while_sets_are_published(void **unused)
{
	struct engine_options options = engine_options_default;
	struct asker askers[ACTORS];
	struct engine *engine;
	struct error err = {0};
	atomic_bool stop = false;

	(void)unused;
	options.history.map_bytes = (size_t)1 << 26;
	assert_int_equal(engine_open(&options, &engine, &err), 0);
	load(engine, 0); /* generation 1 */
	for (int i = 0; i < ACTORS; i++) {
		askers[i] = (struct asker){.engine = engine, .stop = &stop};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
	}
	for (unsigned g = 1; g <= PUBLICATIONS; g++)
		load(engine, g);
	atomic_store(&stop, true);
	for (int i = 0; i < ACTORS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].wrong, 0);
		assert_true(askers[i].decisions >= 1000);
	}
	engine_close(engine);
}

/* The linker sends every allocation of this program, the library's among them, through these (--wrap). */
static atomic_ulong allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *
__wrap_malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_realloc(old, size);
}

static const char every_kind[] =
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	"topology_template:\n"
	"  policies:\n"
	"    - limit:\n"
	"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: '/Sc.*/', timeWindow: 1, timeUnits: hour, limit: 3}\n"
	"    - black:\n"
	"        type: onap.policies.controlloop.guard.common.Blacklist\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: .*, blacklist: [vm-9, '/x[0-9]+/']}\n"
	"    - scale:\n"
	"        type: onap.policies.controlloop.guard.common.MinMax\n"
	"        version: 1.0.0\n"
	"        properties: {actor: SO, operation: Scale, target: vm-1, min: 1, max: 4}\n"
	"    - filter:\n"
	"        type: onap.policies.controlloop.guard.common.Filter\n"
	"        version: 1.0.0\n"
	"        properties:\n"
	"          actor: SO\n"
	"          operation: Scale\n"
	"          algorithm: blacklist-overrides\n"
	"          filters:\n"
	"            - {field: generic-vnf.vnf-id, filter: 'v[0-9]+', function: string-regexp-match, blacklist: true}\n"
	"    - after:\n"
	"        type: onap.policies.controlloop.guard.coordination.FirstBlocksSecond\n"
	"        version: 1.0.0\n"
	"        properties: {controlLoop: [loop-1, loop-2]}\n";

static void
deciding_allocates_nothing(void **unused)
{
	struct engine_options options = engine_options_default;
	struct document document = {"kinds.yaml", STR(every_kind)};
	struct operation row = {.actor = STR("SO"),
	                        .operation = STR("Scale"),
	                        .target = STR("vm-1"),
	                        .clname = STR("loop-1"),
	                        .outcome = STR("Success"),
	                        .start_ms = TIME_NONE,
	                        .end_ms = TIME_NONE};
	struct request request = {0};
	struct session *session;
	struct engine *engine;
	struct decision decision;
	struct error err = {0};
	struct arena arena;
	struct diags diags;
	unsigned long before;

	(void)unused;
	options.history.map_bytes = (size_t)1 << 26;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	assert_int_equal(engine_open(&options, &engine, &err), 0);
	assert_int_equal(engine_load(engine, &document, 1, &diags), 0);
	row.start_ms = row.end_ms = engine_now(engine) - 1000;
	assert_int_equal(engine_record(engine, &row, 1, &err), 0);
	assert_int_equal(session_open(engine, &session, &err), 0);
	request.attribute[ATTRIBUTE_ACTOR] = STR("SO");
	request.attribute[ATTRIBUTE_OPERATION] = STR("Scale");
	request.attribute[ATTRIBUTE_TARGET] = STR("vm-1");
	request.attribute[ATTRIBUTE_CLNAME] = STR("loop-2");
	request.attribute[ATTRIBUTE_VNF_ID] = STR("w1");
	request.has_vf_count = true;
	request.vf_count = 3;
	session_decide(session, &request, &decision); /* takes the set */
	before = atomic_load(&allocations);
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++) {
		request.vf_count = i % 6;
		session_decide(session, &request, &decision);
		assert_int_equal(decision.reason, i % 6 < 1   ? REASON_BELOW_MIN
		                                  : i % 6 > 4 ? REASON_ABOVE_MAX
		                                              : REASON_PERMIT);
	}
	assert_int_equal(atomic_load(&allocations) - before, 0);
	session_close(session);
	engine_close(engine);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_decision_is_of_one_generation_while_sets_are_published),
		cmocka_unit_test(deciding_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
