/* test_scope - which requests a guard is for */
/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "guards/parts.h"
#include "guards/text_set.h"
#include "tests/guard_fixture.h"

static struct scope_term
term(struct fixture *fixture, enum attribute attribute, enum guard_mode mode, const char *text)
{
	struct scope_term term;

	assert_true(scope_term_compile(&term, attribute, str_from(text), mode, NULL, &fixture->arena, &fixture->diags));
	return term;
}

static bool
refused(struct fixture *fixture, const char *text)
{
	struct scope_term term;

	return !scope_term_compile(&term, ATTRIBUTE_ACTOR, str_from(text), GUARD_STRICT, NULL, &fixture->arena,
	                           &fixture->diags) &&
	       fixture->diags.count[SEVERITY_ERROR] > 0;
}

static int
match(struct fixture *fixture, const struct scope *scope, const char *text)
{
	struct request request = fixture_request(fixture, text);

	return scope_match(scope, &request, fixture->scratch);
}

static void
exact_text_is_compared_case_sensitively_and_untrimmed(void **state)
{
	struct fixture *f = *state;
	struct scope scope = {0};

	scope.term[ATTRIBUTE_ACTOR] = term(f, ATTRIBUTE_ACTOR, GUARD_STRICT, "SO");
	scope.term[ATTRIBUTE_TARGET] = term(f, ATTRIBUTE_TARGET, GUARD_STRICT, "vm-1");
	assert_int_equal(match(f, &scope, "actor=SO target=vm-1 operation=Restart"), 1);
	assert_int_equal(match(f, &scope, "actor=so target=vm-1"), 0);
	assert_int_equal(match(f, &scope, "actor=SO_ target=vm-1"), 0);
	assert_int_equal(match(f, &scope, "actor=SO target=vm-11"), 0);
}

static void
an_absent_attribute_matches_dot_star_only(void **state)
{
	struct fixture *f = *state;
	struct scope scope = {0};

	assert_int_equal(match(f, &scope, ""), 1);
	scope.term[ATTRIBUTE_CLNAME] = term(f, ATTRIBUTE_CLNAME, GUARD_STRICT, ".*");
	assert_int_equal(match(f, &scope, ""), 1);
	scope.term[ATTRIBUTE_CLNAME] = term(f, ATTRIBUTE_CLNAME, GUARD_STRICT, "/.*/");
	assert_int_equal(match(f, &scope, ""), 0);
	assert_int_equal(match(f, &scope, "clname=x"), 1);
	scope.term[ATTRIBUTE_CLNAME] = term(f, ATTRIBUTE_CLNAME, GUARD_STRICT, "x");
	assert_int_equal(match(f, &scope, ""), 0);
}

static void
slashes_are_a_pattern_in_strict_mode_and_text_in_onap_mode(void **state)
{
	struct fixture *f = *state;
	struct scope scope = {0};

	scope.term[ATTRIBUTE_TARGET] = term(f, ATTRIBUTE_TARGET, GUARD_STRICT, "/vm-[0-9]+/");
	assert_int_equal(match(f, &scope, "target=vm-12"), 1);
	assert_int_equal(match(f, &scope, "target=vm-12x"), 0);
	assert_int_equal(match(f, &scope, "target=xvm-12"), 0);
	scope.term[ATTRIBUTE_TARGET] = term(f, ATTRIBUTE_TARGET, GUARD_ONAP, "/vm-[0-9]+/");
	assert_int_equal(match(f, &scope, "target=vm-12"), 0);
	assert_int_equal(match(f, &scope, "target=/vm-[0-9]+/"), 1);
}

static void
a_pattern_that_cannot_be_decided_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct scope scope = {0};
	char request[600] = "target=";

	memset(request + 7, 'a', 400);
	scope.term[ATTRIBUTE_TARGET] = term(f, ATTRIBUTE_TARGET, GUARD_STRICT, "/(a+)+(a+)+[bc]/");
	assert_true(match(f, &scope, request) < 0);
}

static void
bad_and_blank_terms_are_refused_in_strict_mode(void **state)
{
	struct fixture *f = *state;

	assert_true(refused(f, "/vm-[/"));
	assert_true(refused(f, ""));
	assert_true(refused(f, "  "));
	assert_int_equal(term(f, ATTRIBUTE_ACTOR, GUARD_ONAP, "").kind, TERM_EXACT);
	assert_int_equal(term(f, ATTRIBUTE_ACTOR, GUARD_STRICT, "/").kind, TERM_EXACT);
}

static void
a_list_matches_any_of_its_texts(void **state)
{
	struct fixture *f = *state;
	const struct str list[] = {STR("vm-1"), STR("vm-2")};
	struct scope scope = {0};

	scope.term[ATTRIBUTE_TARGET] = (struct scope_term){.kind = TERM_LIST, .list = list, .list_count = 2};
	assert_int_equal(match(f, &scope, "target=vm-2"), 1);
	assert_int_equal(match(f, &scope, "target=vm-3"), 0);
	assert_int_equal(match(f, &scope, ""), 0);
}

static void
seed_spellings_of_operations_are_folded_in_strict_mode_only(void **state)
{
	struct fixture *f = *state;

	assert_true(str_is(operation_canonical(STR("VFModuleCreate")), "VF Module Create"));
	assert_true(str_is(operation_canonical(STR("VFModuleDelete")), "VF Module Delete"));
	assert_true(str_is(operation_canonical(STR("reroute")), "Reroute"));
	assert_true(str_is(operation_canonical(STR("Restart")), "Restart"));
	assert_null(operation_canonical(STR_NONE).ptr);
	assert_true(str_is(term(f, ATTRIBUTE_OPERATION, GUARD_STRICT, "VFModuleCreate").text, "VF Module Create"));
	assert_true(str_is(term(f, ATTRIBUTE_OPERATION, GUARD_ONAP, "VFModuleCreate").text, "VFModuleCreate"));
	assert_true(str_is(term(f, ATTRIBUTE_ACTOR, GUARD_STRICT, "reroute").text, "reroute"));
}

static void
attributes_are_found_by_their_exact_key(void **state)
{
	(void)state;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		assert_int_equal(attribute_find(str_from(attribute_key[i])), i);
	assert_int_equal(attribute_find(STR("Actor")), -1);
	assert_int_equal(attribute_find(STR("")), -1);
	assert_int_equal(attribute_find(STR_NONE), -1);
}

static void
a_text_set_holds_what_was_added_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	const struct hash_key key = {1, 2};
	struct text_set *set = text_set_new(3000, &key, &f->arena);
	uint32_t line = 0;

	assert_non_null(set);
	for (uint32_t i = 0; i < 3000; i++)
		text_set_announce(set, str_from(arena_printf(&f->arena, "vm-%u", i)));
	text_set_announce(set, STR("vm-7"));
	text_set_announce(set, STR(""));
	assert_int_equal(text_set_layout(set, &f->arena), 0);
	for (uint32_t i = 0; i < 3000; i++)
		text_set_add(set, str_from(arena_printf(&f->arena, "vm-%u", i)), i);
	text_set_add(set, STR("vm-7"), 99);
	assert_false(text_set_has(set, STR(""), NULL));
	text_set_add(set, STR(""), 3000);
	assert_true(text_set_has(set, STR(""), &line));
	assert_int_equal(line, 3000);
	for (uint32_t i = 0; i < 3000; i++) {
		assert_true(text_set_has(set, str_from(arena_printf(&f->arena, "vm-%u", i)), &line));
		assert_int_equal(line, i);
		assert_false(text_set_has(set, str_from(arena_printf(&f->arena, "vm-%u", i + 3000)), NULL));
	}
	assert_false(text_set_has(set, STR("vm-"), NULL));
}

static void
texts_of_one_bucket_and_one_tag_are_told_apart(void **state)
{
	struct fixture *f = *state;
	const struct hash_key key = {0, 0};
	struct text_set *set = text_set_new(1, NULL, &f->arena);
	uint64_t tag = hash_str(&key, STR("vm-000000")) & 0xffff;
	char other[16] = "";

	assert_non_null(set);
	text_set_announce(set, STR("vm-000000"));
	assert_int_equal(text_set_layout(set, &f->arena), 0);
	text_set_add(set, STR("vm-000000"), 1);
	for (unsigned i = 1; i < 1000000; i++) {
		(void)snprintf(other, sizeof(other), "vm-%06u", i);
		if ((hash_str(&key, str_from(other)) & 0xffff) == tag)
			break;
	}
	assert_int_equal(hash_str(&key, str_from(other)) & 0xffff, tag);
	assert_false(text_set_has(set, str_from(other), NULL));
	assert_true(text_set_has(set, STR("vm-000000"), NULL));
}

static void
an_empty_text_set_has_nothing(void **state)
{
	struct fixture *f = *state;
	struct text_set *set = text_set_new(0, NULL, &f->arena);

	assert_non_null(set);
	assert_int_equal(text_set_layout(set, &f->arena), 0);
	assert_false(text_set_has(set, STR(""), NULL));
	assert_false(text_set_has(set, STR("a"), NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exact_text_is_compared_case_sensitively_and_untrimmed),
		TEST(an_absent_attribute_matches_dot_star_only),
		TEST(slashes_are_a_pattern_in_strict_mode_and_text_in_onap_mode),
		TEST(a_pattern_that_cannot_be_decided_is_an_error),
		TEST(bad_and_blank_terms_are_refused_in_strict_mode),
		TEST(a_list_matches_any_of_its_texts),
		TEST(seed_spellings_of_operations_are_folded_in_strict_mode_only),
		TEST(attributes_are_found_by_their_exact_key),
		TEST(a_text_set_holds_what_was_added_and_nothing_else),
		TEST(texts_of_one_bucket_and_one_tag_are_told_apart),
		TEST(an_empty_text_set_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
