/* hosts - what participants host: brought back when they return, missed in their reports, moved when they are lost */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/hosts.h"

#include "runtime/act/lost.h"
#include "runtime/act/message.h"
#include "runtime/calls/step.h"
#include "runtime/supervision/restore.h"
#include "runtime/rows/hosting.h"

#define LOOPS_MAX 2000 /* instances that are looked at for a participant in one txn; the next scan goes on */

struct visit {
	struct txn *txn;
	struct participant *participant;
	int64_t before_ms; /* reports since then are in time */
	int64_t again_ms;  /* when to look again for what is lost */
	size_t loops;
	bool primed;
};

/* --- a participant that registered --- */

static bool
return_loop(void *context, const struct hosting_row *row)
{
	struct visit *visit = context;
	struct supervision supervision;
	struct loop loop;

	if (!loop_load(visit->txn, row->loop, &loop))
		return true;
	step_begin(visit->txn, &supervision);
	if (loop_returned(&supervision, &loop, visit->participant->id))
		step_end(visit->txn, &supervision, &loop);
	else
		step_perform(visit->txn, &supervision, &loop);
	return ++visit->loops < LOOPS_MAX; /* its reports will lack the others */
}

void
hosts_returned(struct txn *txn, const struct participant *participant)
{
	struct participant copy = *participant;
	struct visit visit = {.txn = txn, .participant = &copy};

	lost_notify_host(txn, participant);
	hosting_each(txn, participant->id, INT64_MIN, return_loop, &visit);
}

/* --- elements that are missing --- */

/* One that has lost elements may have lost their definitions too. */
static void
prime_once(struct visit *visit)
{
	if (visit->primed || participant_condition(visit->txn, visit->participant->id) != HOST_WELL)
		return;
	visit->primed = true;
	if (!looptypes_any(visit->txn))
		return;
	message_prime(visit->txn, visit->participant);
	visit->participant->update_ms = visit->txn->now_ms;
	visit->participant->update_retries = 0;
}

static bool
miss_loop(void *context, const struct hosting_row *row)
{
	struct visit *visit = context;
	struct txn *txn = visit->txn;
	struct supervision supervision;
	bool changed = false;
	struct loop loop;

	if (!(row->overdue || (visit->participant->look && row->missing)) || !loop_load(txn, row->loop, &loop))
		return true;
	step_begin(txn, &supervision);
	for (size_t i = 0; i < loop.count; i++) {
		struct element *element = &loop.elements[i];
		bool again = visit->participant->look && element->missing && element->restore == RESTORE_NONE;

		if (!concept_equal(element->participant_id, visit->participant->id) ||
		    !(again || hosting_is_overdue(row, element->id, visit->before_ms)))
			continue;
		prime_once(visit);
		changed |= loop_missing(&supervision, &loop, element);
	}
	if (changed)
		step_end(txn, &supervision, &loop);
	visit->loops += changed;
	return visit->loops < LOOPS_MAX;
}

static bool
scan_reports(struct txn *txn, struct participant *participant)
{
	struct visit visit = {
		.txn = txn,
		.participant = participant,
		.before_ms = txn->now_ms - txn->runtime->options.status_wait_ms,
	};
	bool overdue = stamps_oldest(txn, participant->id) < visit.before_ms;

	if (!overdue && !participant->look)
		return false;
	hosting_each(txn, participant->id, visit.before_ms, miss_loop, &visit);
	if (visit.loops == 0 && overdue)
		hosting_recount(txn, participant->id);
	if (visit.loops < LOOPS_MAX)
		participant->look = false;
	return true;
}

/* --- elements whose participant is lost --- */

static void
move_element(struct txn *txn, struct supervision *supervision, struct loop *loop, struct element *element)
{
	if (element_target(loop, element) == LOOP_UNINITIALISED && element->asked) {
		lost_release(txn, loop, element);
		loop_release_element(supervision, element, LOOP_UNINITIALISED);
		notify_loop(txn, STR("ELEMENT_RELEASED"), loop, element);
		loop_proceed(supervision, loop);
	} else if (lost_move(txn, loop, element)) {
		notify_loop(txn, STR("ELEMENT_MOVED"), loop, element);
		loop_moved(supervision, loop, element);
	}
}

/* True when nothing of the participant is left in the instance. */
static bool
move_elements(struct txn *txn, struct loop *loop, struct concept participant)
{
	struct supervision supervision;
	bool all = true;

	step_begin(txn, &supervision);
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		if (!concept_equal(element->participant_id, participant))
			continue;
		move_element(txn, &supervision, loop, element);
		all &= !concept_equal(element->participant_id, participant) || element->state == LOOP_UNINITIALISED;
	}
	step_end(txn, &supervision, loop);
	return all;
}

static bool
move_loop(void *context, const struct hosting_row *row)
{
	struct visit *visit = context;
	struct txn *txn = visit->txn;
	struct lost_rule rule;
	struct loop loop;
	int64_t due_ms;

	if (!loop_load(txn, row->loop, &loop))
		return true;
	rule = lost_rule_of(txn, &loop);
	if (!rule.move)
		return true;
	due_ms = visit->participant->lost_ms + rule.wait_ms;
	if (txn->now_ms > due_ms) {
		due_ms = txn->now_ms; /* what cannot be moved now is tried again by the next scan */
		if (!(loop_busy(&loop) && loop.result == CHANGE_NO_ERROR) &&
		    move_elements(txn, &loop, visit->participant->id))
			due_ms = INT64_MAX;
		visit->loops++;
	}
	if (due_ms < visit->again_ms)
		visit->again_ms = due_ms;
	return visit->loops < LOOPS_MAX;
}

static bool
scan_lost(struct txn *txn, struct participant *participant)
{
	struct visit visit = {.txn = txn, .participant = participant, .again_ms = INT64_MAX};

	if (participant->lost_ms == TIME_NONE || txn->now_ms < participant->move_ms ||
	    participant_load_count(txn, participant->id) == 0)
		return false;
	hosting_each(txn, participant->id, INT64_MIN, move_loop, &visit);
	participant->move_ms = visit.loops < LOOPS_MAX ? visit.again_ms : txn->now_ms;
	return true;
}

bool
hosts_scan(struct txn *txn, struct participant *participant)
{
	bool changed = scan_reports(txn, participant);

	return scan_lost(txn, participant) || changed;
}
