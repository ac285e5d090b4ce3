/* watchdog - the service manager is told that all is well only when every thread that matters has answered */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/clguardd/watchdog.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/daemon/reload.h"
#include "api/process/log.h"
#include "api/server/server.h"
#include "base/clock.h"
#include "engine/history/history.h"
#include "runtime/thread/runtime.h"

struct watchdog {
	bool asking;      /* a round is under way */
	bool told;        /* that a thread is late in it */
	int64_t began_ms; /* the round */
	uint64_t commits; /* rounds of the committer and the runtime when it began */
	uint64_t turns;
	unsigned workers;
	int fds[]; /* one a worker; -1: it has answered */
};

struct watchdog *
watchdog_open(const struct program *program)
{
	unsigned workers = program->worker_count + program->listener_count;
	struct watchdog *watchdog;

	if (!program->manager.watchdog_ms)
		return NULL;
	watchdog = calloc(1, sizeof(*watchdog) + workers * sizeof(*watchdog->fds));
	if (!watchdog) {
		log_line(&program->settings, LOG_LEVEL_ERROR, "out of memory: the watchdog is not fed");
		return NULL;
	}
	watchdog->workers = workers;
	for (unsigned i = 0; i < workers; i++)
		watchdog->fds[i] = -1;
	watchdog->began_ms = clock_steady_ms() - program->manager.watchdog_ms; /* begin at once */
	return watchdog;
}

static void
watchdog_ask(struct watchdog *watchdog, const struct program *program, int64_t now_ms)
{
	const struct service *service = &program->service;

	watchdog->asking = true;
	watchdog->told = false;
	watchdog->began_ms = now_ms;
	watchdog->commits = history_rounds(engine_history(service->engine));
	watchdog->turns = service->runtime ? runtime_rounds(service->runtime) : 0;
	for (unsigned i = 0; i < watchdog->workers; i++) {
		struct error err = {0};

		if (server_probe(service->server, i, &watchdog->fds[i], &err) != 0)
			log_line(&program->settings, LOG_LEVEL_WARNING, "%s", err.text);
	}
}

/* Bytes, or the end of the connection. */
static bool
worker_has_answered(int *fd)
{
	char bytes[16];

	if (*fd < 0)
		return true;
	if (recv(*fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	(void)close(*fd); /* the rest of the answer is of no interest */
	*fd = -1;
	return true;
}

/* "worker 2", "the committer"; NULL: all have answered. A database that is being verified has neither of the last two. */
static const char *
watchdog_missed(struct watchdog *watchdog, const struct service *service, char buf[32])
{
	for (unsigned i = 0; i < watchdog->workers; i++)
		if (!worker_has_answered(&watchdog->fds[i])) {
			(void)snprintf(buf, 32, "worker %u", i);
			return buf;
		}
	if (service_is_verifying(service))
		return NULL;
	if (history_rounds(engine_history(service->engine)) == watchdog->commits)
		return "the committer";
	if (service->runtime && runtime_rounds(service->runtime) == watchdog->turns)
		return "the control loop runtime";
	return NULL;
}

void
watchdog_look(struct watchdog *watchdog, struct program *program)
{
	const struct sd_notify *manager = &program->manager;
	int64_t now_ms = clock_steady_ms();
	const char *missed;
	char buf[32];

	if (!watchdog)
		return;
	if (!watchdog->asking) {
		if (now_ms - watchdog->began_ms >= manager->watchdog_ms / 4)
			watchdog_ask(watchdog, program, now_ms);
		return;
	}
	missed = watchdog_missed(watchdog, &program->service, buf);
	if (!missed) {
		sd_notify_send(manager, "WATCHDOG=1");
		watchdog->asking = false;
		if (watchdog->told) {
			log_line(&program->settings, LOG_LEVEL_INFO, "all threads answer again");
			watch_status(&program->service);
		}
	} else if (!watchdog->told && now_ms - watchdog->began_ms > manager->watchdog_ms / 2) {
		log_line(&program->settings, LOG_LEVEL_ERROR,
		         "%s has not answered for %lld ms: the watchdog is not fed, and the service manager will end "
		         "the "
		         "service",
		         missed, (long long)(now_ms - watchdog->began_ms));
		sd_notify_send(manager, "STATUS=%s does not answer", missed);
		watchdog->told = true;
	}
}

void
watchdog_close(struct watchdog *watchdog)
{
	for (unsigned i = 0; watchdog && i < watchdog->workers; i++)
		if (watchdog->fds[i] >= 0)
			(void)close(watchdog->fds[i]); /* nobody waits for it */
	free(watchdog);
}
