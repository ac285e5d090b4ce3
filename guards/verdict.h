/* verdict - what a guard or a decision says: effect and reason */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_VERDICT_H
#define GUARDS_VERDICT_H

#include <stddef.h>

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

/* The result of a guard or of a decision, in its wire spelling. */
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

/* One guard's verdict. */
struct verdict {
	enum effect effect;
	enum reason reason;  /* of a Deny; REASON_PERMIT otherwise */
	const char *missing; /* REASON_MISSING_ATTRIBUTE: the attribute's key; static text */
};

/* A Deny for want of a request's attribute. */
static inline void
verdict_missing(struct verdict *verdict, const char *key)
{
	*verdict = (struct verdict){EFFECT_DENY, REASON_MISSING_ATTRIBUTE, key};
}

/* The check itself failed; strict mode makes it a Deny by its setting on_error. */
static inline void
verdict_error(struct verdict *verdict)
{
	*verdict = (struct verdict){EFFECT_INDETERMINATE, REASON_ERROR, NULL};
}

#endif
