/* history_clock - the decision clock, what a person may accept, and the figures */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/history_clock.h"

#include "base/clock.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/write.h"

#define STEP_MS \
	1000 /* a clock this far behind has been set back; less is two threads that read it one after the other */
#define TICK_MOST_MS \
	16 /* how far the kernel's last tick may be behind, at 100 a second, and a reading of it at start */
#define SLEPT_LEAST_MS 10 /* less is two clocks that were read one after the other */

/*
 * The decision clock. A process reads the wall clock once; from then on its time is carried by the clock that counts since the
 * machine was started, asleep or awake, and that nobody can set. So windows and leases last as long as they say, however
 * often the wall clock is set back, ahead, or right again.
 *
 * That reading, as the difference between decision clock and boot clock, stands in the database beside the start of the
 * machine that it belongs to: a process that opens the database later in the same start goes on in the same time, whatever
 * the wall clock says by then. After a new start the difference is worthless, and the wall clock is read again; when it is
 * behind the latest stamp in the database, time goes on from that stamp instead.
 *
 * Decisions read the clock that stands while the machine sleeps (one call without a system call, by the kernel's last tick)
 * and add offset_ms. The committer, which is awake once a second at least, raises that by what the machine has slept. In
 * between, time is too early, and a limiter only stricter.
 */

static bool
is_carried(const struct history *history)
{
	return !history->options.clock && history->options.carried;
}

static int64_t
clock_forward(struct history *history, int64_t clock_ms)
{
	int_fast64_t seen = atomic_load_explicit(&history->clock_ms, memory_order_relaxed);

	/* Relaxed throughout: the value carries no other data, and a late one is only a little early. */
	while (clock_ms > seen) {
		if (atomic_compare_exchange_weak_explicit(&history->clock_ms, &seen, clock_ms, memory_order_relaxed,
		                                          memory_order_relaxed)) {
			if (atomic_load_explicit(&history->behind, memory_order_relaxed))
				atomic_store_explicit(&history->behind, false, memory_order_relaxed);
			return clock_ms;
		}
	}
	if (clock_ms < later(seen, -STEP_MS) && !atomic_load_explicit(&history->behind, memory_order_relaxed) &&
	    !atomic_exchange_explicit(&history->behind, true, memory_order_relaxed))
		atomic_fetch_add_explicit(&history->counters.steps_back, 1, memory_order_relaxed);
	return seen;
}

/* The carried clock. Relaxed: a late offset is only a little early. */
static inline int64_t
carried_ms(const struct history *history)
{
	return clock_steady_ms() + atomic_load_explicit(&history->offset_ms, memory_order_relaxed);
}

int64_t
history_now(struct history *history)
{
	/* Acquire: who sees that the database is open also sees the offset that it gave. */
	switch (atomic_load_explicit(&history->time_source, memory_order_acquire)) {
	case TIME_CARRIED:
		return clock_forward(history, carried_ms(history));
	case TIME_CALLERS:
		return clock_forward(history, history->options.clock(history->options.clock_context));
	case TIME_ASIDE:
		return carried_ms(history);
	default:
		return atomic_load_explicit(&history->clock_ms, memory_order_relaxed);
	}
}

int64_t
history_now_exact(struct history *history)
{
	if (atomic_load_explicit(&history->time_source, memory_order_acquire) != TIME_CARRIED)
		return history_now(history);
	return clock_forward(history,
	                     clock_monotonic_ms() + atomic_load_explicit(&history->offset_ms, memory_order_relaxed));
}

int64_t
clock_reach(struct history *history, int64_t end_ms, int64_t now_ms)
{
	int64_t tick_ms;

	if (end_ms <= now_ms || !is_carried(history))
		return now_ms;
	tick_ms = clock_steady_ms() + atomic_load_explicit(&history->offset_ms, memory_order_relaxed);
	if (end_ms > later(tick_ms, TICK_MOST_MS))
		return now_ms;
	return clock_forward(history, end_ms);
}

int64_t
history_clock_difference(struct history *history)
{
	int64_t now_ms = is_carried(history) ? history_now(history) : TIME_NONE;

	return now_ms == TIME_NONE ? 0 : clock_wall_ms() - now_ms; /* none before the database was opened */
}

/* Time goes on from here: `offset_ms` after the boot clock. */
static void
set_offset(struct history *history, int64_t offset_ms)
{
	history->boot_offset_ms = offset_ms;
	atomic_store_explicit(&history->offset_ms, later(offset_ms, clock_slept_ms()), memory_order_relaxed);
}

void
clock_start(struct history *history, bool open)
{
	enum time_source source = history->options.clock ? TIME_CALLERS : TIME_LATEST;

	if (is_carried(history)) {
		source = open ? TIME_CARRIED : TIME_ASIDE;
		if (!open)
			set_offset(history, clock_wall_ms() - clock_steady_ms() - clock_slept_ms());
	}
	atomic_store_explicit(&history->time_source, source, memory_order_release);
}

/* A stamp of somebody whose clock is ahead of ours: ours goes on from there, for it would else stand still. */
static void
follow_stamp(struct history *history, int64_t stamp_ms)
{
	int64_t boot_ms = clock_steady_ms() + clock_slept_ms();

	if (stamp_ms > later(later(boot_ms, history->boot_offset_ms), STEP_MS))
		set_offset(history, stamp_ms - boot_ms);
}

/* The offset that a process of this start of the machine kept; TIME_NONE: none did. */
static int
clock_read(struct history *history, struct store_txn *txn, int64_t *ret_ms)
{
	int64_t start;
	int r = meta_time_read(txn, &history->key, STR("boot"), &start);

	if (r == 0)
		r = meta_time_read(txn, &history->key, STR("boot offset"), ret_ms);
	if (r == 0 && (!history->boot || (uint64_t)start != history->boot))
		*ret_ms = TIME_NONE;
	return r;
}

int
clock_resume(struct history *history, struct store_txn *txn, bool *ret_new)
{
	int64_t boot_ms = clock_steady_ms() + clock_slept_ms(), offset_ms;
	int64_t stamp_ms = atomic_load_explicit(&history->clock_ms, memory_order_relaxed);
	int r = clock_read(history, txn, &offset_ms);

	*ret_new = false;
	if (r != 0 || !is_carried(history))
		return r;
	*ret_new = offset_ms == TIME_NONE;
	if (*ret_new)
		offset_ms = clock_wall_ms() - boot_ms;
	if (stamp_ms > later(later(boot_ms, offset_ms), STEP_MS)) {
		offset_ms = stamp_ms - boot_ms;
		*ret_new = true;
	}
	set_offset(history, offset_ms);
	history->difference_ms = history_clock_difference(history);
	return 0;
}

int
clock_keep(struct history *history, struct store_txn *txn)
{
	int r = meta_time_write(txn, &history->key, STR("boot"), (int64_t)history->boot);

	return r == 0 ? meta_time_write(txn, &history->key, STR("boot offset"), history->boot_offset_ms) : r;
}

int
clock_begin(struct history *history, struct store_txn *txn)
{
	int64_t offset_ms;
	int r = clock_read(history, txn, &offset_ms);

	if (r == 0 && offset_ms != TIME_NONE) {
		set_offset(history, offset_ms);
		history->clock_due = false;
	}
	return r;
}

void
clock_look(struct history *history)
{
	int64_t offset_ms = later(history->boot_offset_ms, clock_slept_ms()), difference_ms;

	if (!is_carried(history))
		return;
	if (offset_ms >= atomic_load_explicit(&history->offset_ms, memory_order_relaxed) + SLEPT_LEAST_MS)
		atomic_store_explicit(&history->offset_ms, offset_ms, memory_order_relaxed);
	difference_ms = history_clock_difference(history);
	if (difference_ms < history->difference_ms - STEP_MS)
		atomic_fetch_add_explicit(&history->counters.steps_back, 1, memory_order_relaxed);
	history->difference_ms = difference_ms;
}

/* Raises a time that only grows. */
static void
raise_to(atomic_int_fast64_t *time, int64_t to)
{
	int_fast64_t seen = atomic_load_explicit(time, memory_order_relaxed);

	while (to > seen &&
	       !atomic_compare_exchange_weak_explicit(time, &seen, to, memory_order_relaxed, memory_order_relaxed))
		;
}

void
history_learn(struct history *history, const struct history_state *state)
{
	raise_to(&history->clock_ms, state->clock_ms);
	if (is_carried(history))
		follow_stamp(history, state->clock_ms);
	raise_to(&history->window_ms, state->window_ms);
	raise_to(&history->pruned_ms, state->pruned_ms);
}

void
history_keep(struct history *history, int64_t window_ms)
{
	raise_to(&history->window_ms, window_ms);
}

bool
history_is_refusing(const struct history *history)
{
	/* Acquire: who was refused a row and then asks for a decision sees it. */
	return atomic_load_explicit(&history->moved, memory_order_acquire) ||
	       atomic_load_explicit(&history->full, memory_order_acquire) ||
	       atomic_load_explicit(&history->failing, memory_order_acquire);
}

const char *
history_refusal(const struct history *history)
{
	if (atomic_load_explicit(&history->moved, memory_order_acquire))
		return "moved";
	if (atomic_load_explicit(&history->full, memory_order_acquire))
		return "full";
	return atomic_load_explicit(&history->failing, memory_order_acquire) ? "failing" : NULL;
}

static int
accept_run(void *context, struct history_writer *writer)
{
	const int64_t *clock_ms = context;
	struct history *history = writer->history;

	int r = meta_time_write(writer->txn, &history->key, STR("accepted"), *clock_ms);

	writer->state.clock_ms = *clock_ms;
	writer->state.pruned_ms = TIME_NONE;
	atomic_store(&history->clock_ms, *clock_ms);
	atomic_store(&history->accepted_ms, *clock_ms);
	atomic_store(&history->quarantine_ms, TIME_NONE);
	atomic_store(&history->pruned_ms, TIME_NONE);
	set_offset(history, *clock_ms - clock_steady_ms() - clock_slept_ms());
	if (r == 0)
		r = clock_keep(history, writer->txn);
	return r == 0 ? meta_time_write(writer->txn, &history->key, STR("quarantine"), TIME_NONE) : r;
}

int
history_accept(struct history *history, int64_t clock_ms, struct error *err)
{
	return history_run(history, accept_run, &clock_ms, true, err);
}

void
history_note_unread(struct history *history)
{
	atomic_fetch_add_explicit(&history->counters.unread, 1, memory_order_relaxed);
}

uint64_t
history_unread(const struct history *history)
{
	return atomic_load_explicit(&history->counters.unread, memory_order_relaxed);
}

static void
own_metrics(struct history *history, struct history_metrics *ret)
{
	struct history_counters *counters = &history->counters;

	*ret = (struct history_metrics){
		.commits = atomic_load_explicit(&counters->commits, memory_order_relaxed),
		.failures = atomic_load_explicit(&counters->failures, memory_order_relaxed),
		.jobs = atomic_load_explicit(&counters->jobs, memory_order_relaxed),
		.latency_ns = atomic_load_explicit(&counters->nanoseconds, memory_order_relaxed),
		.clock_steps_back = atomic_load_explicit(&counters->steps_back, memory_order_relaxed),
		.clock_difference_ms = history_clock_difference(history),
		.pruned = atomic_load_explicit(&counters->pruned, memory_order_relaxed),
		.unread = history_unread(history),
		.quarantined = atomic_load(&history->quarantine_ms) != TIME_NONE,
		.broken = !history_is_verifying(history) && store_is_broken(history->store),
		.refusing = history_is_refusing(history),
	};
	for (size_t i = 0; i <= HISTORY_BUCKETS; i++)
		ret->latency[i] = atomic_load_explicit(&counters->latency[i], memory_order_relaxed);
	for (size_t i = 0; i <= HISTORY_GROUP_BUCKETS; i++)
		ret->group[i] = atomic_load_explicit(&counters->group[i], memory_order_relaxed);
	ret->grouped = atomic_load_explicit(&counters->grouped, memory_order_relaxed);
}

int
history_metrics(struct history_reader *reader, struct history_metrics *ret)
{
	struct history *history = reader->history;
	struct history_state state;
	struct store_info info;
	int64_t records;
	int r;

	own_metrics(history, ret);
	r = state_read(reader->txn, &history->key, &state);
	if (r == 0)
		r = store_info(history->store, reader->txn, &info);
	records = store_count(reader->txn, TABLE_LOG);
	if (r != 0 || records < 0)
		return r != 0 ? r : (int)records;
	ret->admitted = state.admitted;
	ret->settled = state.settled;
	ret->aborted = state.aborted;
	ret->expired = state.expired;
	ret->live = state.live;
	ret->difference = (int64_t)(state.admitted - state.settled - state.aborted - state.expired - state.live);
	ret->rows = state.rows;
	ret->entered = state.next_number - 1;
	ret->records = (uint64_t)records;
	ret->used_bytes = info.used_bytes;
	ret->file_bytes = info.file_bytes;
	ret->page_bytes = info.page_bytes;
	ret->readers = info.readers;
	ret->max_bytes = history_limit(history, info.map_bytes);
	return 0;
}
