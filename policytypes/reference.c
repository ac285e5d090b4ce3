/* reference - finding the type that a name in a document means */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue_priv.h"
#include "policytypes/section.h"
#include "policytypes/suggest.h"

#define SUGGESTED_MAX 100 /* findings after which a name is no longer compared with all types, which is slow */

static const struct type *
find_exact(const struct catalogue *catalogue, const struct reference *reference, struct str name)
{
	for (const struct catalogue *c = catalogue; c; c = c->base) {
		for (size_t i = 0; i < reference->kind_count; i++) {
			enum type_kind kind = reference->kinds[i];
			struct str version = reference->version.ptr ? reference->version : STR(TYPE_VERSION_DEFAULT);
			const struct declared *found = catalogue_find_own(c, kind, name, version);

			if (!found && !reference->version.ptr)
				found = catalogue_find_own(c, kind, name, STR_NONE);
			if (found)
				return &found->type;
		}
	}
	return NULL;
}

/* Seed 003 refers to its own types in another letter case than it declares them in. */
static const struct type *
find_folded(const struct catalogue *catalogue, const struct reference *reference, bool *ret_ambiguous)
{
	*ret_ambiguous = false;
	for (const struct catalogue *c = catalogue; c && !*ret_ambiguous; c = c->base) {
		struct str name = catalogue_spelling(c, reference->name, ret_ambiguous);
		const struct type *type = name.ptr && !*ret_ambiguous ? find_exact(catalogue, reference, name) : NULL;

		if (type)
			return type;
	}
	return NULL;
}

const struct type *
reference_find(const struct catalogue *catalogue, const struct reference *reference, struct diags *diags)
{
	const struct type *type = copy_meant(catalogue, reference);
	bool ambiguous;

	if (!type)
		type = find_exact(catalogue, reference, reference->name);
	if (type)
		return type;
	type = find_folded(catalogue, reference, &ambiguous);
	if (type)
		diags_add(diags, SEVERITY_INFO, NULL, reference->where, "'%.*s' is taken for the type '%.*s'",
		          STR_ARG(reference->name), STR_ARG(type->name));
	else if (ambiguous)
		diags_error(diags, reference->where, "'%.*s' differs from several types in letter case only",
		            STR_ARG(reference->name));
	else
		reference_unknown(catalogue, reference, diags);
	return type;
}

static bool
has_kind(const struct reference *reference, enum type_kind kind)
{
	for (size_t i = 0; i < reference->kind_count; i++) {
		if (reference->kinds[i] == kind)
			return true;
	}
	return false;
}

void
reference_unknown(const struct catalogue *catalogue, const struct reference *reference, struct diags *diags)
{
	enum severity severity = reference->warn ? SEVERITY_WARNING : SEVERITY_ERROR;
	const char *what = type_kind_name(reference->kinds[0]);
	struct reference any_version = *reference;
	struct suggestion suggestion;
	const struct type *other;

	any_version.version = STR_NONE;
	other = find_exact(catalogue, &any_version, reference->name);
	if (other) {
		diags_add(diags, severity, NULL, reference->where,
		          "the %s '%.*s' has no version '%.*s'; there is '%.*s'", what, STR_ARG(reference->name),
		          STR_ARG(reference->version), STR_ARG(other->version));
		return;
	}
	suggestion_init(&suggestion, reference->name);
	for (const struct catalogue *c = diags->count[severity] < SUGGESTED_MAX ? catalogue : NULL; c; c = c->base) {
		for (size_t i = 0; i < c->sorted_count; i++) {
			if (has_kind(reference, c->sorted[i]->type.kind))
				suggestion_offer(&suggestion, c->sorted[i]->type.name);
		}
	}
	diags_add(diags, severity, NULL, reference->where, "unknown %s '%.*s'%s%.*s%s", what, STR_ARG(reference->name),
	          SUGGESTION_ARG(suggestion));
}
