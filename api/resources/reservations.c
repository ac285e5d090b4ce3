/* reservations - POST, PUT and DELETE reservations: the right to perform one operation */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "api/bodies/reply.h"
#include "api/bodies/request.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/answers.h"
#include "api/resources/reservations_all.h"
#include "base/clock.h"
#include "engine/decide/reserve.h"

#define LEASE_S_MAX (7 * 24 * 3600)
#define JOB_BYTES 8192 /* about what the committer keeps of a request until it is decided */
#define PATH "/clguard/v1/reservations/"

/* The parts of an exchange that the committer's thread needs: when it runs, the client and its headers may be gone. */
struct reservations_asked {
	struct arena arena; /* holds all of it */
	struct exchange *exchange;
	struct service *service;
	struct request request;
	struct str outcome; /* of a settlement */
	struct log_entry entry;
	int64_t began_ns;         /* monotonic */
	struct identity identity; /* whoever ends one, where it holds the role for some actors only */
};

static bool
asked_fill(struct reservations_asked *asked)
{
	bool copied = answer_origin_copy(&asked->arena, &asked->entry) && arena_copy(&asked->arena, &asked->outcome);

	return request_copy(&asked->arena, &asked->request) && copied;
}

/* NULL, and answered, when out of memory. */
static struct reservations_asked *
asked_new(struct exchange *exchange, const struct request *request, struct str outcome)
{
	struct reservations_asked *asked = NULL;
	struct error err = {0};
	struct arena arena;

	arena_init(&arena, 0);
	if (exchange_charge(exchange, JOB_BYTES))
		asked = arena_alloc(&arena, sizeof(*asked));
	if (asked) {
		*asked = (struct reservations_asked){
			.arena = arena,
			.exchange = exchange,
			.service = exchange->worker->service,
			.outcome = outcome,
			.began_ns = clock_monotonic_ns(),
		};
		if (request)
			asked->request = *request;
		answer_origin(exchange, &asked->entry);
		if (asked_fill(asked))
			return asked;
		arena = asked->arena;
	}
	arena_free(&arena);
	(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
	answer_error(exchange, &err);
	return NULL;
}

/* The committer did not take it. */
static void
asked_give_up(struct reservations_asked *asked, const struct error *err)
{
	struct exchange *exchange = asked->exchange;
	struct arena arena = asked->arena;

	arena_free(&arena);
	exchange_resume(exchange, err);
}

/*
 * The answer is made on the committer's thread, where the reservation is known, and travels to the worker in the
 * outcome: code none, the HTTP status as line, the body as text. It always fits: the longest names are ours.
 */
static void
outcome_body(struct error *outcome, unsigned status, const char *body)
{
	outcome->line = status;
	(void)snprintf(outcome->text, sizeof(outcome->text), "%s", body);
}

static void
write_decision(const struct reservation *reservation, struct error *outcome)
{
	const struct decision *decision = &reservation->decision;
	char body[ERROR_TEXT_SIZE], expires[TIME_TEXT_SIZE];

	if (decision->permit) {
		time_format_instant(reservation->expires_ms, expires);
		(void)snprintf(body, sizeof(body),
		               "{\"status\":\"Permit\",\"reason\":\"%s\",\"reservation\":\"%s\",\"expires\":\"%s\"}",
		               reason_name[decision->reason], reservation->id, expires);
	} else if (decision->missing) {
		(void)snprintf(body, sizeof(body), "{\"status\":\"Deny\",\"reason\":\"%s\",\"missing\":\"%s\"}",
		               reason_name[decision->reason], decision->missing);
	} else {
		(void)snprintf(body, sizeof(body), "{\"status\":\"Deny\",\"reason\":\"%s\"}",
		               reason_name[decision->reason]);
	}
	outcome_body(outcome, decision->permit && !reservation->repeated ? 201 : 200, body);
}

static void
write_state(const struct reservation_status *reservation, unsigned status, struct error *outcome)
{
	char body[ERROR_TEXT_SIZE];

	(void)snprintf(body, sizeof(body), "{\"reservation\":\"%s\",\"state\":\"%s\"}", reservation->id,
	               reservation_state_name[reservation->state]);
	outcome_body(outcome, status, body);
}

/*
 * A reservation that could not be taken because something failed is a Deny; that it conflicts is the client's
 * mistake.
 */
static bool
is_refusal(enum error_code code)
{
	return code == ERROR_CONFLICT || code == ERROR_LIMIT || code == ERROR_BUSY;
}

/* Counts and logs it, whether or not somebody still waits for the answer. The context is done with after this. */
static void
asked_done(struct reservations_asked *asked, const struct error *outcome, struct reservation_note *note)
{
	struct exchange *exchange = asked->exchange;
	struct arena arena = asked->arena;

	if (note->event != RESERVATION_EVENT_COUNT)
		answer_reservation(asked->service, &asked->entry, note);
	arena_free(&arena);
	exchange_resume(exchange, outcome);
}

static void
reserved(void *context, const struct reservation *reservation, const struct error *err)
{
	struct reservations_asked *asked = context;
	struct error outcome = {0};
	struct reservation_note note = {
		.event = err->code == ERROR_CONFLICT     ? RESERVATION_REFUSED_EVENT
	                 : is_refusal(err->code)         ? RESERVATION_EVENT_COUNT
	                 : !reservation->decision.permit ? RESERVATION_DENIED_EVENT
	                 : reservation->repeated         ? RESERVATION_REPEATED_EVENT
	                                                 : RESERVATION_RESERVED_EVENT,
		.asked = true,
		.request = asked->request,
		.decision = reservation->decision,
		.state = reservation->ended.state,
		.position = reservation->position,
		.at_ms = engine_now(asked->service->engine),
		.took_ns = clock_monotonic_ns() - asked->began_ns,
	};

	memcpy(note.id, reservation->ended.id[0] ? reservation->ended.id : reservation->id, sizeof(note.id));
	if (reservation->ended.id[0])
		write_state(&reservation->ended, 409, &outcome);
	else if (is_refusal(err->code))
		outcome = *err;
	else
		write_decision(reservation, &outcome);
	asked_done(asked, &outcome, &note);
}

/* The worker's thread again. */
static void
answer_outcome(struct exchange *exchange)
{
	struct error late = {0};

	if (exchange->timed_out) {
		(void)error_set(&late, ERROR_BUSY, NULL,
		                "the commit did not come in time; ask again with the same request ids");
		answer_error(exchange, &late);
	} else if (exchange->outcome->code) {
		answer_error(exchange, exchange->outcome);
	} else {
		answer_json(exchange, arena_str(exchange->arena, str_from(exchange->outcome->text)));
		if (exchange->reply.status == 200)
			exchange->reply.status = exchange->outcome->line;
	}
	service_finished(exchange);
}

/* "lease_s": how long the reservation is held for the client; 0 when it does not say. */
static int
read_lease(const struct node *root, int64_t *ret_ms, struct error *err)
{
	const struct node *lease = node_get(root, "lease_s");

	*ret_ms = 0;
	if (!lease)
		return 0;
	if (lease->kind != NODE_INT || lease->integer < 1 || lease->integer > LEASE_S_MAX)
		return error_set(err, ERROR_RANGE, lease, "lease_s is not a number of seconds from 1 to %d",
		                 LEASE_S_MAX);
	*ret_ms = lease->integer * 1000;
	return 0;
}

void
reservations_post(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	/* ONAP has no reservations: there is nothing of its own to be true to. */
	const struct request_form form = {GUARD_STRICT, service->settings->ignore_unknown, &service->text_count};
	struct request request;
	struct reservations_asked *asked;
	struct error err = {0};
	struct node *root;
	int64_t lease_ms;

	if (read_body(exchange, &root, &err) == 0 && node_get(root, "reservations") &&
	    read_lease(root, &lease_ms, &err) == 0) {
		reservations_all(exchange, node_get(root, "reservations"), form, lease_ms);
		return;
	}
	if (err.code || request_read(root, form, exchange->arena, &request, &err) != 0 ||
	    read_lease(root, &lease_ms, &err) != 0) {
		answer_error(exchange, &err);
		return;
	}
	if (!exchange_covers(exchange, request.attribute[ATTRIBUTE_ACTOR]))
		return;
	if (!answer_may_reserve(service)) {
		answer_json(exchange, STR("{\"status\":\"Deny\",\"reason\":\"error\"}"));
		return;
	}
	asked = asked_new(exchange, &request, STR_NONE);
	if (!asked)
		return;
	exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, answer_outcome);
	if (engine_reserve_async(service->engine, &request, lease_ms, reserved, asked, &err) != 0)
		asked_give_up(asked, &err);
}

static struct str
id_of(const struct exchange *exchange)
{
	return (struct str){exchange->path.ptr + sizeof(PATH) - 1, exchange->path.len - (sizeof(PATH) - 1)};
}

static void
changed(void *context, const struct reservation_status *status, const struct error *err)
{
	struct reservations_asked *asked = context;
	struct error outcome = {0};
	struct reservation_note note = {
		.event = err->code == ERROR_CONFLICT ? RESERVATION_REFUSED_EVENT
	                 : err->code                 ? RESERVATION_EVENT_COUNT
	                 : asked->outcome.ptr        ? RESERVATION_SETTLED_EVENT
	                                             : RESERVATION_ABORTED_EVENT,
		.state = status->state,
		.outcome = asked->outcome,
		.at_ms = engine_now(asked->service->engine),
	};

	memcpy(note.id, status->id, sizeof(note.id));
	if (err->code == ERROR_NONE)
		write_state(status, 200, &outcome);
	else if (err->code == ERROR_CONFLICT)
		write_state(status, 409, &outcome);
	else if (err->code == ERROR_UNKNOWN)
		outcome_body(&outcome, 404,
		             "{\"errorDetails\":\"Not found\",\"details\":[\"there is no such reservation\"]}");
	else
		outcome = *err;
	asked_done(asked, &outcome, &note);
}

/* The committer's thread. */
static bool
reservations_may_change(void *context, struct str actor)
{
	const struct reservations_asked *asked = context;

	return auth_covers(asked->service->auth, &asked->identity, ROLE_RESERVE, actor);
}

static void
reservations_change(struct exchange *exchange, struct reservation_change *change)
{
	struct service *service = exchange->worker->service;
	struct error err = {0};
	struct reservations_asked *asked = asked_new(exchange, NULL, change->outcome);

	if (!asked)
		return;
	if (service->auth && !(exchange->identity.whole & ROLE_RESERVE)) {
		asked->identity = exchange->identity;
		change->may = reservations_may_change;
		change->context = asked;
	}
	exchange_suspend(exchange, service->settings->commit_timeout_s * 1000, answer_outcome);
	if (engine_reservation_async(service->engine, change, changed, asked, &err) != 0)
		asked_give_up(asked, &err);
}

void
reservation_put(struct exchange *exchange)
{
	struct reservation_change settle = {.action = RESERVATION_SETTLE, .id = id_of(exchange)};
	const struct node *outcome, *message;
	struct error err = {0};
	struct node *root;

	if (read_body(exchange, &root, &err) != 0) {
		answer_error(exchange, &err);
		return;
	}
	outcome = node_get(root, "outcome");
	message = node_get(root, "message");
	if (!outcome || outcome->kind != NODE_TEXT)
		(void)error_set(&err, outcome ? ERROR_TYPE : ERROR_MISSING, outcome ? outcome : root,
		                "outcome is a text such as Success or Failure");
	else if (message && message->kind != NODE_TEXT && message->kind != NODE_NULL)
		(void)error_set(&err, ERROR_TYPE, message, "message is a text");
	if (err.code) {
		answer_error(exchange, &err);
		return;
	}
	settle.outcome = outcome->text;
	if (message && message->kind == NODE_TEXT)
		settle.message = message->text;
	reservations_change(exchange, &settle);
}

void
reservation_delete(struct exchange *exchange)
{
	struct reservation_change give_back = {.action = RESERVATION_ABORT, .id = id_of(exchange)};

	reservations_change(exchange, &give_back);
}
