/* clguard_reserve - the library's door to reservations */
/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "engine/decide/reserve.h"
#include "engine/library/clguard_priv.h"

static_assert(CLG_EXPIRED == (int)RESERVATION_EXPIRED, "one order of states");

static void
reservation_to(const struct reservation *reservation, struct clg_reservation *ret)
{
	*ret = (struct clg_reservation){.repeated = reservation->repeated, .expires_ms = reservation->expires_ms};
	clg_decision_to(&reservation->decision, &ret->decision);
	static_assert(sizeof(ret->id) == sizeof(reservation->id), "same room");
	memcpy(ret->id, reservation->id, sizeof(ret->id));
}

/* A Deny because the request itself is at fault. */
static int
clguard_reserve_refuse(struct clg_reservation *ret, int code, struct clg_error *err)
{
	*ret = (struct clg_reservation){.decision = {.effect = CLG_DENY, .reason = reason_name[REASON_ERROR]}};
	return clg_request_wrong(code, err);
}

int
clg_reserve(struct clg_engine *engine, const struct clg_request *given, int64_t lease_ms, struct clg_reservation *ret,
            struct clg_error *err)
{
	struct reservation reservation;
	struct clg_question question;
	struct error error = {0};
	int r = clg_request_from(given, &question);

	if (r != 0)
		return clguard_reserve_refuse(ret, r, err);
	r = engine_reserve(clg_engine_of(engine), &question.request, lease_ms, &reservation, &error);
	reservation_to(&reservation, ret);
	ret->held = reservation.set;
	return r == 0 ? 0 : clg_error_from(err, &error);
}

void
clg_reservation_done(struct clg_reservation *reservation)
{
	struct reservation held = {.set = reservation->held};

	reservation_done(&held);
	*reservation = (struct clg_reservation){.decision = {.effect = CLG_DENY, .reason = reason_name[REASON_ERROR]}};
}

struct clg_waiting {
	clg_reserved_fn *done;
	void *context;
};

static void
clg_reserved(void *context, const struct reservation *reservation, const struct error *err)
{
	struct clg_waiting waiting = *(struct clg_waiting *)context;
	struct clg_reservation told;
	struct clg_error error = {0};

	free(context);
	reservation_to(reservation, &told);
	if (err->code)
		(void)clg_error_from(&error, err);
	waiting.done(waiting.context, &told, &error);
}

int
clg_reserve_async(struct clg_engine *engine, const struct clg_request *given, int64_t lease_ms, clg_reserved_fn *done,
                  void *context, struct clg_error *err)
{
	struct clg_waiting *waiting = malloc(sizeof(*waiting));
	struct clg_question question;
	struct error error = {0};
	int r;

	if (!waiting) {
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	*waiting = (struct clg_waiting){done, context};
	r = clg_request_from(given, &question);
	if (r != 0) {
		free(waiting);
		return clg_request_wrong(r, err);
	}
	r = engine_reserve_async(clg_engine_of(engine), &question.request, lease_ms, clg_reserved, waiting, &error);
	if (r == 0)
		return 0;
	free(waiting);
	return clg_error_from(err, &error);
}

static int
clg_change(struct clg_engine *engine, const struct reservation_change *change, enum clg_reservation_state *ret_state,
           struct clg_error *err)
{
	struct reservation_status status;
	struct error error = {0};
	int r = engine_reservation(clg_engine_of(engine), change, &status, &error);

	if (ret_state)
		*ret_state = (enum clg_reservation_state)status.state;
	return r == 0 ? 0 : clg_error_from(err, &error);
}

int
clg_settle(struct clg_engine *engine, const char *id, const char *outcome, enum clg_reservation_state *ret_state,
           struct clg_error *err)
{
	const struct reservation_change settle = {
		.action = RESERVATION_SETTLE, .id = str_from(id), .outcome = str_from(outcome)};

	return clg_change(engine, &settle, ret_state, err);
}

int
clg_abort(struct clg_engine *engine, const char *id, enum clg_reservation_state *ret_state, struct clg_error *err)
{
	const struct reservation_change give_back = {.action = RESERVATION_ABORT, .id = str_from(id)};

	return clg_change(engine, &give_back, ret_state, err);
}

int
clg_renew(struct clg_engine *engine, const char *id, int64_t lease_ms, enum clg_reservation_state *ret_state,
          struct clg_error *err)
{
	const struct reservation_change renew = {.action = RESERVATION_RENEW, .id = str_from(id), .lease_ms = lease_ms};

	return clg_change(engine, &renew, ret_state, err);
}
