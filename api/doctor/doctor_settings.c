/* doctor_settings - settings, private files, addresses, certificates: what clguard doctor finds in them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "api/daemon/check_config.h"
#include "api/doctor/doctor.h"
#include "api/identity/auth.h"
#include "api/identity/listener.h"
#include "api/identity/tls.h"
#include "base/clock.h"

#define DAY_MS ((int64_t)86400 * 1000)
#define EXPIRES_SOON_DAYS 30

void
doctor_configuration(struct doctor *doctor)
{
	struct diags findings;

	diags_init(&findings, doctor->arena);
	check_config(doctor->settings, &findings);
	for (const struct diag *diag = findings.first; diag; diag = diag->next) {
		bool lint = diag->code != NULL;
		char place[ERROR_TEXT_SIZE] = "";

		if (diag->file[0])
			(void)snprintf(place, sizeof(place), "%s:%" PRIu32 ":%" PRIu32 ": ", diag->file, diag->line,
			               diag->column); /* a long one is cut */
		doctor_add(doctor, lint ? DOCTOR_POLICIES : DOCTOR_CONFIGURATION, diag->severity,
		           lint ? "correct the policy, or allow it there by metadata: "
		                  "clguard-policy(5), Findings, has each id"
		           : diag->severity == SEVERITY_ERROR
		                   ? "correct it: the service refuses to start so, or to load it"
		                   : "clguard.yaml(5) has each setting",
		           "%s%s%s%s%s", place, diag->text, lint ? " [" : "", lint ? diag->code : "", lint ? "]" : "");
	}
	if (findings.count[SEVERITY_ERROR] + findings.count[SEVERITY_WARNING] + findings.count[SEVERITY_INFO] >
	    findings.kept)
		doctor_add(doctor, DOCTOR_CONFIGURATION, SEVERITY_WARNING, "clguard check prints those of policies",
		           "there are more findings than are kept");
	if (!doctor->settings->policies.count)
		doctor_add(doctor, DOCTOR_POLICIES, SEVERITY_INFO,
		           "set policies, or deploy some: see clguard policy --help", "no policy files are set");
}

/* bits: of the mode, that others should not have. */
static void
look_at_private(struct doctor *doctor, const char *path, unsigned bits, const char *what)
{
	struct stat file;

	if (!path || stat(path, &file) != 0 || !(file.st_mode & bits & 0777))
		return;
	doctor_add(doctor, DOCTOR_PERMISSIONS, SEVERITY_WARNING,
	           bits & 044 ? "chmod o-rwx,g-rwx, and let the service's user own it"
	                      : "chmod o-w, and g-w where the group is not trusted",
	           "others than its owner may %s %s '%s' (mode %04o)", file.st_mode & bits & 022 ? "write" : "read",
	           what, path, (unsigned)file.st_mode & 07777);
}

/* A socket that everybody on the machine may ask; whether that is meant, auth or socket_mode says. */
static void
look_at_socket(struct doctor *doctor, const char *address)
{
	struct stat file;

	if (strncmp(address, "unix:", 5) != 0 || auth_is_wanted(doctor->settings))
		return;
	if (stat(address + 5, &file) == 0 && file.st_mode & 002)
		doctor_add(doctor, DOCTOR_PERMISSIONS, SEVERITY_WARNING,
		           "set socket_mode: 0660 and socket_group, or users",
		           "every user of the machine may ask over the socket '%s', without credentials", address + 5);
}

static void
look_at_address(struct doctor *doctor, const char *address)
{
	look_at_socket(doctor, address);
	if (!listener_is_local(address) && !auth_is_wanted(doctor->settings))
		doctor_add(doctor, DOCTOR_NETWORK, SEVERITY_WARNING,
		           "set users, tokens or roles: doc/security.md tells how",
		           "other machines reach %s, and no credentials are asked for", address);
	else if (!listener_is_local(address) && !doctor->settings->tls_certificate)
		doctor_add(doctor, DOCTOR_NETWORK, SEVERITY_WARNING,
		           "set tls_certificate and tls_key, unless something in front speaks TLS",
		           "credentials for %s cross the network in plain text", address);
}

void
doctor_files(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	struct listener listener;
	struct error err;

	look_at_private(doctor, settings->users, 077, "the users file");
	look_at_private(doctor, settings->tokens, 077, "the tokens file");
	look_at_private(doctor, settings->tls_key, 077, "the TLS key");
	look_at_private(doctor, settings->roles, 022, "the roles file");
	look_at_private(doctor, settings->jwt_keys, 022, "the keys of JSON Web Tokens");
	look_at_private(doctor, settings->decision_log_key, 077, "the decision log's key");
	look_at_private(doctor, settings->data, 027, "the data directory");
	for (size_t i = 0; i < settings->policies.count; i++)
		look_at_private(doctor, settings->policies.items[i], 002, "the policies");
	for (size_t i = 0; i < settings->config.count; i++)
		look_at_private(doctor, settings->config.items[i], 002, "the configuration");
	look_at_address(doctor, settings->listen);
	for (size_t i = 0; i < settings->listeners.count; i++) {
		err = (struct error){0};
		if (listener_parse(settings->listeners.items[i], &listener, &err) == 0) /* else the check has told */
			look_at_address(doctor, listener.address);
	}
}

void
doctor_certificate(struct doctor *doctor)
{
	static const char renew[] =
		"renew it, and put certificate and key in its place: clguard reload reads them again";
	int64_t from_ms, until_ms, now_ms = clock_wall_ms();
	const char *path = doctor->settings->tls_certificate;
	struct error err = {0};

	if (!path || tls_validity(path, &from_ms, &until_ms, &err) != 0)
		return; /* the check of the configuration has told why */
	if (from_ms > now_ms)
		doctor_add(doctor, DOCTOR_NETWORK, SEVERITY_ERROR, "set the clock, or take another certificate",
		           "the certificate '%s' is not valid before %" PRId64 " more seconds", path,
		           (from_ms - now_ms) / 1000);
	else if (until_ms <= now_ms)
		doctor_add(doctor, DOCTOR_NETWORK, SEVERITY_ERROR, renew,
		           "the certificate '%s' expired %" PRId64 " days ago", path, (now_ms - until_ms) / DAY_MS);
	else if (until_ms - now_ms < EXPIRES_SOON_DAYS * DAY_MS)
		doctor_add(doctor, DOCTOR_NETWORK, SEVERITY_WARNING, renew,
		           "the certificate '%s' expires in %" PRId64 " days", path, (until_ms - now_ms) / DAY_MS);
}
