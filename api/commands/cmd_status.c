/* cmd_status - clguard status: how a running service stands, and what a person should look at */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "base/text.h"

/* What the service answered. */
struct status {
	const struct node *ready;
	const struct node *generation; /* NULL: these credentials may not read it */
};

/* A GET, its status and its answer; the exit code, after a message when there is no answer. */
static int
status_get(struct ask *ask, const char *path, unsigned *ret_status, struct node **ret)
{
	struct error err = {0};
	struct str answer;

	if (client_ask(&ask->client, "GET", path, STR_NONE, NULL, &ask->arena, ret_status, &answer, &err) == 0 &&
	    json_read(answer, "", &loop_client_limits, &ask->arena, ret, &err) == 0)
		return EXIT_DONE;
	fprintf(stderr, "%s: %s\n", ask->name, err.text);
	return EXIT_ENVIRONMENT;
}

static bool
is_ready(const struct status *status)
{
	const struct node *ready = node_get(status->ready, "ready");

	return ready && ready->kind == NODE_BOOL && ready->boolean;
}

static void
print_finding(const struct node *finding)
{
	struct str file = ask_member(finding, "file", NULL), id = ask_member(finding, "id", NULL);

	printf("%.*s: ", STR_ARG(ask_member(finding, "severity", NULL)));
	if (file.len)
		printf("%.*s:%.*s:%.*s: ", STR_ARG(file), STR_ARG(ask_member(finding, "line", NULL)),
		       STR_ARG(ask_member(finding, "column", NULL)));
	printf("%.*s", STR_ARG(ask_member(finding, "text", NULL)));
	if (id.len)
		printf(" [%.*s]", STR_ARG(id));
	putchar('\n');
}

/* How far the database's verification is, while there is one. */
static void
print_verification(const struct status *status)
{
	const struct node *verifying = node_get(node_get(status->ready, "database"), "verifying");
	const struct node *waiting = node_get(verifying, "waiting");

	if (!verifying)
		return;
	if (waiting && waiting->kind == NODE_BOOL && waiting->boolean)
		puts("verifying: waiting for another process that verifies the database");
	else
		printf("verifying: %.*s of %.*s entries of the database\n",
		       STR_ARG(ask_member(verifying, "entries", NULL)), STR_ARG(ask_member(verifying, "of", NULL)));
}

static void
print_status(const struct status *status, const char *address)
{
	const struct node *warnings = node_get(status->ready, "warnings");
	const struct node *findings = node_get(status->generation, "findings");
	struct str refused = ask_member(status->generation, "last_error", NULL);

	printf("%s is %s", address, is_ready(status) ? "ready" : "not ready");
	if (!is_ready(status))
		printf(": %.*s", STR_ARG(ask_member(status->ready, "why", NULL)));
	printf("\npolicies %.*s, guards %.*s", STR_ARG(ask_member(status->ready, "policies", NULL)),
	       STR_ARG(ask_member(status->ready, "guards", NULL)));
	if (status->generation)
		printf(", generation %.*s since %.*s", STR_ARG(ask_member(status->generation, "generation", NULL)),
		       STR_ARG(ask_member(status->generation, "since", NULL)));
	putchar('\n');
	print_verification(status);
	for (const struct node *at = warnings ? warnings->first : NULL; at; at = at->next)
		printf("warning: %.*s [%.*s]\n", STR_ARG(ask_member(at, "text", NULL)),
		       STR_ARG(ask_member(at, "id", NULL)));
	if (refused.len)
		printf("refused: %.*s\n", STR_ARG(refused));
	for (const struct node *at = findings ? findings->first : NULL; at; at = at->next)
		print_finding(at);
}

static void
print_json(const struct status *status, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("{\"ready\":"));
	text_add_node(&out, status->ready, true);
	text_add(&out, STR(",\"generation\":"));
	if (status->generation)
		text_add_node(&out, status->generation, true);
	else
		text_add(&out, STR("null"));
	text_add(&out, STR("}"));
	puts(text_done(&out).ptr ? text_done(&out).ptr : "");
}

static int
cmd_status_report(struct ask *ask)
{
	struct status status = {0};
	struct node *ready, *generation;
	unsigned code;

	if (status_get(ask, "/ready", &code, &ready) != EXIT_DONE)
		return EXIT_ENVIRONMENT;
	status.ready = ready;
	if (status_get(ask, "/clguard/v1/generation", &code, &generation) != EXIT_DONE)
		return EXIT_ENVIRONMENT;
	if (code < 400)
		status.generation = generation;
	else
		fprintf(stderr, "%s: GET /clguard/v1/generation is answered with %u: findings are not shown\n",
		        ask->name, code);
	if (ask->json)
		print_json(&status, &ask->arena);
	else
		print_status(&status, ask->client.address);
	return is_ready(&status) ? EXIT_DONE : EXIT_INPUT;
}

int
cmd_status(int argc, char **argv)
{
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard status",
	              "clguard status [--json]: whether a service is ready, what is in force, and what a person should "
	              "look at.\nExit code 0 when it is ready, 1 when it is not, 3 when there is no answer",
	              0, 0, 0, argc, argv, &code))
		code = cmd_status_report(&ask);
	arena_free(&ask.arena);
	return code;
}
