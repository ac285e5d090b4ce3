/* operate_notify - what is said about a execution: notifications, and requests to actors */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "engine/machine/topic.h"
#include "runtime/endpoint/actors.h"
#include "runtime/operate/operate.h"
#include "runtime/rows/transport.h"
#include "runtime/rows/txn.h"

/* In `arena`, or the txn has failed. */
static struct str
kept(struct txn *txn, const char *text)
{
	if (text)
		return str_from(text);
	txn_fail(txn, ERROR_MEMORY);
	return STR("");
}

struct str
operation_name(struct txn *txn, const struct run *run)
{
	return kept(txn, arena_printf(txn->arena, "%" PRIx64 "-%" PRIx64, (uint64_t)run->began_ms, run->number));
}

struct str
operation_id(struct txn *txn, const struct run *run)
{
	char id[SUBREQUEST_SIZE];

	if (run->state == RUN_ATTEMPT)
		return kept(txn, arena_str(txn->arena, run_subrequest(run, run->serial, id)).ptr);
	/* an answer to a question never counts as one to an attempt */
	return kept(txn, arena_printf(txn->arena, "%s-q%" PRIu32, operation_name(txn, run).ptr, run->generation));
}

static void
operate_member(struct text *out, const char *name, struct str value)
{
	if (!value.ptr)
		return;
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, value);
}

static void
members(struct text *out, const char *name, struct entries entries)
{
	if (entries.count == 0)
		return;
	text_addf(out, ",\"%s\":{", name);
	for (size_t i = 0; i < entries.count; i++) {
		if (i)
			text_add(out, STR(","));
		text_add_json(out, entries.list[i].key);
		text_add(out, STR(":"));
		if (entries.list[i].json)
			text_add(out, entries.list[i].value);
		else
			text_add_json(out, entries.list[i].value);
	}
	text_add(out, STR("}"));
}

struct str
operation_request(struct txn *txn, const struct execution *execution)
{
	const struct run *run = &execution->run;
	const struct operational *policy = run->policy;
	const struct directive *d = &policy->directives[run->at];
	bool question = run->state != RUN_ATTEMPT;
	struct request request;
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"requestID\":"));
	text_add_json(&out, run->event->request_id);
	operate_member(&out, "subRequestID", operation_id(txn, run));
	operate_member(&out, "closedLoopControlName", policy->id);
	operate_member(&out, "policyName", policy->policy);
	operate_member(&out, "policyVersion", policy->version);
	operate_member(&out, "actor", question ? STR(ACTOR_INVENTORY) : d->actor);
	operate_member(&out, "operation", question ? STR("CustomQuery") : d->operation);
	if (!question)
		text_addf(&out, ",\"attempt\":%" PRIu32 ",\"timeoutSec\":%" PRId32, run->attempt, d->timeout_s);
	operate_member(&out, "target", run->target);
	operate_member(&out, "targetType", str_from(target_type_name[d->target_type]));
	members(&out, "entityIds", d->entities);
	if (!question) {
		members(&out, "payload", d->payload);
		members(&out, "parameters", d->parameters);
		run_request(run, &request);
		if (request.has_vf_count)
			text_addf(&out, ",\"vfCount\":%" PRId32, request.vf_count);
	}
	text_add(&out, STR(",\"event\":"));
	text_add(&out, execution->json);
	text_add(&out, STR("}"));
	return txn_text(txn, &out);
}

static struct str
operate_dump(struct txn *txn, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	struct str copy = kept(txn, arena_str(txn->arena, str_from(text)).ptr);

	free(text);
	return copy;
}

static int32_t
operate_place_of(const struct action *action)
{
	return action->directive ? (int32_t)(action->directive - action->policy->directives) : -1;
}

/* The history that goes with it: a final tells of all attempts, the end of one of those of its operation. */
static json_t *
history_of(struct txn *txn, const struct execution *execution, const struct action *action)
{
	if (action->kind == ACTION_FINAL)
		return attempts_list(txn, execution, -1);
	return action->kind == ACTION_ENDED ? attempts_list(txn, execution, operate_place_of(action)) : NULL;
}

static void
operate_publish(struct txn *txn, const struct execution *execution, const struct action *action)
{
	const struct runtime *runtime = txn->runtime;
	json_t *history = history_of(txn, execution, action);
	json_t *message = topic_notification(action, history, txn->now_ms);
	struct str why = execution ? execution->explanation : STR_NONE;

	if (message && why.ptr && action->kind == ACTION_GUARDED && !action->permit) {
		json_t *explanation = json_loadb(why.ptr, why.len, 0, NULL);

		if (explanation && json_object_set_new(message, "explanation", explanation) < 0)
			txn_fail(txn, ERROR_MEMORY);
	}
	if (txn->failed == 0)
		runtime->transport->send(txn, runtime->options.loop_notifications, operate_dump(txn, message));
	json_decref(message);
	json_decref(history);
}

void
operation_notify(struct txn *txn, const struct execution *execution, const struct action *action)
{
	json_t *attempt = topic_attempt(action);

	if (attempt)
		attempt_keep(txn, execution, action->serial, operate_place_of(action), operate_dump(txn, attempt));
	json_decref(attempt);
	if (action_notification(action) && txn->failed == 0)
		operate_publish(txn, execution, action);
}
