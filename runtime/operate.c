/* operate - operational policies at work: events, answers of actors and time, carried out in one transaction each */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/operate.h"

#include <inttypes.h>

#include "engine/operational_admit.h"
#include "runtime/actors.h"
#include "runtime/dispatch.h"
#include "runtime/runtime_priv.h"
#include "runtime/transport.h"

#define EVENT_BYTES 65536
#define MESSAGE_BYTES 1024 /* of an actor's words */
#define HOLD_MS 15000      /* locks and rights outlast the transaction by so much */
#define TICKS_MOST 256     /* transactions that one turn takes up because of the time */

/* --- carrying out --- */

static void
enter_row(struct turn *turn, const struct transaction *transaction, const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;
	int r;

	if (!action_row(action, id, &row))
		return;
	if (action->kind == ACTION_START && action->attempt == 1 && transaction->right.ptr)
		return; /* taking the right has entered this very row */
	r = engine_writer_record(turn->writer, turn->set, &row, turn->now_ms);
	if (r < 0)
		turn_fail(turn, (enum error_code)-r);
}

/* A right ends with its operation, which may have taken several attempts; each of them has its row. */
static void
settle_right(struct turn *turn, struct transaction *transaction, const struct actions *actions)
{
	struct reservation_change change = {
		.action = RESERVATION_SETTLE, .id = transaction->right, .outcome = STR("Failure")};
	enum run_state state = transaction->run.state;
	struct reservation_status status;
	int r;

	if (!transaction->right.ptr || state == RUN_ATTEMPT || state == RUN_WAIT)
		return;
	for (size_t i = 0; i < actions->count; i++)
		if (actions->list[i].kind == ACTION_ENDED || actions->list[i].kind == ACTION_ABORT)
			change.outcome = str_from(result_outcome[actions->list[i].result]);
	r = engine_writer_change(turn->writer, &change, turn->now_ms, &status);
	if (r < 0 && r != -ERROR_UNKNOWN && r != -ERROR_CONFLICT) /* those: its lease is over, and it counts as used */
		turn_fail(turn, (enum error_code)-r);
	transaction->right = STR_NONE;
}

static void
count_final(struct turn *turn, const struct action *action)
{
	if (action->kind == ACTION_REJECT)
		totals_add(turn, TOTAL_REJECTED, 1);
	else if (action->kind == ACTION_FINAL)
		totals_add(turn, action->final == RESULT_SUCCESS ? TOTAL_SUCCESS
		                 : action->final == RESULT_COUNT ? TOTAL_OPENLOOP
		                                                 : TOTAL_FAILURE, 1);
}

static void
carry_out(struct turn *turn, struct transaction *transaction, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count && turn->failed == 0; i++) {
		const struct action *action = &actions->list[i];

		enter_row(turn, transaction, action);
		operation_tell(turn, transaction, action);
		count_final(turn, action);
		if (action->kind == ACTION_UNLOCK)
			lock_free(turn, transaction->run.target, transaction->run.number);
	}
	settle_right(turn, transaction, actions);
}

/* --- what is answered here and now --- */

static void
ask_guard(struct turn *turn, struct transaction *transaction, struct answer *answer)
{
	struct run *run = &transaction->run;
	struct engine *engine = turn->runtime->engine;
	struct reservation reservation;
	struct decision decision;
	struct request request;
	char id[SUBREQUEST_SIZE];
	int r;

	run_request(run, &request);
	event_attributes(run->event, &request);
	request.subrequest_id = run_subrequest(run, run->serial + 1, id); /* of the attempt that begins if it permits */
	r = engine_writer_reserve(engine, turn->writer, turn->set, &request, run->deadline_ms - turn->now_ms + HOLD_MS,
	                          turn->now_ms, &reservation);
	answer->good = r == 1;
	if (r == 1) {
		transaction->right = arena_str(turn->arena, str_from(reservation.id));
		r = transaction->right.ptr ? 1 : -ERROR_MEMORY;
	}
	if (r == 0 && turn->set->mode == GUARD_STRICT)
		r = engine_writer_explain(engine, turn->writer, turn->set, &request, turn->now_ms, turn->arena,
		                          &decision, &transaction->explanation);
	if (r < 0)
		turn_fail(turn, (enum error_code)-r);
}

/* The road of whoever is asked now. False, and the turn has failed, when memory is out. */
static bool
road_of(struct turn *turn, const struct run *run, struct actor_road *ret)
{
	struct str actor =
		run->state == RUN_ATTEMPT ? run->policy->directives[run->at].actor : STR(ACTOR_INVENTORY);

	if (actor_road(&turn->runtime->actors, actor, turn->arena, ret))
		return true;
	turn_fail(turn, ERROR_MEMORY);
	return false;
}

/* Hands the request for an attempt, or a question, to its actor. False when there is nobody to ask. */
static bool
ask_actor(struct turn *turn, struct transaction *transaction)
{
	const struct run *run = &transaction->run;
	struct actor_road road;

	if (!road_of(turn, run, &road))
		return true;
	if (road.url.ptr) {
		dispatch_put(turn, run->number, operation_id(turn, run));
		return true;
	}
	dispatch_drop(turn, run->number);
	if (!road.request.ptr)
		return false;
	turn->runtime->transport->send(turn, road.request, operation_request(turn, transaction));
	return true;
}

/*
 * What the run now asks of the outside: answered at once by what is here, or sent to whoever answers later. False when
 * it waits. asked: the generation whose question has been sent.
 */
static bool
respond(struct turn *turn, struct transaction *transaction, uint32_t *asked, struct actions *actions)
{
	struct run *run = &transaction->run;
	struct answer answer = {.generation = run->generation};

	switch (run->state) {
	case RUN_LOCK:
		answer.kind = ANSWER_LOCK;
		answer.good = lock_take(turn, run->target, run->number, run->deadline_ms + HOLD_MS);
		break;
	case RUN_GUARD:
		answer.kind = ANSWER_GUARD;
		ask_guard(turn, transaction, &answer);
		break;
	case RUN_ENTITY:
	case RUN_COUNT:
	case RUN_ATTEMPT:
		if (*asked == run->generation || ask_actor(turn, transaction)) {
			*asked = run->generation;
			return false;
		}
		answer.kind = ANSWER_QUERY; /* there is no inventory: what the event says is all that is known */
		break;
	case RUN_DENIED:
		return run_tick(run, turn->now_ms, actions);
	default:
		return false;
	}
	return turn->failed == 0 && run_answer(run, &answer, turn->now_ms, actions);
}

/*
 * After a step of the run: its actions, and all that follows from them without anybody else. asked: the generation
 * before the step, whose question is on its way.
 */
static void
drive(struct turn *turn, struct transaction *transaction, struct actions *actions, uint32_t asked)
{
	do {
		carry_out(turn, transaction, actions);
		actions->count = 0;
	} while (turn->failed == 0 && respond(turn, transaction, &asked, actions));
	if (turn->failed)
		return;
	if (asked != transaction->run.generation)
		dispatch_drop(turn, transaction->run.number); /* the actor's answer is of no use any more */
	if (transaction->run.state == RUN_IDLE)
		transaction_end(turn, transaction);
	else
		transaction_save(turn, transaction);
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

/* Events that make no transaction: a refusal is told, the rest is passed over. */
static void
tell_refusals(struct turn *turn, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count; i++) {
		operation_tell(turn, NULL, &actions->list[i]);
		count_final(turn, &actions->list[i]);
	}
}

static void
begin(struct turn *turn, struct transaction *transaction, const struct operational *policy)
{
	const struct event *event = &transaction->event;
	struct actions actions = {.count = 0};
	uint64_t totals[TOTALS], number;
	struct admission admission = {
		.wall_ms = turn->now_ms,
		.same = transaction_find(turn, event, false, &number),
		.count = count_onset,
		.context = turn,
	};
	const char *why;

	totals_read(turn, totals);
	admission.full = totals[TOTAL_RUNNING] >= turn->runtime->options.transactions;
	if (!event_admit(policy, event, &admission, &actions)) {
		tell_refusals(turn, &actions);
		return;
	}
	why = misfit(policy, event);
	if (why) {
		(void)event_tell(&actions, ACTION_REJECT, event, policy, why);
		tell_refusals(turn, &actions);
		return;
	}
	transaction->run = (struct run){.policy = policy, .options = &turn->runtime->run_options};
	transaction_begin(turn, transaction);
	run_begin(&transaction->run, policy, event, turn->now_ms, &actions);
	drive(turn, transaction, &actions, UINT32_MAX);
}

/* The fault is gone: of use only to a transaction that waits for that. */
static void
abate(struct turn *turn, const struct event *event)
{
	struct actions actions = {.count = 0};
	struct transaction *transaction = arena_alloc(turn->arena, sizeof(*transaction));
	uint64_t number;

	if (!transaction) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	if (!transaction_find(turn, event, false, &number) && !transaction_find(turn, event, true, &number))
		return;
	if (transaction_load(turn, number, transaction) && transaction->run.policy->waits_for_abated) {
		uint32_t asked = transaction->run.generation;

		run_abated(&transaction->run, turn->now_ms, &actions);
		drive(turn, transaction, &actions, asked);
	}
}

static void
receive_event(struct turn *turn, json_t *json, struct str message)
{
	struct transaction *transaction = arena_alloc(turn->arena, sizeof(*transaction));
	const struct operational *policy;
	struct error err = {0};

	if (!transaction || event_read(json, turn->arena, &transaction->event, &err) != 0) {
		if (!transaction || err.code == ERROR_MEMORY)
			turn_fail(turn, ERROR_MEMORY);
		return;
	}
	transaction->json = message;
	policy = operational_find(&turn->set->loops, transaction->event.clname);
	if (str_is(transaction->event.status, "ABATED"))
		abate(turn, &transaction->event);
	else if (str_is(transaction->event.status, "ONSET") && transaction->event.clname.ptr && policy)
		begin(turn, transaction, policy);
}

/* --- answers --- */

static struct str
text_of(const json_t *message, const char *key)
{
	const json_t *value = json_object_get(message, key);

	return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

/* At most so many bytes, and no half of a character. */
static struct str
cut(struct str text)
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
	struct str word = text_of(message, "result");
	size_t i = 0;

	while (i < 3 && !str_equal_nocase(word, str_from(words[i].word)))
		i++;
	if (i == 3)
		return false;
	*ret = (struct answer){
		.kind = run->state == RUN_ATTEMPT ? ANSWER_RESULT : ANSWER_QUERY,
		.generation = run->generation,
		.result = words[i].result,
		.message = cut(text_of(message, "message")),
		.good = words[i].result == RESULT_SUCCESS,
		.entity = text_of(message, "vnf-id"),
	};
	ret->has_count = json_is_integer(count) && json_integer_value(count) >= 0 &&
	                 json_integer_value(count) <= INT32_MAX;
	if (ret->has_count)
		ret->vf_count = (int32_t)json_integer_value(count);
	return true;
}

/* Whether it comes from the one who was asked, as far as it says. topic: absent for an answer over HTTP. */
static bool
is_asked(struct turn *turn, const struct transaction *transaction, struct str topic, const json_t *message)
{
	struct actor_road road;

	if (json_object_get(message, "requestID") &&
	    !str_equal(text_of(message, "requestID"), transaction->event.request_id))
		return false;
	return !topic.ptr || (road_of(turn, &transaction->run, &road) && str_equal(road.response, topic));
}

void
operations_answer(struct turn *turn, struct str topic, struct str id, const json_t *message)
{
	struct transaction *transaction = arena_alloc(turn->arena, sizeof(*transaction));
	struct actions actions = {.count = 0};
	struct answer answer;
	uint64_t number;
	uint32_t asked;

	if (!transaction) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	if (!id.ptr || !subrequest_number(id, &number) || !transaction_load(turn, number, transaction) ||
	    !str_equal(operation_id(turn, &transaction->run), id) || !is_asked(turn, transaction, topic, message) ||
	    !read_answer(message, &transaction->run, &answer))
		return;
	asked = transaction->run.generation;
	if (run_answer(&transaction->run, &answer, turn->now_ms, &actions))
		drive(turn, transaction, &actions, asked);
}

void
operations_receive(struct turn *turn, struct str topic, struct str message)
{
	bool event = str_equal(topic, turn->runtime->options.events);
	json_t *json;

	if ((!event && !actors_answer_on(&turn->runtime->actors, topic)) || message.len > EVENT_BYTES)
		return;
	json = json_loadb(message.ptr, message.len, 0, NULL);
	if (json_is_object(json) && event)
		receive_event(turn, json, message);
	else if (json_is_object(json))
		operations_answer(turn, topic, text_of(json, "subRequestID"), json);
	json_decref(json);
}

/* --- time --- */

bool
operations_tick(struct turn *turn)
{
	struct transaction *transaction = NULL;
	struct actions actions;
	uint64_t number;
	int64_t due_ms;

	for (int i = 0; i < TICKS_MOST; i++) {
		if (!transaction_due(turn, &due_ms, &number) || due_ms > turn->now_ms)
			return false;
		if (!transaction)
			transaction = arena_alloc(turn->arena, sizeof(*transaction));
		if (!transaction) {
			turn_fail(turn, ERROR_MEMORY);
			return false;
		}
		actions.count = 0;
		if (transaction_load(turn, number, transaction)) {
			uint32_t asked = transaction->run.generation;

			(void)run_tick(&transaction->run, turn->now_ms, &actions); /* it is due */
			drive(turn, transaction, &actions, asked);
		} else {
			transaction_forget_due(turn, due_ms, number);
		}
		if (turn->failed)
			return false;
	}
	return true;
}

int
operation_cancel(struct turn *turn, struct runtime_call *call)
{
	struct transaction *transaction = arena_alloc(turn->arena, sizeof(*transaction));
	struct actions actions = {.count = 0};
	uint64_t number;
	uint32_t asked;

	if (!transaction)
		return -ERROR_MEMORY;
	if (!subrequest_number(call->name, &number) || !transaction_load(turn, number, transaction) ||
	    !str_equal(operation_name(turn, &transaction->run), call->name)) {
		call_refuse(call, 404, "there is no such transaction");
		return 0;
	}
	if (!transaction->run.locked) {
		call_refuse(call, 409, "the transaction does not hold its target's lock yet");
		return 0;
	}
	asked = transaction->run.generation;
	run_lock_lost(&transaction->run, turn->now_ms, &actions);
	drive(turn, transaction, &actions, asked);
	call_answer(call, 200, STR("{}"));
	return 0;
}
