/* cmd_decide - clguard decide: one decision from files */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "base/clock.h"
#include "engine/decide/explanation.h"
#include "engine/decide/load.h"
#include "engine/simulation/sandbox.h"

static const char help[] =
	"usage: clguard decide [--mode strict|onap] [--policy FILE...] --request FILE|- [--history FILE] [--now TIME]\n"
	"                      [--explain] [--history-fails] [--skip-bad-policies]\n"
	"                      [--unknown-attributes refuse|ignore]\n\n"
	"Takes one decision and prints it as JSON, as the service would answer. Nothing is counted and nothing\n"
	"is changed.\n\n"
	"  --policy FILE...     service templates, 2.0.0 guard files, policy bodies; directories too\n"
	"  --request FILE       decision request, JSON or YAML; - is standard input\n"
	"  --history FILE       operations done so far: a JSON array of {actor, operation, target, closedLoopName,\n"
	"                       requestId, subrequestId, outcome, starttime, endtime}\n"
	"  --now TIME           decide at this time (RFC 3339) instead of now\n"
	"  --explain            tell what each guard said, with its line, and what would turn the answer\n"
	"  --history-fails      as if the operation counters could not be read\n"
	"  --skip-bad-policies  leave policies with errors out instead of stopping\n"
	"  --unknown-attributes what becomes of a member of resource.guard that is not known: it is refused, or with\n"
	"                       ignore left alone, as the service's setting of that name says; strict mode\n";

struct question {
	enum guard_mode mode;
	struct words policies;
	const char *request, *history, *now;
	bool explain, history_fails, skip_bad, ignores_unknown;
	int64_t now_ms;
};

static int
cmd_decide_complain(const struct error *err, const char *file)
{
	if (err->line)
		fprintf(stderr, "%s:%u:%u: error: %s\n", file, err->line, err->column, err->text);
	else
		fprintf(stderr, "clguard decide: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

static int
record_history(struct sandbox *sandbox, const struct question *q, struct arena *arena)
{
	struct error err = {0};
	struct operation *rows;
	struct node *root;
	struct str bytes;
	size_t count;

	if (load_file(q->history, engine_options_default.limits.bytes, arena, &bytes, &err) != 0 ||
	    document_read(bytes, q->history, &engine_options_default.limits, arena, &root, &err) != 0 ||
	    rows_read(root, false, INT64_MAX, arena, &rows, &count, &err) != 0 ||
	    sandbox_record(sandbox, rows, count, q->now_ms, &err) != 0)
		return cmd_decide_complain(&err, q->history);
	return EXIT_DONE;
}

static int
print_body(const struct reply_body *body, int code)
{
	printf("%.*s\n", STR_ARG(body->text));
	return body->text.ptr ? code : EXIT_ENVIRONMENT;
}

static int
cmd_decide_answer(struct sandbox *sandbox, const struct question *q, const struct request *request, struct arena *arena)
{
	struct explained why = {0};
	struct reply_body body;
	struct decision decision;

	(void)sandbox_decide(sandbox, request, q->now_ms, q->explain ? arena : NULL, &decision, &why);
	body = q->explain ? reply_explained(&decision, &why, arena) : reply_decision(&decision, STR_NONE, arena);
	return print_body(&body, EXIT_DONE);
}

/* As the service takes it: what begins as JSON is JSON, unless the file's name says that it is YAML. */
static int
read_request(struct str bytes, const char *name, struct arena *arena, struct node **ret_root, struct error *err)
{
	struct str file = str_from(name), text = str_trim(bytes);
	bool yaml = str_ends_with(file, STR(".yaml")) || str_ends_with(file, STR(".yml"));
	bool json = !yaml && text.len && text.ptr[0] == '{';

	return (json ? json_read : document_read)(bytes, name, &engine_options_default.limits, arena, ret_root, err);
}

static int
cmd_decide_ask(struct sandbox *sandbox, const struct question *q, struct arena *arena)
{
	const char *path = strcmp(q->request, "-") == 0 ? "/dev/stdin" : q->request;
	struct reply_body body;
	struct request request;
	struct error err = {0};
	atomic_bool text_count = false;
	struct node *root;
	struct str bytes;

	if (load_file(path, engine_options_default.limits.bytes, arena, &bytes, &err) != 0)
		return cmd_decide_complain(&err, q->request);
	if (read_request(bytes, q->request, arena, &root, &err) == 0) {
		if (request_is_access(root)) {
			fprintf(stderr,
			        "clguard decide: %s: action access is about instances of control loops, which only a "
			        "service has: ask clguardd\n",
			        q->request);
			return EXIT_INPUT;
		}
		(void)request_read(root, (struct request_form){q->mode, q->ignores_unknown, &text_count}, arena,
		                   &request, &err); /* err tells */
		if (atomic_load(&text_count))
			fprintf(stderr, "clguard decide: %s: warning: vfCount is text: expected an integer\n",
			        q->request);
	}
	if (err.code) {
		unsigned status = reply_refusal(&err, q->mode, arena, &body);

		return print_body(&body, status >= 400 ? EXIT_INPUT : EXIT_DONE);
	}
	return cmd_decide_answer(sandbox, q, &request, arena);
}

static int
cmd_decide_all(const struct question *q, struct arena *arena)
{
	struct engine_options options = engine_options_default;
	struct sandbox *sandbox = NULL;
	struct document *documents;
	struct diags diags;
	size_t count;
	int r, code;

	options.mode = q->mode;
	options.skip_bad_policies = q->skip_bad;
	diags_init(&diags, arena);
	r = load_documents(q->policies.words, q->policies.count, options.limits.bytes, q->skip_bad, arena, &documents,
	                   &count, &diags);
	if (r == 0)
		r = sandbox_open(&options, documents, count, &sandbox, &diags);
	print_findings(stderr, &diags, SEVERITY_WARNING);
	if (r != 0)
		return r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	if (sandbox_set(sandbox)->guards.count == 0)
		fprintf(stderr, "clguard decide: warning: no guard is in force: every question is permitted\n");
	code = q->history ? record_history(sandbox, q, arena) : EXIT_DONE;
	sandbox_break_history(sandbox, q->history_fails);
	if (code == EXIT_DONE)
		code = cmd_decide_ask(sandbox, q, arena);
	sandbox_close(sandbox);
	return code;
}

int
cmd_decide(int argc, char **argv)
{
	struct question q = {0};
	const char *mode = NULL, *unknown = NULL;
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--mode", .value = &mode},
		{"--policy", .list = &q.policies},
		{"--request", .value = &q.request},
		{"--history", .value = &q.history},
		{"--now", .value = &q.now},
		{"--explain", .flag = &q.explain},
		{"--history-fails", .flag = &q.history_fails},
		{"--skip-bad-policies", .flag = &q.skip_bad},
		{"--unknown-attributes", .value = &unknown},
		{0},
	};
	struct arena arena;
	int code;

	if (arguments_parse("clguard decide", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard decide", rest.count   ? "there are words that belong to no option"
	                                  : !q.request ? "--request is missing"
	                                               : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	if (!read_mode("clguard decide", mode, &q.mode))
		return EXIT_USAGE;
	q.ignores_unknown = unknown && strcmp(unknown, "ignore") == 0;
	if (unknown && !q.ignores_unknown && strcmp(unknown, "refuse") != 0) {
		fprintf(stderr, "clguard decide: --unknown-attributes is wrong: expected refuse or ignore, got '%s'\n",
		        unknown);
		return EXIT_USAGE;
	}
	q.now_ms = clock_wall_ms();
	if (q.now && time_parse_instant(str_from(q.now), &q.now_ms) != 0) {
		fprintf(stderr, "clguard decide: --now must be a time such as 2026-04-14T12:00:00Z, not '%s'\n", q.now);
		return EXIT_USAGE;
	}
	arena_init(&arena, 0);
	code = cmd_decide_all(&q, &arena);
	arena_free(&arena);
	return code;
}
