/* policy_calls - what the routes of the policy API and of the PAP have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/policy/policy_calls.h"

#include "api/http/resources.h"
#include "api/policy/impact.h"
#include "runtime/policies/documents.h"

#define IMPACT_WAIT_MS 60000 /* for the log to be decided again */

struct runtime_call *
policy_call_new(struct exchange *exchange, struct path_parts parts)
{
	struct runtime_call *call = call_new(exchange);
	struct str dry_run = exchange_query(exchange, "dry-run");
	const char *user = exchange->identity.name[0] ? exchange->identity.name : "anonymous";

	if (!call)
		return NULL;
	call->user = arena_str(&call->arena, str_from(user));
	call->dry_run = dry_run.ptr && !str_equal_nocase(dry_run, STR("false"));
	call->name = parts.name ? arena_str(&call->arena, path_part(exchange->path, parts.name)) : STR_NONE;
	call->version = parts.version ? arena_str(&call->arena, path_part(exchange->path, parts.version)) : STR_NONE;
	call->texts = arena_array(&call->arena, parts.texts + 1, sizeof(*call->texts));
	call->number = call->texts ? parts.texts : 0;
	for (size_t i = 0; i < call->number; i++)
		call->texts[i] =
			parts.text[i] ? arena_str(&call->arena, path_part(exchange->path, parts.text[i])) : STR_NONE;
	if (!call->arena.exhausted)
		return call;
	call_free(call);
	answer_refusal(exchange, 500, "out of memory");
	return NULL;
}

/* ?impact=true of a dry run. False: refused, and the call has been freed. */
static bool
wants_impact(struct exchange *exchange, struct runtime_call *call)
{
	if (!call->dry_run || !str_equal_nocase(exchange_query(exchange, "impact"), STR("true")))
		return true;
	call->keep_documents = true;
	return call_add_apart(exchange, call, impact_add);
}

void
policy_call_submit(struct exchange *exchange, struct runtime_call *call,
                   int (*run)(struct txn *txn, struct runtime_call *call))
{
	if (!call || !wants_impact(exchange, call))
		return;
	call->run = run;
	call_submit(exchange, call, call->keep_documents ? IMPACT_WAIT_MS : 0);
}

void
policy_call_submit_body(struct exchange *exchange, struct runtime_call *call,
                        int (*run)(struct txn *txn, struct runtime_call *call))
{
	if (!call)
		return;
	call_take_document(exchange, call);
	policy_call_submit(exchange, call, run);
}

/* --- reading --- */

static int
policy_calls_run_read(struct txn *txn, struct runtime_call *call)
{
	struct text out;

	documents_seed(txn);
	text_init(&out, &call->arena);
	call->look(txn, call, &out);
	if (!call->status)
		call_answer(call, 200, text_done(&out));
	return txn->failed;
}

/* Whether the database holds what is there from the start: only then a snapshot will do. */
static bool
is_seeded(struct exchange *exchange)
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	bool seeded = false;
	struct txn txn;

	if (history_reader_begin(reader) == 0) {
		runtime_read(exchange->worker->service->runtime, reader, exchange->arena, &txn);
		seeded = documents_seeded(&txn);
	}
	history_reader_end(reader);
	return seeded;
}

void
policy_call_read(struct exchange *exchange, struct runtime_call *call,
                 void (*read)(struct txn *txn, struct runtime_call *call, struct text *out))
{
	if (!call)
		return;
	call->look = read;
	if (is_seeded(exchange))
		answer_read_call(exchange, call, read);
	else
		policy_call_submit(exchange, call, policy_calls_run_read);
}
