/* index - from a request's exact scope to the guards that can match it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_INDEX_H
#define ENGINE_DECIDE_INDEX_H

#include "base/hash.h"
#include "guards/guard.h"

/*
 * Theory of operation. Which of the four scope attributes a guard names by exact text is its mask, one of 16. Guards with
 * one mask and the same texts stand in one bucket, in load order; every bucket is found by one hash over mask and texts. A
 * request is therefore answered by one probe for each mask that occurs in the set: a guard that names other texts is never
 * looked at, however many there are. Patterns and `.*` leave their bit clear; what remains of such a scope is matched on the
 * guard. A guard with a list of exact texts stands in one bucket for each, and a request reaches only one of them.
 */
struct index_entry {
	const struct guard *guard;
	bool exact; /* the bucket's key is the whole scope: nothing is left to match */
};

/* A text of a key. Of one of up to 16 bytes, as nearly all are, length and tail are everything. */
struct index_text {
	struct str text;
	struct hash_tail tail;
};

struct index_bucket {
	const struct index_entry *entries; /* in load order */
	uint32_t count;
	bool timeless;           /* all of its guards are */
	struct index_text key[]; /* one for each bit of the mask */
};

struct index_slot {
	uint64_t tag;                      /* full hash */
	const struct index_bucket *bucket; /* NULL for an empty slot */
};

struct index {
	struct hash_key key;
	unsigned masks[1 << SCOPE_ATTRIBUTES]; /* those that occur, mask 0 aside */
	unsigned mask_count;
	unsigned union_mask;            /* attributes worth hashing */
	const struct index_bucket *any; /* mask 0; NULL when there is none */
	struct index_slot *slots;
	uint64_t slot_mask; /* slots - 1, a power of two less one */
};

/* Entries of an index: guards times the lists in their scopes. */
#define INDEX_ENTRIES_MAX 20000000

/*
 * Builds the index over a list of guards with their `order` set. All of it is in `arena`, but for the texts, which are the guards'.
 * 0, -ERROR_LIMIT when there would be more than INDEX_ENTRIES_MAX entries, or -ERROR_MEMORY.
 */
int index_build(struct index *index, const struct guard *guards, const struct hash_key *key, struct arena *arena);

#define INDEX_FOUND_MAX (1 << SCOPE_ATTRIBUTES)

/* The buckets, none of them empty, whose entries the request can match. Returns how many. Allocates nothing. */
unsigned index_probe(const struct index *index, const struct request *request,
                     const struct index_bucket *found[INDEX_FOUND_MAX]);

#endif
