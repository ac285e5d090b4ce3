/* warnings - what a person should look at though decisions are answered: for /ready, clguard status and the log */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/warnings.h"

#include <stdio.h>

const char *
warnings_no_guards(const struct service *service)
{
	if (service->settings->require_policies)
		return "no guard is in force: every question is denied, reason no_policies";
	if (service->settings->no_guard_deny && service->mode == GUARD_STRICT)
		return "no guard is in force: every question is denied, as when_no_guard says";
	return "no guard is in force: every question is permitted";
}

bool
warnings_no_policies(const struct service *service, const struct engine_info *info)
{
	return service->settings->require_policies && info->guards == 0;
}

/* True when no row has ever been entered, by any process, and the counters are not those of a new database in quarantine. */
static bool
is_uncounted(struct history_reader *reader)
{
	struct history_metrics metrics;
	bool uncounted;

	if (history_reader_begin(reader) != 0)
		return false;
	uncounted = history_metrics(reader, &metrics) == 0 && metrics.entered == 0 && !metrics.quarantined;
	history_reader_end(reader);
	return uncounted;
}

/* Reports files that were to be read again and could not be. */
static void
warn_reloads(struct service *service, warning_fn *notify, void *context)
{
	const struct {
		const char *id, *text;
		char *const *why;
	} reloads[] = {
		{"settings_refused",
	         "the configuration cannot be read again, the old settings stay: ", &service->settings_error},
		{"restart_needed", "", &service->restart_needed},
		{"users_refused", "the users file cannot be read again, the old users stay: ", &service->users_error},
		{"certificate_refused",
	         "the TLS certificate cannot be read again, the old one stays: ", &service->tls_error},
		{"files_not_watched",
	         "the policy files cannot be watched and are looked at every few seconds: ", &service->watch_error},
	};

	for (size_t i = 0; i < sizeof(reloads) / sizeof(reloads[0]); i++) {
		char text[ERROR_TEXT_SIZE + 100] = "";

		pthread_mutex_lock(&service->reload_lock);
		if (*reloads[i].why)
			(void)snprintf(text, sizeof(text), "%s%s", reloads[i].text,
			               *reloads[i].why); /* cut if it must be */
		pthread_mutex_unlock(&service->reload_lock);
		if (text[0])
			notify(context, reloads[i].id, text);
	}
}

void
warnings_each(struct service *service, struct history_reader *reader, warning_fn *notify, void *context)
{
	struct engine_info info;
	char text[240];
	bool refused;

	engine_info(service->engine, &info);
	if (info.guards == 0)
		notify(context, "no_guards", warnings_no_guards(service));
	if (info.counting && is_uncounted(reader)) {
		(void)snprintf(
			text, sizeof(text),
			"%zu %s operations, but none was ever recorded, reserved or imported: nothing counts, and "
			"%s",
			info.counting, info.counting == 1 ? "guard counts" : "guards count",
			info.counting == 1 ? "it permits" : "they permit"); /* fits */
		notify(context, "no_operations", text);
	}
	pthread_mutex_lock(&service->reload_lock);
	refused = service->last_error != NULL;
	pthread_mutex_unlock(&service->reload_lock);
	if (refused)
		notify(context, "load_refused",
		       "the last load of policies was refused, and the ones before stay in force: GET generation tells "
		       "why");
	warn_reloads(service, notify, context);
	if (atomic_load_explicit(&service->stands, memory_order_relaxed))
		notify(context, "supervision_stands",
		       "control loops are not supervised: what their timers do cannot be written");
	if (atomic_load_explicit(&service->unread, memory_order_relaxed))
		notify(context, "counts_unread",
		       service->mode == GUARD_ONAP
		               ? "guards could not read their counts within the last hour, and permitted, as ONAP's do"
		               : "guards could not read their counts within the last hour, and denied, reason error");
	if (info.findings) {
		(void)snprintf(text, sizeof(text), "%zu %s about the policies in force: GET generation lists them",
		               info.findings, info.findings == 1 ? "finding" : "findings"); /* fits */
		notify(context, "findings", text);
	}
}
