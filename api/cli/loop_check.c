/* loop_check - control loop types as clguard check takes them: by the rules of commissioning */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/loop_check.h"

#include <stdlib.h>

#include "runtime/looptype/looptype_policy.h"

struct loop_check {
	const struct compile_options *options;
	const struct document *document;
	struct diags *diags;
};

static bool
has_loop(const struct node *root)
{
	const struct node *templates = root->kind == NODE_MAP ? looptype_templates(root) : NULL;

	for (const struct node *template = templates && templates->kind == NODE_MAP ? templates->first : NULL; template;
	     template = template->next)
		if (looptype_is_loop(root, template))
			return true;
	return false;
}

/* "12:7: sentence" as a finding at its place. */
static void
add_sentence(const struct loop_check *check, enum severity severity, struct str sentence)
{
	struct node where = {.kind = NODE_NULL, .file = check->document->name};
	char *end = NULL;
	unsigned long line = strtoul(sentence.ptr, &end, 10);

	if (*end == ':' && line > 0) {
		char *behind = NULL;

		where.line = (uint32_t)line;
		where.column = (uint32_t)strtoul(end + 1, &behind, 10);
		sentence = str_trim((struct str){behind + 1, sentence.len - (size_t)(behind + 1 - sentence.ptr)});
	}
	diags_add(check->diags, severity, NULL, &where, "%.*s", STR_ARG(sentence));
}

/* The lines of a text, each a sentence. NUL-terminated. */
static void
add_errors(const struct loop_check *check, struct str text, struct arena *arena)
{
	for (size_t from = 0, to; from < text.len; from = to + 1) {
		for (to = from; to < text.len && text.ptr[to] != '\n'; to++)
			continue;
		add_sentence(check, SEVERITY_ERROR, arena_str(arena, (struct str){text.ptr + from, to - from}));
	}
}

static void
add_warnings(const struct loop_check *check, struct str strings, struct arena *arena)
{
	const char *list = arena_printf(arena, "[%.*s]", STR_ARG(strings));
	struct node *root;

	if (!list || json_read(str_from(list), "", &document_limits_default, arena, &root, NULL) != 0)
		return;
	for (const struct node *sentence = root->first; sentence; sentence = sentence->next)
		add_sentence(check, SEVERITY_WARNING, sentence->text);
}

static const char *
refusal_of(void *context, struct str bytes, struct arena *arena)
{
	const struct loop_check *check = context;
	const struct document document = {.name = "policies", .bytes = bytes};
	struct policyset *set;
	const struct diag *diag;
	struct diags diags;
	const char *why;

	diags_init(&diags, arena);
	if (policyset_compile(check->options, &document, 1, &set, &diags) == 0) {
		policyset_drop(set);
		return NULL;
	}
	diag = diags.first;
	while (diag && diag->severity != SEVERITY_ERROR)
		diag = diag->next;
	why = diag ? arena_printf(arena, "%s: %s", diag->path, diag->text) : NULL;
	return why ? why : "out of memory";
}

/* Adds the warnings that a service would give about the guards of the document, read as a policy file. */
static void
add_lints(const struct loop_check *check, struct arena *arena)
{
	struct policyset *set;
	struct diags diags;

	diags_init(&diags, arena);
	if (policyset_compile(check->options, check->document, 1, &set, &diags) == 0)
		policyset_drop(set);
	for (const struct diag *diag = diags.first; diag; diag = diag->next) {
		const struct node where = {
			.kind = NODE_NULL, .file = diag->file, .line = diag->line, .column = diag->column};

		if (diag->code && strncmp(diag->code, "LINT-", 5) == 0)
			diags_add(check->diags, diag->severity, diag->code, &where, "%s%s%s", diag->path,
			          diag->path[0] ? ": " : "", diag->text);
	}
}

static bool
check_document(struct loop_check *check, enum compat compat, struct arena *arena)
{
	struct looptype_findings findings;
	struct node *root;

	if (document_read(check->document->bytes, check->document->name, &check->options->limits, arena, &root, NULL) !=
	            0 ||
	    !has_loop(root))
		return false;
	looptype_check(check->options->builtin, root, (struct looptype_rules){compat, true}, arena, &findings);
	if (!findings.status)
		looptype_warn_policies(root, refusal_of, check, arena, &findings);
	add_errors(check, text_done(&findings.text), arena);
	add_warnings(check, text_done(&findings.warnings), arena);
	add_lints(check, arena);
	return true;
}

void
loop_check_documents(const struct compile_options *options, enum compat compat, struct document *documents,
                     size_t *count, struct arena *arena, struct diags *diags)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct loop_check check = {options, &documents[i], diags};

		if (!check_document(&check, compat, arena))
			documents[kept++] = documents[i];
	}
	*count = kept;
}
