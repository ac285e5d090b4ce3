/* watch - the admin thread: looks after changed policy files and compiles them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "api/daemon/credentials.h"
#include "api/daemon/places.h"
#include "api/daemon/reconfigure.h"
#include "api/daemon/reload.h"
#include "api/daemon/reload_priv.h"
#include "api/process/log.h"
#include "api/system/sd_notify.h"
#include "base/clock.h"

#define SETTLE_MS 200       /* two reads so far apart must agree */
#define SHRUNK_MS 2000      /* and these, when the second had fewer guards than what is in force */
#define WRITING_MS 5000     /* a writer who takes longer is told of */
#define RETRY_FIRST_MS 1000 /* after a failure that may pass by itself; then twice as long each time */
#define RETRY_MOST_MS 60000
#define POLL_MS 3000             /* how often files that cannot be watched are looked at */
#define QUIT (UINT64_C(1) << 32) /* in the eventfd; what is below counts asked-for reloads */

/* Somebody who waits for the end of a reload. */
struct reload_waiter {
	struct reload_waiter *next;
	void (*done)(void *context, const struct error *err);
	void *context;
};

struct watch {
	struct service *service;
	pthread_mutex_t arrived_lock;
	struct reload_waiter *arrived; /* under arrived_lock: whom the thread has not seen */
	bool ended;                    /* under arrived_lock: it sees nobody any more */
	pthread_t thread;
	int commands;
	struct places places;
	/* Of the thread. */
	struct reload_waiter *waiting; /* for the next load */
	bool pending;
	bool told;          /* that a file is being written */
	bool asked;         /* load them even if they are what is in force: SIGHUP, or a failure that was reported */
	bool sure;          /* they had fewer guards than before when they were looked at first: now that is meant */
	int64_t read_at_ms; /* pending: when to read again */
	int64_t retry_ms;   /* how long to wait after the next failure for want of descriptors or memory; 0: none was */
	int64_t writing_since_ms; /* 0: no file is being written */
	int64_t poll_at_ms;       /* when to look at files that cannot be watched; 0: all are */
	struct credentials_retry credentials;
	struct hash128 seen, in_force; /* the last read, and what was last loaded, good or bad */
};

static bool
same(struct hash128 a, struct hash128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

/* When one watch cannot be set, and there are only so many for a user, the files are looked at from time to time instead. */
static void
watch_paths(struct watch *watch)
{
	struct service *service = watch->service;
	int failed = places_watch(&watch->places, &service->settings->policies);

	watch->poll_at_ms = failed ? clock_steady_ms() + POLL_MS : 0;
	if (!reload_report(service, &service->watch_error, failed ? strerror(failed) : NULL))
		return;
	if (failed)
		log_line(service->settings, LOG_LEVEL_ERROR,
		         "the policy files cannot be watched (%s): they are looked at every %d s%s", strerror(failed),
		         POLL_MS / 1000, failed == ENOSPC ? "; see fs.inotify.max_user_watches" : "");
	else
		log_line(service->settings, LOG_LEVEL_INFO, "the policy files are watched again");
}

static void
look_again_in(struct watch *watch, int64_t ms, struct hash128 seen)
{
	watch->pending = true;
	watch->seen = seen;
	watch->read_at_ms = clock_steady_ms() + ms;
}

/* A file is being written. It is not read before that is over; when it takes long, a person is told. */
static void
wait_for_writer(struct watch *watch, const char *file)
{
	struct service *service = watch->service;
	char text[ERROR_TEXT_SIZE];

	if (!watch->writing_since_ms)
		watch->writing_since_ms = clock_steady_ms();
	if (!watch->told && clock_steady_ms() - watch->writing_since_ms > WRITING_MS) {
		(void)snprintf(text, sizeof(text), "%s: another process has had this file open to write for %d s", file,
		               WRITING_MS / 1000);
		log_line(service->settings, LOG_LEVEL_ERROR, "%s; the policies in force stay until it is closed", text);
		policies_report(service, text);
		watch->told = watch->asked = true; /* loading them ends the report */
	}
	look_again_in(watch, SETTLE_MS, (struct hash128){0, 0});
}

/* Takes those who have asked for a reload until now. */
static void
take_waiters(struct watch *watch)
{
	struct reload_waiter **last = &watch->waiting;

	while (*last)
		last = &(*last)->next;
	pthread_mutex_lock(&watch->arrived_lock);
	*last = watch->arrived;
	watch->arrived = NULL;
	pthread_mutex_unlock(&watch->arrived_lock);
}

/* Each of those who wait hears the outcome, and is let go. */
static void
notify_waiters(struct watch *watch, const struct error *outcome)
{
	while (watch->waiting) {
		struct reload_waiter *waiter = watch->waiting;

		watch->waiting = waiter->next;
		waiter->done(waiter->context, outcome);
		free(waiter);
	}
}

void
watch_status(struct service *service)
{
	struct engine_info info;

	engine_info(service->engine, &info);
	pthread_mutex_lock(&service->reload_lock);
	if (service->last_error)
		sd_notify_send(service->manager, "STATUS=generation %llu in force; refused: %s",
		               (unsigned long long)info.generation, service->last_error);
	else
		sd_notify_send(service->manager, "STATUS=generation %llu: %zu policies, %zu guards in force",
		               (unsigned long long)info.generation, info.policies, info.guards);
	pthread_mutex_unlock(&service->reload_lock);
}

/* A load has ended: r is what became of the policies. */
static void
end_reload(struct watch *watch, int r)
{
	struct service *service = watch->service;
	struct error outcome = {0}; /* the first one stays */

	if (watch->asked)
		sd_notify_send(service->manager, "READY=1");
	watch_status(service);
	pthread_mutex_lock(&service->reload_lock);
	if (service->settings_error)
		(void)error_set(&outcome, ERROR_CONFLICT, NULL, "%s; the old settings stay", service->settings_error);
	if (service->users_error)
		(void)error_set(&outcome, ERROR_CONFLICT, NULL, "%s; the old users stay", service->users_error);
	if (service->tls_error)
		(void)error_set(&outcome, ERROR_CONFLICT, NULL, "%s; the old certificate stays", service->tls_error);
	if (r != 0)
		(void)error_set(&outcome, ERROR_CONFLICT, NULL, "%s",
		                service->last_error ? service->last_error : "the policies were refused");
	pthread_mutex_unlock(&service->reload_lock);
	notify_waiters(watch, &outcome);
}

/* Two reads agreed. */
static void
load_seen(struct watch *watch, struct policies *policies, int r)
{
	struct service *service = watch->service;

	watch->pending = false;
	r = policies_publish(service, policies, r, watch->sure); /* logged there */
	watch->sure = r == 1;
	if (r == 1) {
		log_line(service->settings, LOG_LEVEL_WARNING,
		         "%s has fewer guards than before: it comes into force if it is still so in %d s",
		         policies->shrunk, SHRUNK_MS / 1000);
		look_again_in(watch, SHRUNK_MS, policies->hash);
		return;
	}
	end_reload(watch, r);
	watch->asked = r == -ERROR_MEMORY;
	watch->in_force = policies->hash;
	if (r != -ERROR_MEMORY) {
		watch->retry_ms = 0;
		return;
	}
	watch->retry_ms = watch->retry_ms ? 2 * watch->retry_ms : RETRY_FIRST_MS;
	if (watch->retry_ms > RETRY_MOST_MS)
		watch->retry_ms = RETRY_MOST_MS;
	look_again_in(watch, watch->retry_ms, policies->hash);
}

/*
 * Reads the files; loads them when nobody writes to one, they are what they were SETTLE_MS ago and not what is in force.
 */
static void
look(struct watch *watch, bool first)
{
	struct policies policies = {.must_exist = true};
	int r = policies_read(watch->service, &policies);

	if (policies.writing) {
		wait_for_writer(watch, policies.writing);
	} else if (first || !same(policies.hash, watch->seen)) {
		watch->sure = watch->told = false;
		watch->writing_since_ms = 0;
		look_again_in(watch, SETTLE_MS, policies.hash);
	} else {
		watch->pending = false;
		if (watch->asked || !same(policies.hash, watch->in_force))
			load_seen(watch, &policies, r);
	}
	policies_drop(&policies);
}

/* Those that cannot be watched; and perhaps by now they can. */
static void
poll_files(struct watch *watch)
{
	watch_paths(watch);
	if (!watch->pending)
		look(watch, true);
}

/* The list of policy files is another. */
static void
watch_others(struct watch *watch)
{
	struct error err = {0};

	if (places_open(&watch->places, &watch->service->settings->policies, &err) != 0)
		log_line(watch->service->settings, LOG_LEVEL_ERROR, "%s; those of before are watched", err.text);
	else
		watch_paths(watch);
	watch->pending = false; /* what was seen is of other files */
}

/* Does the work of a SIGHUP. */
static void
reload_all(struct watch *watch)
{
	bool others;

	sd_notify_reloading(watch->service->manager);
	take_waiters(watch);
	configuration_reload(watch->service, &others);
	if (others)
		watch_others(watch);
	credentials_reload(watch->service, &watch->credentials);
	if (!watch->pending || watch->retry_ms)
		look(watch, true); /* else the read that is due settles it: signals in a row do not put it off */
	watch->asked = true;
}

/* Does what is due and answers how long to wait for the next; -1: until something happens. */
static int64_t
watch_due(struct watch *watch)
{
	int64_t now = clock_steady_ms(), next = credentials_due(watch->service, &watch->credentials, now);

	if (watch->poll_at_ms && watch->poll_at_ms <= now)
		poll_files(watch);
	if (watch->pending && watch->read_at_ms <= now)
		look(watch, false);
	if (watch->poll_at_ms && watch->poll_at_ms < next)
		next = watch->poll_at_ms;
	if (watch->pending && watch->read_at_ms < next)
		next = watch->read_at_ms;
	if (next == INT64_MAX)
		return -1;
	now = clock_steady_ms();
	return next > now ? next - now : 0;
}

static void
turn_waiters_away(struct watch *watch)
{
	struct error stopping = {0};

	(void)error_set(&stopping, ERROR_BUSY, NULL, "the service stops");
	pthread_mutex_lock(&watch->arrived_lock);
	watch->ended = true;
	pthread_mutex_unlock(&watch->arrived_lock);
	take_waiters(watch);
	notify_waiters(watch, &stopping);
}

static void *
watch_run(void *context)
{
	struct watch *watch = context;
	uint64_t commands = 0;

	for (;;) {
		struct pollfd fds[2] = {{watch->places.inotify, POLLIN, 0}, {watch->commands, POLLIN, 0}};

		(void)poll(fds, 2, (int)watch_due(watch));
		if (fds[1].revents && read(watch->commands, &commands, sizeof(commands)) == sizeof(commands)) {
			if (commands >= QUIT) {
				turn_waiters_away(watch);
				return NULL;
			}
			reload_all(watch);
		}
		if (fds[0].revents && places_take(&watch->places)) {
			watch_paths(watch);
			if (!watch->pending || watch->retry_ms)
				look(watch, true);
		}
	}
}

static void
watch_free(struct watch *watch)
{
	places_close(&watch->places);
	if (watch->commands >= 0)
		(void)close(watch->commands);
	pthread_mutex_destroy(&watch->arrived_lock);
	free(watch);
}

int
watch_start(struct service *service, struct watch **ret, struct error *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct policies policies = {.must_exist = false};

	if (!watch)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	pthread_mutex_init(&watch->arrived_lock, NULL);
	watch->service = service;
	watch->places = (struct places){.inotify = -1};
	watch->commands = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (watch->commands < 0)
		(void)error_set(err, ERROR_IO, NULL, "cannot watch the policy files: %s", strerror(errno));
	if (watch->commands < 0 || places_open(&watch->places, &service->settings->policies, err) != 0) {
		watch_free(watch);
		return -(int)err->code;
	}
	watch_paths(watch);
	/* Changes between the first load and the watches are found by comparing with the present files. */
	(void)policies_read(service, &policies);
	watch->in_force = service->loaded;
	if (!same(policies.hash, watch->in_force)) {
		watch->pending = true;
		watch->seen = policies.hash;
		watch->read_at_ms = clock_steady_ms() + SETTLE_MS;
	}
	policies_drop(&policies);
	if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
		watch_free(watch);
		return error_set(err, ERROR_IO, NULL, "no admin thread");
	}
	*ret = watch;
	service->watch = watch;
	return 0;
}

static void
command(struct watch *watch, uint64_t what)
{
	(void)!write(watch->commands, &what, sizeof(what)); /* fails only when 2^64 are waiting */
}

void
watch_reload(struct watch *watch)
{
	command(watch, 1);
}

int
watch_reload_ask(struct watch *watch, void (*done)(void *context, const struct error *err), void *context,
                 struct error *err)
{
	struct reload_waiter *waiter = malloc(sizeof(*waiter));

	if (!waiter)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	*waiter = (struct reload_waiter){.done = done, .context = context};
	pthread_mutex_lock(&watch->arrived_lock);
	if (watch->ended) {
		pthread_mutex_unlock(&watch->arrived_lock);
		free(waiter);
		return error_set(err, ERROR_BUSY, NULL, "the service stops");
	}
	waiter->next = watch->arrived;
	watch->arrived = waiter;
	pthread_mutex_unlock(&watch->arrived_lock);
	watch_reload(watch);
	return 0;
}

void
watch_stop(struct watch *watch)
{
	if (!watch)
		return;
	command(watch, QUIT);
	(void)pthread_join(watch->thread, NULL);
}

void
watch_close(struct watch *watch)
{
	if (watch)
		watch_free(watch);
}
