/* test_out_of_memory - each allocation of the library fails in turn: an error or a Deny, never a crash, a leak or a Permit */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

/* The linker sends the library's allocations through these (--wrap). The countdown reaches 0 at the one that fails. */
static atomic_long countdown;
static atomic_bool failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool
fails(void)
{
	if (atomic_fetch_sub(&countdown, 1) != 1)
		return false;
	atomic_store(&failed, true);
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

static const char policies[] =
	"tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
	"policy_types:\n"
	"  com.example.Own:\n"
	"    derived_from: onap.policies.controlloop.guard.common.Blacklist\n"
	"    version: 1.0.0\n"
	"topology_template:\n"
	"  policies:\n"
	"    - own:\n"
	"        type: com.example.Own\n"
	"        version: 1.0.0\n"
	"        properties: {actor: A, operation: '/o+/', blacklist: [t1, '/t[2-9]/']}\n"
	"    - limit:\n"
	"        type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
	"        version: 1.0.0\n"
	"        properties: {actor: A, operation: o, timeWindow: 1, timeUnits: hour, limit: 1}\n"
	"    - filter:\n"
	"        type: onap.policies.controlloop.guard.common.Filter\n"
	"        version: 1.0.0\n"
	"        properties:\n"
	"          actor: A\n"
	"          operation: o\n"
	"          filters: [{field: generic-vnf.vnf-id, filter: 'x+', function: string-regexp-match, blacklist: "
	"false}]\n";

/* A name so long that to keep it takes an allocation of its own. */
#define DOTS_2 "././"
#define DOTS_16 DOTS_2 DOTS_2 DOTS_2 DOTS_2 DOTS_2 DOTS_2 DOTS_2 DOTS_2
#define DOTS_128 DOTS_16 DOTS_16 DOTS_16 DOTS_16 DOTS_16 DOTS_16 DOTS_16 DOTS_16
#define DOTS_1024 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128
static char path[] =
	"/tmp/" DOTS_1024 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 DOTS_128 "clguard-oom-XXXXXX.yaml";

/* What the whole scenario gave: the number of steps that went well. Every answer must be a Deny or an error. */
static int
scenario(bool skip_bad)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	const struct clg_request listed = {.actor = "A", .operation = "o", .target = "t1"};
	const struct clg_operation done = {.actor = "A", .operation = "o", .target = "t", .outcome = "Success"};
	const char *paths[] = {path}, *why;
	struct clg_engine *engine = NULL;
	struct clg_session *session = NULL;
	struct clg_decision decision = {0};
	struct clg_error err = {0};
	int steps = 0;

	options.map_bytes = (size_t)1 << 24;
	options.skip_bad_policies = skip_bad;
	if (clg_open(&options, &engine, &err) != 0)
		goto out;
	steps++;
	if (clg_load(engine, paths, 1, NULL, NULL, &err) != 0 || clg_session_open(engine, &session, &err) != 0)
		goto out;
	steps++;
	assert_int_equal(clg_decide(session, &listed, &decision), 0);
	assert_int_equal(decision.effect, CLG_DENY);
	if (clg_record(engine, &done, 1, &err) != 0)
		goto out;
	steps++;
	if (clg_explain(session, &listed, &decision, &why, &err) != 0) {
		assert_int_equal(decision.effect, CLG_DENY);
		goto out;
	}
	assert_int_equal(decision.effect, CLG_DENY);
	steps++;
out:
	if (steps < 4) {
		assert_true(err.code > 0);
		assert_true(err.text[0] != '\0');
	}
	clg_session_close(session);
	clg_close(engine);
	return steps;
}

static void
fail_each(bool skip_bad)
{
	long n = 0;
	int steps;

	do {
		atomic_store(&failed, false);
		atomic_store(&countdown, ++n);
		steps = scenario(skip_bad);
	} while (atomic_load(&failed));
	atomic_store(&countdown, 0);
	print_message("%ld allocations, then %d steps\n", n - 1, steps);
	assert_int_equal(steps, 4); /* none failed: all went well */
	assert_true(n > 30);
}

/* Leaving bad policies out must not leave out one that only memory was too short for. */
static void
each_allocation_fails_in_turn(void **unused)
{
	int fd = mkstemps(path, 5);

	(void)unused;
	assert_int_equal(write(fd, policies, sizeof(policies) - 1), sizeof(policies) - 1);
	close(fd);
	fail_each(false);
	fail_each(true);
	unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_fails_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
