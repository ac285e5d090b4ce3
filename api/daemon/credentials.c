/* credentials - users and certificate read again: what fails is reported, and tried again until it succeeds */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/credentials.h"

#include "api/daemon/reload_priv.h"
#include "api/http/audit.h"
#include "api/identity/tls.h"
#include "api/process/log.h"
#include "base/clock.h"

#define AGAIN_FIRST_MS 1000 /* after a failure; then twice as long each time */
#define AGAIN_MOST_MS 60000

/* Notes how a reload went. */
static void
note_reload(struct service *service, struct retry *retry, char **report, const char *what, const struct error *err)
{
	bool changed = reload_report(service, report, err->code ? err->text : NULL);

	if (changed || !err->code)
		audit_reload(service->audit, what, err->code ? err : NULL);
	if (!err->code) {
		*retry = (struct retry){0};
		return;
	}
	retry->wait_ms = retry->wait_ms ? 2 * retry->wait_ms : AGAIN_FIRST_MS;
	if (retry->wait_ms > AGAIN_MOST_MS)
		retry->wait_ms = AGAIN_MOST_MS;
	retry->at_ms = clock_steady_ms() + retry->wait_ms;
	if (changed)
		log_line(service->settings, LOG_LEVEL_ERROR, "%s; the old %s", err->text,
		         report == &service->tls_error ? "certificate stays" : "users stay");
}

static void
reload_users(struct service *service, struct retry *retry)
{
	struct error err = {0};

	if (!service->auth)
		return;
	if (auth_reload(service->auth, &err) == 0)
		log_line(service->settings, LOG_LEVEL_INFO, "%zu %s", auth_users(service->auth),
		         auth_users(service->auth) == 1 ? "user" : "users");
	note_reload(service, retry, &service->users_error, "users, tokens and roles", &err);
}

static void
reload_certificate(struct service *service, struct retry *retry)
{
	struct error err = {0};

	if (!service->tls)
		return;
	(void)tls_reload(service->tls, &err); /* the error tells */
	note_reload(service, retry, &service->tls_error, "certificate and key", &err);
}

void
credentials_reload(struct service *service, struct credentials_retry *retry)
{
	*retry = (struct credentials_retry){0}; /* whoever asks has mended something */
	reload_users(service, &retry->users);
	reload_certificate(service, &retry->certificate);
}

int64_t
credentials_due(struct service *service, struct credentials_retry *retry, int64_t now)
{
	int64_t next = INT64_MAX;

	if (retry->users.wait_ms && retry->users.at_ms <= now)
		reload_users(service, &retry->users);
	if (retry->certificate.wait_ms && retry->certificate.at_ms <= now)
		reload_certificate(service, &retry->certificate);
	if (retry->users.wait_ms)
		next = retry->users.at_ms;
	if (retry->certificate.wait_ms && retry->certificate.at_ms < next)
		next = retry->certificate.at_ms;
	return next;
}
