/* check_config - clguardd --check-config: what a start with these settings would stumble over */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/check_config.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/authzen/authzen_entities.h"
#include "api/identity/auth.h"
#include "api/identity/identities.h"
#include "api/identity/listener.h"
#include "api/identity/tls.h"
#include "api/process/settings_table.h"
#include "engine/decide/load.h"
#include "engine/decide/policyset.h"
#include "runtime/endpoint/actors.h"

/* One look at a configuration. */
struct config_check {
	const struct settings *settings;
	struct diags *findings;
};

/* Notes a fault of a setting, with the place where the setting stands. */
static void
check_note(struct config_check *check, const char *name, const struct error *err)
{
	const struct setting *setting = setting_find(str_from(name));
	const struct setting_origin *origin = &check->settings->origin[setting - setting_table()];
	struct error placed = *err;

	placed.line = placed.column = 0;
	if (origin->source == SOURCE_FILE) {
		placed.line = origin->line;
		placed.column = 1;
	}
	diags_add_error(check->findings, origin->source == SOURCE_FILE ? origin->file : "", &placed);
}

static void __attribute__((format(printf, 3, 4)))
check_fail(struct config_check *check, const char *name, const char *format, ...)
{
	struct error err = {0};
	char text[ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long one is cut */
	va_end(args);
	(void)error_set(&err, ERROR_CONFLICT, NULL, "%s", text); /* it is handed on */
	check_note(check, name, &err);
}

static void
check_certificate(struct config_check *check)
{
	const struct settings *settings = check->settings;
	struct error err = {0};
	struct tls *tls;

	if (!settings->tls_certificate != !settings->tls_key)
		check_fail(check, settings->tls_key ? "tls_key" : "tls_certificate",
		           "tls_certificate and tls_key: expected both, or neither");
	else if (!settings->tls_certificate && settings->tls_client_ca)
		check_fail(check, "tls_client_ca", "tls_client_ca: expected tls_certificate and tls_key beside it");
	else if (settings->tls_certificate && tls_open(settings, &tls, &err) != 0)
		check_note(check, "tls_certificate", &err);
	else if (settings->tls_certificate)
		tls_close(tls);
}

static void
check_credentials(struct config_check *check)
{
	const struct settings *settings = check->settings;
	struct identities *identities;
	struct error err = {0};
	struct jwt *jwt;

	if (settings->users || settings->tokens || settings->roles) {
		if (identities_read(settings, &identities, &err) != 0)
			check_note(check, settings->users ? "users" : settings->tokens ? "tokens" : "roles", &err);
		else
			identities_free(identities);
	}
	err = (struct error){0};
	if (settings->jwt_keys && (!settings->jwt_issuer || !settings->jwt_audience))
		check_fail(check, "jwt_keys", "jwt_keys: expected jwt_issuer and jwt_audience beside it");
	else if (settings->jwt_keys && !strstr(settings->jwt_keys, "://")) {
		if (jwt_open(settings, &jwt, &err) != 0)
			check_note(check, "jwt_keys", &err);
		else
			jwt_close(jwt);
	}
}

static void
check_addresses(struct config_check *check)
{
	const struct settings *settings = check->settings;
	const char *reached = listener_is_local(settings->listen) ? NULL : "listen";
	struct listener listener;

	for (size_t i = 0; i < settings->listeners.count; i++) {
		struct error err = {0};

		if (listener_parse(settings->listeners.items[i], &listener, &err) != 0)
			check_note(check, "listeners", &err);
		else if (!reached && !listener_is_local(listener.address))
			reached = "listeners";
	}
	if (reached && !auth_is_wanted(settings) && !settings->tls_certificate && !settings->open_to_network)
		check_fail(check, reached,
		           "%s: other machines reach it, and there are neither users, tokens nor TLS: set users, or "
		           "tls_certificate, or open_to_network: allow",
		           reached);
}

static void
check_owner(struct config_check *check)
{
	const struct {
		const char *setting, *value;
		bool group;
	} names[] = {{"user", check->settings->user, false},
	             {"socket_owner", check->settings->socket_owner, false},
	             {"group", check->settings->group, true},
	             {"socket_group", check->settings->socket_group, true}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = names[i].value;

		if (!value || value[strspn(value, "0123456789")] == '\0')
			continue;
		if (names[i].group ? !getgrnam(value) : !getpwnam(value))
			check_fail(check, names[i].setting, "%s: there is no %s '%s'", names[i].setting,
			           names[i].group ? "group" : "user", value);
	}
}

/* A directory that files are made in, as this user may. */
static void
check_writable(struct config_check *check, const char *name, const char *directory)
{
	struct stat status;

	if (stat(directory, &status) != 0)
		check_fail(check, name, "%s: %s: %s", name, directory, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		check_fail(check, name, "%s: %s is not a directory", name, directory);
	else if (access(directory, W_OK | X_OK) != 0)
		check_fail(check, name, "%s: cannot write to %s: %s", name, directory, strerror(errno));
}

/* The directory of a path. */
static void
check_parent(struct config_check *check, const char *name, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char parent[PATH_MAX];

	if (!path || strlen(path) >= sizeof(parent))
		return;
	(void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path + (slash == path)) : 1,
	               slash ? path : ".");
	check_writable(check, name, parent);
}

static void
check_outputs(struct config_check *check)
{
	const struct settings *settings = check->settings;
	struct stat status;

	if (settings->data && stat(settings->data, &status) == 0)
		check_writable(check, "data", settings->data);
	else
		check_parent(check, "data", settings->data);
	check_parent(check, "decision_log", settings->decision_log);
	if (settings->audit_log && strcmp(settings->audit_log, "stderr") != 0)
		check_parent(check, "audit_log", settings->audit_log);
	if (!settings->decision_log && (settings->decision_log_url || settings->decision_log_journal))
		check_fail(check, settings->decision_log_url ? "decision_log_url" : "decision_log_journal",
		           "decision_log_url and decision_log_journal send on what decision_log writes: it is missing");
}

static void
check_documents(struct config_check *check)
{
	const struct settings *settings = check->settings;
	struct authzen_entities entities;
	struct actors actors;
	struct error err = {0};
	struct arena arena;

	arena_init(&arena, 0);
	if (settings->entities && authzen_entities_read(settings, &arena, &entities, &err) != 0)
		check_note(check, "entities", &err);
	err = (struct error){0};
	if (actors_read(settings->actors.items, settings->actors.count, &arena, &actors, &err) != 0)
		check_note(check, "actors", &err);
	arena_free(&arena);
}

/* Compiles the policies; what is found in them stands at their own lines. */
static void
check_policies(struct config_check *check)
{
	const struct settings *settings = check->settings;
	struct engine_options engine = engine_options_default;
	struct compile_options options = {0};
	struct document *documents;
	struct policyset *set = NULL;
	struct error err = {0};
	struct arena arena;
	size_t count = 0, before = check->findings->count[SEVERITY_ERROR];
	int r;

	/* A pass over policies ends at an error, which those found before are not. */
	check->findings->count[SEVERITY_ERROR] = 0;
	settings_engine_options(settings, &engine);
	options.mode = engine.mode;
	options.skip_bad_policies = engine.skip_bad_policies;
	options.limits = engine.limits;
	options.policies_max = engine.policies_max;
	arena_init(&arena, 0);
	r = policyset_builtin(&arena, &options.builtin, &err);
	if (r == 0)
		r = load_documents(settings->policies.items, settings->policies.count, options.limits.bytes,
		                   options.skip_bad_policies, &arena, &documents, &count, check->findings);
	if (r == 0 && count == 0 && settings->policies.count)
		diags_add(check->findings, SEVERITY_WARNING, NULL, NULL,
		          "there is no policy file in the directories of policies: nothing is guarded");
	if (r == 0 && count)
		(void)policyset_compile(&options, documents, count, &set, check->findings); /* they tell */
	if (err.code)
		check_note(check, "policies", &err);
	check->findings->count[SEVERITY_ERROR] += before;
	policyset_drop(set);
	arena_free(&arena);
}

void
check_config(const struct settings *settings, struct diags *findings)
{
	struct config_check check = {settings, findings};

	check_certificate(&check);
	check_credentials(&check);
	check_addresses(&check);
	check_owner(&check);
	check_outputs(&check);
	check_documents(&check);
	check_policies(&check);
}
