/* policy - one policy of a service template, and its properties once checked against its type */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_POLICY_H
#define POLICYTYPES_POLICY_H

#include "base/node.h"
#include "policytypes/catalogue.h"

/* A checked property under its canonical (today's) name. */
struct policy_property {
	struct str name;
	const struct node *value; /* as written, or the type's default */
	const struct property *definition;
};

struct policy {
	struct policy *next;
	struct str name;                    /* for a bare body: "FILE" or "FILE#n" */
	struct str version;                 /* "1.0.0" when the document gives none and the body is bare */
	struct str type_name, type_version; /* as written; type_version absent when not given */
	const struct type *type;            /* after policy_check; NULL before, or when unknown */
	bool bare;
	bool bad;                             /* had errors: later passes leave it out */
	uint32_t order;                       /* load order */
	const struct node *root;              /* of its document */
	const struct node *node;              /* the policy's body */
	const struct node *properties;        /* as written, may be NULL */
	const struct node *metadata;          /* may be NULL */
	const struct policy_property *values; /* after policy_check */
	size_t value_count;
};

struct policy_list {
	struct policy *first, *last;
	size_t count;
};

/*
 * Strict mode: finds the policy's type and checks its properties against it: declared (an undeclared one is an error, except
 * `target` on guard types), required, types, entry_schema, constraints, valid data types; defaults filled in. Scalars are
 * what the type says: for `string` a number or boolean scalar is its text as written; for `integer` only an integer; for
 * `boolean` only true and false; `yes` is refused. Names of both generations are accepted on the types of both and made
 * canonical: controlLoopName -> id, time_range -> timeRange, min_vf_module_instances -> min, max_vf_module_instances -> max;
 * time_window (scalar-unit.time) stays beside timeWindow + timeUnits. Both forms of one property is an error.
 * source  ONAP's policy types of both generations; doc/compatibility.md
 * Returns true when the policy is of a known type and had no errors. policy->type stays NULL for an unknown type, which is
 * an error, or a warning when it is another domain's (policytypes/unknown_type.h).
 */
bool policy_check(struct policy *policy, const struct catalogue *catalogue, struct arena *arena, struct diags *diags);

/* The checked value under a canonical name, or NULL. Strict mode only. */
const struct node *policy_get(const struct policy *policy, const char *name);

/* Metadata text under `key`, absent when there is none. */
struct str policy_metadata(const struct policy *policy, const char *key);

/* Whether the author of a policy has seen a finding and wants it: metadata `allow` is its id, or a list with it. */
bool metadata_allows(const struct node *metadata, const char *id);

/* Checks one value against a schema as policy_check does; for other documents with typed values. True when it fits. */
bool schema_check(const struct schema *schema, const struct node *value, const struct catalogue *catalogue,
                  struct diags *diags);

#endif
