/* names - the actors, operations and targets that the guards of a set name */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/analysis/names.h"

#include "engine/decide/policyset.h"
#include "guards/kinds.h"

static int
term_names(const struct scope_term *term, int (*visit)(void *context, struct str name), void *context)
{
	int r = 0;

	if (term->kind == TERM_EXACT)
		return visit(context, term->text);
	for (size_t i = 0; term->kind == TERM_LIST && i < term->list_count && r == 0; i++)
		r = visit(context, term->list[i]);
	return r;
}

int
policyset_names(const struct policyset *set, enum attribute attribute, int (*visit)(void *context, struct str name),
                void *context)
{
	for (const struct guard *guard = set->guards.first; guard; guard = guard->next) {
		int r = term_names(&guard->scope.term[attribute], visit, context);
		size_t at = 0;
		struct str entry;

		while (r == 0 && attribute == ATTRIBUTE_TARGET && guard->kind == &guard_blacklist &&
		       blacklist_next(guard, &at, &entry))
			r = visit(context, entry);
		if (r != 0)
			return r;
	}
	return 0;
}
