/* test_error - what went wrong, where, in whose words */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdlib.h>

#include "base/node.h"
#include "tests/cmocka_all.h"

/* {policies: [{limit: ...}]}, the limit at 7:9 of "guard.yaml" */
struct document {
	struct node root, policies, policy, limit;
};

static void
document_make(struct document *doc)
{
	*doc = (struct document){
		.root = {.kind = NODE_MAP, .line = 1, .column = 1, .file = "guard.yaml"},
		.policies = {.kind = NODE_LIST, .line = 2, .column = 3, .key = STR("policies")},
		.policy = {.kind = NODE_MAP, .line = 3, .column = 5},
		.limit = {.kind = NODE_INT, .line = 7, .column = 9, .key = STR("limit")},
	};
	node_append(&doc->root, &doc->policies);
	node_append(&doc->policies, &doc->policy);
	node_append(&doc->policy, &doc->limit);
}

static void
the_first_error_wins(void **state)
{
	struct error err = {0};
	struct document doc;

	(void)state;
	document_make(&doc);
	assert_int_equal(error_set(&err, ERROR_RANGE, &doc.limit, "limit '%d' is below %d", 0, 1), -ERROR_RANGE);
	assert_int_equal(error_set(&err, ERROR_TYPE, NULL, "later"), -ERROR_TYPE);
	assert_int_equal(error_set_at(&err, ERROR_IO, 1, 2, "later"), -ERROR_IO);
	assert_int_equal(err.code, ERROR_RANGE);
	assert_int_equal(err.line, 7);
	assert_int_equal(err.column, 9);
	assert_string_equal(err.path, "policies[0].limit");
	assert_string_equal(err.text, "limit '0' is below 1");
}

static void
nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, ERROR_MEMORY, NULL, "out of memory"), -ERROR_MEMORY);
	assert_int_equal(error_set_at(NULL, ERROR_IO, 1, 1, "cannot read"), -ERROR_IO);
}

static void
a_place_can_be_numbers_or_none(void **state)
{
	struct error err = {0};

	(void)state;
	(void)error_set_at(&err, ERROR_SYNTAX, 3, 4, "x");
	assert_int_equal(err.line, 3);
	assert_int_equal(err.column, 4);
	assert_string_equal(err.path, "");
	err = (struct error){0};
	(void)error_set(&err, ERROR_IO, NULL, "x");
	assert_int_equal(err.line, 0);
	assert_string_equal(err.path, "");
}

static void
control_characters_and_bad_bytes_are_shown_as_escapes(void **state)
{
	struct error err = {0};

	(void)state;
	(void)error_set(&err, ERROR_TYPE, NULL, "'%s'",
	                "a\nb\tc\rd\x1b[0m\x7f|\xc2\x9b|\xff|\xe2\x82|\xc3\xa9|\xe2\x82\xac");
	assert_string_equal(err.text, "'a\\nb\\tc\\rd\\x1b[0m\\x7f|\\xc2\\x9b|\\xff|\\xe2\\x82|\xc3\xa9|\xe2\x82\xac'");
}

static void
messages_are_cut_with_dots_between_characters(void **state)
{
	char text[ERROR_TEXT_SIZE + 10];
	struct error err = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	text[ERROR_TEXT_SIZE - 1] = '\0'; /* just fits */
	(void)error_set(&err, ERROR_TYPE, NULL, "%s", text);
	assert_string_equal(err.text, text);

	text[ERROR_TEXT_SIZE - 1] = 'x';
	text[ERROR_TEXT_SIZE] = '\0'; /* one more */
	err = (struct error){0};
	(void)error_set(&err, ERROR_TYPE, NULL, "%s", text);
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
	assert_string_equal(err.text + ERROR_TEXT_SIZE - 5, "x...");

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	for (size_t shift = 0; shift < 2; shift++) {
		err = (struct error){0};
		(void)error_set(&err, ERROR_TYPE, NULL, "%s%s", shift ? "x" : "", text);
		assert_true(strlen(err.text) >= ERROR_TEXT_SIZE - 3);
		assert_string_equal(err.text + strlen(err.text) - 5, "\xc3\xa9...");
	}
}

static void
codes_and_severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(error_name(ERROR_NONE), "none");
	assert_string_equal(error_name(ERROR_DUPLICATE), "duplicate");
	assert_string_equal(error_name(ERROR_INTERNAL), "internal");
	assert_string_equal(error_name((enum error_code)99), "unknown code");
	assert_string_equal(severity_name(SEVERITY_INFO), "info");
	assert_string_equal(severity_name(SEVERITY_ERROR), "error");
}

static void
findings_keep_their_order_file_place_and_path(void **state)
{
	struct error err = {.code = ERROR_SYNTAX, .line = 5, .column = 6, .path = "p", .text = "bad"};
	struct document doc;
	struct diags diags;
	struct arena arena;
	const struct diag *diag;

	(void)state;
	document_make(&doc);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	diags_error(&diags, &doc.limit, "limit is %s", "low");
	diags_add(&diags, SEVERITY_WARNING, "OPV-11", NULL, "nowhere");
	diags_add_error(&diags, "other.yaml", &err);
	assert_int_equal(diags.kept, 3);
	assert_int_equal(diags.count[SEVERITY_ERROR], 2);
	assert_int_equal(diags.count[SEVERITY_WARNING], 1);
	assert_int_equal(diags.count[SEVERITY_INFO], 0);

	diag = diags.first;
	assert_int_equal(diag->severity, SEVERITY_ERROR);
	assert_null(diag->code);
	assert_string_equal(diag->file, "guard.yaml");
	assert_ptr_not_equal(diag->file, doc.root.file); /* the tree may go */
	assert_int_equal(diag->line, 7);
	assert_int_equal(diag->column, 9);
	assert_string_equal(diag->path, "policies[0].limit");
	assert_string_equal(diag->text, "limit is low");
	diag = diag->next;
	assert_int_equal(diag->severity, SEVERITY_WARNING);
	assert_string_equal(diag->code, "OPV-11");
	assert_string_equal(diag->file, "");
	assert_int_equal(diag->line, 0);
	diag = diag->next;
	assert_string_equal(diag->file, "other.yaml");
	assert_int_equal(diag->line, 5);
	assert_string_equal(diag->path, "p");
	assert_string_equal(diag->text, "bad");
	assert_ptr_equal(diag, diags.last);
	assert_null(diag->next);
	arena_free(&arena);
}

static void
an_error_after_a_thousand_warnings_is_kept(void **state)
{
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	for (int i = 0; i <= DIAGS_MAX; i++)
		diags_add(&diags, SEVERITY_WARNING, NULL, NULL, "warning %d", i);
	diags_error(&diags, NULL, "the error");
	diags_error(&diags, NULL, "another one");
	assert_int_equal(diags.kept, DIAGS_MAX);
	assert_string_equal(diags.last->text, "the error");
	assert_int_equal(diags.last->severity, SEVERITY_ERROR);
	assert_int_equal(diags.count[SEVERITY_ERROR], 2);
	arena_free(&arena);
}

static void
a_thousand_findings_are_kept_and_the_rest_counted(void **state)
{
	struct diags diags;
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	for (int i = 1; i <= DIAGS_MAX + 1; i++) {
		diags_error(&diags, NULL, "finding %d", i);
		assert_int_equal(diags.kept, i <= DIAGS_MAX ? i : DIAGS_MAX);
		assert_int_equal(diags.count[SEVERITY_ERROR], i);
	}
	assert_string_equal(diags.last->text, "finding 1000");
	arena_free(&arena);
}

static void
findings_are_counted_when_memory_is_out(void **state)
{
	struct document doc;

	(void)state;
	document_make(&doc);
	for (size_t limit = 16;; limit += 16) {
		struct diags diags;
		struct arena arena;
		size_t listed = 0;

		arena_init(&arena, limit);
		diags_init(&diags, &arena);
		diags_error(&diags, &doc.limit, "first");
		diags_error(&diags, &doc.limit, "second");
		assert_int_equal(diags.count[SEVERITY_ERROR], 2);
		for (const struct diag *diag = diags.first; diag; diag = diag->next) {
			assert_string_equal(diag->file, "guard.yaml");
			assert_non_null(diag->text);
			assert_non_null(diag->path);
			listed++;
		}
		assert_int_equal(listed, diags.kept);
		arena_free(&arena);
		if (listed == 2)
			break;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_error_wins),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_place_can_be_numbers_or_none),
		cmocka_unit_test(control_characters_and_bad_bytes_are_shown_as_escapes),
		cmocka_unit_test(messages_are_cut_with_dots_between_characters),
		cmocka_unit_test(codes_and_severities_have_names),
		cmocka_unit_test(findings_keep_their_order_file_place_and_path),
		cmocka_unit_test(a_thousand_findings_are_kept_and_the_rest_counted),
		cmocka_unit_test(an_error_after_a_thousand_warnings_is_kept),
		cmocka_unit_test(findings_are_counted_when_memory_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
