/* test_scope - which requests a guard is for */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/kinds.h"
#include "guards/text_set.h"
#include "tests/cmocka_all.h"
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
a_pattern_sees_both_spellings_of_an_operation(void **state)
{
	struct fixture *f = *state;
	struct scope scope = {0};
	struct scope_term *operation = &scope.term[ATTRIBUTE_OPERATION];
	struct request create = {.attribute[ATTRIBUTE_OPERATION] = STR("VF Module Create")};

	*operation = term(f, ATTRIBUTE_OPERATION, GUARD_STRICT, "/VFModule.*/");
	assert_int_equal(scope_match(&scope, &create, f->scratch), 1);
	assert_int_equal(match(f, &scope, "operation=Restart"), 0);
	*operation = term(f, ATTRIBUTE_OPERATION, GUARD_STRICT, "/VF Module .*/");
	assert_int_equal(scope_match(&scope, &create, f->scratch), 1);
	*operation = term(f, ATTRIBUTE_OPERATION, GUARD_STRICT, "/VFModuleDelete/");
	assert_int_equal(scope_match(&scope, &create, f->scratch), 0);
	*operation = term(f, ATTRIBUTE_OPERATION, GUARD_STRICT, "/re.*/");
	assert_int_equal(match(f, &scope, "operation=Reroute"), 1);
	assert_int_equal(match(f, &scope, "operation=Restart"), 0);
	scope = (struct scope){.term[ATTRIBUTE_TARGET] = term(f, ATTRIBUTE_TARGET, GUARD_STRICT, "/re.*/")};
	assert_int_equal(match(f, &scope, "target=Reroute"), 0);
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
hold(struct fixture *f, uint32_t count)
{
	const struct hash_key key = {1, 2};
	struct text_set *set = text_set_new(count + 2, &key, &f->arena);
	uint32_t line = 0;

	assert_non_null(set);
	for (uint32_t i = 0; i < count; i++)
		text_set_announce(set, str_from(arena_printf(&f->arena, "vnf-west-%u", i)));
	text_set_announce(set, STR("vnf-west-0"));
	text_set_announce(set, STR(""));
	assert_int_equal(text_set_layout(set, &f->arena), 0);
	for (uint32_t i = 0; i < count; i++)
		text_set_add(set, str_from(arena_printf(&f->arena, "vnf-west-%u", i)), i);
	text_set_add(set, STR("vnf-west-0"), count + 1);
	assert_false(text_set_has(set, STR(""), NULL));
	text_set_add(set, STR(""), count);
	assert_true(text_set_has(set, STR(""), &line));
	assert_int_equal(line, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(text_set_has(set, str_from(arena_printf(&f->arena, "vnf-west-%u", i)), &line));
		assert_int_equal(line, i);
		assert_false(text_set_has(set, str_from(arena_printf(&f->arena, "vnf-west-%u", i + count)), NULL));
	}
	assert_false(text_set_has(set, STR("vnf-west-"), NULL));
}

/* In small sets runs of slots often wrap around the end. */
static void
a_text_set_holds_what_was_added_and_nothing_else(void **state)
{
	for (uint32_t count = 1; count < 100; count++)
		hold(*state, count);
	hold(*state, 3000);
}

/* Whatever byte of a text is another one, it is another text; and what comes out is what went in. */
static void
every_byte_of_a_text_matters(void **state)
{
	struct fixture *f = *state;

	for (size_t len = 0; len <= 40; len++) {
		struct text_set *set = text_set_new(1, NULL, &f->arena);
		char text[40];
		struct str found;
		size_t at = 0;

		assert_non_null(set);
		for (size_t i = 0; i < len; i++)
			text[i] = (char)('A' + i);
		text_set_announce(set, (struct str){text, len});
		assert_int_equal(text_set_layout(set, &f->arena), 0);
		text_set_add(set, (struct str){text, len}, 1);
		assert_true(text_set_has(set, (struct str){text, len}, NULL));
		for (size_t i = 0; i < len; i++) {
			text[i] ^= 0x20;
			assert_false(text_set_has(set, (struct str){text, len}, NULL));
			text[i] ^= 0x20;
		}
		assert_true(text_set_next(set, &at, &found));
		assert_true(str_equal(found, (struct str){text, len}));
		assert_false(text_set_next(set, &at, &found));
	}
}

/* Around the size up to which a slot holds the text itself, short and long ones in one set. */
static void
a_text_set_holds_texts_of_every_size(void **state)
{
	struct fixture *f = *state;
	struct text_set *set = text_set_new(200, NULL, &f->arena);
	char text[1200];
	uint32_t line;

	assert_non_null(set);
	memset(text, 'a', sizeof(text));
	for (size_t len = 0; len < 200; len++)
		text_set_announce(set, (struct str){text, len * 3});
	assert_int_equal(text_set_layout(set, &f->arena), 0);
	for (size_t len = 0; len < 200; len++)
		text_set_add(set, (struct str){text, len * 3}, (uint32_t)len);
	for (size_t len = 0; len < 600; len++) {
		bool in = text_set_has(set, (struct str){text, len}, &line);

		assert_true(in == (len % 3 == 0));
		assert_true(!in || line == len / 3);
	}
	for (size_t len = 3; len < 600; len += 3) {
		text[len - 1] = 'b';
		assert_false(text_set_has(set, (struct str){text, len}, NULL));
		text[len - 1] = 'a';
	}
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
		TEST(a_pattern_sees_both_spellings_of_an_operation),
		TEST(a_pattern_that_cannot_be_decided_is_an_error),
		TEST(bad_and_blank_terms_are_refused_in_strict_mode),
		TEST(a_list_matches_any_of_its_texts),
		TEST(seed_spellings_of_operations_are_folded_in_strict_mode_only),
		TEST(attributes_are_found_by_their_exact_key),
		TEST(a_text_set_holds_what_was_added_and_nothing_else),
		TEST(every_byte_of_a_text_matters),
		TEST(a_text_set_holds_texts_of_every_size),
		TEST(an_empty_text_set_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
