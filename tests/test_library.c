/* test_library - the library's structs as programs of another version lay them out, and its version */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

/* What a program sees whose header has members that this library does not know. */
struct later_request {
	struct clg_request request;
	const char *later[3];
};

struct later_operation {
	struct clg_operation operation;
	int64_t later;
};

struct bed {
	struct clg_engine *engine;
	struct clg_session *session;
	char path[64];
};

static const char limiter[] = "type: onap.policies.controlloop.guard.common.FrequencyLimiter\n"
			      "properties: {actor: A, operation: o, limit: 1, timeWindow: 1, timeUnits: day}\n";

static int
bed_open(void **state)
{
	static struct bed bed;
	struct clg_options options = CLG_OPTIONS_INIT;
	const char *paths[] = {bed.path};
	struct clg_error err;
	int file;

	strcpy(bed.path, "/tmp/clguard-library-XXXXXX.yaml");
	file = mkstemps(bed.path, 5);
	if (file < 0 || write(file, limiter, strlen(limiter)) != (ssize_t)strlen(limiter))
		return -1;
	close(file);
	*state = &bed;
	if (clg_open(&options, &bed.engine, &err) != 0 || clg_load(bed.engine, paths, 1, NULL, NULL, &err) != 0)
		return -1;
	return clg_session_open(bed.engine, &bed.session, &err);
}

static int
bed_close(void **state)
{
	struct bed *bed = *state;

	clg_session_close(bed->session);
	clg_close(bed->engine);
	return unlink(bed->path);
}

static void
the_version_is_the_headers(void **state)
{
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof(text), "%d.%d.%d", CLG_VERSION_MAJOR, CLG_VERSION_MINOR, CLG_VERSION_PATCH);
	assert_string_equal(text, CLG_VERSION);
	assert_string_equal(clg_version(), CLG_VERSION);
}

static void
initialisers_name_every_member(void **state)
{
	const struct clg_options options = CLG_OPTIONS_INIT;
	const struct clg_request request = CLG_REQUEST_INIT;
	const struct clg_operation operation = CLG_OPERATION_INIT;
	const struct clg_guard_policy policy = CLG_GUARD_POLICY_INIT;
	const struct clg_constraint constraint = CLG_CONSTRAINT_INIT;
	const struct clg_document document = CLG_DOCUMENT_INIT;

	(void)state;
	assert_int_equal(options.size, sizeof(options));
	assert_int_equal(options.lease_ms, 3600000);
	assert_true(options.map_bytes == (size_t)1 << 36);
	assert_true(options.mode == CLG_STRICT && !options.clock && !options.on_error_permit &&
	            !options.skip_bad_policies);
	assert_int_equal(request.size, sizeof(request));
	assert_int_equal(operation.size, sizeof(operation));
	assert_int_equal(policy.size, sizeof(policy));
	assert_int_equal(constraint.size, sizeof(constraint));
	assert_int_equal(document.size, sizeof(document));
}

static void
arrays_are_walked_by_the_size_of_their_elements(void **state)
{
	struct bed *bed = *state;
	struct later_operation rows[2];
	struct later_request asked[3];
	struct clg_decision decisions[3];
	struct clg_error err;

	for (int i = 0; i < 2; i++) {
		rows[i] = (struct later_operation){
			{.size = sizeof(rows[i]), .actor = "A", .operation = "o", .outcome = "Success"}, -1};
		rows[i].operation.target = i ? "t2" : "t1";
	}
	assert_int_equal(clg_record(bed->engine, &rows[0].operation, 2, &err), 0);
	for (int i = 0; i < 3; i++) {
		asked[i] = (struct later_request){{.size = sizeof(asked[i]), .actor = "A", .operation = "o"},
		                                  {"x", "y", "z"}};
		asked[i].request.target = i == 0 ? "t1" : i == 1 ? "t2" : "t3";
	}
	assert_int_equal(clg_decide_batch(bed->session, &asked[0].request, 3, decisions), 0);
	assert_int_equal(decisions[0].effect, CLG_DENY);
	assert_int_equal(decisions[1].effect, CLG_DENY);
	assert_int_equal(decisions[2].effect, CLG_PERMIT);
}

static void
a_size_of_nought_is_the_first_versions(void **state)
{
	struct bed *bed = *state;
	const struct clg_request asked[2] = {{.actor = "A", .operation = "o", .target = "t3"},
	                                     {.actor = "A", .operation = "o", .target = "t1"}};
	struct clg_decision decisions[2];

	assert_int_equal(clg_decide_batch(bed->session, asked, 2, decisions), 0);
	assert_int_equal(decisions[0].effect, CLG_PERMIT);
	assert_int_equal(decisions[1].effect, CLG_DENY);
	for (size_t i = 0; i < sizeof(decisions[1].reserved) / sizeof(*decisions[1].reserved); i++)
		assert_null(decisions[1].reserved[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_is_the_headers),
		cmocka_unit_test(initialisers_name_every_member),
		cmocka_unit_test(arrays_are_walked_by_the_size_of_their_elements),
		cmocka_unit_test(a_size_of_nought_is_the_first_versions),
	};

	return cmocka_run_group_tests(tests, bed_open, bed_close);
}
