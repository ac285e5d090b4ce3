/* participant_common - what every participant of control loops does: the public protocol, without what it is for */
/* SPDX-License-Identifier: Apache-2.0 */
#include "examples/participant_common.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "api/cli/client.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"
#include "base/time.h"
#include "base/uuid.h"
#include "examples/participant_hosted.h"

/*
 * In the order of run(): register; take the definitions that it is primed with; answer CONTROL_LOOP_UPDATE and
 * CONTROL_LOOP_STATE_CHANGE for its own elements, phase by phase, also when asked twice; report its status now and then
 * and when asked; deregister at the end. All of it are messages on one topic.
 */

#define TOPIC "POLICY-CLRUNTIME-PARTICIPANT"
#define OPTIONS_MAX 16
#define REPORT_ELEMENTS 200 /* elements of one PARTICIPANT_STATUS; more come in further ones */

struct participant {
	const struct work *work;
	struct client client;
	const char *name, *type, *version, *topic;
	uint64_t random[4];
	struct hosted hosted;
	bool quiet, registered, refused;
};

static const struct document_limits limits = {(size_t)64 << 20, 256, SIZE_MAX, 0, SIZE_MAX};
static volatile sig_atomic_t stopping; /* a signal handler can reach nothing else */

static void
stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void
now_text(char out[TIME_TEXT_SIZE])
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	time_format_instant((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, out);
}

/* The envelope of everything that a participant says, up to its own members. */
static void
begin(struct participant *self, struct text *out, struct arena *arena, const char *type)
{
	char id[UUID_SIZE], now[TIME_TEXT_SIZE];

	uuid_make(self->random, id);
	now_text(now);
	text_init(out, arena);
	text_addf(out,
	          "{\"messageType\":\"%s\",\"messageId\":\"%s\",\"timestamp\":\"%s\",\"participantType\":{\"name\":\"%"
	          "s\","
	          "\"version\":\"%s\"},\"participantId\":{\"name\":\"%s\",\"version\":\"%s\"}",
	          type, id, now, self->type, self->version, self->name, self->version);
}

static bool
publish(struct participant *self, struct text *out, struct arena *arena)
{
	char path[256];
	struct error err = {0};
	struct str answer;
	unsigned status;

	text_add(out, STR("}"));
	(void)snprintf(path, sizeof(path), "/events/%s", self->topic);
	if (client_ask(&self->client, "POST", path, text_done(out), "application/json", arena, &status, &answer,
	               &err) == 0 &&
	    status == 200)
		return true;
	fprintf(stderr, "%s: cannot publish: %s\n", self->name, err.code ? err.text : answer.ptr);
	return false;
}

/* The elements from `first` on, as many as fit a message. */
static void
report_part(struct participant *self, size_t first, struct arena *arena)
{
	size_t end = first + REPORT_ELEMENTS < self->hosted.count ? first + REPORT_ELEMENTS : self->hosted.count;
	char now[TIME_TEXT_SIZE];
	struct text out;

	now_text(now);
	begin(self, &out, arena, "PARTICIPANT_STATUS");
	text_addf(&out,
	          ",\"state\":\"PASSIVE\",\"healthStatus\":\"HEALTHY\",\"participantStatistics\":{\"participantId\":{"
	          "\"name\":\"%s\","
	          "\"version\":\"%s\"},\"timeStamp\":\"%s\",\"state\":\"PASSIVE\",\"healthStatus\":\"HEALTHY\"},"
	          "\"controlLoopInfoList\":[",
	          self->name, self->version, now);
	for (size_t i = first; i < end; i++) {
		const struct element *element = &self->hosted.elements[i];

		text_addf(&out,
		          "%s{\"controlLoopId\":{\"name\":\"%s\",\"version\":\"%s\"},\"state\":\"%s\","
		          "\"controlLoopStatistics\":{"
		          "\"clElementStatisticsList\":{\"clElementStatistics\":[{\"id\":\"%s\",\"timeStamp\":\"%s\","
		          "\"controlLoopState\":\"%s\",\"clElementUptime\":0}]}}}",
		          i > first ? "," : "", element->loop, element->version, element->state, element->id, now,
		          element->state);
	}
	text_add(&out, STR("]"));
	(void)publish(self, &out, arena); /* the next report makes up for it */
}

/* All elements, in as many messages as they need; one message when there is none. */
static void
report(struct participant *self, struct arena *arena)
{
	size_t first = 0;

	do {
		report_part(self, first, arena);
		first += REPORT_ELEMENTS;
	} while (first < self->hosted.count);
}

/* Has done what is ordered, and says how it went. */
static void
obey(struct participant *self, struct element *element, struct str state, bool update, struct arena *arena)
{
	struct order order = {element, state, update};
	const char *message = "done";
	bool good = (!update && str_is(state, element->state)) ||
	            self->work->act(self->work->context, &order, arena, &message);
	struct text out;

	begin(self, &out, arena, "CONTROLLOOP_STATECHANGE_ACK");
	text_addf(&out,
	          ",\"result\":%s,\"controlLoopId\":{\"name\":\"%s\",\"version\":\"%s\"},\"controlLoopResultMap\":{",
	          good ? "true" : "false", element->loop, element->version);
	text_add_json(&out, str_from(element->id));
	text_add(&out, STR(":{\"state\":"));
	text_add_json(&out, state);
	text_addf(&out, ",\"result\":%s,\"message\":", good ? "true" : "false");
	text_add_json(&out, str_from(message));
	text_add(&out, STR("}}"));
	if (!self->quiet)
		printf("%s: %.*s of %s is %.*s%s%s\n", self->name, 8, element->id, element->loop, STR_ARG(state),
		       good ? "" : ": ", good ? "" : message);
	(void)fflush(stdout);
	(void)publish(self, &out, arena); /* the runtime asks again */
	if (good && str_is(state, "UNINITIALISED"))
		hosted_drop(&self->hosted, element);
	else if (good)
		hosted_set_state(element, state);
}

/* An order for an element that is not here: nothing is to be removed, and nothing can be started. */
static void
answer_unknown(struct participant *self, const struct node *message, struct str id, struct arena *arena)
{
	bool good = str_is(hosted_text(message, "orderedState"), "UNINITIALISED");
	struct text out;

	begin(self, &out, arena, "CONTROLLOOP_STATECHANGE_ACK");
	text_addf(&out, ",\"result\":%s,\"controlLoopId\":", good ? "true" : "false");
	text_add_node(&out, node_get(message, "controlLoopId"), false);
	text_add(&out, STR(",\"controlLoopResultMap\":{"));
	text_add_json(&out, id);
	text_addf(&out, ":{\"state\":\"UNINITIALISED\",\"result\":%s,\"message\":\"it is not here\"}}",
	          good ? "true" : "false");
	(void)publish(self, &out, arena); /* the runtime asks again */
}

/* Whether the message means the element: it names it, or, when it names none, it is of the element's phase. */
static bool
is_meant(const struct node *message, const struct element *element)
{
	const struct node *ids = node_get(message, "elementIds");

	if (!ids)
		return element->phase == hosted_number(message, "startPhase");
	for (const struct node *id = ids->first; id; id = id->next)
		if (str_is(id->text, element->id))
			return true;
	return false;
}

static void
prime(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *groups = node_get(message, "participantDefinitionUpdates");
	struct text out;

	for (const struct node *group = groups ? groups->first : NULL; group; group = group->next) {
		const struct node *list = node_get(group, "controlLoopElementDefinitionList");

		for (const struct node *entry = list ? list->first : NULL; entry; entry = entry->next)
			hosted_define(&self->hosted, entry, arena);
	}
	begin(self, &out, arena, "PARTICIPANT_UPDATE_ACK");
	text_addf(&out, ",\"responseTo\":\"%.*s\",\"result\":true,\"message\":\"primed\",\"state\":\"PASSIVE\"",
	          STR_ARG(hosted_text(message, "messageId")));
	(void)publish(self, &out, arena); /* the runtime asks again */
}

/* An element that was offered to several: the first to say so hosts it, and is told so by the next update. */
static void
claim(struct participant *self, const struct node *given, const struct node *loop, struct arena *arena)
{
	struct text out;

	begin(self, &out, arena, "CONTROLLOOP_UPDATE_ACK");
	text_addf(&out, ",\"result\":true,\"message\":\"claimed\",\"controlLoopId\":");
	text_add_node(&out, loop, false);
	text_addf(&out, ",\"controlLoopResultMap\":{\"%.*s\":{\"state\":\"UNINITIALISED2PASSIVE\",\"result\":true}}",
	          STR_ARG(hosted_text(given, "id")));
	(void)publish(self, &out, arena); /* the runtime asks again */
}

/* What an element becomes by an update: what runs goes on if it may, what is new is not started by it. */
static struct str
updated_state(const struct node *given, const struct element *element)
{
	return str_is(hosted_text(given, "orderedState"), "RUNNING") && strcmp(element->state, "RUNNING") == 0
	               ? STR("RUNNING")
	               : STR("PASSIVE");
}

/* CONTROL_LOOP_UPDATE: keeps all own elements, acts on those that are meant. */
static void
update(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *loop = node_get(message, "controlLoopId"),
			  *updates = node_get(message, "participantUpdatesList");

	for (const struct node *mine = updates ? updates->first : NULL; mine; mine = mine->next) {
		const struct node *list = node_get(mine, "controlLoopElementList");

		if (!str_is(hosted_text(node_get(mine, "participantId"), "name"), self->name))
			continue;
		for (const struct node *given = list ? list->first : NULL; given; given = given->next) {
			struct element *element;

			if (node_get(given, "participantIdCandidates")) {
				claim(self, given, loop, arena);
				continue;
			}
			element = hosted_take(&self->hosted, given, loop, arena);
			if (element && is_meant(message, element))
				obey(self, element, updated_state(given, element), true, arena);
		}
	}
}

static void
change_state(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *loop = node_get(message, "controlLoopId"), *ids = node_get(message, "elementIds");

	/* From the last one down: one that is removed makes room for the last. */
	for (size_t i = self->hosted.count; i > 0; i--) {
		struct element *element = &self->hosted.elements[i - 1];

		if (str_is(hosted_text(loop, "name"), element->loop) &&
		    str_is(hosted_text(loop, "version"), element->version) && is_meant(message, element))
			obey(self, element, hosted_text(message, "orderedState"), false, arena);
	}
	/* Only what is addressed to us alone means elements that should be here. */
	for (const struct node *id = ids && node_get(message, "participantId") ? ids->first : NULL; id; id = id->next)
		if (!hosted_find(&self->hosted, hosted_text(loop, "name"), id->text))
			answer_unknown(self, message, id->text, arena);
}

/* Messages for others, our own among them, are passed over. */
static bool
is_for_us(const struct participant *self, const struct node *message)
{
	const struct node *type = node_get(message, "participantType"), *id = node_get(message, "participantId");

	return !type ||
	       (str_is(hosted_text(type, "name"), self->type) && (!id || str_is(hosted_text(id, "name"), self->name)));
}

static void
register_done(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *result = node_get(message, "result");

	self->refused = result && result->kind == NODE_BOOL && !result->boolean;
	self->registered = !self->refused;
	if (self->refused)
		fprintf(stderr, "%s: %.*s\n", self->name, STR_ARG(hosted_text(message, "message")));
	else
		report(self, arena);
}

static void
handle(struct participant *self, struct str text, struct arena *arena)
{
	struct node *message;
	struct str type;

	if (json_read(text, "", &limits, arena, &message, NULL) != 0 || !is_for_us(self, message))
		return;
	type = hosted_text(message, "messageType");
	if (str_is(type, "CONTROL_LOOP_UPDATE"))
		update(self, message, arena);
	else if (str_is(type, "CONTROL_LOOP_STATE_CHANGE"))
		change_state(self, message, arena);
	else if (str_is(type, "PARTICIPANT_UPDATE"))
		prime(self, message, arena);
	else if (str_is(type, "PARTICIPANT_REGISTER_ACK"))
		register_done(self, message, arena);
	else if (str_is(type, "PARTICIPANT_STATUS_REQ"))
		report(self, arena);
}

/* One long poll. False when there is nobody to ask. */
static bool
poll_topic(struct participant *self, long timeout_ms, struct arena *arena)
{
	char path[512];
	struct error err = {0};
	struct node *list;
	struct str answer;
	unsigned status;

	(void)snprintf(path, sizeof(path), "/events/%s/%s/0?timeout=%ld", self->topic, self->name, timeout_ms);
	if (client_ask(&self->client, "GET", path, STR_NONE, NULL, arena, &status, &answer, &err) != 0 ||
	    status != 200 || json_read(answer, "", &limits, arena, &list, &err) != 0)
		return false;
	for (const struct node *message = list->first; message; message = message->next)
		handle(self, message->text, arena);
	return true;
}

static void
simple(struct participant *self, const char *type, struct arena *arena)
{
	struct text out;

	begin(self, &out, arena, type);
	(void)publish(self, &out, arena); /* told there */
}

static int
run(struct participant *self, long report_ms)
{
	struct timespec pause = {1, 0}, last, now;
	struct arena arena;

	arena_init(&arena, 0);
	while (!poll_topic(self, 0, &arena) && !stopping) /* our group exists from here on */
		(void)nanosleep(&pause, NULL);
	simple(self, "PARTICIPANT_REGISTER", &arena);
	(void)clock_gettime(CLOCK_MONOTONIC, &last);
	while (!stopping && !self->refused) {
		arena_reset(&arena);
		if (!poll_topic(self, report_ms < 1000 ? report_ms : 1000, &arena))
			(void)nanosleep(&pause, NULL);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 >= report_ms) {
			if (self->registered)
				report(self, &arena);
			else
				simple(self, "PARTICIPANT_REGISTER", &arena); /* the answer was lost, or never came */
			last = now;
		}
	}
	if (!self->refused)
		simple(self, "PARTICIPANT_DEREGISTER", &arena);
	arena_free(&arena);
	hosted_free(&self->hosted);
	return self->refused ? EXIT_INPUT : EXIT_DONE;
}

int
participant_main(const struct work *work, int argc, char **argv)
{
	struct participant self = {.work = work};
	const struct sigaction end = {.sa_handler = stop};
	const char *every = NULL;
	bool help = false;
	struct words words = {0};
	struct argument table[OPTIONS_MAX] = {
		{"--help", .flag = &help},
		{"--quiet", .flag = &self.quiet},
		{"--type", .value = &self.type},
		{"--version", .value = &self.version},
		{"--name", .value = &self.name},
		{"--service", .value = &self.client.address},
		{"--user", .value = &self.client.user},
		{"--topic", .value = &self.topic},
		{"--report-ms", .value = &every},
	};
	size_t count = 9;

	for (const struct argument *own = work->options; own && own->name && count < OPTIONS_MAX - 1; own++)
		table[count++] = *own;
	if (arguments_parse(work->program, argc, argv, table, &words) != 0)
		return EXIT_USAGE;
	if (help || words.count || !self.type || !self.name) {
		fprintf(help ? stdout : stderr,
		        "usage: %s --type NAME --name NAME [--version V] [--service ADDR:PORT] [--user NAME:PASSWORD]\n"
		        "       [--topic TOPIC] [--report-ms MS] [--quiet] %s\n",
		        work->program, work->help);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!self.client.address)
		self.client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : "127.0.0.1:6969";
	if (!self.topic)
		self.topic = TOPIC;
	if (!self.version)
		self.version = "1.0.0";
	if (getrandom(self.random, sizeof(self.random), 0) != (ssize_t)sizeof(self.random))
		return EXIT_ENVIRONMENT;
	(void)sigaction(SIGTERM, &end, NULL); /* cannot fail for these signals */
	(void)sigaction(SIGINT, &end, NULL);
	return run(&self, every && atol(every) > 0 ? atol(every) : 20000);
}
