/* runtime_group - calls in one transaction, and what must be as the database has it before they run */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/decide/follow.h"
#include "runtime/act/deploy.h"
#include "runtime/act/message.h"
#include "runtime/administration/compile_check.h"
#include "runtime/calls/receive.h"
#include "runtime/operate/operate.h"
#include "runtime/policies/generation.h"
#include "runtime/rows/transport.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime_priv.h"

#define STALE_ROUNDS 100 /* policy sets published while a transaction began */

struct txn_group {
	struct runtime *runtime;
	const struct policyset *set;
	struct runtime_call *calls;
	bool one, stale, behind, deployed, refused, undone, clock, again,
		more; /* again: a scan found that time goes on to matter; more: is due now */
	struct topic_name *published;
	const char *complaint;          /* only this is to be notified */
	struct reservation_note *notes; /* in the runtime's arena */
	unsigned orders, repeats;
};

static int transact(struct txn_group *group, struct error *err);

/* A manual clock stands after a restart where it stood before. */
static void
keep_clock(struct txn *txn)
{
	unsigned char bytes[8];

	store_pack_i64(bytes, txn->now_ms);
	txn_put(txn, STR("Mclock"), (struct str){(const char *)bytes, sizeof(bytes)});
}

static int
run_calls(struct txn_group *group, struct txn *txn)
{
	for (struct runtime_call *call = group->calls; call; call = group->one ? NULL : call->next) {
		int r = 0;

		if (group->refused) {
			call->refused(txn, call);
			continue;
		}
		call->status = 0;
		call->waits = false;
		call->denials = NULL;
		bytes_drop(call->shared); /* of a run that was undone */
		call->shared = NULL;
		txn->trace = call->trace;
		r = call->run(txn, call);
		txn->trace = STR_NONE;
		group->undone = r < 0 && txn->failed == 0;
		if (r < 0)
			return txn->failed ? txn->failed : r;
		operations_withdraw(txn);
		if (txn->deployed && call->next && !group->one)
			return -ERROR_BUSY; /* the next ones are guarded by what came: each runs alone */
	}
	return txn->failed;
}

static int
run_txn(struct txn_group *group, struct txn *txn)
{
	struct runtime *runtime = group->runtime;
	int r;

	group->published = NULL;
	group->notes = NULL;
	group->stale = !engine_set_is_current(runtime->engine, group->set);
	group->behind = generation_number(txn) != runtime->deployed;
	if (group->stale || group->behind)
		return txn->failed;
	if (group->complaint)
		notify_refusal(txn, "POLICIES_REFUSED", group->complaint);
	group->more = operations_tick(txn); /* what time has brought comes before what comes now */
	if (!group->calls && !group->clock && !group->complaint)
		group->again = runtime_scan(txn);
	operations_withdraw(txn);
	if (!group->calls && !group->complaint && runtime->options.manual)
		keep_clock(txn);
	r = run_calls(group, txn);
	if (r == 0) {
		group->published = txn->published;
		group->deployed = txn->deployed;
	}
	return r;
}

static int
group_run(void *context, struct history_writer *writer)
{
	struct txn_group *group = context;
	struct runtime *runtime = group->runtime;
	struct txn txn = {
		.runtime = runtime,
		.writer = writer,
		.store = history_writer_txn(writer),
		.arena = &runtime->arena,
		.set = group->set,
		.now_ms = engine_now_exact(runtime->engine),
	};
	int r;

	arena_reset(&runtime->arena);
	runtime->arena.exhausted = false;
	/* What nobody asked for goes on while callers fill the budget. */
	arena_charge(&runtime->arena, runtime->options.budget, group->calls ? BUDGET_OTHER : BUDGET_URGENT);
	r = run_txn(group, &txn);
	group->notes = txn.notes;
	group->orders = txn.orders;
	group->repeats = txn.repeats;
	bus_forget(&txn);
	return r;
}

/* The group of the PDP that the engine is says whether it decides; said on only when the group changes its mind. */
static void
follow_state(struct runtime *runtime)
{
	struct pdp_subgroup *subgroup;
	struct pdp_group *group;
	struct arena arena;
	struct txn txn;
	int state = 0;

	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &txn);
		group = group_own(&txn, &subgroup);
		if (group)
			state = str_is(group->state, "ACTIVE") ? 1 : 2;
	}
	history_reader_end(runtime->reader);
	arena_free(&arena);
	if (state == runtime->pdp_state || !state)
		return;
	/* At start an active group leaves it to the setting `state`. */
	if (runtime->options.set_active && (runtime->pdp_state || state == 2))
		runtime->options.set_active(runtime->options.state_context, state == 1);
	runtime->pdp_state = state;
}

/* Deployed policies into force as the database has them. What is refused is told to whoever listens. */
static void
follow_deployment(struct runtime *runtime)
{
	struct txn_group group = {.runtime = runtime};
	struct engine_info info;
	struct error err = {0};
	struct arena arena;

	arena_init(&arena, 0);
	if (deploy_load(runtime, runtime->reader, &arena, &runtime->deployed, &group.complaint) == 0) {
		engine_info(runtime->engine, &info);
		runtime->refused_at = info.generation;
		follow_reached(engine_follow(runtime->engine), runtime->deployed);
		atomic_store_explicit(&runtime->refused, group.complaint != NULL, memory_order_relaxed);
		(void)snprintf(runtime->refusal, sizeof(runtime->refusal), "%s",
		               group.complaint ? group.complaint : "");
		if (runtime->options.refused)
			runtime->options.refused(runtime->options.state_context, group.complaint);
		if (group.complaint)
			(void)transact(&group, &err); /* a notification that cannot be kept helps nobody */
	}
	arena_free(&arena);
	follow_state(runtime);
}

/* The names as the transaction left them, which lie in the arena that the next one resets. NULL when out of memory. */
static struct topic_name *
copy_names(const struct topic_name *names, struct arena *arena)
{
	struct topic_name *copy = NULL;

	for (; names; names = names->next) {
		struct topic_name *name = arena_alloc(arena, sizeof(*name));

		if (!name)
			break; /* who waits for them waits for the next poll */
		*name = (struct topic_name){copy, arena_str(arena, names->name)};
		copy = name;
	}
	return copy;
}

/* Calls that wait for one of the topics are tried again. */
static void
wake_readers(struct runtime *runtime, const struct topic_name *names)
{
	if (!names)
		return;
	runtime_wake(runtime, names);
	if (runtime->transport->committed)
		runtime->transport->committed(runtime, names);
}

/*
 * Whatever was committed is told; of a call that stands alone and was undone, what the guards answered to it: the reservations
 * that it had got by then went back with the rest.
 */
static void
notify_answers(struct txn_group *group, int r)
{
	const struct runtime_options *options = &group->runtime->options;
	struct reservation_note *told = NULL, **end = &told;
	uint32_t order = 0;

	if (!options->answered || (r != 0 && !(group->one && group->undone && group->calls->status)))
		return;
	for (struct reservation_note *note = group->notes; note; note = note->next) {
		if (r != 0 && !note->asked)
			continue;
		if (r != 0 && note->event == RESERVATION_RESERVED_EVENT)
			note->event = RESERVATION_WITHDRAWN_EVENT;
		note->undone = r != 0;
		note->order = order++;
		*end = note;
		end = &note->next;
	}
	*end = NULL;
	if (told)
		options->answered(options->answered_context, told);
}

static void
runtime_group_count(const struct txn_group *group)
{
	struct runtime *runtime = group->runtime;

	atomic_fetch_add_explicit(&runtime->orders, group->orders, memory_order_relaxed);
	atomic_fetch_add_explicit(&runtime->repeats, group->repeats, memory_order_relaxed);
}

/* One transaction for the calls, or a scan when there are none; with the newest policy set. */
static int
transact(struct txn_group *group, struct error *err)
{
	struct runtime *runtime = group->runtime;
	const struct topic_name *published;
	struct arena names;
	int r = 0;

	for (int i = 0; i < STALE_ROUNDS; i++) {
		struct policyset *set = engine_set_hold(runtime->engine);

		group->set = set;
		r = history_transact(engine_history(runtime->engine), group_run, group, err);
		notify_answers(group, r);
		if (r == 0)
			runtime_group_count(group);
		policyset_drop(set);
		if (r == 0 && group->behind)
			follow_deployment(runtime);
		if (r != 0 || (!group->stale && !group->behind))
			break;
	}
	arena_init(&names, 0);
	published = r == 0 ? copy_names(group->published, &names) : NULL;
	if (r == 0 && group->deployed)
		follow_deployment(runtime);
	if (r == 0 && (group->stale || group->behind))
		r = error_set(err, ERROR_BUSY, NULL, "policies change too fast");
	if (r == 0)
		wake_readers(runtime, published);
	arena_free(&names);
	arena_reset(&runtime->arena); /* at rest it holds nothing of the budget */
	return r;
}

/* Whether the call waits for policies to be compiled; they are then. */
static bool
compile_for(struct runtime *runtime, struct runtime_call *call)
{
	if (call->status || !call->check || call->check->done)
		return false;
	compile_check_run(runtime->engine, call->check, &call->arena);
	return call->check->done; /* else out of memory: the call fails with what it answered */
}

/* A call alone, after its group failed. Its own refusal stands, any other failure is told. */
static void
transact_one(struct runtime *runtime, struct runtime_call *call)
{
	struct txn_group group = {.runtime = runtime, .calls = call, .one = true};
	struct error err = {0};
	int r = transact(&group, &err);

	for (int i = 0; r != 0 && group.undone && i < STALE_ROUNDS && compile_for(runtime, call); i++) {
		err = (struct error){0};
		r = transact(&group, &err);
	}
	if (r == 0)
		return;
	if (runtime->arena.exhausted) {
		call->status = 0;
		call->err.code = 0;
		(void)error_set(&call->err, ERROR_MEMORY, NULL,
		                "the call is over the memory budget (memory_budget): ask for fewer at once, or later");
	} else if (!group.undone || !call->status) {
		call->status = 0;
		call->err = err;
	} else if (call->refused) {
		group.refused = true;
		err = (struct error){0};
		(void)transact(&group, &err); /* the refusal stands even when its note cannot be kept */
	}
}

void
runtime_transact(struct runtime *runtime, struct runtime_call *calls)
{
	struct txn_group group = {.runtime = runtime, .calls = calls};
	struct error err = {0};

	if (transact(&group, &err) != 0)
		for (struct runtime_call *call = calls; call; call = call->next)
			transact_one(runtime, call);
}

bool
runtime_tick(struct runtime *runtime, bool clock)
{
	struct txn_group group = {.runtime = runtime, .clock = clock};
	struct error err = {0};
	int r;

	do {
		r = transact(&group, &err);
		group.clock = group.clock || group.more; /* one scan is enough */
	} while (r == 0 && group.more);
	atomic_store_explicit(&runtime->stands, r != 0, memory_order_relaxed);
	return r != 0 || group.again; /* one that failed is made up for by the next */
}

int64_t
runtime_due(struct runtime *runtime)
{
	int64_t due_ms = INT64_MAX;
	struct arena arena;
	struct txn txn;
	uint64_t number;

	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &txn);
		if (!execution_due(&txn, &due_ms, &number))
			due_ms = INT64_MAX;
	}
	history_reader_end(runtime->reader);
	arena_free(&arena);
	return due_ms;
}

void
runtime_look_around(struct runtime *runtime)
{
	uint64_t number = runtime->deployed;
	struct engine_info info;
	struct arena arena;
	struct txn txn;

	arena_init(&arena, 0);
	if (history_reader_begin(runtime->reader) == 0) {
		runtime_read(runtime, runtime->reader, &arena, &txn);
		number = generation_number(&txn);
	}
	history_reader_end(runtime->reader);
	arena_free(&arena);
	engine_info(runtime->engine, &info);
	/* A refused set may compile with the files that there are now. */
	if (number != runtime->deployed ||
	    (atomic_load_explicit(&runtime->refused, memory_order_relaxed) && info.generation != runtime->refused_at))
		follow_deployment(runtime);
}
