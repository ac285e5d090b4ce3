/* dublin - guards as ONAP's Dublin release wrote them: recipe, clname, targets, guardActiveStart, numbers as text */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_DUBLIN_H
#define POLICYTYPES_DUBLIN_H

#include "base/node.h"

/* Whether a guard's properties are in that form: one of its own names tells. */
bool dublin_is(const struct node *properties);

/*
 * The properties under today's names, each with its place: recipe -> operation, clname -> id, targets -> target (a pattern
 * where it is one), guardActiveStart and guardActiveEnd -> timeRange, numbers given as text -> integers. What is not
 * Dublin's stays as it is, so that the type tells what it makes of it. NULL after a finding; in `arena`.
 */
const struct node *dublin_properties(const struct node *properties, struct arena *arena, struct diags *diags);

/* The same in place, of each guard in the tree of a document: a service template or a bare body. How many there were. */
size_t dublin_convert(struct node *root, struct arena *arena, struct diags *diags);

#endif
