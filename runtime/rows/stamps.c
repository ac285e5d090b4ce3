/* stamps - how many elements of a participant were reported last at which time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/stamps.h"

#define STAMP_SIZE 12 /* be64 time, be32 count */

static struct str
stamps_key(struct txn *txn, struct concept participant)
{
	return txn_key(txn, ROW_STAMPS, participant.name, participant.version);
}

static void
stamps_load(struct stamps *stamps)
{
	struct str value;

	if (stamps->loaded)
		return;
	stamps->loaded = true;
	stamps->count = 0;
	if (!txn_get(stamps->txn, stamps_key(stamps->txn, stamps->participant), &value))
		return;
	for (size_t at = 0; at + STAMP_SIZE <= value.len && stamps->count < STAMPS_MAX; at += STAMP_SIZE) {
		const unsigned char *bytes = (const unsigned char *)value.ptr + at;

		stamps->at[stamps->count].ms = store_unpack_i64(bytes);
		stamps->at[stamps->count++].count =
			(uint32_t)bytes[8] << 24 | (uint32_t)bytes[9] << 16 | (uint32_t)bytes[10] << 8 | bytes[11];
	}
}

void
stamps_write(struct stamps *stamps)
{
	unsigned char bytes[STAMPS_MAX * STAMP_SIZE];
	struct str key = stamps_key(stamps->txn, stamps->participant);

	if (!stamps->changed)
		return;
	stamps->changed = false;
	for (size_t i = 0; i < stamps->count; i++) {
		unsigned char *to = bytes + i * STAMP_SIZE;

		store_pack_i64(to, stamps->at[i].ms);
		for (int j = 0; j < 4; j++)
			to[8 + j] = (unsigned char)(stamps->at[i].count >> (24 - 8 * j));
	}
	if (stamps->count)
		txn_put(stamps->txn, key, (struct str){(const char *)bytes, stamps->count * STAMP_SIZE});
	else
		txn_delete(stamps->txn, key);
}

/* The last time that is not after at_ms; -1 when all are. */
static int
stamp_find(const struct stamps *stamps, int64_t at_ms)
{
	int i = (int)stamps->count - 1;

	while (i >= 0 && stamps->at[i].ms > at_ms)
		i--;
	return i;
}

static void
stamp_drop(struct stamps *stamps, size_t i)
{
	stamps->count--;
	memmove(&stamps->at[i], &stamps->at[i + 1], (stamps->count - i) * sizeof(*stamps->at));
}

/* Two neighbours become one, under the earlier time: those that lie closest. */
static void
stamps_merge(struct stamps *stamps)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < stamps->count; i++)
		if (stamps->at[i + 1].ms - stamps->at[i].ms < stamps->at[best + 1].ms - stamps->at[best].ms)
			best = i;
	stamps->at[best].count += stamps->at[best + 1].count;
	stamp_drop(stamps, best + 1);
}

void
stamps_add(struct stamps *stamps, int64_t at_ms)
{
	int i;

	stamps_load(stamps);
	stamps->changed = true;
	i = stamp_find(stamps, at_ms);
	if (i >= 0 && stamps->at[i].ms == at_ms) {
		stamps->at[i].count++;
		return;
	}
	if (stamps->count == STAMPS_MAX) {
		stamps_merge(stamps);
		i = stamp_find(stamps, at_ms);
	}
	memmove(&stamps->at[i + 2], &stamps->at[i + 1], (stamps->count - (size_t)(i + 1)) * sizeof(*stamps->at));
	stamps->at[i + 1].ms = at_ms;
	stamps->at[i + 1].count = 1;
	stamps->count++;
}

void
stamps_remove(struct stamps *stamps, int64_t at_ms)
{
	int i;

	stamps_load(stamps);
	i = stamp_find(stamps, at_ms);
	if (i < 0)
		return;
	stamps->changed = true;
	if (--stamps->at[i].count == 0)
		stamp_drop(stamps, (size_t)i);
}

void
stamps_begin(struct txn *txn, struct concept participant, struct stamps *ret)
{
	ret->txn = txn;
	ret->participant = participant;
	ret->loaded = ret->changed = false;
}

void
stamps_clear(struct stamps *stamps)
{
	stamps->loaded = stamps->changed = true;
	stamps->count = 0;
}

int64_t
stamps_oldest(struct txn *txn, struct concept participant)
{
	struct str value;

	return txn_get(txn, stamps_key(txn, participant), &value) && value.len >= STAMP_SIZE
	               ? store_unpack_i64(value.ptr)
	               : INT64_MAX;
}
