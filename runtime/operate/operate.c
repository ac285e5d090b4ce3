/* operate - operational policies at work: events, answers of actors and time, carried out in one transaction each */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/operate/operate.h"

#include "base/clock.h"
#include "runtime/rows/transport.h"
#include "runtime/rows/txn.h"
#include "runtime/operate/dispatch_rows.h"

#define HOLD_MS 15000 /* locks and reservations outlast the execution by so much */

/* --- carrying out --- */

static void
operate_enter_row(struct txn *txn, const struct execution *execution, const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;
	int r;

	if (!action_row(action, id, &row))
		return;
	if (action->kind == ACTION_START && action->attempt == 1 && execution->reservation.ptr)
		return; /* taking the reservation has entered this very row */
	r = engine_writer_record(txn->writer, txn->set, &row, txn->now_ms);
	if (r < 0)
		txn_fail(txn, error_from(r));
}

/* A reservation ends with its operation, which may have taken several attempts; each of them has its row. */
static void
settle_reservation(struct txn *txn, struct execution *execution, const struct actions *actions)
{
	struct reservation_change change = {
		.action = RESERVATION_SETTLE, .id = execution->reservation, .outcome = STR("Failure")};
	enum run_state state = execution->run.state;
	struct reservation_status status;
	int r;

	if (!execution->reservation.ptr || state == RUN_ATTEMPT || state == RUN_WAIT)
		return;
	for (size_t i = 0; i < actions->count; i++)
		if (actions->list[i].kind == ACTION_ENDED || actions->list[i].kind == ACTION_ABORT)
			change.outcome = str_from(result_outcome[actions->list[i].result]);
	r = engine_writer_change(txn->writer, &change, txn->now_ms, &status);
	txn_note_change(txn, true, &change, r, &status);
	if (r < 0 && r != -ERROR_UNKNOWN && r != -ERROR_CONFLICT) /* those: its lease is over, and it counts as used */
		txn_fail(txn, error_from(r));
	execution->reservation = STR_NONE;
}

void
operation_count(struct txn *txn, const struct action *action)
{
	if (action->kind == ACTION_REJECT)
		totals_add(txn, TOTAL_REJECTED, 1);
	else if (action->kind == ACTION_FINAL)
		totals_add(txn,
		           action->final == RESULT_SUCCESS ? TOTAL_SUCCESS
		           : action->final == RESULT_COUNT ? TOTAL_OPENLOOP
		                                           : TOTAL_FAILURE,
		           1);
}

static void
operate_carry_out(struct txn *txn, struct execution *execution, const struct actions *actions)
{
	for (size_t i = 0; i < actions->count && txn->failed == 0; i++) {
		const struct action *action = &actions->list[i];

		operate_enter_row(txn, execution, action);
		operation_notify(txn, execution, action);
		operation_count(txn, action);
		if (action->kind == ACTION_UNLOCK)
			lock_free(txn, execution->run.target, execution->run.number);
	}
	settle_reservation(txn, execution, actions);
}

/* --- what is answered here and now --- */

static void
operate_note_answer(struct txn *txn, const struct request *request, const struct reservation *reservation,
                    int64_t took_ns)
{
	struct reservation_note note = {
		.event = !reservation->decision.permit ? RESERVATION_DENIED_EVENT
	                 : reservation->repeated       ? RESERVATION_REPEATED_EVENT
	                                               : RESERVATION_RESERVED_EVENT,
		.operational = true,
		.asked = true,
		.request = *request,
		.decision = reservation->decision,
		.at_ms = txn->now_ms,
		.position = reservation->position,
		.took_ns = took_ns,
	};

	memcpy(note.id, reservation->id, sizeof(note.id));
	txn_note(txn, &note);
}

static void
operate_ask_guard(struct txn *txn, struct execution *execution, struct answer *answer)
{
	struct run *run = &execution->run;
	struct engine *engine = txn->runtime->engine;
	struct reservation reservation;
	struct decision decision;
	struct request request;
	char id[SUBREQUEST_SIZE];
	int64_t began_ns = clock_monotonic_ns();
	int r;

	run_request(run, &request);
	event_attributes(run->event, &request);
	request.subrequest_id = run_subrequest(run, run->serial + 1, id); /* of the attempt that begins if it permits */
	r = engine_writer_reserve(engine, txn->writer, txn->set, &request, run->deadline_ms - txn->now_ms + HOLD_MS,
	                          txn->now_ms, &reservation);
	answer->good = r == 1;
	if (r >= 0)
		operate_note_answer(txn, &request, &reservation, clock_monotonic_ns() - began_ns);
	if (r == 1) {
		execution->reservation = arena_str(txn->arena, str_from(reservation.id));
		r = execution->reservation.ptr ? 1 : -ERROR_MEMORY;
	}
	if (r == 0 && txn->set->mode == GUARD_STRICT)
		r = engine_writer_explain(engine, txn->writer, txn->set, &request, txn->now_ms, txn->arena, &decision,
		                          &execution->explanation);
	if (r < 0)
		txn_fail(txn, error_from(r));
}

bool
operation_endpoint(struct txn *txn, const struct run *run, struct actor_endpoint *ret)
{
	struct str actor = run->state == RUN_ATTEMPT ? run->policy->directives[run->at].actor : STR(ACTOR_INVENTORY);

	if (actor_endpoint(&txn->runtime->actors, actor, txn->arena, ret))
		return true;
	txn_fail(txn, ERROR_MEMORY);
	return false;
}

/* Hands the request for an attempt, or a question, to its actor. False when there is nobody to ask. */
static bool
operate_ask_actor(struct txn *txn, struct execution *execution)
{
	const struct run *run = &execution->run;
	struct actor_endpoint endpoint;

	if (!operation_endpoint(txn, run, &endpoint))
		return true;
	if (endpoint.url.ptr) {
		dispatch_put(txn, run->number, operation_id(txn, run));
		return true;
	}
	dispatch_drop(txn, run->number);
	if (!endpoint.request.ptr)
		return false;
	txn->runtime->transport->send(txn, endpoint.request, operation_request(txn, execution));
	return true;
}

/*
 * What the run now asks of the outside: answered at once by what is here, or sent to whoever answers later. False when
 * it waits. asked: the generation whose question has been sent.
 */
static bool
respond(struct txn *txn, struct execution *execution, uint32_t *asked, struct actions *actions)
{
	struct run *run = &execution->run;
	struct answer answer = {.generation = run->generation};

	switch (run->state) {
	case RUN_LOCK:
		answer.kind = ANSWER_LOCK;
		answer.good = lock_take(txn, run->target, run->number, run->deadline_ms + HOLD_MS);
		break;
	case RUN_GUARD:
		answer.kind = ANSWER_GUARD;
		operate_ask_guard(txn, execution, &answer);
		break;
	case RUN_ENTITY:
	case RUN_COUNT:
	case RUN_ATTEMPT:
		if (*asked == run->generation || operate_ask_actor(txn, execution)) {
			*asked = run->generation;
			return false;
		}
		/* There is no inventory: what the event says is all that is known. */
		answer.kind = run->state == RUN_ATTEMPT ? ANSWER_RESULT : ANSWER_QUERY;
		answer.result = RESULT_FAILURE_EXCEPTION;
		answer.message = STR("there is no inventory");
		break;
	case RUN_DENIED:
		return run_tick(run, txn->now_ms, actions);
	default:
		return false;
	}
	return txn->failed == 0 && run_answer(run, &answer, txn->now_ms, actions);
}

void
operation_drive(struct txn *txn, struct execution *execution, struct actions *actions, uint32_t asked)
{
	struct str outer = txn->trace;

	txn->trace = execution->trace;
	do {
		operate_carry_out(txn, execution, actions);
		actions->count = 0;
	} while (txn->failed == 0 && respond(txn, execution, &asked, actions));
	txn->trace = outer;
	if (txn->failed)
		return;
	if (asked != execution->run.generation)
		dispatch_drop(txn, execution->run.number); /* the actor's answer is of no use any more */
	if (execution->run.state == RUN_IDLE)
		execution_end(txn, execution);
	else
		execution_save(txn, execution);
}
