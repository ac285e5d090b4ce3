/* cmd_state - clguard state, clguard reload: a running service by hand */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"

#define STATE_PATH "/clguard/v1/state"
#define RELOAD_PATH "/clguard/v1/reload"

/* "active" and "ACTIVE" alike; NULL for another word. */
static const char *
state_word(const char *text)
{
	static const char *const words[] = {"ACTIVE", "PASSIVE"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal_nocase(str_from(text), str_from(words[i])))
			return words[i];
	return NULL;
}

static int
state_run(struct ask *ask)
{
	const char *wanted = ask->words.count ? state_word(ask->words.words[0]) : NULL;
	struct node *answer;
	struct text body;
	int code;

	if (ask->words.count && !wanted) {
		fprintf(stderr, "%s: the state is wrong: expected ACTIVE or PASSIVE, got '%s'\n", ask->name,
		        ask->words.words[0]);
		return EXIT_USAGE;
	}
	text_init(&body, &ask->arena);
	text_addf(&body, "{\"state\":\"%s\"}", wanted ? wanted : "");
	code = ask_service(ask, wanted ? "PUT" : "GET", STATE_PATH, wanted ? text_done(&body) : STR_NONE,
	                   "application/json", &answer);
	if (code == EXIT_DONE && !ask->json)
		printf("%.*s\n", STR_ARG(ask_member(answer, "state", NULL)));
	return code;
}

int
cmd_state(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(
		    &ask, "clguard state",
		    "clguard state [ACTIVE|PASSIVE]: show the state of a service, or set it; a PASSIVE one answers no "
		    "decisions",
		    0, 0, 1, argc, argv, &code))
		code = state_run(&ask);
	arena_free(&ask.arena);
	return code;
}

static void
print_generation(const struct node *answer)
{
	printf("generation %.*s: policies %.*s, guards %.*s\n", STR_ARG(ask_member(answer, "generation", NULL)),
	       STR_ARG(ask_member(answer, "policies", NULL)), STR_ARG(ask_member(answer, "guards", NULL)));
}

/* Prints the outcome for each changed setting. */
static void
print_settings(const struct node *settings)
{
	const struct node *changed = settings ? node_get(settings, "changed") : NULL,
			  *restart = settings ? node_get(settings, "restart") : NULL;

	for (const struct node *item = changed ? changed->first : NULL; item; item = item->next)
		printf("changed %.*s: %.*s (%.*s), was %.*s\n", STR_ARG(ask_member(item, "name", NULL)),
		       STR_ARG(ask_member(item, "to", NULL)), STR_ARG(ask_member(item, "source", NULL)),
		       STR_ARG(ask_member(item, "from", NULL)));
	for (const struct node *item = restart ? restart->first : NULL; item; item = item->next)
		printf("restart needed for %.*s: %.*s (%.*s), because %.*s; %.*s stays\n",
		       STR_ARG(ask_member(item, "name", NULL)), STR_ARG(ask_member(item, "to", NULL)),
		       STR_ARG(ask_member(item, "source", NULL)), STR_ARG(ask_member(item, "why", NULL)),
		       STR_ARG(ask_member(item, "from", NULL)));
}

int
cmd_reload(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(
		    &ask, "clguard reload",
		    "clguard reload: read settings, policies, users and certificates again, wait for the outcome, and\n"
		    "print which settings changed and which need a restart.\n"
		    "Exit code 1, with what is wrong, when something was refused; what was in force stays",
		    0, 0, 0, argc, argv, &code)) {
		code = ask_service(&ask, "POST", RELOAD_PATH, STR("{}"), "application/json", &answer);
		if (code == EXIT_DONE && !ask.json) {
			print_generation(answer);
			print_settings(node_get(answer, "settings"));
		}
	}
	arena_free(&ask.arena);
	return code;
}
