/* cmd_watch - clguard watch, participants: instances, what they wait for, and who takes part */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "api/cli/table.h"

/* The participant of this name and version, or NULL. */
static const struct node *
find_participant(const struct node *participants, const struct node *id)
{
	const struct node *list = node_get(participants, "participantList");
	struct str name = ask_member(id, "name", NULL), version = ask_member(id, "version", NULL);

	for (const struct node *row = list ? list->first : NULL; row; row = row->next)
		if (str_equal(ask_member(row, "participantId", "name"), name) &&
		    str_equal(ask_member(row, "participantId", "version"), version))
			return row;
	return NULL;
}

#define TOLD_MAX 20 /* elements of an instance whose newest record is asked for */

/* The newest report of an element's participant: its present step, and its fault. */
static void
print_element_record(struct ask *ask, const struct node *element)
{
	static const char *const members[] = {"progress", "message", "gatewayProblem"};
	const char *path = arena_printf(
		&ask->arena, LOOPS_PATH "monitoring/clelement?name=%.*s&version=%.*s&id=%.*s&recordCount=1",
		STR_ARG(ask_member(element, "participantId", "name")),
		STR_ARG(ask_member(element, "participantId", "version")), STR_ARG(ask_member(element, "id", NULL)));
	const struct node *records;
	struct node *answer = NULL;

	if (!path || ask_service(ask, "GET", path, STR_NONE, NULL, &answer) != EXIT_DONE)
		return; /* told on stderr; the rest is shown */
	records = node_get(answer, "clElementStatistics");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct str told = ask_member(records ? records->last : NULL, members[i], NULL);

		if (told.len)
			printf("    %s: %.*s\n", members[i], STR_ARG(told));
	}
}

/* One element that the instance waits for. True when its participant cannot answer. */
static bool
print_awaited(const struct node *element, const struct node *participants)
{
	const struct node *host = find_participant(participants, node_get(element, "participantId"));
	struct str name = ask_member(element, "participantId", "name"), health = ask_member(host, "healthStatus", NULL);

	printf("  waits for %.*s", STR_ARG(ask_short_name(ask_member(element, "definition", "name"))));
	if (!name.len) {
		printf(": no participant hosts it: start one of type %.*s\n",
		       STR_ARG(ask_member(element, "participantType", "name")));
		return true;
	}
	printf(" on %.*s, which is %.*s", STR_ARG(name), STR_ARG(health.len ? health : STR("not registered")));
	if (host)
		printf(", last heard %.*s", STR_ARG(ask_member(host, "lastMessageTime", NULL)));
	putchar('\n');
	return !host || str_is(health, "OFF_LINE");
}

/* "clguard order STATE NAME VERSION", and what for. */
static void
print_help(const struct node *loop, const char *options, struct str state, const char *what)
{
	printf("  clguard order %s%.*s %.*s %.*s: %s\n", options, STR_ARG(state),
	       STR_ARG(ask_member(loop, "name", NULL)), STR_ARG(ask_member(loop, "version", NULL)), what);
}

/* The settled state that a transition comes from: "PASSIVE2RUNNING" comes from PASSIVE. */
static struct str
state_before(struct str state)
{
	for (size_t i = 0; i < state.len; i++)
		if (state.ptr[i] == '2')
			return (struct str){state.ptr, i};
	return state;
}

/* Prints the reason why an instance does not move, since when, and the command that would help. */
static void
print_waiting(struct ask *ask, const struct node *loop, const struct node *participants)
{
	size_t told = 0;

	const struct node *waiting = node_get(loop, "waiting"), *awaited = node_get(waiting, "elements");
	struct str ordered = ask_member(loop, "orderedState", NULL), state = ask_member(loop, "state", NULL);
	bool failed = !str_is(ask_member(loop, "stateChangeResult", NULL), "NO_ERROR"), lost = false;

	if (!waiting)
		return;
	printf("  %s since %.*s, phase %.*s, sent again %.*s times\n", failed ? "stands still" : "under way",
	       STR_ARG(ask_member(waiting, "since", NULL)), STR_ARG(ask_member(waiting, "startPhase", NULL)),
	       STR_ARG(ask_member(waiting, "retries", NULL)));
	for (const struct node *id = awaited ? awaited->first : NULL; id; id = id->next) {
		const struct node *element = node_get_str(node_get(loop, "elements"), id->text);

		if (!element)
			continue;
		lost |= print_awaited(element, participants);
		if (ask_member(element, "participantId", "name").len && told++ < TOLD_MAX)
			print_element_record(ask, element);
	}
	if (failed)
		print_help(loop, "", ordered, "on, with what is missing");
	if (failed || str_starts_with(state, STR("UNINITIALISED2")))
		print_help(loop, "", state_before(state), "back");
	if (lost)
		print_help(loop, "--force ", STR("UNINITIALISED"), "off its lost participants");
}

static void
print_denied(const struct node *loop)
{
	const struct node *denied = node_get(node_get(loop, "guard"), "denied");

	for (const struct node *one = denied ? denied->first : NULL; one; one = one->next) {
		const struct node *guards = node_get(node_get(one, "explanation"), "guards");
		struct str permit = ask_member(guards ? guards->last : NULL, "permit_at", NULL);

		printf("  denied: %.*s of %.*s: %.*s (%.*s:%.*s)", STR_ARG(ask_member(one, "operation", NULL)),
		       STR_ARG(ask_member(one, "target", NULL)), STR_ARG(ask_member(one, "reason", NULL)),
		       STR_ARG(ask_member(one, "file", NULL)), STR_ARG(ask_member(one, "line", NULL)));
		if (permit.len)
			printf(", permitted at %.*s", STR_ARG(permit));
		putchar('\n');
	}
	if (denied && denied->first)
		print_help(loop, "", ask_member(node_get(loop, "guard"), "orderedState", NULL),
		           "again, when it is permitted");
}

static void
print_loop(struct ask *ask, const struct node *loop, const struct node *participants)
{
	struct arena *arena = &ask->arena;
	struct table table;
	const struct node *elements = node_get(loop, "elements"), *failure = node_get(loop, "lastFailure");

	printf("%.*s %.*s  %.*s", STR_ARG(ask_member(loop, "name", NULL)), STR_ARG(ask_member(loop, "version", NULL)),
	       STR_ARG(ask_member(loop, "state", NULL)));
	if (!str_is(ask_member(loop, "stateChangeResult", NULL), "NO_ERROR"))
		printf("  %.*s", STR_ARG(ask_member(loop, "stateChangeResult", NULL)));
	putchar('\n');
	table_init(&table, 4, arena);
	for (const struct node *element = elements ? elements->first : NULL; element; element = element->next)
		table_add(&table, (const struct str[]){
					  ask_short_name(ask_member(element, "definition", "name")),
					  ask_member(element, "participantId", "name"),
					  ask_member(element, "state", NULL),
					  str_from(arena_printf(arena, "%s%s%.*s",
		                                                node_get(element, "missing") ? "missing; " : "",
		                                                node_get(element, "faulty") ? "faulty; " : "",
		                                                STR_ARG(ask_member(element, "message", NULL)))),
				  });
	table_print(&table, "  ", stdout);
	print_waiting(ask, loop, participants);
	if (failure)
		printf("  last failure: %.*s: %.*s%s%.*s: %.*s; %.*s\n", STR_ARG(ask_member(failure, "time", NULL)),
		       STR_ARG(ask_member(failure, "element", NULL)), node_get(failure, "participant") ? " on " : "",
		       STR_ARG(ask_member(failure, "participant", "name")),
		       STR_ARG(ask_member(failure, "message", NULL)), STR_ARG(ask_member(failure, "done", NULL)));
	print_denied(loop);
}

/* Prints a round as one line of JSON. */
static void
print_state(const struct node *participants, const struct node *instances, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("{\"participants\":"));
	text_add_node(&out, participants, false);
	text_add(&out, STR(",\"instances\":"));
	text_add_node(&out, instances, false);
	text_add(&out, STR("}"));
	puts(text_done(&out).ptr ? text_done(&out).ptr : "");
}

/* The instances again and again, on a cleared screen when there is one. */
static int
show_instances(struct ask *ask)
{
	const struct timespec pause = {ask->every_s, 0};
	int code;

	for (;;) {
		struct node *answer, *participants = NULL;
		bool json = ask->json;

		arena_reset(&ask->arena);
		ask->json = false;
		code = ask_service(ask, "GET", LOOPS_PATH "participants", STR_NONE, NULL, &participants);
		if (code == EXIT_DONE)
			code = ask_service(ask, "GET", LOOPS_PATH "instantiation", STR_NONE, NULL, &answer);
		ask->json = json;
		if (code != EXIT_DONE)
			return code;
		if (!json && !ask->once && isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		if (json)
			print_state(participants, answer, &ask->arena);
		answer = node_get(answer, "controlLoopList");
		for (const struct node *row = answer && !json ? answer->first : NULL; row; row = row->next)
			print_loop(ask, row, participants);
		if (fflush(stdout) != 0 || ask->once)
			return EXIT_DONE;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
}

int
cmd_watch(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard watch",
	              "clguard watch [--once] [--every SECONDS]: control loop instances and their elements, what those "
	              "that do\n"
	              "not move wait for, since when, and which command would help",
	              ASK_ONCE, 0, 0, argc, argv, &code))
		code = show_instances(&ask);
	arena_free(&ask.arena);
	return code;
}

static void
add_participant(struct table *table, const struct node *row)
{
	const struct node *elements = node_get(row, "elements");
	const char *count = arena_printf(table->arena, "%" PRIu32 " elements", elements ? elements->count : 0);

	table_add(table,
	          (const struct str[]){ask_member(row, "participantId", "name"),
	                               ask_short_name(ask_member(row, "participantType", "name")),
	                               ask_member(row, "participantState", NULL), ask_member(row, "healthStatus", NULL),
	                               str_from(count), ask_member(row, "lastMessageTime", NULL)});
}

int
cmd_participants(int argc, char **argv)
{
	struct table table;
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard participants", "clguard participants: who takes part", 0, 0, 0, argc, argv,
	              &code)) {
		code = ask_service(&ask, "GET", LOOPS_PATH "participants", STR_NONE, NULL, &answer);
		answer = code == EXIT_DONE && !ask.json ? node_get(answer, "participantList") : NULL;
		table_init(&table, 6, &ask.arena);
		for (const struct node *row = answer ? answer->first : NULL; row; row = row->next)
			add_participant(&table, row);
		table_print(&table, "", stdout);
	}
	arena_free(&ask.arena);
	return code;
}
