/* runs - all transactions of a set of operational policies, in bounded memory */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/runs.h"

#include <stdlib.h>

#include "engine/machine/admit.h"
#include "engine/machine/heap.h"
#include "engine/machine/window.h"

#define NO_SLOT UINT32_MAX

const struct loops_options loops_options_default = {
	.runs_max = 1024,
	.windows_max = 1024,
	.run = {.guard_ms = 90000, .query_ms = 90000, .retry_ms = 1000},
};

/* A chained hash of slots: which run holds a target, which run has an event of this identity. */
struct chains {
	uint32_t *head, *next; /* NO_SLOT at the end */
};

struct loops {
	struct loops_options options;
	struct arena arena; /* of the index */
	struct operational_index policies;
	struct run *runs;
	uint32_t *idle; /* stack of slots */
	size_t idle_count;
	size_t buckets; /* a power of two */
	struct chains locks, events;
	struct heap timers;
	struct windows windows;
	uint64_t number;
};

static int
chains_init(struct chains *chains, size_t buckets, size_t slots)
{
	chains->head = malloc(buckets * sizeof(*chains->head));
	chains->next = malloc(slots * sizeof(*chains->next));
	if (!chains->head || !chains->next)
		return -1;
	memset(chains->head, 0xff, buckets * sizeof(*chains->head));
	memset(chains->next, 0xff, slots * sizeof(*chains->next));
	return 0;
}

static size_t
bucket_of(const struct loops *loops, struct str text)
{
	return hash_str(&loops->options.key, text) & (loops->buckets - 1);
}

static void
chains_put(struct chains *chains, size_t bucket, uint32_t slot)
{
	chains->next[slot] = chains->head[bucket];
	chains->head[bucket] = slot;
}

static void
chains_take(struct chains *chains, size_t bucket, uint32_t slot)
{
	uint32_t *at = &chains->head[bucket];

	while (*at != NO_SLOT && *at != slot)
		at = &chains->next[*at];
	if (*at == slot)
		*at = chains->next[slot];
}

/* Asking for a lock outside counts as holding it: otherwise two could be granted. */
static bool
holds_lock(const struct run *run)
{
	return run->locked || run->state == RUN_LOCK;
}

/* The run that holds the lock on `target`, or NULL. */
static struct run *
lock_holder(const struct loops *loops, struct str target)
{
	uint32_t slot = loops->locks.head[bucket_of(loops, target)];

	while (slot != NO_SLOT && !str_equal(loops->runs[slot].target, target))
		slot = loops->locks.next[slot];
	return slot == NO_SLOT ? NULL : &loops->runs[slot];
}

/* The run whose event is the same, or NULL. */
static struct run *
same_event(const struct loops *loops, const struct event *event)
{
	uint32_t slot = loops->events.head[bucket_of(loops, event->identity)];

	while (slot != NO_SLOT && !str_equal(loops->runs[slot].event->identity, event->identity))
		slot = loops->events.next[slot];
	return slot == NO_SLOT ? NULL : &loops->runs[slot];
}

struct loops *
loops_new(const struct operational *policies, const struct loops_options *options)
{
	struct loops *loops = calloc(1, sizeof(*loops));
	size_t slots = options->runs_max ? options->runs_max : 1;
	uint32_t evaluations = 1;

	if (!loops)
		return NULL;
	loops->options = *options;
	loops->options.runs_max = slots;
	arena_init(&loops->arena, 0);
	for (const struct operational *at = policies; at; at = at->next) {
		if (at->gate && at->gate->evaluations > evaluations)
			evaluations = at->gate->evaluations;
	}
	for (loops->buckets = 16; loops->buckets < 2 * slots;)
		loops->buckets *= 2;
	loops->runs = calloc(slots, sizeof(*loops->runs));
	loops->idle = calloc(slots, sizeof(*loops->idle));
	if (operational_index_build(&loops->policies, policies, &loops->arena) < 0 || !loops->runs || !loops->idle ||
	    heap_init(&loops->timers, slots) < 0 || chains_init(&loops->locks, loops->buckets, slots) < 0 ||
	    chains_init(&loops->events, loops->buckets, slots) < 0 ||
	    windows_init(&loops->windows, evaluations > 1 ? options->windows_max : 0, evaluations) < 0) {
		loops_free(loops);
		return NULL;
	}
	for (uint32_t slot = (uint32_t)slots; slot-- > 0;)
		loops->idle[loops->idle_count++] = slot;
	return loops;
}

void
loops_free(struct loops *loops)
{
	if (!loops)
		return;
	windows_done(&loops->windows);
	heap_done(&loops->timers);
	free(loops->locks.head);
	free(loops->locks.next);
	free(loops->events.head);
	free(loops->events.next);
	free(loops->idle);
	free(loops->runs);
	arena_free(&loops->arena);
	free(loops);
}

/*
 * After each step of a run: the tables follow its actions, and a lock that another run of ours holds is denied here;
 * only a lock that is free among us is asked for outside.
 */
static void
settle(struct loops *loops, struct run *run, bool held, int64_t now_ms, struct actions *actions)
{
	struct action *last = actions->count > 0 ? &actions->list[actions->count - 1] : NULL;

	if (last && last->kind == ACTION_LOCK && lock_holder(loops, run->target)) {
		struct answer denied = {.kind = ANSWER_LOCK, .generation = run->generation};

		actions->count--;
		(void)run_answer(run, &denied, now_ms, actions); /* false only when stale */
	}
	if (holds_lock(run) && !held)
		chains_put(&loops->locks, bucket_of(loops, run->target), run->slot);
	else if (!holds_lock(run) && held)
		chains_take(&loops->locks, bucket_of(loops, run->target), run->slot);
	heap_set(&loops->timers, run->slot, run_due(run));
	if (run->state != RUN_IDLE)
		return;
	chains_take(&loops->events, bucket_of(loops, run->event->identity), run->slot);
	loops->idle[loops->idle_count++] = run->slot;
}

/* Events that a condition lets pass are counted by their AAI map. */
struct counting {
	struct loops *loops;
	int64_t now_ms;
};

static uint32_t
count_event(void *context, const struct operational *policy, const struct event *event)
{
	struct counting *counting = context;
	const struct str key[] = {policy->id, event->aai_identity};

	return windows_add(&counting->loops->windows, hash_parts(&counting->loops->options.key, key, 2),
	                   counting->now_ms, policy->gate->period_ms, policy->gate->evaluations);
}

/* ABATED is of use only to a run that waits for it. */
static void
abated(struct loops *loops, const struct operational *policy, const struct event *event, int64_t now_ms,
       struct actions *actions)
{
	struct run *run = policy->waits_for_abated ? same_event(loops, event) : NULL;
	bool held;

	for (size_t i = 0; !run && policy->waits_for_abated && i < loops->options.runs_max; i++) {
		struct run *at = &loops->runs[i];

		if (at->state != RUN_IDLE && at->policy == policy && event->request_id.ptr &&
		    str_equal(at->event->request_id, event->request_id))
			run = at;
	}
	if (!run) {
		event_tell(actions, ACTION_IGNORE, event, policy, "discard:abated");
		return;
	}
	held = holds_lock(run);
	run_abated(run, now_ms, actions);
	settle(loops, run, held, now_ms, actions);
}

bool
loops_event(struct loops *loops, const struct event *event, int64_t now_ms, int64_t wall_ms, struct actions *actions)
{
	const struct operational *policy = operational_find(&loops->policies, event->clname);
	struct counting counting = {loops, now_ms};
	const struct admission admission = {
		.wall_ms = wall_ms,
		.same = policy && same_event(loops, event),
		.full = loops->idle_count == 0,
		.count = count_event,
		.context = &counting,
	};
	struct run *run;

	actions->count = 0;
	if (!str_is(event->status, "ONSET") && !str_is(event->status, "ABATED")) {
		event_tell(actions, ACTION_IGNORE, event, policy, "discard:status");
		return false;
	}
	if (!policy || !event->clname.ptr) {
		event_tell(actions, ACTION_IGNORE, event, NULL, "discard:no policy");
		return false;
	}
	if (str_is(event->status, "ABATED")) {
		abated(loops, policy, event, now_ms, actions);
		return false;
	}
	if (!event_admit(policy, event, &admission, actions))
		return false;
	run = &loops->runs[loops->idle[--loops->idle_count]];
	run->slot = (uint32_t)(run - loops->runs);
	run->number = ++loops->number;
	run->options = &loops->options.run;
	run->event = event;
	chains_put(&loops->events, bucket_of(loops, event->identity), run->slot);
	run_begin(run, policy, event, now_ms, actions);
	settle(loops, run, false, now_ms, actions);
	return true;
}

bool
loops_answer(struct loops *loops, uint32_t slot, const struct answer *answer, int64_t now_ms, struct actions *actions)
{
	struct run *run = &loops->runs[slot];
	bool held = holds_lock(run);

	actions->count = 0;
	if (!run_answer(run, answer, now_ms, actions))
		return false;
	settle(loops, run, held, now_ms, actions);
	return true;
}

bool
loops_tick(struct loops *loops, int64_t now_ms, struct actions *actions)
{
	struct run *run;
	uint32_t slot;
	int64_t when;
	bool held;

	actions->count = 0;
	if (!heap_first(&loops->timers, &slot, &when) || when > now_ms)
		return false;
	run = &loops->runs[slot];
	held = holds_lock(run);
	(void)run_tick(run, now_ms, actions); /* it is due */
	settle(loops, run, held, now_ms, actions);
	return true;
}

int64_t
loops_due(const struct loops *loops)
{
	uint32_t slot;
	int64_t when;

	return heap_first(&loops->timers, &slot, &when) ? when : INT64_MAX;
}

bool
loops_lock_lost(struct loops *loops, struct str target, int64_t now_ms, struct actions *actions)
{
	struct run *run = lock_holder(loops, target);

	actions->count = 0;
	if (!run || !run->locked)
		return false;
	run_lock_lost(run, now_ms, actions);
	settle(loops, run, true, now_ms, actions);
	return true;
}

const struct run *
loops_run(const struct loops *loops, uint32_t slot)
{
	return &loops->runs[slot];
}

size_t
loops_running(const struct loops *loops)
{
	return loops->options.runs_max - loops->idle_count;
}
