/* remedies - what would turn a Deny: the changes that were tried, and the earliest instant */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_REMEDIES_H
#define ENGINE_DECIDE_REMEDIES_H

#include "engine/decide/policyset.h"

/*
 * For a request that the set denies at env->now_ms: fills permit_at, change and changes of `ret`, and in its results the
 * permit_at and change of each guard that stands in the way. ret->results: as decide_explain leaves them, for this request in
 * the spelling that guards hold. Leaves out what memory does not suffice for. Any thread; takes no lock, logs nothing.
 *
 * A remedy is a set of changes under all of which together the whole request was decided again, and permitted; one that can be
 * left out is. Not each smallest remedy is found: a target, actor or operation that was given stays, and so do scopes.
 */
void remedies_find(const struct policyset *set, const struct request *request, const struct env *env,
                   struct arena *arena, struct explained *ret);

#endif
