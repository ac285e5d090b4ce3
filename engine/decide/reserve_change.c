/* reserve_change - settling, aborting and renewing reservations, as jobs of the committer */
/* SPDX-License-Identifier: Apache-2.0 */
#include <semaphore.h>

#include "engine/decide/policyset.h"
#include "engine/decide/reserve.h"
#include "engine/history/cache.h"
#include "engine/history/committer.h"
#include "engine/history/record.h"
#include "engine/history/write.h"

struct change_job {
	struct history_job job;
	struct engine *engine;
	struct reservation_change change;
	struct reservation_status status;
	int result; /* of the change: 0, -ERROR_UNKNOWN or -ERROR_CONFLICT */
	void (*notify)(void *context, const struct reservation_status *status, const struct error *err);
	void *context;
	struct arena arena; /* of an asynchronous one: holds it all */
};

/*
 * That a reservation is in another state is an answer, not a failure of the job: on the way to it the reservation may
 * have expired, and that shall be kept.
 */
static int
change_run(struct history_job *base, struct history_writer *writer)
{
	struct change_job *job = (struct change_job *)base;
	int r = engine_writer_change(writer, &job->change, engine_now_exact(job->engine), &job->status);

	job->result = r;
	return r == -ERROR_UNKNOWN || r == -ERROR_CONFLICT ? 0 : r;
}

/* Reports to the job's caller. */
static void
change_conclude(struct change_job *job)
{
	struct error *err = &job->job.err;

	if (err->code)
		return;
	if (job->result == -ERROR_UNKNOWN)
		(void)error_set(err, ERROR_UNKNOWN, NULL, "there is no reservation '%.*s'", STR_ARG(job->change.id));
	if (job->result == -ERROR_CONFLICT)
		(void)error_set(err, ERROR_CONFLICT, NULL, "the reservation is %s",
		                reservation_state_name[job->status.state]);
}

static int
change_check(const struct reservation_change *change, struct error *err)
{
	if (change->action != RESERVATION_SETTLE)
		return 0;
	if (!change->outcome.ptr)
		return error_set(err, ERROR_MISSING, NULL, "an outcome is required");
	if (str_is(change->outcome, "Failure_Guard") || str_equal_nocase(change->outcome, STR("Started")))
		return error_set(err, ERROR_RANGE, NULL, "'%.*s' is not the outcome of an operation that was performed",
		                 STR_ARG(change->outcome));
	if (change->outcome.len > TEXT_MAX || change->message.len > MESSAGE_MAX)
		return error_set(err, ERROR_LIMIT, NULL, "outcome or message is too long");
	return 0;
}

static void
change_blocking_done(struct history_job *base)
{
	(void)sem_post((sem_t *)((struct change_job *)base)->context); /* cannot pass its maximum */
}

int
engine_reservation(struct engine *engine, const struct reservation_change *change,
                   struct reservation_status *ret_status, struct error *err)
{
	struct change_job job = {.job = {.run = change_run, .done = change_blocking_done, .ends = true},
	                         .engine = engine,
	                         .change = *change};
	sem_t done;
	int r = change_check(change, err);

	*ret_status = (struct reservation_status){0};
	if (r != 0)
		return r;
	if (sem_init(&done, 0, 0) != 0)
		return error_set(err, ERROR_IO, NULL, "no semaphore");
	job.context = &done;
	r = history_submit(engine_history(engine), &job.job, err);
	if (r == 0) {
		while (sem_wait(&done) != 0)
			; /* a signal */
		change_conclude(&job);
		*ret_status = job.status;
		if (job.job.err.code)
			r = error_set(err, job.job.err.code, NULL, "%s", job.job.err.text);
	}
	(void)sem_destroy(&done); /* nobody waits */
	return r;
}

static void
change_async_done(struct history_job *base)
{
	struct change_job *job = (struct change_job *)base;
	struct arena arena = job->arena;

	change_conclude(job);
	job->notify(job->context, &job->status, &base->err);
	arena_free(&arena);
}

int
engine_reservation_async(struct engine *engine, const struct reservation_change *change,
                         void (*done)(void *context, const struct reservation_status *status, const struct error *err),
                         void *context, struct error *err)
{
	struct reservation_change copy = *change;
	struct change_job *job;
	struct arena arena;
	int r = change_check(change, err);

	if (r != 0)
		return r;
	arena_init(&arena, 0);
	job = arena_alloc(&arena, sizeof(*job));
	if (!job || !arena_copy(&arena, &copy.id) || !arena_copy(&arena, &copy.outcome) ||
	    !arena_copy(&arena, &copy.message)) {
		arena_free(&arena);
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	*job = (struct change_job){
		.job = {.run = change_run, .done = change_async_done, .ends = true},
		.engine = engine,
		.change = copy,
		.notify = done,
		.context = context,
		.arena = arena,
	};
	r = history_submit(engine_history(engine), &job->job, err);
	if (r != 0)
		arena_free(&arena);
	return r;
}

int
engine_writer_record(struct history_writer *writer, const struct policyset *set, const struct operation *row,
                     int64_t now_ms)
{
	struct operation copy = *row;
	int r = operations_check(row, 1, INT64_MAX, NULL);

	if (set->mode == GUARD_STRICT)
		copy.operation = operation_canonical(copy.operation);
	return r == 0 ? writer_record(writer, &copy, now_ms) : r;
}
