/* history_hot - what decisions ask of the history, kept in memory: a limiter decides without a look into the database */
/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <sched.h>
#include <stdlib.h>

#include "engine/history_priv.h"

/*
 * Theory of operation.
 *
 * A state of the database is named by the number of the commit that made it. A slot holds the beginning of one ring and
 * the commit of which it is known to be true. It answers for state S iff it is of S or before, and the ring has not
 * changed from then to S. Three numbers tell:
 *
 *   set.changed  the last commit in which this process changed something that has its place here
 *   known        up to here, every change is either in set.changed or lies before floor
 *   floor        somebody else has committed up to here: what was read before it counts for nothing
 *
 * so the rule is: floor <= commit, changed <= commit <= S <= known. The committer sets `changed` before it commits and
 * `known` after it, both before anyone is answered; who sees `known` sees all that belongs to it. When it begins a
 * transaction whose number does not follow `known`, other processes have committed meanwhile, and since it holds the
 * writer lock they are done: floor and known become their last number. Until then S, the newest commit of the
 * file, is greater than `known`, and the database is asked. So a commit of another process is seen at once, and costs
 * everybody's memory; one's own costs only the rings that it changes, and not even these: the committer writes them
 * into their slots while the transaction is under way, with its number, which no reader's S reaches before the commit.
 * A transaction that is given up is followed by another with the same number, so what it wrote is taken out again.
 * When it cannot write, because a reader does so at this moment, what it wrote there earlier in the same transaction
 * must not stand for the whole of it: `changed` becomes one more, and the set answers nothing before the next commit.
 *
 * The committer does not write what else is here; a change ends what is known in its set, and the next decision asks the
 * database. Each is kept as a ring of a key of its own (hot_beside), in the set of the key that it belongs to:
 *
 *   what coordination asks of a loop   a ring of one end
 *   the ends that onap mode counts     a ring of the ended operations, as long as none of them lies in the future
 *   whether a larger limit is reached  {newest end, limit-th newest end}: both in the window is a count of 2
 *
 * Slots are read without a lock: `turn` is odd while somebody writes, and who finds it odd or changed has found nothing.
 * A reader that had to ask the database leaves what it found, if nobody else writes there at the moment. A key has two
 * places, so that few keys that are asked for push each other out, which is only slow.
 */
#define SETS 8192u /* 2 MiB, of which the system gives what is touched */
#define PLACES 2
#define LINE 64

enum word { WORD_LO, WORD_HI, WORD_COMMIT, WORD_WHOLE, WORD_STAMPS, WORDS = WORD_STAMPS + HOT_STAMPS };

#define COUNT_BITS 8 /* of WORD_COMMIT: the number of stamps */

struct slot {
	atomic_uint_fast64_t turn;
	atomic_uint_fast64_t words[WORDS];
};

struct hot_set {
	_Alignas(PLACES * 2 * LINE) atomic_uint_fast64_t changed; /* written by the committer */
	struct slot slots[PLACES];
};

static_assert(sizeof(struct hot_set) == PLACES * 2 * LINE, "a slot is in two cache lines");

int
hot_open(struct hot *hot)
{
	const uintptr_t align = _Alignof(struct hot_set);

	hot->memory = calloc(SETS + 1, sizeof(struct hot_set)); /* zero is what atomics begin with, and it is not touched */
	if (!hot->memory)
		return -ERROR_MEMORY;
	hot->sets = (struct hot_set *)(((uintptr_t)hot->memory + align - 1) & ~(align - 1));
	return 0;
}

void
hot_close(struct hot *hot)
{
	free(hot->memory);
}

static struct hot_set *
set_of(const struct hot *hot, struct hash128 of)
{
	return &hot->sets[of.lo % SETS];
}

static uint64_t
word(const struct slot *slot, unsigned i)
{
	return atomic_load_explicit(&slot->words[i], memory_order_relaxed); /* `turn` orders them */
}

static uint64_t
commit_of(const struct slot *slot)
{
	return word(slot, WORD_COMMIT) >> COUNT_BITS;
}

static bool
has(const struct slot *slot, struct hash128 of)
{
	return word(slot, WORD_LO) == of.lo && word(slot, WORD_HI) == of.hi;
}

struct hash128
hot_beside(struct hash128 of, bool ended, uint32_t limit)
{
	/* An odd factor: no two of a key are the same, and none is the key itself. */
	return (struct hash128){of.lo, of.hi + (limit * UINT64_C(2) + ended) * UINT64_C(0x9e3779b97f4a7c15)};
}

bool
hot_count(const struct hot *hot, struct hash128 of, uint64_t state, int64_t since_ms, int64_t until_ms, uint32_t limit,
          struct count_result *ret)
{
	const struct hot_set *set = set_of(hot, of);
	const struct slot *slot = &set->slots[has(&set->slots[0], of) ? 0 : 1];
	/* Acquire: with `known` come all changes up to it; with an even turn, what was written before it. */
	uint64_t known = atomic_load_explicit(&hot->known, memory_order_acquire);
	uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
	uint64_t commit = word(slot, WORD_COMMIT);
	uint32_t count = commit & ((1 << COUNT_BITS) - 1), used = 0;

	commit >>= COUNT_BITS;

	if (turn & 1 || !has(slot, of) || state > known || commit > state ||
	    commit < atomic_load_explicit(&set->changed, memory_order_relaxed) ||
	    commit < atomic_load_explicit(&hot->floor, memory_order_relaxed))
		return false;
	if ((count < limit && since_ms < (int64_t)word(slot, WORD_WHOLE)) ||
	    (count > 0 && (int64_t)word(slot, WORD_STAMPS) > until_ms))
		return false;
	if (count > limit)
		count = limit;
	while (used < count && (int64_t)word(slot, WORD_STAMPS + used) >= since_ms) /* newest first, and few */
		used++;
	*ret = (struct count_result){used, TIME_NONE};
	if (used == limit)
		ret->limit_end = (int64_t)word(slot, WORD_STAMPS + used - 1);
	atomic_thread_fence(memory_order_acquire); /* the words were read before the turn is read again */
	return atomic_load_explicit(&slot->turn, memory_order_relaxed) == turn;
}

static bool
slot_take(struct slot *slot)
{
	uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed);

	if (turn & 1 || !atomic_compare_exchange_strong_explicit(&slot->turn, &turn, turn + 1, memory_order_acquire,
	                                                         memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_release); /* the odd turn is seen before any of the words */
	return true;
}

static void
slot_give(struct slot *slot)
{
	atomic_fetch_add_explicit(&slot->turn, 1, memory_order_release);
}

static void
word_set(struct slot *slot, unsigned i, uint64_t value)
{
	atomic_store_explicit(&slot->words[i], value, memory_order_relaxed);
}

/* Where the key is, or else a place that is free, or else one that the key itself chooses. */
static struct slot *
place_for(struct hot_set *set, struct hash128 of)
{
	struct slot *first = &set->slots[0], *second = &set->slots[1];

	if (has(first, of) || has(second, of))
		return has(first, of) ? first : second;
	if (commit_of(first) == 0)
		return first;
	return commit_of(second) == 0 ? second : &set->slots[of.hi % PLACES];
}

/* False when somebody else writes there. */
static bool
put(struct hot_set *set, struct hash128 of, uint64_t commit, const struct ring_view *ring)
{
	struct slot *slot = place_for(set, of);
	uint32_t count = ring->count < HOT_STAMPS ? ring->count : HOT_STAMPS;
	int64_t whole_from_ms = ring->whole_from_ms, stamp = TIME_NONE;

	if (!slot_take(slot))
		return false;
	/* Again: the committer may have been here. */
	if (commit >= atomic_load_explicit(&set->changed, memory_order_relaxed)) {
		word_set(slot, WORD_LO, of.lo);
		word_set(slot, WORD_HI, of.hi);
		word_set(slot, WORD_COMMIT, commit << COUNT_BITS | count);
		for (uint32_t i = 0; i < count; i++) {
			memcpy(&stamp, ring->stamps + 8 * (size_t)i, 8);
			word_set(slot, WORD_STAMPS + i, (uint64_t)stamp);
		}
		if (count < ring->count)
			whole_from_ms = later(stamp, 1);
		word_set(slot, WORD_WHOLE, (uint64_t)whole_from_ms);
	}
	slot_give(slot);
	return true;
}

void
hot_put(struct hot *hot, struct hash128 of, uint64_t commit, const struct ring_view *ring)
{
	struct hot_set *set = set_of(hot, of);

	/* What is older than what others know already would only be in the way. */
	if (commit >= atomic_load_explicit(&set->changed, memory_order_relaxed))
		(void)put(set, of, commit, ring); /* somebody else's is as good */
}

/* Relaxed throughout: `known` is stored after it. */
static void
set_change(struct hot_set *set, uint64_t commit)
{
	if (atomic_load_explicit(&set->changed, memory_order_relaxed) < commit)
		atomic_store_explicit(&set->changed, commit, memory_order_relaxed);
}

void
hot_end(struct hot *hot, struct hash128 of, uint64_t commit)
{
	set_change(set_of(hot, of), commit);
}

void
hot_change(struct hot *hot, struct hash128 of, uint64_t commit, const struct ring_view *ring)
{
	struct hot_set *set = set_of(hot, of);

	set_change(set, commit);
	if ((has(&set->slots[0], of) || has(&set->slots[1], of)) && !put(set, of, commit, ring))
		atomic_store_explicit(&set->changed, commit + 1, memory_order_relaxed);
}

static void
slot_clear(struct slot *slot)
{
	while (!slot_take(slot))
		(void)sched_yield(); /* a reader that leaves what it found is soon done */
	for (unsigned i = WORD_LO; i < WORD_STAMPS; i++)
		word_set(slot, i, 0);
	slot_give(slot);
}

void
hot_forget(struct hot *hot, uint64_t commit)
{
	for (size_t i = 0; i < SETS * PLACES; i++) {
		struct slot *slot = &hot->sets[i / PLACES].slots[i % PLACES];

		if (commit_of(slot) == commit)
			slot_clear(slot);
	}
}

void
hot_begin(struct hot *hot, uint64_t commit)
{
	if (atomic_load_explicit(&hot->known, memory_order_relaxed) == commit - 1)
		return;
	atomic_store_explicit(&hot->floor, commit - 1, memory_order_relaxed);
	/* Release: who sees it sees the floor. */
	atomic_store_explicit(&hot->known, commit - 1, memory_order_release);
}

void
hot_commit(struct hot *hot, uint64_t commit)
{
	/* Release: who sees it sees what changed. */
	atomic_store_explicit(&hot->known, commit, memory_order_release);
}

void
hot_clear(struct hot *hot)
{
	atomic_store_explicit(&hot->known, 0, memory_order_relaxed); /* no state is as early: nothing is known */
	for (size_t i = 0; i < SETS * PLACES; i++) {
		struct slot *slot = &hot->sets[i / PLACES].slots[i % PLACES];

		if (commit_of(slot) != 0)
			slot_clear(slot);
	}
}
