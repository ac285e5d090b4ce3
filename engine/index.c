/* index - from a request's exact scope to the guards that can match it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index.h"

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
 * A tag is the sum of its mask's and its texts' parts, so that a request's texts are hashed once for all masks. Each
 * attribute turns its hash by another distance, or an actor and an operation that change places would meet.
 */
static inline uint64_t
tag_part(const struct hash_key *key, int attribute, struct str text)
{
	uint64_t hash = hash_str(key, text);
	int turn = 1 + 16 * attribute;

	return hash << turn | hash >> (64 - turn);
}

static inline uint64_t
tag_start(unsigned mask)
{
	return mask;
}

static uint64_t
tag_of(const struct hash_key *key, unsigned mask, const struct str text[SCOPE_ATTRIBUTES])
{
	uint64_t tag = tag_start(mask);

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (mask & 1u << i)
			tag += tag_part(key, i, text[i]);
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
posting_compare(const void *left, const void *right)
{
	const struct posting *a = left, *b = right;
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

static int
bucket_fill(struct index_bucket *bucket, const struct posting *posting, struct arena *arena)
{
	size_t size = 0;
	char *key;

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++)
		size += posting->text[i].len;
	key = arena_alloc(arena, size + 1);
	if (!key)
		return -ERROR_MEMORY;
	bucket->key = key;
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		size_t len = posting->text[i].len;

		if (len)
			memcpy(key, posting->text[i].ptr, len);
		key += len;
		bucket->length[i] = (uint32_t)len;
	}
	return 0;
}

static void
slot_insert(struct index *index, uint64_t tag, uint32_t bucket)
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

/* Sorted postings to buckets and entries; those of mask 0 come first. */
static int
buckets_fill(struct index *index, const struct posting *postings, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		const struct posting *posting = &postings[i];

		index->entries[i] = (struct index_entry){posting->guard, posting->exact};
		if (posting->mask == 0) {
			index->any_count++;
			continue;
		}
		if (i == 0 || !posting_same_key(posting, posting - 1)) {
			struct index_bucket *bucket = &index->buckets[index->bucket_count++];

			if (bucket_fill(bucket, posting, arena) != 0)
				return -ERROR_MEMORY;
			bucket->first = (uint32_t)i;
			mask_add(index, posting->mask);
			slot_insert(index, posting->tag, (uint32_t)index->bucket_count);
		}
		index->buckets[index->bucket_count - 1].count++;
	}
	return 0;
}

static size_t
bucket_total(const struct posting *postings, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += postings[i].mask && (i == 0 || !posting_same_key(&postings[i], &postings[i - 1]));
	return total;
}

int
index_build(struct index *index, const struct guard *guards, const struct hash_key *key, struct arena *arena)
{
	size_t count = 0, at = 0, slots = 8, buckets;
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
	index->buckets = arena_array(arena, buckets, sizeof(*index->buckets));
	index->entries = arena_array(arena, count, sizeof(*index->entries));
	if (index->slots && index->buckets && index->entries)
		r = buckets_fill(index, postings, count, arena);
out:
	free(postings);
	return r;
}

static bool
bucket_matches(const struct index_bucket *bucket, unsigned mask, const struct request *request)
{
	const char *key = bucket->key;

	for (unsigned left = mask; left; left &= left - 1) {
		int i = __builtin_ctz(left);
		struct str text = request->attribute[i];

		if (text.len != bucket->length[i] || !words_equal(key, text.ptr, text.len))
			return false;
		key += text.len;
	}
	return true;
}

static const struct index_bucket *
bucket_find(const struct index *index, uint64_t tag, unsigned mask, const struct request *request)
{
	for (uint64_t at = tag & index->slot_mask; index->slots[at].bucket; at = (at + 1) & index->slot_mask) {
		const struct index_bucket *bucket = &index->buckets[index->slots[at].bucket - 1];

		if (index->slots[at].tag == tag && bucket_matches(bucket, mask, request))
			return bucket;
	}
	return NULL;
}

unsigned
index_probe(const struct index *index, const struct request *request, struct index_run runs[INDEX_RUNS_MAX])
{
	uint64_t part[SCOPE_ATTRIBUTES];
	unsigned given = 0, count = 0;

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		part[i] = 0;
		if (!request->attribute[i].ptr || !(index->union_mask & 1u << i))
			continue;
		given |= 1u << i;
		part[i] = tag_part(&index->key, i, request->attribute[i]);
	}
	if (index->any_count)
		runs[count++] = (struct index_run){index->entries + index->any_first, index->any_count};
	for (unsigned m = 0; m < index->mask_count; m++) {
		unsigned mask = index->masks[m];
		const struct index_bucket *bucket;
		uint64_t tag = tag_start(mask);

		if ((mask & given) != mask)
			continue;
		/* No branch: which attributes, nobody can guess. Nor a loop: it took a fifth of a decision. */
		static_assert(SCOPE_ATTRIBUTES == 4, "four terms");
		tag += (part[0] & -(uint64_t)(mask & 1)) + (part[1] & -(uint64_t)(mask >> 1 & 1)) +
		       (part[2] & -(uint64_t)(mask >> 2 & 1)) + (part[3] & -(uint64_t)(mask >> 3 & 1));
		bucket = bucket_find(index, tag, mask, request);
		if (bucket)
			runs[count++] = (struct index_run){index->entries + bucket->first, bucket->count};
	}
	return count;
}
