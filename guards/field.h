/* field - what a question tells beside its attributes, by path: resource.properties.status */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_FIELD_H
#define GUARDS_FIELD_H

#include "base/arena.h"
#include "base/str.h"

struct request;

/*
 * Where a path begins; of two that fit, the first holds. The entity's own members but its type are attributes: subject.id is
 * the actor, action.name the operation, resource.id the target.
 * source  subject, action, resource and context of AuthZEN 1.0
 */
#define FIELD_ROOTS(X) \
	X(SUBJECT_PROPERTIES, "subject.properties.") \
	X(ACTION_PROPERTIES, "action.properties.") \
	X(RESOURCE_PROPERTIES, "resource.properties.") \
	X(CONTEXT, "context.") \
	X(SUBJECT, "subject.") \
	X(RESOURCE, "resource.")

enum field_root {
#define X(name, text) FIELD_##name,
	FIELD_ROOTS(X)
#undef X
		FIELD_ROOTS_COUNT
};

extern const struct str field_root_text[FIELD_ROOTS_COUNT];

#define FIELDS_MOST 256     /* of one question */
#define FIELD_PATH_MOST 128 /* bytes of a path that a policy names */

/* One value. A path may have several, as a list has entries; none of them is absent. */
struct request_field {
	enum field_root root;
	struct str name; /* the path behind its root: "status" */
	struct str value;
};

/* Splits a path; false when it is not one of a field. */
bool field_parse(struct str path, enum field_root *ret_root, struct str *ret_name);

/* The attribute that a path names otherwise (subject.id, action.name, resource.id), or -1. */
int field_attribute(struct str path);

/* The request's first field of this path at or behind `from`, or NULL. */
const struct request_field *field_find(const struct request *request, const struct request_field *from,
                                       enum field_root root, struct str name);

/* Its path, in `arena`; absent when out of memory. */
struct str field_path(const struct request_field *field, struct arena *arena);

/* Copies all texts that a request borrows into `arena`. False when out of memory. */
bool request_copy(struct arena *arena, struct request *request);

#endif
