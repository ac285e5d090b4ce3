/* cmd_diff - clguard diff: what two sets of policies answer otherwise, each with a request that shows it */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"
#include "api/log_commands/candidate.h"
#include "api/replay/replay_report.h"
#include "base/clock.h"
#include "base/text.h"
#include "engine/analysis/difference.h"

static const char help[] =
	"usage: clguard diff OLD NEW [--log FILE...] [--history FILE] [--mode strict|onap] [--now TIME]\n"
	"                    [--json | --markdown]\n\n"
	"Tells what two sets of policies, files or directories, answer otherwise: policies that came, went or changed\n"
	"their version, and for each policy that makes a difference a request that shows it, with the operations done\n"
	"before and the time. Exit code 1 when the sets differ.\n\n"
	"Requests are tried at the bounds of each guard: entries of blacklists, counts at a minimum and a maximum, "
	"the\n"
	"ends of time ranges, as many operations as a limit allows, just done and at the edges of the window. Each\n"
	"difference is proven by its request; that no other one exists is not. Patterns are only tried.\n\n"
	"  --log FILE...     decision logs: what the difference would have meant for what was asked, as clguard "
	"replay\n"
	"  --history FILE    operations before the log begins\n"
	"  --mode MODE       of both sets; without it, as the log tells, else strict\n"
	"  --now TIME        try requests at this time (RFC 3339) instead of now\n"
	"  --json            the report as one line of JSON\n"
	"  --markdown        the report for a merge request\n";

struct diff_command {
	struct words logs, sides[2];
	const char *history, *mode, *now;
	bool json, markdown;
	int64_t now_ms;
	struct candidate candidates[2];
	const struct set_difference *differences;
	uint64_t asked;
	struct arena *arena;
};

static int
diff_complain(const struct error *err)
{
	fprintf(stderr, "clguard diff: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
}

/* --- policies that are in one set alone --- */

/* A policy's name; one that has none but its file's is known by its place in what the command was given. */
static struct str
diff_policy_name(const struct diff_command *command, int side, struct str policy)
{
	struct str given = str_from(command->sides[side].words[0]);

	while (given.len > 1 && given.ptr[given.len - 1] == '/')
		given.len--;
	if (policy.len < given.len || memcmp(policy.ptr, given.ptr, given.len) != 0 ||
	    (policy.len > given.len && policy.ptr[given.len] != '/' && policy.ptr[given.len] != ':'))
		return policy;
	return (struct str){policy.ptr + given.len, policy.len - given.len};
}

/* Whether the other side has the policy of a guard. */
static bool
has_policy(const struct diff_command *command, int side, const struct guard *wanted)
{
	const struct guard *guard = command->candidates[1 - side].set->guards.first;
	struct str name = diff_policy_name(command, side, wanted->policy);

	for (; guard; guard = guard->next) {
		if (guard->policy.ptr && str_equal(diff_policy_name(command, 1 - side, guard->policy), name) &&
		    guard->version.len == wanted->version.len &&
		    memcmp(guard->version.ptr ? guard->version.ptr : "", wanted->version.ptr ? wanted->version.ptr : "",
		           wanted->version.len) == 0)
			return true;
	}
	return false;
}

/* The first guard of each policy that the other side does not have, from `guard` on. */
static const struct guard *
next_alone(const struct diff_command *command, int side, const struct guard *guard)
{
	const struct guard *before = NULL;

	for (; guard; before = guard, guard = guard->next) {
		if (guard->policy.ptr && !(before && str_equal(before->policy, guard->policy)) &&
		    !has_policy(command, side, guard))
			return guard;
	}
	return NULL;
}

static const struct guard *
first_alone(const struct diff_command *command, int side)
{
	return next_alone(command, side, command->candidates[side].set->guards.first);
}

static bool
sets_differ(const struct diff_command *command)
{
	return command->differences || first_alone(command, 0) || first_alone(command, 1);
}

/* --- what is printed --- */

static void
diff_add_request(struct text *out, const struct difference_question *question)
{
	const struct request *request = &question->request;
	char time[TIME_TEXT_SIZE];

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (request->attribute[i].ptr)
			text_addf(out, "%s=%.*s ", attribute_key[i], STR_ARG(request->attribute[i]));
	}
	if (request->has_vf_count)
		text_addf(out, "vfCount=%" PRId32 " ", request->vf_count);
	time_format_instant(question->now_ms, time);
	text_addf(out, "at %s", time);
	if (question->count) {
		time_format_instant(question->ended_ms, time);
		text_addf(out, ", after %" PRIu32 " such operations%s that ended at %s", question->count,
		          question->where == DONE_ON_OTHER_TARGET  ? " on another target"
		          : question->where == DONE_FOR_OTHER_LOOP ? " of another loop"
		                                                   : "",
		          time);
	}
	if (question->live_loop.ptr)
		text_addf(out, ", while an operation of loop %.*s is under way", STR_ARG(question->live_loop));
}

static void
diff_add_answer(struct text *out, const struct decision *answer)
{
	const struct guard *guard = answer->permit ? NULL : answer->guard;

	text_addf(out, "%s, %s", answer->permit ? "Permit" : "Deny", reason_name[answer->reason]);
	if (answer->missing)
		text_addf(out, " %s", answer->missing);
	if (guard)
		text_addf(out, " by %.*s (%s:%" PRIu32 ")", STR_ARG(guard->policy), guard->file, guard->line);
}

static void
print_alone(const struct diff_command *command, int side, const char *before, const char *what)
{
	const struct guard *guard = first_alone(command, side);

	for (; guard; guard = next_alone(command, side, guard->next))
		printf("%s%s %.*s %.*s (%s:%" PRIu32 ")\n", before, what, STR_ARG(guard->policy),
		       STR_ARG(guard->version.ptr ? guard->version : STR("")), guard->file, guard->line);
}

static void
diff_print_text(const struct diff_command *command)
{
	const char *before = command->markdown ? "* " : "";

	if (command->markdown)
		printf("### What the policies answer otherwise\n\n");
	print_alone(command, 0, before, "gone:");
	print_alone(command, 1, before, "new:");
	for (const struct set_difference *d = command->differences; d; d = d->next) {
		struct text out;

		text_init(&out, command->arena);
		text_addf(&out, "%s%s becomes %s by %.*s:%s", before, d->to_permit ? "Deny" : "Permit",
		          d->to_permit ? "Permit" : "Deny",
		          STR_ARG(d->policy.len ? d->policy : STR("a rule of the set")),
		          command->markdown ? " `" : "\n  ");
		diff_add_request(&out, &d->question);
		text_add(&out, command->markdown ? STR("`; was ") : STR("\n  was "));
		diff_add_answer(&out, &d->old_answer);
		text_add(&out, command->markdown ? STR("; is ") : STR("\n  is  "));
		diff_add_answer(&out, &d->new_answer);
		printf("%.*s\n", STR_ARG(text_done(&out)));
	}
	if (!sets_differ(command))
		printf("no difference was found, in %" PRIu64 " requests\n", command->asked);
}

static void
json_alone(const struct diff_command *command, int side, struct text *out)
{
	const struct guard *first = first_alone(command, side);

	for (const struct guard *guard = first; guard; guard = next_alone(command, side, guard->next)) {
		text_add(out, guard == first ? STR("{\"policy\":") : STR(",{\"policy\":"));
		text_add_json(out, guard->policy);
		text_add(out, STR(",\"version\":"));
		text_add_json(out, guard->version);
		text_add(out, STR(",\"file\":"));
		text_add_json(out, str_from(guard->file));
		text_addf(out, ",\"line\":%" PRIu32 "}", guard->line);
	}
}

static void
json_answer(struct text *out, const char *key, const struct decision *answer)
{
	const struct guard *guard = answer->permit ? NULL : answer->guard;

	text_addf(out, ",\"%s\":{\"status\":\"%s\",\"reason\":\"%s\"", key, answer->permit ? "Permit" : "Deny",
	          reason_name[answer->reason]);
	if (guard) {
		text_add(out, STR(",\"policy\":"));
		text_add_json(out, guard->policy);
		text_add(out, STR(",\"file\":"));
		text_add_json(out, str_from(guard->file));
		text_addf(out, ",\"line\":%" PRIu32, guard->line);
	}
	text_add(out, STR("}"));
}

/* A witness as clguard decide takes it: the request, the operations done before, and the time. */
static void
json_question(struct text *out, const struct difference_question *question)
{
	const struct request *request = &question->request;
	char time[TIME_TEXT_SIZE];

	time_format_instant(question->now_ms, time);
	text_addf(out, ",\"now\":\"%s\",\"request\":{", time);
	for (int i = 0, some = 0; i < ATTRIBUTE_COUNT; i++) {
		if (!request->attribute[i].ptr)
			continue;
		text_addf(out, "%s\"%s\":", some++ ? "," : "", attribute_key[i]);
		text_add_json(out, request->attribute[i]);
	}
	if (request->has_vf_count)
		text_addf(out, "%s\"vfCount\":%" PRId32, request->attribute[ATTRIBUTE_ACTOR].ptr ? "," : "",
		          request->vf_count);
	text_add(out, STR("}"));
	if (question->count) {
		time_format_instant(question->ended_ms, time);
		text_addf(out, ",\"operations\":{\"count\":%" PRIu32 ",\"ended\":\"%s\",\"on\":\"%s\"}",
		          question->count, time,
		          question->where == DONE_ON_OTHER_TARGET  ? "another target"
		          : question->where == DONE_FOR_OTHER_LOOP ? "another loop"
		                                                   : "the same target");
	}
	if (question->live_loop.ptr) {
		text_add(out, STR(",\"live_loop\":"));
		text_add_json(out, question->live_loop);
	}
}

static int
diff_print_json(const struct diff_command *command)
{
	struct text out;
	struct str done;

	text_init(&out, command->arena);
	text_addf(&out, "{\"asked\":%" PRIu64 ",\"gone\":[", command->asked);
	json_alone(command, 0, &out);
	text_add(&out, STR("],\"new\":["));
	json_alone(command, 1, &out);
	text_add(&out, STR("],\"differences\":["));
	for (const struct set_difference *d = command->differences; d; d = d->next) {
		text_addf(&out, "%s{\"to\":\"%s\",\"policy\":", d == command->differences ? "" : ",",
		          d->to_permit ? "Permit" : "Deny");
		text_add_json(&out, d->policy);
		text_addf(&out, ",\"count\":%" PRIu64, d->count);
		json_question(&out, &d->question);
		json_answer(&out, "was", &d->old_answer);
		json_answer(&out, "is", &d->new_answer);
		text_add(&out, STR("}"));
	}
	text_add(&out, STR("]}"));
	done = text_done(&out);
	if (!done.ptr)
		return EXIT_ENVIRONMENT;
	printf("%.*s\n", STR_ARG(done));
	return EXIT_DONE;
}

/* Prints the answers that the new set would have given to the logged questions. */
static int
print_effect(const struct diff_command *command)
{
	struct replay_options options = {
		.logs = command->logs.words,
		.log_count = command->logs.count,
		.set = command->candidates[1].set,
		.digest = command->candidates[1].digest,
		.from_ms = TIME_NONE,
		.to_ms = TIME_NONE,
		.examples = 5,
	};
	struct replay_report report;
	struct error err = {0};

	if (command->history &&
	    candidate_history(command->history, command->arena, &options.history, &options.history_count, &err) != 0)
		return diff_complain(&err);
	if (replay_run(&options, command->arena, &report, &err) != 0)
		return diff_complain(&err);
	if (command->json)
		return replay_report_json(stdout, &report) == 0 ? EXIT_DONE : EXIT_ENVIRONMENT;
	putchar('\n');
	(command->markdown ? replay_report_markdown : replay_report_text)(stdout, &report, false);
	return EXIT_DONE;
}

static int
diff(struct diff_command *command)
{
	int code = EXIT_DONE;

	for (int side = 0; code == EXIT_DONE && side < 2; side++)
		code = candidate_open(&command->candidates[side], "clguard diff", &command->sides[side], &command->logs,
		                      command->mode, command->arena);
	if (code == EXIT_DONE &&
	    difference_find(command->candidates[0].set, command->candidates[1].set, command->now_ms, command->arena,
	                    &command->differences, &command->asked) != 0) {
		fputs("clguard diff: out of memory\n", stderr);
		code = EXIT_ENVIRONMENT;
	}
	if (code == EXIT_DONE && command->json)
		code = diff_print_json(command);
	else if (code == EXIT_DONE)
		diff_print_text(command);
	if (code == EXIT_DONE && command->logs.count)
		code = print_effect(command);
	if (code == EXIT_DONE && sets_differ(command))
		code = EXIT_INPUT;
	candidate_close(&command->candidates[0]);
	candidate_close(&command->candidates[1]);
	return code;
}

int
cmd_diff(int argc, char **argv)
{
	struct diff_command command = {0};
	struct words rest = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--log", .list = &command.logs},
		{"--history", .value = &command.history},
		{"--mode", .value = &command.mode},
		{"--now", .value = &command.now},
		{"--json", .flag = &command.json},
		{"--markdown", .flag = &command.markdown},
		{0},
	};
	struct arena arena;
	int code;

	if (arguments_parse("clguard diff", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (want_help) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (check_usage("clguard diff", rest.count != 2 ? "two sets of policies are expected: OLD NEW"
	                                : command.json && command.markdown ? "a report is either --json or --markdown"
	                                                                   : NULL) != EXIT_DONE)
		return EXIT_USAGE;
	command.now_ms = clock_wall_ms();
	if (command.now && time_parse_instant(str_from(command.now), &command.now_ms) != 0) {
		fprintf(stderr,
		        "clguard diff: --now is wrong: expected a time such as 2026-04-14T12:00:00Z, got '%s'\n",
		        command.now);
		return EXIT_USAGE;
	}
	command.sides[0] = (struct words){&rest.words[0], 1};
	command.sides[1] = (struct words){&rest.words[1], 1};
	arena_init(&arena, 0);
	command.arena = &arena;
	code = diff(&command);
	arena_free(&arena);
	return code;
}
