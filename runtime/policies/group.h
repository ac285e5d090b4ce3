/* group - groups of policy decision points (PDPs): their subgroups, and which policies each subgroup has */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_GROUP_H
#define RUNTIME_POLICIES_GROUP_H

#include "runtime/rows/txn.h"

/* A list of names with versions that grows in the txn's arena. */
struct concepts {
	struct concept *items;
	size_t count, room;
};

void concepts_add(struct txn *txn, struct concepts *list, struct concept id);
bool concepts_drop(struct concepts *list, struct concept id); /* false when it was not there */
bool concepts_has(const struct concepts *list, struct concept id);

/* Those of a JSON list of {name, version}; what has another shape is left out. */
struct concepts concepts_read(struct txn *txn, const struct node *list);

/* [{"name":..,"version":..},...] */
void concepts_write(struct text *out, const struct concepts *list);

struct pdp_subgroup {
	struct str type;           /* pdpType */
	struct concepts supported; /* policy types; a name may end in ".*" */
	struct concepts policies;  /* deployed, in the order of deployment */
	int64_t desired;
	struct str properties; /* JSON */
};

struct pdp_group {
	struct pdp_group *next;
	struct str name, description; /* description may be absent */
	struct str state;             /* ACTIVE, PASSIVE */
	struct str properties;        /* JSON */
	struct pdp_subgroup *subgroups;
	size_t count;
};

/* NULL when there is none. In the txn's arena. */
struct pdp_group *group_load(struct txn *txn, struct str name);
void group_save(struct txn *txn, const struct pdp_group *group);
void group_remove(struct txn *txn, struct str name);

/* All groups by name. */
struct pdp_group *groups_list(struct txn *txn);

/* A group as a JSON object says it, which is not held against anything yet. NULL when out of memory. */
struct pdp_group *group_read(struct txn *txn, const struct node *node);

/* The subgroup for a kind of PDP, or NULL. */
struct pdp_subgroup *group_subgroup(const struct pdp_group *group, struct str type);

/* Whether the subgroup takes policies of a type. */
bool subgroup_supports(const struct pdp_subgroup *subgroup, struct concept type);

/* The group and subgroup whose PDP clguard itself is, or NULL: its policies are in force here. */
struct pdp_group *group_own(struct txn *txn, struct pdp_subgroup **ret_subgroup);
bool group_is_own(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup);

/* The group that is there from the start. */
void group_seed(struct txn *txn);

#endif
