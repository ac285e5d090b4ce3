/* guard - what every kind of guard shares: request, outside, verdict, the compiled guard */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD_H
#define GUARDS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/pattern.h"
#include "base/str.h"
#include "base/time.h"
#include "guards/field.h"

struct node;
struct policy;

/* How a policy set answers; fixed when it is compiled. */
enum guard_mode { GUARD_STRICT, GUARD_ONAP, GUARD_MODES };

/*
 * The text attributes of a request: name in enum, key in resource.guard, and its name in ONAP's engine, behind
 * ONAP_ATTRIBUTE and in the category resource. The first four are a guard's scope.
 */
#define ATTRIBUTES(X) \
	X(ACTOR, "actor", "actor:actor-id") \
	X(OPERATION, "operation", "operation:operation-id") \
	X(CLNAME, "clname", "clname:clname-id") \
	X(TARGET, "target", "target:target-id") \
	X(VNF_NAME, "generic-vnf.vnf-name", "target:generic-vnf.vnf-name") \
	X(VNF_ID, "generic-vnf.vnf-id", "target:generic-vnf.vnf-id") \
	X(VNF_TYPE, "generic-vnf.vnf-type", "target:generic-vnf.vnf-type") \
	X(NAMING_CODE, "generic-vnf.nf-naming-code", "target:generic-vnf.nf-naming-code") \
	X(VSERVER_ID, "vserver.vserver-id", "target:vserver.vserver-id") \
	X(REGION_ID, "cloud-region.cloud-region-id", "target:cloud-region.cloud-region-id")

#define ONAP_ATTRIBUTE "urn:org:onap:guard:"
/* An integer; and what its information points tell: how many operations ended in a window, and a loop's last outcome. */
#define ONAP_VF_COUNT ONAP_ATTRIBUTE "target:vf-count"
#define ONAP_OPERATION_COUNT ONAP_ATTRIBUTE "operation:operation-count"
#define ONAP_OPERATION_OUTCOME ONAP_ATTRIBUTE "operation:operation-outcome"
#define ONAP_ISSUER "urn:org:onap:xacml:guard:"

enum attribute {
#define X(name, key, onap) ATTRIBUTE_##name,
	ATTRIBUTES(X)
#undef X
		ATTRIBUTE_COUNT
};

#define SCOPE_ATTRIBUTES 4      /* ACTOR, OPERATION, CLNAME, TARGET */
#define ATTRIBUTE_SIZE_MAX 1024 /* bytes of one value */

/* The key of an attribute: "actor" ... "cloud-region.cloud-region-id". */
extern const char *const attribute_key[ATTRIBUTE_COUNT];

/* The attribute with this key, or -1. Keys are compared exactly. */
int attribute_find(struct str key);

/* What is asked. Texts are borrowed from the caller. */
struct request {
	struct str attribute[ATTRIBUTE_COUNT]; /* absent ones have ptr NULL */
	struct str request_id, subrequest_id;  /* for reservations; a decision does not look at them */
	bool has_vf_count;
	int32_t vf_count; /* the count the operation would lead to */
	bool has_current_time;
	struct time_of_day current_time;    /* onap mode only: the request's currentTime */
	const struct request_field *fields; /* what filters may test beside attributes; NULL for none */
	size_t field_count;
};

/* Reasons of a decision, in their wire spelling. Their numbers are kept with reservations. No guard says NOT_ALLOWED or NO_POLICIES. */
#define REASONS(X) \
	X(PERMIT, "permit") \
	X(NO_APPLICABLE_GUARD, "no_applicable_guard") \
	X(LIMIT_REACHED, "limit_reached") \
	X(BLACKLISTED, "blacklisted") \
	X(BELOW_MIN, "below_min") \
	X(ABOVE_MAX, "above_max") \
	X(FILTERED, "filtered") \
	X(BLOCKED_BY_LOOP, "blocked_by_loop") \
	X(MISSING_ATTRIBUTE, "missing_attribute") \
	X(ERROR, "error") \
	X(SHADOW, "shadow") \
	X(NOT_ALLOWED, "not_allowed") \
	X(QUARANTINE, "quarantine") \
	X(NO_POLICIES, "no_policies") \
	X(VERIFYING, "verifying")

enum reason {
#define X(name, text) REASON_##name,
	REASONS(X)
#undef X
		REASON_COUNT
};

extern const char *const reason_name[REASON_COUNT];

/* What a guard or a decision says, in its wire spelling. */
#define EFFECTS(X) \
	X(NOT_APPLICABLE, "not_applicable") \
	X(PERMIT, "permit") \
	X(DENY, "deny") \
	X(INDETERMINATE, "indeterminate")

enum effect {
#define X(name, text) EFFECT_##name,
	EFFECTS(X)
#undef X
		EFFECT_COUNT
};

extern const char *const effect_name[EFFECT_COUNT];

/* What one guard says. */
struct verdict {
	enum effect effect;
	enum reason reason;  /* of a Deny; REASON_PERMIT otherwise */
	const char *missing; /* REASON_MISSING_ATTRIBUTE: the attribute's key; static text */
};

/* Which operations a limiter counts. */
struct count_query {
	struct str actor, operation; /* always present */
	struct str target, clname;   /* absent: not counted by it */
	int64_t since_ms;            /* inclusive: an operation that ended at this instant counts */
	int64_t now_ms;
	uint32_t limit; /* the answer need not be exact above it */
	bool ended_only; /* onap mode: ended in [since, now], outcome known; else also live ones and ends in the future */
	bool whether; /* asks whether the limit is reached: below it any number may be the answer. Without it nothing is kept in memory */
};

/* Why it is not known how much was done. */
enum unknown {
	KNOWN,
	UNKNOWN_QUARANTINE, /* a damaged database was put aside, or rows of the window were pruned (history.h) */
	UNKNOWN_VERIFYING   /* the database is not open yet: it is being verified */
};

struct count_result {
	uint32_t used; /* operations counted, at most limit; asked whether, any number below the limit for fewer */
	int64_t limit_end; /* used == limit: the limit-th newest end, else TIME_NONE. A live operation ends when its lease does */
	enum unknown unknown; /* what was done up to limit_end is not known: taken for `limit` operations */
};

/*
 * Of a control loop. Unknown: in quarantine, while an operation that was under way before it may still be. Verifying: while the
 * database is not open yet.
 */
enum liveness { LIVENESS_IDLE, LIVENESS_LIVE, LIVENESS_UNKNOWN, LIVENESS_VERIFYING };

/*
 * The operation history as guards see it. Each returns a negative error code when the history cannot be read; a guard then
 * fails closed (strict) or as ONAP does. The calls take no lock and allocate nothing.
 */
struct history_view {
	int (*count)(void *context, const struct count_query *query, struct count_result *ret);
	/* Strict: whether an operation of the loop is live at now_ms. ret_until (may be NULL): when the last lease ends, or the quarantine. */
	int (*loop_live)(void *context, struct str clname, int64_t now_ms, int64_t *ret_until);
	/* onap: live when the row of the loop with the latest start has outcome Started, any letter case; idle if not, or no row. */
	int (*loop_started)(void *context, struct str clname);
	void *context;
};

/* All of the outside that a guard may see. */
struct env {
	int64_t now_ms;
	const struct history_view *history;
	struct pattern_scratch *scratch;
};

/* One attribute's part of a scope. */
struct scope_term {
	enum { TERM_ANY, TERM_EXACT, TERM_PATTERN, TERM_LIST } kind;
	bool spellings; /* TERM_PATTERN, strict operations: one with two spellings is tried in both */
	union {
		struct str text;               /* TERM_EXACT */
		const struct pattern *pattern; /* TERM_PATTERN */
		struct {                       /* TERM_LIST: several exact texts, any of which matches */
			const struct str *list;
			size_t list_count;
		};
	};
};

/* A request's attribute that is absent matches TERM_ANY only. */
struct scope {
	struct scope_term term[SCOPE_ATTRIBUTES];
};

/* 1 when the term matches a value that is there, 0 if not, a negative error code when its pattern cannot be decided. */
int scope_term_match(const struct scope_term *term, struct str value, struct pattern_scratch *scratch);

/* 1 when every term matches, 0 if not, a negative error code when a pattern cannot be decided. */
int scope_match(const struct scope *scope, const struct request *request, struct pattern_scratch *scratch);

/* When a guard is in force. */
struct time_range {
	enum {
		RANGE_ALWAYS,
		RANGE_DAILY,    /* start and end in ms of the UTC day, both inclusive; end < start wraps midnight */
		RANGE_INSTANTS, /* start and end are instants, both inclusive (strict) */
		RANGE_ANCHORED, /* onap's 2.0.0 files: UTC ms relative to one date, may be negative or pass a day, no wrap */
		RANGE_BROKEN /* onap: evaluation fails */
	} kind;
	int64_t start, end;
};

enum range_state { RANGE_IN, RANGE_OUT, RANGE_ERROR };

/* Strict mode looks at now_ms only; onap mode at the request's currentTime when it is given. */
enum range_state time_range_state(const struct time_range *range, enum guard_mode mode, const struct request *request,
                                  int64_t now_ms);

/* The first instant after now_ms at which a range that holds now no longer does; TIME_NONE for never. For explanations. */
int64_t time_range_ends(const struct time_range *range, int64_t now_ms);

struct guard;

/* What an explanation of one guard adds to its verdict. Texts: the request's, the guard's, or in the arena given to explain. */
struct explanation {
	struct explanation_value {
		const char *name;
		struct str value;
	} values[12];
	size_t value_count;
	bool has_count;
	uint32_t used, limit;        /* used: all rows that count, more than limit too */
	char window[TIME_TEXT_SIZE]; /* "15 m", empty when there is none */
	/* The engine's part, for a guard that denies. */
	int64_t permit_at; /* earliest instant at which this guard would no longer deny, TIME_NONE when time alone does not help */
	struct str
		change;  /* what this guard needs so that the answer turns; absent when it does not stand in the way */
	struct str note; /* what keeps the guard from being evaluated, absent when nothing does */
};

struct change;
struct remedy;

/* One kind of guard: how a checked policy becomes data, and how the data answers. */
struct guard_kind {
	const char *name;     /* "FrequencyLimiter": in explanations and statistics */
	const char *types[3]; /* policy types it implements, today's first, NULL at the end */
	bool timeless;        /* looks at the time only through the guard's range */
	/* Fills guard->data (and scope, range) from a policy; findings go to diags. False when it had errors. */
	bool (*compile[GUARD_MODES])(const struct policy *policy, struct guard *guard, struct arena *arena,
	                             struct diags *diags);
	/* Pure: scope and, in strict mode, range hold already. ret is zeroed. */
	void (*check[GUARD_MODES])(const struct guard *guard, const struct request *request, const struct env *env,
	                           struct verdict *ret);
	/* Called after check, with its verdict, when somebody asked why: the values compared, counts and window. */
	void (*explain)(const struct guard *guard, const struct request *request, const struct env *env,
	                const struct verdict *verdict, struct arena *arena, struct explanation *ret);
	/* For a guard that denies: see guard_remedy, and guard_permit_at. frees: no later than the first instant that helps. */
	bool (*remedy)(const struct guard *guard, struct remedy *remedy, struct change *ret);
	int64_t (*frees)(const struct guard *guard, const struct request *request, const struct env *env);
};

/* One compiled guard: a policy, or one limit of a constraint of a 2.0.0 file. In the policy set's arena; const once sealed. */
struct guard {
	struct guard *next; /* load order */
	const struct guard_kind *kind;
	enum guard_mode mode;
	const void *data; /* the kind's own */
	struct scope scope;
	struct time_range range;
	bool legacy;                /* from a 2.0.0 file */
	bool shadow;                /* evaluated and reported, never denies */
	bool inert;                 /* onap: the reference cannot evaluate it: indeterminate for every request */
	uint32_t order;             /* load order, from 0 */
	struct str policy, version; /* version absent for 2.0.0 guards and bare bodies */
	const char *file;           /* of the tree while compiling, then of the policy set */
	struct str label;           /* sealed: what its explanation begins with, see explanation_label */
	const char *owner;          /* whose set of policies it belongs to; NULL: everybody's */
	const char *allow;          /* ids of findings that its author has allowed, a blank after each; NULL for none */
	uint32_t line, column;
	const struct hash_key
		*key; /* for tables that outsiders probe; borrowed while compiling, NULL for the zero key */
};

/* Metadata `allow` for guard->allow, in `arena`. False when out of memory. */
bool guard_allow_compile(const struct node *metadata, struct arena *arena, const char **ret);

/* Whether the guard's author has allowed the finding with this id. */
bool guard_allows(const struct guard *guard, const char *id);

/* Whether its answer is the same at all times, env->now_ms may then be anything. */
bool guard_is_timeless(const struct guard *guard);

/* Time range (strict) and check of a guard whose scope is known to match. An inert guard is indeterminate. */
void guard_ask(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret);

/* scope_match, then guard_ask. A pattern that cannot be decided is indeterminate. */
void guard_evaluate(const struct guard *guard, const struct request *request, const struct env *env,
                    struct verdict *ret);

/*
 * Whether a policy type is a guard, and of which kind: strict mode follows derived_from, onap mode takes today's five names
 * at exactly 1.0.0. NULL when it is none.
 */
const struct guard_kind *guard_kind_of(const struct policy *policy, enum guard_mode mode);

/* All kinds, in the order of the table, NULL at the end. */
extern const struct guard_kind *const guard_kinds[];

/*
 * Compiles one policy (checked by policy_check in strict mode; straight from its properties in onap mode).
 * key: becomes the guard's, copied by what needs it. ret: in `arena`. False, with findings, when it had errors.
 */
bool guard_compile(const struct policy *policy, const struct guard_kind *kind, enum guard_mode mode,
                   struct arena *arena, const struct hash_key *key, struct guard **ret, struct diags *diags);

/* Strict: seed 003's spellings VFModuleCreate, VFModuleDelete, reroute to ONAP's; any other text unchanged. */
struct str operation_canonical(struct str operation);

#endif
