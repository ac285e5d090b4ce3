/* step - supervision inside a txn: what an instance's step wants done is done */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/step.h"

#include "runtime/act/deploy.h"
#include "runtime/act/guarding.h"
#include "runtime/act/host.h"
#include "runtime/act/message.h"
#include "runtime/act/message_order.h"
#include "runtime/calls/configuration.h"
#include "runtime/rows/transport.h"
#include "runtime/rows/txn.h"

/* An element acts without an order of anybody: late, again, or because it does not stand where it should. */
static bool
step_permit(void *context, struct loop *loop, struct element *element, bool update, enum loop_state state)
{
	struct txn *txn = context;
	bool on = update || state == LOOP_UNINITIALISED;
	struct definition_count count = definition_count(txn, element->definition);
	enum guarding guarding = guarding_of(txn, loop);
	const char *operation = update ? "UPDATE" : loop_state_name[state];
	struct text denials;

	text_init(&denials, txn->arena);
	if (guard_permits(txn, guarding, loop, element, operation, on ? count.on : count.running, &denials))
		return true;
	denial_save(txn, loop->id, denial_json(txn, guarding, operation, &denials));
	notify_loop(txn, STR("GUARD_DENIED"), loop, element);
	return false;
}

static enum host_condition
host(void *context, const struct element *element)
{
	return participant_condition(context, element->participant_id);
}

static enum handing
handing(void *context, const struct loop *loop, const struct element *element)
{
	struct txn *txn = context;

	if (host_has_id(txn, element->participant_id))
		return HANDING_UNKNOWN;
	return txn->runtime->transport->handing(txn, txn->runtime->options.topic, loop->sent, element->participant_id);
}

void
step_begin(struct txn *txn, struct supervision *ret)
{
	*ret = (struct supervision){
		.limits = &txn->runtime->limits,
		.now_ms = txn->now_ms,
		.arena = txn->arena,
		.permit = step_permit,
		.host = host,
		.handing = handing,
		.context = txn,
	};
	supervision_init(ret);
}

static void
change_reservation(struct txn *txn, const struct task *task)
{
	struct reservation_change change = {
		.action = task->kind == TASK_SETTLE  ? RESERVATION_SETTLE
	                  : task->kind == TASK_ABORT ? RESERVATION_ABORT
	                                             : RESERVATION_RENEW,
		.id = task->text,
		.outcome = task->outcome,
		.lease_ms = txn->runtime->limits.lease_ms,
	};
	struct reservation_status status;
	int r = engine_writer_change(txn->writer, &change, txn->now_ms, &status);

	txn_note_change(txn, false, &change, r, &status);
	if (r < 0 && r != -ERROR_UNKNOWN && r != -ERROR_CONFLICT) /* those: the lease has ended, and counts as used */
		txn_fail(txn, error_from(r));
}

/* Orders a transition back that failed; once, and only if the guards agree. */
static void
roll_back(struct txn *txn, struct supervision *supervision, struct loop *loop)
{
	enum loop_state next = loop_transition(loop_state_to(loop->state), loop_state_from(loop->state));
	enum guarding guarding = guarding_of(txn, loop);
	struct loop copy = *loop;
	struct text denials;

	text_init(&denials, txn->arena);
	loop_release(supervision, loop);
	if (!guard_permits_order(txn, loop, next, &denials)) {
		denial_save(txn, loop->id, denial_json(txn, guarding, loop_state_name[loop_state_to(next)], &denials));
		loop_release(supervision, loop); /* those that were taken before one was denied */
		notify_loop(txn, STR("GUARD_DENIED"), &copy, NULL);
		loop->failure.done = STR("the guards deny the way back: it stands as it is");
		return;
	}
	notify_loop(txn, STR("ROLLING_BACK"), loop, NULL);
	loop_order(supervision, loop, next);
	loop->reverting = true;
}

/* An order that is repeated waits until its addressees have this copy. */
static void
note_sent(struct txn *txn, struct loop *loop)
{
	loop->sent = txn->runtime->transport->last(txn, txn->runtime->options.topic);
}

static void
step_count_order(struct txn *txn, const struct loop *loop, const struct task *task)
{
	txn->orders++;
	txn->repeats += task->element ? task->element->failures > 0 || task->element->tries > 1 : loop->retries > 0;
}

static void
step_carry_out(struct txn *txn, struct supervision *supervision, struct loop *loop, const struct task *task)
{
	switch (task->kind) {
	case TASK_UPDATE:
		step_count_order(txn, loop, task);
		message_update(txn, loop, task->phase, task->element);
		note_sent(txn, loop);
		host_act(txn, supervision, loop, task->phase);
		break;
	case TASK_STATE_CHANGE:
		step_count_order(txn, loop, task);
		message_state_change(txn, loop, task);
		note_sent(txn, loop);
		host_act(txn, supervision, loop, task->phase);
		break;
	case TASK_NOTIFY:
		notify_loop(txn, task->text, loop, task->element);
		break;
	case TASK_SETTLE:
	case TASK_ABORT:
	case TASK_RENEW:
		change_reservation(txn, task);
		break;
	case TASK_RESTORE:
		configuration_restore(txn, loop);
		break;
	case TASK_ROLL_BACK:
		roll_back(txn, supervision, loop);
		break;
	}
}

void
step_perform(struct txn *txn, struct supervision *supervision, struct loop *loop)
{
	struct str outer = txn->trace;

	if (loop->trace.ptr)
		txn->trace = loop->trace; /* what time or an answer moves on is still the order's */
	/* Performing may append more tasks; they come in their turn. */
	for (struct task *task = supervision->first; task && txn->failed == 0; task = task->next)
		step_carry_out(txn, supervision, loop, task);
	txn->trace = outer;
	if (supervision->failed)
		txn_fail(txn, ERROR_MEMORY);
	supervision_init(supervision);
}

void
step_end(struct txn *txn, struct supervision *supervision, struct loop *loop)
{
	step_perform(txn, supervision, loop);
	deploy_save(txn, loop);
}
