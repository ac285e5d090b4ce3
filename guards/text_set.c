/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/text_set.h"

#include <assert.h>

/*
 * Open addressing with linear probing, at most half full. A slot is one word: the upper 24 bits are the upper bits of the
 * text's hash, its tag; the rest says where in `texts` the text lies, plus one, so that 0 is an empty slot. A question that
 * misses touches one cache line of slots, because a neighbour with the same tag is one in 16 million; one that hits
 * touches the text besides. So a million texts cost about what ten do, 32 bytes and the text each. The hash is keyed, so
 * that whoever writes policies or requests cannot make long runs of taken slots.
 */
struct text_set {
	uint64_t *slots;
	uint64_t mask; /* slots - 1; a power of two less one */
	char *texts;   /* records: line, length, bytes; not aligned */
	size_t used, room;
	size_t shortest, longest;
	struct hash_key key;
};

struct record {
	uint32_t line;
	uint16_t len;
};

#define RECORD_BYTES (sizeof(uint32_t) + sizeof(uint16_t))
#define TAG_SHIFT 40
#define PLACE_MASK ((UINT64_C(1) << TAG_SHIFT) - 1)
#define COUNT_MAX ((size_t)1 << 30)

static struct record
record_read(const char *at)
{
	struct record record;

	memcpy(&record.line, at, sizeof(record.line));
	memcpy(&record.len, at + sizeof(record.line), sizeof(record.len));
	return record;
}

struct text_set *
text_set_new(size_t count, size_t bytes, const struct hash_key *key, struct arena *arena)
{
	struct text_set *set = arena_alloc(arena, sizeof(*set));
	size_t slots = 2;

	if (!set || count > COUNT_MAX || bytes > PLACE_MASK - count * RECORD_BYTES)
		return NULL;
	while (slots < 2 * count)
		slots *= 2;
	set->room = bytes + count * RECORD_BYTES;
	set->slots = arena_array(arena, slots, sizeof(*set->slots));
	set->texts = arena_alloc(arena, set->room);
	if (!set->slots || !set->texts)
		return NULL;
	set->mask = slots - 1;
	set->shortest = SIZE_MAX;
	if (key)
		set->key = *key;
	return set;
}

/* The slot that holds the text, or the empty one where it would go. */
static uint64_t *
slot_find(const struct text_set *set, struct str text, uint64_t hash)
{
	uint64_t tag = hash >> TAG_SHIFT;

	for (uint64_t i = hash & set->mask;; i = (i + 1) & set->mask) {
		uint64_t slot = set->slots[i];
		const char *at;

		if (slot == 0)
			return &set->slots[i];
		if (slot >> TAG_SHIFT != tag)
			continue;
		at = set->texts + (slot & PLACE_MASK) - 1;
		if (record_read(at).len == text.len && memcmp(at + RECORD_BYTES, text.ptr, text.len) == 0)
			return &set->slots[i];
	}
}

void
text_set_add(struct text_set *set, struct str text, uint32_t line)
{
	uint64_t hash = hash_str(&set->key, text);
	uint64_t *slot = slot_find(set, text, hash);
	uint16_t len = (uint16_t)text.len;
	char *at = set->texts + set->used;

	if (*slot)
		return;
	assert(text.len <= UINT16_MAX && set->room - set->used >= RECORD_BYTES + text.len);
	memcpy(at, &line, sizeof(line));
	memcpy(at + sizeof(line), &len, sizeof(len));
	memcpy(at + RECORD_BYTES, text.ptr, text.len);
	*slot = (hash >> TAG_SHIFT) << TAG_SHIFT | (set->used + 1);
	set->used += RECORD_BYTES + text.len;
	set->shortest = text.len < set->shortest ? text.len : set->shortest;
	set->longest = text.len > set->longest ? text.len : set->longest;
}

bool
text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line)
{
	uint64_t slot;

	if (text.len < set->shortest || text.len > set->longest)
		return false;
	slot = *slot_find(set, text, hash_str(&set->key, text));
	if (slot == 0)
		return false;
	if (ret_line)
		*ret_line = record_read(set->texts + (slot & PLACE_MASK) - 1).line;
	return true;
}
