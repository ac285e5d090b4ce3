/* cmd_compare - clguard compare: requests answered twice, by both modes or by two sets of policies, and where they differ */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/request.h"
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "api/replay/log_event.h"
#include "base/clock.h"
#include "engine/decide/load.h"
#include "engine/simulation/sandbox.h"

static const char help[] =
	"usage: clguard compare --policy FILE... [--with FILE...] --requests FILE|LOG|- [--mode strict|onap]\n"
	"                       [--history FILE] [--now TIME]\n\n"
	"Answers each request twice and prints those that are answered otherwise, as FILE:LINE: one; other. Without\n"
	"--with in both modes, with it under both sets of policies. Exit code 1 when any answer differs.\n\n"
	"  --policy FILE...     service templates, 2.0.0 guard files, policy bodies; directories too\n"
	"  --with FILE...       the other set of policies\n"
	"  --requests FILE      decision requests: one, a JSON list of them, or one a line; or the decision log of a\n"
	"                       service, whose lines are decided at their own time; - is standard input\n"
	"  --mode MODE          of both sets of policies\n"
	"  --history FILE       operations done so far, as clguard decide takes them\n"
	"  --now TIME           decide at this time (RFC 3339) instead of now\n";

#define FILE_MOST ((size_t)1 << 28)

/* One of the two that answer. */
struct side {
	const char *label;
	struct words policies;
	enum guard_mode mode;
	struct sandbox *sandbox;
};

struct comparison {
	struct side sides[2];
	const char *requests, *history;
	int64_t now_ms;
	size_t asked, differ;
	struct arena *arena;  /* of all */
	struct arena request; /* of one request, reset after it */
};

/* One side's answer. */
struct said {
	enum { SAID_PERMIT, SAID_DENY, SAID_REFUSED, SAID_NOTHING } answer; /* nothing: the line asks nothing */
	struct decision decision;
	struct error err;
};

static int
cmd_compare_complain(const struct error *err, const char *file)
{
	if (err->line)
		fprintf(stderr, "%s:%u:%u: error: %s\n", file, err->line, err->column, err->text);
	else
		fprintf(stderr, "clguard compare: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

static int
side_open(struct comparison *c, struct side *side)
{
	struct engine_options options = engine_options_default;
	struct operation *rows;
	struct document *documents;
	struct error err = {0};
	struct diags diags;
	struct node *root;
	struct str bytes;
	size_t count;
	int r;

	options.mode = side->mode;
	diags_init(&diags, c->arena);
	r = load_documents(side->policies.words, side->policies.count, options.limits.bytes, false, c->arena,
	                   &documents, &count, &diags);
	if (r == 0)
		r = sandbox_open(&options, documents, count, &side->sandbox, &diags);
	print_findings(stderr, &diags, SEVERITY_WARNING);
	if (r != 0)
		return r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	if (!c->history)
		return EXIT_DONE;
	if (load_file(c->history, options.limits.bytes, c->arena, &bytes, &err) != 0 ||
	    document_read(bytes, c->history, &options.limits, c->arena, &root, &err) != 0 ||
	    rows_read(root, false, INT64_MAX, c->arena, &rows, &count, &err) != 0 ||
	    sandbox_record(side->sandbox, rows, count, c->now_ms, &err) != 0)
		return cmd_compare_complain(&err, c->history);
	return EXIT_DONE;
}

static void
side_ask(struct comparison *c, const struct side *side, const struct node *node, struct said *ret)
{
	struct request request;
	struct log_event event;
	int64_t now_ms = c->now_ms;
	int r;

	*ret = (struct said){.answer = SAID_REFUSED};
	if (!node_get(node, "resource") && node_get(node, "time")) {
		r = log_event_of(node, &c->request, &event, &ret->err);
		request = event.question.request;
		now_ms = event.question.now_ms;
		if (r == 0 && (event.kind != LOG_EVENT_QUESTION || event.skip == LOG_SKIP_ACCESS)) {
			ret->answer = SAID_NOTHING;
			return;
		}
	} else if (request_is_access(node))
		r = error_set(&ret->err, ERROR_UNKNOWN, node,
		              "action access is about instances, which only a service has");
	else
		r = request_read(node, (struct request_form){.mode = side->mode}, &c->request, &request, &ret->err);
	if (r != 0)
		return;
	(void)sandbox_decide(side->sandbox, &request, now_ms, NULL, &ret->decision, NULL); /* what fails is a Deny */
	ret->answer = ret->decision.permit ? SAID_PERMIT : SAID_DENY;
}

static void
said_print(const struct side *side, const struct said *said)
{
	const struct guard *guard = said->answer == SAID_DENY ? said->decision.guard : NULL;

	if (said->answer == SAID_REFUSED) {
		printf("%s refused, %s", side->label, said->err.text);
		return;
	}
	printf("%s %s, %s", side->label, said->answer == SAID_PERMIT ? "Permit" : "Deny",
	       reason_name[said->decision.reason]);
	if (said->decision.missing)
		printf(" %s", said->decision.missing);
	if (guard)
		printf(" by %.*s (%s:%" PRIu32 ")", STR_ARG(guard->policy), guard->file, guard->line);
}

static void
compare_one(struct comparison *c, const struct node *node, uint32_t line)
{
	struct said said[2];

	for (int i = 0; i < 2; i++)
		side_ask(c, &c->sides[i], node, &said[i]);
	c->asked += said[0].answer != SAID_NOTHING;
	if (said[0].answer != said[1].answer) {
		c->differ++;
		printf("%s:%" PRIu32 ": ", c->requests, line);
		said_print(&c->sides[0], &said[0]);
		fputs("; ", stdout);
		said_print(&c->sides[1], &said[1]);
		fputc('\n', stdout);
	}
	arena_reset(&c->request);
}

/* One request a line; blank lines are passed over. */
static int
compare_lines(struct comparison *c, struct str bytes)
{
	uint32_t number = 1;

	for (size_t at = 0; at < bytes.len; number++) {
		const char *end = memchr(bytes.ptr + at, '\n', bytes.len - at);
		struct str line = {bytes.ptr + at, (end ? (size_t)(end - bytes.ptr) : bytes.len) - at};
		struct error err = {0};
		struct node *root;

		at += line.len + 1;
		if (str_trim(line).len == 0)
			continue;
		if (json_read(line, c->requests, &engine_options_default.limits, &c->request, &root, &err) != 0) {
			err.line = number;
			return cmd_compare_complain(&err, c->requests);
		}
		compare_one(c, root, number);
	}
	return EXIT_DONE;
}

static int
compare_all(struct comparison *c)
{
	const char *path = strcmp(c->requests, "-") == 0 ? "/dev/stdin" : c->requests;
	struct document_limits limits = engine_options_default.limits;
	struct error err = {0}, ignored = {0};
	struct node *root;
	struct str bytes;

	limits.bytes = FILE_MOST;
	if (load_file(path, FILE_MOST, c->arena, &bytes, &err) != 0)
		return cmd_compare_complain(&err, c->requests);
	if (json_read(bytes, c->requests, &limits, c->arena, &root, &ignored) != 0)
		return compare_lines(c, bytes);
	if (root->kind != NODE_LIST) {
		compare_one(c, root, root->line);
		return EXIT_DONE;
	}
	for (const struct node *node = root->first; node; node = node->next)
		compare_one(c, node, node->line);
	return EXIT_DONE;
}

static int
compare(struct comparison *c)
{
	int code = side_open(c, &c->sides[0]);

	if (code == EXIT_DONE)
		code = side_open(c, &c->sides[1]);
	if (code == EXIT_DONE)
		code = compare_all(c);
	if (code == EXIT_DONE) {
		fprintf(stderr, "%zu request%s, %zu answered otherwise\n", c->asked, c->asked == 1 ? "" : "s",
		        c->differ);
		code = c->differ ? EXIT_INPUT : EXIT_DONE;
	}
	sandbox_close(c->sides[0].sandbox);
	sandbox_close(c->sides[1].sandbox);
	return code;
}

/* Fills in who answers. */
static bool
sides_set(struct comparison *c, const char *mode)
{
	enum guard_mode both;

	if (!read_mode("clguard compare", mode, &both))
		return false;
	if (c->sides[1].policies.count) {
		c->sides[0].label = "--policy";
		c->sides[1].label = "--with";
		c->sides[0].mode = c->sides[1].mode = both;
		return true;
	}
	c->sides[1].policies = c->sides[0].policies;
	c->sides[0].label = "strict";
	c->sides[1].label = "onap";
	c->sides[0].mode = GUARD_STRICT;
	c->sides[1].mode = GUARD_ONAP;
	return true;
}

int
cmd_compare(int argc, char **argv)
{
	struct comparison c = {0};
	const char *mode = NULL, *now = NULL;
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--mode", .value = &mode},
		{"--policy", .list = &c.sides[0].policies},
		{"--with", .list = &c.sides[1].policies},
		{"--requests", .value = &c.requests},
		{"--history", .value = &c.history},
		{"--now", .value = &now},
		{0},
	};
	struct arena arena;
	int code;

	if (arguments_parse("clguard compare", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard compare", rest.count                   ? "there are words that belong to no option"
	                                   : !c.requests                ? "--requests is missing"
	                                   : !c.sides[0].policies.count ? "--policy is missing"
	                                   : mode && !c.sides[1].policies.count
	                                           ? "without --with both modes answer: --mode is not needed"
	                                           : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	if (!sides_set(&c, mode))
		return EXIT_USAGE;
	c.now_ms = clock_wall_ms();
	if (now && time_parse_instant(str_from(now), &c.now_ms) != 0) {
		fprintf(stderr, "clguard compare: --now must be a time such as 2026-04-14T12:00:00Z, not '%s'\n", now);
		return EXIT_USAGE;
	}
	arena_init(&arena, 0);
	arena_init(&c.request, 0);
	c.arena = &arena;
	code = compare(&c);
	arena_free(&c.request);
	arena_free(&arena);
	return code;
}
