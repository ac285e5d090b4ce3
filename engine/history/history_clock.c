/* history_clock - the clock that only goes forward, what a person may accept, and the figures */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/history_priv.h"

#define STEP_MS \
	1000 /* a clock this far behind has been set back; less is two threads that read it one after the other */

int64_t
history_clock(struct history *history, int64_t clock_ms)
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
	return atomic_load_explicit(&history->full, memory_order_acquire) ||
	       atomic_load_explicit(&history->failing, memory_order_acquire);
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
	return r == 0 ? meta_time_write(writer->txn, &history->key, STR("quarantine"), TIME_NONE) : r;
}

int
history_accept(struct history *history, int64_t clock_ms, struct error *err)
{
	return history_run(history, accept_run, &clock_ms, true, err);
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
		.pruned = atomic_load_explicit(&counters->pruned, memory_order_relaxed),
		.quarantined = atomic_load(&history->quarantine_ms) != TIME_NONE,
		.broken = store_is_broken(history->store),
		.refusing = history_is_refusing(history),
	};
	for (size_t i = 0; i <= HISTORY_BUCKETS; i++)
		ret->latency[i] = atomic_load_explicit(&counters->latency[i], memory_order_relaxed);
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
	ret->records = (uint64_t)records;
	ret->used_bytes = info.used_bytes;
	ret->max_bytes = history_limit(history, info.map_bytes);
	return 0;
}
