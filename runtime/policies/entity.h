/* entity - a TOSCA entity of the policy API: taken from a request, kept as JSON, told as ONAP's policy API tells it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_ENTITY_H
#define RUNTIME_POLICIES_ENTITY_H

#include "base/text.h"
#include "runtime/model/concept.h"

/* In the order in which a template is read: what others refer to comes first. */
enum entity_kind {
	ENTITY_DATA_TYPE,
	ENTITY_NODE_TYPE,
	ENTITY_POLICY_TYPE,
	ENTITY_NODE_TEMPLATE,
	ENTITY_POLICY,
	ENTITY_KINDS
};

/*
 * Texts and nodes live in the arena of whoever made it. `given` is the entity as a request has it; `kept` as the database
 * holds it: with its name, the defaults filled in, constraints as text. One of the two is absent until it is asked for.
 */
struct tosca_entity {
	struct tosca_entity *next;
	enum entity_kind kind;
	struct concept id;
	struct concept type; /* of a node template or policy; the version may be absent */
	const struct node *given;
	struct str kept;
	struct str source; /* JSON as the engine reads it: what was given, with what it left out */
};

/* A section's name in a service template: "data_types"; the last two stand under topology_template. */
extern const char *const entity_section[ENTITY_KINDS];

/*
 * The entities of a template's section, in the order of the template. ret_list: in `arena`, NULL for none.
 * errors  ERROR_TYPE  the section or an entity has the wrong shape;  ERROR_RANGE  a name or version has the wrong form;
 *         ERROR_MEMORY
 */
int entities_read(const struct node *root, enum entity_kind kind, struct arena *arena, struct tosca_entity **ret_list,
                  struct error *err);

/*
 * Fills `kept` and `source` from `given`. loose: a property of a type that does not say whether it is required is not, as ONAP's
 * policy API takes it; else TOSCA's default holds. 0 or -ERROR_MEMORY
 */
int entity_keep(struct tosca_entity *entity, bool loose, struct arena *arena);

/* Fills in id, type and given of an entity from what was kept. False when out of memory or the text is damaged. */
bool entity_recall(struct tosca_entity *entity, struct arena *arena);

/* Both texts as one row, and back. */
struct str entity_row(const struct tosca_entity *entity, struct arena *arena);
void entity_split_row(struct tosca_entity *entity, struct str row);

/* The entity as the answer to its creation repeats it: as it was given, with its name and version. */
void entity_echo(struct text *out, const struct tosca_entity *entity, bool loose);

/* Whether two kept entities say the same, in whatever order. Numbers are equal by value. */
bool entity_same(struct str kept, struct str other, struct arena *arena);

#endif
