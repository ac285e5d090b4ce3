/* simulate - plays a script of events and results through operational policies, in virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/simulate_priv.h"

#include "engine/simulation/operational_set.h"
#include "engine/simulation/sandbox.h"

const struct simulate_options simulate_options_default = {.steps_max = 10000000};

bool
simulate_compile(json_t *script, const struct simulate_options *options, struct arena *arena,
                 const struct operational **ret, struct diags *diags)
{
	const json_t *more = json_object_get(script, "more_policies");
	size_t count = 0, texts = json_array_size(more);
	struct document *documents = arena_array(arena, options->policy_count + texts + 1, sizeof(*documents));

	*ret = NULL;
	if (!documents) {
		diags_error(diags, NULL, "no memory for the policies");
		return false;
	}
	for (size_t i = 0; i < options->policy_count; i++)
		documents[count++] = options->policies[i];
	for (size_t i = 0; i <= texts; i++) {
		const json_t *text = i == 0 ? json_object_get(script, "policy") : json_array_get(more, i - 1);
		const char *name = i == 0 ? "policy" : arena_printf(arena, "more_policies[%zu]", i - 1);

		if (!text)
			continue;
		if (!json_is_string(text) || !name) {
			diags_add(diags, SEVERITY_ERROR, "OPV-00", NULL, "a policy of the script must be text");
			return false;
		}
		documents[count++] =
			(struct document){.name = name, .bytes = {json_string_value(text), json_string_length(text)}};
	}
	return operational_set_compile(documents, count, arena, ret, diags);
}

/* [code, severity, path] of each finding. */
static json_t *
diagnostics(const struct diags *diags)
{
	json_t *list = json_array();

	for (const struct diag *diag = diags->first; list && diag; diag = diag->next) {
		json_t *item = json_pack("[s, s, s]", diag->code ? diag->code : "OPV-00", severity_name(diag->severity),
		                         diag->code ? diag->path : "/");

		if (json_array_append_new(list, item) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *
result_new(const struct diags *diags)
{
	const char *compile = diags->count[SEVERITY_ERROR]     ? "error"
	                      : diags->count[SEVERITY_WARNING] ? "warning"
	                                                       : "ok";
	json_t *list = diagnostics(diags);

	return list ? json_pack("{s:s, s:o}", "compile", compile, "diagnostics", list) : NULL;
}

static int
play(struct script *script, const struct operational *policies, const struct simulate_options *options,
     struct recorder *recorder, struct diags *diags, struct error *err)
{
	struct engine_options engine_options = engine_options_default;
	struct sandbox *sandbox = NULL;
	int r;

	engine_options.mode = options->mode;
	if (options->guards) {
		r = sandbox_open(&engine_options, options->guards, options->guard_count, &sandbox, diags);
		if (r < 0)
			return error_set(err, error_from(r), NULL, "the guards have errors");
	}
	r = simulate_play(script, policies, options, sandbox, recorder, err);
	sandbox_close(sandbox);
	return r;
}

int
simulate(json_t *json, const struct simulate_options *options, json_t **ret, struct diags *diags, struct error *err)
{
	const struct operational *policies = NULL;
	struct recorder recorder = {0};
	struct script script;
	struct arena arena;
	json_t *result = NULL;
	bool runs;
	int r;

	arena_init(&arena, 0);
	r = script_read(json, &arena, &script, err);
	if (r == 0) {
		runs = simulate_compile(json, options, &arena, &policies, diags);
		result = result_new(diags);
		if (!result || recorder_init(&recorder, script.event_count, options, script.start_ms, &arena) < 0)
			r = error_set(err, ERROR_MEMORY, NULL, "no memory for the simulation");
		else if (runs)
			r = play(&script, policies, options, &recorder, diags, err);
	}
	if (r == 0 && recorder_result(&recorder, result) < 0)
		r = error_set(err, ERROR_MEMORY, NULL, "no memory for the simulation");
	recorder_done(&recorder);
	arena_free(&arena);
	if (r == 0)
		*ret = result;
	else
		json_decref(result);
	return r;
}
