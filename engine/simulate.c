/* simulate - plays a script of events and results through operational policies, in virtual time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulate_priv.h"

#include "engine/policyset.h"
#include "engine/trial.h"

const struct simulate_options simulate_options_default = {.steps_max = 10000000};

/* Documents of a compilation, and what all of them know: types and actors. */
struct library {
	struct node **roots;
	size_t count;
	struct catalogue *catalogue;
	struct registry *registry;
};

static void
read_document(struct library *library, const struct document *document, struct arena *arena, struct diags *diags)
{
	struct error err = {0};
	struct node *root;
	size_t kept = diags->kept;

	if (document_read(document->bytes, document->name, &document_limits_default, arena, &root, &err) == 0) {
		library->roots[library->count++] = root;
		return;
	}
	diags_add_error(diags, document->name, &err);
	if (diags->kept > kept && err.code != ERROR_MEMORY) {
		diags->last->code = "OPV-00";
		diags->last->path = "/";
	}
}

/* The script's own policies are texts. False when one is none. */
static bool
read_texts(json_t *script, struct library *library, struct arena *arena, struct diags *diags)
{
	const json_t *more = json_object_get(script, "more_policies");
	size_t count = json_array_size(more);

	for (size_t i = 0; i <= count; i++) {
		const json_t *text = i == 0 ? json_object_get(script, "policy") : json_array_get(more, i - 1);
		struct document document = {.name = i == 0 ? "policy"
		                                           : arena_printf(arena, "more_policies[%zu]", i - 1)};

		if (!text)
			continue;
		if (!json_is_string(text) || !document.name) {
			diags_add(diags, SEVERITY_ERROR, "OPV-00", NULL, "a policy of the script must be text");
			return false;
		}
		document.bytes = (struct str){json_string_value(text), json_string_length(text)};
		read_document(library, &document, arena, diags);
	}
	return true;
}

/* Types and actors of all documents, beside the built-in ones. */
static bool
learn(struct library *library, struct arena *arena, struct diags *diags)
{
	const struct catalogue *builtin;
	struct error err = {0};

	if (policyset_builtin(arena, &builtin, &err) < 0) {
		diags_add_error(diags, "", &err);
		return false;
	}
	library->catalogue = catalogue_new(arena, builtin);
	library->registry = registry_new(arena, diags);
	if (!library->catalogue || !library->registry) {
		diags_error(diags, NULL, "no memory for the policy types");
		return false;
	}
	for (size_t i = 0; i < library->count; i++) {
		if (node_get(library->roots[i], "tosca_definitions_version"))
			catalogue_add(library->catalogue, library->roots[i], diags);
		registry_add(library->registry, library->roots[i], diags);
	}
	catalogue_resolve(library->catalogue, diags);
	return true;
}

bool
simulate_compile(json_t *script, const struct simulate_options *options, struct arena *arena,
                 const struct operational **ret, struct diags *diags)
{
	size_t most = options->policy_count + json_array_size(json_object_get(script, "more_policies")) + 1;
	struct library library = {.roots = arena_array(arena, most, sizeof(struct node *))};
	struct operational *list = NULL, **tail = &list;

	if (!library.roots) {
		diags_error(diags, NULL, "no memory for the policies");
		return false;
	}
	for (size_t i = 0; i < options->policy_count; i++)
		read_document(&library, &options->policies[i], arena, diags);
	if (!read_texts(script, &library, arena, diags) || !learn(&library, arena, diags))
		return false;
	for (size_t i = 0; i < library.count; i++)
		(void)operational_compile_tree(library.roots[i], library.catalogue, library.registry, arena, &tail,
		                               diags); /* errors are counted below */
	(void)operational_unique(list, diags);
	*ret = list;
	return diags->count[SEVERITY_ERROR] == 0;
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
	struct trial *trial = NULL;
	int r;

	engine_options.mode = options->mode;
	if (options->guards) {
		r = trial_open(&engine_options, options->guards, options->guard_count, &trial, diags);
		if (r < 0)
			return error_set(err, (enum error_code) - r, NULL, "the guards have errors");
	}
	r = simulate_play(script, policies, options, trial, recorder, err);
	trial_close(trial);
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
		if (!result ||
		    recorder_init(&recorder, script.event_count, options->timeline, script.start_ms, &arena) < 0)
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
