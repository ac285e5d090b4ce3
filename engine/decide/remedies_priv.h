/* remedies_priv - a search for what turns a Deny, for engine/decide/remedies*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_REMEDIES_PRIV_H
#define ENGINE_DECIDE_REMEDIES_PRIV_H

#include "engine/decide/remedies.h"
#include "guards/remedy.h"

#define CHANGES_MOST 32 /* that one answer is told to need */

struct remedy_search {
	const struct policyset *set;
	struct env env; /* the caller's, with `view` for its history */
	struct history_view view;
	const struct history_view *history; /* the caller's */
	struct remedy remedy;
	struct change changes[CHANGES_MOST];
	size_t count;
};

/* Decides about one guard with the changes so far: whether it denies. */
bool search_guard_denies(struct remedy_search *search, const struct guard *guard, struct verdict *ret);

/* Strict: actor or operation, without which no question is permitted, when the request lacks it; else -1. */
int search_missing(const struct remedy_search *search);

/* The request again, with the changes that are not off. */
void search_request_rebuild(struct remedy_search *search);

/* Whether a guard's result keeps the request from being permitted. */
bool stands_in_the_way(const struct remedy_search *search, const struct guard_result *result);

/* Fills in the texts. found: all changes together turn the answer; else `failed` (may be NULL) is the guard that has no remedy. */
void changes_tell(struct remedy_search *search, bool found, const struct guard *failed, struct explained *ret);

/* The earliest instant at which the request as it was asked is permitted, or TIME_NONE. Leaves the search's time there. */
int64_t search_permit_at(struct remedy_search *search);

#endif
