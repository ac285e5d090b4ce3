/* policy_test_priv - what the files of the policy tests share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_POLICY_TEST_PRIV_H
#define API_CLI_POLICY_TEST_PRIV_H

#include "api/cli/policy_test.h"
#include "base/node.h"
#include "engine/simulation/sandbox.h"

/* One file on its way. */
struct test_file {
	struct test_run *run;
	const char *path;
	const struct node *root;
	enum guard_mode mode;
	int64_t now_ms;
	struct sandbox *sandbox;
	struct arena *arena;
};

/* One request's outcome, as the texts that `expect` names. */
struct test_outcome {
	const struct decision *decision;
	const struct guard_result *told; /* the guard that denied, else the first that spoke; may be NULL */
	const char *status;
};

/* Counts a failure and prints it with its place. name: of the test. */
void test_fail(struct test_file *file, const struct node *at, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void test_pass(struct test_file *file, const struct node *at, const char *name);

/* The outcome against the `expect` of a test: passes or fails it. */
void outcome_compare(struct test_file *file, const struct node *test, const char *name,
                     const struct test_outcome *outcome);

/* Coverage: the guards of the file's policies are there to be reached; one that spoke, in scope and in force, is. */
void coverage_add(struct test_file *file);
void coverage_reach(struct test_file *file, const struct guard_result *result);

#endif
