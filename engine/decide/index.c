/* index - from a request's exact scope to the guards that can match it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/index.h"

#include <assert.h>
#include <stdlib.h>

/* One guard under one set of exact texts, while building. */
struct posting {
	const struct guard *guard;
	struct str text[SCOPE_ATTRIBUTES]; /* absent where the bit of the mask is clear */
	unsigned mask;
	bool exact;
	uint64_t tag;
};

/*
 * A tag is the sum of its mask and its texts' parts, so that a request's texts are hashed once for all masks. Each
 * attribute turns its hash by another distance, or an actor and an operation that change places would meet.
 */
static inline uint64_t
tag_part(const struct hash_key *key, int attribute, struct str text, struct hash_tail *ret_tail)
{
	uint64_t hash = hash_str_tail(key, text, ret_tail);
	int turn = 1 + 16 * attribute;

	return hash << turn | hash >> (64 - turn);
}

static uint64_t
tag_of(const struct hash_key *key, unsigned mask, const struct str text[SCOPE_ATTRIBUTES])
{
	uint64_t tag = mask;

	for (unsigned left = mask; left; left &= left - 1) {
		int i = __builtin_ctz(left);
		struct hash_tail tail;

		tag += tag_part(key, i, text[i], &tail);
	}
	return tag;
}

/* Lists of several attributes multiply. */
static size_t
posting_count(const struct guard *guard)
{
	size_t count = 1;

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (guard->scope.term[i].kind == TERM_LIST)
			count *= guard->scope.term[i].list_count;
	}
	return count;
}

/* The n-th combination of the guard's texts. */
static void
posting_fill(struct posting *posting, const struct guard *guard, size_t n, const struct hash_key *key)
{
	*posting = (struct posting){.guard = guard, .exact = true};
	for (int i = 0; i < SCOPE_ATTRIBUTES && !guard->inert; i++) {
		const struct scope_term *term = &guard->scope.term[i];

		if (term->kind == TERM_EXACT) {
			posting->text[i] = term->text;
		} else if (term->kind == TERM_LIST) {
			posting->text[i] = term->list[n % term->list_count];
			n /= term->list_count;
		} else {
			posting->exact &= term->kind == TERM_ANY;
			continue;
		}
		posting->mask |= 1u << i;
	}
	posting->tag = tag_of(key, posting->mask, posting->text);
}

static int
posting_compare(const void *left, const void *reservation)
{
	const struct posting *a = left, *b = reservation;
	int r = (a->mask > b->mask) - (a->mask < b->mask);

	if (r == 0)
		r = (a->tag > b->tag) - (a->tag < b->tag);
	for (int i = 0; r == 0 && i < SCOPE_ATTRIBUTES; i++)
		r = str_compare(a->text[i], b->text[i]);
	if (r == 0)
		r = (a->guard->order > b->guard->order) - (a->guard->order < b->guard->order);
	return r;
}

static bool
posting_same_key(const struct posting *a, const struct posting *b)
{
	bool same = a->mask == b->mask && a->tag == b->tag;

	for (int i = 0; same && i < SCOPE_ATTRIBUTES; i++)
		same = str_equal(a->text[i], b->text[i]);
	return same;
}

/* Still without entries. NULL when out of memory. */
static struct index_bucket *
bucket_new(const struct posting *posting, const struct index_entry *entries, struct arena *arena)
{
	static const struct hash_key any_key; /* the tail does not depend on it */
	size_t key_size = (size_t)__builtin_popcount(posting->mask) * sizeof(struct index_text);
	struct index_bucket *bucket = arena_alloc(arena, sizeof(*bucket) + key_size);
	struct index_text *key;

	if (!bucket)
		return NULL;
	bucket->entries = entries;
	bucket->timeless = true;
	key = bucket->key;
	for (unsigned left = posting->mask; left; left &= left - 1, key++) {
		key->text = posting->text[__builtin_ctz(left)];
		(void)hash_str_tail(&any_key, key->text, &key->tail);
	}
	return bucket;
}

static void
slot_insert(struct index *index, uint64_t tag, const struct index_bucket *bucket)
{
	uint64_t at = tag & index->slot_mask;

	while (index->slots[at].bucket)
		at = (at + 1) & index->slot_mask;
	index->slots[at] = (struct index_slot){tag, bucket};
}

static void
mask_add(struct index *index, unsigned mask)
{
	for (unsigned i = 0; i < index->mask_count; i++) {
		if (index->masks[i] == mask)
			return;
	}
	index->masks[index->mask_count++] = mask;
	index->union_mask |= mask;
}

/* Sorted postings to buckets and entries. */
static int
buckets_fill(struct index *index, const struct posting *postings, size_t count, struct index_entry *entries,
             struct arena *arena)
{
	struct index_bucket *bucket = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct posting *posting = &postings[i];

		entries[i] = (struct index_entry){posting->guard, posting->exact};
		if (i == 0 || !posting_same_key(posting, posting - 1)) {
			bucket = bucket_new(posting, &entries[i], arena);
			if (!bucket)
				return -ERROR_MEMORY;
			if (posting->mask == 0) {
				index->any = bucket;
			} else {
				mask_add(index, posting->mask);
				slot_insert(index, posting->tag, bucket);
			}
		}
		bucket->count++;
		bucket->timeless &= guard_is_timeless(posting->guard);
	}
	return 0;
}

static size_t
bucket_total(const struct posting *postings, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += i == 0 || !posting_same_key(&postings[i], &postings[i - 1]);
	return total;
}

int
index_build(struct index *index, const struct guard *guards, const struct hash_key *key, struct arena *arena)
{
	size_t count = 0, at = 0, slots = 8, buckets;
	struct index_entry *entries;
	struct posting *postings;
	int r = -ERROR_MEMORY;

	*index = (struct index){.key = *key};
	for (const struct guard *g = guards; g; g = g->next) {
		count += posting_count(g);
		if (count > INDEX_ENTRIES_MAX)
			return -ERROR_LIMIT;
	}
	postings = calloc(count ? count : 1, sizeof(*postings));
	if (!postings)
		goto out;
	for (const struct guard *g = guards; g; g = g->next) {
		for (size_t n = 0; n < posting_count(g); n++)
			posting_fill(&postings[at++], g, n, key);
	}
	qsort(postings, count, sizeof(*postings), posting_compare);
	buckets = bucket_total(postings, count);
	while (slots < 2 * buckets)
		slots *= 2;
	index->slot_mask = slots - 1;
	index->slots = arena_array(arena, slots, sizeof(*index->slots));
	entries = arena_array(arena, count, sizeof(*entries));
	if (index->slots && entries)
		r = buckets_fill(index, postings, count, entries, arena);
out:
	free(postings);
	return r;
}

/* A request as the index sees it. */
struct index_asked {
	const struct str *text; /* the request's attributes */
	unsigned given;         /* which of them are there, of those that some mask has */
	struct hash_tail tail[SCOPE_ATTRIBUTES];
	uint64_t part[SCOPE_ATTRIBUTES];
};

/* Out of line, as is what compares: the loop over the masks has all registers for itself. */
static __attribute__((noinline)) void
asked_from(const struct index *index, const struct request *request, struct index_asked *ret)
{
	unsigned given = 0;

	for (unsigned left = index->union_mask; left; left &= left - 1) {
		int i = __builtin_ctz(left);
		const struct str *text = &request->attribute[i];

		if (!text->ptr)
			continue;
		given |= 1u << i;
		ret->part[i] = tag_part(&index->key, i, *text, &ret->tail[i]);
	}
	ret->text = request->attribute;
	ret->given = given;
}

static __attribute__((noinline)) bool
bucket_matches(const struct index_bucket *bucket, unsigned mask, const struct index_asked *asked)
{
	const struct index_text *key = bucket->key;

	for (unsigned left = mask; left; left &= left - 1, key++) {
		int i = __builtin_ctz(left);
		const struct str *text = &asked->text[i];

		if (key->text.len != text->len || key->tail.a != asked->tail[i].a || key->tail.b != asked->tail[i].b)
			return false;
		if (text->len > 16 && memcmp(key->text.ptr, text->ptr, text->len) != 0)
			return false;
	}
	return true;
}

static inline const struct index_bucket *
bucket_find(const struct index *index, unsigned mask, const struct index_asked *asked)
{
	uint64_t tag = mask;

	for (unsigned left = mask; left; left &= left - 1)
		tag += asked->part[__builtin_ctz(left)];
	for (uint64_t at = tag;; at++) {
		const struct index_slot *slot = &index->slots[at & index->slot_mask];

		if (!slot->bucket || (slot->tag == tag && bucket_matches(slot->bucket, mask, asked)))
			return slot->bucket;
	}
}

unsigned
index_probe(const struct index *index, const struct request *request, const struct index_bucket *found[INDEX_FOUND_MAX])
{
	struct index_asked asked;
	unsigned count = 0;

	asked_from(index, request, &asked);
	if (index->any)
		found[count++] = index->any;
	for (unsigned m = 0; m < index->mask_count; m++) {
		unsigned mask = index->masks[m];
		const struct index_bucket *bucket;

		if ((mask & asked.given) != mask)
			continue;
		bucket = bucket_find(index, mask, &asked);
		if (bucket)
			found[count++] = bucket;
	}
	return count;
}
