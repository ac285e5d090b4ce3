/* analysis_witness - runs the requests that an analysis gives as its proof */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/analysis_priv.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/simulation/sandbox.h"

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

/* Every guard of the claim must have answered as claimed. */
static bool
words_hold(const struct witness *witness, const struct guard_result *result, size_t count)
{
	for (size_t i = 0; i < witness->word_count; i++) {
		const struct witness_word *word = &witness->words[i];
		const struct guard_result *found = NULL;

		for (size_t j = 0; j < count && !found; j++) {
			if (result[j].guard->order == word->order)
				found = &result[j];
		}
		if (!found || found->in_force != word->in_force ||
		    (word->in_force && found->verdict.effect != word->effect))
			return false;
	}
	return true;
}

static int
witness_ask(const struct witness *witness, struct sandbox *sandbox, struct arena *arena, bool *ret_holds, FILE *out)
{
	struct operation *rows = arena_array(arena, witness->history_count, sizeof(*rows));
	struct decision decision;
	struct error err = {0};
	struct explained why = {0};
	int r;

	if (!rows)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < witness->history_count; i++)
		rows[i] = witness->history[i];
	r = sandbox_record(sandbox, rows, witness->history_count, witness->now_ms, &err);
	if (r == 0)
		r = sandbox_decide(sandbox, &witness->request, witness->now_ms, arena, &decision, &why);
	if (r < 0)
		return r;
	*ret_holds = (!witness->answers || decision.permit == witness->permit) &&
	             words_hold(witness, why.results, why.count);
	fprintf(out, "  %s: %s, %s%s%.*s\n", *ret_holds ? "shown" : "NOT SHOWN", decision.permit ? "Permit" : "Deny",
	        reason_name[decision.reason], decision.guard ? " by " : "",
	        STR_ARG(decision.guard ? decision.guard->policy : STR("")));
	return 0;
}

bool
witness_run(const struct witness *witness, const struct document *documents, size_t count, FILE *out)
{
	struct sandbox *sandbox = NULL;
	struct arena arena;
	struct diags diags;
	bool holds = false;

	fprintf(out, "witness: %s\n", witness->claim);
	if (witness->script)
		return witness_play(witness, documents, count, out);
	print_request(witness, out);
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (sandbox_open(&engine_options_default, documents, count, &sandbox, &diags) < 0 ||
	    witness_ask(witness, sandbox, &arena, &holds, out) < 0)
		fprintf(out, "  cannot be asked: %s\n", diags.first ? diags.first->text : "out of memory");
	sandbox_close(sandbox);
	arena_free(&arena);
	return holds;
}
