/* guard2_priv - what the files of the 2.0.0 reader share: findings, forms, what was read */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_GUARD2_PRIV_H
#define GUARDS_GUARD2_PRIV_H

#include "base/node.h"
#include "guards/guard.h"

/* Severity in a mode where the rule does not hold. */
#define SILENT (-1)

/*
 * All findings: name, code, severity in strict and in onap mode, whether the reference's compiler throws, text.
 * 01 to 09 are the reference's messages to the letter, with its levels. source  Control Loop Guard compiler rules 1
 * to 8 10 to 12 are what its loader and generator die of; the rest are rules of the Control Loop Guard's README, and
 * values.
 */
#define GUARD2_FINDINGS(X) \
	X(EMPTY, "GUARD2-01", SEVERITY_ERROR, SEVERITY_ERROR, true, "Could not parse yaml specification.") \
	X(NO_GUARD, "GUARD2-02", SEVERITY_ERROR, SEVERITY_ERROR, true, \
	  "Yaml could not parse specification into required ControlLoopGuard object") \
	X(NULL_GUARD, "GUARD2-03", SEVERITY_ERROR, SEVERITY_ERROR, true, "ControlLoop Guard cannot be null") \
	X(NULL_VERSION, "GUARD2-04", SEVERITY_ERROR, SEVERITY_ERROR, false, "Guard version cannot be null") \
	X(NO_POLICY, "GUARD2-05", SEVERITY_ERROR, SEVERITY_ERROR, false, \
	  "ControlLoop Guard should have at least one guard policies") \
	X(NULL_POLICIES, "GUARD2-06", SEVERITY_ERROR, SEVERITY_ERROR, true, "Guard policies should not be null") \
	X(SAME_POLICY, "GUARD2-07", SEVERITY_WARNING, SEVERITY_WARNING, false, "There are duplicate guard policies") \
	X(NO_CONSTRAINT, "GUARD2-08", SEVERITY_ERROR, SEVERITY_ERROR, true, \
	  "Guard policy %s does not have any limit constraint") \
	X(SAME_CONSTRAINT, "GUARD2-09", SEVERITY_WARNING, SEVERITY_WARNING, false, \
	  "Guard policy %s has duplicate limit constraints") \
	X(UNKNOWN_KEY, "GUARD2-10", SEVERITY_ERROR, SEVERITY_ERROR, false, "unknown key '%s' in %s") \
	X(FORM, "GUARD2-11", SEVERITY_ERROR, SEVERITY_ERROR, false, "%s cannot be a value of type %s") \
	X(NO_MATCH, "GUARD2-12", SEVERITY_ERROR, SEVERITY_ERROR, false, "a guard policy needs '%s'") \
	X(DIALECTS, "GUARD2-13", SILENT, SEVERITY_ERROR, false, \
	  "'%s' is of another dialect than the keys before it: no release of the reference reads this document") \
	X(VERSION, "GUARD2-14", SEVERITY_ERROR, SILENT, false, "the version of the guard must be 2.0.0, not '%s'") \
	X(NO_NAME, "GUARD2-15", SEVERITY_ERROR, SILENT, false, "a guard policy needs '%s'") \
	X(SAME_ID, "GUARD2-16", SEVERITY_ERROR, SILENT, false, "a guard policy before has the id '%s' too") \
	X(NO_LIMIT, "GUARD2-17", SEVERITY_ERROR, SEVERITY_WARNING, false, \
	  "the limit constraint has neither a limiter nor a blacklist") \
	X(HALF_LIMITER, "GUARD2-18", SEVERITY_ERROR, SEVERITY_ERROR, false, "the limiter has %s but no %s") \
	X(BOTH_FORMS, "GUARD2-19", SEVERITY_ERROR, SILENT, false, "'%s' and '%s' say the same: give one of them") \
	X(MIXED_GUARD, "GUARD2-20", SEVERITY_WARNING, SILENT, false, \
	  "a frequency limiter and a blacklist stand in one guard policy") \
	X(ACTOR, "GUARD2-21", SEVERITY_WARNING, SILENT, false, "the actor '%s' is neither APPC nor SO") \
	X(NUMBER, "GUARD2-22", SEVERITY_ERROR, SEVERITY_ERROR, false, "'%s' must be an integer %s") \
	X(WINDOW, "GUARD2-23", SEVERITY_ERROR, SEVERITY_ERROR, false, \
	  "the window '%s' is no positive ISO 8601 duration (PT15M) nor one of 5min 10min 30min 1h 12h 1d 5d 1w 1mon") \
	X(WINDOW_PART, "GUARD2-24", SEVERITY_ERROR, SEVERITY_ERROR, false, "the window has no '%s'") \
	X(UNITS, "GUARD2-25", SEVERITY_ERROR, SEVERITY_WARNING, false, \
	  "'%s' is none of the units second, minute, hour, day, week, month, quarter, year%s") \
	X(BOUNDS, "GUARD2-26", SEVERITY_ERROR, SILENT, false, "minVnfCount is greater than maxVnfCount") \
	X(NOT_ENFORCED, "GUARD2-27", SILENT, SEVERITY_WARNING, false, \
	  "minVnfCount and maxVnfCount are not enforced: the reference never generated them") \
	X(PATTERN, "GUARD2-28", SILENT, SEVERITY_WARNING, false, "the guard will never match: %s") \
	X(RANGE_PART, "GUARD2-29", SEVERITY_ERROR, SEVERITY_WARNING, false, "the time range has no '%s'%s")

enum guard2_finding {
#define X(name, code, strict, onap, throws, text) GUARD2_##name,
	GUARD2_FINDINGS(X)
#undef X
		GUARD2_FINDING_COUNT
};

/* The state for reading one document. */
struct guard2_reading {
	enum guard_mode mode;
	struct arena *arena; /* for what is read; need not outlive the tree */
	struct diags *diags;
};

/* Adds a finding, unless the mode does not know it. The values are put in the place of the text's %s, in order. */
void guard2_add(const struct guard2_reading *reading, enum guard2_finding finding, const struct node *where, ...);

/* The allowed form of a value of the document: a tree of tables, from which keys are checked and values compared. */
struct guard2_form {
	const char *what;
	unsigned kinds;                 /* bits 1 << enum node_kind */
	const struct guard2_key *keys;  /* of a map; closed by a key without name */
	const struct guard2_form *item; /* of a list */
	bool onap_open;                 /* onap: other keys are ignored */
	bool open;                      /* of a map: any keys, which are not looked at */
};

enum guard2_dialect { DIALECT_ANY, DIALECT_AB, DIALECT_C };

struct guard2_key {
	const char *name;
	const struct guard2_form *form;
	enum guard2_dialect dialect;
	bool incidental; /* not part of what makes two maps equal */
	bool strict;     /* onap: unknown, as it is to the reference */
};

extern const struct guard2_form guard2_document_form, guard2_policy_form, guard2_constraint_form;

/*
 * Whether the document has the form of a guard: known keys, fitting kinds. Findings for all that is not so.
 * bad_policies: one for each item of `guards`, all false; set where the item's form is wrong. That is the policy's own
 * fault: the answer is about what stands around the policies.
 */
bool guard2_check_form(const struct guard2_reading *reading, const struct node *root, bool *bad_policies);

/* Below, 0, above: an order of values of one form, in which 0 means equal to the reference. Absent and null come first. */
int guard2_compare(const struct guard2_form *form, const struct node *a, const struct node *b);

/* The value under `key`, NULL when it is absent or null. */
const struct node *guard2_get(const struct node *map, const char *key);

/* One limit constraint as read. */
struct guard2_constraint {
	struct guard2_constraint *next;
	const struct node *node;
	bool has_limiter;
	bool per_target;   /* dialect C's freq_limit_per_target */
	bool never_counts; /* onap: unknown units */
	uint32_t limit;
	struct duration window;
	const struct node *blacklist;           /* with an entry at least, or NULL */
	const struct node *range, *start, *end; /* each may be NULL */
	bool has_min, has_max;
	int32_t min, max;
};

/* Reads and checks the values of a constraint of fitting form. */
void guard2_read_constraint(const struct guard2_reading *reading, const struct node *node,
                            struct guard2_constraint *ret);

/* One guard policy as read. Texts absent where the document has none. */
struct guard2_policy {
	struct guard2_policy *next;
	const struct node *node;
	struct str id;
	bool same_id;  /* as one before */
	bool bad;      /* has an error of its own */
	bool patterns; /* dialect C: actor, recipe and loop are patterns to the reference */
	const struct node *actor, *recipe, *clname, *targets; /* each may be NULL */
	struct guard2_constraint *first;
};

/*
 * Form, compliance and values of a document. ret_first: in reading->arena, valid as long as the tree; none when the
 * document as a whole has errors. True when there is no error.
 */
bool guard2_read(const struct guard2_reading *reading, const struct node *root, struct guard2_policy **ret_first);

#endif
