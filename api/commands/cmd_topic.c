/* cmd_topic - clguard notifications, publish, topics: messages of the bus */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"

#define NOTIFICATIONS "CLGUARD-NOTIFICATION"
#define POLL_MS 15000

/* A notification on one line: its time, its name, and what it is about. */
static void
print_notification(const struct node *message)
{
	static const char *const shown[][2] = {{"controlLoopId", "name"}, {"participantId", "name"},
	                                       {"elementId", NULL},       {"closedLoopControlName", NULL},
	                                       {"state", NULL},           {"stateChangeResult", NULL},
	                                       {"healthStatus", NULL},    {"policy", NULL},
	                                       {"executions", NULL},      {"message", NULL}};
	struct str time = ask_member(message, "timestamp", NULL), what = ask_member(message, "notification", NULL);

	printf("%.*s %.*s", STR_ARG(time.len ? time : ask_member(message, "notificationTime", NULL)), STR_ARG(what));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		struct str value = ask_member(message, shown[i][0], shown[i][1]);

		if (value.len)
			printf("  %.*s", STR_ARG(value));
	}
	putchar('\n');
}

/* Reads the messages of the topic that this group has not seen. False, and *ret_code, when the service cannot be asked. */
static bool
read_topic(struct ask *ask, const char *topic, long wait_ms, int *ret_code)
{
	const char *path = arena_printf(&ask->arena, "/events/%s/clguard-%ld/0?timeout=%ld&limit=1000", topic,
	                                (long)getpid(), wait_ms);
	bool json = ask->json;
	struct node *list, *message;

	ask->json = false; /* messages are printed one a line */
	*ret_code = ask_service(ask, "GET", path ? path : "", STR_NONE, NULL, &list);
	ask->json = json;
	for (const struct node *text = *ret_code == EXIT_DONE ? list->first : NULL; text; text = text->next) {
		if (json || json_read(text->text, "", &loop_client_limits, &ask->arena, &message, NULL) != 0)
			printf("%.*s\n", STR_ARG(text->text));
		else
			print_notification(message);
	}
	return *ret_code == EXIT_DONE && fflush(stdout) == 0;
}

int
cmd_notifications(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard notifications",
	              "clguard notifications [--topic TOPIC] [--follow]: what the runtime tells from now on\n\n"
	              "Waits for the next messages and prints them, with --follow until it is stopped. TOPIC "
	              "is " NOTIFICATIONS "\nunless told otherwise, POLICY-CL-MGT for what operational policies do; "
	              "--json prints messages as they are.",
	              ASK_TOPIC, 0, 0, argc, argv, &code)) {
		const char *topic = ask.topic ? ask.topic : NOTIFICATIONS;

		if (read_topic(&ask, topic, 0, &code)) /* the group exists from here on */
			do
				arena_reset(&ask.arena);
			while (read_topic(&ask, topic, POLL_MS, &code) && ask.follow);
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_topics(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard topics", "clguard topics: those of the bus", 0, 0, 0, argc, argv, &code)) {
		code = ask_service(&ask, "GET", "/topics", STR_NONE, NULL, &answer);
		answer = code == EXIT_DONE && !ask.json ? node_get(answer, "topics") : NULL;
		for (const struct node *topic = answer ? answer->first : NULL; topic; topic = topic->next)
			printf("%.*s\n",
			       STR_ARG(node_is_scalar(topic) ? topic->text : ask_member(topic, "topicName", NULL)));
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_publish(int argc, char **argv)
{
	struct ask ask;
	struct node *message;
	struct error err = {0};
	struct str bytes;
	struct text out;
	int code;

	if (ask_begin(
		    &ask, "clguard publish",
		    "clguard publish TOPIC FILE|-: a message, JSON or YAML, such as an event for operational policies",
		    0, 2, 2, argc, argv, &code)) {
		const char *path = arena_printf(&ask.arena, "/events/%s", ask.words.words[0]);

		code = EXIT_ENVIRONMENT;
		if (path && ask_read_file(&ask, ask.words.words[1], &bytes)) {
			if (document_read(bytes, ask.words.words[1], &loop_client_limits, &ask.arena, &message, &err) !=
			    0) {
				fprintf(stderr, "clguard publish: %s:%u:%u: %s\n", ask.words.words[1], err.line,
				        err.column, err.text);
				code = EXIT_INPUT;
			} else {
				text_init(&out, &ask.arena);
				text_add_node(&out, message, false);
				code = ask_service(&ask, "POST", path, text_done(&out), "application/json", NULL);
			}
		}
	}
	arena_free(&ask.arena);
	return code;
}
