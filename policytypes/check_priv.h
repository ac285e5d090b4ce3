/* check_priv - checking one value: shared by policies, defaults, constraints */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_CHECK_PRIV_H
#define POLICYTYPES_CHECK_PRIV_H

#include "base/pattern.h"
#include "policytypes/catalogue.h"

/* One round of checking. Start it as {.diags = diags}, end it with check_done. */
struct check {
	struct diags *diags;
	struct pattern_scratch *scratch; /* made when the first pattern is met */
	const struct node *fallback;     /* the default that is being checked, or NULL */
	struct str fallback_of;          /* the property that it belongs to */
};

void check_done(struct check *check);

/* Findings for all that is wrong with the value. True when it fits. Recursion is bounded by the document's depth. */
bool check_value(struct check *check, const struct schema *schema, const struct node *value);

/* Whether a value that fits the schema's kind satisfies its constraints; findings if not. */
bool check_constraints(struct check *check, const struct schema *schema, const struct node *value);

/* Makes check->scratch if need be. False, with a finding, when out of memory. */
bool check_scratch(struct check *check, const struct node *where);

/* "property 'limit'", "entry 2 of 'blacklist'", "default of property 'limit'": what a message calls the value. */
struct label {
	char text[128];
};

struct label check_label(const struct check *check, const struct node *value);

/* "is '10 x'", "is empty", "is a list": how a message ends. */
struct label check_shown(const struct node *value);

/* Reads `constraints` for a value of the schema's kind and puts them in front of its list. False when one had errors. */
bool constraints_read(const struct node *node, struct schema *schema, struct arena *arena, struct diags *diags);

/* Adds those constraints of `more` that `schema` does not have yet. False when out of memory. */
bool constraints_add(struct schema *schema, const struct constraint *more, struct arena *arena);

#endif
