/* reserve - decide and take the reservation in one step that no other caller can slip through */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_RESERVE_H
#define ENGINE_DECIDE_RESERVE_H

#include "engine/decide/engine.h"

/*
 * A reservation is the right to perform one operation, taken before it starts. It counts under every limiter until it
 * is settled (then the operation counts by its end), aborted (then it counts no more) or its lease ends (then it
 * counts as used, or no more, as history_options.release_expired says). Every call returns after the commit.
 * Callbacks run on the committer's thread: they must neither wait nor call what waits.
 */

#define RESERVATION_ID_SIZE 33 /* 32 hex digits and the NUL */

/* "live", "settled", "aborted", "expired" */
extern const char *const reservation_state_name[4];

/* Where a reservation stands. */
struct reservation_status {
	char id[RESERVATION_ID_SIZE]; /* empty when there is none */
	enum reservation_state state;
	int64_t expires_ms;
};

/* The answer to a reserve. */
struct reservation {
	struct decision decision;     /* guard and missing: borrowed from the policy set, which `set` holds */
	char id[RESERVATION_ID_SIZE]; /* empty unless permitted */
	int64_t expires_ms;
	bool repeated; /* the request's ids had a live reservation: this is it */
	struct reservation_status
		ended;         /* with ERROR_CONFLICT: the settled one of these ids; none: they are another request's */
	struct policyset *set; /* held; reservation_done drops it */
	struct history_position position; /* of the counters that the decision saw */
};

/* The outcome of a question for a reservation, or of a reservation; the names are those of the decision log and of a metric. */
#define RESERVATION_EVENTS(X) \
	X(RESERVED, "reserved") \
	X(REPEATED, "repeated") /* the live reservation of the same ids was given again */ \
	X(DENIED, "denied") \
	X(WITHDRAWN, \
	  "withdrawn") /* permitted, and given back at once, because another reservation of the same order was denied */ \
	X(REFUSED, "refused") /* a conflict: the ids are another request's, or the reservation is in another state */ \
	X(SETTLED, "settled") \
	X(ABORTED, "aborted") \
	X(RENEWED, "renewed") \
	X(EXPIRED, "expired")

enum reservation_event {
#define X(name, text) RESERVATION_##name##_EVENT,
	RESERVATION_EVENTS(X)
#undef X
		RESERVATION_EVENT_COUNT
};

extern const char *const reservation_event_name[RESERVATION_EVENT_COUNT];

/* One of them, as it is told after the commit. */
struct reservation_note {
	struct reservation_note *next;
	enum reservation_event event;
	bool operational; /* for an operational policy; else for an element of a control loop */
	bool reported; /* denied, and carried out all the same: the control loop's type wants guards to report only */
	bool asked;    /* request and decision are there */
	struct request request;
	struct decision decision; /* its guard is borrowed from the policy set that was asked */
	char id[RESERVATION_ID_SIZE];
	enum reservation_state state; /* REFUSED: in which it is */
	struct str outcome;           /* SETTLED */
	int64_t at_ms;
	struct history_position position; /* asked: as in struct reservation */
	bool undone;                      /* its transaction was given up: nothing that was done in it came to be */
	uint32_t order;                   /* undone: which of its transaction's answers it is, from 0 */
	struct str trace;                 /* id of the trace that it belongs to; absent: none is known */
	int64_t took_ns;                  /* asked: how long the answer took; 0: it is not known */
};

/* The id as its text. */
void reservation_id_write(struct hash128 id, char out[RESERVATION_ID_SIZE]);

/* Lets go of what a reservation holds. */
void reservation_done(struct reservation *reservation);

/*
 * Decides with the newest policy set and, if permitted, takes the reservation; lease_ms 0: the default. The same (requestId,
 * subRequestId) again gives the same reservation while that is live; once it is settled, a conflict; after an abort or
 * the end of its lease, a new decision. `ret` is always filled: after an
 * error it is a Deny with reason "error". That holds in both modes and whatever on_error says, which is about guards
 * that cannot be evaluated: a reservation that was not entered would count for nobody, so there is none to give.
 * errors  ERROR_MISSING: no actor or no operation; ERROR_CONFLICT: these ids have a reservation for another request,
 *         or one that is settled;
 *         ERROR_LIMIT, ERROR_FULL, ERROR_IO, ERROR_BUSY, ERROR_DAMAGED, ERROR_MEMORY
 */
int engine_reserve(struct engine *engine, const struct request *request, int64_t lease_ms, struct reservation *ret,
                   struct error *err);

/*
 * The same for several requests, all or none: the first Deny is ret's decision, *ret_denied its place, and nothing is
 * taken.
 */
int engine_reserve_all(struct engine *engine, const struct request *requests, size_t count, int64_t lease_ms,
                       struct reservation *ret, size_t *ret_denied, struct error *err);

/*
 * The same without waiting; the requests are copied. done is called on the committer's thread, with as many reservations as
 * there were requests, valid during the call: all of them taken, or the one at `denied` denied, those before it given back
 * and those behind it not asked. denied is the count when none was. After an error each is a Deny.
 */
int engine_reserve_all_async(struct engine *engine, const struct request *requests, size_t count, int64_t lease_ms,
                             void (*done)(void *context, const struct reservation *all, size_t denied,
                                          const struct error *err),
                             void *context, struct error *err);

/* The request is copied; done is called on the committer's thread, with a reservation that is valid during the call. */
int engine_reserve_async(struct engine *engine, const struct request *request, int64_t lease_ms,
                         void (*done)(void *context, const struct reservation *reservation, const struct error *err),
                         void *context, struct error *err);

enum reservation_action { RESERVATION_SETTLE, RESERVATION_ABORT, RESERVATION_RENEW };

struct reservation_change {
	enum reservation_action action;
	struct str id;
	struct str outcome, message; /* RESERVATION_SETTLE: as in operation rows; message may be absent */
	int64_t lease_ms;            /* RESERVATION_RENEW: from now; 0: the default */
	/* The committer's thread: whether the caller may touch reservations of this actor; else there is none. NULL: of all. */
	bool (*may)(void *context, struct str actor);
	void *context;
};

/*
 * Ends a reservation or prolongs its lease. Repeating what was done is no error. ret_status: also with ERROR_CONFLICT.
 * errors  ERROR_UNKNOWN: no such reservation; ERROR_CONFLICT: it is in another state, its lease may have ended
 */
int engine_reservation(struct engine *engine, const struct reservation_change *change,
                       struct reservation_status *ret_status, struct error *err);

/* As engine_reserve_async. */
int engine_reservation_async(struct engine *engine, const struct reservation_change *change,
                             void (*done)(void *context, const struct reservation_status *status,
                                          const struct error *err),
                             void *context, struct error *err);

/*
 * The same inside a transaction of the caller (history_transact). set: held by the caller, who must give up and begin
 * anew when engine_set_is_current no longer says so. writer_reserve_request: 1 permitted and taken, 0 denied, or
 * negative; ret->set is NULL, nothing is held.
 */
int engine_writer_reserve(struct engine *engine, struct history_writer *writer, const struct policyset *set,
                          const struct request *request, int64_t lease_ms, int64_t now_ms, struct reservation *ret);
/* Decides as that would, takes nothing, and tells why: explanation_json, in `arena`. 0 or negative. */
int engine_writer_explain(struct engine *engine, struct history_writer *writer, const struct policyset *set,
                          const struct request *request, int64_t now_ms, struct arena *arena,
                          struct decision *ret_decision, struct str *ret_json);
/* Enters a row as engine_record does; one that has an outcome other than Started has its end. 0 or negative */
int engine_writer_record(struct history_writer *writer, const struct policyset *set, const struct operation *row,
                         int64_t now_ms);
int engine_writer_change(struct history_writer *writer, const struct reservation_change *change, int64_t now_ms,
                         struct reservation_status *ret_status);

#endif
