/* sandbox - a policy set and a history of their own, asked at given times: for questions and tests outside a service */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/sandbox.h"

#include <stdlib.h>

struct trial {
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
trial_break_history(struct trial *trial, bool fails)
{
	trial->view = fails ? (struct history_view){fails_count, fails_live, fails_started, NULL} : history_reader_view;
	trial->view.context = trial->reader;
}

static int
compile(struct trial *trial, const struct engine_options *options, const struct document *documents, size_t count,
        struct diags *diags, struct error *err)
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
	int r = policyset_builtin(&trial->builtin_arena, &compile.builtin, err);

	return r != 0 ? r : policyset_compile(&compile, documents, count, &trial->set, diags);
}

int
trial_open(const struct engine_options *options, const struct document *documents, size_t count, struct trial **ret,
           struct diags *diags)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	struct error err = {0};
	struct history_options history = options->history;
	int r;

	if (!trial) {
		diags_error(diags, NULL, "out of memory");
		return -ERROR_MEMORY;
	}
	arena_init(&trial->builtin_arena, 0);
	trial->mode = options->mode;
	r = compile(trial, options, documents, count, diags, &err);
	history.future_ms = 0; /* rows of a file are about its own time */
	if (r == 0)
		r = history_open(&history, &trial->history, &err);
	if (r == 0)
		r = history_reader_open(trial->history, &trial->reader, &err);
	if (r == 0) {
		trial->scratch = pattern_scratch_new();
		if (!trial->scratch)
			r = error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (r != 0) {
		if (err.code)
			diags_add_error(diags, "", &err);
		trial_close(trial);
		return r;
	}
	trial_break_history(trial, false);
	*ret = trial;
	return 0;
}

void
trial_close(struct trial *trial)
{
	if (!trial)
		return;
	history_reader_close(trial->reader);
	history_close(trial->history);
	pattern_scratch_free(trial->scratch);
	policyset_drop(trial->set);
	arena_free(&trial->builtin_arena);
	free(trial);
}

const struct policyset *
trial_set(const struct trial *trial)
{
	return trial->set;
}

int
trial_record(struct trial *trial, struct operation *rows, size_t count, int64_t now_ms, struct error *err)
{
	for (size_t i = 0; trial->mode == GUARD_STRICT && i < count; i++)
		rows[i].operation = operation_canonical(rows[i].operation);
	return history_record(trial->history, rows, count, now_ms, err);
}

int
trial_decide(struct trial *trial, const struct request *request, int64_t now_ms, struct arena *arena,
             struct decision *ret, struct explained *ret_why)
{
	struct env env = {now_ms, &trial->view, trial->scratch};
	int r = history_reader_begin(trial->reader);

	*ret = (struct decision){.effect = EFFECT_DENY, .reason = REASON_ERROR, .mode = trial->mode, .now_ms = now_ms};
	if (r == 0 && arena)
		r = decide_explain(trial->set, request, &env, arena, ret, ret_why);
	else if (r == 0)
		decide_with(trial->set, request, &env, ret);
	history_reader_end(trial->reader);
	return r;
}
