/* document_scope - policies that are for some control loops only */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/document_scope.h"

const struct document_scope *
only_copy(const struct document_scope *from, struct arena *arena)
{
	struct document_scope *only = from ? arena_alloc(arena, sizeof(*only)) : NULL;
	struct str *clnames = only ? arena_array(arena, from->count, sizeof(*clnames)) : NULL;

	if (!clnames)
		return NULL;
	for (size_t i = 0; i < from->count; i++) {
		clnames[i] = arena_str(arena, from->clnames[i]);
		if (!clnames[i].ptr)
			return NULL;
	}
	*only = (struct document_scope){arena_str(arena, str_from(from->owner)).ptr, clnames, from->count};
	return only->owner ? only : NULL;
}

/* The texts that a term matches, as a list; a pattern that cannot be decided keeps its text. False: no memory. */
static bool
term_narrow(struct scope_term *term, const struct document_scope *only, struct arena *arena)
{
	struct pattern_scratch *scratch = term->kind == TERM_PATTERN ? pattern_scratch_new() : NULL;
	struct str *list = arena_array(arena, only->count, sizeof(*list));
	struct scope scope = {.term[ATTRIBUTE_CLNAME] = *term};
	size_t count = 0;
	bool good = list && (scratch || term->kind != TERM_PATTERN);

	for (size_t i = 0; good && i < only->count; i++) {
		struct request request = {.attribute[ATTRIBUTE_CLNAME] = only->clnames[i]};

		if (scope_match(&scope, &request, scratch) == 0)
			continue;
		list[count] = arena_str(arena, only->clnames[i]);
		good = list[count++].ptr != NULL;
	}
	pattern_scratch_free(scratch);
	*term = (struct scope_term){.kind = TERM_LIST, .list = list, .list_count = count};
	return good;
}

bool
only_narrow(const struct document_scope *only, struct guard *first, struct arena *arena)
{
	struct str owner = arena_str(arena, str_from(only->owner));

	for (struct guard *guard = first; guard; guard = guard->next) {
		guard->owner = owner.ptr;
		if (!owner.ptr || (!guard->inert && !term_narrow(&guard->scope.term[ATTRIBUTE_CLNAME], only, arena)))
			return false;
	}
	return true;
}
