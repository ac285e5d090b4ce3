/* policy_test - one file of policy tests */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_POLICY_TEST_H
#define API_CLI_POLICY_TEST_H

#include <stdio.h>

#include "base/arena.h"
#include "guards/guard.h"

/* A guard seen by the tests so far, and whether a request reached it: it was in scope and in force. */
struct covered {
	struct covered *next;
	const char *file;
	uint32_t line;
	const char *policy;
	bool reached;
};

/* The outcome of one test; in the run's arena. */
struct test_result {
	struct test_result *next;
	const char *file, *name;
	const char *failure; /* NULL: it passed */
	uint32_t line, column;
};

struct test_run {
	FILE *out;
	bool kept; /* results are kept, for a report */
	bool json; /* nothing is printed on the way */
	struct test_result *results, **link;
	enum guard_mode mode; /* where a file does not say */
	bool verbose;         /* tell of what passes too */
	size_t passed, failed;
	struct arena arena; /* of the guards seen */
	struct covered *guards;
};

/*
 * Runs the tests of one file: a map with
 *   mode      strict or onap
 *   policies  file names, relative to the test file, or documents as text (several lines)
 *   history   rows entered before the first request
 *   now       RFC 3339, for all requests that have none of their own
 *   requests  list of {name, now, history, request, perform, expect}: request is a decision request or the inside of its
 *             resource.guard; perform: true enters the operation as done when it is permitted; expect any of {decision,
 *             reason, policy, missing, file, line, used, limit, window, permit_at, change, shadow, status}
 *   refused   instead of requests: a text that an error finding must contain, or a list of them
 * 1 when the file holds tests, 0 when it is another kind of document, a negative code when it cannot be read (told on out).
 */
int policy_test_run(struct test_run *run, const char *path);

#endif
