/* reconfigure - settings read again: what changes without a restart does, the rest is told */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/reconfigure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/daemon/reload_priv.h"
#include "api/http/audit.h"
#include "api/process/log.h"
#include "api/process/settings_table.h"
#include "base/text.h"

#define VALUE_SIZE 512 /* of a value as it is told; a longer one is cut */

/* One reading of all sources. */
struct configuration_reading {
	struct configuration_reading *next;
	struct arena arena;
	struct settings settings;
	struct diags findings;
};

/* The report of a reload. */
struct configuration_report {
	struct service *service;
	struct text changed, restart;
	size_t changes;
};

static void
reading_drop(struct configuration_reading *reading)
{
	arena_free(&reading->arena);
	free(reading);
}

/* A value or its origin as text. */
static void
print_told(void (*print)(const struct setting *, const struct settings *, FILE *), const struct setting *setting,
           const struct settings *settings, char ret[VALUE_SIZE])
{
	FILE *out = fmemopen(ret, VALUE_SIZE, "w");

	ret[0] = '\0';
	if (!out)
		return;
	print(setting, settings, out);
	(void)fclose(out); /* a long one is cut */
	ret[VALUE_SIZE - 1] = '\0';
}

/* Landlock, or the rights that were given up, may keep a new file from being read. */
static bool
may_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool denied = fd < 0 && (errno == EACCES || errno == EPERM);

	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	return !denied;
}

static bool
may_read_all(const struct setting *setting, const struct settings *settings)
{
	const char *value = (const char *)settings + setting->offset;
	const struct settings_list *list = (const void *)value;
	const char *path;
	bool good = true;

	if (!setting->word || (strncmp(setting->word, "FILE", 4) != 0 && strncmp(setting->word, "PATH", 4) != 0))
		return true;
	memcpy(&path, value, sizeof(path));
	if (setting->kind == SETTING_TEXT)
		return !path || may_read(path);
	for (size_t i = 0; i < list->count && good; i++)
		good = may_read(list->items[i]);
	return good;
}

/* Why a live setting cannot take this value now; NULL: it can. */
static const char *
live_objection(const struct service *service, const struct setting *setting, const struct settings *wanted)
{
	bool credentials = strcmp(setting->name, "users") == 0 || strcmp(setting->name, "tokens") == 0 ||
	                   strcmp(setting->name, "roles") == 0;

	if (credentials && !service->auth)
		return "the service was started without users, and does not identify its callers";
	if (credentials && !auth_is_wanted(wanted))
		return "a service does not become open to everyone while it answers";
	if (strncmp(setting->name, "tls_", 4) == 0 && !service->tls)
		return "the addresses were opened without TLS";
	if (strncmp(setting->name, "tls_", 4) == 0 && !(wanted->tls_certificate && wanted->tls_key))
		return "the addresses were opened with TLS";
	if (strcmp(setting->name, "policies") == 0 && wanted->policies.count == 0)
		return "without a policy file everything would be permitted";
	if (!may_read_all(setting, wanted))
		return "the process may not read it: it kept rights only for what its settings named at start "
		       "(landlock, "
		       "user)";
	return NULL;
}

/* One setting that is another than before. True when it is in force now. */
static bool
take_setting(struct configuration_report *report, struct settings *settings, const struct setting *setting,
             struct configuration_reading *reading)
{
	char from[VALUE_SIZE], to[VALUE_SIZE], origin[VALUE_SIZE];
	const char *why = setting->live    ? live_objection(report->service, setting, &reading->settings)
	                  : setting->fixed ? setting->fixed
	                                   : "the service takes it when it starts";
	struct text *out = why ? &report->restart : &report->changed;

	print_told(setting_print, setting, settings, from);
	print_told(setting_print, setting, &reading->settings, to);
	print_told(setting_print_origin, setting, &reading->settings, origin);
	text_addf(out, "%s{\"name\":\"%s\",\"from\":", out->len ? "," : "", setting->name);
	text_add_json(out, str_from(from));
	text_add(out, STR(",\"to\":"));
	text_add_json(out, str_from(to));
	text_add(out, STR(",\"source\":"));
	text_add_json(out, str_from(origin));
	if (why) {
		text_add(out, STR(",\"why\":"));
		text_add_json(out, str_from(why));
	}
	text_add(out, STR("}"));
	report->changes++;
	if (why) {
		log_line(settings, LOG_LEVEL_WARNING, "setting %s: %s (%s) needs a restart, because %s; %s stays",
		         setting->name, to, origin, why, from);
		return false;
	}
	setting_copy(setting, settings, &reading->settings);
	settings->origin[setting - setting_table()] = reading->settings.origin[setting - setting_table()];
	log_line(settings, LOG_LEVEL_INFO, "setting %s: %s (%s), was %s", setting->name, to, origin, from);
	return true;
}

/* All settings that are others than before. True when one of them is in force now. */
static bool
take_settings(struct service *service, struct configuration_reading *reading, bool *ret_policies)
{
	struct settings *settings = service->configuration->settings;
	struct configuration_report report = {.service = service};
	struct text whole;
	struct arena arena;
	bool taken = false;

	arena_init(&arena, 0);
	text_init(&report.changed, &arena);
	text_init(&report.restart, &arena);
	text_init(&whole, &arena);
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		if (setting_same(setting, settings, &reading->settings) ||
		    !take_setting(&report, settings, setting, reading))
			continue;
		taken = true;
		*ret_policies |= strcmp(setting->name, "policies") == 0;
	}
	text_add(&whole, STR("{\"changed\":["));
	text_add(&whole, (struct str){report.changed.ptr, report.changed.len});
	text_add(&whole, STR("],\"restart\":["));
	text_add(&whole, (struct str){report.restart.ptr, report.restart.len});
	text_add(&whole, STR("]}"));
	(void)reload_report(service, &service->settings_report, text_done(&whole).ptr); /* it is new each time */
	(void)reload_report(service, &service->restart_needed,
	                    report.restart.len ? "settings were changed that need a restart, see the log and GET "
	                                         "generation"
	                                       : NULL);
	if (report.changes)
		audit_reload(service->audit, "settings", NULL);
	arena_free(&arena);
	return taken;
}

/* The reading had an error: nothing of it counts. */
static void
refuse_settings(struct service *service, const struct diags *findings, const struct error *usage)
{
	char text[ERROR_TEXT_SIZE + 256] = "out of memory";
	struct error err = *usage;

	for (const struct diag *diag = findings->first; diag; diag = diag->next) {
		if (diag->severity != SEVERITY_ERROR)
			continue;
		if (diag->line)
			(void)snprintf(text, sizeof(text), "%s:%u:%u: %s", diag->file, diag->line, diag->column,
			               diag->text);
		else
			(void)snprintf(text, sizeof(text), "%s: %s", diag->file, diag->text);
		log_line(service->settings, LOG_LEVEL_ERROR, "%s; the old settings stay", text);
		(void)error_set(&err, ERROR_CONFLICT, NULL, "%s", text); /* the first one stays */
	}
	if (!err.code)
		(void)error_set(&err, ERROR_CONFLICT, NULL, "%s", text); /* it is handed on */
	if (usage->code)
		log_line(service->settings, LOG_LEVEL_ERROR, "%s; the old settings stay", usage->text);
	(void)reload_report(service, &service->settings_error, err.text); /* told above in any case */
	audit_reload(service->audit, "settings", &err);
}

void
configuration_reload(struct service *service, bool *ret_policies)
{
	struct configuration *configuration = service->configuration;
	struct configuration_reading *reading = calloc(1, sizeof(*reading));
	struct settings_command command = {0};
	struct error err = {0};
	int r;

	*ret_policies = false;
	if (!reading) {
		log_line(service->settings, LOG_LEVEL_ERROR, "out of memory; the old settings stay");
		(void)reload_report(service, &service->settings_error, "out of memory"); /* told */
		return;
	}
	arena_init(&reading->arena, 0);
	diags_init(&reading->findings, &reading->arena);
	settings_init(&reading->settings, &reading->arena);
	r = settings_gather(&reading->settings, configuration->argc, configuration->argv, configuration->environment,
	                    &command, &reading->findings, &err);
	if (r != 0) {
		refuse_settings(service, &reading->findings, &err);
		reading_drop(reading);
		return;
	}
	(void)reload_report(service, &service->settings_error, NULL); /* there is none now */
	if (!take_settings(service, reading, ret_policies)) {
		reading_drop(reading);
		return;
	}
	reading->next = configuration->kept;
	configuration->kept = reading;
}

void
configuration_done(struct configuration *configuration)
{
	while (configuration->kept) {
		struct configuration_reading *reading = configuration->kept;

		configuration->kept = reading->next;
		reading_drop(reading);
	}
}
