/* registry - the actors, what each can do, to what, and what it needs for it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_OPERATIONAL_REGISTRY_H
#define ENGINE_OPERATIONAL_REGISTRY_H

#include "base/node.h"

/* The kinds of targets of an operation. VNFC is seed 003's; it is resolved as VM. */
#define TARGET_TYPES(X) X(VNF) X(VM) X(VFMODULE) X(PNF) X(VNFC)

enum target_type {
#define X(name) TARGET_##name,
	TARGET_TYPES(X)
#undef X
		TARGET_COUNT
};

extern const char *const target_type_name[TARGET_COUNT];

/* By name in any letter case, or -1. */
int target_type_find(struct str name);

struct names {
	const struct str *list;
	size_t count;
};

/* The abilities of an actor. Lists may be empty. */
struct capability {
	struct str operation;           /* ".*": any other name as well */
	unsigned targets;               /* bits 1 << enum target_type that make sense; 0: all */
	bool other_targets_warn;        /* for another type it runs in a poorer way: worth a warning */
	bool own;                       /* a document's, not a built-in one */
	struct names entity_ids;        /* keys of entityIds that must be given */
	struct names entity_ids_if_any; /* must be given when any is given, for a VNF */
	struct names payload;           /* keys of the payload that must be given */
	struct names payload_json;      /* keys whose value must be JSON text, when given */
	bool payload_all_json;          /* every value should be JSON text */
	int8_t vf_change;               /* what success does to the number of VF modules */
	struct capability *next;
};

struct actor {
	struct str id, description;
	struct capability *capabilities;
	struct actor *next;
	bool builtin;
};

/* Lives in one arena; const once filled. */
struct registry;

/* With the built-in actors. NULL when out of memory (or the built-in data is broken: our own mistake, in diags). */
struct registry *registry_new(struct arena *arena, struct diags *diags);

/* A registry of its own with what `base` has, to be added to; texts are shared, so base must outlive it. NULL when out of memory. */
struct registry *registry_copy(const struct registry *base, struct arena *arena);

/*
 * Adds the actors of a service template: topology_template.node_templates of node type onap.nodetype.controlloop.Actor,
 * or of a type of this document that derives from it. A known id gains capabilities; one that is known is replaced.
 * Texts are copied.
 */
void registry_add(struct registry *registry, const struct node *template_root, struct diags *diags);

const struct actor *registry_first(const struct registry *registry);
const struct actor *registry_actor(const struct registry *registry, struct str id);

/* The named operation, else the actor's ".*", else NULL. */
const struct capability *actor_capability(const struct actor *actor, struct str operation);

/* The only actor that names this operation; NULL when there is none or more than one. */
const struct actor *registry_actor_of(const struct registry *registry, struct str operation);

#endif
