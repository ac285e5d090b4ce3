/* cmd_look - clguard look, events and end: what the console shows, on a terminal */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"

#define COLUMNS_MOST 8
#define PAGE "1000"

static const char look_help[] =
	"clguard look LIST [TEXT]: what is in force or going on in a running service, a line each; at most 1,000\n"
	"  guards       in force, with their places; of those with TEXT in a name, a file or a scope\n"
	"  limiters     how full each is, for each that it counts apart, the fullest first; TEXT as above\n"
	"  operational  operational policies; of the control loop TEXT\n"
	"  denials      the last ones, the newest first\n"
	"  operations   recorded ones, the newest first; on the target TEXT\n"
	"  executions   operational policies at work\n"
	"  topics       with their consumer groups, and how far each is behind";

static const char events_help[] =
	"clguard events [SECONDS]: what happens in a running service, as it happens, a line each: denials, "
	"notifications, changes of the database, and once a second how it stands.\nWith --json as the service tells "
	"it, EVENT and then JSON";

/* A list of the service: which member of the answer (NULL: the answer itself), and what of each entry is a column. */
static const struct look_list {
	const char *name, *path, *text, *member;
	const char *columns[COLUMNS_MOST];
} look_lists[] = {
	{"guards", "/clguard/v1/guards", "text", "guards", {"policy", "version", "kind", "file", "line"}},
	{"limiters",
         "/clguard/v1/limiters",
         "text",
         "limiters",
         {"used", "limit", "window", "actor", "operation", "target", "clname", "next"}},
	{"operational",
         "/clguard/v1/operational",
         "controlLoop",
         "policies",
         {"controlLoop", "policy", "version", "file"}},
	{"denials",
         "/clguard/v1/denials",
         NULL,
         "denials",
         {"time", "actor", "operation", "target", "clname", "reason", "policy", "line"}},
	{"operations",
         "/clguard/v1/operations",
         "target",
         NULL,
         {"endtime", "actor", "operation", "target", "closedLoopName", "outcome"}},
	{"executions",
         "/clguard/v1/transactions",
         NULL,
         NULL,
         {"transaction", "closedLoopControlName", "target", "state", "directive", "actor", "operation", "began"}},
	{"topics", "/clguard/v1/topics", NULL, "topics", {"topic", "first", "next", "bytes"}},
};

#define LOOK_LISTS (sizeof(look_lists) / sizeof(*look_lists))

static void
print_columns(const struct look_list *list, const struct node *entry)
{
	const char *gap = "";

	for (size_t i = 0; i < COLUMNS_MOST && list->columns[i]; i++) {
		struct str value = ask_member(entry, list->columns[i], NULL);

		printf("%s%.*s", gap, value.len ? (int)value.len : 1, value.len ? value.ptr : "-");
		gap = "  ";
	}
	putchar('\n');
}

static void
print_groups(const struct node *topic)
{
	const struct node *groups = node_get(topic, "groups");

	for (const struct node *group = groups ? groups->first : NULL; group; group = group->next)
		printf("    %.*s  %.*s behind  %.*s\n", STR_ARG(ask_member(group, "group", NULL)),
		       STR_ARG(ask_member(group, "lag", NULL)), STR_ARG(ask_member(group, "seen", NULL)));
}

static int
look_print(struct ask *ask, const struct look_list *list, const char *text)
{
	const char *path = ask_query(ask, list->path, "limit", PAGE);
	struct node *answer = NULL;
	const struct node *entries;
	int code;

	if (list->text && text && path)
		path = ask_query(ask, path, list->text, text);
	if (!path)
		return EXIT_ENVIRONMENT;
	code = ask_service(ask, "GET", path, STR_NONE, NULL, &answer);
	if (code != EXIT_DONE || ask->json)
		return code;
	entries = list->member ? node_get(answer, list->member) : answer;
	for (const struct node *entry = entries ? entries->first : NULL; entry; entry = entry->next) {
		print_columns(list, entry);
		print_groups(entry);
	}
	return EXIT_DONE;
}

int
cmd_look(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard look", look_help, 0, 1, 2, argc, argv, &code)) {
		const struct look_list *list = NULL;

		for (size_t i = 0; i < LOOK_LISTS; i++)
			if (strcmp(ask.words.words[0], look_lists[i].name) == 0)
				list = &look_lists[i];
		if (list)
			code = look_print(&ask, list, ask.words.count > 1 ? ask.words.words[1] : NULL);
		else
			code = check_usage("clguard look",
			                   "LIST is wrong: expected guards, limiters, operational, denials, "
			                   "operations, executions or topics");
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_end(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard end",
	              "clguard end EXECUTION: takes the lock of its target from an execution of an operational policy, "
	              "as "
	              "clguard look executions names it.\nIt ends at once, FINAL: FAILURE",
	              0, 1, 1, argc, argv, &code)) {
		const char *path = arena_printf(&ask.arena, "/clguard/v1/transactions/%s", ask.words.words[0]);

		code = path ? ask_service(&ask, "DELETE", path, STR_NONE, NULL, NULL) : EXIT_ENVIRONMENT;
	}
	arena_free(&ask.arena);
	return code;
}

/* One message of the stream, from the line that names it to the one with its data. */
struct heard {
	struct ask *ask;
	char event[32];
};

static void
print_denial(const struct node *denial)
{
	printf("%.*s  denied: %.*s %.*s %.*s: %.*s", STR_ARG(ask_member(denial, "time", NULL)),
	       STR_ARG(ask_member(denial, "actor", NULL)), STR_ARG(ask_member(denial, "operation", NULL)),
	       STR_ARG(ask_member(denial, "target", NULL)), STR_ARG(ask_member(denial, "reason", NULL)));
	if (ask_member(denial, "file", NULL).len)
		printf(" (%.*s:%.*s)", STR_ARG(ask_member(denial, "file", NULL)),
		       STR_ARG(ask_member(denial, "line", NULL)));
	putchar('\n');
}

static void
print_event(const char *event, const struct node *data)
{
	const struct node *list = strcmp(event, "denied") == 0 ? data : node_get(data, "messages");

	if (strcmp(event, "denied") == 0) {
		for (const struct node *one = list->first; one; one = one->next)
			print_denial(one);
	} else if (strcmp(event, "notification") == 0) {
		for (const struct node *one = list ? list->first : NULL; one; one = one->next)
			printf("%.*s  %.*s\n", STR_ARG(ask_member(data, "topic", NULL)),
			       STR_ARG(ask_member(one, "message", NULL)));
	} else if (strcmp(event, "now") == 0) {
		printf("%.*s  permitted %.*s, denied %.*s, generation %.*s, %s\n",
		       STR_ARG(ask_member(data, "now", NULL)), STR_ARG(ask_member(data, "permitted", NULL)),
		       STR_ARG(ask_member(data, "denied", NULL)), STR_ARG(ask_member(data, "generation", NULL)),
		       str_is(ask_member(data, "health", "ready"), "true") ? "ready" : "not ready");
	}
}

/* A line of the stream: "event: NAME", "data: JSON". */
static void
hear_line(void *context, struct str line)
{
	struct heard *heard = context;
	struct node *data;
	struct arena arena;

	if (str_starts_with(line, STR("event: "))) {
		(void)snprintf(heard->event, sizeof(heard->event), "%.*s", (int)line.len - 7, line.ptr + 7);
		return;
	}
	if (!str_starts_with(line, STR("data: ")))
		return;
	line = (struct str){line.ptr + 6, line.len - 6};
	if (heard->ask->json) {
		printf("%s %.*s\n", heard->event, STR_ARG(line));
	} else {
		arena_init(&arena, 0);
		if (json_read(line, "", &loop_client_limits, &arena, &data, NULL) == 0)
			print_event(heard->event, data);
		arena_free(&arena);
	}
	fflush(stdout);
}

int
cmd_events(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard events", events_help, 0, 0, 1, argc, argv, &code)) {
		struct heard heard = {.ask = &ask};
		struct error err = {0};
		const char *path =
			ask_query(&ask, "/clguard/v1/events", "seconds", ask.words.count ? ask.words.words[0] : NULL);
		unsigned status = 0;

		code = EXIT_ENVIRONMENT;
		if (!path || client_listen(&ask.client, path, &status, hear_line, &heard, &err) != 0)
			fprintf(stderr, "clguard events: %s\n", path ? err.text : "out of memory");
		else if (status != 200)
			fprintf(stderr, "clguard events: the service answers %u\n", status);
		else
			code = EXIT_DONE;
		code = status >= 400 && status < 500 ? EXIT_INPUT : code;
	}
	arena_free(&ask.arena);
	return code;
}
