/* operational - operational policies of every form as one table of directives */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_OPERATIONAL_OPERATIONAL_H
#define ENGINE_OPERATIONAL_OPERATIONAL_H

#include "engine/operational/registry.h"
#include "guards/guard.h"
#include "policytypes/policy.h"

/* The possible results of an operation, in the order of the routes: name, route, result, outcome in the operation history. */
#define OPERATIONAL_RESULTS(X) \
	X(SUCCESS, "success", "SUCCESS", "Success") \
	X(FAILURE, "failure", "FAILURE", "Failure") \
	X(FAILURE_TIMEOUT, "failure_timeout", "FAILURE_TIMEOUT", "Failure_Timeout") \
	X(FAILURE_RETRIES, "failure_retries", "FAILURE_RETRIES", "Failure_Retries") \
	X(FAILURE_EXCEPTION, "failure_exception", "FAILURE_EXCEPTION", "Failure_Exception") \
	X(FAILURE_GUARD, "failure_guard", "FAILURE_GUARD", "Failure_Guard")

enum result {
#define X(name, route, text, outcome) RESULT_##name,
	OPERATIONAL_RESULTS(X)
#undef X
		RESULT_COUNT
};

extern const char *const result_route[RESULT_COUNT];   /* "success" ... */
extern const char *const result_name[RESULT_COUNT];    /* "SUCCESS" ... */
extern const char *const result_outcome[RESULT_COUNT]; /* "Success" ... */
extern const char *const result_final[RESULT_COUNT];   /* "final_success" ... */

/* The final's result by name in any letter case; RESULT_COUNT for final_openloop; -1 when it is no final. */
int final_find(struct str name);

#define FINAL_OPENLOOP "final_openloop"

/* One value of a payload. json: value is JSON text of something that is no text (only nested policies have these). */
struct entry {
	struct str key, value;
	bool json;
};

struct entries {
	const struct entry *list; /* in the document's order */
	size_t count;
};

/* The value under `key`, absent when there is none. */
struct str entries_get(struct entries entries, const char *key);

#define ROUTE_FINAL (-1) /* the route's own final */

/* One operation to perform, and where to go after it. */
struct directive {
	struct str id;
	struct str actor, operation;
	enum target_type target_type;
	struct entries entities, payload, parameters;
	int32_t timeout_s; /* of each attempt */
	int32_t retries;   /* attempts after the first */
	int8_t vf_change;  /* what success does to the number of VF modules: +1, -1, 0 when it does not count them */
	int32_t route[RESULT_COUNT]; /* index of the next directive, or ROUTE_FINAL */
	uint32_t line, column;
};

/* A condition over an event. */
struct clause {
	enum {
		CLAUSE_AND,
		CLAUSE_OR,
		CLAUSE_NOT,
		CLAUSE_EQUAL,
		CLAUSE_GREATER,
		CLAUSE_GREATER_EQUAL,
		CLAUSE_LESS,
		CLAUSE_LESS_EQUAL
	} kind; /* CLAUSE_EQUAL: to any of the values */
	struct str attribute;
	const struct str *values;
	size_t value_count;
	const struct clause *first, *next; /* children of and, or, not (of which none may hold) */
};

/* Names of entities, as events call them; count 0: any. */
struct target_names {
	const struct str *list;
	size_t count;
};

/* When an ONSET may start the loop; all parts must hold. Only trigger policies have one. */
struct gate {
	struct target_names nodes; /* target_filter.node: what the event must be about */
	unsigned target_types;     /* target_filter.node is a type of targets: bits of enum target_type; 0: any */
	bool has_schedule;
	struct time_range schedule;     /* instants: the end is exclusive */
	const struct clause *condition; /* a CLAUSE_AND, or NULL */
	int64_t period_ms;              /* with evaluations > 1 */
	uint32_t evaluations;           /* ONSETs of one AAI map within the period, counting this one; 1 for none */
};

#define GATE_EVALUATIONS_MAX 1000

enum operational_form { FORM_FLAT, FORM_NESTED, FORM_TRIGGER, FORM_EL_ALTO };

/* A compiled operational policy. In the arena given to the compiler; const. */
struct operational {
	struct operational *next;   /* for lists of the caller */
	struct str policy, version; /* version absent for bare bodies and El Alto documents */
	struct str id;              /* control loop id */
	enum operational_form form;
	int32_t timeout_s;                  /* overall */
	bool abatement;                     /* as written */
	bool waits_for_abated;              /* a successful final is held until ABATED (Common 2.0.0) */
	int32_t trigger;                    /* index of the first directive, -1 for an open loop */
	const struct directive *directives; /* depth first from the trigger in route order, then those nobody reaches */
	size_t count;
	struct target_names targets; /* what its ONSETs must be about */
	const struct gate *gate;     /* or NULL */
	const char *file;
	uint32_t line, column;
};

/*
 * True when clguard runs the policy as an operational one: its type is an operational type or derives from
 * operational.Common, or it is a bare body without a type whose shape tells. policy->type may be NULL.
 */
bool operational_is(const struct policy *policy);

/*
 * Checks the policy by rules OPV-01 to OPV-47 and compiles it; policy_check need not have run. Findings carry the code
 * and, as path, the place in the common form ("restart.timeout"). False when there was an error; ret is set only when
 * true. registry: the actors known; NULL: the built-in ones and the node templates of the policy's own document (slow,
 * for a few). catalogue may be NULL: then properties of derived types are not known.
 */
bool operational_compile_known(const struct policy *policy, const struct catalogue *catalogue,
                               const struct registry *registry, struct arena *arena, const struct operational **ret,
                               struct diags *diags);
bool operational_compile(const struct policy *policy, const struct catalogue *catalogue, struct arena *arena,
                         const struct operational **ret, struct diags *diags);

/* The same for the root of an El Alto document (keys controlLoop, policies). */
bool operational_compile_document(const struct node *root, const struct registry *registry, struct arena *arena,
                                  const struct operational **ret, struct diags *diags);

/*
 * Everything operational in a document's tree of any kind (service template, bare body, El Alto), appended to *tail;
 * other policies are passed over. A tree that is none of these is an error. False when there was an error.
 */
bool operational_compile_tree(const struct node *root, const struct catalogue *catalogue,
                              const struct registry *registry, struct arena *arena, struct operational ***tail,
                              struct diags *diags);

/* The policies of a list by control loop id. */
struct operational_index {
	const struct operational **list;
	size_t count;
};

/* 0, or -1 when out of memory. */
int operational_index_build(struct operational_index *index, const struct operational *list, struct arena *arena);

/* The policy of a control loop (any one, where there are two), or NULL. */
const struct operational *operational_find(const struct operational_index *index, struct str id);

/* OPV-35: two policies of the list for one control loop id. False when there are. */
bool operational_unique(const struct operational *list, struct diags *diags);

/* Hints that `check` gives beyond the rules: a failure route that retries make dead. */
void operational_hints(const struct operational *policy, struct diags *diags);

#endif
