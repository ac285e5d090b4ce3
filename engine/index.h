/* index - from a request's exact scope to the guards that can match it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_INDEX_H
#define ENGINE_INDEX_H

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

struct index_bucket {
	const char *key;                /* the exact texts, one after the other */
	uint32_t length[SCOPE_ATTRIBUTES];
	uint32_t first, count;          /* entries */
};

struct index_slot {
	uint64_t tag;    /* full hash */
	uint32_t bucket; /* 1-based, 0 for an empty slot */
};

struct index {
	struct hash_key key;
	unsigned masks[1 << SCOPE_ATTRIBUTES]; /* those that occur, mask 0 aside */
	unsigned mask_count;
	unsigned union_mask; /* attributes worth hashing */
	struct index_slot *slots;
	uint64_t slot_mask; /* slots - 1, a power of two less one */
	struct index_bucket *buckets;
	size_t bucket_count;
	struct index_entry *entries;
	uint32_t any_first, any_count; /* entries of mask 0 */
};

/* Entries of an index: guards times the lists in their scopes. */
#define INDEX_ENTRIES_MAX 20000000

/*
 * Builds the index over a list of guards with their `order` set. All of it is in `arena`. 0, -ERROR_LIMIT when there would be
 * more than INDEX_ENTRIES_MAX entries, or -ERROR_MEMORY.
 */
int index_build(struct index *index, const struct guard *guards, const struct hash_key *key, struct arena *arena);

/* The entries that a request can match, as up to 16 runs, each in load order. */
struct index_run {
	const struct index_entry *entries;
	uint32_t count;
};

#define INDEX_RUNS_MAX (1 << SCOPE_ATTRIBUTES)

/* Fills `runs` (empty ones left out) and returns how many. Allocates nothing. */
unsigned index_probe(const struct index *index, const struct request *request, struct index_run runs[INDEX_RUNS_MAX]);

#endif
