/* guard2 - the Control Loop Guard YAML 2.0.0: compliance messages, and translation to guards */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD2_H
#define GUARDS_GUARD2_H

#include "base/node.h"
#include "guards/guard.h"

/* Guards in load order. */
struct guard_list {
	struct guard *first, *last;
	size_t count;
};

void guard_list_append(struct guard_list *list, struct guard *guard);

/*
 * Compliance of a 2.0.0 document in any of its three dialects: findings with the reference's messages verbatim at their
 * levels (codes GUARD2-...), and in strict mode the seed's own rules. True when there is no error.
 */
bool guard2_check(const struct node *root, enum guard_mode mode, struct diags *diags);

/* guard2_check, then one guard for each limiter and each blacklist of each constraint of each policy, appended to `list`. */
bool guard2_compile(const struct node *root, enum guard_mode mode, struct arena *arena, struct guard_list *list,
                    struct diags *diags);

#endif
