/* participant - who takes part: what the runtime hears of participants and does about them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/participant.h"
#include "runtime/calls/participant_instance.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/act/host.h"
#include "runtime/act/message.h"
#include "runtime/act/lost.h"
#include "runtime/calls/hosts.h"
#include "runtime/calls/monitoring.h"
#include "runtime/calls/report.h"
#include "runtime/rows/bus.h"
#include "runtime/rows/txn.h"

#define SINGLY_MAX 16 /* participants that are sent the definitions one by one in a txn */

static struct str
participant_text_of(const struct node *message, const char *key)
{
	const struct node *node = node_get(message, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

/* The text if it is one of the known, else absent. */
static struct str
one_of(struct str text, const char *const *known)
{
	for (; *known; known++)
		if (str_is(text, *known))
			return text;
	return STR_NONE;
}

static struct str
state_of(const struct node *message)
{
	static const char *const states[] = {"UNKNOWN", "PASSIVE", "SAFE", "TEST", "ACTIVE", "TERMINATED", NULL};

	return one_of(participant_text_of(message, "state"), states);
}

static struct str
health_of(const struct node *message)
{
	static const char *const healths[] = {"HEALTHY", "NOT_HEALTHY", "TEST_IN_PROGRESS",
	                                      "UNKNOWN", "OFF_LINE",    NULL};

	return one_of(participant_text_of(message, "healthStatus"), healths);
}

/* Who speaks. False when the message does not say it properly. */
static bool
read_sender(const struct node *message, struct participant *ret)
{
	*ret = (struct participant){
		.id = concept_read(node_get(message, "participantId")),
		.type = concept_read(node_get(message, "participantType")),
		.state = STR("UNKNOWN"),
		.health = STR("UNKNOWN"),
		.update_ms = TIME_NONE,
		.status_ms = TIME_NONE,
		.lost_ms = TIME_NONE,
		.move_ms = TIME_NONE,
		.greeting = NOT_GREETED,
		.instance = participant_instance_of(message),
		.shared_ms = TIME_NONE,
	};
	return concept_name_valid(ret->id.name) && concept_version_valid(ret->id.version) &&
	       concept_name_valid(ret->type.name) && concept_version_valid(ret->type.version);
}

bool
participant_heard(struct txn *txn, const struct node *message, struct participant *ret)
{
	struct participant sender;
	bool silent;

	if (!read_sender(message, &sender) || !participant_load(txn, sender.id, ret) ||
	    !participant_type_serves(sender.type, ret->type))
		return false;
	participant_notice_instance(txn, message, ret);
	silent = ret->retries > 0 && !ret->left;
	ret->last_ms = txn->now_ms;
	ret->retries = 0;
	ret->greeting = NOT_GREETED;
	if (str_is(ret->health, "OFF_LINE") && !ret->left) {
		ret->health = STR("UNKNOWN");
		ret->lost_ms = ret->move_ms = TIME_NONE;
		lost_notify_host(txn, ret);
	}
	if (silent)
		notify_participant(txn, "PARTICIPANT_HEARD", ret);
	return true;
}

/* Adds the participant's elements to the words of a notification. */
static void
notify_hosting(struct txn *txn, const char *what, const struct participant *participant)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, participant_load_count(txn, participant->id));
	notify_participant_more(txn, what, participant, "elements", str_from(number));
}

/* Why a participant cannot register under its name as the type that it says; NULL: it can. */
static const char *
participant_refusal_of(struct txn *txn, const struct participant *known, const struct participant *sender)
{
	char *text;

	if (participant_type_serves(sender->type, known->type) || known->left ||
	    participant_load_count(txn, known->id) == 0)
		return NULL;
	text = arena_printf(
		txn->arena,
		"participant %.*s %.*s is registered as %.*s %.*s and hosts elements: expected that type, of the "
		"same major version, got '%.*s %.*s'",
		STR_ARG(known->id.name), STR_ARG(known->id.version), STR_ARG(known->type.name),
		STR_ARG(known->type.version), STR_ARG(sender->type.name), STR_ARG(sender->type.version));
	if (!text)
		txn_fail(txn, ERROR_MEMORY);
	return text ? text : "out of memory";
}

static void
refuse_registration(struct txn *txn, const struct node *message, const struct participant *sender, const char *why)
{
	message_register_ack(txn, participant_text_of(message, "messageId"), sender, why);
	notify_participant_more(txn, "PARTICIPANT_REFUSED", sender, "message", str_from(why));
}

/* The definitions go to it at once, or, when many register together, by the next scan. */
static void
prime(struct txn *txn, struct participant *participant)
{
	if (!looptypes_any(txn))
		return;
	if (txn->primed++ < SINGLY_MAX) {
		message_prime(txn, participant);
		participant->update_ms = txn->now_ms;
	} else {
		participant->update_ms = txn->now_ms - txn->runtime->options.update_wait_ms - 1;
	}
}

void
participant_register(struct txn *txn, const struct node *message)
{
	struct participant participant, known;
	bool returns = false;

	if (!read_sender(message, &participant))
		return;
	if (participant_load(txn, participant.id, &known)) {
		const char *refusal = participant_refusal_of(txn, &known, &participant);

		if (refusal) {
			refuse_registration(txn, message, &participant, refusal);
			return;
		}
		participant.records = known.records;
		participant.element_records = known.element_records;
		returns = participant_load_count(txn, participant.id) > 0;
	} else if (!participant_enter(txn, &participant)) {
		refuse_registration(txn, message, &participant, "too many participants are registered");
		return;
	}
	participant.last_ms = txn->now_ms;
	participant.greeting = bus_end(txn, txn->runtime->options.topic);
	prime(txn, &participant);
	message_register_ack(txn, participant_text_of(message, "messageId"), &participant, NULL);
	participant_save(txn, &participant);
	if (returns)
		notify_hosting(txn, "PARTICIPANT_RETURNED", &participant);
	hosts_returned(txn, &participant);
}

void
participant_deregister(struct txn *txn, const struct node *message)
{
	struct participant participant;

	if (participant_heard(txn, message, &participant)) {
		if (!participant.left)
			participant.lost_ms = txn->now_ms;
		participant.state = STR("TERMINATED");
		participant.left = true;
		participant.health = STR("OFF_LINE");
		participant.update_ms = participant.move_ms = TIME_NONE;
		participant_save(txn, &participant);
		if (participant_load_count(txn, participant.id) > 0)
			notify_hosting(txn, "PARTICIPANT_LEFT", &participant);
	} else if (!read_sender(message, &participant)) {
		return;
	}
	message_deregister_ack(txn, participant_text_of(message, "messageId"));
}

void
participant_update_ack(struct txn *txn, const struct node *message)
{
	const struct node *result = node_get(message, "result");
	struct str state = state_of(message);
	struct participant participant;

	if (!participant_heard(txn, message, &participant))
		return;
	if (participant.left)
		return; /* it has gone; what comes late does not bring it back */
	if (state.ptr)
		participant.state = state;
	if (!result || result->kind != NODE_BOOL || result->boolean)
		participant.update_ms = TIME_NONE;
	participant_save(txn, &participant);
}

void
participant_status(struct txn *txn, const struct node *message)
{
	struct str state = state_of(message), health = health_of(message);
	int64_t wait_ms = txn->runtime->options.status_wait_ms;
	struct participant participant, sender;

	if (!participant_heard(txn, message, &participant)) {
		/* One that a runtime before this one knew; but nobody else's name. */
		if (!read_sender(message, &sender) || participant_load(txn, sender.id, &participant))
			return;
		participant = sender;
		participant.last_ms = txn->now_ms;
		if (!participant_enter(txn, &participant))
			return;
	}
	if (participant.left)
		return;
	if (state.ptr)
		participant.state = state;
	if (health.ptr) {
		if (!str_is(health, "HEALTHY") && str_is(participant.health, "HEALTHY"))
			notify_participant(txn, "PARTICIPANT_UNWELL", &participant);
		participant.health = health;
	}
	participant.look |= participant.status_ms == TIME_NONE || txn->now_ms - participant.status_ms > wait_ms;
	participant.status_ms = txn->now_ms;
	statistics_record(txn, message, &participant);
	participant_save(txn, &participant);
	report_take(txn, message, &participant);
}

/* --- broadcasts --- */

struct presence {
	const struct txn *txn;
	bool any;
};

static bool
take_present(void *context, struct participant *participant)
{
	struct presence *presence = context;

	presence->any = !participant->left && !host_is(presence->txn, participant);
	return !presence->any;
}

bool
participants_any(struct txn *txn)
{
	struct presence presence = {txn, false};

	participants_each(txn, take_present, &presence);
	return presence.any;
}

static bool
expect_update(void *context, struct participant *participant)
{
	struct txn *txn = context;

	if (!participant_is_registered(participant) || host_is(txn, participant))
		return true;
	participant->update_ms = txn->now_ms;
	participant->update_retries = 0;
	participant_save(txn, participant);
	return true;
}

void
participants_expect_update(struct txn *txn)
{
	participants_each(txn, expect_update, txn);
}

/* --- time --- */

struct scan {
	struct txn *txn;
	bool again;
	size_t unprimed; /* participants to whom the definitions are sent again */
};

/* A silent participant is asked how it is, and given up after some questions. True when that changed it. */
static bool
scan_silence(struct txn *txn, struct participant *participant)
{
	const struct runtime_options *options = &txn->runtime->options;

	if (txn->now_ms - participant->last_ms <= options->status_wait_ms)
		return false;
	if (participant->retries < options->retries) {
		if (participant->retries++ == 0)
			notify_participant(txn, "PARTICIPANT_SILENT", participant);
		participant->health = STR("NOT_HEALTHY");
		message_status_request(txn, participant);
	} else {
		participant->health = STR("OFF_LINE");
		participant->update_ms = participant->move_ms = TIME_NONE;
		participant->lost_ms = txn->now_ms;
		notify_participant(txn, "PARTICIPANT_OFF_LINE", participant);
	}
	return true;
}

static bool
is_unprimed(const struct txn *txn, const struct participant *participant)
{
	return participant->update_ms != TIME_NONE &&
	       txn->now_ms - participant->update_ms > txn->runtime->options.update_wait_ms;
}

static bool
count_unprimed(void *context, struct participant *participant)
{
	struct scan *scan = context;

	scan->unprimed += participant_is_registered(participant) && is_unprimed(scan->txn, participant) &&
	                  participant->update_retries < scan->txn->runtime->options.retries;
	return true;
}

/* Definitions that were not acknowledged are sent again, to many at once, and then no more. */
static bool
scan_update(struct scan *scan, struct participant *participant)
{
	if (!is_unprimed(scan->txn, participant))
		return false;
	if (participant->update_retries < scan->txn->runtime->options.retries) {
		participant->update_retries++;
		if (scan->unprimed <= SINGLY_MAX)
			message_prime(scan->txn, participant);
	} else {
		participant->update_ms = TIME_NONE;
		participant->update_retries = 0;
		notify_participant(scan->txn, "PARTICIPANT_NOT_PRIMED", participant);
	}
	return true;
}

/* As in supervise.c: times that lie ahead are of a clock that was wrong. */
static bool
participant_put_reservation(const struct txn *txn, struct participant *participant)
{
	bool status = participant->status_ms != TIME_NONE && participant->status_ms > txn->now_ms;
	bool last = participant->last_ms > txn->now_ms,
	     update = participant->update_ms != TIME_NONE && participant->update_ms > txn->now_ms;

	if (last)
		participant->last_ms = txn->now_ms;
	if (update)
		participant->update_ms = txn->now_ms;
	if (status)
		participant->status_ms = txn->now_ms;
	return last || update || status;
}

static bool
scan_participant(void *context, struct participant *participant)
{
	struct scan *scan = context;
	bool changed;

	if (host_is(scan->txn, participant))
		return true;
	changed = participant_put_reservation(scan->txn, participant);
	if (participant_is_registered(participant)) {
		scan->again = true;
		changed |= scan_silence(scan->txn, participant);
		changed |= scan_update(scan, participant);
	}
	if (changed)
		participant_save(scan->txn, participant); /* what follows looks at it */
	changed = hosts_scan(scan->txn, participant);
	scan->again |= participant->lost_ms != TIME_NONE && participant->move_ms != INT64_MAX;
	if (changed)
		participant_save(scan->txn, participant);
	return true;
}

bool
participants_scan(struct txn *txn)
{
	struct scan scan = {txn, false, 0};

	participants_each(txn, count_unprimed, &scan);
	if (scan.unprimed > SINGLY_MAX)
		message_prime(txn, NULL); /* each has all the definitions in it */
	participants_each(txn, scan_participant, &scan);
	return scan.again;
}
