/* types_fixture - documents from text, their types and policies: for the tests of policytypes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TYPES_FIXTURE_H
#define TESTS_TYPES_FIXTURE_H

#include "policytypes/template.h"

struct types_fixture {
	struct arena builtin_arena, arena, findings_arena;
	const struct catalogue *builtin;
	struct catalogue *catalogue; /* over builtin */
	struct policy_list policies;
	struct diags diags;
	char text[8192]; /* of the last types_findings */
};

int types_setup(void **state); /* *state: a struct types_fixture */
int types_teardown(void **state);

/* Forgets all but the built-in types. */
void types_begin(struct types_fixture *fixture);

/* Reads a document: declares its types, appends its policies. A document that cannot be read fails the test. */
void types_add(struct types_fixture *fixture, const char *file, const char *text);

/* types_begin, types_add, catalogue_resolve. The text is printf's. */
void types_load(struct types_fixture *fixture, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* policy_check on all policies; how many were good. */
size_t types_check(struct types_fixture *fixture);

/* "LINE:COLUMN: severity: text\n" of each finding, or without places "severity: text\n"; until the next call. */
const char *types_findings(struct types_fixture *fixture, bool places);

#endif
