/* operate - operational policies at work: events, answers of actors and time, carried out in one transaction each */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/operate/operate.h"

#include "runtime/rows/transport.h"
#include "runtime/rows/txn.h"
#include "runtime/operate/dispatch_rows.h"

#define HOLD_MS 15000 /* locks and rights outlast the transaction by so much */

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
		turn_fail(turn, error_from(r));
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
	turn_note_change(turn, true, &change, r, &status);
	if (r < 0 && r != -ERROR_UNKNOWN && r != -ERROR_CONFLICT) /* those: its lease is over, and it counts as used */
		turn_fail(turn, error_from(r));
	transaction->right = STR_NONE;
}

void
operation_count(struct turn *turn, const struct action *action)
{
	if (action->kind == ACTION_REJECT)
		totals_add(turn, TOTAL_REJECTED, 1);
	else if (action->kind == ACTION_FINAL)
		totals_add(turn,
		           action->final == RESULT_SUCCESS ? TOTAL_SUCCESS
		           : action->final == RESULT_COUNT ? TOTAL_OPENLOOP
		                                           : TOTAL_FAILURE,
		           1);
}

static void
carry_out(struct turn *turn, struct transaction *transaction, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count && turn->failed == 0; i++) {
		const struct action *action = &actions->list[i];

		enter_row(turn, transaction, action);
		operation_tell(turn, transaction, action);
		operation_count(turn, action);
		if (action->kind == ACTION_UNLOCK)
			lock_free(turn, transaction->run.target, transaction->run.number);
	}
	settle_right(turn, transaction, actions);
}

/* --- what is answered here and now --- */

static void
note_answer(struct turn *turn, const struct request *request, const struct reservation *reservation)
{
	struct reservation_note note = {
		.event = !reservation->decision.permit ? RESERVATION_DENIED_EVENT
	                 : reservation->repeated       ? RESERVATION_REPEATED_EVENT
	                                               : RESERVATION_RESERVED_EVENT,
		.operational = true,
		.asked = true,
		.request = *request,
		.decision = reservation->decision,
		.at_ms = turn->now_ms,
	};

	memcpy(note.id, reservation->id, sizeof(note.id));
	turn_note(turn, &note);
}

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
	if (r >= 0)
		note_answer(turn, &request, &reservation);
	if (r == 1) {
		transaction->right = arena_str(turn->arena, str_from(reservation.id));
		r = transaction->right.ptr ? 1 : -ERROR_MEMORY;
	}
	if (r == 0 && turn->set->mode == GUARD_STRICT)
		r = engine_writer_explain(engine, turn->writer, turn->set, &request, turn->now_ms, turn->arena,
		                          &decision, &transaction->explanation);
	if (r < 0)
		turn_fail(turn, error_from(r));
}

bool
operation_endpoint(struct turn *turn, const struct run *run, struct actor_endpoint *ret)
{
	struct str actor = run->state == RUN_ATTEMPT ? run->policy->directives[run->at].actor : STR(ACTOR_INVENTORY);

	if (actor_endpoint(&turn->runtime->actors, actor, turn->arena, ret))
		return true;
	turn_fail(turn, ERROR_MEMORY);
	return false;
}

/* Hands the request for an attempt, or a question, to its actor. False when there is nobody to ask. */
static bool
ask_actor(struct turn *turn, struct transaction *transaction)
{
	const struct run *run = &transaction->run;
	struct actor_endpoint endpoint;

	if (!operation_endpoint(turn, run, &endpoint))
		return true;
	if (endpoint.url.ptr) {
		dispatch_put(turn, run->number, operation_id(turn, run));
		return true;
	}
	dispatch_drop(turn, run->number);
	if (!endpoint.request.ptr)
		return false;
	turn->runtime->transport->send(turn, endpoint.request, operation_request(turn, transaction));
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
		/* There is no inventory: what the event says is all that is known. */
		answer.kind = run->state == RUN_ATTEMPT ? ANSWER_RESULT : ANSWER_QUERY;
		answer.result = RESULT_FAILURE_EXCEPTION;
		answer.message = STR("there is no inventory");
		break;
	case RUN_DENIED:
		return run_tick(run, turn->now_ms, actions);
	default:
		return false;
	}
	return turn->failed == 0 && run_answer(run, &answer, turn->now_ms, actions);
}

void
operation_drive(struct turn *turn, struct transaction *transaction, struct actions *actions, uint32_t asked)
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
