/* graph - routes resolved, walked, and laid out as the table of directives */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#include <stdlib.h>

static int
compare_drafts(const void *a, const void *b)
{
	const struct draft *x = *(struct draft *const *)a, *y = *(struct draft *const *)b;
	int order = str_compare(x->directive.id, y->directive.id);

	return order ? order : (x->position > y->position) - (x->position < y->position);
}

bool
index_drafts(struct compiler *c)
{
	c->by_id = arena_array(c->arena, c->drafts, sizeof(struct draft *));
	if (!c->by_id) {
		opv_no_memory(c);
		return false;
	}
	c->indexed = 0;
	for (struct draft *draft = c->first; draft; draft = draft->next) {
		if (!draft->nameless)
			c->by_id[c->indexed++] = draft;
	}
	if (c->indexed > 0)
		qsort(c->by_id, c->indexed, sizeof(struct draft *), compare_drafts);
	for (size_t i = 1; i < c->indexed; i++) {
		const struct draft *draft = c->by_id[i];

		if (str_equal(draft->directive.id, c->by_id[i - 1]->directive.id))
			opv_report(c, OPV_10, draft->node, opv_path(c, draft->directive.id, NULL),
			           "operation id '%.*s' stands twice, first at line %u", STR_ARG(draft->directive.id),
			           c->by_id[i - 1]->node->line);
	}
	return true;
}

struct draft *
draft_find(const struct compiler *c, struct str id)
{
	size_t low = 0, high = c->indexed;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(c->by_id[middle]->directive.id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->indexed && str_equal(c->by_id[low]->directive.id, id) ? c->by_id[low] : NULL;
}

/* A final is looked for first, in any letter case; then an id. */
static void
resolve_route(struct compiler *c, struct draft *draft, int route)
{
	struct str text = draft->route_text[route];
	const char *path;
	int final;

	if (!text.ptr)
		return;
	final = final_find(text);
	if (final == route)
		return;
	path = opv_path(c, draft->directive.id, result_route[route]);
	if (final >= 0) {
		opv_report(c, OPV_20, draft->route[route], path,
		           "'%.*s' may not stand here: the final of this route is %s", STR_ARG(text),
		           result_final[route]);
		return;
	}
	draft->to[route] = draft_find(c, text);
	if (!draft->to[route])
		opv_report(c, OPV_19, draft->route[route], path, "there is no operation '%.*s'", STR_ARG(text));
}

/* a + b, stopping at what 64 bits hold. */
static int64_t
graph_add(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/* All routes of a draft are walked: its own longest paths are known. */
static void
graph_finish(struct draft *draft)
{
	const struct directive *d = &draft->directive;
	int64_t longest = 0, longest_retries = 0;

	for (int i = 0; i < RESULT_COUNT; i++) {
		const struct draft *to = draft->to[i];

		if (to && to->longest_s > longest)
			longest = to->longest_s;
		if (to && to->longest_retries_s > longest_retries)
			longest_retries = to->longest_retries_s;
	}
	draft->longest_s = graph_add(longest, d->timeout_s);
	draft->longest_retries_s = graph_add(longest_retries, ((int64_t)d->retries + 1) * d->timeout_s + d->retries);
	draft->state = DRAFT_DONE;
}

/* An edge to a draft that is still open closes a cycle: reported once, even when several routes close it. */
static void
report_cycle(struct compiler *c, const struct draft *draft, int route)
{
	for (int i = 0; i < route; i++) {
		if (draft->to[i] == draft->to[route])
			return;
	}
	opv_report(c, OPV_24, draft->route[route], opv_path(c, draft->directive.id, result_route[route]),
	           "this route makes a cycle: the way to '%.*s' comes from '%.*s' already",
	           STR_ARG(draft->directive.id), STR_ARG(draft->to[route]->directive.id));
}

/* Depth first in route order, without recursion: documents choose the depth. Returns the number of drafts reached. */
static int32_t
walk(struct compiler *c, struct draft *start)
{
	struct draft *at = start;
	int32_t reached = 0;

	at->state = DRAFT_OPEN;
	at->index = reached++;
	while (at) {
		struct draft *to;
		int route = at->next_route++;

		if (route == RESULT_COUNT) {
			graph_finish(at);
			at = at->caller;
			continue;
		}
		to = at->to[route];
		if (to && to->state == DRAFT_OPEN) {
			report_cycle(c, at, route);
		} else if (to && to->state == DRAFT_NEW) {
			to->state = DRAFT_OPEN;
			to->index = reached++;
			to->caller = at;
			at = to;
		}
	}
	return reached;
}

static void
check_timeout(struct compiler *c, const struct draft *start)
{
	const struct node *timeout = c->policy ? policy_property(c, "timeout") : node_get(c->body, "timeout");
	int64_t overall = c->ret->timeout_s;

	if (start->longest_s > overall)
		opv_report(c, OPV_25, timeout ? timeout : c->body, "timeout",
		           "the longest path takes %lld s, the overall timeout of %lld s cuts it off",
		           (long long)start->longest_s, (long long)overall);
	else if (start->longest_retries_s > overall)
		opv_report_as(
			c, OPV_25, SEVERITY_INFO, timeout ? timeout : c->body, "timeout",
			"with all retries the longest path takes %lld s, the overall timeout of %lld s cuts it off",
			(long long)start->longest_retries_s, (long long)overall);
}

/* Copies the directives in the order of the walk, then those that nobody reaches. */
static void
lay_out(struct compiler *c, int32_t reached)
{
	struct directive *table = arena_array(c->arena, c->drafts, sizeof(*table));

	if (!table) {
		opv_no_memory(c);
		return;
	}
	for (struct draft *draft = c->first; draft; draft = draft->next) {
		if (draft->index < 0)
			draft->index = reached++;
	}
	for (const struct draft *draft = c->first; draft; draft = draft->next) {
		struct directive *d = &table[draft->index];

		*d = draft->directive;
		for (int i = 0; i < RESULT_COUNT; i++)
			d->route[i] = draft->to[i] ? draft->to[i]->index : ROUTE_FINAL;
	}
	c->ret->directives = table;
	c->ret->count = c->drafts;
}

void
compile_graph(struct compiler *c)
{
	struct draft *start = NULL;
	int32_t reached = 0;

	if (!c->by_id && !index_drafts(c))
		return;
	for (struct draft *draft = c->first; draft; draft = draft->next) {
		for (int i = 0; i < RESULT_COUNT; i++)
			resolve_route(c, draft, i);
	}
	c->ret->trigger = -1;
	if (!c->runs_nothing && c->trigger.ptr) {
		start = draft_find(c, c->trigger);
		if (!start)
			opv_report(c, OPV_05, c->trigger_node, "trigger", "there is no operation '%.*s'",
			           STR_ARG(c->trigger));
	}
	if (start) {
		reached = walk(c, start);
		c->ret->trigger = start->index;
		for (const struct draft *draft = c->first; draft; draft = draft->next) {
			if (draft->index < 0 && !draft->nameless && draft_find(c, draft->directive.id) == draft)
				opv_report(c, OPV_23, draft->node, opv_path(c, draft->directive.id, NULL),
				           "operation '%.*s' cannot be reached from the trigger",
				           STR_ARG(draft->directive.id));
		}
	}
	if (c->failed)
		return;
	if (start)
		check_timeout(c, start);
	lay_out(c, reached);
}
