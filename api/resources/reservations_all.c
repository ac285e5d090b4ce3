/* reservations_all - POST reservations with a list: all of them, or none */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/reservations_all.h"

#include <stdatomic.h>

#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"
#include "base/clock.h"
#include "engine/decide/reserve.h"

#define ITEM_BYTES 8192 /* about what is kept of one until it is decided */

/* Freed by whoever lets go last: the worker when the answer is sent or the client has gone, or the committer. */
struct reserving {
	struct arena arena; /* holds all of it */
	struct exchange *exchange;
	struct service *service;
	struct request *requests;
	size_t count;
	struct log_entry entry;
	int64_t began_ns;   /* monotonic */
	atomic_int holders; /* acquire and release: the last one sees all that the other wrote */
	struct str body;    /* the answer; absent when out of memory */
	unsigned status;
	struct error err; /* with status 0 */
};

static void
reserving_drop(struct reserving *reserving)
{
	struct arena arena;

	if (atomic_fetch_sub_explicit(&reserving->holders, 1, memory_order_acq_rel) != 1)
		return;
	arena = reserving->arena;
	arena_free(&arena);
}

/* The outcome of one; the rest of the note is as for a single reservation. */
static enum reservation_event
event_of(const struct reservation *one, size_t i, size_t count, size_t denied, const struct error *err)
{
	if (err->code == ERROR_CONFLICT)
		return RESERVATION_REFUSED_EVENT; /* one of them is another request's, so none is taken */
	if (err->code || i > denied)
		return RESERVATION_EVENT_COUNT;
	if (i == denied)
		return RESERVATION_DENIED_EVENT;
	if (denied < count)
		return RESERVATION_WITHDRAWN_EVENT;
	return one->repeated ? RESERVATION_REPEATED_EVENT : RESERVATION_RESERVED_EVENT;
}

/* Each is counted and logged, as if it had been asked alone. */
static void
reserving_note(struct reserving *reserving, const struct reservation *all, size_t denied, const struct error *err)
{
	for (size_t i = 0; i < reserving->count; i++) {
		const struct reservation *one = &all[i];
		struct reservation_note note = {
			.event = event_of(one, i, reserving->count, denied, err),
			.asked = true,
			.request = reserving->requests[i],
			.decision = one->decision,
			.state = one->ended.state,
			.at_ms = engine_now(reserving->service->engine),
			.took_ns = clock_monotonic_ns() - reserving->began_ns,
		};

		if (note.event == RESERVATION_EVENT_COUNT)
			continue;
		memcpy(note.id, one->ended.id[0] ? one->ended.id : one->id, sizeof(note.id));
		answer_reservation(reserving->service, &reserving->entry, &note);
	}
}

static void
permit_add(struct text *out, const struct reservation *all, size_t count)
{
	char expires[TIME_TEXT_SIZE];

	text_add(out, STR("{\"status\":\"Permit\",\"reservations\":["));
	for (size_t i = 0; i < count; i++) {
		time_format_instant(all[i].expires_ms, expires);
		text_addf(out, "%s{\"reason\":\"%s\",\"reservation\":\"%s\",\"expires\":\"%s\"}", i ? "," : "",
		          reason_name[all[i].decision.reason], all[i].id, expires);
	}
	text_add(out, STR("]}"));
}

static void
deny_add(struct text *out, const struct reservation *one, size_t denied)
{
	text_addf(out, "{\"status\":\"Deny\",\"reason\":\"%s\"", reason_name[one->decision.reason]);
	if (one->decision.missing)
		text_addf(out, ",\"missing\":\"%s\"", one->decision.missing);
	text_addf(out, ",\"denied\":%zu}", denied);
}

static bool
is_all_repeated(const struct reserving *reserving, const struct reservation *all)
{
	for (size_t i = 0; i < reserving->count; i++)
		if (!all[i].repeated)
			return false;
	return true;
}

static void
reserving_answer(struct reserving *reserving, const struct reservation *all, size_t denied, const struct error *err)
{
	const struct reservation_status *ended = NULL;
	struct text out;

	for (size_t i = 0; i < reserving->count && !ended; i++)
		ended = all[i].ended.id[0] ? &all[i].ended : NULL;
	text_init(&out, &reserving->arena);
	if (ended) {
		reserving->status = 409;
		text_addf(&out, "{\"reservation\":\"%s\",\"state\":\"%s\"}", ended->id,
		          reservation_state_name[ended->state]);
	} else if (err->code == ERROR_CONFLICT || err->code == ERROR_LIMIT || err->code == ERROR_BUSY) {
		reserving->err = *err;
		return;
	} else if (err->code || denied < reserving->count) {
		reserving->status = 200;
		deny_add(&out, &all[err->code ? 0 : denied], err->code ? 0 : denied);
	} else {
		reserving->status = is_all_repeated(reserving, all) ? 200 : 201;
		permit_add(&out, all, reserving->count);
	}
	reserving->body = text_done(&out);
}

/* The committer's thread. */
static void
reserving_done(void *context, const struct reservation *all, size_t denied, const struct error *err)
{
	struct reserving *reserving = context;
	struct error outcome = {0};

	reserving_answer(reserving, all, denied, err);
	reserving_note(reserving, all, denied, err);
	exchange_resume(reserving->exchange, &outcome);
	reserving_drop(reserving);
}

/* The worker's thread again. */
static void
reserving_resumed(struct exchange *exchange)
{
	struct reserving *reserving = (struct reserving *)(uintptr_t)exchange->note;
	struct error late = {0};

	if (exchange->timed_out) {
		(void)error_set(&late, ERROR_BUSY, NULL,
		                "the commit did not come in time; ask again with the same request ids");
		answer_error(exchange, &late);
	} else if (!reserving->status) {
		answer_error(exchange, &reserving->err);
	} else {
		answer_json(exchange, arena_str(exchange->arena, reserving->body));
		if (exchange->reply.status == 200)
			exchange->reply.status = reserving->status;
	}
	reserving_drop(reserving);
	service_finished(exchange);
}

static void
reserving_ended(struct exchange *exchange)
{
	reserving_drop((struct reserving *)(uintptr_t)exchange->note);
}

/* NULL when out of memory. */
static struct reserving *
reserving_new(struct exchange *exchange, size_t count)
{
	struct reserving *reserving;
	struct arena arena;

	if (!exchange_charge(exchange, count * ITEM_BYTES))
		return NULL;
	arena_init(&arena, 0);
	reserving = arena_alloc(&arena, sizeof(*reserving));
	if (reserving && (reserving->requests = arena_array(&arena, count, sizeof(*reserving->requests)))) {
		reserving->arena = arena;
		reserving->exchange = exchange;
		reserving->service = exchange->worker->service;
		reserving->count = count;
		reserving->began_ns = clock_monotonic_ns();
		atomic_init(&reserving->holders, 2);
		return reserving;
	}
	arena_free(&arena);
	return NULL;
}

/* Copies the exchange's texts that must outlive it. */
static int
reserving_fill(struct reserving *reserving, const struct node *list, struct request_form form, struct error *err)
{
	struct arena *arena = &reserving->arena;
	struct request *request = reserving->requests;
	int r = 0;

	answer_origin(reserving->exchange, &reserving->entry);
	for (const struct node *item = list->first; item && r == 0; item = item->next, request++) {
		r = request_read(item, form, reserving->exchange->arena, request, err);
		if (r == 0 && !request_copy(arena, request))
			r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (r == 0 && !answer_origin_copy(arena, &reserving->entry))
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	return r;
}

void
reservations_all(struct exchange *exchange, const struct node *list, struct request_form form, int64_t lease_ms)
{
	struct service *service = exchange->worker->service;
	size_t most = (size_t)service->settings->batch_items;
	struct reserving *reserving = NULL;
	struct error err = {0};
	int r = 0;

	if (list->kind != NODE_LIST || list->count == 0)
		r = error_set(&err, ERROR_TYPE, list, "reservations is not a list of at least one question");
	else if (list->count > most)
		r = error_set(&err, ERROR_LIMIT, list,
		              "too many reservations: expected at most %zu (batch_items), got %u", most, list->count);
	else if (!(reserving = reserving_new(exchange, list->count)))
		r = error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0)
		r = reserving_fill(reserving, list, form, &err);
	for (size_t i = 0; r == 0 && !exchange->reply.status && i < list->count; i++)
		(void)exchange_covers(exchange,
		                      reserving->requests[i].attribute[ATTRIBUTE_ACTOR]); /* else it has answered */
	if (r == 0 && !exchange->reply.status) {
		exchange->note = (uintptr_t)reserving;
		exchange->ended = reserving_ended;
		exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, reserving_resumed);
		if (engine_reserve_all_async(service->engine, reserving->requests, reserving->count, lease_ms,
		                             reserving_done, reserving, &reserving->err) == 0)
			return;
		exchange_resume(exchange, &reserving->err);
		reserving_drop(reserving);
		return;
	}
	if (reserving) {
		atomic_store(&reserving->holders, 1);
		reserving_drop(reserving);
	}
	if (r != 0)
		answer_error(exchange, &err);
}
