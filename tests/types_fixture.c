/* types_fixture - documents from text, their types and policies: for the tests of policytypes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/types_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/document.h"
#include "tests/cmocka_all.h"

int
types_setup(void **state)
{
	struct types_fixture *f = calloc(1, sizeof(*f));
	struct catalogue *builtin;

	assert_non_null(f);
	builtin = catalogue_new(&f->builtin_arena, NULL);
	diags_init(&f->diags, &f->findings_arena);
	assert_int_equal(catalogue_load_builtin(builtin, &f->diags), 0);
	assert_string_equal(types_findings(f, true), "");
	f->builtin = builtin;
	*state = f;
	return 0;
}

int
types_teardown(void **state)
{
	struct types_fixture *f = *state;

	arena_free(&f->builtin_arena);
	arena_free(&f->arena);
	arena_free(&f->findings_arena);
	free(f);
	return 0;
}

void
types_begin(struct types_fixture *f)
{
	arena_reset(&f->arena);
	arena_reset(&f->findings_arena);
	diags_init(&f->diags, &f->findings_arena);
	f->policies = (struct policy_list){0};
	f->catalogue = catalogue_new(&f->arena, f->builtin);
	assert_non_null(f->catalogue);
}

void
types_add(struct types_fixture *f, const char *file, const char *text)
{
	enum document_kind kind = DOCUMENT_TEMPLATE;
	struct error err = {0};
	struct node *root = NULL;

	if (document_read(str_from(text), file, &document_limits_default, &f->arena, &root, &err) != 0 ||
	    document_classify(root, &kind, &err) != 0)
		fail_msg("%s:%u:%u: %s\n%s", file, err.line, err.column, err.text, text);
	template_policies(root, kind, &f->arena, &f->policies, &f->diags);
	catalogue_add(f->catalogue, root, &f->diags);
}

void
types_load(struct types_fixture *f, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	assert_true(len >= 0);
	types_begin(f);
	types_add(f, "t.yaml", text);
	catalogue_resolve(f->catalogue, &f->diags);
	free(text);
}

size_t
types_check(struct types_fixture *f)
{
	size_t good = 0;

	for (struct policy *p = f->policies.first; p; p = p->next)
		good += !p->bad && policy_check(p, f->catalogue, &f->arena, &f->diags);
	return good;
}

const char *
types_findings(struct types_fixture *f, bool places)
{
	size_t used = 0;

	f->text[0] = '\0';
	for (const struct diag *d = f->diags.first; d; d = d->next) {
		char place[32] = "";

		if (places)
			(void)snprintf(place, sizeof(place), "%u:%u: ", d->line, d->column);
		used += (size_t)snprintf(f->text + used, sizeof(f->text) - used, "%s%s: %s\n", place,
		                         severity_name(d->severity), d->text);
		assert_true(used < sizeof(f->text));
	}
	return f->text;
}
