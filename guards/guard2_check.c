/* guard2_check - compliance of a Control Loop Guard 2.0.0 document: findings, and what was read */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "guards/guard2.h"
#include "guards/guard2_priv.h"
#include "guards/kinds.h"

/*
 * The reference's compiler calls back with a message, goes on or throws; its loader throws for a key or kind that it
 * does not know. Here all problems are reported, but a document of the wrong form is not looked at further.
 */
static const struct {
	const char *code;
	int severity[GUARD_MODES];
	bool throws;
	const char *text;
} findings[GUARD2_FINDING_COUNT] = {
#define X(name, code, strict, onap, throws, text) {code, {strict, onap}, throws, text},
	GUARD2_FINDINGS(X)
#undef X
};

void
guard2_add(const struct guard2_reading *reading, enum guard2_finding finding, const struct node *where, ...)
{
	int severity = findings[finding].severity[reading->mode];
	char text[ERROR_TEXT_SIZE + 1];
	va_list args;

	if (severity == SILENT)
		return;
	va_start(args, where);
	(void)vsnprintf(text, sizeof(text), findings[finding].text, args); /* a cut text is shown as cut by diags_add */
	va_end(args);
	diags_add(reading->diags, (enum severity)severity, findings[finding].code, where, "%s", text);
}

bool
guard2_throws(const char *code)
{
	for (size_t i = 0; i < GUARD2_FINDING_COUNT; i++) {
		if (code && strcmp(findings[i].code, code) == 0)
			return findings[i].throws;
	}
	return false;
}

/* As Java shows a text that may be null. */
static const char *
guard2_shown(const struct node *text)
{
	return text ? text->text.ptr : "null";
}

static int
compare_places(const struct node *a, const struct node *b)
{
	return (a->index > b->index) - (a->index < b->index);
}

static int
compare_policies(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left, *b = *(const struct node *const *)right;
	int r = guard2_compare(&guard2_policy_form, a, b);

	return r != 0 ? r : compare_places(a, b);
}

static int
compare_constraints(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left, *b = *(const struct node *const *)right;
	int r = guard2_compare(&guard2_constraint_form, a, b);

	return r != 0 ? r : compare_places(a, b);
}

static int
guard2_compare_ids(const void *left, const void *right)
{
	const struct guard2_policy *a = *(const struct guard2_policy *const *)left;
	const struct guard2_policy *b = *(const struct guard2_policy *const *)right;
	int r = str_compare(a->id, b->id);

	return r != 0 ? r : compare_places(a->node, b->node);
}

static bool
guard2_out_of_memory(const struct guard2_reading *reading)
{
	diags_error(reading->diags, NULL, "out of memory");
	return false;
}

/*
 * The first item of the list that is equal to one before it. n log n, whatever the items. bad: items to leave out, by
 * index; NULL for none.
 */
static bool
find_duplicate(const struct guard2_reading *reading, const struct node *list, const bool *bad,
               const struct guard2_form *item, int (*compare)(const void *, const void *), const struct node **ret)
{
	const struct node **sorted = arena_array(reading->arena, list->count, sizeof(*sorted));
	size_t count = 0;

	*ret = NULL;
	if (!sorted)
		return guard2_out_of_memory(reading);
	for (const struct node *node = list->first; node; node = node->next) {
		if (!bad || !bad[node->index])
			sorted[count++] = node;
	}
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 1; i < count; i++) {
		if (guard2_compare(item, sorted[i - 1], sorted[i]) == 0 && (!*ret || sorted[i]->index < (*ret)->index))
			*ret = sorted[i];
	}
	return true;
}

/* Marks each policy whose id one before it has. */
static bool
mark_ids(const struct guard2_reading *reading, struct guard2_policy *first, size_t count)
{
	struct guard2_policy **sorted = arena_array(reading->arena, count, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return guard2_out_of_memory(reading);
	for (struct guard2_policy *p = first; p; p = p->next) {
		if (p->id.ptr)
			sorted[n++] = p;
	}
	qsort(sorted, n, sizeof(*sorted), guard2_compare_ids);
	for (size_t i = 1; i < n; i++)
		sorted[i]->same_id = str_equal(sorted[i - 1]->id, sorted[i]->id);
	return true;
}

/* Actor or recipe, from where the dialect has it. */
static const struct node *
read_match(const struct guard2_reading *reading, const struct node *node, const struct node *match, const char *key)
{
	const struct node *own = guard2_get(node, key), *matched = guard2_get(match, key);
	char other[64];

	if (own && matched) {
		(void)snprintf(other, sizeof(other), "match_parameters.%s", key); /* actor or recipe */
		guard2_add(reading, GUARD2_BOTH_FORMS, matched, key, other);
	}
	if (!own && !match)
		guard2_add(reading, GUARD2_NO_MATCH, node, key);
	return own ? own : matched;
}

static struct guard2_policy *
guard2_read_policy(const struct guard2_reading *reading, const struct node *node)
{
	struct guard2_policy *policy = arena_alloc(reading->arena, sizeof(*policy));
	const struct node *id = guard2_get(node, "id"), *match = guard2_get(node, "match_parameters");

	if (!policy)
		return NULL;
	policy->node = node;
	policy->id = id ? id->text : STR_NONE;
	policy->patterns = match != NULL;
	policy->clname = guard2_get(match, "controlLoopName");
	policy->targets = guard2_get(match, "targets");
	return policy;
}

/* Checks the policy's name and scope. */
static void
check_names(const struct guard2_reading *reading, struct guard2_policy *policy)
{
	static const char *const needed[] = {"id", "name"};
	const struct node *match = guard2_get(policy->node, "match_parameters");
	struct str actor;

	for (size_t i = 0; i < 2; i++) {
		const struct node *text = guard2_get(policy->node, needed[i]);

		if (!text || str_trim(text->text).len == 0)
			guard2_add(reading, GUARD2_NO_NAME, text ? text : policy->node, needed[i]);
	}
	if (policy->same_id)
		guard2_add(reading, GUARD2_SAME_ID, guard2_get(policy->node, "id"), policy->id.ptr);
	policy->actor = read_match(reading, policy->node, match, "actor");
	policy->recipe = read_match(reading, policy->node, match, "recipe");
	actor = policy->actor ? policy->actor->text : STR_NONE;
	if (str_trim(actor).len > 0 && !str_is(actor, "APPC") && !str_is(actor, "SO") && !str_is(actor, ".*") &&
	    !text_is_pattern(actor))
		guard2_add(reading, GUARD2_ACTOR, policy->actor, actor.ptr);
}

static bool
guard2_check_limits(const struct guard2_reading *reading, struct guard2_policy *policy)
{
	const struct node *list = guard2_get(policy->node, "limit_constraints"), *duplicate;
	const char *name = guard2_shown(guard2_get(policy->node, "name"));
	struct guard2_constraint **link = &policy->first;
	bool limiter = false, blacklist = false;

	if (!list || list->count == 0) {
		guard2_add(reading, GUARD2_NO_CONSTRAINT, list ? list : policy->node, name);
		return true;
	}
	if (!find_duplicate(reading, list, NULL, &guard2_constraint_form, compare_constraints, &duplicate))
		return false;
	if (duplicate)
		guard2_add(reading, GUARD2_SAME_CONSTRAINT, duplicate, name);
	for (const struct node *node = list->first; node; node = node->next) {
		*link = arena_alloc(reading->arena, sizeof(**link));
		if (!*link)
			return guard2_out_of_memory(reading);
		guard2_read_constraint(reading, node, *link);
		limiter = limiter || (*link)->has_limiter;
		blacklist = blacklist || (*link)->blacklist;
		link = &(*link)->next;
	}
	if (limiter && blacklist)
		guard2_add(reading, GUARD2_MIXED_GUARD, policy->node);
	return true;
}

/* bad: by index, those whose form has been found wrong. They are read no further. */
static bool
guard2_check_policies(const struct guard2_reading *reading, const struct node *guards, const bool *bad,
                      struct guard2_policy **ret_first)
{
	struct guard2_policy **link = ret_first;
	const struct node *duplicate;

	if (!find_duplicate(reading, guards, bad, &guard2_policy_form, compare_policies, &duplicate))
		return false;
	if (duplicate)
		guard2_add(reading, GUARD2_SAME_POLICY, duplicate);
	for (const struct node *node = guards->first; node; node = node->next) {
		if (bad[node->index])
			continue;
		*link = guard2_read_policy(reading, node);
		if (!*link)
			return guard2_out_of_memory(reading);
		link = &(*link)->next;
	}
	if (!mark_ids(reading, *ret_first, guards->count))
		return false;
	for (struct guard2_policy *policy = *ret_first; policy; policy = policy->next) {
		size_t before = reading->diags->count[SEVERITY_ERROR];

		check_names(reading, policy);
		if (!guard2_check_limits(reading, policy))
			return false;
		policy->bad = reading->diags->count[SEVERITY_ERROR] != before;
	}
	return true;
}

static void
check_version(const struct guard2_reading *reading, const struct node *root)
{
	const struct node *header = guard2_get(root, "guard");
	const struct node *version = guard2_get(header, "version");

	if (!header)
		guard2_add(reading, GUARD2_NULL_VERSION, root);
	else if (!version || !str_is(version->text, "2.0.0"))
		guard2_add(reading, GUARD2_VERSION, version ? version : header, guard2_shown(version));
}

bool
guard2_read(const struct guard2_reading *reading, const struct node *root, struct guard2_policy **ret_first)
{
	size_t before = reading->diags->count[SEVERITY_ERROR], inner;
	const struct node *guards = guard2_get(root, "guards");
	bool *bad, whole;

	*ret_first = NULL;
	if (!root || root->kind != NODE_MAP) {
		guard2_add(reading,
		           !root                ? GUARD2_NULL_GUARD
		           : node_is_null(root) ? GUARD2_EMPTY
		                                : GUARD2_NO_GUARD,
		           root);
		return false;
	}
	bad = arena_array(reading->arena, guards ? guards->count : 0, sizeof(*bad));
	if (!bad)
		return guard2_out_of_memory(reading);
	if (!guard2_check_form(reading, root, bad))
		return false;
	inner = reading->diags->count[SEVERITY_ERROR];
	check_version(reading, root);
	if (!guards || guards->count == 0)
		guard2_add(reading, GUARD2_NO_POLICY, guards ? guards : root);
	if (!guards)
		guard2_add(reading, GUARD2_NULL_POLICIES, root);
	whole = reading->diags->count[SEVERITY_ERROR] == inner;
	if (guards && !guard2_check_policies(reading, guards, bad, ret_first))
		whole = false;
	if (!whole)
		*ret_first = NULL;
	return whole && reading->diags->count[SEVERITY_ERROR] == before;
}
