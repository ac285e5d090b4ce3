/* test_operational_row - transactions and their policies as text */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/run_row.h"

#include <stdio.h>

#include "base/document.h"
#include "engine/simulation/operational_set.h"
#include "tests/cmocka_all.h"

static const char policy[] = "name: op.row\n"
			     "type: onap.policies.controlloop.operational.Common\n"
			     "type_version: 2.0.0\n"
			     "version: 1.2.3\n"
			     "properties:\n"
			     "  id: CL-\"1\"\n"
			     "  timeout: 100\n"
			     "  abatement: true\n"
			     "  onset: {event_type: Legacy}\n"
			     "  operation:\n"
			     "    id: a\n"
			     "    actor: {id: APPC}\n"
			     "    operation: {id: Restart, parameters: {depth: {x: [1, true]}}, payload: {text: "
			     "\"\\u00e4\\n\", number: 7}}\n"
			     "    target: {target: VM, resources: r}\n"
			     "    timeout: 20\n"
			     "    retries: 3\n"
			     "    failure_retries:\n"
			     "      id: b\n"
			     "      actor: {id: APPC}\n"
			     "      operation: {id: Rebuild}\n"
			     "      target: {target: VM}\n"
			     "      timeout: 30\n"
			     "      retries: 0\n";

static struct arena arena;

static const struct operational *
compiled(void)
{
	const struct document document = {"row.yaml", {policy, sizeof(policy) - 1}};
	const struct operational *list;
	struct diags diags;

	diags_init(&diags, &arena);
	if (!operational_set_compile(&document, 1, &arena, &list, &diags))
		fail_msg("%s", diags.first ? diags.first->text : "");
	return list;
}

static struct node *
parsed(struct str text)
{
	struct node *root;

	return json_read(text, "", &document_limits_default, &arena, &root, NULL) == 0 ? root : NULL;
}

static struct str
plan_text(const struct operational *plan)
{
	struct text out;

	text_init(&out, &arena);
	plan_write(&out, plan);
	return text_done(&out);
}

static struct str
run_text(const struct run *run)
{
	struct text out;

	text_init(&out, &arena);
	text_add(&out, STR("{"));
	run_write(&out, run);
	text_add(&out, STR("}"));
	return text_done(&out);
}

static void
a_plan_comes_back_as_it_was(void **state)
{
	const struct operational *was = compiled(), *is = plan_read(parsed(plan_text(was)), &arena);
	const struct directive *a;

	(void)state;
	assert_non_null(is);
	assert_true(str_equal(plan_text(is), plan_text(was)));
	assert_true(str_is(is->id, "CL-\"1\"") && str_is(is->version, "1.2.3") && is->waits_for_abated);
	assert_int_equal(is->count, 2);
	a = &is->directives[is->trigger];
	assert_int_equal(a->retries, 3);
	assert_int_equal(a->route[RESULT_FAILURE_RETRIES], 1);
	assert_int_equal(a->route[RESULT_SUCCESS], ROUTE_FINAL);
	assert_true(str_is(entries_get(a->payload, "text"), "\xc3\xa4\n"));
	assert_true(a->parameters.count == 1 && a->parameters.list[0].json);
	assert_true(str_is(entries_get(a->entities, "resourceID"), "r"));
}

static void
a_run_comes_back_as_it_was(void **state)
{
	const struct run was = {
		.state = RUN_WAIT,
		.number = 7,
		.generation = UINT32_MAX,
		.at = 1,
		.attempt = 2,
		.serial = 3,
		.began_ms = -5,
		.deadline_ms = INT64_MAX,
		.due_ms = INT64_MAX,
		.attempt_ms = 11,
		.locked = true,
		.abated = true,
		.vf_count = -1,
		.target = STR("vm-\"1\""),
	};
	struct run is;

	(void)state;
	assert_true(run_read(parsed(run_text(&was)), &is));
	assert_true(str_equal(run_text(&is), run_text(&was)));
	assert_int_equal(is.state, RUN_WAIT);
	assert_int_equal(is.generation, UINT32_MAX);
	assert_true(is.locked && is.abated && !is.counted);
	assert_int_equal(is.due_ms, INT64_MAX);
}

/* `text` with the first `from` in it replaced. */
static struct str
with(struct str text, const char *from, const char *to)
{
	const char *at = strstr(text.ptr, from);

	assert_non_null(at);
	return str_from(arena_printf(&arena, "%.*s%s%s", (int)(at - text.ptr), text.ptr, to, at + strlen(from)));
}

static void
what_is_damaged_or_of_another_version_is_none(void **state)
{
	struct str plan = plan_text(compiled()), run = run_text(&(struct run){.state = RUN_ATTEMPT});
	const char *const plans[][2] = {
		{"\"version\":1", "\"version\":2"},
		{"\"trigger\":0", "\"trigger\":2"},
		{"\"retries\":3", "\"retries\":-3"},
		{"\"VM\"", "\"XX\""},
		{"[-1,", "[2,"},
		{"[-1,", "["},
		{"[-1,", "[\"a\","},
		{"\"directives\"", "\"x\""},
		{"[\"resourceID\",\"r\"]", "[\"r\"]"},
	};
	const char *const runs[][2] = {
		{"\"version\":1", "\"version\":2"}, {"\"ATTEMPT\"", "\"IDLER\""}, {"\"number\":0", "\"number\":-1"},
		{"\"at\":0", "\"at\":\"0\""},       {"\"due\":0", "\"x\":0"},
	};
	struct run ret;

	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++)
		if (plan_read(parsed(with(plan, plans[i][0], plans[i][1])), &arena))
			fail_msg("%s is taken", plans[i][1]);
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		if (run_read(parsed(with(run, runs[i][0], runs[i][1])), &ret))
			fail_msg("%s is taken", runs[i][1]);
	assert_null(plan_read(NULL, &arena));
	assert_false(run_read(NULL, &ret));
}

static void
ids_tell_their_transaction(void **state)
{
	const struct run run = {.began_ms = 255, .number = 4096};
	char id[SUBREQUEST_SIZE];
	uint64_t number = 0;

	(void)state;
	assert_true(str_is(run_subrequest(&run, 12, id), "ff-1000-12"));
	assert_true(subrequest_number(STR("ff-1000-12"), &number) && number == 4096);
	assert_true(subrequest_number(STR("ff-1000"), &number) && number == 4096);
	assert_true(subrequest_number(STR("ff-ffffffffffffffff-1"), &number) && number == UINT64_MAX);
	assert_false(subrequest_number(STR("ff-10000000000000000-1"), &number));
	assert_false(subrequest_number(STR("ff--1"), &number));
	assert_false(subrequest_number(STR("ff"), &number));
	assert_false(subrequest_number(STR("ff-xx-1"), &number));
	assert_false(subrequest_number(STR(""), &number));
}

static int
setup(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_comes_back_as_it_was),
		cmocka_unit_test(a_run_comes_back_as_it_was),
		cmocka_unit_test(what_is_damaged_or_of_another_version_is_none),
		cmocka_unit_test(ids_tell_their_transaction),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
