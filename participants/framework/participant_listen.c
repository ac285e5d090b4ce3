/* participant_listen - what a participant hears: definitions, elements, orders; and when it reports */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "participants/framework/element_host.h"

#include <stdio.h>
#include <time.h>

/*
 * In the order of participant_listen: read the topic once, so that the group exists; register; take the definitions that
 * it is primed with; take CONTROL_LOOP_UPDATE and CONTROL_LOOP_STATE_CHANGE for its own elements, phase by phase, also
 * when told twice; report now and then and when asked; deregister at the end. Orders are carried out by the workers.
 */

#define POLL_MS 1000

/* The message that is dealt with. */
struct participant_hearing {
	struct element_host *participant;
	const struct node *message, *loop;
	struct arena *arena;
};

static long
member_number(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? (long)node->integer : 0;
}

/* Whether the message means the element: it names it, or, when it names none, it is of the element's phase. */
static bool
listen_is_meant(const struct node *message, const struct hosted_element *element)
{
	const struct node *ids = node_get(message, "elementIds");

	if (!ids)
		return element->phase == member_number(message, "startPhase");
	for (const struct node *id = ids->first; id; id = id->next)
		if (str_is(id->text, element->id))
			return true;
	return false;
}

/* An answer that needs no work, for one element. */
static void
listen_answer(const struct participant_hearing *hearing, const char *type, struct str id, const char *state, bool good,
              const char *text)
{
	struct element_host *participant = hearing->participant;
	struct text out;

	service_link_begin(&participant->service, &out, hearing->arena, type);
	text_addf(&out, ",\"result\":%s,\"controlLoopId\":", good ? "true" : "false");
	text_add_node(&out, hearing->loop, false);
	text_add(&out, STR(",\"controlLoopResultMap\":{"));
	text_add_json(&out, id);
	text_addf(&out, ":{\"state\":\"%s\",\"result\":%s,\"message\":\"%s\"}}", state, good ? "true" : "false", text);
	(void)service_link_publish(&participant->service, &out, hearing->arena); /* the runtime asks again */
}

static void
listen_prime(const struct participant_hearing *hearing)
{
	struct element_host *participant = hearing->participant;
	const struct node *groups = node_get(hearing->message, "participantDefinitionUpdates");
	struct text out;
	int r = 0;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	if (!groups || !groups->first)
		hosted_undefine(&participant->hosted);
	for (const struct node *group = groups ? groups->first : NULL; group; group = group->next) {
		const struct node *list = node_get(group, "controlLoopElementDefinitionList");

		for (const struct node *entry = list ? list->first : NULL; entry && r == 0; entry = entry->next)
			r = hosted_define(&participant->hosted, entry, hearing->arena);
	}
	(void)pthread_mutex_unlock(&participant->lock);
	service_link_begin(&participant->service, &out, hearing->arena, "PARTICIPANT_UPDATE_ACK");
	text_add(&out, STR(",\"responseTo\":"));
	text_add_json(&out, order_member(hearing->message, "messageId"));
	text_addf(&out, ",\"result\":%s,\"message\":\"%s\",\"state\":\"PASSIVE\"", r == 0 ? "true" : "false",
	          r == 0 ? "primed" : "the definitions cannot be kept");
	(void)service_link_publish(&participant->service, &out, hearing->arena); /* the runtime asks again */
}

/* The state of an element after an update: a running one stays so if it may, a new one is not started by it. */
static struct str
updated_state(const struct node *given, const struct hosted_element *element)
{
	return str_is(order_member(given, "orderedState"), "RUNNING") && str_is(STR("RUNNING"), element->state)
	               ? STR("RUNNING")
	               : STR("PASSIVE");
}

/* Keeps the element, and queues what it is told. */
static void
listen_take_element(const struct participant_hearing *hearing, const struct node *given)
{
	struct element_host *participant = hearing->participant;
	struct hosted_element *element;
	bool kept = false;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_take(&participant->hosted, given, hearing->message, hearing->arena);
	if (element)
		kept = hosted_keep(&participant->hosted, element, hearing->arena) == 0;
	if (kept && listen_is_meant(hearing->message, element))
		participant_queue(participant, element, updated_state(given, element), true);
	(void)pthread_mutex_unlock(&participant->lock);
	if (!kept)
		listen_answer(hearing, "CONTROLLOOP_UPDATE_ACK", order_member(given, "id"), "UNINITIALISED", false,
		              "the participant cannot keep the element");
}

/* CONTROL_LOOP_UPDATE: all own elements are kept, those that are meant are ordered. One that is offered is claimed. */
static void
listen_update(const struct participant_hearing *hearing)
{
	const struct node *updates = node_get(hearing->message, "participantUpdatesList");

	for (const struct node *mine = updates ? updates->first : NULL; mine; mine = mine->next) {
		const struct node *list = node_get(mine, "controlLoopElementList");

		if (!str_is(order_member(node_get(mine, "participantId"), "name"),
		            hearing->participant->settings->name))
			continue;
		for (const struct node *given = list ? list->first : NULL; given; given = given->next) {
			if (node_get(given, "participantIdCandidates"))
				listen_answer(hearing, "CONTROLLOOP_UPDATE_ACK", order_member(given, "id"),
				              "UNINITIALISED2PASSIVE", true, "claimed");
			else
				listen_take_element(hearing, given);
		}
	}
}

/* Queues the order; what stands there already is answered by a worker too, so that answers keep their order. */
static bool
order_one(void *context, struct hosted_element *element)
{
	const struct participant_hearing *hearing = context;

	if (str_is(order_member(hearing->loop, "name"), element->loop) &&
	    str_is(order_member(hearing->loop, "version"), element->loop_version) &&
	    listen_is_meant(hearing->message, element))
		participant_queue(hearing->participant, element, order_member(hearing->message, "orderedState"), false);
	return true;
}

static void
change_state(struct participant_hearing *hearing)
{
	struct element_host *participant = hearing->participant;
	struct str state = order_member(hearing->message, "orderedState");
	const struct node *ids = node_get(hearing->message, "elementIds");
	bool removes = str_is(state, "UNINITIALISED");

	if (!removes && !str_is(state, "PASSIVE") && !str_is(state, "RUNNING"))
		return;                               /* not an order */
	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	hosted_each(&participant->hosted, order_one, hearing);
	(void)pthread_mutex_unlock(&participant->lock);
	/* Only what is addressed to this participant alone means elements that should be here. */
	for (const struct node *id = ids && node_get(hearing->message, "participantId") ? ids->first : NULL; id;
	     id = id->next) {
		const struct hosted_element *element;
		bool here;

		(void)pthread_mutex_lock(&participant->lock);
		element = hosted_find(&participant->hosted, id->text);
		here = element && str_is(order_member(hearing->loop, "name"), element->loop);
		(void)pthread_mutex_unlock(&participant->lock);
		if (!here)
			listen_answer(hearing, "CONTROLLOOP_STATECHANGE_ACK", id->text, "UNINITIALISED", removes,
			              "it is not here");
	}
}

static void
listen_registered(const struct participant_hearing *hearing)
{
	struct element_host *participant = hearing->participant;
	const struct node *result = node_get(hearing->message, "result");

	participant->refused = result && result->kind == NODE_BOOL && !result->boolean;
	participant->registered = !participant->refused;
	if (participant->refused)
		fprintf(stderr, "%s: %.*s\n", participant->settings->name,
		        STR_ARG(order_member(hearing->message, "message")));
	else
		participant_report(participant, hearing->arena);
}

static void
listen_hear(struct element_host *participant, struct str text, struct arena *arena)
{
	struct participant_hearing hearing = {.participant = participant, .arena = arena};
	struct str type;

	hearing.message = service_link_read(&participant->service, text, arena);
	if (!hearing.message)
		return;
	hearing.loop = node_get(hearing.message, "controlLoopId");
	type = order_member(hearing.message, "messageType");
	if (str_is(type, "CONTROL_LOOP_UPDATE"))
		listen_update(&hearing);
	else if (str_is(type, "CONTROL_LOOP_STATE_CHANGE"))
		change_state(&hearing);
	else if (str_is(type, "PARTICIPANT_UPDATE"))
		listen_prime(&hearing);
	else if (str_is(type, "PARTICIPANT_REGISTER_ACK"))
		listen_registered(&hearing);
	else if (str_is(type, "PARTICIPANT_STATUS_REQ"))
		participant_report(participant, arena);
}

/* One long poll. False when there is nobody to ask. */
static bool
poll_topic(struct element_host *participant, long timeout_ms, struct arena *arena)
{
	const struct node *list = service_link_poll(&participant->service, timeout_ms, arena);

	for (const struct node *message = list ? list->first : NULL; message; message = message->next)
		listen_hear(participant, message->text, arena);
	return list != NULL;
}

static void
listen_say(struct element_host *participant, const char *type, struct arena *arena)
{
	struct text out;

	service_link_begin(&participant->service, &out, arena, type);
	(void)service_link_publish(&participant->service, &out, arena); /* told there */
}

static bool
wants_report(struct element_host *participant, int64_t due_ms)
{
	bool now;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	now = participant->report_now;
	(void)pthread_mutex_unlock(&participant->lock);
	return now || clock_monotonic_ms() >= due_ms;
}

/* The answer was lost, never came, or another participant of this name has read it. */
static void
register_again(struct element_host *participant, struct arena *arena)
{
	fprintf(stderr,
	        "%s: not registered yet, asks again: does another participant use this name, or no runtime this "
	        "topic?\n",
	        participant->settings->name);
	listen_say(participant, "PARTICIPANT_REGISTER", arena);
}

void *
participant_listen(void *context)
{
	struct element_host *participant = context;
	const int64_t report_ms = participant->process->report_ms;
	const struct timespec pause = {1, 0};
	int64_t due_ms = clock_monotonic_ms() + report_ms;
	struct arena arena;

	arena_init(&arena, 0);
	while (!participant_is_stopping() && !poll_topic(participant, 0, &arena)) /* the group exists from here on */
		(void)nanosleep(&pause, NULL);
	if (!participant_is_stopping())
		listen_say(participant, "PARTICIPANT_REGISTER", &arena);
	while (!participant_is_stopping() && !participant->refused) {
		arena_reset(&arena);
		if (!poll_topic(participant, report_ms < POLL_MS ? report_ms : POLL_MS, &arena))
			(void)nanosleep(&pause, NULL);
		if (!wants_report(participant, due_ms))
			continue;
		if (participant->registered)
			participant_report(participant, &arena);
		else
			register_again(participant, &arena);
		due_ms = clock_monotonic_ms() + report_ms;
	}
	if (participant->registered)
		listen_say(participant, "PARTICIPANT_DEREGISTER", &arena);
	arena_free(&arena);
	return NULL;
}
