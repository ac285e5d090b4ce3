/* analysis_script - what is shown by playing a script: paths that are cut off, two policies for one loop */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <stdlib.h>

#include "base/time.h"
#include "engine/simulation/simulate_priv.h"

#define ATTEMPTS_MAX 100000 /* of a witness */
#define GUARD_MS 89000      /* a slow guard: it has 90 s */
#define LONG_MS (INT64_C(1) << 42)

/* Attempts of this length, a second apart; what is longer than any overall timeout need not be told apart. */
static int64_t
attempts_ms(const struct directive *d, int64_t attempt_ms)
{
	if (d->retries > LONG_MS / (attempt_ms + TIME_MS_SECOND))
		return LONG_MS;
	return attempt_ms * ((int64_t)d->retries + 1) + TIME_MS_SECOND * d->retries;
}

/* The milliseconds that an operation can take at most when it ends by this route; -1: it cannot end so. */
static int64_t
longest_by(const struct directive *d, int route)
{
	int64_t timeout = (int64_t)d->timeout_s * TIME_MS_SECOND;

	switch (route) {
	case RESULT_FAILURE:
		return d->retries == 0 ? timeout - 1 : -1;
	case RESULT_FAILURE_RETRIES:
		return d->retries > 0 ? attempts_ms(d, timeout - 1) : -1;
	case RESULT_FAILURE_TIMEOUT:
		return timeout;
	case RESULT_FAILURE_GUARD:
		return timeout - 1 < GUARD_MS ? timeout - 1 : GUARD_MS;
	default:
		return timeout - 1;
	}
}

/* The routes of the path that takes longest, and its length. The graph has no cycle, and DIRECTIVES_MAX directives. */
static int64_t
longest(const struct operational *policy, int64_t *memo, int *route, int32_t at)
{
	const struct directive *d = &policy->directives[at];
	int64_t best = -1;

	if (memo[at] > 0)
		return memo[at];
	for (int i = 0; i < RESULT_COUNT; i++) {
		int64_t length = longest_by(d, i);

		if (length >= 0 && d->route[i] != ROUTE_FINAL)
			length += longest(policy, memo, route, d->route[i]);
		if (length > best) {
			best = length;
			route[at] = i;
		}
	}
	memo[at] = best;
	return best;
}

static int
add_entry(json_t *list, const struct directive *d, const char *word, int64_t after_ms)
{
	return json_array_append_new(list, json_pack("{s:s%, s:s, s:f}", "op", d->id.ptr, d->id.len, "result", word,
	                                             "after", (double)after_ms / TIME_MS_SECOND));
}

/* The guard's words and the results on the path, as late as its routes allow, until time is over. */
static int
add_path(json_t *script, const struct operational *policy, const int *route)
{
	static const char *const words[RESULT_COUNT] = {"SUCCESS", "FAILURE", "NONE", "FAILURE", "EXCEPTION", "NONE"};
	json_t *results = json_object_get(script, "operation_results");
	json_t *guards = json_object_get(script, "guard_results");
	int64_t left = (int64_t)policy->timeout_s * TIME_MS_SECOND;
	int attempts = 0;
	int r = 0;

	for (int32_t at = policy->trigger; r == 0 && left > 0 && at != ROUTE_FINAL;) {
		const struct directive *d = &policy->directives[at];
		int64_t after = (int64_t)d->timeout_s * TIME_MS_SECOND - 1;
		bool denied = route[at] == RESULT_FAILURE_GUARD;

		r = add_entry(guards, d, denied ? "Deny" : "Permit", denied ? longest_by(d, route[at]) : 0);
		for (int64_t i = 0; !denied && r == 0 && left > 0; i++) {
			if (i > (route[at] == RESULT_FAILURE_RETRIES ? d->retries : 0))
				break;
			r = ++attempts > ATTEMPTS_MAX ? -1 : add_entry(results, d, words[route[at]], after);
			left -= after;
		}
		at = d->route[route[at]];
	}
	return r;
}

/* The sum of rule OPV-25, whether or not operations can take that long and still go that way. */
static int64_t
bound(const struct operational *policy, int64_t *memo, int32_t at)
{
	const struct directive *d = &policy->directives[at];
	int64_t best = 0;

	for (int i = 0; memo[at] == 0 && i < RESULT_COUNT; i++) {
		int64_t length = d->route[i] == ROUTE_FINAL ? 0 : bound(policy, memo, d->route[i]);

		if (length > best)
			best = length;
	}
	if (memo[at] == 0)
		memo[at] = best + attempts_ms(d, (int64_t)d->timeout_s * TIME_MS_SECOND);
	return memo[at];
}

/* No witness: says why. code: of the finding that has none. */
static void
say_why(struct analysis *a, const struct operational *policy, const char *code, const char *why)
{
	struct node place = {.line = policy->line, .column = policy->column, .file = policy->file};

	diags_add(a->diags, SEVERITY_INFO, code, &place,
	          "no request can show the finding about control loop '%.*s': %s", STR_ARG(policy->id), why);
}

static void
add_script(struct analysis *a, const char *claim, json_t *script, const struct operational *one,
           const struct operational *other)
{
	char *text = json_dumps(script, JSON_COMPACT);
	struct str copy = arena_str(a->arena, str_from(text));
	struct witness *witness = witness_new(a, copy.ptr ? claim : NULL, &(struct request){0}, a->now_ms);

	free(text);
	if (!witness)
		return;
	witness->script = copy.ptr;
	witness->loops[0] = one;
	witness->loops[1] = other;
}

void
find_cut_off(struct analysis *a, const struct operational *policy)
{
	int64_t *memo = arena_array(a->arena, policy->count, sizeof(*memo));
	int64_t *sums = arena_array(a->arena, policy->count, sizeof(*sums));
	int *route = arena_array(a->arena, policy->count, sizeof(*route));
	int64_t overall = (int64_t)policy->timeout_s * TIME_MS_SECOND;
	json_t *script;

	if (!memo || !sums || !route) {
		a->failed = true;
		return;
	}
	if (policy->trigger < 0 || bound(policy, sums, policy->trigger) <= overall)
		return;
	if (longest(policy, memo, route, policy->trigger) <= overall) {
		say_why(a, policy, "OPV-25",
		        "an operation of the longest path cannot take its whole time and go that way");
		return;
	}
	script = analysis_onset(policy, NULL, a->now_ms, a->arena);
	if (!script)
		say_why(a, policy, "OPV-25", "no event was found that passes the trigger's schedule and condition");
	else if (add_path(script, policy, route) < 0)
		say_why(a, policy, "OPV-25", "its longest path has too many attempts to be played");
	else
		add_script(a, "the overall timeout ends the loop on its longest path", script, NULL, NULL);
	json_decref(script);
}

int
analysis_doubles(const struct operational *list, int64_t now_ms, struct arena *arena, struct diags *diags,
                 const struct witness **ret)
{
	struct analysis a = {.now_ms = now_ms, .arena = arena, .diags = diags, .tail = ret};

	*ret = NULL;
	for (const struct operational *one = list; one; one = one->next) {
		const struct operational *other = one->next;
		json_t *script;

		while (other && !str_equal(one->id, other->id))
			other = other->next;
		if (!other)
			continue;
		script = analysis_onset(one, other, now_ms, arena);
		if (script)
			add_script(&a, "one event is taken by either policy", script, one, other);
		else
			say_why(&a, other, "OPV-35", "no event was found that passes the triggers of both policies");
		json_decref(script);
	}
	return a.failed ? -ERROR_MEMORY : 0;
}

/* Plays the script with one policy alone. True when it takes the event: something is told. */
static bool
takes(const struct witness *witness, const struct operational *policy, FILE *out)
{
	struct simulate_options options = simulate_options_default;
	struct operational alone = *policy;
	struct recorder recorder = {0};
	struct script script;
	struct arena arena;
	struct error err = {0};
	json_t *json = json_loads(witness->script, 0, NULL), *result = json_object();
	bool taken = false;

	alone.next = NULL;
	arena_init(&arena, 0);
	if (json && result && script_read(json, &arena, &script, &err) == 0 &&
	    recorder_init(&recorder, script.event_count, &options, script.start_ms, &arena) == 0 &&
	    simulate_play(&script, &alone, &options, NULL, &recorder, &err) == 0 &&
	    recorder_result(&recorder, result) == 0)
		taken = json_array_size(json_object_get(result, "notifications")) > 0;
	fprintf(out, "  %s: '%.*s' at %s:%u %s the event\n", taken ? "shown" : "NOT SHOWN", STR_ARG(policy->policy),
	        policy->file, policy->line, taken ? "takes" : "does not take");
	recorder_done(&recorder);
	json_decref(json);
	json_decref(result);
	arena_free(&arena);
	return taken;
}

static bool
is_cut_off(const struct witness *witness, const struct document *documents, size_t count, FILE *out)
{
	struct simulate_options options = simulate_options_default;
	json_t *script = json_loads(witness->script, 0, NULL), *result = NULL;
	const char *message;
	struct arena arena;
	struct diags diags;
	struct error err = {0};
	bool holds = false;

	options.policies = documents;
	options.policy_count = count;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (!script || simulate(script, &options, &result, &diags, &err) < 0) {
		fprintf(out, "  cannot be played: %s\n", err.text);
	} else {
		message = json_string_value(json_object_get(json_object_get(result, "final"), "message"));
		holds = message && strcmp(message, "Control Loop timed out") == 0;
		fprintf(out, "  %s: %s\n", holds ? "shown" : "NOT SHOWN",
		        message ? message : "the loop ends by itself");
	}
	json_decref(result);
	json_decref(script);
	arena_free(&arena);
	return holds;
}

bool
witness_play(const struct witness *witness, const struct document *documents, size_t count, FILE *out)
{
	bool holds;

	if (!witness->loops[0])
		return is_cut_off(witness, documents, count, out);
	holds = takes(witness, witness->loops[0], out);
	return takes(witness, witness->loops[1], out) && holds;
}
