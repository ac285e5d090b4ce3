/* filter_rules - the rules of a Filter, as they are compiled */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_FILTER_RULES_H
#define GUARDS_FILTER_RULES_H

#include "guards/guard.h"
#include "guards/text_test.h"
#include "policytypes/policy.h"

struct rule {
	enum attribute field; /* ATTRIBUTE_COUNT: by path */
	enum field_root root; /* of a path, which is root and name */
	struct str name;
	const char *label; /* the field as the policy names it, for answers */
	bool blacklist;
	bool absent_denies;    /* a request without the field matches */
	struct text_test test; /* what `filter` and `function` make of a value */
	uint32_t line;
};

struct filter {
	bool whitelist_overrides;
	size_t count;
	struct rule *rules;
};

/*
 * For guard_filter: guard->data becomes the filter, in the arena. False with findings. Texts of rules are the policy's or in the arena.
 */
bool filter_compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags);
bool filter_compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags);

#endif
