/* participant - a participant of control loops, simulated: it speaks the public protocol and does nothing but say so */
/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "api/arguments.h"
#include "api/client.h"
#include "base/document.h"
#include "base/text.h"
#include "base/time.h"
#include "base/uuid.h"

/*
 * What a participant has to do, in the order of main(): register; take the definitions that it is primed with; answer
 * CONTROL_LOOP_UPDATE and CONTROL_LOOP_STATE_CHANGE for its own elements, phase by phase, also when asked twice; report
 * its status now and then and when asked; deregister at the end. All of it are messages on one topic.
 */

#define ELEMENTS_MAX 100000
#define TOPIC "POLICY-CLRUNTIME-PARTICIPANT"

struct element {
	char *id, *definition, *loop, *version, *state;
	long phase;
};

struct definition {
	char *name;
	long phase;
};

struct participant {
	struct client client;
	const char *name, *type, *version, *topic, *fail;
	long delay_ms;
	uint64_t random[4];
	struct element *elements;
	struct definition *definitions;
	size_t count, definition_count;
	bool quiet;
};

static const struct document_limits limits = {(size_t)64 << 20, 256, SIZE_MAX, 0, SIZE_MAX};
static volatile sig_atomic_t stopping; /* a signal handler can reach nothing else */

static void
stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static struct str
text_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) ? node->text : STR("");
}

static long
number_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? (long)node->integer : 0;
}

/* Texts that live as long as the process. */
static char *
keep(struct str text)
{
	char *copy = strndup(text.ptr ? text.ptr : "", text.len);

	if (!copy)
		exit(EXIT_ENVIRONMENT);
	return copy;
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

static void
report(struct participant *self, struct arena *arena)
{
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
	for (size_t i = 0; i < self->count; i++) {
		const struct element *element = &self->elements[i];

		text_addf(&out,
		          "%s{\"controlLoopId\":{\"name\":\"%s\",\"version\":\"%s\"},\"state\":\"%s\","
		          "\"controlLoopStatistics\":{"
		          "\"clElementStatisticsList\":{\"clElementStatistics\":[{\"id\":\"%s\",\"timeStamp\":\"%s\","
		          "\"controlLoopState\":\"%s\",\"clElementUptime\":0}]}}}",
		          i ? "," : "", element->loop, element->version, element->state, element->id, now,
		          element->state);
	}
	text_add(&out, STR("]"));
	(void)publish(self, &out, arena); /* the next report makes up for it */
}

static void
set_text(char **text, struct str value)
{
	if (str_is(value, *text))
		return;
	free(*text);
	*text = keep(value);
}

/* Does what is ordered, which here is nothing, and says so. */
static void
obey(struct participant *self, struct element *element, struct str state, struct arena *arena)
{
	const struct timespec delay = {self->delay_ms / 1000, self->delay_ms % 1000 * 1000000};
	bool good = !self->fail || !str_is(state, self->fail);
	char *loop_state = keep(state);
	struct text out;

	(void)nanosleep(&delay, NULL); /* a signal only makes it shorter */
	if (good)
		set_text(&element->state, state);
	begin(self, &out, arena, "CONTROLLOOP_STATECHANGE_ACK");
	text_addf(&out,
	          ",\"result\":%s,\"message\":\"simulated\",\"controlLoopId\":{\"name\":\"%s\",\"version\":\"%s\"},"
	          "\"controlLoopResultMap\":{\"%s\":{\"state\":\"%s\",\"result\":%s,\"message\":\"%s\"}}",
	          good ? "true" : "false", element->loop, element->version, element->id, loop_state,
	          good ? "true" : "false", good ? "done" : "told to fail");
	free(loop_state);
	(void)publish(self, &out, arena); /* the runtime asks again */
	if (!self->quiet)
		printf("%s: %.*s of %s is %.*s%s\n", self->name, 8, element->id, element->loop, STR_ARG(state),
		       good ? "" : " (refused)");
	(void)fflush(stdout);
}

/* The phase of an element's definition, as it was primed. */
static long
phase_of(const struct participant *self, struct str definition)
{
	for (size_t i = 0; i < self->definition_count; i++)
		if (str_is(definition, self->definitions[i].name))
			return self->definitions[i].phase;
	return 0;
}

static void
prime(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *groups = node_get(message, "participantDefinitionUpdates");
	struct text out;

	for (const struct node *group = groups ? groups->first : NULL; group; group = group->next) {
		const struct node *list = node_get(group, "controlLoopElementDefinitionList");

		for (const struct node *entry = list ? list->first : NULL; entry; entry = entry->next) {
			struct str name = text_of(node_get(entry, "clElementDefinitionId"), "name");
			const struct node *template = node_get(entry, "controlLoopElementToscaNodeTemplate");
			long phase = number_of(node_get(template, "properties"), "startPhase");
			size_t i = 0;

			while (i < self->definition_count && !str_is(name, self->definitions[i].name))
				i++;
			if (i == self->definition_count) {
				self->definitions = realloc(self->definitions, (i + 1) * sizeof(*self->definitions));
				if (!self->definitions)
					exit(EXIT_ENVIRONMENT);
				self->definitions[self->definition_count++].name = keep(name);
			}
			self->definitions[i].phase = phase;
		}
	}
	begin(self, &out, arena, "PARTICIPANT_UPDATE_ACK");
	text_addf(&out, ",\"responseTo\":\"%.*s\",\"result\":true,\"message\":\"primed\",\"state\":\"PASSIVE\"",
	          STR_ARG(text_of(message, "messageId")));
	(void)publish(self, &out, arena); /* the runtime asks again */
}

/* The element, new or known, as the update gives it. */
static struct element *
take_element(struct participant *self, const struct node *given, const struct node *loop)
{
	struct str id = text_of(given, "id");
	size_t i = 0;

	while (i < self->count && !str_is(id, self->elements[i].id))
		i++;
	if (i == ELEMENTS_MAX)
		return NULL;
	if (i == self->count) {
		self->elements = realloc(self->elements, (i + 1) * sizeof(*self->elements));
		if (!self->elements)
			exit(EXIT_ENVIRONMENT);
		self->elements[self->count++] = (struct element){.id = keep(id),
		                                                 .definition = keep(STR("")),
		                                                 .loop = keep(STR("")),
		                                                 .version = keep(STR("")),
		                                                 .state = keep(STR("UNINITIALISED"))};
	}
	set_text(&self->elements[i].loop, text_of(loop, "name"));
	set_text(&self->elements[i].version, text_of(loop, "version"));
	set_text(&self->elements[i].definition, text_of(node_get(given, "definition"), "name"));
	self->elements[i].phase = phase_of(self, text_of(node_get(given, "definition"), "name"));
	return &self->elements[i];
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
	          STR_ARG(text_of(given, "id")));
	(void)publish(self, &out, arena); /* the runtime asks again */
}

/* CONTROL_LOOP_UPDATE: keeps all own elements, acts on those of the phase. */
static void
update(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *loop = node_get(message, "controlLoopId"),
			  *updates = node_get(message, "participantUpdatesList");

	for (const struct node *mine = updates ? updates->first : NULL; mine; mine = mine->next) {
		const struct node *list = node_get(mine, "controlLoopElementList");

		if (!str_is(text_of(node_get(mine, "participantId"), "name"), self->name))
			continue;
		for (const struct node *given = list ? list->first : NULL; given; given = given->next) {
			struct element *element;

			if (node_get(given, "participantIdCandidates")) {
				claim(self, given, loop, arena);
				continue;
			}
			element = take_element(self, given, loop);
			if (element && element->phase == number_of(message, "startPhase"))
				obey(self, element, text_of(given, "orderedState"), arena);
		}
	}
}

static void
change_state(struct participant *self, const struct node *message, struct arena *arena)
{
	const struct node *loop = node_get(message, "controlLoopId");

	for (size_t i = 0; i < self->count; i++) {
		struct element *element = &self->elements[i];

		if (str_is(text_of(loop, "name"), element->loop) &&
		    str_is(text_of(loop, "version"), element->version) &&
		    element->phase == number_of(message, "startPhase"))
			obey(self, element, text_of(message, "orderedState"), arena);
	}
}

/* Messages for others, our own among them, are passed over. */
static bool
is_for_us(const struct participant *self, const struct node *message)
{
	const struct node *type = node_get(message, "participantType"), *id = node_get(message, "participantId");

	return !type || (str_is(text_of(type, "name"), self->type) && (!id || str_is(text_of(id, "name"), self->name)));
}

static void
handle(struct participant *self, struct str text, struct arena *arena)
{
	struct node *message;
	struct str type;

	if (json_read(text, "", &limits, arena, &message, NULL) != 0 || !is_for_us(self, message))
		return;
	type = text_of(message, "messageType");
	if (str_is(type, "CONTROL_LOOP_UPDATE"))
		update(self, message, arena);
	else if (str_is(type, "CONTROL_LOOP_STATE_CHANGE"))
		change_state(self, message, arena);
	else if (str_is(type, "PARTICIPANT_UPDATE"))
		prime(self, message, arena);
	else if (str_is(type, "PARTICIPANT_STATUS_REQ") || str_is(type, "PARTICIPANT_REGISTER_ACK"))
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

static void
forget(struct participant *self)
{
	for (size_t i = 0; i < self->count; i++) {
		struct element *element = &self->elements[i];

		free(element->id);
		free(element->definition);
		free(element->loop);
		free(element->version);
		free(element->state);
	}
	for (size_t i = 0; i < self->definition_count; i++)
		free(self->definitions[i].name);
	free(self->elements);
	free(self->definitions);
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
	while (!stopping) {
		arena_reset(&arena);
		if (!poll_topic(self, report_ms < 1000 ? report_ms : 1000, &arena))
			(void)nanosleep(&pause, NULL);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - last.tv_sec) * 1000 >= report_ms) {
			report(self, &arena);
			last = now;
		}
	}
	simple(self, "PARTICIPANT_DEREGISTER", &arena);
	arena_free(&arena);
	forget(self);
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct participant self = {0};
	const struct sigaction end = {.sa_handler = stop};
	const char *delay = NULL, *every = NULL;
	bool help = false;
	struct words words = {0};
	const struct argument table[] = {
		{"--help", .flag = &help},
		{"--quiet", .flag = &self.quiet},
		{"--type", .value = &self.type},
		{"--version", .value = &self.version},
		{"--name", .value = &self.name},
		{"--service", .value = &self.client.address},
		{"--user", .value = &self.client.user},
		{"--topic", .value = &self.topic},
		{"--delay-ms", .value = &delay},
		{"--report-ms", .value = &every},
		{"--fail", .value = &self.fail},
		{0},
	};

	if (arguments_parse("participant", argc, argv, table, &words) != 0)
		return EXIT_USAGE;
	if (help || words.count || !self.type || !self.name) {
		fputs("usage: participant --type NAME --name NAME [--version V] [--service ADDR:PORT] [--user "
		      "NAME:PASSWORD]\n"
		      "                   [--topic TOPIC] [--delay-ms MS] [--report-ms MS] [--fail STATE] [--quiet]\n\n"
		      "Simulates a participant of control loops. --fail refuses every order into STATE.\n",
		      help ? stdout : stderr);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	if (!self.client.address)
		self.client.address = getenv("CLGUARD_SERVICE") ? getenv("CLGUARD_SERVICE") : "127.0.0.1:6969";
	if (!self.topic)
		self.topic = TOPIC;
	if (!self.version)
		self.version = "1.0.0";
	self.delay_ms = delay ? atol(delay) : 0;
	if (getrandom(self.random, sizeof(self.random), 0) != (ssize_t)sizeof(self.random))
		return EXIT_ENVIRONMENT;
	(void)sigaction(SIGTERM, &end, NULL); /* cannot fail for these signals */
	(void)sigaction(SIGINT, &end, NULL);
	return run(&self, every && atol(every) > 0 ? atol(every) : 20000);
}
