/* test_builder - the SDK: what a builder refuses, what it builds, which messages it gives */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct clg_builder *builder;
static struct clg_error err;
static const struct clg_results *results;

static const struct clg_guard_policy restart = {
	sizeof(restart), "unique_guard_vUSP_1", "APPC 5 Restart", "at most 5 restarts in 15 minutes by day", "APPC",
	"Restart",
};
static const int five = 5, one = 1;
static const char *const names[] = {"vm_name_1", "vm_name_2"};
static const struct clg_constraint limit = {.num = &five, .duration = "PT15M"};

static int
setup(void **state)
{
	(void)state;
	builder = clg_builder_new(NULL);
	assert_non_null(builder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	clg_builder_free(builder);
	return 0;
}

static void
good(int r)
{
	if (r != 0)
		fail_msg("%s", err.text);
}

/* The last call was refused with this code and text. */
static void
refused(int r, int code, const char *text)
{
	assert_int_equal(r, -code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.text, text);
	err = (struct clg_error){0};
}

static void
build(void)
{
	good(clg_builder_build(builder, &results, &err));
}

static void
has_messages(size_t count)
{
	if (results->message_count != count)
		fail_msg("%zu messages, first: %s", results->message_count,
		         results->message_count ? results->messages[0].text : "");
}

static void
message_is(size_t i, enum clg_message_level level, const char *text)
{
	assert_true(i < results->message_count);
	assert_string_equal(results->messages[i].text, text);
	assert_int_equal(results->messages[i].level, level);
}

static void
the_example_of_the_sdk_builds(void **state)
{
	const struct clg_constraint both = {
		.num = &five,
		.duration = "PT15M",
		.active_from = "PT5H",
		.active_until = "PT24H",
		.blacklist = names,
		.blacklist_count = 2,
	};

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_add_constraint(builder, restart.id, &both, &err));
	build();
	assert_true(results->valid);
	assert_string_equal(results->specification, "guard:\n"
	                                            "  version: 2.0.0\n"
	                                            "guards:\n"
	                                            "  - id: unique_guard_vUSP_1\n"
	                                            "    name: APPC 5 Restart\n"
	                                            "    description: at most 5 restarts in 15 minutes by day\n"
	                                            "    actor: APPC\n"
	                                            "    recipe: Restart\n"
	                                            "    limit_constraints:\n"
	                                            "      - num: 5\n"
	                                            "        duration: PT15M\n"
	                                            "        time_in_range:\n"
	                                            "          arg2: PT5H\n"
	                                            "          arg3: PT24H\n"
	                                            "        blacklist:\n"
	                                            "          - vm_name_1\n"
	                                            "          - vm_name_2\n");
	has_messages(1);
	message_is(0, CLG_MESSAGE_WARNING, "a frequency limiter and a blacklist stand in one guard policy");
}

static void
a_correct_specification_has_no_message(void **state)
{
	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	build();
	assert_true(results->valid);
	has_messages(0);
	build();
	assert_true(results->valid);
	has_messages(0);
}

static void
a_builder_without_policies_gives_the_messages_and_the_exception(void **state)
{
	(void)state;
	build();
	assert_false(results->valid);
	assert_string_equal(results->specification, "guard:\n  version: 2.0.0\nguards: null\n");
	has_messages(3);
	message_is(0, CLG_MESSAGE_ERROR, "ControlLoop Guard should have at least one guard policies");
	message_is(1, CLG_MESSAGE_ERROR, "Guard policies should not be null");
	message_is(2, CLG_MESSAGE_EXCEPTION, "Guard policies should not be null");
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_remove_policy(builder, &restart, &err));
	build();
	assert_false(results->valid);
	has_messages(1);
	message_is(0, CLG_MESSAGE_ERROR, "ControlLoop Guard should have at least one guard policies");
}

static void
a_policy_without_constraint_is_told_twice(void **state)
{
	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	build();
	assert_false(results->valid);
	assert_non_null(results->specification);
	has_messages(2);
	message_is(0, CLG_MESSAGE_ERROR, "Guard policy APPC 5 Restart does not have any limit constraint");
	message_is(1, CLG_MESSAGE_EXCEPTION, "Guard policy APPC 5 Restart does not have any limit constraint");
}

static void
duplicates_are_warnings_and_a_second_id_an_error(void **state)
{
	struct clg_guard_policy other = restart;

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	build();
	assert_true(results->valid);
	has_messages(1);
	message_is(0, CLG_MESSAGE_WARNING, "Guard policy APPC 5 Restart has duplicate limit constraints");
	other.id = "other";
	good(clg_builder_remove_constraint(builder, restart.id, &limit, &err));
	good(clg_builder_add_policy(builder, &other, &err));
	good(clg_builder_add_constraint(builder, "other", &limit, &err));
	build();
	assert_true(results->valid);
	has_messages(0);
	other.id = restart.id;
	other.name = "other";
	good(clg_builder_add_policy(builder, &other, &err));
	build();
	assert_false(results->valid);
	message_is(0, CLG_MESSAGE_ERROR, "a guard policy before has the id 'unique_guard_vUSP_1' too");
}

static void
one_error_makes_the_results_invalid(void **state)
{
	static const int zero = 0;
	const struct clg_constraint none = {.blacklist = NULL}, never = {.num = &zero, .duration = "PT15M"};
	const struct clg_constraint half = {.blacklist = names, .blacklist_count = 2, .active_from = "PT5H"};
	const struct clg_constraint hole = {.blacklist = (const char *const[]){"vm", NULL}, .blacklist_count = 2};

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	for (size_t i = 0; i < 4; i++) {
		const struct clg_constraint *all[] = {&none, &never, &half, &hole}, *bad = all[i];

		good(clg_builder_add_constraint(builder, restart.id, bad, &err));
		build();
		assert_false(results->valid);
		good(clg_builder_remove_constraint(builder, restart.id, bad, &err));
		build();
		assert_true(results->valid);
	}
}

static void
the_version_must_be_2_0_0(void **state)
{
	struct clg_builder *old = clg_builder_new("1.0.0");

	(void)state;
	good(clg_builder_add_policy(old, &restart, &err));
	good(clg_builder_add_constraint(old, restart.id, &limit, &err));
	good(clg_builder_build(old, &results, &err));
	assert_false(results->valid);
	message_is(0, CLG_MESSAGE_ERROR, "the version of the guard must be 2.0.0, not '1.0.0'");
	clg_builder_free(old);
}

static void
policies_are_refused_in_the_words_of_the_reference(void **state)
{
	struct clg_guard_policy bad = restart;

	(void)state;
	refused(clg_builder_add_policy(builder, NULL, &err), CLG_EMISSING, "GuardPolicy must not be null");
	refused(clg_builder_remove_policy(builder, NULL, &err), CLG_EMISSING, "GuardPolicy must not be null");
	refused(clg_builder_remove_policy(builder, &restart, &err), CLG_EUNKNOWN,
	        "No existing guard policies to remove");
	for (int i = 0; i < 4; i++) {
		bad = restart;
		*(const char **[]){&bad.id, &bad.name, &bad.actor, &bad.recipe}[i] = NULL;
		refused(clg_builder_add_policy(builder, &bad, &err), CLG_EMISSING,
		        "Invalid guard policy - some required fields are missing");
	}
	bad = restart;
	bad.description = NULL;
	good(clg_builder_add_policy(builder, &bad, &err));
	refused(clg_builder_remove_policy(builder, &restart, &err), CLG_EUNKNOWN,
	        "Unknown guard policy: APPC 5 Restart");
	good(clg_builder_remove_policy(builder, &bad, &err));
	refused(clg_builder_remove_policy(builder, &bad, &err), CLG_EUNKNOWN, "Unknown guard policy: APPC 5 Restart");
	assert_int_equal(clg_builder_add_policy(builder, NULL, NULL), -CLG_EMISSING);
}

static void
constraints_are_refused_in_the_words_of_the_reference(void **state)
{
	const struct clg_constraint num = {.num = &five}, duration = {.duration = "1h"};
	int (*const calls[])(struct clg_builder *, const char *, const struct clg_constraint *, struct clg_error *) = {
		clg_builder_add_constraint,
		clg_builder_remove_constraint,
	};

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	for (size_t i = 0; i < 2; i++) {
		refused(calls[i](builder, NULL, &limit, &err), CLG_EMISSING,
		        "The id of target guard policy must not be null");
		refused(calls[i](builder, restart.id, NULL, &err), CLG_EMISSING, "Constraint much not be null");
		refused(calls[i](builder, restart.id, &num, &err), CLG_EMISSING,
		        "Invalid guard constraint - some required fields are missing");
		refused(calls[i](builder, restart.id, &duration, &err), CLG_EMISSING,
		        "Invalid guard constraint - some required fields are missing");
		refused(calls[i](builder, "nobody", &limit, &err), CLG_EUNKNOWN,
		        "No existing guard policy matching the id: nobody");
	}
}

static void
an_unknown_constraint_is_shown(void **state)
{
	struct clg_constraint other = limit;

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	other.num = &one;
	refused(clg_builder_remove_constraint(builder, restart.id, &other, &err), CLG_EUNKNOWN,
	        "Unknown guard constraint: Constraint [num=1, duration=PT15M, time_in_range=null, blacklist=null]");
	other = limit;
	other.duration = "1h";
	assert_int_equal(clg_builder_remove_constraint(builder, restart.id, &other, &err), -CLG_EUNKNOWN);
	other = limit;
	other.active_from = "PT5H";
	other.active_until = "PT24H";
	other.blacklist = names;
	other.blacklist_count = 2;
	refused(clg_builder_remove_constraint(builder, restart.id, &other, &err), CLG_EUNKNOWN,
	        "Unknown guard constraint: Constraint [num=5, duration=PT15M, time_in_range={arg2=PT5H, arg3=PT24H}, "
	        "blacklist=[vm_name_1, vm_name_2]]");
	good(clg_builder_add_constraint(builder, restart.id, &other, &err));
	other.blacklist_count = 1;
	assert_int_equal(clg_builder_remove_constraint(builder, restart.id, &other, &err), -CLG_EUNKNOWN);
	other.blacklist_count = 2;
	good(clg_builder_remove_constraint(builder, restart.id, &other, &err));
	assert_int_equal(clg_builder_remove_constraint(builder, restart.id, &other, &err), -CLG_EUNKNOWN);
	other = limit;
	other.blacklist = names;
	assert_int_equal(clg_builder_remove_constraint(builder, restart.id, &other, &err), -CLG_EUNKNOWN);
	good(clg_builder_remove_constraint(builder, restart.id, &limit, &err));
}

static void
a_long_constraint_is_shown_as_far_as_it_goes(void **state)
{
	const char *many[400];
	struct clg_constraint other = {.blacklist = many, .blacklist_count = 400};

	(void)state;
	for (size_t i = 0; i < 400; i++)
		many[i] = i % 7 ? "vm" : NULL;
	good(clg_builder_add_policy(builder, &restart, &err));
	assert_int_equal(clg_builder_remove_constraint(builder, restart.id, &other, &err), -CLG_EUNKNOWN);
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_non_null(strstr(err.text, "blacklist=[null, vm"));
}

static void
all_constraints_of_a_policy_go_at_once(void **state)
{
	(void)state;
	refused(clg_builder_remove_all_constraints(builder, restart.id, &err), CLG_EUNKNOWN, "No guard policies exist");
	good(clg_builder_add_policy(builder, &restart, &err));
	refused(clg_builder_remove_all_constraints(builder, NULL, &err), CLG_EMISSING,
	        "The id of target guard policy must not be null");
	refused(clg_builder_remove_all_constraints(builder, "nobody", &err), CLG_EUNKNOWN,
	        "No existing guard policy matching the id: nobody");
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	good(clg_builder_add_constraint(builder, restart.id, &limit, &err));
	good(clg_builder_remove_all_constraints(builder, restart.id, &err));
	build();
	message_is(0, CLG_MESSAGE_ERROR, "Guard policy APPC 5 Restart does not have any limit constraint");
}

static void
texts_are_copied_and_quoted(void **state)
{
	char id[] = "a: #1";
	struct clg_guard_policy policy = {0, id, "no", NULL, "SO", "VF Module Create"};

	(void)state;
	good(clg_builder_add_policy(builder, &policy, &err));
	good(clg_builder_add_constraint(builder, id, &limit, &err));
	memset(id, 'x', sizeof(id) - 1);
	build();
	assert_true(results->valid);
	assert_non_null(strstr(results->specification, "  - id: \"a: #1\"\n    name: \"no\"\n    actor: SO\n"));
}

static void
text_that_is_no_utf_8_gives_no_specification(void **state)
{
	struct clg_guard_policy policy = restart;

	(void)state;
	policy.name = "\xff";
	good(clg_builder_add_policy(builder, &policy, &err));
	build();
	assert_false(results->valid);
	assert_null(results->specification);
	has_messages(1);
	message_is(0, CLG_MESSAGE_EXCEPTION, "a text that is no UTF-8 or holds a NUL cannot be written as YAML");
}

static void
many_messages_are_counted(void **state)
{
	const struct clg_constraint none = {.num = NULL};

	(void)state;
	good(clg_builder_add_policy(builder, &restart, &err));
	for (int i = 0; i < 1500; i++)
		good(clg_builder_add_constraint(builder, restart.id, &none, &err));
	build();
	assert_false(results->valid);
	has_messages(1001);
	message_is(1000, CLG_MESSAGE_INFO, "501 more messages");
}

static void
nothing_is_freed_safely(void **state)
{
	(void)state;
	clg_builder_free(NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_example_of_the_sdk_builds),
		TEST(a_correct_specification_has_no_message),
		TEST(a_builder_without_policies_gives_the_messages_and_the_exception),
		TEST(a_policy_without_constraint_is_told_twice),
		TEST(duplicates_are_warnings_and_a_second_id_an_error),
		TEST(one_error_makes_the_results_invalid),
		TEST(the_version_must_be_2_0_0),
		TEST(policies_are_refused_in_the_words_of_the_reference),
		TEST(constraints_are_refused_in_the_words_of_the_reference),
		TEST(an_unknown_constraint_is_shown),
		TEST(a_long_constraint_is_shown_as_far_as_it_goes),
		TEST(all_constraints_of_a_policy_go_at_once),
		TEST(texts_are_copied_and_quoted),
		TEST(text_that_is_no_utf_8_gives_no_specification),
		TEST(many_messages_are_counted),
		TEST(nothing_is_freed_safely),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
