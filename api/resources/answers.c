/* answers - every answer about a reservation or a permission is counted and logged, whichever door gave it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/answers.h"

#include "api/decision_log/denials.h"
#include "api/http/request_trace.h"
#include "base/clock.h"

void
answer_origin(struct exchange *exchange, struct log_entry *ret)
{
	ret->id = exchange->reply.id[0] ? str_from(exchange->reply.id) : exchange->request_id;
	ret->trace = request_trace_id(exchange);
	if (exchange->identity.name[0])
		ret->user = str_from(exchange->identity.name);
	ret->client = str_from(exchange_client(exchange));
}

bool
answer_origin_copy(struct arena *arena, struct log_entry *entry)
{
	return arena_copy(arena, &entry->id) && arena_copy(arena, &entry->trace) && arena_copy(arena, &entry->user) &&
	       arena_copy(arena, &entry->client);
}

void
answer_begin(struct exchange *exchange)
{
	session_mark(exchange->worker->session);
	exchange->worker->timed = (struct answers_timed){.most = 1, .since_ns = clock_monotonic_ns()};
}

void
answer_batch_begin(struct exchange *exchange)
{
	answer_begin(exchange);
	exchange->worker->timed.most = ANSWERS_TIMED;
}

/* Reads the clock for the answers since it was read. */
static void
answers_took(struct exchange *exchange)
{
	struct answers_timed *timed = &exchange->worker->timed;
	int64_t now_ns = clock_monotonic_ns();

	for (unsigned i = 0; i < timed->count; i++)
		metrics_took(exchange->worker->metrics, timed->door, timed->kind[i],
		             (now_ns - timed->since_ns) / timed->count);
	timed->since_ns = now_ns;
	timed->count = 0;
}

void
answer_batch_end(struct exchange *exchange)
{
	if (exchange->worker->timed.count)
		answers_took(exchange);
}

static void
answer_timed(struct exchange *exchange, enum log_door door, const struct decision *decision)
{
	struct answers_timed *timed = &exchange->worker->timed;

	timed->door = door;
	timed->kind[timed->count++] = (uint8_t)metrics_kind(decision);
	if (timed->count >= timed->most)
		answers_took(exchange);
}

void
answer_unlogged(struct decision *decision)
{
	*decision = (struct decision){
		.effect = EFFECT_INDETERMINATE,
		.reason = REASON_ERROR,
		.generation = decision->generation,
		.now_ms = decision->now_ms,
		.mode = decision->mode,
	};
}

bool
answer_may_reserve(struct service *service)
{
	return decision_log_takes(service->decisions, service->metrics->shards - ANSWERS_OTHERS + ANSWERS_COMMITTER);
}

static bool
log_decision(struct exchange *exchange, struct log_entry *entry)
{
	const struct service *service = exchange->worker->service;
	unsigned number = exchange->worker->number;

	if (entry->decision->permit && !decision_log_samples(service->decisions, number))
		return true;
	answer_origin(exchange, entry);
	entry->at_ms = entry->decision->now_ms;
	if (entry->at_ms == TIME_NONE || entry->door == LOG_DOOR_ACCESS)
		entry->at_ms = engine_now(service->engine); /* no guard needed it, the log does */
	if (entry->door != LOG_DOOR_ACCESS)
		entry->position = session_position(exchange->worker->session);
	return decision_log_add(service->decisions, number, entry, exchange->arena) ||
	       service->settings->decision_log_overflow != LOG_OVERFLOW_DENY;
}

bool
answer_decision(struct exchange *exchange, struct log_entry *entry)
{
	const struct service *service = exchange->worker->service;
	const struct decision *given = entry->decision;
	struct decision denied;
	bool logged;

	answer_timed(exchange, entry->door, given);
	logged = !service->decisions || log_decision(exchange, entry);

	session_mark(exchange->worker->session);
	exchange->reason = entry->decision->reason;
	exchange->permitted = entry->decision->permit && logged;
	if (!logged) {
		denied = *given;
		answer_unlogged(&denied);
		entry->decision = &denied;
	}
	metrics_decision(exchange->worker->metrics, entry->door, entry->decision, 0);
	if (!entry->decision->permit)
		denials_add(service->denials, exchange->worker->number, entry, engine_now(service->engine));
	entry->decision = given;
	return logged;
}

static void
note_decision(struct service *service, unsigned number, const struct log_entry *entry,
              const struct reservation_note *note)
{
	struct log_entry denied = {.door = entry->door, .request = &note->request, .decision = &note->decision};

	metrics_decision(&service->metrics->shard[number], entry->door, &note->decision, note->took_ns);
	if (!note->decision.permit)
		denials_add(service->denials, number, &denied, note->at_ms);
}

/* A note of any door, on the thread whose lane and shard these are. */
static void
answer_note(struct service *service, unsigned other, struct log_entry *entry, const struct reservation_note *note)
{
	unsigned number = service->metrics->shards - ANSWERS_OTHERS + other;
	struct metrics_shard *metrics = &service->metrics->shard[number];
	bool refused = note->event == RESERVATION_REFUSED_EVENT;
	struct arena arena;

	metrics_add(&metrics->event[note->event], 1);
	if (note->asked && note->event != RESERVATION_EXPIRED_EVENT && !refused)
		note_decision(service, number, entry, note);
	if (!service->decisions)
		return;
	entry->event = reservation_event_name[note->event];
	entry->at_ms = note->at_ms;
	entry->reported = note->reported;
	entry->position = note->asked ? note->position : (struct history_position){0};
	entry->undone = note->undone;
	if (note->undone)
		entry->order = note->order;
	entry->request = note->asked ? &note->request : NULL;
	if (note->asked && note->event != RESERVATION_EXPIRED_EVENT && !refused)
		entry->decision = &note->decision;
	entry->members[0] = (struct log_member){"reservation", note->id[0] ? str_from(note->id) : STR_NONE};
	entry->members[1] = (struct log_member){
		"state", refused && note->id[0] ? str_from(reservation_state_name[note->state]) : STR_NONE};
	entry->members[2] = (struct log_member){"outcome", note->outcome};
	arena_init(&arena, 0);
	(void)decision_log_add(service->decisions, number, entry, &arena); /* what is lost is counted */
	arena_free(&arena);
}

void
answer_changed(void *context, const struct history_change *changes)
{
	struct service *service = context;
	struct arena arena;

	arena_init(&arena, 0);
	(void)decision_log_changes(service->decisions, service->metrics->shards - ANSWERS_OTHERS + ANSWERS_COMMITTER,
	                           changes, &arena); /* what is lost is counted */
	arena_free(&arena);
}

void
answer_reservation(struct service *service, struct log_entry *entry, const struct reservation_note *note)
{
	entry->door = LOG_DOOR_RESERVATION;
	answer_note(service, ANSWERS_COMMITTER, entry, note);
}

void
answer_expired(void *context, struct hash128 id, const struct operation *row, int64_t expires_ms)
{
	struct log_entry entry = {.door = LOG_DOOR_RESERVATION};
	struct reservation_note note = {.event = RESERVATION_EXPIRED_EVENT, .asked = true, .at_ms = expires_ms};

	note.request.attribute[ATTRIBUTE_ACTOR] = row->actor;
	note.request.attribute[ATTRIBUTE_OPERATION] = row->operation;
	note.request.attribute[ATTRIBUTE_TARGET] = row->target;
	note.request.attribute[ATTRIBUTE_CLNAME] = row->clname;
	note.request.request_id = row->request_id;
	note.request.subrequest_id = row->subrequest_id;
	reservation_id_write(id, note.id);
	answer_note(context, ANSWERS_COMMITTER, &entry, &note);
}

void
answer_runtime(void *context, const struct reservation_note *notes)
{
	for (; notes; notes = notes->next) {
		struct log_entry entry = {.door = notes->operational ? LOG_DOOR_OPERATIONAL : LOG_DOOR_RUNTIME,
		                          .trace = notes->trace};

		answer_note(context, ANSWERS_RUNTIME, &entry, notes);
	}
}
