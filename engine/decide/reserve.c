/* reserve - decide and take the reservation in one step that no other caller can slip through */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/reserve.h"

#include <semaphore.h>
#include <stdio.h>

#include "engine/decide/decide.h"
#include "engine/decide/explanation.h"
#include "engine/decide/follow.h"
#include "engine/decide/policyset.h"
#include "engine/history/committer.h"
#include "engine/history/history_priv.h"
#include "engine/history/record.h"
#include "engine/history/reservation.h"
#include "engine/history/write.h"

/*
 * The decision is taken on the committer's thread, inside the write transaction that will hold the reservation: no other
 * process or thread can commit between the two. The policy set is held by the caller's job; if a newer one was
 * published before the job ran, nothing is done and the job is handed over again with that (the publish lock comes
 * before LMDB's, so it cannot be taken inside). The answers go out after the commit.
 */

const char *const reservation_state_name[4] = {
	[RESERVATION_LIVE] = "live",
	[RESERVATION_SETTLED] = "settled",
	[RESERVATION_ABORTED] = "aborted",
	[RESERVATION_EXPIRED] = "expired",
};

const char *const reservation_event_name[RESERVATION_EVENT_COUNT] = {
#define X(name, text) [RESERVATION_##name##_EVENT] = text,
	RESERVATION_EVENTS(X)
#undef X
};

void
reservation_id_write(struct hash128 id, char out[RESERVATION_ID_SIZE])
{
	(void)snprintf(out, RESERVATION_ID_SIZE, "%016llx%016llx", (unsigned long long)id.hi,
	               (unsigned long long)id.lo);
}

/* 32 lower-case hex digits; anything else is no id of ours. */
static bool
id_read(struct str text, struct hash128 *ret)
{
	uint64_t halves[2] = {0, 0};

	if (text.len != RESERVATION_ID_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
		                                        : 16;

		if (digit > 15)
			return false;
		halves[i / 16] = halves[i / 16] << 4 | digit;
	}
	*ret = (struct hash128){.lo = halves[1], .hi = halves[0]};
	return true;
}

static int64_t
lease_or_default(const struct history *history, int64_t lease_ms)
{
	return lease_ms > 0 ? lease_ms : history->options.lease_ms;
}

/* --- guards' questions inside a write transaction --- */

static int
writer_count(void *context, const struct count_query *query, struct count_result *ret)
{
	struct history_writer *writer = context;

	return txn_count(writer->history, writer->txn, query, ret);
}

static int
writer_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	struct history_writer *writer = context;

	return txn_loop_live(writer->history, writer->txn, clname, now_ms, ret_until);
}

static int
writer_loop_started(void *context, struct str clname)
{
	struct history_writer *writer = context;

	return txn_loop_started(writer->history, writer->txn, clname);
}

/* A Deny because something failed. */
static void
deny_error(struct reservation *ret, const struct policyset *set, int64_t now_ms)
{
	ret->decision = (struct decision){.effect = EFFECT_INDETERMINATE, .reason = REASON_ERROR, .now_ms = now_ms};
	if (set) {
		ret->decision.mode = set->mode;
		ret->decision.generation = set->generation;
	}
	ret->id[0] = '\0';
}

static void
status_of(const struct reserved *reserved, struct reservation_status *ret)
{
	reservation_id_write(reserved->id, ret->id);
	ret->state = reserved->state;
	ret->expires_ms = reserved->expires_ms;
}

static void
permit_as(struct reservation *ret, const struct policyset *set, const struct reserved *reserved, int64_t now_ms)
{
	if (reserved->repeated) {
		ret->decision = (struct decision){
			.effect = reserved->reason == REASON_PERMIT ? EFFECT_PERMIT : EFFECT_NOT_APPLICABLE,
			.permit = true,
			.reason = reserved->reason,
			.generation = set->generation,
			.now_ms = now_ms,
			.mode = set->mode,
		};
	}
	ret->repeated = reserved->repeated;
	ret->expires_ms = reserved->expires_ms;
	reservation_id_write(reserved->id, ret->id);
}

/* Rows hold the canonical spelling of an operation, as the guards count it. */
static struct request
reserve_canonical(const struct policyset *set, const struct request *request)
{
	struct request copy = *request;

	if (set->mode == GUARD_STRICT && copy.attribute[ATTRIBUTE_OPERATION].ptr)
		copy.attribute[ATTRIBUTE_OPERATION] = operation_canonical(copy.attribute[ATTRIBUTE_OPERATION]);
	return copy;
}

int
engine_writer_reserve(struct engine *engine, struct history_writer *writer, const struct policyset *set,
                      const struct request *given, int64_t lease_ms, int64_t now_ms, struct reservation *ret)
{
	const struct history_view view = {writer_count, writer_loop_live, writer_loop_started, writer};
	const struct env env = {now_ms, &view, engine_reserve_scratch(engine)};
	struct request request = reserve_canonical(set, given);
	struct reserved reserved = {0};
	int r = writer_expire(writer, now_ms, 16);

	*ret = (struct reservation){.position = {writer->commit, writer->steps, true}};
	if (r == 0)
		r = reserved_find(writer, &request, now_ms, &reserved);
	if (r == 0) {
		decide_with(set, &request, &env, &ret->decision);
		if (!ret->decision.permit)
			return store_failed(writer->txn);
		r = writer_reserve(writer, &request, ret->decision.reason, lease_or_default(writer->history, lease_ms),
		                   now_ms, &reserved);
		r = r == 0 ? 1 : r;
	}
	if (r < 0) {
		deny_error(ret, set, now_ms);
		if (r == -ERROR_CONFLICT && reserved.repeated)
			status_of(&reserved, &ret->ended);
		return r;
	}
	permit_as(ret, set, &reserved, now_ms);
	return 1;
}

int
engine_writer_change(struct history_writer *writer, const struct reservation_change *change, int64_t now_ms,
                     struct reservation_status *ret_status)
{
	struct reserved reserved = {0};
	struct hash128 id;
	int r = -ERROR_UNKNOWN;

	*ret_status = (struct reservation_status){0};
	if (!id_read(change->id, &id))
		return -ERROR_UNKNOWN;
	if (change->may) {
		struct str actor;

		r = writer_reserved_actor(writer, id, now_ms, &actor);
		if (r == 0 && !change->may(change->context, actor))
			r = -ERROR_UNKNOWN;
		if (r != 0)
			return r;
	}
	switch (change->action) {
	case RESERVATION_SETTLE:
		r = writer_settle(writer, id, change->outcome, change->message, now_ms, &reserved);
		break;
	case RESERVATION_ABORT:
		r = writer_abort(writer, id, now_ms, &reserved);
		break;
	case RESERVATION_RENEW:
		r = writer_renew(writer, id, lease_or_default(writer->history, change->lease_ms), now_ms, &reserved);
		break;
	}
	reserved.id = id; /* also of one that is not there */
	status_of(&reserved, ret_status);
	return r;
}

int
engine_writer_explain(struct engine *engine, struct history_writer *writer, const struct policyset *set,
                      const struct request *given, int64_t now_ms, struct arena *arena, struct decision *ret_decision,
                      struct str *ret_json)
{
	const struct history_view view = {writer_count, writer_loop_live, writer_loop_started, writer};
	const struct env env = {now_ms, &view, engine_reserve_scratch(engine)};
	struct request request = reserve_canonical(set, given);
	struct explained why;
	int r = decide_explain(set, &request, &env, arena, ret_decision, &why);

	if (r != 0)
		return r;
	*ret_json = explanation_json(ret_decision, &why, arena);
	return ret_json->ptr ? 0 : -ERROR_MEMORY;
}

/* --- reserving, as a job --- */

struct reserve_job {
	struct history_job job;
	struct engine *engine;
	const struct request *requests;
	size_t count;
	int64_t lease_ms;
	struct reservation *ret; /* one a request; set is filled in the first */
	struct policyset *set;   /* held */
	bool stale;              /* a newer set was published: nothing was done */
	bool behind;             /* and what is deployed is not in force here yet: wait for `number` */
	uint64_t number;
	struct follow_waiter waiter;
	size_t denied; /* the request that was, or count */
	void (*done)(struct reserve_job *job);
	void (*notify)(void *context, const struct reservation *reservation, const struct error *err); /* of one */
	void (*notify_all)(void *context, const struct reservation *all, size_t denied, const struct error *err);
	void *context;
	struct arena arena; /* of an asynchronous one: holds it all */
};

static int
reserve_run(struct history_job *base, struct history_writer *writer)
{
	struct reserve_job *job = (struct reserve_job *)base;
	int64_t now_ms = engine_now_exact(job->engine);

	job->denied = job->count;
	job->behind = follow_is_behind(engine_follow(job->engine), history_writer_txn(writer), &job->number);
	job->stale = job->behind || !engine_set_is_current(job->engine, job->set);
	if (job->stale)
		return 0;
	for (size_t i = 0; i < job->count; i++) {
		int r = engine_writer_reserve(job->engine, writer, job->set, &job->requests[i], job->lease_ms, now_ms,
		                              &job->ret[i]);

		if (r == -ERROR_CONFLICT)
			return error_set(&base->err, ERROR_CONFLICT, NULL,
			                 job->ret[i].ended.id[0]
			                         ? "the reservation of these request ids is settled"
			                         : "these request ids have a reservation for another request");
		if (r < 0)
			return r;
		if (r == 0) {
			job->denied = i;
			return i == 0 ? 0 : -ERROR_CONFLICT; /* what the earlier ones took is given up */
		}
	}
	return 0;
}

/* Hands the job over with the set that is now current. */
static int
reserve_submit(struct reserve_job *job, struct error *err)
{
	policyset_drop(job->set);
	job->set = engine_set_hold(job->engine);
	return history_submit(engine_history(job->engine), &job->job, err);
}

/* The database is still to be attached: a Deny, whatever the guards would say. False when it is open. */
static bool
reserve_is_withheld(struct reserve_job *job)
{
	if (!history_is_verifying(engine_history(job->engine)))
		return false;
	policyset_drop(job->set);
	job->set = engine_set_hold(job->engine);
	job->denied = 0;
	for (size_t i = 0; i < job->count; i++)
		job->ret[i] = (struct reservation){0};
	job->ret[0] = (struct reservation){.decision = {.effect = EFFECT_DENY,
	                                                .reason = REASON_VERIFYING,
	                                                .generation = job->set->generation,
	                                                .now_ms = engine_now(job->engine),
	                                                .mode = job->set->mode}};
	return true;
}

/* A reservation becomes a row of the operation history: it needs what any row needs. */
static int
request_check(const struct request *request, struct error *err)
{
	if (request->attribute[ATTRIBUTE_ACTOR].len == 0 || request->attribute[ATTRIBUTE_OPERATION].len == 0)
		return error_set(err, ERROR_MISSING, NULL, "a reservation needs its actor and its operation");
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (request->attribute[i].len > ATTRIBUTE_SIZE_MAX)
			return error_set(err, ERROR_LIMIT, NULL, "attribute '%s' is longer than %d bytes",
			                 attribute_key[i], ATTRIBUTE_SIZE_MAX);
	}
	if (request->request_id.len > ATTRIBUTE_SIZE_MAX || request->subrequest_id.len > ATTRIBUTE_SIZE_MAX)
		return error_set(err, ERROR_LIMIT, NULL, "a request id is longer than %d bytes", ATTRIBUTE_SIZE_MAX);
	return 0;
}

/* The job's end as its caller sees it: errors, and a Deny that gave up what others had taken. */
static void
reserve_conclude(struct reserve_job *job)
{
	struct error *err = &job->job.err;

	if (job->denied < job->count)
		*err = (struct error){0};
	for (size_t i = 0; i < job->count; i++) {
		if (err->code)
			deny_error(&job->ret[i], job->set, engine_now(job->engine));
		job->ret[i].set = NULL;
	}
	for (size_t i = 0; i < job->count && job->denied < job->count; i++)
		job->ret[i].id[0] = '\0';
}

static void
blocking_resume(struct follow_waiter *waiter)
{
	struct reserve_job *job = (struct reserve_job *)((char *)waiter - offsetof(struct reserve_job, waiter));

	(void)sem_post((sem_t *)job->context); /* cannot pass its maximum */
}

static void
blocking_done(struct history_job *base)
{
	struct reserve_job *job = (struct reserve_job *)base;

	(void)sem_post((sem_t *)job->context); /* cannot pass its maximum */
}

int
engine_reserve_all(struct engine *engine, const struct request *requests, size_t count, int64_t lease_ms,
                   struct reservation *ret, size_t *ret_denied, struct error *err)
{
	struct reserve_job job = {
		.job = {.run = reserve_run, .done = blocking_done},
		.engine = engine,
		.requests = requests,
		.count = count,
		.denied = count,
		.lease_ms = lease_ms,
		.ret = ret,
	};
	sem_t done;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = request_check(&requests[i], &job.job.err);
	if (r == 0 && sem_init(&done, 0, 0) != 0)
		r = error_set(&job.job.err, ERROR_IO, NULL, "no semaphore");
	if (r == 0) {
		job.context = &done;
		job.waiter.resume = blocking_resume;
		do {
			struct error busy = {0};

			if (job.behind) {
				follow_wait(engine_follow(engine), &job.waiter, job.number);
				while (sem_wait(&done) != 0)
					; /* a signal */
			}

			if (count > 0 && reserve_is_withheld(&job))
				break;
			if (reserve_submit(&job, &busy) != 0) {
				job.job.err = busy;
				break;
			}
			while (sem_wait(&done) != 0)
				; /* a signal */
		} while (job.stale && !job.job.err.code);
		(void)sem_destroy(&done); /* nobody waits */
	}
	reserve_conclude(&job);
	if (job.denied < count)
		ret[0] = ret[job.denied];
	if (count > 0)
		ret[0].set = job.set;
	else
		policyset_drop(job.set);
	*ret_denied = job.denied;
	return job.job.err.code ? error_set(err, job.job.err.code, NULL, "%s", job.job.err.text) : 0;
}

int
engine_reserve(struct engine *engine, const struct request *request, int64_t lease_ms, struct reservation *ret,
               struct error *err)
{
	size_t denied;

	return engine_reserve_all(engine, request, 1, lease_ms, ret, &denied, err);
}

void
reservation_done(struct reservation *reservation)
{
	policyset_drop(reservation->set);
	reservation->set = NULL;
}

static void
reserve_notify(struct reserve_job *job)
{
	struct arena arena = job->arena;

	reserve_conclude(job);
	if (job->notify_all)
		job->notify_all(job->context, job->ret, job->denied, &job->job.err);
	else
		job->notify(job->context, job->ret, &job->job.err);
	policyset_drop(job->set);
	arena_free(&arena);
}

static void
submit_or_notify(struct reserve_job *job)
{
	struct error busy = {0};

	if (!reserve_is_withheld(job)) {
		if (reserve_submit(job, &busy) == 0)
			return;
		job->job.err = busy;
	}
	reserve_notify(job);
}

static void
async_resume(struct follow_waiter *waiter)
{
	submit_or_notify((struct reserve_job *)((char *)waiter - offsetof(struct reserve_job, waiter)));
}

static void
async_done(struct history_job *base)
{
	struct reserve_job *job = (struct reserve_job *)base;

	if (base->err.code || !job->stale)
		reserve_notify(job);
	else if (job->behind)
		follow_wait(engine_follow(job->engine), &job->waiter, job->number);
	else
		submit_or_notify(job);
}

/* A job with copies of the requests in an arena of its own; NULL, with the error, when it cannot be. */
static struct reserve_job *
job_new(struct engine *engine, const struct request *requests, size_t count, int64_t lease_ms, struct error *err)
{
	struct reserve_job *job;
	struct reservation *ret;
	struct request *copies;
	struct arena arena;
	bool copied;

	for (size_t i = 0; i < count; i++)
		if (request_check(&requests[i], err) != 0)
			return NULL;
	arena_init(&arena, 0);
	job = arena_alloc(&arena, sizeof(*job));
	copies = arena_array(&arena, count, sizeof(*copies));
	ret = arena_array(&arena, count, sizeof(*ret));
	copied = job && copies && ret;
	for (size_t i = 0; i < count && copied; i++) {
		copies[i] = requests[i];
		copied = request_copy(&arena, &copies[i]);
	}
	if (!copied) {
		arena_free(&arena);
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
		return NULL;
	}
	*job = (struct reserve_job){
		.job = {.run = reserve_run, .done = async_done},
		.waiter = {.resume = async_resume},
		.engine = engine,
		.requests = copies,
		.count = count,
		.denied = count,
		.lease_ms = lease_ms,
		.ret = ret,
		.arena = arena,
	};
	return job;
}

/* Takes the job, also when it fails. */
static int
job_submit(struct reserve_job *job, struct error *err)
{
	int r;

	if (reserve_is_withheld(job)) {
		reserve_notify(job);
		return 0;
	}
	r = reserve_submit(job, err);
	if (r != 0) {
		struct arena arena = job->arena;

		policyset_drop(job->set);
		arena_free(&arena);
	}
	return r;
}

int
engine_reserve_async(struct engine *engine, const struct request *request, int64_t lease_ms,
                     void (*done)(void *context, const struct reservation *reservation, const struct error *err),
                     void *context, struct error *err)
{
	struct reserve_job *job = job_new(engine, request, 1, lease_ms, err);

	if (!job)
		return -(int)err->code;
	job->notify = done;
	job->context = context;
	return job_submit(job, err);
}

int
engine_reserve_all_async(struct engine *engine, const struct request *requests, size_t count, int64_t lease_ms,
                         void (*done)(void *context, const struct reservation *all, size_t denied,
                                      const struct error *err),
                         void *context, struct error *err)
{
	struct reserve_job *job = job_new(engine, requests, count, lease_ms, err);

	if (!job)
		return -(int)err->code;
	job->notify_all = done;
	job->context = context;
	return job_submit(job, err);
}
