/* dispatch - requests to actors over HTTP, as rows: sent after the commit, and again until somebody answered */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/thread/dispatch.h"

#include <stdlib.h>

#include "runtime/endpoint/actors.h"
#include "runtime/endpoint/http_client.h"
#include "runtime/operate/dispatch_rows.h"
#include "runtime/operate/operate.h"
#include "runtime/thread/runtime_priv.h"

static bool
claim_row(void *context, struct str key, struct str value)
{
	struct txn *txn = context;

	if (value.len > DISPATCH_HEAD && dispatch_is_to_be_claimed(txn, value))
		dispatch_claim(txn, key, (struct str){value.ptr + DISPATCH_HEAD, value.len - DISPATCH_HEAD});
	return true;
}

static int
claim_run(struct txn *txn, struct runtime_call *call)
{
	txn_each(txn, txn_key(txn, ROW_DISPATCH, STR(""), STR_NONE), claim_row, txn);
	call_answer(call, 200, STR("{}"));
	return 0;
}

/* The response for a transaction that waits for an actor with a URL. */
static void
dispatch_send(struct txn *txn, uint64_t number, struct str id)
{
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	struct runtime *runtime = txn->runtime;
	const struct directive *directive;
	struct actor_endpoint endpoint;
	int64_t timeout_ms = runtime->run_options.query_ms;
	bool attempt;

	if (http_client_has(runtime->client, id) || !execution || !execution_load(txn, number, execution) ||
	    !str_equal(operation_id(txn, &execution->run), id))
		return;
	attempt = execution->run.state == RUN_ATTEMPT;
	directive = &execution->run.policy->directives[execution->run.at];
	if (!actor_endpoint(&runtime->actors, attempt ? directive->actor : STR(ACTOR_INVENTORY), txn->arena,
	                    &endpoint) ||
	    !endpoint.url.ptr)
		return;
	if (attempt)
		timeout_ms = directive->timeout_s * INT64_C(1000);
	/* When it has too many, the row is looked at again. */
	if (http_client_send(runtime->client, &(struct http_request){.id = id,
	                                                             .url = endpoint.url,
	                                                             .body = operation_request(txn, execution),
	                                                             .timeout_ms = timeout_ms,
	                                                             .trace = execution->trace}))
		atomic_fetch_add_explicit(&runtime->requests, 1, memory_order_relaxed); /* a figure */
}

struct look {
	struct txn txn;
	bool claims;
};

static bool
look_at_row(void *context, struct str key, struct str value)
{
	struct look *look = context;

	if (value.len <= DISPATCH_HEAD || key.len != 9)
		return true;
	if (dispatch_is_to_be_claimed(&look->txn, value))
		look->claims = true;
	if (dispatch_is_own(&look->txn, value) && dispatch_claim_left(value) > 0)
		dispatch_send(&look->txn, store_unpack_u64(key.ptr + 1),
		              (struct str){value.ptr + DISPATCH_HEAD, value.len - DISPATCH_HEAD});
	return true;
}

void
dispatch_look(struct runtime *runtime)
{
	struct runtime_call call = {.run = claim_run};
	struct look look = {.claims = false};
	struct arena arena;

	if (!runtime->client)
		return;
	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &look.txn);
		txn_each(&look.txn, txn_key(&look.txn, ROW_DISPATCH, STR(""), STR_NONE), look_at_row, &look);
	}
	history_reader_end(runtime->reader);
	arena_free(&arena);
	if (!look.claims)
		return;
	arena_init(&call.arena, 0);
	runtime_transact(runtime, &call); /* one that fails is made up for by the next */
	arena_free(&call.arena);
}

/* --- answers --- */

/*
 * 202: the actor has taken the request, and answers on its response topic. Another 2xx with an empty body is a success,
 * else the body says; what cannot be understood, or did not arrive, is an exception, another status a failure.
 */
static json_t *
read_response(const struct http_response *response)
{
	json_t *body = NULL;

	if (response->why)
		return json_pack("{s:s, s:s}", "result", "EXCEPTION", "message", response->why);
	if (response->status < 200 || response->status > 299)
		return json_pack("{s:s, s:o}", "result", "FAILURE", "message",
		                 json_sprintf("HTTP status %u", response->status));
	if (str_trim(response->body).len == 0)
		return json_pack("{s:s}", "result", "SUCCESS");
	body = json_loadb(response->body.ptr, response->body.len, 0, NULL);
	if (json_is_object(body) && json_is_string(json_object_get(body, "result")))
		return body;
	json_decref(body);
	return json_pack("{s:s, s:s}", "result", "EXCEPTION", "message", "the actor's answer cannot be understood");
}

/* call->name: subRequestID; body: the answer as text in texts[0], or none for 202. */
static int
answer_run(struct txn *txn, struct runtime_call *call)
{
	json_t *json = call->texts ? json_loadb(call->texts[0].ptr, call->texts[0].len, 0, NULL) : NULL;
	uint64_t number;
	struct str row;

	if (json) {
		operations_answer(txn, STR_NONE, call->name, json);
	} else if (subrequest_number(call->name, &number) && txn_get(txn, dispatch_key(txn, number), &row) &&
	           row.len > DISPATCH_HEAD &&
	           str_equal((struct str){row.ptr + DISPATCH_HEAD, row.len - DISPATCH_HEAD}, call->name)) {
		dispatch_drop(txn, number);
	}
	json_decref(json);
	call_answer(call, 200, STR("{}"));
	return 0;
}

static void
answer_done(struct runtime_call *call)
{
	struct runtime *runtime = call->context;

	http_client_forget(runtime->client, call->name); /* a row that is still there is sent again */
	arena_free(&call->arena);
	free(call);
}

void
dispatch_done(void *context, const struct http_response *response)
{
	struct runtime_call *call = calloc(1, sizeof(*call));
	json_t *json = response->status == 202 && !response->why ? NULL : read_response(response);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	bool taken = false;

	if (response->why || response->status / 100 != 2)
		atomic_fetch_add_explicit(&((struct runtime *)context)->request_failures, 1,
		                          memory_order_relaxed); /* a figure */
	/* An answer that is lost here is asked for again: the row stays. */
	if (call) {
		call->context = context;
		call->run = answer_run;
		call->done = answer_done;
		arena_init(&call->arena, 0);
		call->name = arena_str(&call->arena, response->id);
		call->texts = text ? arena_alloc(&call->arena, sizeof(*call->texts)) : NULL;
		if (call->texts)
			call->texts[0] = arena_str(&call->arena, str_from(text));
		if (call->name.ptr && !json == !call->texts && (!call->texts || call->texts[0].ptr))
			taken = runtime_call(context, call, NULL) == 0;
		if (!taken)
			answer_done(call);
	}
	free(text);
	json_decref(json);
}
