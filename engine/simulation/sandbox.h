/* sandbox - a policy set and a history of their own, asked at given times: for questions and tests outside a service */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_SANDBOX_H
#define ENGINE_SIMULATION_SANDBOX_H

#include "engine/decide/decide.h"

/* One thread. The history is a private temporary database: nothing else is touched. */
struct sandbox;

/* Compiles `documents`; findings go to diags. errors as policyset_compile and history_open; the text of the latter is a finding. */
int sandbox_open(const struct engine_options *options, const struct document *documents, size_t count,
                 struct sandbox **ret, struct diags *diags);
void sandbox_close(struct sandbox *sandbox); /* takes NULL */

const struct policyset *sandbox_set(const struct sandbox *sandbox);

/* Enters operations, as the service would at now_ms. */
int sandbox_record(struct sandbox *sandbox, struct operation *rows, size_t count, int64_t now_ms, struct error *err);

/* From here on every look at the history fails (fails) or works again. */
void sandbox_break_history(struct sandbox *sandbox, bool fails);

/*
 * Decides at now_ms. With arena also explains, as session_explain. 0 or a negative code when the decision is a
 * Deny for want of memory.
 */
int sandbox_decide(struct sandbox *sandbox, const struct request *request, int64_t now_ms, struct arena *arena,
                   struct decision *ret, struct explained *ret_why);

#endif
