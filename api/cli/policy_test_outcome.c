/* policy_test_outcome - what a policy test got against what it expects, and which guards the tests reached */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "api/cli/policy_test_priv.h"

/* A file's name and a test's live as long as their file does: the result has copies. */
static void
test_keep(struct test_file *file, const struct node *at, const char *name, const char *failure)
{
	struct test_run *run = file->run;
	struct test_result *result = run->kept ? arena_alloc(&run->arena, sizeof(*result)) : NULL;

	if (!result)
		return;
	*result = (struct test_result){
		.file = arena_str(&run->arena, str_from(file->path)).ptr,
		.name = arena_str(&run->arena, str_from(name)).ptr,
		.failure = failure ? arena_str(&run->arena, str_from(failure)).ptr : NULL,
		.line = at->line,
		.column = at->column,
	};
	if (!result->file || !result->name || (failure && !result->failure))
		return;
	if (!run->link)
		run->link = &run->results;
	*run->link = result;
	run->link = &result->next;
}

void
test_fail(struct test_file *file, const struct node *at, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long one is cut */
	va_end(args);
	file->run->failed++;
	test_keep(file, at, name, text);
	if (!file->run->json)
		fprintf(file->run->out, "%s:%u:%u: FAIL %s: %s\n", file->path, at->line, at->column, name, text);
}

void
test_pass(struct test_file *file, const struct node *at, const char *name)
{
	file->run->passed++;
	test_keep(file, at, name, NULL);
	if (file->run->verbose && !file->run->json)
		fprintf(file->run->out, "%s:%u:%u: ok   %s\n", file->path, at->line, at->column, name);
}

/* The text of an outcome under a key of `expect`, "" when there is none; false for an unknown key. */
static bool
outcome_text(const struct test_outcome *outcome, struct str key, char buf[512])
{
	const struct decision *decision = outcome->decision;
	const struct guard_result *told = outcome->told;
	const struct explanation *why = told ? &told->explanation : NULL;

	buf[0] = '\0';
	if (str_is(key, "status") || str_is(key, "decision"))
		(void)snprintf(buf, 512, "%s", outcome->status);
	else if (!decision)
		return true;
	else if (str_is(key, "reason"))
		(void)snprintf(buf, 512, "%s", reason_name[decision->reason]);
	else if (str_is(key, "missing"))
		(void)snprintf(buf, 512, "%s", decision->missing ? decision->missing : "");
	else if (str_is(key, "policy"))
		(void)snprintf(buf, 512, "%.*s", STR_ARG(told ? told->guard->policy : STR("")));
	else if (str_is(key, "file"))
		(void)snprintf(buf, 512, "%s", told ? told->guard->file : "");
	else if (str_is(key, "line"))
		(void)snprintf(buf, 512, "%u", told ? told->guard->line : 0);
	else if (str_is(key, "shadow"))
		(void)snprintf(buf, 512, "%" PRIu32, decision->shadow_denials);
	else if (str_is(key, "used"))
		(void)snprintf(buf, 512, "%u", why ? why->used : 0);
	else if (str_is(key, "limit"))
		(void)snprintf(buf, 512, "%u", why ? why->limit : 0);
	else if (str_is(key, "window"))
		(void)snprintf(buf, 512, "%s", why ? why->window : "");
	else if (str_is(key, "permit_at") && why && why->permit_at != TIME_NONE)
		time_format_instant(why->permit_at, buf);
	else if (str_is(key, "change"))
		(void)snprintf(buf, 512, "%.*s", STR_ARG(why ? why->change : STR("")));
	else
		return str_is(key, "permit_at");
	return true;
}

void
outcome_compare(struct test_file *file, const struct node *test, const char *name, const struct test_outcome *outcome)
{
	const struct node *expect = node_get(test, "expect");
	char got[512], status[512], reason[512];
	bool same = true;

	if (!expect || expect->kind != NODE_MAP || !expect->count) {
		test_fail(file, test, name, "a test needs 'expect' with at least one member");
		return;
	}
	(void)outcome_text(outcome, STR("status"), status);
	(void)outcome_text(outcome, STR("reason"), reason);
	for (const struct node *want = expect->first; want && same; want = want->next) {
		struct str text = node_is_null(want) ? STR("") : want->text;

		if (!node_is_scalar(want) || !outcome_text(outcome, want->key, got)) {
			test_fail(file, want, name, "'expect' knows no '%.*s' with such a value", STR_ARG(want->key));
			same = false;
		} else if (!str_equal(str_from(got), text)) {
			test_fail(file, want, name, "%.*s is '%s', expected '%.*s' (%s, %s)", STR_ARG(want->key), got,
			          STR_ARG(text), status, reason);
			same = false;
		}
	}
	if (same)
		test_pass(file, test, name);
}

static bool
is_covered(const struct covered *c, const struct guard *guard)
{
	return c->line == guard->line && strcmp(c->file, guard->file) == 0 && str_is(guard->policy, c->policy);
}

void
coverage_reach(struct test_file *file, const struct guard_result *result)
{
	const struct guard *guard = result->guard;

	if (result->verdict.effect == EFFECT_NOT_APPLICABLE)
		return;
	for (struct covered *c = file->run->guards; c; c = c->next) {
		if (is_covered(c, guard))
			c->reached = true;
	}
}

void
coverage_add(struct test_file *file)
{
	struct test_run *run = file->run;

	for (const struct guard *g = sandbox_set(file->sandbox)->guards.first; g; g = g->next) {
		struct covered **link = &run->guards, *c;

		while (*link && !is_covered(*link, g))
			link = &(*link)->next;
		if (*link)
			continue;
		c = arena_alloc(&run->arena, sizeof(*c));
		if (!c)
			return;
		c->file = arena_str(&run->arena, str_from(g->file)).ptr;
		c->policy = arena_str(&run->arena, g->policy).ptr;
		c->line = g->line;
		if (c->file && c->policy)
			*link = c;
	}
}
