/* cmd_status - clguard status: how a running service stands, and what a person should look at */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/loop_client.h"
#include "base/text.h"

#define FULLEST "5"    /* limiters that are shown */
#define LOOPS_SHOWN 10 /* that stand */

/* The service's answers. NULL, but for the first: the credentials may not read it, or it is not known yet. */
struct status {
	const struct node *ready;
	const struct node *generation;
	const struct node *limiters; /* the fullest */
	const struct node *loops;    /* all instances */
	struct str metrics;          /* absent: the same */
};

/* Figures of the database, by their names in /metrics. */
static const struct status_figure {
	const char *series, *member;
} status_figures[] = {
	{"clguard_operations", "operations"},
	{"clguard_database_used_bytes", "used_bytes"},
	{"clguard_database_limit_bytes", "limit_bytes"},
	{"clguard_database_readers", "readers"},
	{"clguard_database_quarantined", "quarantined"},
	{"clguard_database_refusing", "refusing"},
};
#define STATUS_FIGURES (sizeof(status_figures) / sizeof(*status_figures))

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

/* The answer of a GET that may be refused, which is told unless the database is being verified; NULL then. */
static const struct node *
status_part(struct ask *ask, const char *path, bool verifying)
{
	struct node *answer;
	unsigned code;

	if (verifying || status_get(ask, path, &code, &answer) != EXIT_DONE)
		return NULL;
	if (code < 400)
		return answer;
	fprintf(stderr, "%s: GET %s is answered with %u: not shown\n", ask->name, path, code);
	return NULL;
}

/* Text, for which no credentials but those of the role metrics are enough. */
static struct str
status_metrics(struct ask *ask, bool verifying)
{
	struct error err = {0};
	struct str answer;
	unsigned code;

	if (verifying ||
	    client_ask(&ask->client, "GET", "/metrics", STR_NONE, NULL, &ask->arena, &code, &answer, &err) != 0)
		return STR_NONE;
	if (code < 400)
		return answer;
	fprintf(stderr, "%s: GET /metrics is answered with %u: the database is not shown\n", ask->name, code);
	return STR_NONE;
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

/* The wall clock, where it was set, and why the database takes no operations. */
static void
print_conditions(const struct status *status)
{
	const struct node *difference = node_get(node_get(status->ready, "clock"), "difference_ms");
	struct str refusing = ask_member(node_get(status->ready, "database"), "refusing", NULL);

	if (difference && difference->kind == NODE_INT)
		printf("clock: the wall clock is %lld s %s the decision clock, by which limits count: 'clguard db "
		       "accept' "
		       "makes that follow\n",
		       (long long)(difference->integer < 0 ? -difference->integer : difference->integer) / 1000,
		       difference->integer < 0 ? "behind" : "ahead of");
	if (refusing.len)
		printf("refusing: the database takes no operations: %.*s\n", STR_ARG(refusing));
}

/* The value of a series without labels, -1 when there is none. */
static double
series_value(struct str metrics, const char *series)
{
	size_t len = strlen(series);

	for (size_t at = 0; at + len < metrics.len;) {
		const char *line = metrics.ptr + at, *end = memchr(line, '\n', metrics.len - at);

		if (memcmp(line, series, len) == 0 && line[len] == ' ')
			return strtod(line + len, NULL);
		if (!end)
			break;
		at = (size_t)(end - metrics.ptr) + 1;
	}
	return -1;
}

static void
print_database(const struct status *status)
{
	double used = series_value(status->metrics, "clguard_database_used_bytes");
	double most = series_value(status->metrics, "clguard_database_limit_bytes"), operations;

	if (used < 0)
		return;
	operations = series_value(status->metrics, "clguard_operations");
	printf("database: %.0f operation%s, %.1f MiB in use", operations, operations == 1 ? "" : "s", used / 1048576);
	if (most > 0)
		printf(", %.0f %% of its limit", 100 * used / most);
	printf(", %.0f readers\n", series_value(status->metrics, "clguard_database_readers"));
	if (series_value(status->metrics, "clguard_database_quarantined") > 0)
		puts("database: in quarantine, it replaces a damaged one: clguard db accept ends that");
}

static void
print_limiters(const struct status *status)
{
	const struct node *limiters = node_get(status->limiters, "limiters");

	for (const struct node *at = limiters ? limiters->first : NULL; at; at = at->next) {
		struct str target = ask_member(at, "target", NULL), clname = ask_member(at, "clname", NULL);
		struct str next = ask_member(at, "next", NULL);

		if (str_is(ask_member(at, "used", NULL), "0"))
			continue;
		printf("limiter: %.*s of %.*s in %.*s: %.*s %.*s%s%.*s%s%.*s (%.*s)",
		       STR_ARG(ask_member(at, "used", NULL)), STR_ARG(ask_member(at, "limit", NULL)),
		       STR_ARG(ask_member(at, "window", NULL)), STR_ARG(ask_member(at, "actor", NULL)),
		       STR_ARG(ask_member(at, "operation", NULL)), target.len ? " on " : "", STR_ARG(target),
		       clname.len ? " for " : "", STR_ARG(clname), STR_ARG(ask_member(at, "policy", NULL)));
		if (next.len)
			printf(", permits at %.*s", STR_ARG(next));
		putchar('\n');
	}
}

/* Whether an instance does not go on by itself: an order failed or timed out, or guards deny it. */
static bool
loop_stands(const struct node *loop)
{
	const struct node *denied = node_get(node_get(loop, "guard"), "denied");

	return (denied && denied->first) || !str_is(ask_member(loop, "stateChangeResult", NULL), "NO_ERROR");
}

static void
print_loops(const struct status *status)
{
	const struct node *loops = node_get(status->loops, "controlLoopList");
	size_t all = 0, stand = 0;

	for (const struct node *loop = loops ? loops->first : NULL; loop; loop = loop->next) {
		const struct node *failure = node_get(loop, "lastFailure");

		all++;
		if (!loop_stands(loop) || stand++ >= LOOPS_SHOWN)
			continue;
		printf("stands: %.*s %.*s is %.*s, %.*s", STR_ARG(ask_member(loop, "name", NULL)),
		       STR_ARG(ask_member(loop, "version", NULL)), STR_ARG(ask_member(loop, "state", NULL)),
		       STR_ARG(ask_member(loop, "stateChangeResult", NULL)));
		if (node_get(node_get(loop, "guard"), "denied"))
			printf("; guards deny %.*s",
			       STR_ARG(ask_member(node_get(loop, "guard"), "orderedState", NULL)));
		if (failure)
			printf("; %.*s: %.*s", STR_ARG(ask_member(failure, "time", NULL)),
			       STR_ARG(ask_member(failure, "message", NULL)));
		putchar('\n');
	}
	if (stand)
		printf("%zu of %zu control loop instances stand: clguard watch tells what each waits for\n", stand,
		       all);
	else if (all)
		printf("control loop instances: %zu, none stands\n", all);
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
	print_conditions(status);
	for (const struct node *at = warnings ? warnings->first : NULL; at; at = at->next)
		printf("warning: %.*s [%.*s]\n", STR_ARG(ask_member(at, "text", NULL)),
		       STR_ARG(ask_member(at, "id", NULL)));
	if (refused.len)
		printf("refused: %.*s\n", STR_ARG(refused));
	for (const struct node *at = findings ? findings->first : NULL; at; at = at->next)
		print_finding(at);
	print_database(status);
	print_limiters(status);
	print_loops(status);
}

static void
json_database(const struct status *status, struct text *out)
{
	const char *comma = "{";

	text_add(out, STR(",\"database\":"));
	if (!status->metrics.ptr) {
		text_add(out, STR("null"));
		return;
	}
	for (size_t i = 0; i < STATUS_FIGURES; i++) {
		text_addf(out, "%s\"%s\":%.0f", comma, status_figures[i].member,
		          series_value(status->metrics, status_figures[i].series));
		comma = ",";
	}
	text_add(out, STR("}"));
}

/* The member of a part as a list, null when the part is not known; of loops only those that stand. */
static void
json_list(const char *name, const struct node *part, const char *member, bool (*wanted)(const struct node *),
          struct text *out)
{
	const struct node *list = node_get(part, member);
	const char *comma = "";

	text_addf(out, ",\"%s\":%s", name, part ? "[" : "null");
	for (const struct node *at = list ? list->first : NULL; at; at = at->next) {
		if (wanted && !wanted(at))
			continue;
		text_add(out, str_from(comma));
		text_add_node(out, at, true);
		comma = ",";
	}
	if (part)
		text_add(out, STR("]"));
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
	json_database(status, &out);
	json_list("limiters", status->limiters, "limiters", NULL, &out);
	json_list("stand", status->loops, "controlLoopList", loop_stands, &out);
	text_add(&out, STR("}"));
	puts(text_done(&out).ptr ? text_done(&out).ptr : "");
}

static int
cmd_status_report(struct ask *ask)
{
	struct status status = {0};
	struct node *ready, *generation;
	bool verifying;
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
	verifying = node_get(node_get(status.ready, "database"), "verifying");
	status.limiters = status_part(ask, "/clguard/v1/limiters?limit=" FULLEST, verifying);
	status.loops = status_part(ask, LOOPS_PATH "instantiation", verifying);
	status.metrics = status_metrics(ask, verifying);
	if (ask->json)
		print_json(&status, &ask->arena);
	else
		print_status(&status, ask->client.address);
	return is_ready(&status) ? EXIT_DONE : EXIT_INPUT;
}

int
cmd_status(int argc, char **argv)
{
	static const char help[] =
		"clguard status [--json]: whether a service is ready, what is in force, what a person should look at,\n"
		"its database, the fullest limiters, and the control loop instances that stand.\n"
		"Exit code 0 when it is ready, 1 when it is not, 3 when there is no answer";
	struct ask ask;
	int code;

	if (ask_begin(&ask, "clguard status", help, 0, 0, 0, argc, argv, &code))
		code = cmd_status_report(&ask);
	arena_free(&ask.arena);
	return code;
}
