/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/text_set.h"

#include <assert.h>
#include <stddef.h>

/*
 * Open addressing with linear probing, at most half full. A slot holds a short text itself; of a longer one it holds 56
 * bits of the hash and where the text lies. So a question, hit or miss, reads one cache line, seldom a second, and one
 * more when a long text is hit: a million texts cost little more than ten do. The price is memory, 40 bytes a text, and
 * the text itself if it is long. Lines are kept apart, because only explanations ask for them. The hash is keyed, so
 * that whoever writes policies cannot make long runs of taken slots.
 */
struct slot {
	union {
		struct {
			char text[15]; /* the rest is zero */
			uint8_t size;  /* of the text, plus 1; 0 when the slot is empty */
		} inside;
		struct {
			uint64_t place; /* of a record: size, bytes */
			uint64_t tag;   /* the hash, with LONG for its last byte */
		} outside;
		uint64_t words[2];
	};
};

#define INSIDE_MAX (sizeof(((struct slot *)NULL)->inside.text))
#define LONG 0xff /* no size of a text inside */
#define COUNT_MAX ((size_t)1 << 30)

static_assert(sizeof(struct slot) == 16, "four slots fill a cache line");

struct text_set {
	struct slot *slots;
	uint32_t *lines; /* of each slot */
	uint32_t count;  /* of slots */
	char *records;
	size_t used, room; /* bytes of records; room is counted while texts are announced */
	size_t shortest, longest;
	struct hash_key key;
};

/* What the slot of the text holds, but for the place of a long one. */
static struct slot
slot_of(struct str text, uint64_t hash)
{
	uint64_t first = 0, second = (uint64_t)(text.len + 1) << 56; /* what stands in memory, as little-endian numbers */

	if (text.len > INSIDE_MAX)
		second = hash | (uint64_t)LONG << 56;
	else if (text.len < 8)
		first = words_load_short(text.ptr, text.len);
	else
		first = words_load(text.ptr);
	if (text.len > 8 && text.len <= INSIDE_MAX)
		second |= words_load(text.ptr + text.len - 8) >> 8 * (16 - text.len);
	return (struct slot){.words = {htole64(first), htole64(second)}};
}

struct text_set *
text_set_new(size_t count, const struct hash_key *key, struct arena *arena)
{
	struct text_set *set = arena_alloc(arena, sizeof(*set));
	size_t slots = 2 * count + 1;

	if (!set || count > COUNT_MAX)
		return NULL;
	set->slots = arena_array(arena, slots, sizeof(*set->slots));
	set->lines = arena_array(arena, slots, sizeof(*set->lines));
	if (!set->slots || !set->lines)
		return NULL;
	set->count = (uint32_t)slots;
	set->shortest = SIZE_MAX;
	if (key)
		set->key = *key;
	return set;
}

void
text_set_announce(struct text_set *set, struct str text)
{
	assert(text.len <= TEXT_SET_TEXT_MAX);
	if (text.len > INSIDE_MAX)
		set->room += sizeof(uint16_t) + text.len; /* less than what the caller's own copy takes */
}

int
text_set_layout(struct text_set *set, struct arena *arena)
{
	set->records = arena_alloc(arena, set->room);
	return set->records ? 0 : -1;
}

static bool
record_equals(const char *record, struct str text)
{
	uint16_t size;

	memcpy(&size, record, sizeof(size));
	return size == text.len && memcmp(record + sizeof(size), text.ptr, size) == 0;
}

/* The slot that holds the text, or the empty one where it would go. */
static struct slot *
slot_find(const struct text_set *set, struct str text, uint64_t hash, const struct slot *wanted)
{
	uint64_t first = (hash >> 32) * set->count >> 32;

	for (uint64_t i = first;; i = i + 1 < set->count ? i + 1 : 0) {
		struct slot *slot = &set->slots[i];

		if (slot->words[1] == wanted->words[1] &&
		    (text.len > INSIDE_MAX ? record_equals(set->records + slot->outside.place, text)
		                           : slot->words[0] == wanted->words[0]))
			return slot;
		if (slot->inside.size == 0)
			return slot;
	}
}

void
text_set_add(struct text_set *set, struct str text, uint32_t line)
{
	uint64_t hash = hash_str(&set->key, text);
	struct slot wanted = slot_of(text, hash);
	struct slot *slot = slot_find(set, text, hash, &wanted);
	uint16_t size = (uint16_t)text.len;

	if (slot->inside.size)
		return;
	if (wanted.inside.size == LONG) {
		assert(set->room - set->used >= sizeof(size) + text.len);
		wanted.outside.place = set->used;
		memcpy(set->records + set->used, &size, sizeof(size));
		memcpy(set->records + set->used + sizeof(size), text.ptr, text.len);
		set->used += sizeof(size) + text.len;
	}
	*slot = wanted;
	set->lines[slot - set->slots] = line;
	set->shortest = text.len < set->shortest ? text.len : set->shortest;
	set->longest = text.len > set->longest ? text.len : set->longest;
}

bool
text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line)
{
	const struct slot *slot;
	struct slot wanted;
	uint64_t hash;

	if (text.len < set->shortest || text.len > set->longest)
		return false;
	hash = hash_str(&set->key, text);
	wanted = slot_of(text, hash);
	slot = slot_find(set, text, hash, &wanted);
	if (slot->inside.size && ret_line)
		*ret_line = set->lines[slot - set->slots];
	return slot->inside.size != 0;
}

bool
text_set_next(const struct text_set *set, size_t *at, struct str *ret)
{
	while (*at < set->count) {
		const struct slot *slot = &set->slots[(*at)++];
		uint16_t size;

		if (slot->inside.size == 0)
			continue;
		if (slot->inside.size == LONG) {
			const char *record = set->records + slot->outside.place;

			memcpy(&size, record, sizeof(size));
			*ret = (struct str){record + sizeof(size), size};
		} else {
			*ret = (struct str){slot->inside.text, slot->inside.size - 1u};
		}
		return true;
	}
	return false;
}
