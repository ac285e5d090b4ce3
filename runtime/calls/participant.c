/* participant - who takes part: what the runtime hears of participants and does about them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/participant.h"

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

#define SINGLY_MAX 16 /* participants that are sent the definitions one by one in a turn */

static struct str
text_of(const struct node *message, const char *key)
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

	return one_of(text_of(message, "state"), states);
}

static struct str
health_of(const struct node *message)
{
	static const char *const healths[] = {"HEALTHY", "NOT_HEALTHY", "TEST_IN_PROGRESS",
	                                      "UNKNOWN", "OFF_LINE",    NULL};

	return one_of(text_of(message, "healthStatus"), healths);
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
	};
	return concept_name_valid(ret->id.name) && concept_version_valid(ret->id.version) &&
	       concept_name_valid(ret->type.name) && concept_version_valid(ret->type.version);
}

bool
participant_heard(struct turn *turn, const struct node *message, struct participant *ret)
{
	struct participant sender;
	bool silent;

	if (!read_sender(message, &sender) || !participant_load(turn, sender.id, ret) ||
	    !participant_type_serves(sender.type, ret->type))
		return false;
	silent = ret->retries > 0 && !ret->left;
	ret->last_ms = turn->now_ms;
	ret->retries = 0;
	ret->greeting = NOT_GREETED;
	if (str_is(ret->health, "OFF_LINE") && !ret->left) {
		ret->health = STR("UNKNOWN");
		ret->lost_ms = ret->move_ms = TIME_NONE;
		lost_notify_host(turn, ret);
	}
	if (silent)
		notify_participant(turn, "PARTICIPANT_HEARD", ret);
	return true;
}

/* What it hosts, to the words of a notification. */
static void
notify_hosting(struct turn *turn, const char *what, const struct participant *participant)
{
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, participant_load_count(turn, participant->id));
	notify_participant_more(turn, what, participant, "elements", str_from(number));
}

/* Why a participant cannot register under its name as the type that it says; NULL: it can. */
static const char *
refusal_of(struct turn *turn, const struct participant *known, const struct participant *sender)
{
	char *text;

	if (participant_type_serves(sender->type, known->type) || known->left ||
	    participant_load_count(turn, known->id) == 0)
		return NULL;
	text = arena_printf(
		turn->arena,
		"participant %.*s %.*s is registered as %.*s %.*s and hosts elements: expected that type, of the "
		"same major version, got '%.*s %.*s'",
		STR_ARG(known->id.name), STR_ARG(known->id.version), STR_ARG(known->type.name),
		STR_ARG(known->type.version), STR_ARG(sender->type.name), STR_ARG(sender->type.version));
	if (!text)
		turn_fail(turn, ERROR_MEMORY);
	return text ? text : "out of memory";
}

static void
refuse_registration(struct turn *turn, const struct node *message, const struct participant *sender, const char *why)
{
	message_register_ack(turn, text_of(message, "messageId"), sender, why);
	notify_participant_more(turn, "PARTICIPANT_REFUSED", sender, "message", str_from(why));
}

/* The definitions go to it at once, or, when many register together, by the next scan. */
static void
prime(struct turn *turn, struct participant *participant)
{
	if (!looptypes_any(turn))
		return;
	if (turn->primed++ < SINGLY_MAX) {
		message_prime(turn, participant);
		participant->update_ms = turn->now_ms;
	} else {
		participant->update_ms = turn->now_ms - turn->runtime->options.update_wait_ms - 1;
	}
}

void
participant_register(struct turn *turn, const struct node *message)
{
	struct participant participant, known;
	bool returns = false;

	if (!read_sender(message, &participant))
		return;
	if (participant_load(turn, participant.id, &known)) {
		const char *refusal = refusal_of(turn, &known, &participant);

		if (refusal) {
			refuse_registration(turn, message, &participant, refusal);
			return;
		}
		participant.records = known.records;
		participant.element_records = known.element_records;
		returns = participant_load_count(turn, participant.id) > 0;
	} else if (!participant_enter(turn, &participant)) {
		refuse_registration(turn, message, &participant, "too many participants are registered");
		return;
	}
	participant.last_ms = turn->now_ms;
	participant.greeting = bus_end(turn, turn->runtime->options.topic);
	prime(turn, &participant);
	message_register_ack(turn, text_of(message, "messageId"), &participant, NULL);
	participant_save(turn, &participant);
	if (returns)
		notify_hosting(turn, "PARTICIPANT_RETURNED", &participant);
	hosts_returned(turn, &participant);
}

void
participant_deregister(struct turn *turn, const struct node *message)
{
	struct participant participant;

	if (participant_heard(turn, message, &participant)) {
		if (!participant.left)
			participant.lost_ms = turn->now_ms;
		participant.state = STR("TERMINATED");
		participant.left = true;
		participant.health = STR("OFF_LINE");
		participant.update_ms = participant.move_ms = TIME_NONE;
		participant_save(turn, &participant);
		if (participant_load_count(turn, participant.id) > 0)
			notify_hosting(turn, "PARTICIPANT_LEFT", &participant);
	} else if (!read_sender(message, &participant)) {
		return;
	}
	message_deregister_ack(turn, text_of(message, "messageId"));
}

void
participant_update_ack(struct turn *turn, const struct node *message)
{
	const struct node *result = node_get(message, "result");
	struct str state = state_of(message);
	struct participant participant;

	if (!participant_heard(turn, message, &participant))
		return;
	if (participant.left)
		return; /* it has gone; what comes late does not bring it back */
	if (state.ptr)
		participant.state = state;
	if (!result || result->kind != NODE_BOOL || result->boolean)
		participant.update_ms = TIME_NONE;
	participant_save(turn, &participant);
}

void
participant_status(struct turn *turn, const struct node *message)
{
	struct str state = state_of(message), health = health_of(message);
	int64_t wait_ms = turn->runtime->options.status_wait_ms;
	struct participant participant, sender;

	if (!participant_heard(turn, message, &participant)) {
		/* One that a runtime before this one knew; but nobody else's name. */
		if (!read_sender(message, &sender) || participant_load(turn, sender.id, &participant))
			return;
		participant = sender;
		participant.last_ms = turn->now_ms;
		if (!participant_enter(turn, &participant))
			return;
	}
	if (participant.left)
		return;
	if (state.ptr)
		participant.state = state;
	if (health.ptr) {
		if (!str_is(health, "HEALTHY") && str_is(participant.health, "HEALTHY"))
			notify_participant(turn, "PARTICIPANT_UNWELL", &participant);
		participant.health = health;
	}
	participant.look |= participant.status_ms == TIME_NONE || turn->now_ms - participant.status_ms > wait_ms;
	participant.status_ms = turn->now_ms;
	statistics_record(turn, message, &participant);
	participant_save(turn, &participant);
	report_take(turn, message, &participant);
}

/* --- broadcasts --- */

struct presence {
	const struct turn *turn;
	bool any;
};

static bool
take_present(void *context, struct participant *participant)
{
	struct presence *presence = context;

	presence->any = !participant->left && !host_is(presence->turn, participant);
	return !presence->any;
}

bool
participants_any(struct turn *turn)
{
	struct presence presence = {turn, false};

	participants_each(turn, take_present, &presence);
	return presence.any;
}

static bool
expect_update(void *context, struct participant *participant)
{
	struct turn *turn = context;

	if (!participant_is_registered(participant) || host_is(turn, participant))
		return true;
	participant->update_ms = turn->now_ms;
	participant->update_retries = 0;
	participant_save(turn, participant);
	return true;
}

void
participants_expect_update(struct turn *turn)
{
	participants_each(turn, expect_update, turn);
}

/* --- time --- */

struct scan {
	struct turn *turn;
	bool again;
	size_t unprimed; /* participants to whom the definitions are sent again */
};

/* A silent participant is asked how it is, and given up after some questions. True when that changed it. */
static bool
scan_silence(struct turn *turn, struct participant *participant)
{
	const struct runtime_options *options = &turn->runtime->options;

	if (turn->now_ms - participant->last_ms <= options->status_wait_ms)
		return false;
	if (participant->retries < options->retries) {
		if (participant->retries++ == 0)
			notify_participant(turn, "PARTICIPANT_SILENT", participant);
		participant->health = STR("NOT_HEALTHY");
		message_status_request(turn, participant);
	} else {
		participant->health = STR("OFF_LINE");
		participant->update_ms = participant->move_ms = TIME_NONE;
		participant->lost_ms = turn->now_ms;
		notify_participant(turn, "PARTICIPANT_OFF_LINE", participant);
	}
	return true;
}

static bool
is_unprimed(const struct turn *turn, const struct participant *participant)
{
	return participant->update_ms != TIME_NONE &&
	       turn->now_ms - participant->update_ms > turn->runtime->options.update_wait_ms;
}

static bool
count_unprimed(void *context, struct participant *participant)
{
	struct scan *scan = context;

	scan->unprimed += participant_is_registered(participant) && is_unprimed(scan->turn, participant) &&
	                  participant->update_retries < scan->turn->runtime->options.retries;
	return true;
}

/* Definitions that were not acknowledged are sent again, to many at once, and then no more. */
static bool
scan_update(struct scan *scan, struct participant *participant)
{
	if (!is_unprimed(scan->turn, participant))
		return false;
	if (participant->update_retries < scan->turn->runtime->options.retries) {
		participant->update_retries++;
		if (scan->unprimed <= SINGLY_MAX)
			message_prime(scan->turn, participant);
	} else {
		participant->update_ms = TIME_NONE;
		participant->update_retries = 0;
		notify_participant(scan->turn, "PARTICIPANT_NOT_PRIMED", participant);
	}
	return true;
}

/* As in supervise.c: times that lie ahead are of a clock that was wrong. */
static bool
put_right(const struct turn *turn, struct participant *participant)
{
	bool status = participant->status_ms != TIME_NONE && participant->status_ms > turn->now_ms;
	bool last = participant->last_ms > turn->now_ms,
	     update = participant->update_ms != TIME_NONE && participant->update_ms > turn->now_ms;

	if (last)
		participant->last_ms = turn->now_ms;
	if (update)
		participant->update_ms = turn->now_ms;
	if (status)
		participant->status_ms = turn->now_ms;
	return last || update || status;
}

static bool
scan_participant(void *context, struct participant *participant)
{
	struct scan *scan = context;
	bool changed;

	if (host_is(scan->turn, participant))
		return true;
	changed = put_right(scan->turn, participant);
	if (participant_is_registered(participant)) {
		scan->again = true;
		changed |= scan_silence(scan->turn, participant);
		changed |= scan_update(scan, participant);
	}
	if (changed)
		participant_save(scan->turn, participant); /* what follows looks at it */
	changed = hosts_scan(scan->turn, participant);
	scan->again |= participant->lost_ms != TIME_NONE && participant->move_ms != INT64_MAX;
	if (changed)
		participant_save(scan->turn, participant);
	return true;
}

bool
participants_scan(struct turn *turn)
{
	struct scan scan = {turn, false, 0};

	participants_each(turn, count_unprimed, &scan);
	if (scan.unprimed > SINGLY_MAX)
		message_prime(turn, NULL); /* each has all the definitions in it */
	participants_each(turn, scan_participant, &scan);
	return scan.again;
}
