/* test_report - the results of policy tests for programs: JSON, and JUnit's XML for build servers */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_TEST_REPORT_H
#define API_CLI_TEST_REPORT_H

#include <stdio.h>

#include "api/cli/policy_test.h"

/* {"passed", "failed", "tests": [{"file", "line", "column", "name", "passed", "text"?}]} on one line. */
void test_report_json(const struct test_run *run, FILE *out);

/*
 * <testsuites> with a <testsuite> for each file. source  the schema that Jenkins and GitLab read. 0, or -1 when it cannot be
 * written.
 */
int test_report_junit(const struct test_run *run, const char *path);

#endif
