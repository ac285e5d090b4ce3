/* operational_priv - what the compilers of the forms share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_OPERATIONAL_OPERATIONAL_PRIV_H
#define ENGINE_OPERATIONAL_OPERATIONAL_PRIV_H

#include "engine/operational/operational.h"

/*
 * The rules, at the severities of the common column. Numbers that are missing here are checked elsewhere or are no
 * findings: 18 and 21 are how routes are read, 22 is found by 20.
 */
#define OPV_RULES(X) \
	X(00, ERROR, "well-formed YAML, one policy, no duplicate keys") \
	X(01, ERROR, "the control loop id is present and not blank") \
	X(02, ERROR, "the overall timeout is an integer of at least 1 s") \
	X(03, ERROR, "abatement is a boolean") \
	X(04, ERROR, "a trigger is present") \
	X(05, ERROR, "the trigger names an operation") \
	X(06, ERROR, "the trigger is no final but final_openloop") \
	X(07, WARNING, "an open loop has no operations") \
	X(08, ERROR, "there are operations") \
	X(09, ERROR, "an operation has an id") \
	X(10, ERROR, "operation ids are unique") \
	X(11, ERROR, "an operation id is no result and no final") \
	X(12, ERROR, "an operation has an actor") \
	X(13, ERROR, "an operation has an operation name") \
	X(14, ERROR, "an operation has a target and target type") \
	X(15, ERROR, "the target type is known") \
	X(16, ERROR, "an operation's timeout is an integer of at least 1 s") \
	X(17, ERROR, "retries is an integer of at least 0") \
	X(19, ERROR, "a route leads to an operation") \
	X(20, ERROR, "a final stands only in its own route") \
	X(23, WARNING, "an operation is reachable from the trigger") \
	X(24, ERROR, "routes make no cycle") \
	X(25, WARNING, "the overall timeout covers the longest path") \
	X(26, ERROR, "the actor is known") \
	X(27, ERROR, "the actor has the operation") \
	X(29, ERROR, "the entity ids that the operation needs are given") \
	X(30, ERROR, "the payload that the operation needs is given") \
	X(31, WARNING, "payload and entity ids are texts") \
	X(32, WARNING, "keys are known") \
	X(33, ERROR, "payload values that must be JSON are JSON") \
	X(34, WARNING, "payload values that should be JSON are JSON") \
	X(35, ERROR, "one policy for a control loop id") \
	X(36, ERROR, "targets are node templates or groups of the document") \
	X(38, INFO, "abatement is ignored in this form") \
	X(39, ERROR, "the version of an El Alto control loop is 2.0.0") \
	X(40, ERROR, "nested directives of one id are equal, nesting is at most 16") \
	X(41, ERROR, "a nested policy names its onset event") \
	X(42, ERROR, "a trigger has an event") \
	X(43, ERROR, "a trigger has exactly one call_operation") \
	X(44, ERROR, "a trigger's condition is one that events can answer") \
	X(45, ERROR, "a schedule is a pair of times") \
	X(46, ERROR, "a route has one listener") \
	X(47, ERROR, "triggers do not stand under a flat policy type")

enum opv {
#define X(number, severity, text) OPV_##number,
	OPV_RULES(X)
#undef X
		OPV_COUNT
};

#define NESTING_MAX 16
#define SECONDS_MAX INT32_MAX
#define DIRECTIVES_MAX 10000 /* in a policy: bounds the work of looking them up */

/* A directive on its way: with the nodes that findings point at and the routes as names. */
struct draft {
	struct draft *next;
	struct directive directive;
	const struct node *node;                /* the whole */
	const struct node *route[RESULT_COUNT]; /* what a route was read from */
	struct str route_text[RESULT_COUNT];    /* id or final; absent: its own final */
	bool nameless;                          /* it has no id: directive.id is only for paths */
	uint32_t position;
	/* of the graph's walk */
	enum { DRAFT_NEW, DRAFT_OPEN, DRAFT_DONE } state;
	int next_route;
	int32_t index;                        /* place in the table, -1 until walked */
	struct draft *to[RESULT_COUNT];       /* NULL: final */
	struct draft *caller;                 /* the walk's way back */
	int64_t longest_s, longest_retries_s; /* longest path from here, without and with retries */
};

struct compiler {
	const struct policy *policy; /* NULL for El Alto documents */
	const struct type *type;     /* its type, or NULL */
	const struct registry *registry;
	struct arena *arena;
	struct diags *diags;
	struct operational *ret;
	struct draft *first, *last;
	size_t drafts;
	struct draft **by_id; /* sorted by id, the first in the document first; NULL before index_drafts */
	size_t indexed;
	const struct node *body; /* where policy level findings point */
	struct str trigger;      /* id or final */
	const struct node *trigger_node;
	bool runs_nothing; /* an open loop that is meant so */
	bool failed;       /* an error was found */
	bool too_many;     /* DIRECTIVES_MAX was passed, and reported */
};

/* Adds a finding of a rule, path in the common form (NULL: none, as when out of memory). where: its place. */
void opv_report(struct compiler *c, enum opv rule, const struct node *where, const char *path, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void opv_report_as(struct compiler *c, enum opv rule, enum severity severity, const struct node *where,
                   const char *path, const char *format, ...) __attribute__((format(printf, 6, 7)));
void opv_no_memory(struct compiler *c);

/* "<operation>.<field>", or "<operation>" when field is NULL. In the compiler's arena. */
const char *opv_path(struct compiler *c, struct str operation, const char *field);

/* Not there, null, or an empty map, list or text: what counts as absent in triggers. */
bool field_empty(const struct node *node);
/* A scalar's text, absent when it is no scalar, null or blank. */
struct str field_text(const struct node *node);
/* Copies into the compiler's arena. */
struct str field_keep(struct compiler *c, struct str text);
/* Whole seconds of at least 1, as integer or, with units, also as scalar-unit.time. 0 after a finding of `rule`. */
int32_t field_seconds(struct compiler *c, enum opv rule, const struct node *node, const struct node *owner,
                      const char *path, bool units);
int32_t field_retries(struct compiler *c, const struct node *node, const char *path);
/* Target type by name; a finding when it is none. vnfc: VNFC is a type of this form. */
enum target_type field_target(struct compiler *c, const struct node *node, const struct node *owner,
                              struct str operation, bool vnfc);
/* A map of texts; any: of any values. */
struct entries field_entries(struct compiler *c, const struct node *map, struct str operation, const char *field,
                             bool any);
/* A finding for each key of the map that is not in the list (NULL at its end). prefix: path of the map, NULL for none.
 */
void field_unknown(struct compiler *c, const struct node *map, const char *const known[], const char *prefix);

/* A new draft at the end of the table, or NULL. */
struct draft *draft_new(struct compiler *c, const struct node *node);
/* Reads the six routes as scalars under their names in `map`. */
void draft_routes(struct compiler *c, struct draft *draft, const struct node *map);
/* Checks id, actor, operation and what the registry says of them. owner: where a missing one would stand. */
void draft_check(struct compiler *c, struct draft *draft, const struct node *owner);

/* A property of the policy, or its type's default. NULL when absent or null. */
const struct node *policy_property(const struct compiler *c, const char *name);

/* The declaration under `key` beside the properties of the type, or of its nearest ancestor that has any; or NULL. */
const struct node *type_declares(const struct type *type, const char *key);

/*
 * Names of the policy's `targets` must be node templates or groups of its document, of the types that `targets` of its
 * type name, if that names any.
 */
void policy_targets(struct compiler *c);

/* The forms: policy level fields and drafts. */
void compile_flat(struct compiler *c);
void compile_nested(struct compiler *c);
void compile_trigger(struct compiler *c, const struct node *triggers);
void compile_el_alto(struct compiler *c, const struct node *root);

/* The condition, schedule and counting of the trigger that hears the ONSET. */
/* The policy's `targets`, which have been checked, as the names of what its ONSETs must be about. target_names.c */
void target_names_read(struct compiler *c, const struct node *targets);
/* The enum target_type that a name such as VNF or my.types.VNF means; -1: none. */
int target_type_named(struct str node);
/* Reads target_filter.node into the gate: a target type, or templates and groups by name or type. */
void gate_node(struct compiler *c, const struct node *trigger, struct gate *gate);
const struct gate *compile_gate(struct compiler *c, const struct node *trigger);
/* Reports the keys of a gate on a trigger that hears no ONSET. */
void refuse_gate(struct compiler *c, const struct node *trigger);

/* Policy level fields common to the forms. */
void policy_id(struct compiler *c, const struct node *id);
void policy_abatement(struct compiler *c, const struct node *abatement, bool waits);

/* Sorts the drafts by id and reports ids that stand twice. False when out of memory. */
bool index_drafts(struct compiler *c);
/* The first draft with this id, or NULL. After index_drafts. */
struct draft *draft_find(const struct compiler *c, struct str id);

/* Resolves the routes, walks the graph, and lays the drafts out as the table. */
void compile_graph(struct compiler *c);

/* JSON text of a tree, in `arena`; absent when out of memory. */
struct str node_json(const struct node *node, struct arena *arena);

#endif
