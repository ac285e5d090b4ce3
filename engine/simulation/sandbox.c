/* sandbox - a policy set and a history of their own, asked at given times: for questions and tests outside a service */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/sandbox.h"

#include <stdlib.h>

struct sandbox {
	struct arena builtin_arena;
	struct policyset *set;
	struct history *history;
	struct history_reader *reader;
	struct history_view view;
	struct pattern_scratch *scratch;
	enum guard_mode mode;
};

static int
fails_count(void *context, const struct count_query *query, struct count_result *ret)
{
	(void)context, (void)query, (void)ret;
	return -ERROR_IO;
}

static int
fails_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	(void)context, (void)clname, (void)now_ms, (void)ret_until;
	return -ERROR_IO;
}

static int
fails_started(void *context, struct str clname)
{
	(void)context, (void)clname;
	return -ERROR_IO;
}

void
sandbox_break_history(struct sandbox *sandbox, bool fails)
{
	sandbox->view =
		fails ? (struct history_view){fails_count, fails_live, fails_started, NULL} : history_reader_view;
	sandbox->view.context = sandbox->reader;
}

static int
sandbox_compile(struct sandbox *sandbox, const struct engine_options *options, const struct document *documents,
                size_t count, struct diags *diags, struct error *err)
{
	struct compile_options compile = {
		.mode = options->mode,
		.on_error_permit = options->on_error_permit,
		.no_guard_deny = options->no_guard_deny,
		.require_policies = options->require_policies,
		.skip_bad_policies = options->skip_bad_policies,
		.limits = options->limits,
		.policies_max = options->policies_max,
	};
	int r = policyset_builtin(&sandbox->builtin_arena, &compile.builtin, err);

	return r != 0 ? r : policyset_compile(&compile, documents, count, &sandbox->set, diags);
}

int
sandbox_open(const struct engine_options *options, const struct document *documents, size_t count, struct sandbox **ret,
             struct diags *diags)
{
	struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
	struct error err = {0};
	struct history_options history = options->history;
	int r;

	if (!sandbox) {
		diags_error(diags, NULL, "out of memory");
		return -ERROR_MEMORY;
	}
	arena_init(&sandbox->builtin_arena, 0);
	sandbox->mode = options->mode;
	r = sandbox_compile(sandbox, options, documents, count, diags, &err);
	history.future_ms = 0; /* rows of a file are about its own time */
	if (r == 0)
		r = history_open(&history, &sandbox->history, &err);
	if (r == 0)
		r = history_reader_open(sandbox->history, &sandbox->reader, &err);
	if (r == 0) {
		sandbox->scratch = pattern_scratch_new();
		if (!sandbox->scratch)
			r = error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (r != 0) {
		if (err.code)
			diags_add_error(diags, "", &err);
		sandbox_close(sandbox);
		return r;
	}
	sandbox_break_history(sandbox, false);
	*ret = sandbox;
	return 0;
}

void
sandbox_close(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	history_reader_close(sandbox->reader);
	history_close(sandbox->history);
	pattern_scratch_free(sandbox->scratch);
	policyset_drop(sandbox->set);
	arena_free(&sandbox->builtin_arena);
	free(sandbox);
}

const struct policyset *
sandbox_set(const struct sandbox *sandbox)
{
	return sandbox->set;
}

int
sandbox_record(struct sandbox *sandbox, struct operation *rows, size_t count, int64_t now_ms, struct error *err)
{
	for (size_t i = 0; sandbox->mode == GUARD_STRICT && i < count; i++)
		rows[i].operation = operation_canonical(rows[i].operation);
	return history_record(sandbox->history, rows, count, now_ms, err);
}

int
sandbox_decide(struct sandbox *sandbox, const struct request *request, int64_t now_ms, struct arena *arena,
               struct decision *ret, struct explained *ret_why)
{
	struct env env = {now_ms, &sandbox->view, sandbox->scratch};
	int r = history_reader_begin(sandbox->reader);

	*ret = (struct decision){
		.effect = EFFECT_DENY, .reason = REASON_ERROR, .mode = sandbox->mode, .now_ms = now_ms};
	if (r == 0 && arena)
		r = decide_explain(sandbox->set, request, &env, arena, ret, ret_why);
	else if (r == 0)
		decide_with(sandbox->set, request, &env, ret);
	history_reader_end(sandbox->reader);
	return r;
}
