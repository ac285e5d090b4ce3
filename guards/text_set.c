/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/text_set.h"

#include <assert.h>

/*
 * Two texts a bucket, on average, and the texts of a bucket side by side: `starts` says where in `records` each begins.
 * A question reads one word of `starts` and then, whether it hits or misses, the one or two cache lines of its bucket.
 * There is no pointer to follow and no page beyond these two, so that a million texts cost little more than ten do: 10
 * bytes each beside their own. The first half of a record's head holds length and tag (bits of the hash), compared in
 * one step before any text is. The hash is keyed, so that whoever writes policies cannot fill one bucket.
 */
struct text_set {
	uint32_t *starts; /* buckets + 1 of them; while texts are announced, the bytes of the bucket before */
	uint32_t buckets;
	bool too_large;
	char *records; /* head, text; not aligned. A head of zero ends a bucket early, where texts came twice */
	size_t shortest, longest;
	struct hash_key key;
};

struct head {
	uint16_t size; /* of the text, plus 1 */
	uint16_t tag;
	uint32_t line;
};

#define TEXTS_PER_BUCKET 2
#define BUCKETS_MAX ((size_t)1 << 28)

static uint32_t
bucket_of(const struct text_set *set, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * set->buckets >> 32);
}

static struct head
head_of(struct str text, uint64_t hash, uint32_t line)
{
	return (struct head){(uint16_t)(text.len + 1), (uint16_t)hash, line};
}

static struct head
head_read(const char *at)
{
	struct head head;

	memcpy(&head, at, sizeof(head));
	return head;
}

struct text_set *
text_set_new(size_t count, const struct hash_key *key, struct arena *arena)
{
	struct text_set *set = arena_alloc(arena, sizeof(*set));
	size_t buckets = count / TEXTS_PER_BUCKET + 1;

	if (!set || buckets > BUCKETS_MAX)
		return NULL;
	set->buckets = (uint32_t)buckets;
	set->starts = arena_array(arena, buckets + 1, sizeof(*set->starts));
	if (!set->starts)
		return NULL;
	set->shortest = SIZE_MAX;
	if (key)
		set->key = *key;
	return set;
}

void
text_set_announce(struct text_set *set, struct str text)
{
	uint32_t *bytes = &set->starts[bucket_of(set, hash_str(&set->key, text)) + 1];
	size_t more = sizeof(struct head) + text.len;

	assert(text.len <= TEXT_SET_TEXT_MAX);
	if (*bytes > UINT32_MAX - more)
		set->too_large = true;
	else
		*bytes += (uint32_t)more;
}

int
text_set_layout(struct text_set *set, struct arena *arena)
{
	uint64_t total = 0;

	for (uint32_t i = 1; i <= set->buckets; i++) {
		total += set->starts[i];
		set->starts[i] = (uint32_t)total;
		set->too_large = set->too_large || total > UINT32_MAX;
	}
	if (set->too_large)
		return -1;
	set->records = arena_alloc(arena, total);
	return set->records ? 0 : -1;
}

/* The record of the text, or where it would go; the end of its bucket when there is no room for it. */
static char *
record_find(const struct text_set *set, struct str text, uint64_t hash, bool *ret_found)
{
	const struct head wanted = head_of(text, hash, 0);
	uint32_t bucket = bucket_of(set, hash);
	char *at = set->records + set->starts[bucket], *end = set->records + set->starts[bucket + 1];

	*ret_found = false;
	while (at < end) {
		struct head head = head_read(at);

		if (head.size == 0)
			break;
		if (head.size == wanted.size && head.tag == wanted.tag &&
		    memcmp(at + sizeof(head), text.ptr, text.len) == 0) {
			*ret_found = true;
			break;
		}
		at += sizeof(head) + head.size - 1;
	}
	return at;
}

void
text_set_add(struct text_set *set, struct str text, uint32_t line)
{
	uint64_t hash = hash_str(&set->key, text);
	struct head head = head_of(text, hash, line);
	bool found;
	char *at = record_find(set, text, hash, &found);

	if (found)
		return;
	assert((size_t)(set->records + set->starts[bucket_of(set, hash) + 1] - at) >= sizeof(head) + text.len);
	memcpy(at, &head, sizeof(head));
	memcpy(at + sizeof(head), text.ptr, text.len);
	set->shortest = text.len < set->shortest ? text.len : set->shortest;
	set->longest = text.len > set->longest ? text.len : set->longest;
}

bool
text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line)
{
	const char *at;
	bool found;

	if (text.len < set->shortest || text.len > set->longest)
		return false;
	at = record_find(set, text, hash_str(&set->key, text), &found);
	if (found && ret_line)
		*ret_line = head_read(at).line;
	return found;
}
