/* remedy - changes that may turn a guard's Deny: a kind proposes them, the engine tries them before it tells */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_REMEDY_H
#define GUARDS_REMEDY_H

#include "guards/guard.h"

enum change_kind {
	CHANGE_ATTRIBUTE,    /* of the request */
	CHANGE_FIELD,        /* of the request: one more field */
	CHANGE_VF_COUNT,     /* of the request */
	CHANGE_CURRENT_TIME, /* of the request, onap mode */
	CHANGE_LOOP,         /* of the operation history: a control loop's operations end */
	CHANGE_POLICY
};

/* One change. Texts are the guard's or in the remedy's arena. */
struct change {
	enum change_kind kind;
	const struct guard *guard;   /* that denied without it */
	enum attribute attribute;    /* CHANGE_ATTRIBUTE */
	struct str value;            /* of the attribute; the loop */
	struct request_field field;  /* CHANGE_FIELD */
	int32_t vf_count;            /* CHANGE_VF_COUNT */
	struct time_of_day time;     /* CHANGE_CURRENT_TIME */
	const struct guard *amended; /* CHANGE_POLICY: what the changed policy compiles to */
	struct str edits; /* CHANGE_POLICY: JSON objects, {"set":{property:value}} or {"remove":{property:[...]}} */
	struct str text;  /* what to do, in words */
	bool off;         /* left out, while the engine tries to do without */
};

/* The inputs of a kind that proposes a change. */
struct remedy {
	struct arena *arena;
	const struct env *env;       /* the history as the changes so far leave it */
	struct request request;      /* with the changes so far */
	const struct request *asked; /* without them */
	uint32_t changed;            /* bit 1 << attribute: given by a change; REMEDY_CURRENT_TIME */
	int64_t vf_low, vf_high;     /* the vfCounts that all bounds met so far permit, inclusive */
};

#define REMEDY_CURRENT_TIME (1u << ATTRIBUTE_COUNT)

/* For kinds: fill `ret`, true; false when out of memory or the change was made already. */

/* A value for an attribute that the request lacks. */
bool remedy_attribute(const struct remedy *remedy, enum attribute attribute, struct str value, struct change *ret);

/* A value for a path that the request lacks. */
bool remedy_field(const struct remedy *remedy, const struct request_field *field, struct change *ret);

/* onap: a guard that is out of its time range is asked within it; where that is impossible the range is taken away. */
bool remedy_range(const struct remedy *remedy, const struct guard *guard, struct change *ret);

/* The guard with other data. edit: one JSON object of change.edits; text: what it does. */
bool remedy_policy(const struct remedy *remedy, const struct guard *guard, const void *data, struct str edit,
                   struct str text, struct change *ret);

/*
 * One change that may turn the verdict of a guard that denies; taken together with the others so far it need not do so yet,
 * then the guard is asked again. False when its kind knows none.
 */
bool guard_remedy(const struct guard *guard, const struct verdict *verdict, struct remedy *remedy, struct change *ret);

/* Whether a verdict keeps a request from being permitted. on_error_permit: the policy set's. */
bool verdict_denies(const struct verdict *verdict, enum guard_mode mode, bool on_error_permit);

/*
 * The earliest instant after env->now_ms at which a guard that denies now would not, if time is all that changes: operations
 * under way end with their leases. TIME_NONE when there is none, or it is too many steps away.
 */
int64_t guard_permit_at(const struct guard *guard, const struct request *request, const struct env *env,
                        bool on_error_permit);

/* guard_kind.frees for kinds that depend on the time only through their range. */
int64_t range_frees(const struct guard *guard, const struct request *request, const struct env *env);

#endif
