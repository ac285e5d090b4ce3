/* analysis_priv - guards seen from outside: what an analysis can know of them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_ANALYSIS_ANALYSIS_PRIV_H
#define ENGINE_ANALYSIS_ANALYSIS_PRIV_H

#include <jansson.h>

#include "engine/analysis/analysis.h"
#include "guards/kinds.h"

/* The known facts about a guard beside its scope and range. */
struct fact {
	const struct guard *guard;
	const struct limiter_spec *limiter; /* of a FrequencyLimiter */
	bool blocks_all;                    /* a blacklist of everything */
	bool has_min, has_max;              /* of a MinMax */
	int64_t min, max;                   /* INT64_MIN, INT64_MAX when not given */
	struct str first;                   /* of a coordination */
	bool told;                          /* shadowed or idle, and said so: it shadows nobody else */
};

/* An analysis under way. */
struct analysis {
	const struct policyset *set;
	const struct operational *operational;
	int64_t now_ms;
	struct pattern_scratch *scratch;
	struct arena *arena;
	struct diags *diags;
	struct fact *facts; /* by actor, then operation; those that name none first */
	size_t count;
	const struct witness **tail;
	bool failed; /* no memory */
};

/* Asks the guard itself, with a history that is empty. */
void fact_read(struct fact *fact, const struct guard *guard, int64_t now_ms, struct pattern_scratch *scratch,
               struct arena *arena);

/* True when surely every request of a's scope is in b's. */
bool scope_within(const struct scope *a, const struct scope *b, struct pattern_scratch *scratch);
/* True when surely b is in force whenever a is. */
bool range_within(const struct time_range *a, const struct time_range *b);

/*
 * A request in both scopes (b may be NULL), preferring the texts of `wish` where both leave it open. False when none
 * was found: patterns are only tried.
 */
bool scope_example(const struct scope *a, const struct scope *b, const struct request *wish,
                   struct pattern_scratch *scratch, struct request *ret);
/* An instant from now_ms on at which both ranges hold (b may be NULL). False when there seems to be none. */
bool range_example(const struct time_range *a, const struct time_range *b, int64_t now_ms, int64_t *ret_ms);

struct node place_of(const struct guard *guard);
/* The exact text of a scope term, absent when it is another kind. */
struct str exact_text(const struct fact *fact, enum attribute attribute);

/* A witness at the end of the list; NULL when out of memory. claim NULL: memory is out too. */
struct witness *witness_new(struct analysis *a, const char *claim, const struct request *request, int64_t now_ms);
/* Sets the answer that the guard must give. */
void witness_expect(struct witness *witness, const struct guard *guard, enum effect effect, bool in_force);
void witness_expect_answer(struct witness *witness, bool permit);
/* Gives it operations of its request that ended just before, or live ones of `clname`. False when out of memory. */
bool witness_fill(struct analysis *a, struct witness *witness, uint32_t count, struct str clname, bool live);

#define FIELDS_MAX 8
#define FIELD_VALUES_MAX 40

/* Values of one attribute to be tried, the first absent. */
struct field {
	enum attribute attribute;
	struct str values[FIELD_VALUES_MAX];
	size_t count, at;
};

/* Zeroed at first. */
struct fields {
	struct field list[FIELDS_MAX];
	size_t count;
};

/* Adds what the filter can tell apart. False, and nothing added, when that is not finite, or is too much. */
bool fields_add(struct fields *fields, const struct guard *filter, struct arena *arena);
/* Puts the next combination into the request, whose fields are absent at first; false after the last, absent again. */
bool fields_next(struct fields *fields, struct request *request);

/* Findings that two guards make together: SET-02, SET-03, SET-04. */
void find_in_pairs(struct analysis *a);

/*
 * The witness of OPV-25 (made when the policy was compiled): a script in which the overall timeout cuts off the
 * longest path. Says so where no script can.
 */
void find_cut_off(struct analysis *a, const struct operational *policy);

/*
 * A script in which events begin the loops of both policies (other may be NULL) as soon as their gates open, without
 * results: a new reference. NULL when none was found (conditions are only tried), or out of memory.
 */
json_t *analysis_onset(const struct operational *one, const struct operational *other, int64_t now_ms,
                       struct arena *arena);

/* Plays the script of a witness. */
bool witness_play(const struct witness *witness, const struct document *documents, size_t count, FILE *out);

/* A history with nothing in it. */
extern const struct history_view history_empty;

#endif
