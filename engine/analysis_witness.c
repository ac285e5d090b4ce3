/* analysis_witness - runs the requests that an analysis gives as its proof */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis_priv.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "engine/simulate.h"
#include "engine/trial.h"

#define RETRIES_MAX 100 /* of an operation in a witness */

/* Routes that a script can take at their latest. */
static bool
can_take(const struct directive *d, int route)
{
	if (route == RESULT_FAILURE)
		return d->retries == 0;
	if (route == RESULT_FAILURE_RETRIES)
		return d->retries > 0 && d->retries <= RETRIES_MAX;
	return route != RESULT_FAILURE_GUARD;
}

/* The routes of the longest path that a script can take, and its length without retries. The graph has no cycle. */
static int64_t
longest(const struct operational *policy, int64_t *memo, int *route, int32_t at)
{
	const struct directive *d = &policy->directives[at];
	int64_t best = 0;

	if (memo[at] > 0)
		return memo[at];
	route[at] = RESULT_FAILURE_TIMEOUT;
	for (int i = 0; i < RESULT_COUNT; i++) {
		int64_t length =
			d->route[i] == ROUTE_FINAL || !can_take(d, i) ? 0 : longest(policy, memo, route, d->route[i]);

		if (length > best) {
			best = length;
			route[at] = i;
		}
	}
	memo[at] = best + d->timeout_s;
	return memo[at];
}

/* The results of one operation: as late as its route allows. */
static int
add_results(json_t *results, const struct directive *d, int route)
{
	static const char *const words[RESULT_COUNT] = {"SUCCESS", "FAILURE", "NONE", "FAILURE", "EXCEPTION", "NONE"};
	int32_t count = route == RESULT_FAILURE_RETRIES ? d->retries + 1 : 1;
	int r = 0;

	while (r == 0 && count-- > 0)
		r = json_array_append_new(results, json_pack("{s:s%, s:s, s:f}", "op", d->id.ptr, d->id.len, "result",
		                                             words[route], "after", d->timeout_s - 0.001));
	return r;
}

static char *
script_text(const struct operational *policy, const int *route)
{
	const char *key =
		policy->directives[policy->trigger].target_type == TARGET_PNF ? "pnf.pnf-name" : "generic-vnf.vnf-id";
	json_t *results = json_array();
	json_t *script =
		json_pack("{s:[{s:i, s:s%, s:s, s:s, s:s, s:s, s:{s:s}}], s:o, s:[], s:{s:b, s:{s:s, s:i}}}", "events",
	                  "t", 0, "closedLoopControlName", policy->id.ptr, policy->id.len, "closedLoopEventStatus",
	                  "ONSET", "requestID", "witness", "target", key, "target_type", key[0] == 'p' ? "PNF" : "VNF",
	                  "AAI", key, "witness-target", "operation_results", results, "guard_results", "env",
	                  "guard_disabled", 1, "custom_query", "vnf-id", "witness-target", "vfCount", 1);
	char *text = NULL;

	for (int32_t at = policy->trigger; script && at != ROUTE_FINAL; at = policy->directives[at].route[route[at]]) {
		if (add_results(results, &policy->directives[at], route[at]) < 0)
			break;
	}
	if (script)
		text = json_dumps(script, JSON_COMPACT);
	json_decref(script);
	return text;
}

/*
 * Guards are off in the script: what they deny would cut the path short, and failure_guard takes no time. The
 * recursion is as deep as the longest path; deeper ones have no witness.
 */
const char *
analysis_cut_off(const struct operational *policy, struct arena *arena)
{
	int64_t *memo = arena_array(arena, policy->count, sizeof(*memo));
	int *route = arena_array(arena, policy->count, sizeof(*route));
	struct str copy = STR_NONE;
	char *text;

	if (!memo || !route || policy->trigger < 0 || policy->gate || policy->count > 1000 ||
	    longest(policy, memo, route, policy->trigger) <= policy->timeout_s)
		return NULL;
	text = script_text(policy, route);
	copy = arena_str(arena, str_from(text));
	free(text);
	return copy.ptr;
}

static bool
run_script(const struct witness *witness, const struct document *documents, size_t count, FILE *out)
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

static void
print_request(const struct witness *witness, FILE *out)
{
	char now[TIME_TEXT_SIZE];

	time_format_instant(witness->now_ms, now);
	fprintf(out, "  at %s, after %zu operations:", now, witness->history_count);
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (witness->request.attribute[i].ptr)
			fprintf(out, " %s=%.*s", attribute_key[i], STR_ARG(witness->request.attribute[i]));
	}
	if (witness->request.has_vf_count)
		fprintf(out, " vfCount=%" PRId32, witness->request.vf_count);
	fputc('\n', out);
}

/* Every guard of the claim must have spoken as claimed. */
static bool
words_hold(const struct witness *witness, const struct spoken *spoken, size_t count)
{
	for (size_t i = 0; i < witness->word_count; i++) {
		const struct witness_word *word = &witness->words[i];
		const struct spoken *found = NULL;

		for (size_t j = 0; j < count && !found; j++) {
			if (spoken[j].guard->order == word->order)
				found = &spoken[j];
		}
		if (!found || found->in_force != word->in_force ||
		    (word->in_force && found->verdict.effect != word->effect))
			return false;
	}
	return true;
}

static int
ask(const struct witness *witness, struct trial *trial, struct arena *arena, bool *ret_holds, FILE *out)
{
	struct operation *rows = arena_array(arena, witness->history_count, sizeof(*rows));
	struct spoken *spoken = NULL;
	struct decision decision;
	struct error err = {0};
	size_t count = 0;
	int r;

	if (!rows)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < witness->history_count; i++)
		rows[i] = witness->history[i];
	r = trial_record(trial, rows, witness->history_count, witness->now_ms, &err);
	if (r == 0)
		r = trial_decide(trial, &witness->request, witness->now_ms, arena, &decision, &spoken, &count);
	if (r < 0)
		return r;
	*ret_holds = (!witness->answers || decision.permit == witness->permit) && words_hold(witness, spoken, count);
	fprintf(out, "  %s: %s, %s%s%.*s\n", *ret_holds ? "shown" : "NOT SHOWN", decision.permit ? "Permit" : "Deny",
	        reason_name[decision.reason], decision.guard ? " by " : "",
	        STR_ARG(decision.guard ? decision.guard->policy : STR("")));
	return 0;
}

bool
witness_run(const struct witness *witness, const struct document *documents, size_t count, FILE *out)
{
	struct trial *trial = NULL;
	struct arena arena;
	struct diags diags;
	bool holds = false;

	fprintf(out, "witness: %s\n", witness->claim);
	if (witness->script)
		return run_script(witness, documents, count, out);
	print_request(witness, out);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (trial_open(&engine_options_default, documents, count, &trial, &diags) < 0 ||
	    ask(witness, trial, &arena, &holds, out) < 0)
		fprintf(out, "  cannot be asked: %s\n", diags.first ? diags.first->text : "out of memory");
	trial_close(trial);
	arena_free(&arena);
	return holds;
}
