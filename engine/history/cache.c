/* cache - what decisions ask of the history, kept in memory: a limiter decides without a look into the database */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/cache.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>

#include "engine/history/ring.h"

/*
 * Theory of operation.
 *
 * A limiter asks whether `limit` ends of its key lie in a window. So of a key and a limit memory keeps the limit-th newest end:
 * it is reached iff that end lies in the window. When there are fewer ends, or only some were looked at, it keeps from which
 * instant on there are fewer (whole_from): no window that begins then or later has more. The newest end is kept too, because
 * onap mode does not count what lies in the future: the answer is the database's while it does.
 *
 * A state of the database is named by the number of the commit that made it. A slot holds what is known of a key and a limit,
 * and the commit of which it is known to be true. It answers for state S iff it is of S or before, and the key has not
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
 * everybody's memory; one's own costs only the keys that it changes, and not even these: the committer has their rings in its
 * hands, and writes what they tell into the slots while the transaction is under way, with its number, which no reader's S
 * reaches before the commit. A transaction that is given up is followed by another with the same number, so what it wrote is
 * taken out again. When it cannot write, because a reader does so at this moment, what it wrote there earlier in the same
 * transaction must not stand for the whole of it: `changed` becomes one more, and the set answers nothing before the next commit.
 *
 * Two others have their place in the set of the key that they belong to, and the committer does not write them: a change ends
 * what is known, and the next decision asks the database.
 *
 *   what onap mode counts              as another key (hot_ended), since a ring does not tell who has ended
 *   what coordination asks of a loop   its newest entry, as a limit of 1
 *
 * Slots are read without a lock: `sequence` is odd while somebody writes, and who finds it odd or changed has found nothing.
 * A reader that had to ask the database leaves what it found, if nobody else writes there at the moment. What is looked at
 * are two cache lines: the set's first, whose tags tell the slot, and the slot. When a set is full one of some that ask for a
 * place gets that of another, so that most of those who are there stay: who has none is only slow.
 */
#define PLACES 7
#define LINE 64

enum word { WORD_LO, WORD_HI, WORD_LIMIT, WORD_COMMIT, WORD_NEWEST, WORD_LIMIT_END, WORD_WHOLE, WORDS };

#define COUNT_BITS 2 /* of WORD_COMMIT: ends.count */

struct cache_slot {
	_Alignas(LINE) atomic_uint_fast64_t sequence;
	atomic_uint_fast64_t words[WORDS];
};

struct hot_set {
	_Alignas(LINE) atomic_uint_fast64_t changed; /* written by the committer */
	atomic_uint_fast64_t tags[PLACES]; /* relaxed: the keys' hi, 0 for a free slot; only the slot itself tells */
	struct cache_slot slots[PLACES];
};

static_assert(sizeof(struct hot_set) == (1 + PLACES) * LINE, "a line for the set, and one for each slot");

int
hot_open(struct hot *hot)
{
	const uintptr_t align = sizeof(struct hot_set); /* none lies in two pages */

	hot->memory = calloc(HOT_SETS + 1,
	                     sizeof(struct hot_set)); /* zero is what atomics begin with, and it is not touched */
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

struct hash128
hot_ended(struct hash128 of)
{
	return (struct hash128){of.lo, ~of.hi};
}

static struct hot_set *
set_of(const struct hot *hot, struct hash128 of)
{
	return &hot->sets[of.lo % HOT_SETS];
}

static uint64_t
word(const struct cache_slot *slot, enum word i)
{
	return atomic_load_explicit(&slot->words[i], memory_order_relaxed); /* `sequence` orders them */
}

static void
word_set(struct cache_slot *slot, enum word i, uint64_t value)
{
	atomic_store_explicit(&slot->words[i], value, memory_order_relaxed);
}

static uint64_t
tag(const struct hot_set *set, unsigned place)
{
	return atomic_load_explicit(&set->tags[place], memory_order_relaxed);
}

static bool
has(const struct cache_slot *slot, struct hash128 of, uint32_t limit)
{
	return word(slot, WORD_LO) == of.lo && word(slot, WORD_HI) == of.hi && word(slot, WORD_LIMIT) == limit;
}

/* Where it is, or PLACES. */
static unsigned
cache_place_of(const struct hot_set *set, struct hash128 of, uint32_t limit)
{
	unsigned place = 0;

	while (place < PLACES && !(tag(set, place) == of.hi && has(&set->slots[place], of, limit)))
		place++;
	return place;
}

bool
hot_count(const struct hot *hot, struct hash128 of, uint32_t limit, uint64_t state, int64_t since_ms, int64_t until_ms,
          struct count_result *ret)
{
	const struct hot_set *set = set_of(hot, of);
	unsigned place = cache_place_of(set, of, limit), count;
	const struct cache_slot *slot = &set->slots[place];
	uint64_t known, sequence, commit;
	int64_t end_ms;

	if (place == PLACES)
		return false;
	/* Acquire: with `known` come all changes up to it; with an even sequence, what was written before it. */
	known = atomic_load_explicit(&hot->known, memory_order_acquire);
	sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);
	commit = word(slot, WORD_COMMIT) >> COUNT_BITS;
	count = word(slot, WORD_COMMIT) & ((1 << COUNT_BITS) - 1);
	end_ms = (int64_t)word(slot, WORD_LIMIT_END);
	if (sequence & 1 || !has(slot, of, limit) || state > known || commit > state ||
	    commit < atomic_load_explicit(&set->changed, memory_order_relaxed) ||
	    commit < atomic_load_explicit(&hot->floor, memory_order_relaxed))
		return false;
	if ((count > 0 && (int64_t)word(slot, WORD_NEWEST) > until_ms) ||
	    (count < 2 && since_ms < (int64_t)word(slot, WORD_WHOLE)))
		return false;
	*ret = (struct count_result){0, TIME_NONE};
	if (count == 2 && end_ms >= since_ms)
		*ret = (struct count_result){limit, end_ms};
	atomic_thread_fence(memory_order_acquire); /* the words were read before the sequence is read again */
	return atomic_load_explicit(&slot->sequence, memory_order_relaxed) == sequence;
}

static bool
slot_take(struct cache_slot *slot)
{
	uint64_t sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);

	if (sequence & 1 || !atomic_compare_exchange_strong_explicit(&slot->sequence, &sequence, sequence + 1,
	                                                             memory_order_acquire, memory_order_relaxed))
		return false;
	atomic_thread_fence(memory_order_release); /* the odd sequence is seen before any of the words */
	return true;
}

static void
slot_give(struct cache_slot *slot)
{
	atomic_fetch_add_explicit(&slot->sequence, 1, memory_order_release);
}

/* Whether nobody misses what is in a place. */
static bool
is_free(const struct hot *hot, const struct hot_set *set, unsigned place)
{
	uint64_t commit = word(&set->slots[place], WORD_COMMIT) >> COUNT_BITS;

	return tag(set, place) == 0 || commit < atomic_load_explicit(&set->changed, memory_order_relaxed) ||
	       commit < atomic_load_explicit(&hot->floor, memory_order_relaxed);
}

/* Where it is, or else a place that is free, or else one that the key itself chooses if it may push another out; or PLACES. */
static unsigned
place_for(const struct hot *hot, const struct hot_set *set, struct hash128 of, uint32_t limit, bool push)
{
	unsigned place = cache_place_of(set, of, limit);

	if (place < PLACES)
		return place;
	for (place = 0; place < PLACES && !is_free(hot, set, place);)
		place++;
	return place == PLACES && push ? (of.hi + limit) % PLACES : place;
}

/* False when somebody else writes there. */
static bool
cache_put(struct hot_set *set, unsigned place, struct hash128 of, uint32_t limit, uint64_t commit,
          const struct ends *ends)
{
	struct cache_slot *slot = &set->slots[place];

	if (!slot_take(slot))
		return false;
	/* Again: the committer may have been here. */
	if (commit >= atomic_load_explicit(&set->changed, memory_order_relaxed)) {
		atomic_store_explicit(&set->tags[place], of.hi, memory_order_relaxed);
		word_set(slot, WORD_LO, of.lo);
		word_set(slot, WORD_HI, of.hi);
		word_set(slot, WORD_LIMIT, limit);
		word_set(slot, WORD_COMMIT, commit << COUNT_BITS | ends->count);
		word_set(slot, WORD_NEWEST, (uint64_t)ends->newest_ms);
		word_set(slot, WORD_LIMIT_END, (uint64_t)ends->limit_ms);
		word_set(slot, WORD_WHOLE, (uint64_t)ends->whole_from_ms);
	}
	slot_give(slot);
	return true;
}

void
hot_put(struct hot *hot, struct hash128 of, uint32_t limit, uint64_t commit, const struct ends *ends, bool push)
{
	struct hot_set *set = set_of(hot, of);
	unsigned place;

	if (commit < atomic_load_explicit(&set->changed, memory_order_relaxed))
		return; /* what is older than what others know already would only be in the way */
	place = place_for(hot, set, of, limit, push);
	if (place < PLACES)
		(void)cache_put(set, place, of, limit, commit, ends); /* somebody else's is as good */
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
	bool written = false;

	set_change(set, commit);
	for (unsigned place = 0; place < PLACES; place++) {
		uint32_t limit = (uint32_t)word(&set->slots[place], WORD_LIMIT);
		struct ends ends;

		if (limit == 0 || tag(set, place) != of.hi || !has(&set->slots[place], of, limit))
			continue; /* 0: a reader is about to fill a free slot */
		ring_ends(ring, limit, &ends);
		written = true;
		if (!cache_put(set, place, of, limit, commit, &ends))
			atomic_store_explicit(&set->changed, commit + 1, memory_order_relaxed);
	}
	if (!written)
		return;
	if (hot->written < HOT_WRITTEN)
		hot->written_sets[hot->written] = set;
	hot->written += hot->written <= HOT_WRITTEN;
}

/* Clears the entries of this commit; with 0, all. */
static void
set_clear(struct hot_set *set, uint64_t commit)
{
	for (unsigned place = 0; place < PLACES; place++) {
		struct cache_slot *slot = &set->slots[place];

		if (tag(set, place) == 0 || (commit && word(slot, WORD_COMMIT) >> COUNT_BITS != commit))
			continue;
		while (!slot_take(slot))
			(void)sched_yield(); /* a reader that leaves what it found is soon done */
		atomic_store_explicit(&set->tags[place], 0, memory_order_relaxed);
		for (unsigned i = 0; i < WORDS; i++)
			word_set(slot, i, 0);
		slot_give(slot);
	}
}

void
hot_forget(struct hot *hot, uint64_t commit)
{
	if (hot->written <= HOT_WRITTEN) {
		for (uint32_t i = 0; i < hot->written; i++)
			set_clear(hot->written_sets[i], commit);
		return;
	}
	for (size_t i = 0; i < HOT_SETS; i++)
		set_clear(&hot->sets[i], commit);
}

void
hot_begin(struct hot *hot, uint64_t commit)
{
	hot->written = 0;
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
	for (size_t i = 0; i < HOT_SETS; i++)
		set_clear(&hot->sets[i], 0);
}
