/* operate_receive - what comes for operational policies: events, answers of actors, deadlines */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/admit.h"
#include "runtime/operate/operate.h"
#include "runtime/rows/txn.h"

#define EVENT_BYTES 65536
#define MESSAGE_BYTES 1024 /* of an actor's words */
#define TICKS_MOST 256     /* executions that one txn takes up because of the time */

/*
 * One body may bring ten thousand messages, each of which takes up a execution with its policy: what that needs of
 * memory is given back after each. Only the names of topics stay.
 */
struct apart {
	struct arena scratch, *whole;
	struct topic_name *published;
};

static void
apart_begin(struct txn *txn, struct apart *apart)
{
	*apart = (struct apart){.whole = txn->arena, .published = txn->published};
	arena_init(&apart->scratch, 0);
	txn->arena = &apart->scratch;
}

static void
apart_end(struct txn *txn, struct apart *apart)
{
	struct topic_name *kept = apart->published;

	for (const struct topic_name *at = txn->published; at != apart->published; at = at->next) {
		struct topic_name *copy = arena_alloc(apart->whole, sizeof(*copy));

		if (!copy || !(copy->name = arena_str(apart->whole, at->name)).ptr) {
			txn_fail(txn, ERROR_MEMORY);
			break;
		}
		copy->next = kept;
		kept = copy;
	}
	txn->published = kept;
	txn->arena = apart->whole;
	arena_free(&apart->scratch);
}

/* --- events --- */

/* Texts that go into rows of the operation history must fit there. */
static const char *
misfit(const struct operational *policy, const struct event *event)
{
	bool fits = event->request_id.len <= ATTRIBUTE_SIZE_MAX && policy->id.len <= ATTRIBUTE_SIZE_MAX;

	for (size_t i = 0; i < event->aai.count; i++)
		fits = fits && event->aai.list[i].value.len <= ATTRIBUTE_SIZE_MAX;
	for (size_t i = 0; i < policy->count; i++)
		fits = fits && policy->directives[i].actor.len <= ATTRIBUTE_SIZE_MAX &&
		       policy->directives[i].operation.len <= ATTRIBUTE_SIZE_MAX;
	return fits ? NULL : "Exception occurred: a text is longer than 1024 bytes";
}

static uint32_t
count_onset(void *context, const struct operational *policy, const struct event *event)
{
	return onset_count(context, policy, event);
}

/* Events that make no execution: a refusal is told, the rest is passed over. */
static void
report_refusals(struct txn *txn, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++) {
		operation_notify(txn, NULL, &actions->list[i]);
		operation_count(txn, &actions->list[i]);
	}
}

static void
operate_begin(struct txn *txn, struct execution *execution, const struct operational *policy)
{
	const struct event *event = &execution->event;
	struct actions actions = {.count = 0};
	uint64_t totals[TOTALS], number;
	struct admission admission = {
		.wall_ms = txn->now_ms,
		.same = execution_find(txn, event, false, &number),
		.count = count_onset,
		.context = txn,
	};
	const char *why;

	totals_read(txn, totals);
	admission.full = totals[TOTAL_RUNNING] >= txn->runtime->options.executions;
	if (!event_admit(policy, event, &admission, &actions)) {
		report_refusals(txn, &actions);
		return;
	}
	why = misfit(policy, event);
	if (why) {
		(void)event_notify(&actions, ACTION_REJECT, event, policy, why);
		report_refusals(txn, &actions);
		return;
	}
	execution->run = (struct run){.policy = policy, .options = &txn->runtime->run_options};
	execution_begin(txn, execution);
	run_begin(&execution->run, policy, event, txn->now_ms, &actions);
	operation_drive(txn, execution, &actions, UINT32_MAX);
}

/* The fault is gone: of use only to a execution that waits for that. */
static void
abate(struct txn *txn, const struct event *event)
{
	struct actions actions = {.count = 0};
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	uint64_t number;

	if (!execution) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	if (!execution_find(txn, event, false, &number) && !execution_find(txn, event, true, &number))
		return;
	if (execution_load(txn, number, execution) && execution->run.policy->waits_for_abated) {
		uint32_t asked = execution->run.generation;

		run_abated(&execution->run, txn->now_ms, &actions);
		operation_drive(txn, execution, &actions, asked);
	}
}

static void
receive_event(struct txn *txn, json_t *json, struct str message)
{
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	const struct operational *policy;
	struct error err = {0};

	if (!execution || event_read(json, txn->arena, &execution->event, &err) != 0) {
		if (!execution || err.code == ERROR_MEMORY)
			txn_fail(txn, ERROR_MEMORY);
		return;
	}
	execution->json = message;
	execution->trace = txn->trace;
	policy = operational_find(&txn->set->loops, execution->event.clname);
	if (str_is(execution->event.status, "ABATED"))
		abate(txn, &execution->event);
	else if (str_is(execution->event.status, "ONSET") && execution->event.clname.ptr && policy)
		operate_begin(txn, execution, policy);
}

/* --- answers --- */

static struct str
operate_text_of(const json_t *message, const char *key)
{
	const json_t *value = json_object_get(message, key);

	return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

/* At most so many bytes, and no half of a character. */
static struct str
operate_cut(struct str text)
{
	if (text.len <= MESSAGE_BYTES)
		return text;
	text.len = MESSAGE_BYTES;
	while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80)
		text.len--;
	return text;
}

/* False when the message is no answer. */
static bool
read_answer(const json_t *message, const struct run *run, struct answer *ret)
{
	static const struct {
		const char *word;
		enum result result;
	} words[] = {{"SUCCESS", RESULT_SUCCESS}, {"FAILURE", RESULT_FAILURE}, {"EXCEPTION", RESULT_FAILURE_EXCEPTION}};
	const json_t *count = json_object_get(message, "vfCount");
	struct str word = operate_text_of(message, "result");
	size_t i = 0;

	while (i < 3 && !str_equal_nocase(word, str_from(words[i].word)))
		i++;
	if (i == 3)
		return false;
	*ret = (struct answer){
		.kind = run->state == RUN_ATTEMPT ? ANSWER_RESULT : ANSWER_QUERY,
		.generation = run->generation,
		.result = words[i].result,
		.message = operate_cut(operate_text_of(message, "message")),
		.good = words[i].result == RESULT_SUCCESS,
		.entity = operate_text_of(message, "vnf-id"),
	};
	ret->has_count =
		json_is_integer(count) && json_integer_value(count) >= 0 && json_integer_value(count) <= INT32_MAX;
	if (ret->has_count)
		ret->vf_count = (int32_t)json_integer_value(count);
	return true;
}

/* Whether it comes from the one who was asked, as far as it says. topic: absent for an answer over HTTP. */
static bool
operate_is_asked(struct txn *txn, const struct execution *execution, struct str topic, const json_t *message)
{
	struct actor_endpoint endpoint;

	if (json_object_get(message, "requestID") &&
	    !str_equal(operate_text_of(message, "requestID"), execution->event.request_id))
		return false;
	return !topic.ptr ||
	       (operation_endpoint(txn, &execution->run, &endpoint) && str_equal(endpoint.response, topic));
}

void
operations_answer(struct txn *txn, struct str topic, struct str id, const json_t *message)
{
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	struct actions actions = {.count = 0};
	struct answer answer;
	uint64_t number;
	uint32_t asked;

	if (!execution) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	if (!id.ptr || !subrequest_number(id, &number) || !execution_load(txn, number, execution) ||
	    !str_equal(operation_id(txn, &execution->run), id) || !operate_is_asked(txn, execution, topic, message) ||
	    !read_answer(message, &execution->run, &answer))
		return;
	asked = execution->run.generation;
	if (run_answer(&execution->run, &answer, txn->now_ms, &actions))
		operation_drive(txn, execution, &actions, asked);
}

void
operations_receive(struct txn *txn, struct str topic, struct str message)
{
	bool event = str_equal(topic, txn->runtime->options.events);
	struct apart apart;
	json_t *json;

	if ((!event && !actors_answer_on(&txn->runtime->actors, topic)) || message.len > EVENT_BYTES)
		return;
	json = json_loadb(message.ptr, message.len, 0, NULL);
	apart_begin(txn, &apart);
	if (json_is_object(json) && event)
		receive_event(txn, json, message);
	else if (json_is_object(json))
		operations_answer(txn, topic, operate_text_of(json, "subRequestID"), json);
	apart_end(txn, &apart);
	json_decref(json);
}

/* --- time --- */

static void
take_up(struct txn *txn, int64_t due_ms, uint64_t number)
{
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	struct actions actions = {.count = 0};
	uint32_t asked;

	if (!execution) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	if (!execution_load(txn, number, execution)) {
		execution_forget_due(txn, due_ms, number);
		return;
	}
	asked = execution->run.generation;
	(void)run_tick(&execution->run, txn->now_ms, &actions); /* it is due */
	operation_drive(txn, execution, &actions, asked);
}

bool
operations_tick(struct txn *txn)
{
	struct apart apart;
	uint64_t number;
	int64_t due_ms;

	for (int i = 0; i < TICKS_MOST; i++) {
		if (!execution_due(txn, &due_ms, &number) || due_ms > txn->now_ms || txn->failed)
			return false;
		apart_begin(txn, &apart);
		take_up(txn, due_ms, number);
		apart_end(txn, &apart);
	}
	return true;
}

int
operation_cancel(struct txn *txn, struct runtime_call *call)
{
	struct execution *execution = arena_alloc(txn->arena, sizeof(*execution));
	struct actions actions = {.count = 0};
	uint64_t number;
	uint32_t asked;

	if (!execution)
		return -ERROR_MEMORY;
	if (!subrequest_number(call->name, &number) || !execution_load(txn, number, execution) ||
	    !str_equal(operation_name(txn, &execution->run), call->name)) {
		call_refuse(call, 404, "there is no such transaction");
		return 0;
	}
	if (!execution->run.locked) {
		call_refuse(call, 409, "the transaction does not hold its target's lock yet");
		return 0;
	}
	asked = execution->run.generation;
	run_lock_lost(&execution->run, txn->now_ms, &actions);
	operation_drive(txn, execution, &actions, asked);
	call_answer(call, 200, STR("{}"));
	return 0;
}
