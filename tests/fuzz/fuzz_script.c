/* fuzz_script - whatever the script, a simulation ends, and leaves no row of the history open */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/simulation/simulate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_result(const json_t *result)
{
	static const char *const members[] = {"compile",       "diagnostics", "sequence",      "final",
	                                      "notifications", "history",     "guard_requests"};
	const json_t *row;
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!json_object_get(result, members[i]))
			abort();
	}
	json_array_foreach(json_object_get(result, "history"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "outcome")), "Started") == 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct simulate_options options = simulate_options_default;
	json_t *script = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL), *result = NULL;
	struct arena arena;
	struct error err = {0};
	struct diags diags;
	int r;

	if (!script)
		return 0;
	options.steps_max = 2000;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = simulate(script, &options, &result, &diags, &err);
	if (r != -(int)err.code || (r < 0 && !err.text[0]))
		abort();
	if (r == 0)
		check_result(result);
	json_decref(result);
	json_decref(script);
	arena_free(&arena);
	return 0;
}
