/* cmd_manage - clguard delete, decommission, change, rollback, configurations, statistics, catalogue, gateway */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "api/cli/refusal.h"
#include "api/cli/table.h"

#define INSTANTIATION LOOPS_PATH "instantiation"

/* The path of an instance or a type: the n-th word is the name, the next one the version, 1.0.0 when it is left out. */
static const char *
identified(struct ask *ask, const char *path, size_t n)
{
	path = ask_query(ask, path, "name", ask->words.words[n]);
	return ask_query(ask, path, "version", ask->words.count > n + 1 ? ask->words.words[n + 1] : "1.0.0");
}

int
cmd_delete(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard delete",
	              "clguard delete [--force] NAME [VERSION]: a control loop instance that is on no participant\n\n"
	              "  --force   also one whose elements stand on lost participants: they are released",
	              ASK_FORCE, 1, 2, argc, argv, &code)) {
		const char *path = identified(&ask, INSTANTIATION, 0);

		code = ask_service(&ask, "DELETE", ask_query(&ask, path, "force", ask.force ? "true" : NULL), STR_NONE,
		                   NULL, &answer);
		if (code == EXIT_DONE)
			ask_print_names(&ask, answer, "affectedControlLoops");
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_decommission(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard decommission",
	              "clguard decommission NAME [VERSION]: a control loop type that has no instances", 0, 1, 2, argc,
	              argv, &code)) {
		code = ask_service(&ask, "DELETE", identified(&ask, LOOPS_PATH "commission", 0), STR_NONE, NULL,
		                   &answer);
		if (code == EXIT_DONE)
			ask_print_names(&ask, answer, "affectedControlLoopDefinitions");
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_change(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	struct str body;
	int code;

	if (ask_begin(&ask, "clguard change",
	              "clguard change [--from VERSION] FILE: other configurations of instances, {controlLoopList: "
	              "[...]}\n\n"
	              "  --from VERSION   the version that each replaces; without it the one that it has",
	              ASK_FROM, 1, 1, argc, argv, &code)) {
		const char *file = ask.words.words[0];

		code = EXIT_ENVIRONMENT;
		if (ask_read_file(&ask, file, &body))
			code = ask_service(&ask, "PUT", ask_query(&ask, INSTANTIATION, "fromVersion", ask.from), body,
			                   ask_media(file), &answer);
		if (code == EXIT_DONE)
			ask_print_names(&ask, answer, "affectedControlLoops");
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_rollback(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard rollback",
	              "clguard rollback NAME VERSION TO: back to the configuration TO of an instance (clguard "
	              "configurations)",
	              0, 3, 3, argc, argv, &code)) {
		const char *path = identified(&ask, INSTANTIATION "/rollback", 0);

		code = ask_service(&ask, "PUT", ask_query(&ask, path, "toVersion", ask.words.words[2]), STR_NONE, NULL,
		                   &answer);
		if (code == EXIT_DONE)
			ask_print_names(&ask, answer, "affectedControlLoops");
	}
	arena_free(&ask.arena);
	return code;
}

int
cmd_configurations(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard configurations", "clguard configurations NAME: those that an instance has had", 0,
	              1, 1, argc, argv, &code)) {
		code = ask_service(&ask, "GET",
		                   ask_query(&ask, INSTANTIATION "/configurations", "name", ask.words.words[0]),
		                   STR_NONE, NULL, &answer);
		answer = code == EXIT_DONE && !ask.json ? node_get(answer, "configurationList") : NULL;
		for (const struct node *one = answer ? answer->first : NULL; one; one = one->next)
			printf("%.*s %.*s%s\n", STR_ARG(ask_member(one, "configuration", "name")),
			       STR_ARG(ask_member(one, "version", NULL)),
			       str_is(ask_member(one, "current", NULL), "true") ? "  current" : "");
	}
	arena_free(&ask.arena);
	return code;
}

/* --- statistics --- */

static const struct {
	const char *word, *path, *list;
} statistics[] = {
	{"participant", "monitoring/participant", "statisticsList"},
	{"participants", "monitoring/participants/controlloop", "statisticsList"},
	{"element", "monitoring/clelement", "clElementStatistics"},
	{"elements", "monitoring/clelements/controlloop", "clElementStatistics"},
};

#define STATISTICS (sizeof(statistics) / sizeof(statistics[0]))

static void
print_record(const struct node *record)
{
	for (const struct node *member = record->first; member; member = member->next)
		if (node_is_scalar(member))
			printf("%s%.*s=%.*s", member == record->first ? "" : "  ", STR_ARG(member->key),
			       STR_ARG(member->text));
		else if (node_get(member, "name"))
			printf("%s%.*s=%.*s", member == record->first ? "" : "  ", STR_ARG(member->key),
			       STR_ARG(ask_member(member, "name", NULL)));
	putchar('\n');
}

int
cmd_statistics(int argc, char **argv)
{
	struct ask ask;
	struct node *answer;
	size_t i = 0;
	int code;

	if (ask_begin(&ask, "clguard statistics",
	              "clguard statistics participant|element|participants|elements NAME [VERSION]\n\n"
	              "Records of a participant or of its elements (NAME is the participant's), or of the participants "
	              "or\n"
	              "elements of an instance (NAME is the instance's). Without a version those of all versions.",
	              0, 2, 3, argc, argv, &code)) {
		const char *path;

		while (i < STATISTICS && strcmp(ask.words.words[0], statistics[i].word) != 0)
			i++;
		if (i == STATISTICS) {
			fprintf(stderr,
			        "clguard statistics: the first word is wrong: expected participant, element, "
			        "participants or "
			        "elements, got '%s'\n",
			        ask.words.words[0]);
			arena_free(&ask.arena);
			return EXIT_USAGE;
		}
		path = arena_printf(&ask.arena, LOOPS_PATH "%s", statistics[i].path);
		path = ask_query(&ask, path ? path : "", "name", ask.words.words[1]);
		path = ask_query(&ask, path, "version", ask.words.count > 2 ? ask.words.words[2] : NULL);
		code = ask_service(&ask, "GET", path, STR_NONE, NULL, &answer);
		answer = code == EXIT_DONE && !ask.json ? node_get(answer, statistics[i].list) : NULL;
		for (const struct node *record = answer ? answer->first : NULL; record; record = record->next)
			print_record(record);
	}
	arena_free(&ask.arena);
	return code;
}

/* --- catalogue, gateway --- */

int
cmd_catalogue(int argc, char **argv)
{
	struct table table;
	struct ask ask;
	struct node *answer;
	int code;

	if (ask_begin(&ask, "clguard catalogue",
	              "clguard catalogue [participant|element|loop]: what control loop types are made of, and those "
	              "made of it",
	              0, 0, 1, argc, argv, &code)) {
		code = ask_service(
			&ask, "GET",
			ask_query(&ask, "/clguard/v1/catalogue", "kind", ask.words.count ? ask.words.words[0] : NULL),
			STR_NONE, NULL, &answer);
		answer = code == EXIT_DONE && !ask.json ? node_get(answer, "entries") : NULL;
		table_init(&table, 3, &ask.arena);
		for (const struct node *entry = answer ? answer->first : NULL; entry; entry = entry->next)
			table_add(&table,
			          (const struct str[]){ask_member(entry, "kind", NULL), ask_member(entry, "name", NULL),
			                               ask_member(entry, "version", NULL)});
		table_print(&table, "", stdout);
	}
	arena_free(&ask.arena);
	return code;
}

/* The configuration of a gateway is YAML; with --json the same as JSON. A refusal is JSON. */
static int
print_gateway(struct ask *ask, const char *path)
{
	struct error err = {0};
	unsigned status;
	struct str answer;
	struct text out;
	struct node *root;

	if (client_ask(&ask->client, "GET", path, STR_NONE, NULL, &ask->arena, &status, &answer, &err) != 0 ||
	    document_read(answer, "", &loop_client_limits, &ask->arena, &root, &err) != 0) {
		fprintf(stderr, "clguard gateway: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	if (status >= 400) {
		refusal_print("clguard gateway", status, answer, &ask->arena);
		return EXIT_INPUT;
	}
	if (ask->json) {
		text_init(&out, &ask->arena);
		text_add_node(&out, root, false);
		answer = text_done(&out);
	}
	printf("%.*s\n", STR_ARG(answer));
	return EXIT_DONE;
}

int
cmd_gateway(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard gateway",
	              "clguard gateway [NAME [VERSION]]: the declarative configuration of an API gateway for all "
	              "instances, or one",
	              0, 0, 2, argc, argv, &code)) {
		const char *path =
			ask_query(&ask, LOOPS_PATH "gateway", "name", ask.words.count ? ask.words.words[0] : NULL);

		code = print_gateway(&ask,
		                     ask_query(&ask, path, "version", ask.words.count > 1 ? ask.words.words[1] : NULL));
	}
	arena_free(&ask.arena);
	return code;
}
