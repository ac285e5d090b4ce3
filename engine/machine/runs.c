/* runs - all executions of a set of operational policies, in bounded memory */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/runs.h"

#include <stdlib.h>

#include "engine/machine/admit.h"
#include "engine/machine/heap.h"
#include "engine/machine/window.h"

#define NO_SLOT UINT32_MAX

const struct runs_options runs_options_default = {
	.runs_max = 1024,
	.windows_max = 1024,
	.run = {.guard_ms = 90000, .query_ms = 90000, .retry_ms = 1000},
};

/* A chained hash of slots: which run holds a target, which run has an event of this identity. */
struct chains {
	uint32_t *head, *next; /* NO_SLOT at the end */
};

struct runs {
	struct runs_options options;
	struct arena arena; /* of the index */
	struct operational_index policies;
	struct run *slots;
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
bucket_of(const struct runs *runs, struct str text)
{
	return hash_str(&runs->options.key, text) & (runs->buckets - 1);
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
lock_holder(const struct runs *runs, struct str target)
{
	uint32_t slot = runs->locks.head[bucket_of(runs, target)];

	while (slot != NO_SLOT && !str_equal(runs->slots[slot].target, target))
		slot = runs->locks.next[slot];
	return slot == NO_SLOT ? NULL : &runs->slots[slot];
}

/* The run whose event is the same, or NULL. */
static struct run *
same_event(const struct runs *runs, const struct event *event)
{
	uint32_t slot = runs->events.head[bucket_of(runs, event->identity)];

	while (slot != NO_SLOT && !str_equal(runs->slots[slot].event->identity, event->identity))
		slot = runs->events.next[slot];
	return slot == NO_SLOT ? NULL : &runs->slots[slot];
}

struct runs *
runs_new(const struct operational *policies, const struct runs_options *options)
{
	struct runs *runs = calloc(1, sizeof(*runs));
	size_t slots = options->runs_max ? options->runs_max : 1;
	uint32_t evaluations = 1;

	if (!runs)
		return NULL;
	runs->options = *options;
	runs->options.runs_max = slots;
	arena_init(&runs->arena, 0);
	for (const struct operational *at = policies; at; at = at->next) {
		if (at->gate && at->gate->evaluations > evaluations)
			evaluations = at->gate->evaluations;
	}
	for (runs->buckets = 16; runs->buckets < 2 * slots;)
		runs->buckets *= 2;
	runs->slots = calloc(slots, sizeof(*runs->slots));
	runs->idle = calloc(slots, sizeof(*runs->idle));
	if (operational_index_build(&runs->policies, policies, &runs->arena) < 0 || !runs->slots || !runs->idle ||
	    heap_init(&runs->timers, slots) < 0 || chains_init(&runs->locks, runs->buckets, slots) < 0 ||
	    chains_init(&runs->events, runs->buckets, slots) < 0 ||
	    windows_init(&runs->windows, evaluations > 1 ? options->windows_max : 0, evaluations) < 0) {
		runs_free(runs);
		return NULL;
	}
	for (uint32_t slot = (uint32_t)slots; slot-- > 0;)
		runs->idle[runs->idle_count++] = slot;
	return runs;
}

void
runs_free(struct runs *runs)
{
	if (!runs)
		return;
	windows_done(&runs->windows);
	heap_done(&runs->timers);
	free(runs->locks.head);
	free(runs->locks.next);
	free(runs->events.head);
	free(runs->events.next);
	free(runs->idle);
	free(runs->slots);
	arena_free(&runs->arena);
	free(runs);
}

/*
 * After each step of a run: the tables follow its actions, and a lock that another run of ours holds is denied here;
 * only a lock that is free among us is asked for outside.
 */
static void
settle(struct runs *runs, struct run *run, bool held, int64_t now_ms, struct actions *actions)
{
	struct action *last = actions->count > 0 ? &actions->list[actions->count - 1] : NULL;

	if (last && last->kind == ACTION_LOCK && lock_holder(runs, run->target)) {
		struct answer denied = {.kind = ANSWER_LOCK, .generation = run->generation};

		actions->count--;
		(void)run_answer(run, &denied, now_ms, actions); /* false only when stale */
	}
	if (holds_lock(run) && !held)
		chains_put(&runs->locks, bucket_of(runs, run->target), run->slot);
	else if (!holds_lock(run) && held)
		chains_take(&runs->locks, bucket_of(runs, run->target), run->slot);
	heap_set(&runs->timers, run->slot, run_due(run));
	if (run->state != RUN_IDLE)
		return;
	chains_take(&runs->events, bucket_of(runs, run->event->identity), run->slot);
	runs->idle[runs->idle_count++] = run->slot;
}

/* Events that a condition lets pass are counted by their AAI map. */
struct counting {
	struct runs *runs;
	int64_t now_ms;
};

static uint32_t
count_event(void *context, const struct operational *policy, const struct event *event)
{
	struct counting *counting = context;
	const struct str key[] = {policy->id, event->aai_identity};

	return windows_add(&counting->runs->windows, hash_parts(&counting->runs->options.key, key, 2), counting->now_ms,
	                   policy->gate->period_ms, policy->gate->evaluations);
}

/* ABATED is of use only to a run that waits for it. */
static void
abated(struct runs *runs, const struct operational *policy, const struct event *event, int64_t now_ms,
       struct actions *actions)
{
	struct run *run = policy->waits_for_abated ? same_event(runs, event) : NULL;
	bool held;

	for (size_t i = 0; !run && policy->waits_for_abated && i < runs->options.runs_max; i++) {
		struct run *at = &runs->slots[i];

		if (at->state != RUN_IDLE && at->policy == policy && event->request_id.ptr &&
		    str_equal(at->event->request_id, event->request_id))
			run = at;
	}
	if (!run) {
		event_notify(actions, ACTION_IGNORE, event, policy, "discard:abated");
		return;
	}
	held = holds_lock(run);
	run_abated(run, now_ms, actions);
	settle(runs, run, held, now_ms, actions);
}

bool
runs_event(struct runs *runs, const struct event *event, int64_t now_ms, int64_t wall_ms, struct actions *actions)
{
	const struct operational *policy = operational_find(&runs->policies, event->clname);
	struct counting counting = {runs, now_ms};
	const struct admission admission = {
		.wall_ms = wall_ms,
		.same = policy && same_event(runs, event),
		.full = runs->idle_count == 0,
		.count = count_event,
		.context = &counting,
	};
	struct run *run;

	actions->count = 0;
	if (!str_is(event->status, "ONSET") && !str_is(event->status, "ABATED")) {
		event_notify(actions, ACTION_IGNORE, event, policy, "discard:status");
		return false;
	}
	if (!policy || !event->clname.ptr) {
		event_notify(actions, ACTION_IGNORE, event, NULL, "discard:no policy");
		return false;
	}
	if (str_is(event->status, "ABATED")) {
		abated(runs, policy, event, now_ms, actions);
		return false;
	}
	if (!event_admit(policy, event, &admission, actions))
		return false;
	run = &runs->slots[runs->idle[--runs->idle_count]];
	run->slot = (uint32_t)(run - runs->slots);
	run->number = ++runs->number;
	run->options = &runs->options.run;
	run->event = event;
	chains_put(&runs->events, bucket_of(runs, event->identity), run->slot);
	run_begin(run, policy, event, now_ms, actions);
	settle(runs, run, false, now_ms, actions);
	return true;
}

bool
runs_answer(struct runs *runs, uint32_t slot, const struct answer *answer, int64_t now_ms, struct actions *actions)
{
	struct run *run = &runs->slots[slot];
	bool held = holds_lock(run);

	actions->count = 0;
	if (!run_answer(run, answer, now_ms, actions))
		return false;
	settle(runs, run, held, now_ms, actions);
	return true;
}

bool
runs_tick(struct runs *runs, int64_t now_ms, struct actions *actions)
{
	struct run *run;
	uint32_t slot;
	int64_t when;
	bool held;

	actions->count = 0;
	if (!heap_first(&runs->timers, &slot, &when) || when > now_ms)
		return false;
	run = &runs->slots[slot];
	held = holds_lock(run);
	(void)run_tick(run, now_ms, actions); /* it is due */
	settle(runs, run, held, now_ms, actions);
	return true;
}

int64_t
runs_due(const struct runs *runs)
{
	uint32_t slot;
	int64_t when;

	return heap_first(&runs->timers, &slot, &when) ? when : INT64_MAX;
}

bool
runs_lock_lost(struct runs *runs, struct str target, int64_t now_ms, struct actions *actions)
{
	struct run *run = lock_holder(runs, target);

	actions->count = 0;
	if (!run || !run->locked)
		return false;
	run_lock_lost(run, now_ms, actions);
	settle(runs, run, true, now_ms, actions);
	return true;
}

const struct run *
runs_run(const struct runs *runs, uint32_t slot)
{
	return &runs->slots[slot];
}

size_t
runs_running(const struct runs *runs)
{
	return runs->options.runs_max - runs->idle_count;
}
