/* authzen - the bodies of AuthZEN 1.0's questions as what the engine asks for */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_AUTHZEN_H
#define API_BODIES_AUTHZEN_H

#include "base/node.h"
#include "guards/field.h"
#include "guards/guard.h"

/*
 * {subject: {type, id, properties?}, action: {name, properties?}, resource: {type, id, properties?}, context?}: the
 * subject's id is the actor, the action's name the operation, the resource's id the target. Properties and the context
 * become fields: maps in them make longer paths, lists several values, null none. In the resource's properties and in
 * the context clname (or closedLoopName), vfCount, requestId, subrequestId and the fields of ONAP's inventory are the
 * attributes of these names too. Unknown members are ignored.
 * source  OpenID AuthZEN Authorization API 1.0
 */
enum authzen_part { AUTHZEN_SUBJECT, AUTHZEN_ACTION, AUTHZEN_RESOURCE, AUTHZEN_CONTEXT, AUTHZEN_PARTS };

extern const char *const authzen_part_name[AUTHZEN_PARTS];

struct authzen_entity {
	bool given;
	struct str type, id;   /* an action has no type, and its id is its name; a context has neither */
	bool listed;           /* it has properties */
	unsigned first, count; /* its fields in the question's list */
};

/* The attribute that a field is as well: none, one of these, or FIELD_USE_ATTRIBUTE and its number behind them. */
enum field_use {
	FIELD_USE_NONE,
	FIELD_USE_VF_COUNT,
	FIELD_USE_REQUEST_ID,
	FIELD_USE_SUBREQUEST_ID,
	FIELD_USE_ATTRIBUTE
};

/* A question, or some parts of one. Texts are borrowed from the body or the tree, or made in the arena of the call. */
struct authzen_question {
	struct authzen_entity part[AUTHZEN_PARTS];
	unsigned count;
	struct request_field fields[FIELDS_MOST];
	uint8_t use[FIELDS_MOST]; /* of each field */
};

/* How a batch ends. */
#define AUTHZEN_SEMANTICS(X) \
	X(EXECUTE_ALL, "execute_all") \
	X(DENY_ON_FIRST_DENY, "deny_on_first_deny") \
	X(PERMIT_ON_FIRST_PERMIT, "permit_on_first_permit")

enum authzen_semantic {
#define X(name, text) AUTHZEN_##name,
	AUTHZEN_SEMANTICS(X)
#undef X
		AUTHZEN_SEMANTIC_COUNT
};

struct authzen_item {
	struct request request;
	const struct error *err; /* what is wrong with it; NULL: nothing */
};

struct authzen_batch {
	struct authzen_question base; /* its parts are the items' where those do not give them: whole, not merged */
	struct authzen_item *items;   /* in the arena */
	size_t count;                 /* 0: the base is the one question */
	enum authzen_semantic semantic;
	bool explain; /* options.explain */
};

/* The use of a field of this name behind its root. */
unsigned authzen_field_use(enum field_root root, struct str name);

/*
 * The parts of a question; which of them it must have is not looked at.
 * errors  ERROR_TYPE, ERROR_MISSING (type, id, name), ERROR_LIMIT, ERROR_MEMORY, with the place
 */
int authzen_read(const struct node *root, struct arena *arena, struct authzen_question *ret, struct error *err);

/* As authzen_read, but the part `sought` needs no id or name, and an action none at all. */
int authzen_read_search(const struct node *root, enum authzen_part sought, struct arena *arena,
                        struct authzen_question *ret, struct error *err);

/* One part from its node: an entity of a search. errors  as authzen_read */
int authzen_read_part(const struct node *node, enum authzen_part part, struct arena *arena,
                      struct authzen_question *ret, struct error *err);

/* options.explain. errors  ERROR_TYPE */
int authzen_read_explain(const struct node *root, bool *ret, struct error *err);

/*
 * What a question asks; base: gives the parts that it lacks, may be NULL. Fields are in `arena`, other texts borrowed.
 * errors  ERROR_MISSING, ERROR_DUPLICATE (an attribute given twice), ERROR_TYPE (vfCount), ERROR_LIMIT, ERROR_MEMORY
 */
int authzen_request(const struct authzen_question *question, const struct authzen_question *base, enum guard_mode mode,
                    struct arena *arena, struct request *ret, struct error *err);

/*
 * The body of a batch, of at most `most` items. What is wrong with one item is that item's error.
 * errors  those of authzen_read for what is wrong with the whole
 */
int authzen_read_batch(const struct node *root, enum guard_mode mode, size_t most, struct arena *arena,
                       struct authzen_batch *ret, struct error *err);

/*
 * The usual bodies, read in one pass; false for any other, good or bad: the functions above read those, and a fuzz
 * target holds both to one answer. body: REQUEST_SCAN_SLACK zero bytes follow.
 */
bool authzen_scan(struct str body, enum guard_mode mode, struct arena *arena, struct request *ret);
bool authzen_scan_batch(struct str body, enum guard_mode mode, size_t most, struct arena *arena,
                        struct authzen_batch *ret);

#endif
