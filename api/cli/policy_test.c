/* policy_test - one file of policy tests */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/policy_test.h"

#include <string.h>

#include "api/bodies/operation_rows.h"
#include "api/bodies/request.h"
#include "api/cli/commands.h"
#include "api/cli/policy_test_priv.h"
#include "engine/decide/load.h"
#include "engine/simulation/sandbox.h"
#include "policytypes/suggest.h"

/* A whole decision request, or only what stands in its resource.guard. */
static const struct node *
request_root(struct test_file *file, const struct node *given)
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
record(struct test_file *file, const struct node *history, int64_t now_ms, struct error *err)
{
	struct operation *rows;
	size_t count;
	int r;

	if (!history || history->kind == NODE_NULL)
		return 0;
	r = rows_read(history, false, INT64_MAX, file->arena, &rows, &count, err);
	return r != 0 ? r : sandbox_record(file->sandbox, rows, count, now_ms, err);
}

/* `perform`: what a caller who was permitted does next. */
static int
perform(struct test_file *file, const struct request *request, int64_t now_ms, struct error *err)
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

	return sandbox_record(file->sandbox, &row, 1, now_ms, err);
}

static const struct guard_result *
deciding_result(const struct decision *decision, const struct guard_result *result, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (result[i].guard == decision->guard)
			return &result[i];
	}
	return count ? result : NULL;
}

static int
test_decide(struct test_file *file, const struct node *test, const char *name, const struct request *request,
            int64_t now_ms, struct error *err)
{
	struct decision decision, plain;
	struct test_outcome outcome = {.decision = &decision};
	struct explained why = {0};
	const struct node *performs = node_get(test, "perform");

	(void)sandbox_decide(file->sandbox, request, now_ms, NULL, &plain, NULL);
	(void)sandbox_decide(file->sandbox, request, now_ms, file->arena, &decision, &why);
	if (plain.permit != decision.permit || plain.reason != decision.reason)
		return error_set(err, ERROR_INTERNAL, test, "the decision differs from its explanation");
	for (size_t i = 0; i < why.count; i++)
		coverage_reach(file, &why.results[i]);
	outcome.told = deciding_result(&decision, why.results, why.count);
	outcome.status = decision.permit ? "Permit" : "Deny";
	outcome_compare(file, test, name, &outcome);
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

/* The key that the author probably meant. */
static struct suggestion
key_meant(const struct node *unknown, const char *const *known)
{
	struct suggestion meant;

	suggestion_init(&meant, unknown->key);
	for (; *known; known++)
		suggestion_offer(&meant, str_from(*known));
	return meant;
}

static void
test_run_request(struct test_file *file, const struct node *test, size_t number)
{
	static const char *const known[] = {"name", "now", "history", "request", "perform", "expect", NULL};
	const struct node *unknown = unknown_member(test, known);
	const struct node *now = node_get(test, "now"), *given = node_get(test, "request");
	const struct node *label = node_get(test, "name");
	struct test_outcome refused = {.status = "error"};
	int64_t now_ms = file->now_ms;
	struct error err = {0};
	struct request request;
	char name[128];
	int r;

	(void)snprintf(name, sizeof(name), "request %zu%s%.*s", number, label ? ": " : "",
	               STR_ARG(label ? label->text : STR("")));
	if (!given || given->kind != NODE_MAP) {
		test_fail(file, test, name, "a test needs 'request', a map");
		return;
	}
	if (unknown) {
		test_fail(file, unknown, name, "a test has no '%.*s'%s%.*s%s", STR_ARG(unknown->key),
		          SUGGESTION_ARG(key_meant(unknown, known)));
		return;
	}
	if (now && time_parse_instant(now->text, &now_ms) != 0) {
		test_fail(file, now, name, "'now' must be a time such as 2026-04-14T12:00:00Z");
		return;
	}
	if (record(file, node_get(test, "history"), now_ms, &err) == 0) {
		r = request_read(request_root(file, given), (struct request_form){.mode = file->mode}, file->arena,
		                 &request, &err);
		if (r != 0) {
			outcome_compare(file, test, name, &refused);
			return;
		}
		r = test_decide(file, test, name, &request, now_ms, &err);
	}
	if (err.code)
		test_fail(file, test, name, "%s", err.text);
}

/* A name relative to the test file's folder. */
static const char *
beside(struct test_file *file, struct str name)
{
	const char *slash = strrchr(file->path, '/');

	if (name.ptr[0] == '/' || !slash)
		return name.ptr;
	return arena_printf(file->arena, "%.*s/%.*s", (int)(slash - file->path), file->path, STR_ARG(name));
}

static int
test_read_policies(struct test_file *file, struct document **ret, size_t *ret_count, struct diags *diags)
{
	const struct node *list = node_get(file->root, "policies");
	size_t most = engine_options_default.limits.bytes;
	struct document *documents = arena_array(file->arena, list ? list->count : 0, sizeof(*documents));
	size_t count = 0;

	if (list && list->kind != NODE_LIST && list->kind != NODE_NULL) {
		diags_error(diags, list, "'policies' is wrong: expected a list of file names and documents, got %s",
		            node_kind_phrase(list));
		return -ERROR_TYPE;
	}
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
expect_refusal(struct test_file *file, const struct node *refused, int r, const struct diags *diags)
{
	const struct node *want = refused->kind == NODE_LIST ? refused->first : refused;

	if (r == 0) {
		test_fail(file, refused, "load", "the policies were accepted");
		return;
	}
	for (; want; want = want == refused ? NULL : want->next) {
		if (!want->text.ptr || !has_finding(diags, want->text)) {
			test_fail(file, want, "load", "no error says '%.*s'", STR_ARG(want->text));
			print_findings(file->run->json ? stderr : file->run->out, diags, SEVERITY_ERROR);
			return;
		}
	}
	test_pass(file, refused, "load");
}

static void
run_file(struct test_file *file)
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
	r = test_read_policies(file, &documents, &count, &diags);
	if (r == 0)
		r = sandbox_open(&options, documents, count, &file->sandbox, &diags);
	if (refused) {
		expect_refusal(file, refused, r, &diags);
	} else if (r != 0) {
		test_fail(file, file->root, "load", "the policies have errors");
		print_findings(file->run->json ? stderr : file->run->out, &diags, SEVERITY_ERROR);
	} else if (record(file, node_get(file->root, "history"), file->now_ms, &err) != 0) {
		test_fail(file, file->root, "history", "%s", err.text);
	} else {
		coverage_add(file);
		for (const struct node *test = requests->first; test; test = test->next)
			test_run_request(file, test, ++number);
	}
	sandbox_close(file->sandbox);
}

static int
open_file(struct test_file *file, struct error *err)
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
	struct test_file file = {.run = run, .path = path, .mode = run->mode};
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
		r = error_set(&err, ERROR_UNKNOWN, unknown, "a file of tests has no '%.*s'%s%.*s%s",
		              STR_ARG(unknown->key), SUGGESTION_ARG(key_meant(unknown, known)));
	if (r > 0)
		run_file(&file);
	if (r < 0)
		fprintf(run->json ? stderr : run->out, "%s:%u:%u: error: %s\n", path, err.line, err.column, err.text);
	arena_free(&arena);
	return r;
}
