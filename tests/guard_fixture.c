/* guard_fixture - guards from YAML, requests from text, a history in memory: for the tests of guards */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guard_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "guards/remedy.h"
#include "policytypes/policy.h"
#include "policytypes/template.h"

int
fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	arena_init(&fixture->arena, 0);
	diags_init(&fixture->diags, &fixture->arena);
	fixture->scratch = pattern_scratch_new();
	fixture->now = NOON;
	*state = fixture;
	return fixture->scratch ? 0 : -1;
}

int
fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	pattern_scratch_free(fixture->scratch);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

/* A bare policy body, with the text indented below its key. */
static struct str
body_text(struct arena *arena, const char *type, const char *properties, const char *metadata)
{
	char text[8192];
	size_t n = (size_t)snprintf(
		text, sizeof(text),
		"type: onap.policies.controlloop.guard.%s\ntype_version: 1.0.0\nmetadata: %s\nproperties:\n  ", type,
		metadata ? metadata : "{}");

	for (const char *c = properties; *c && n + 4 < sizeof(text); c++) {
		text[n++] = *c;
		if (*c == '\n') {
			text[n++] = ' ';
			text[n++] = ' ';
		}
	}
	return arena_str(arena, (struct str){text, n});
}

struct policy *
fixture_policy(struct fixture *fixture, enum guard_mode mode, const char *type, const char *properties,
               const char *metadata)
{
	struct arena *arena = &fixture->arena;
	struct str body = body_text(arena, type, properties, metadata);
	struct policy_list list = {0};
	struct error err = {0};
	struct node *root;

	diags_init(&fixture->diags, arena);
	if (!fixture->catalogue) {
		fixture->catalogue = catalogue_new(arena, NULL);
		if (!fixture->catalogue || catalogue_load_builtin(fixture->catalogue, &fixture->diags) != 0)
			return NULL;
	}
	if (yaml_read(body, "p.yaml", &document_limits_default, arena, &root, &err) != 0) {
		diags_add_error(&fixture->diags, "p.yaml", &err);
		return NULL;
	}
	template_policies(root, DOCUMENT_BARE, arena, &list, &fixture->diags);
	if (!list.first ||
	    (mode == GUARD_STRICT && !policy_check(list.first, fixture->catalogue, arena, &fixture->diags)))
		return NULL;
	return list.first;
}

struct guard *
fixture_guard(struct fixture *fixture, enum guard_mode mode, const char *type, const char *properties,
              const char *metadata)
{
	const struct policy *policy = fixture_policy(fixture, mode, type, properties, metadata);
	const struct guard_kind *kind = policy ? guard_kind_of(policy, mode) : NULL;
	struct guard *guard;

	if (!kind || !guard_compile(policy, kind, mode, &fixture->arena, NULL, &guard, &fixture->diags))
		return NULL;
	return guard;
}

static void
request_set(struct fixture *fixture, struct request *request, struct str key, struct str value)
{
	int attribute = attribute_find(key);

	if (attribute >= 0) {
		char *text = arena_printf(&fixture->arena, "%.*s", STR_ARG(value));

		for (char *c = text; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		request->attribute[attribute] = str_from(text);
	} else if (str_is(key, "vfCount")) {
		request->has_vf_count = true;
		request->vf_count = (int32_t)strtol(value.ptr, NULL, 10);
	} else if (str_is(key, "currentTime") && time_parse_of_day(value, 0, &request->current_time) == 0) {
		request->has_current_time = true;
	} else {
		fprintf(stderr, "no such member of a request: %.*s\n", STR_ARG(key));
		abort();
	}
}

struct request
fixture_request(struct fixture *fixture, const char *text)
{
	struct request request = {0};

	while (*text) {
		size_t key = strcspn(text, "="), value = strcspn(text + key + 1, " ");

		request_set(fixture, &request, (struct str){text, key}, (struct str){text + key + 1, value});
		text += key + 1 + value;
		text += strspn(text, " ");
	}
	return request;
}

static bool
differs(struct str wanted, const char *given)
{
	return wanted.ptr && !str_equal(wanted, given ? str_from(given) : STR_NONE);
}

static int
descending(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a < b) - (a > b);
}

/* What the contract of struct history_view says, in the plainest way. */
static int
history_count(void *context, const struct count_query *query, struct count_result *ret)
{
	const struct fixture *fixture = context;
	int64_t ends[64];
	uint32_t n = 0;

	if (fixture->history_fails)
		return -ERROR_IO;
	for (const struct done *d = fixture->done; d && d->actor; d++) {
		bool live = d->live && d->end > query->now_ms; /* else its lease is over, and it ended then */
		bool counts = query->ended_only ? !d->live && d->end >= query->since_ms && d->end <= query->now_ms
		                                : live || d->end >= query->since_ms;

		if (differs(query->actor, d->actor) || differs(query->operation, d->operation) ||
		    differs(query->target, d->target) || differs(query->clname, d->clname))
			continue;
		if (counts && n < 64)
			ends[n++] = d->end;
	}
	qsort(ends, n, sizeof(*ends), descending);
	ret->unknown = false;
	ret->used = n < query->limit ? n : query->limit;
	ret->limit_end = query->limit > 0 && n >= query->limit ? ends[query->limit - 1] : TIME_NONE;
	return 0;
}

static int
history_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	const struct fixture *fixture = context;
	int64_t until = TIME_NONE;

	if (fixture->history_fails)
		return -ERROR_IO;
	for (const struct done *d = fixture->done; d && d->actor; d++) {
		if (d->live && d->end > now_ms && str_is(clname, d->clname) && d->end > until)
			until = d->end;
	}
	if (ret_until)
		*ret_until = until;
	return until != TIME_NONE;
}

/* Here the first row of a loop is the one with the latest start. */
static int
history_loop_started(void *context, struct str clname)
{
	const struct fixture *fixture = context;

	if (fixture->history_fails)
		return -ERROR_IO;
	for (const struct done *d = fixture->done; d && d->actor; d++) {
		if (str_is(clname, d->clname))
			return d->live;
	}
	return 0;
}

struct verdict
fixture_ask(struct fixture *fixture, const struct guard *guard, const char *text)
{
	struct history_view history = {history_count, history_loop_live, history_loop_started, fixture};
	struct env env = {.now_ms = fixture->now, .history = &history, .scratch = fixture->scratch};
	struct request request = fixture_request(fixture, text);
	struct verdict verdict;

	guard_evaluate(guard, &request, &env, &verdict);
	return verdict;
}

struct explanation
fixture_explain(struct fixture *fixture, const struct guard *guard, const char *text)
{
	struct history_view history = {history_count, history_loop_live, history_loop_started, fixture};
	struct env env = {.now_ms = fixture->now, .history = &history, .scratch = fixture->scratch};
	struct request request = fixture_request(fixture, text);
	struct remedy remedy = {.arena = &fixture->arena,
	                        .env = &env,
	                        .request = request,
	                        .asked = &request,
	                        .vf_low = INT32_MIN,
	                        .vf_high = INT32_MAX};
	struct explanation explanation = {0};
	struct verdict verdict;
	struct change change;

	guard_evaluate(guard, &request, &env, &verdict);
	explanation.permit_at = TIME_NONE;
	guard->kind->explain(guard, &request, &env, &verdict, &fixture->arena, &explanation);
	if (!verdict_denies(&verdict, guard->mode, false))
		return explanation;
	explanation.permit_at = guard_permit_at(guard, &request, &env, false);
	if (guard_remedy(guard, &verdict, &remedy, &change))
		explanation.change = change.text;
	return explanation;
}

bool
fixture_found(const struct fixture *fixture, const char *text)
{
	for (const struct diag *diag = fixture->diags.first; diag; diag = diag->next) {
		if (strstr(diag->text, text))
			return true;
	}
	return false;
}
