/* service - what the resources of the HTTP API share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_SERVICE_H
#define API_HTTP_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/server/exchange.h"
#include "api/http/metrics.h"
#include "api/limits/rates.h"
#include "api/http/route.h"
#include "api/identity/auth.h"
#include "api/process/settings.h"
#include "base/budget.h"
#include "engine/decide/engine.h"

struct audit_log;
struct configuration;
struct decision_log;
struct denials;
struct event_stream;
struct sink;
struct reading;
struct runtime;
struct sd_notify;
struct server;
struct tls;
struct tracer;
struct watch;

/* Main thread makes it; afterwards const but for the atomics and what has a lock. */
struct service {
	const struct settings *settings;
	enum guard_mode mode;
	struct engine *engine;
	struct runtime *runtime;
	struct auth *auth; /* NULL: open to everyone */
	struct tls *tls;   /* NULL: plain HTTP */
	const struct route_table *routes;
	struct route_role needs[METRICS_ROUTES]; /* by route_number */
	struct server *server;
	struct reading *reading;             /* for answers that may be long */
	const struct sd_notify *manager;     /* the service manager */
	struct watch *watch;                 /* set before the workers start */
	struct configuration *configuration; /* admin thread */
	struct rates publishing;             /* of topics, by caller */
	struct budget budget;                /* over all memory that requests can make grow */
	struct metrics *metrics;
	struct tracer *tracer;          /* NULL: traces are not exported */
	struct decision_log *decisions; /* NULL: none is kept */
	struct denials *denials;        /* the last ones of each thread */
	struct event_stream *events;
	struct reading *trying;  /* for what is tried apart, and may take long */
	atomic_uint tries;       /* that wait or run */
	char name[48];           /* unique: "clguard-<uuid>" */
	struct audit_log *audit; /* NULL: none is kept */
	atomic_uint polls;       /* requests for messages that wait; orders nothing */
	atomic_uint_fast64_t polls_refused;
	struct sink *sinks[2]; /* by enum sink_kind; NULL where nothing is sent on */
	int64_t started_ms;
	struct manual_clock *clock; /* NULL: the system's */
	atomic_bool active;         /* else PASSIVE */
	atomic_bool stopping;
	int64_t remind_ms; /* when warnings are logged next; TIME_NONE: not yet; main thread, see api/daemon/conditions.h */
	atomic_bool clock_differs; /* the wall clock was set; main thread, see api/daemon/conditions.h */
	atomic_bool refusing;      /* the database takes no operations; the same */
	atomic_bool stands;        /* control loops are not supervised; the same */
	atomic_bool unread;   /* guards did not get the counts that they asked for, within the last hour; the same */
	uint64_t unread_seen; /* then: how often, when last looked; main thread */
	int64_t unread_ms, unread_told_ms; /* when that grew last, and when it was logged; main thread */
	atomic_bool text_count;            /* a client has sent vfCount as text; any thread */
	bool text_count_told;              /* the log says so; main thread */
	/* The database is not open yet, and there is no runtime; see api/daemon/database.h, as for how far its verification is. */
	atomic_bool verifying, verify_waits;
	atomic_uint_fast64_t verify_seen, verify_total;

	pthread_mutex_t reload_lock;
	char *last_error;     /* reload_lock: why the last load was refused; NULL: it was not */
	char *settings_error; /* reload_lock: why the settings are those of before; NULL: they are not */
	char *settings_report; /* reload_lock: JSON, what the last reload changed, and what it could not; NULL: there was none */
	char *restart_needed; /* reload_lock: settings wait for a restart; NULL: none does */
	char *users_error;    /* reload_lock: why the users are those of before; NULL: they are not */
	char *tls_error;      /* reload_lock: the same of the certificate */
	char *watch_error;  /* reload_lock: why policy files are looked at instead of watched; NULL: they are watched */
	char *deploy_error; /* reload_lock: why deployed policies are not in force; NULL: they are */
	struct hash128 loaded; /* what the first load read; admin thread */
};

/* Acquire: when it says no, the runtime is there. Any thread. */
static inline bool
service_is_verifying(const struct service *service)
{
	return atomic_load_explicit(&service->verifying, memory_order_acquire);
}

#define ANSWERS_TIMED 8 /* of a batch, between two readings of the clock */

/* Answers whose time has not been counted yet. */
struct answers_timed {
	int64_t since_ns; /* monotonic */
	unsigned count, most;
	enum log_door door;
	uint8_t kind[ANSWERS_TIMED]; /* metrics_kind */
};

/* One HTTP worker's own things. */
struct worker {
	struct service *service;
	struct session *session;
	struct metrics_shard *metrics;
	unsigned number;
	struct auth_cache *auth_cache; /* NULL when the service is open */
	unsigned carries;              /* roles that its listener carries */
	bool tls;                      /* its listener's connections are encrypted */
	uint64_t random[4];            /* for request ids */
	struct answers_timed timed;    /* those since the clock was read */
};

/* The role that a route needs; administer for one that is not there. */
struct route_role service_needs(const struct service *service, const struct route *route);

/* Sessions and metrics for each worker. errors  ERROR_MEMORY, ERROR_IO */
int worker_open(struct service *service, unsigned index, struct worker **ret, struct error *err);
void worker_close(struct worker *worker); /* takes NULL */

/* Called by the server: refusals in the order of doc/openapi.yaml, then the resource's handler, then the counts. */
void service_begin(struct exchange *exchange);
void service_finish(struct exchange *exchange);

/*
 * A handler whose route has a scope: true if who asks holds the route's role for this topic or actor. Else 403 is the
 * answer.
 */
bool exchange_covers(struct exchange *exchange, struct str scope);

/* The exchange does not wait for messages any more, if it did. */
void exchange_stops_polling(struct exchange *exchange);

/* A handler suspended by exchange_suspend ends its `resumed` with it, in place of service_finish's last step. */
void service_finished(struct exchange *exchange);

/* JSON of ours as YAML, in `arena`; 0 or -ERROR_MEMORY. */
int json_to_yaml(struct str json, struct arena *arena, struct str *ret);

#endif
