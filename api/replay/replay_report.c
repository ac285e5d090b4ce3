/* replay_report - what a replay found, as text, JSON or Markdown */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/replay_report.h"

#include <inttypes.h>

#include "base/text.h"

static const char *const world_name[REPLAY_WORLDS] = {[REPLAY_OPEN] = "open", [REPLAY_CLOSED] = "closed"};

static const char *const flip_name[REPLAY_FLIPS] = {
	[FLIP_TO_DENY] = "to_deny", [FLIP_TO_PERMIT] = "to_permit", [FLIP_REASON] = "other_reason"};

static const char *
status_after(const struct replay_example *example)
{
	if (example->flip == FLIP_REASON)
		return example->policy.ptr ? "Deny" : "Permit";
	return example->flip == FLIP_TO_DENY ? "Deny" : "Permit";
}

static const char *
status_before(const struct replay_example *example)
{
	if (example->flip == FLIP_REASON)
		return status_after(example);
	return example->flip == FLIP_TO_DENY ? "Permit" : "Deny";
}

static void
report_print_request(FILE *out, const struct request *request)
{
	const char *space = "";

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (!request->attribute[i].ptr)
			continue;
		fprintf(out, "%s%s=%.*s", space, attribute_key[i], STR_ARG(request->attribute[i]));
		space = " ";
	}
	if (request->has_vf_count)
		fprintf(out, "%svfCount=%" PRId32, space, request->vf_count);
}

static void
print_answer(FILE *out, const char *status, struct str reason, struct str policy)
{
	fprintf(out, "%s, %.*s", status, STR_ARG(reason));
	if (policy.len)
		fprintf(out, " by %.*s", STR_ARG(policy));
}

/* Prints the reasons why the figures may be incomplete. */
static void
print_cautions(FILE *out, const struct replay_report *report, const char *before)
{
	if (report->missing)
		fprintf(out, "%s%" PRIu64 " lines are missing from the log: what they told is not in the counters\n",
		        before, report->missing);
	if (report->permits == 0)
		fprintf(out, "%sthe log leaves out Permits that change no counter\n", before);
	else if (report->permits > 1)
		fprintf(out, "%sthe log has one in %" PRId64 " of the Permits that change no counter\n", before,
		        report->permits);
	for (int i = LOG_SKIP_NONE + 1; i < LOG_SKIP_COUNT; i++) {
		if (report->skipped[i])
			fprintf(out, "%s%" PRIu64 " answers were not decided again: %s\n", before, report->skipped[i],
			        log_skip_text[i]);
	}
	if (report->other_policies)
		fprintf(out, "%s%" PRIu64 " answers were not decided again: given by other policies\n", before,
		        report->other_policies);
	if (report->worlds[REPLAY_OPEN].uncertain)
		fprintf(out,
		        "%s%" PRIu64 " answers count over a time before the log begins: give what was done before with "
		        "--history\n",
		        before, report->worlds[REPLAY_OPEN].uncertain);
}

static void
print_span(FILE *out, const struct replay_report *report)
{
	char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];

	if (report->from_ms == TIME_NONE)
		return;
	time_format_instant(report->from_ms, from);
	time_format_instant(report->to_ms, to);
	fprintf(out, ", %s to %s", from, to);
}

void
replay_report_text(FILE *out, const struct replay_report *report, bool same)
{
	fprintf(out, "%" PRIu64 " lines, %" PRIu64 " changes of counters, %" PRIu64 " answers decided again",
	        report->lines, report->changes, report->worlds[REPLAY_OPEN].asked);
	print_span(out, report);
	fputc('\n', out);
	print_cautions(out, report, "warning: ");
	for (int world = 0; world < REPLAY_WORLDS - (same ? 1 : 0); world++) {
		const struct replay_figures *figures = &report->worlds[world];

		fprintf(out,
		        "%s loop: %" PRIu64 " Permit to Deny, %" PRIu64 " Deny to Permit, %" PRIu64
		        " for another reason",
		        world_name[world], figures->flips[FLIP_TO_DENY], figures->flips[FLIP_TO_PERMIT],
		        figures->flips[FLIP_REASON]);
		if (figures->not_asked)
			fprintf(out, ", %" PRIu64 " not asked any more", figures->not_asked);
		fputc('\n', out);
	}
	for (const struct replay_policy *policy = report->policies; policy; policy = policy->next)
		fprintf(out,
		        "  %.*s: open %" PRIu64 " to Deny, %" PRIu64 " to Permit; closed %" PRIu64 ", %" PRIu64 "\n",
		        STR_ARG(policy->name.len ? policy->name : STR("(no policy)")),
		        policy->flips[REPLAY_OPEN][FLIP_TO_DENY], policy->flips[REPLAY_OPEN][FLIP_TO_PERMIT],
		        policy->flips[REPLAY_CLOSED][FLIP_TO_DENY], policy->flips[REPLAY_CLOSED][FLIP_TO_PERMIT]);
	for (const struct replay_example *example = report->examples; example; example = example->next) {
		char time[TIME_TEXT_SIZE];

		if (same && example->world != REPLAY_OPEN)
			continue;
		time_format_instant(example->now_ms, time);
		fprintf(out, "%s:%" PRIu32 ": %s loop: %s ", example->file, example->line, world_name[example->world],
		        time);
		report_print_request(out, &example->request);
		fputs(": ", out);
		print_answer(out, status_before(example), example->was_reason, example->was_policy);
		fputs("; now ", out);
		print_answer(out, status_after(example), example->reason, example->policy);
		if (example->policy_file.ptr)
			fprintf(out, " (%.*s:%" PRIu32 ")", STR_ARG(example->policy_file), example->policy_line);
		fputc('\n', out);
		if (example->change.ptr)
			fprintf(out, "  to permit: %.*s\n", STR_ARG(example->change));
	}
}

/* A text that may stand in a cell of a table. */
static void
print_cell(FILE *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (strchr("|`\\<>", c) && c)
			fputc('\\', out);
		fputc((unsigned char)c < ' ' ? ' ' : c, out);
	}
}

static void
print_example_row(FILE *out, const struct replay_example *example)
{
	char time[TIME_TEXT_SIZE];

	time_format_instant(example->now_ms, time);
	fprintf(out, "| %s | %s | ", world_name[example->world], time);
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (!example->request.attribute[i].ptr)
			continue;
		fprintf(out, "%s=", attribute_key[i]);
		print_cell(out, example->request.attribute[i]);
		fputc(' ', out);
	}
	if (example->request.has_vf_count)
		fprintf(out, "vfCount=%" PRId32 " ", example->request.vf_count);
	fprintf(out, "| %s, ", status_before(example));
	print_cell(out, example->was_reason);
	fprintf(out, " | %s, ", status_after(example));
	print_cell(out, example->reason);
	if (example->policy.ptr) {
		fputs(" by ", out);
		print_cell(out, example->policy);
	}
	fputs(" |\n", out);
}

void
replay_report_markdown(FILE *out, const struct replay_report *report, bool same)
{
	fprintf(out, "### Effect on %" PRIu64 " logged decisions\n\n", report->worlds[REPLAY_OPEN].asked);
	fputs("| | Permit to Deny | Deny to Permit | another reason | not asked any more "
	      "|\n|---|---:|---:|---:|---:|\n",
	      out);
	for (int world = 0; world < REPLAY_WORLDS - (same ? 1 : 0); world++) {
		const struct replay_figures *figures = &report->worlds[world];

		fprintf(out, "| %s loop | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n", world_name[world],
		        figures->flips[FLIP_TO_DENY], figures->flips[FLIP_TO_PERMIT], figures->flips[FLIP_REASON],
		        figures->not_asked);
	}
	fputs("\nOpen loop: each question with the counters of its time. Closed loop: the answers change what is "
	      "counted "
	      "afterwards.\n",
	      out);
	print_cautions(out, report, "\n* ");
	if (report->policies)
		fputs("\n| policy | open: to Deny | to Permit | closed: to Deny | to Permit "
		      "|\n|---|---:|---:|---:|---:|\n",
		      out);
	for (const struct replay_policy *policy = report->policies; policy; policy = policy->next) {
		fputs("| ", out);
		print_cell(out, policy->name.len ? policy->name : STR("(no policy)"));
		fprintf(out, " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n",
		        policy->flips[REPLAY_OPEN][FLIP_TO_DENY], policy->flips[REPLAY_OPEN][FLIP_TO_PERMIT],
		        policy->flips[REPLAY_CLOSED][FLIP_TO_DENY], policy->flips[REPLAY_CLOSED][FLIP_TO_PERMIT]);
	}
	if (report->examples)
		fputs("\n| loop | time | request | was | is |\n|---|---|---|---|---|\n", out);
	for (const struct replay_example *example = report->examples; example; example = example->next) {
		if (!same || example->world == REPLAY_OPEN)
			print_example_row(out, example);
	}
}

/* --- JSON --- */

static void
report_add_figures(struct text *out, const struct replay_figures *figures, bool closed)
{
	text_addf(out,
	          "{\"asked\":%" PRIu64 ",\"to_deny\":%" PRIu64 ",\"to_permit\":%" PRIu64 ",\"other_reason\":%" PRIu64
	          ",\"uncertain\":%" PRIu64,
	          figures->asked, figures->flips[FLIP_TO_DENY], figures->flips[FLIP_TO_PERMIT],
	          figures->flips[FLIP_REASON], figures->uncertain);
	if (closed)
		text_addf(out, ",\"not_asked\":%" PRIu64, figures->not_asked);
	text_add(out, STR("}"));
}

static void
add_span(struct text *out, const struct replay_report *report)
{
	char time[TIME_TEXT_SIZE];

	if (report->from_ms == TIME_NONE)
		return;
	time_format_instant(report->from_ms, time);
	text_addf(out, ",\"from\":\"%s\"", time);
	time_format_instant(report->to_ms, time);
	text_addf(out, ",\"to\":\"%s\"", time);
}

static void
add_head(struct text *out, const struct replay_report *report)
{
	text_addf(out,
	          "{\"lines\":%" PRIu64 ",\"changes\":%" PRIu64 ",\"questions\":%" PRIu64 ",\"decided\":%" PRIu64
	          ",\"skipped\":{",
	          report->lines, report->changes, report->questions, report->worlds[REPLAY_OPEN].asked);
	for (int i = LOG_SKIP_NONE + 1; i < LOG_SKIP_COUNT; i++) {
		text_add(out, i > LOG_SKIP_NONE + 1 ? STR(",") : STR(""));
		text_addf(out, "\"%s\":%" PRIu64, log_skip_key[i], report->skipped[i]);
	}
	text_addf(out, "},\"other_policies\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"permits\":%" PRId64 ",\"masked\":%s",
	          report->other_policies, report->missing, report->permits, report->masked ? "true" : "false");
	add_span(out, report);
	for (int world = 0; world < REPLAY_WORLDS; world++) {
		text_addf(out, ",\"%s\":", world_name[world]);
		report_add_figures(out, &report->worlds[world], world == REPLAY_CLOSED);
	}
}

static void
report_add_policies(struct text *out, const struct replay_policy *policy)
{
	text_add(out, STR(",\"policies\":["));
	for (bool first = true; policy; policy = policy->next, first = false) {
		text_add(out, first ? STR("{\"policy\":") : STR(",{\"policy\":"));
		text_add_json(out, policy->name);
		for (int world = 0; world < REPLAY_WORLDS; world++)
			text_addf(out, ",\"%s\":{\"to_deny\":%" PRIu64 ",\"to_permit\":%" PRIu64 "}", world_name[world],
			          policy->flips[world][FLIP_TO_DENY], policy->flips[world][FLIP_TO_PERMIT]);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]"));
}

static void
report_add_request(struct text *out, const struct request *request)
{
	const char *comma = "";

	text_add(out, STR(",\"request\":{"));
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (!request->attribute[i].ptr)
			continue;
		text_addf(out, "%s\"%s\":", comma, attribute_key[i]);
		text_add_json(out, request->attribute[i]);
		comma = ",";
	}
	if (request->request_id.ptr) {
		text_addf(out, "%s\"requestId\":", comma);
		text_add_json(out, request->request_id);
		comma = ",";
	}
	if (request->has_vf_count)
		text_addf(out, "%s\"vfCount\":%" PRId32, comma, request->vf_count);
	text_add(out, STR("}"));
}

static void
report_add_answer(struct text *out, const char *key, const char *status, struct str reason, struct str policy)
{
	text_addf(out, ",\"%s\":{\"status\":\"%s\",\"reason\":", key, status);
	text_add_json(out, reason);
	if (policy.ptr) {
		text_add(out, STR(",\"policy\":"));
		text_add_json(out, policy);
	}
}

static void
add_example(struct text *out, const struct replay_example *example)
{
	char time[TIME_TEXT_SIZE];

	time_format_instant(example->now_ms, time);
	text_addf(out, "{\"loop\":\"%s\",\"flip\":\"%s\",\"file\":", world_name[example->world],
	          flip_name[example->flip]);
	text_add_json(out, str_from(example->file));
	if (example->line)
		text_addf(out, ",\"line\":%" PRIu32, example->line);
	text_addf(out, ",\"time\":\"%s\"", time);
	report_add_request(out, &example->request);
	report_add_answer(out, "was", status_before(example), example->was_reason, example->was_policy);
	text_add(out, STR("}"));
	report_add_answer(out, "now", status_after(example), example->reason, example->policy);
	if (example->policy_file.ptr) {
		text_add(out, STR(",\"file\":"));
		text_add_json(out, example->policy_file);
		text_addf(out, ",\"line\":%" PRIu32, example->policy_line);
	}
	text_add(out, STR("}"));
	if (example->explanation.ptr) {
		text_add(out, STR(",\"explanation\":"));
		text_add(out, example->explanation);
	}
	text_add(out, STR("}"));
}

void
replay_report_add(struct text *out, const struct replay_report *report)
{
	add_head(out, report);
	report_add_policies(out, report->policies);
	text_add(out, STR(",\"examples\":["));
	for (const struct replay_example *example = report->examples; example; example = example->next) {
		if (example != report->examples)
			text_add(out, STR(","));
		add_example(out, example);
	}
	text_add(out, STR("]}"));
}

int
replay_report_json(FILE *out, const struct replay_report *report)
{
	struct arena arena;
	struct text text;
	struct str done;

	arena_init(&arena, 0);
	text_init(&text, &arena);
	replay_report_add(&text, report);
	done = text_done(&text);
	if (done.ptr)
		fprintf(out, "%.*s\n", STR_ARG(done));
	arena_free(&arena);
	return done.ptr ? 0 : -ERROR_MEMORY;
}
