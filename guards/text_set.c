/* text_set - a large set of texts that is asked at every decision */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/text_set.h"

#include <assert.h>
#include <stddef.h>

/*
 * Open addressing, at most half full, in lines of four slots that fill from the first; a text whose line is full goes into
 * the next. A slot holds a short text itself; of a longer one it holds 56 bits of the hash and where the text lies. So a
 * question, hit or miss, reads one cache line, seldom a second, and one more when a long text is hit: a million texts cost
 * little more than ten do. The four are compared without a branch: where in a line a text stands, nobody can guess.
 * The price is memory, 40 bytes a text, and the text itself if it is long. Where it was written is kept apart, because only
 * explanations ask for it. The hash is keyed, so that whoever writes policies cannot make long runs of full lines.
 */
struct text_set_slot {
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

#define INSIDE_MAX (sizeof(((struct text_set_slot *)NULL)->inside.text))
#define LONG 0xff /* no size of a text inside */
#define SLOTS 4   /* of a line */
#define LINE_SIZE 64
#define COUNT_MAX ((size_t)1 << 30)

struct line {
	struct text_set_slot slot[SLOTS];
};

static_assert(sizeof(struct line) == LINE_SIZE, "four slots fill a cache line");

struct text_set {
	struct line *lines;
	uint32_t count;    /* of lines */
	uint32_t *written; /* of each slot: the line of the policy */
	char *records;
	size_t used, room; /* bytes of records; room is counted while texts are announced */
	struct hash_key key;
};

/* The slot's value for a text, without the place of a long one. */
static inline struct text_set_slot
slot_of(struct str text, const struct hash_tail *tail, uint64_t hash)
{
	uint64_t first = tail->a, second = (uint64_t)(text.len + 1)
	                                   << 56; /* what stands in memory, as little-endian numbers */

	if (text.len > INSIDE_MAX)
		second = hash | (uint64_t)LONG << 56;
	else if (text.len > 8)
		second |= tail->b >> 8 * (16 - text.len);
	return (struct text_set_slot){.words = {htole64(first), htole64(second)}};
}

struct text_set *
text_set_new(size_t count, const struct hash_key *key, struct arena *arena)
{
	struct text_set *set = arena_alloc(arena, sizeof(*set));
	size_t lines = count / (SLOTS / 2) + 1;
	char *room;

	if (!set || count > COUNT_MAX)
		return NULL;
	room = arena_array(arena, lines + 1, sizeof(*set->lines));
	set->written = arena_array(arena, lines * SLOTS, sizeof(*set->written));
	if (!room || !set->written)
		return NULL;
	set->lines = (struct line *)(void *)(room + (LINE_SIZE - (uintptr_t)room % LINE_SIZE) % LINE_SIZE);
	set->count = (uint32_t)lines;
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

/* care: ~0, or 0 where the first word is not known. */
static inline unsigned
slot_holds(const struct text_set_slot *slot, const struct text_set_slot *wanted, uint64_t care)
{
	return (((slot->words[0] ^ wanted->words[0]) & care) | (slot->words[1] ^ wanted->words[1])) == 0;
}

/* Bit i: slot i holds what is wanted. */
static inline unsigned
line_holders(const struct line *line, const struct text_set_slot *wanted, uint64_t care)
{
	static_assert(SLOTS == 4, "four slots");
	return slot_holds(&line->slot[0], wanted, care) | slot_holds(&line->slot[1], wanted, care) << 1 |
	       slot_holds(&line->slot[2], wanted, care) << 2 | slot_holds(&line->slot[3], wanted, care) << 3;
}

/* The slot of the text, or NULL; then ret_line (may be NULL) is where it would go. wanted: what its slot holds. */
static inline struct text_set_slot *
slot_find(const struct text_set *set, struct str text, uint64_t hash, const struct text_set_slot *wanted,
          struct line **ret_line)
{
	bool inside = text.len <= INSIDE_MAX;
	uint64_t i = (hash >> 32) * set->count >> 32;

	for (;; i = i + 1 < set->count ? i + 1 : 0) {
		struct line *line = &set->lines[i];
		unsigned holders = line_holders(line, wanted, inside ? ~UINT64_C(0) : 0);

		for (; holders; holders &= holders - 1) {
			struct text_set_slot *slot = &line->slot[__builtin_ctz(holders)];

			if (inside || record_equals(set->records + slot->outside.place, text))
				return slot;
		}
		if (line->slot[SLOTS - 1].inside.size == 0) {
			if (ret_line)
				*ret_line = line;
			return NULL;
		}
	}
}

void
text_set_add(struct text_set *set, struct str text, uint32_t written)
{
	struct hash_tail tail;
	uint64_t hash = hash_str_tail(&set->key, text, &tail);
	struct text_set_slot wanted = slot_of(text, &tail, hash), *slot;
	uint16_t size = (uint16_t)text.len;
	struct line *line;

	if (slot_find(set, text, hash, &wanted, &line))
		return;
	if (wanted.inside.size == LONG) {
		assert(set->room - set->used >= sizeof(size) + text.len);
		wanted.outside.place = set->used;
		memcpy(set->records + set->used, &size, sizeof(size));
		memcpy(set->records + set->used + sizeof(size), text.ptr, text.len);
		set->used += sizeof(size) + text.len;
	}
	for (slot = line->slot; slot->inside.size; slot++)
		;
	*slot = wanted;
	set->written[slot - set->lines->slot] = written;
}

bool
text_set_has(const struct text_set *set, struct str text, uint32_t *ret_line)
{
	struct hash_tail tail;
	uint64_t hash = hash_str_tail(&set->key, text, &tail);
	struct text_set_slot wanted = slot_of(text, &tail, hash);
	const struct text_set_slot *slot = slot_find(set, text, hash, &wanted, NULL);

	if (slot && ret_line)
		*ret_line = set->written[slot - set->lines->slot];
	return slot != NULL;
}

bool
text_set_next(const struct text_set *set, size_t *at, struct str *ret)
{
	while (*at < (size_t)set->count * SLOTS) {
		const struct text_set_slot *slot = &set->lines[*at / SLOTS].slot[*at % SLOTS];
		uint16_t size;

		++*at;
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
