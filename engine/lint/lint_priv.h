/* lint_priv - what the files of the lint share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LINT_LINT_PRIV_H
#define ENGINE_LINT_LINT_PRIV_H

#include "engine/lint/lint.h"

/* Names compared in a set, in all: what lies beyond is not compared, and an info says so. */
#define LINT_COMPARED_MAX 100000000
#define LINT_SEARCH_COST 50 /* comparisons that looking for a name nearby is worth, for each name */

/* Adds a warning (or info) unless the guard's metadata allows it. */
void lint_add(struct lint *lint, const struct guard_source *source, enum severity severity, const char *id,
              const struct node *where, const char *format, ...) __attribute__((format(printf, 6, 7)));
#define lint_warn(lint, source, id, where, ...) \
	lint_add(lint, source, SEVERITY_WARNING, lint_id_name[LINT_##id], where, __VA_ARGS__)

/* True for what matches every value: absent, `.*`, or a pattern of as much; of a list, an entry that does. */
bool lint_is_any(const struct guard_source *source, const struct node *node);

/* The sign of a pattern in a text that is compared literally, such as "'.*'" or "an unclosed '/'"; NULL for none. */
const char *lint_pattern_mark(struct str text);

/* Actor, operation and control loop against what is known (lint_names.c). */
void lint_names_check(struct lint *lint, const struct guard_source *source);

/* Texts that look like patterns, and targets that no request carries (lint_text.c). */
void lint_texts(struct lint *lint, const struct guard_source *source);

/* Checks the kind's own values: bounds, windows, ranges, filters (lint_values.c). */
void lint_values(struct lint *lint, const struct guard_source *source);

/* The one capability that an operation means, of `actor` or, when that is NULL, of all; NULL when there is none or the
 * actors differ in whether it carries a count. */
const struct capability *lint_capability(const struct lint *lint, struct str actor, struct str operation);

#endif
