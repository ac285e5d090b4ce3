/* policy_test - one file of policy tests */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/policy_test.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "api/commands.h"
#include "api/request.h"
#include "api/rows.h"
#include "engine/load.h"
#include "engine/trial.h"

/* One file on its way. */
struct file {
	struct test_run *run;
	const char *path;
	const struct node *root;
	enum guard_mode mode;
	int64_t now_ms;
	struct trial *trial;
	struct arena *arena;
};

/* One request's outcome, as the texts that `expect` names. */
struct outcome {
	const struct decision *decision;
	const struct spoken *told; /* the guard that denied, else the first that spoke; may be NULL */
	const char *status;
};

static void
fail(struct file *file, const struct node *at, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void
fail(struct file *file, const struct node *at, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long one is cut */
	va_end(args);
	file->run->failed++;
	fprintf(file->run->out, "%s:%u:%u: FAIL %s: %s\n", file->path, at->line, at->column, name, text);
}

static void
pass(struct file *file, const struct node *at, const char *name)
{
	file->run->passed++;
	if (file->run->verbose)
		fprintf(file->run->out, "%s:%u:%u: ok   %s\n", file->path, at->line, at->column, name);
}

/* The text of an outcome under a key of `expect`, "" when there is none; false for an unknown key. */
static bool
outcome_text(const struct outcome *outcome, struct str key, char buf[512])
{
	const struct decision *decision = outcome->decision;
	const struct spoken *told = outcome->told;
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

static void
compare(struct file *file, const struct node *test, const char *name, const struct outcome *outcome)
{
	const struct node *expect = node_get(test, "expect");
	char got[512], status[512], reason[512];
	bool same = true;

	if (!expect || expect->kind != NODE_MAP || !expect->count) {
		fail(file, test, name, "a test needs 'expect' with at least one member");
		return;
	}
	(void)outcome_text(outcome, STR("status"), status);
	(void)outcome_text(outcome, STR("reason"), reason);
	for (const struct node *want = expect->first; want && same; want = want->next) {
		struct str text = node_is_null(want) ? STR("") : want->text;

		if (!node_is_scalar(want) || !outcome_text(outcome, want->key, got)) {
			fail(file, want, name, "'expect' knows no '%.*s' with such a value", STR_ARG(want->key));
			same = false;
		} else if (!str_equal(str_from(got), text)) {
			fail(file, want, name, "%.*s is '%s', expected '%.*s' (%s, %s)", STR_ARG(want->key), got,
			     STR_ARG(text), status, reason);
			same = false;
		}
	}
	if (same)
		pass(file, test, name);
}

static bool
is_covered(const struct covered *c, const struct guard *guard)
{
	return c->line == guard->line && strcmp(c->file, guard->file) == 0 && str_is(guard->policy, c->policy);
}

static void
cover(struct file *file, const struct spoken *spoken)
{
	const struct guard *guard = spoken->guard;

	if (spoken->verdict.effect == EFFECT_NOT_APPLICABLE)
		return;
	for (struct covered *c = file->run->guards; c; c = c->next) {
		if (is_covered(c, guard))
			c->reached = true;
	}
}

/* A whole decision request, or only what stands in its resource.guard. */
static const struct node *
request_root(struct file *file, const struct node *given)
{
	struct node *root, *action, *resource, *copy;

	if (node_get(given, "resource") || node_get(given, "action"))
		return given;
	root = node_new(file->arena, NODE_MAP, given->line, given->column);
	action = node_new(file->arena, NODE_TEXT, given->line, given->column);
	resource = node_new(file->arena, NODE_MAP, given->line, given->column);
	copy = arena_alloc(file->arena, sizeof(*copy));
	if (!root || !action || !resource || !copy)
		return given;
	action->key = STR("action");
	action->text = STR("guard");
	resource->key = STR("resource");
	*copy = *given;
	copy->key = STR("guard");
	copy->next = NULL;
	node_append(root, action);
	node_append(root, resource);
	node_append(resource, copy);
	return root;
}

static int
record(struct file *file, const struct node *history, int64_t now_ms, struct error *err)
{
	struct operation *rows;
	size_t count;
	int r;

	if (!history || history->kind == NODE_NULL)
		return 0;
	r = rows_read(history, false, file->arena, &rows, &count, err);
	return r != 0 ? r : trial_record(file->trial, rows, count, now_ms, err);
}

/* `perform`: what a caller who was permitted does next. */
static int
perform(struct file *file, const struct request *request, int64_t now_ms, struct error *err)
{
	struct operation row = {
		.actor = request->attribute[ATTRIBUTE_ACTOR],
		.operation = request->attribute[ATTRIBUTE_OPERATION],
		.target = request->attribute[ATTRIBUTE_TARGET],
		.clname = request->attribute[ATTRIBUTE_CLNAME],
		.outcome = STR("Success"),
		.start_ms = now_ms,
		.end_ms = now_ms,
	};

	return trial_record(file->trial, &row, 1, now_ms, err);
}

static const struct spoken *
who_tells(const struct decision *decision, const struct spoken *spoken, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (spoken[i].guard == decision->guard)
			return &spoken[i];
	}
	return count ? spoken : NULL;
}

static int
decide(struct file *file, const struct node *test, const char *name, const struct request *request, int64_t now_ms,
       struct error *err)
{
	struct decision decision, plain;
	struct outcome outcome = {.decision = &decision};
	struct spoken *spoken = NULL;
	const struct node *performs = node_get(test, "perform");
	size_t count = 0;

	(void)trial_decide(file->trial, request, now_ms, NULL, &plain, NULL, NULL);
	(void)trial_decide(file->trial, request, now_ms, file->arena, &decision, &spoken, &count);
	if (plain.permit != decision.permit || plain.reason != decision.reason)
		return error_set(err, ERROR_INTERNAL, test, "the decision differs from its explanation");
	for (size_t i = 0; i < count; i++)
		cover(file, &spoken[i]);
	outcome.told = who_tells(&decision, spoken, count);
	outcome.status = decision.permit ? "Permit" : "Deny";
	compare(file, test, name, &outcome);
	if (decision.permit && performs && performs->kind == NODE_BOOL && performs->boolean)
		return perform(file, request, now_ms, err);
	return 0;
}

/* The first member of a map whose key is none of `known`, which NULL closes; NULL when there is none. */
static const struct node *
unknown_member(const struct node *map, const char *const *known)
{
	for (const struct node *member = map->first; member; member = member->next) {
		size_t i = 0;

		while (known[i] && !str_is(member->key, known[i]))
			i++;
		if (!known[i])
			return member;
	}
	return NULL;
}

static void
run_request(struct file *file, const struct node *test, size_t number)
{
	static const char *const known[] = {"name", "now", "history", "request", "perform", "expect", NULL};
	const struct node *unknown = unknown_member(test, known);
	const struct node *now = node_get(test, "now"), *given = node_get(test, "request");
	const struct node *label = node_get(test, "name");
	struct outcome refused = {.status = "error"};
	int64_t now_ms = file->now_ms;
	struct error err = {0};
	struct request request;
	char name[128];
	int r;

	(void)snprintf(name, sizeof(name), "request %zu%s%.*s", number, label ? ": " : "",
	               STR_ARG(label ? label->text : STR("")));
	if (!given || given->kind != NODE_MAP) {
		fail(file, test, name, "a test needs 'request', a map");
		return;
	}
	if (unknown) {
		fail(file, unknown, name, "a test has no '%.*s'", STR_ARG(unknown->key));
		return;
	}
	if (now && time_parse_instant(now->text, &now_ms) != 0) {
		fail(file, now, name, "'now' must be a time such as 2026-04-14T12:00:00Z");
		return;
	}
	if (record(file, node_get(test, "history"), now_ms, &err) == 0) {
		r = request_read(request_root(file, given), file->mode, file->arena, &request, &err);
		if (r != 0) {
			compare(file, test, name, &refused);
			return;
		}
		r = decide(file, test, name, &request, now_ms, &err);
	}
	if (err.code)
		fail(file, test, name, "%s", err.text);
}

/* A name relative to the test file's folder. */
static const char *
beside(struct file *file, struct str name)
{
	const char *slash = strrchr(file->path, '/');

	if (name.ptr[0] == '/' || !slash)
		return name.ptr;
	return arena_printf(file->arena, "%.*s/%.*s", (int)(slash - file->path), file->path, STR_ARG(name));
}

static int
read_policies(struct file *file, struct document **ret, size_t *ret_count, struct diags *diags)
{
	const struct node *list = node_get(file->root, "policies");
	size_t most = engine_options_default.limits.bytes;
	struct document *documents = arena_array(file->arena, list ? list->count : 0, sizeof(*documents));
	size_t count = 0;

	for (const struct node *node = list && documents ? list->first : NULL; node; node = node->next) {
		struct document *document = &documents[count++];
		struct error err = {0};

		if (!node->text.ptr) {
			diags_error(diags, node, "a policy must be a file name or a document as text");
			return -ERROR_TYPE;
		}
		if (memchr(node->text.ptr, '\n', node->text.len)) {
			/* A name of its own: its lines are not the test file's. */
			document->name = arena_printf(file->arena, "%s#policies[%u]", file->path, node->index);
			document->bytes = node->text;
			if (!document->name)
				return -ERROR_MEMORY;
			continue;
		}
		document->name = beside(file, node->text);
		if (!document->name || load_file(document->name, most, file->arena, &document->bytes, &err) != 0) {
			diags_error(diags, node, "%s", err.text);
			return -(int)err.code;
		}
	}
	*ret = documents;
	*ret_count = count;
	return documents ? 0 : -ERROR_MEMORY;
}

static void
remember_guards(struct file *file)
{
	struct test_run *run = file->run;

	for (const struct guard *g = trial_set(file->trial)->guards.first; g; g = g->next) {
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

static bool
has_finding(const struct diags *diags, struct str text)
{
	for (const struct diag *d = diags->first; d; d = d->next) {
		if (d->severity == SEVERITY_ERROR && memmem(d->text, strlen(d->text), text.ptr, text.len))
			return true;
	}
	return false;
}

static void
expect_refusal(struct file *file, const struct node *refused, int r, const struct diags *diags)
{
	const struct node *want = refused->kind == NODE_LIST ? refused->first : refused;

	if (r == 0) {
		fail(file, refused, "load", "the policies were accepted");
		return;
	}
	for (; want; want = want == refused ? NULL : want->next) {
		if (!want->text.ptr || !has_finding(diags, want->text)) {
			fail(file, want, "load", "no error says '%.*s'", STR_ARG(want->text));
			print_findings(file->run->out, diags, SEVERITY_ERROR);
			return;
		}
	}
	pass(file, refused, "load");
}

static void
run_file(struct file *file)
{
	const struct node *refused = node_get(file->root, "refused"), *requests = node_get(file->root, "requests");
	struct engine_options options = engine_options_default;
	struct error err = {0};
	struct document *documents = NULL;
	struct diags diags;
	size_t count = 0, number = 0;
	int r;

	options.mode = file->mode;
	diags_init(&diags, file->arena);
	r = read_policies(file, &documents, &count, &diags);
	if (r == 0)
		r = trial_open(&options, documents, count, &file->trial, &diags);
	if (refused) {
		expect_refusal(file, refused, r, &diags);
	} else if (r != 0) {
		fail(file, file->root, "load", "the policies have errors");
		print_findings(file->run->out, &diags, SEVERITY_ERROR);
	} else if (record(file, node_get(file->root, "history"), file->now_ms, &err) != 0) {
		fail(file, file->root, "history", "%s", err.text);
	} else {
		remember_guards(file);
		for (const struct node *test = requests->first; test; test = test->next)
			run_request(file, test, ++number);
	}
	trial_close(file->trial);
}

static int
open_file(struct file *file, struct error *err)
{
	const struct node *mode, *now;
	struct node *root;
	struct str bytes;
	int r = load_file(file->path, engine_options_default.limits.bytes, file->arena, &bytes, err);

	if (r == 0)
		r = document_read(bytes, file->path, &engine_options_default.limits, file->arena, &root, err);
	if (r != 0)
		return r;
	file->root = root;
	mode = node_get(root, "mode");
	now = node_get(root, "now");
	if (mode && str_is(mode->text, "onap"))
		file->mode = GUARD_ONAP;
	else if (mode && str_is(mode->text, "strict"))
		file->mode = GUARD_STRICT;
	else if (mode)
		return error_set(err, ERROR_RANGE, mode, "'mode' must be strict or onap");
	if (now && time_parse_instant(now->text, &file->now_ms) != 0)
		return error_set(err, ERROR_TYPE, now, "'now' must be a time such as 2026-04-14T12:00:00Z");
	return 0;
}

int
policy_test_run(struct test_run *run, const char *path)
{
	static const char *const known[] = {"mode", "now", "policies", "history", "requests", "refused", NULL};
	struct file file = {.run = run, .path = path, .mode = run->mode};
	const struct node *requests, *unknown = NULL;
	struct error err = {0};
	struct arena arena;
	int r;

	arena_init(&arena, 0);
	file.arena = &arena;
	r = open_file(&file, &err);
	requests = r == 0 ? node_get(file.root, "requests") : NULL;
	if (r == 0 && ((requests && requests->kind == NODE_LIST) || node_get(file.root, "refused"))) {
		unknown = unknown_member(file.root, known);
		r = 1;
	}
	if (unknown)
		r = error_set(&err, ERROR_UNKNOWN, unknown, "a file of tests has no '%.*s'", STR_ARG(unknown->key));
	if (r > 0)
		run_file(&file);
	if (r < 0)
		fprintf(run->out, "%s:%u:%u: error: %s\n", path, err.line, err.column, err.text);
	arena_free(&arena);
	return r;
}
