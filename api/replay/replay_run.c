/* replay_run - a decision log played through a set of policies: what comes out otherwise, and examples of it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/replay_run.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/decide/explanation.h"

/* One generation of policies of one run of a service. */
struct generation {
	uint32_t run;
	uint64_t number, digest;
};

struct running {
	const struct replay_options *options;
	struct replay_report *report;
	struct log_lines lines;
	struct replay *replay;
	struct generation *generations;
	size_t generation_count, generation_room;
	struct replay_example **tail;
	size_t examples[REPLAY_WORLDS][REPLAY_FLIPS];
	struct arena *arena; /* of the report */
	struct arena line;   /* of one line */
	uint32_t epoch;
	bool begun;
};

static int
fail_at(const struct running *run, const struct log_line *line, const struct error *from, struct error *err)
{
	const char *path = run->lines.paths[line->file];

	if (!line->line)
		return error_set(err, from->code, NULL, "%s: the line that begins with '%.*s': %s", path,
		                 (int)(line->text.len < 40 ? line->text.len : 40), line->text.ptr, from->text);
	return error_set(err, from->code, NULL, "%s:%" PRIu32 ": %s", path, line->line, from->text);
}

static uint64_t
digest_read(struct str text)
{
	uint64_t digest = 0;

	for (size_t i = 0; i < text.len && i < 16; i++) {
		char c = text.ptr[i];

		digest = digest << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return digest;
}

/* --- which policies a line was decided by --- */

static bool
run_add_generation(struct running *run, uint32_t number, const struct log_event *event)
{
	if (run->generation_count == run->generation_room) {
		size_t room = run->generation_room ? run->generation_room * 2 : 16;
		struct generation *larger = realloc(run->generations, room * sizeof(*larger));

		if (!larger)
			return false;
		run->generations = larger;
		run->generation_room = room;
	}
	run->generations[run->generation_count++] =
		(struct generation){number, event->generation, digest_read(event->digest)};
	return true;
}

static bool
is_of_set(const struct running *run, uint32_t number, uint64_t generation)
{
	for (size_t i = run->generation_count; i > 0; i--) {
		const struct generation *known = &run->generations[i - 1];

		if (known->run == number && known->number == generation)
			return known->digest == run->options->digest;
	}
	return false;
}

/* Lines that tell of policies or of the log itself, before any is decided: a line may stand before the one about its policies. */
static int
read_generations(struct running *run, struct error *err)
{
	int r = 0;

	run->report->permits = 1;
	for (size_t i = 0; r == 0 && i < run->lines.count; i++) {
		const struct log_line *line = &run->lines.lines[i];
		struct str head = {line->text.ptr, line->text.len < 160 ? line->text.len : 160};
		struct log_event event;
		struct error local = {0};

		if (!memmem(head.ptr, head.len, "\"door\":\"log\"", 12) && !memmem(head.ptr, head.len, "{\"log\":", 7))
			continue;
		r = log_event_read(line->text, &run->line, &event, &local);
		if (r != 0)
			r = fail_at(run, line, &local, err);
		else if (event.kind == LOG_EVENT_POLICIES && !run_add_generation(run, line->run, &event))
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
		if (r == 0 && event.kind == LOG_EVENT_FIRST) {
			run->report->masked = run->report->masked || event.masked;
			if (event.permits != 1)
				run->report->permits = event.permits;
		}
		arena_reset(&run->line);
	}
	return r;
}

/* --- answers that come out otherwise --- */

static struct replay_policy *
policy_of(struct running *run, struct str name)
{
	struct replay_policy **at = &run->report->policies;

	for (; *at; at = &(*at)->next) {
		if (str_equal((*at)->name, name))
			return *at;
	}
	*at = arena_alloc(run->arena, sizeof(**at));
	if (*at)
		(*at)->name = arena_str(run->arena, name);
	return *at;
}

static void
request_keep(struct arena *arena, const struct request *request, struct request *ret)
{
	*ret = *request;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		ret->attribute[i] = arena_str(arena, request->attribute[i]);
	ret->request_id = arena_str(arena, request->request_id);
	ret->subrequest_id = arena_str(arena, request->subrequest_id);
}

static void
keep_example(struct running *run, const struct log_line *line, const struct log_event *event, enum replay_world world,
             enum replay_flip flip, const struct decision *decision, const struct explained *why)
{
	const struct guard *guard = decision->permit ? NULL : decision->guard;
	struct replay_example *example = arena_alloc(run->arena, sizeof(*example));

	if (!example)
		return; /* the arena says that it is exhausted */
	*example = (struct replay_example){
		.world = world,
		.flip = flip,
		.file = arena_printf(run->arena, "%s", run->lines.paths[line->file]),
		.line = line->line,
		.now_ms = event->question.now_ms,
		.was_reason = arena_str(run->arena, event->reason),
		.was_policy = arena_str(run->arena, event->policy),
		.reason = str_from(reason_name[decision->reason]),
	};
	request_keep(run->arena, &event->question.request, &example->request);
	if (guard) {
		example->policy = arena_str(run->arena, guard->policy);
		example->policy_file = arena_str(run->arena, str_from(guard->file));
		example->policy_line = guard->line;
	}
	if (flip != FLIP_REASON)
		example->change = arena_str(run->arena, why->change);
	if (flip != FLIP_REASON)
		example->explanation = explanation_json(decision, why, run->arena);
	*run->tail = example;
	run->tail = &example->next;
}

/* False when the answer is the logged one in every respect. */
static bool
flip_of(const struct log_event *event, const struct decision *decision, enum replay_flip *ret)
{
	const struct guard *guard = decision->permit ? NULL : decision->guard;

	*ret = decision->permit ? FLIP_TO_PERMIT : FLIP_TO_DENY;
	if (decision->permit != event->question.permitted)
		return true;
	*ret = FLIP_REASON;
	return !str_is(event->reason, reason_name[decision->reason]) ||
	       !str_equal(event->policy.ptr ? event->policy : STR(""),
	                  guard && guard->policy.ptr ? guard->policy : STR("")) ||
	       !str_equal(event->missing.ptr ? event->missing : STR(""),
	                  str_from(decision->missing ? decision->missing : ""));
}

static void
count_answer(struct running *run, const struct log_line *line, const struct log_event *event, enum replay_world world,
             const struct replay_answer *answer, const struct explained *why)
{
	struct replay_figures *figures = &run->report->worlds[world];
	const struct decision *decision = &answer->decision;
	struct replay_policy *policy = NULL;
	enum replay_flip flip;

	if (!answer->asked) {
		figures->not_asked++;
		return;
	}
	figures->asked++;
	figures->uncertain += answer->uncertain;
	if (!flip_of(event, decision, &flip))
		return;
	figures->flips[flip]++;
	if (flip == FLIP_TO_PERMIT && event->policy.ptr)
		policy = policy_of(run, event->policy);
	else if (flip == FLIP_TO_DENY)
		policy = policy_of(run,
		                   decision->guard && decision->guard->policy.ptr ? decision->guard->policy : STR(""));
	if (policy)
		policy->flips[world][flip]++;
	if (run->examples[world][flip]++ < run->options->examples)
		keep_example(run, line, event, world, flip, decision, why);
}

/* Explanations cost, and there are only so many examples. */
static void
want_why(const struct running *run, bool ret[REPLAY_WORLDS][2])
{
	for (int world = 0; world < REPLAY_WORLDS; world++) {
		for (int flip = 0; flip < FLIP_REASON; flip++)
			ret[world][flip == FLIP_TO_PERMIT] = run->examples[world][flip] < run->options->examples;
	}
}

static bool
is_within(const struct replay_options *options, int64_t ms)
{
	return (options->from_ms == TIME_NONE || ms >= options->from_ms) &&
	       (options->to_ms == TIME_NONE || ms <= options->to_ms);
}

static int
answer_question(struct running *run, const struct log_line *line, struct log_event *event)
{
	struct replay_report *report = run->report;
	struct replay_answer answers[REPLAY_WORLDS];
	struct explained why[REPLAY_WORLDS] = {0};
	bool of_set = is_of_set(run, line->run, event->generation), wanted[REPLAY_WORLDS][2];
	int r;

	report->questions++;
	if (event->skip == LOG_SKIP_NONE && !is_within(run->options, event->question.now_ms))
		event->skip = LOG_SKIP_TIME;
	report->skipped[event->skip]++;
	if (event->skip != LOG_SKIP_NONE)
		return 0;
	if (run->options->same && !of_set) {
		report->skipped[LOG_SKIP_NONE]--;
		report->other_policies++;
		return 0;
	}
	report->of_set += of_set;
	want_why(run, wanted);
	r = replay_ask(run->replay, &event->question, wanted, &run->line, answers, why);
	if (r != 0)
		return r;
	if (report->from_ms == TIME_NONE || event->question.now_ms < report->from_ms)
		report->from_ms = event->question.now_ms;
	if (report->to_ms == TIME_NONE || event->question.now_ms > report->to_ms)
		report->to_ms = event->question.now_ms;
	for (int world = 0; world < REPLAY_WORLDS; world++)
		count_answer(run, line, event, (enum replay_world)world, &answers[world], &why[world]);
	return 0;
}

/* --- the whole --- */

/* The counters begin, or begin anew. */
static int
enter_epoch(struct running *run, uint32_t number)
{
	const struct log_epoch *epoch = &run->lines.epochs[number];

	if (run->begun && run->epoch == number)
		return 0;
	run->epoch = number;
	if (!run->begun) {
		run->begun = true;
		return 0;
	}
	return replay_cut(run->replay, epoch->restored ? epoch->record : 0);
}

/* Enters operations from before the log, as rows without numbers of a log. */
static int
enter_history(struct running *run, struct error *err)
{
	const struct replay_options *options = run->options;

	for (size_t i = 0; i < options->history_count; i++) {
		const struct operation *row = &options->history[i];
		struct history_change change = {
			.row = *row,
			.number = row->number ? row->number : REPLAY_UNNUMBERED + i,
			.until_ms = row->end_ms != TIME_NONE ? row->end_ms : row->start_ms,
		};

		if (change.until_ms == TIME_NONE)
			continue;
		if (row->end_ms == TIME_NONE)
			change.until_ms += engine_options_default.history.lease_ms;
		if (replay_change(run->replay, &change) != 0)
			return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	return 0;
}

static int
play_line(struct running *run, const struct log_line *line, struct error *err)
{
	struct log_event event;
	struct error local = {0};
	int r = log_event_read(line->text, &run->line, &event, &local);

	if (r != 0)
		return fail_at(run, line, &local, err);
	r = enter_epoch(run, line->epoch);
	if (r == 0 && event.kind == LOG_EVENT_CHANGE) {
		run->report->changes++;
		r = replay_change(run->replay, &event.change);
	} else if (r == 0 && event.kind == LOG_EVENT_QUESTION) {
		r = answer_question(run, line, &event);
	}
	arena_reset(&run->line);
	return r == 0 && !run->arena->exhausted ? 0 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
}

/* From when on the counters are whole: TIME_NONE when the log begins with the database, or somebody told what was before. */
static int64_t
known_from(struct running *run)
{
	int64_t known_ms = TIME_NONE;

	for (size_t i = 0; run->options->history_count == 0 && i < run->lines.count; i++) {
		struct log_event event;
		struct error ignored = {0};
		bool found;

		if (log_event_read(run->lines.lines[i].text, &run->line, &event, &ignored) != 0)
			break; /* playing it will tell */
		found = event.kind == LOG_EVENT_CHANGE || event.kind == LOG_EVENT_QUESTION;
		if (event.kind == LOG_EVENT_CHANGE && event.change.number > 1)
			known_ms = event.change.recorded_ms;
		else if (event.kind == LOG_EVENT_QUESTION)
			known_ms = event.question.now_ms;
		if (event.kind == LOG_EVENT_POLICIES && event.empty)
			found = true;
		arena_reset(&run->line);
		if (found)
			break;
	}
	return known_ms;
}

int
replay_run(const struct replay_options *options, struct arena *arena, struct replay_report *ret, struct error *err)
{
	struct running run = {.options = options, .report = ret, .arena = arena, .tail = &ret->examples};
	int r;

	*ret = (struct replay_report){.from_ms = TIME_NONE, .to_ms = TIME_NONE};
	r = log_lines_read(options->logs, options->log_count, options->log_bytes, &run.lines, err);
	if (r != 0)
		return r;
	arena_init(&run.line, 0);
	ret->lines = run.lines.count;
	ret->missing = run.lines.missing;
	run.replay = replay_new(options->set, options->keep_retries);
	if (!run.replay)
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0)
		r = read_generations(&run, err);
	if (r == 0) {
		replay_known_from(run.replay, known_from(&run));
		r = enter_history(&run, err);
	}
	for (size_t i = 0; r == 0 && i < run.lines.count; i++)
		r = play_line(&run, &run.lines.lines[i], err);
	replay_free(run.replay);
	free(run.generations);
	arena_free(&run.line);
	log_lines_free(&run.lines);
	return r;
}
