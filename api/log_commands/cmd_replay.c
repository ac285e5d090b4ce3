/* cmd_replay - clguard replay: a decision log answered again by other policies, with the counters of each moment */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bodies/operation_rows.h"
#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "api/log_commands/candidate.h"
#include "api/replay/replay_report.h"

static const char help[] =
	"usage: clguard replay --log FILE... --policies PATH... [--same] [--history FILE] [--from TIME] [--to TIME]\n"
	"                      [--retries drop|keep] [--mode strict|onap] [--examples N] [--max-denies N]\n"
	"                      [--max-permits N] [--json | --markdown]\n"
	"       clguard replay --log FILE... --at TIME\n\n"
	"Rebuilds the operation counters from a decision log, decides each logged question again with other policies "
	"at\n"
	"its own time, and tells what comes out otherwise: with the counters as they were (open loop), and with "
	"counters\n"
	"that follow the new answers (closed loop). Exit code 1 when more answers turn than are allowed.\n\n"
	"  --log FILE...        decision logs of a service: those that were moved aside too, in any order\n"
	"  --policies PATH...   the policies to decide with: files and directories\n"
	"  --same               the policies are those that the log was made with: decide what they decided, and "
	"expect\n"
	"                       the same answer, for the same reason, on every line\n"
	"  --history FILE       operations before the log begins, as clguard decide takes them\n"
	"  --from, --to TIME    decide only what was asked then (RFC 3339); the counters are whole in any case\n"
	"  --retries WHAT       closed loop: a question that repeats one which is permitted now is not asked (drop, "
	"the\n"
	"                       default), or asked all the same (keep)\n"
	"  --mode MODE          of the policies; without it, as the log tells\n"
	"  --examples N         how many to show of each turn in each loop (default 5)\n"
	"  --max-denies N       how many Permits may become a Deny, in either loop (default 0)\n"
	"  --max-permits N      how many Denies may become a Permit (default 0)\n"
	"  --json, --markdown   the report as one line of JSON, or for a merge request\n"
	"  --at TIME            print the operations that counted at that time, as a history file, and decide "
	"nothing\n";

struct replay_command {
	struct words logs, policies;
	const char *history, *mode, *from, *to, *at, *retries, *examples, *max_denies, *max_permits;
	bool same, json, markdown;
	int64_t allowed[2]; /* of enum replay_flip: to deny, to permit */
	struct replay_options options;
	struct arena *arena;
};

static int
replay_complain(const struct error *err)
{
	fprintf(stderr, "clguard replay: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

/* --- the counters at an instant --- */

struct row_list {
	struct text text;
	bool first;
};

static int
replay_write_row(void *context, const struct operation *row)
{
	struct row_list *list = context;

	text_add(&list->text, list->first ? STR("[") : STR(",\n "));
	list->first = false;
	rows_write(&list->text, row);
	return list->text.failed ? -ERROR_MEMORY : 0;
}

static int
print_rows(const struct replay_command *command, int64_t at_ms)
{
	struct row_list list = {.first = true};
	struct log_lines lines;
	struct error err = {0};
	int r = log_lines_read(command->logs.words, command->logs.count, 0, &lines, &err);

	if (r != 0)
		return replay_complain(&err);
	text_init(&list.text, command->arena);
	r = replay_rows_at(&lines, at_ms, replay_write_row, &list, &err);
	log_lines_free(&lines);
	if (r != 0)
		return replay_complain(&err);
	printf("%s%.*s]\n", list.first ? "[" : "", STR_ARG(text_done(&list.text)));
	return EXIT_DONE;
}

/* --- replaying --- */

static int
report_print(const struct replay_command *command, const struct replay_report *report)
{
	if (command->json)
		return replay_report_json(stdout, report) == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
	if (command->markdown)
		replay_report_markdown(stdout, report, command->same);
	else
		replay_report_text(stdout, report, command->same);
	return EXIT_DONE;
}

/* Whether more answers turned than may. */
static bool
is_too_much(const struct replay_command *command, const struct replay_report *report)
{
	if (command->same)
		return report->worlds[REPLAY_OPEN].flips[FLIP_TO_DENY] ||
		       report->worlds[REPLAY_OPEN].flips[FLIP_TO_PERMIT] ||
		       report->worlds[REPLAY_OPEN].flips[FLIP_REASON];
	for (int world = 0; world < REPLAY_WORLDS; world++) {
		for (int flip = FLIP_TO_DENY; flip <= FLIP_TO_PERMIT; flip++) {
			if (report->worlds[world].flips[flip] > (uint64_t)command->allowed[flip])
				return true;
		}
	}
	return false;
}

static int
run_replay(struct replay_command *command)
{
	struct candidate candidate = {0};
	struct replay_report report;
	struct error err = {0};
	int code = candidate_open(&candidate, "clguard replay", &command->policies, &command->logs, command->mode,
	                          command->arena);

	if (code == EXIT_DONE && command->history)
		code = candidate_history(command->history, command->arena, &command->options.history,
		                         &command->options.history_count, &err) == 0
		               ? EXIT_DONE
		               : replay_complain(&err);
	if (code == EXIT_DONE) {
		command->options.set = candidate.set;
		command->options.digest = candidate.digest;
		if (replay_run(&command->options, command->arena, &report, &err) != 0)
			code = replay_complain(&err);
	}
	if (code == EXIT_DONE && command->same && report.worlds[REPLAY_OPEN].asked == 0) {
		fprintf(stderr, "clguard replay: no line of the log was decided by these policies\n");
		code = EXIT_INPUT;
	}
	if (code == EXIT_DONE)
		code = report_print(command, &report);
	if (code == EXIT_DONE && is_too_much(command, &report))
		code = EXIT_INPUT;
	candidate_close(&candidate);
	return code;
}

static bool
replay_read_instant(const char *name, const char *text, int64_t *ret_ms)
{
	*ret_ms = TIME_NONE;
	if (!text || time_parse_instant(str_from(text), ret_ms) == 0)
		return true;
	fprintf(stderr, "clguard replay: %s is wrong: expected a time such as 2026-04-14T12:00:00Z, got '%s'\n", name,
	        text);
	return false;
}

static bool
replay_read_count(const char *name, const char *text, int64_t initial, int64_t *ret)
{
	char *end;

	*ret = initial;
	if (!text)
		return true;
	*ret = strtoll(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && *ret < INT64_MAX)
		return true;
	fprintf(stderr, "clguard replay: %s is wrong: expected a number, got '%s'\n", name, text);
	return false;
}

static const char *
replay_usage_of(const struct replay_command *command, size_t rest)
{
	return rest                                       ? "there are words that belong to no option"
	       : !command->logs.count                     ? "--log is missing"
	       : !command->policies.count && !command->at ? "--policies is missing"
	       : command->at && command->policies.count   ? "--at decides nothing: --policies is not needed"
	       : command->json && command->markdown       ? "a report is either --json or --markdown"
	       : command->retries && strcmp(command->retries, "drop") != 0 && strcmp(command->retries, "keep") != 0
	               ? "--retries is drop or keep"
	               : NULL;
}

int
cmd_replay(int argc, char **argv)
{
	struct replay_command command = {0};
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--log", .list = &command.logs},
		{"--policies", .list = &command.policies},
		{"--same", .flag = &command.same},
		{"--history", .value = &command.history},
		{"--from", .value = &command.from},
		{"--to", .value = &command.to},
		{"--retries", .value = &command.retries},
		{"--mode", .value = &command.mode},
		{"--examples", .value = &command.examples},
		{"--max-denies", .value = &command.max_denies},
		{"--max-permits", .value = &command.max_permits},
		{"--json", .flag = &command.json},
		{"--markdown", .flag = &command.markdown},
		{"--at", .value = &command.at},
		{0},
	};
	struct replay_options *options = &command.options;
	int64_t at_ms, examples;
	struct arena arena;
	int code;

	if (arguments_parse("clguard replay", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard replay", replay_usage_of(&command, rest.count)) != EXIT_DONE ||
	    !replay_read_instant("--from", command.from, &options->from_ms) ||
	    !replay_read_instant("--to", command.to, &options->to_ms) ||
	    !replay_read_instant("--at", command.at, &at_ms) ||
	    !replay_read_count("--examples", command.examples, 5, &examples) ||
	    !replay_read_count("--max-denies", command.max_denies, 0, &command.allowed[FLIP_TO_DENY]) ||
	    !replay_read_count("--max-permits", command.max_permits, 0, &command.allowed[FLIP_TO_PERMIT]))
		return EXIT_USAGE;
	options->logs = command.logs.words;
	options->log_count = command.logs.count;
	options->same = command.same;
	options->examples = (size_t)examples;
	options->keep_retries = command.retries && strcmp(command.retries, "keep") == 0;
	arena_init(&arena, 0);
	command.arena = &arena;
	code = command.at ? print_rows(&command, at_ms) : run_replay(&command);
	arena_free(&arena);
	return code;
}
