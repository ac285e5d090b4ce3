/* participant_settings - the one table of what can be set of clguard-participant */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/participant_settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "api/cli/client.h"
#include "api/process/arguments.h"
#include "base/document.h"
#include "base/text.h"
#include "participants/framework/element_host.h"
#include "participants/framework/participant_kind.h"
#include "participants/framework/participant_settings_table.h"

#define PARTICIPANTS_MAX 64
#define NAME_MAX_BYTES 120

/* errors  ERROR_TYPE, ERROR_RANGE, ERROR_MEMORY at `where` */
static int
set_row(void *target, const struct participant_setting *row, struct str text, const struct node *where,
        struct arena *arena, struct error *err)
{
	char *place = (char *)target + row->offset, *end;
	struct str kept = arena_str(arena, text);
	long long number;

	if (!kept.ptr)
		return error_set(err, ERROR_MEMORY, where, "out of memory");
	if (row->kind == ROW_TEXT) {
		*(const char **)place = kept.ptr;
		return 0;
	}
	if (row->kind == ROW_SWITCH) {
		if (!str_is(kept, "true") && !str_is(kept, "false"))
			return error_set(err, ERROR_TYPE, where, "%s is wrong: expected true or false, got '%s'",
			                 row->name, kept.ptr);
		*(bool *)place = str_is(kept, "true");
		return 0;
	}
	errno = 0;
	number = strtoll(kept.ptr, &end, 10);
	if (errno || end == kept.ptr || *end || number < row->min || number > row->max)
		return error_set(err, ERROR_RANGE, where,
		                 "%s is wrong: expected an integer from %lld to %lld, got '%s'", row->name,
		                 (long long)row->min, (long long)row->max, kept.ptr);
	*(int64_t *)place = number;
	return 0;
}

static const struct participant_setting *
find_row(struct str name, bool of_process)
{
	for (size_t i = 0; i < participant_setting_count; i++)
		if (participant_setting_rows[i].of_process == of_process &&
		    str_is(name, participant_setting_rows[i].name))
			return &participant_setting_rows[i];
	return NULL;
}

static int
set_defaults(void *target, bool of_process, struct arena *arena, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < participant_setting_count && r == 0; i++)
		if (participant_setting_rows[i].of_process == of_process && participant_setting_rows[i].initial)
			r = set_row(target, &participant_setting_rows[i], str_from(participant_setting_rows[i].initial),
			            NULL, arena, err);
	/* As the commands of clguard that ask a service. */
	if (r == 0 && of_process && getenv("CLGUARD_SERVICE"))
		r = set_row(target, find_row(STR("service"), true), str_from(getenv("CLGUARD_SERVICE")), NULL, arena,
		            err);
	return r;
}

/* All members of a map but the one named. */
static int
read_map(void *target, const struct node *map, bool of_process, const char *but, struct arena *arena, struct error *err)
{
	int r = 0;

	if (!map || map->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, map, "the settings are wrong: expected a map, got %s",
		                 node_kind_phrase(map));
	for (const struct node *member = map->first; member && r == 0; member = member->next) {
		const struct participant_setting *row = find_row(member->key, of_process);

		if (but && str_is(member->key, but))
			continue;
		if (!row)
			return error_set(err, ERROR_UNKNOWN, member, "'%.*s' is not a setting of a %s",
			                 STR_ARG(member->key), of_process ? "process" : "participant");
		if (!node_is_scalar(member) || node_is_null(member))
			return error_set(err, ERROR_TYPE, member, "%s is wrong: expected one value, got %s", row->name,
			                 node_kind_phrase(member));
		r = set_row(target, row, member->text, member, arena, err);
	}
	return r;
}

/* Checks the settings that every participant needs, and those of its kind. */
static int
check_one(struct participant_settings *one, const struct participant_kind *const kinds[], const struct node *where,
          struct error *err)
{
	if (!one->kind_name || !one->type || !one->name)
		return error_set(err, ERROR_MISSING, where, "a participant needs %s",
		                 !one->kind_name ? "a kind"
		                 : !one->type    ? "a type"
		                                 : "a name");
	for (size_t i = 0; kinds[i]; i++)
		if (str_is(str_from(one->kind_name), kinds[i]->name))
			one->kind = kinds[i];
	if (!one->kind)
		return error_set(err, ERROR_UNKNOWN, where, "kind is wrong: '%s' is not a kind of this program",
		                 one->kind_name);
	if (strlen(one->name) > NAME_MAX_BYTES || strcspn(one->name, "/?# \t\r\n") != strlen(one->name))
		return error_set(err, ERROR_TYPE, where,
		                 "name is wrong: expected at most %d bytes without spaces and /, got '%s'",
		                 NAME_MAX_BYTES, one->name);
	if (one->kind->needs_url && !one->url && !(one->kind->has_engines && one->engine))
		return error_set(err, ERROR_MISSING, where, "a participant of kind %s needs a url", one->kind_name);
	if (one->guard && !str_is(str_from(one->guard), "service") && !client_address_good(one->guard))
		return error_set(err, ERROR_TYPE, where,
		                 "guard is wrong: expected service, ADDR:PORT, http://ADDR:PORT or unix:PATH, got '%s'",
		                 one->guard);
	if (one->engine && !one->kind->has_engines)
		return error_set(err, ERROR_CONFLICT, where, "a participant of kind %s has no engines", one->kind_name);
	return 0;
}

static int
read_list(const struct node *list, const struct participant_kind *const kinds[], struct arena *arena,
          struct process_settings *ret, struct error *err)
{
	int r = 0;

	if (!list || list->kind != NODE_LIST || list->count == 0 || list->count > PARTICIPANTS_MAX)
		return error_set(err, ERROR_TYPE, list, "participants is wrong: expected a list of 1 to %d maps",
		                 PARTICIPANTS_MAX);
	ret->participants = arena_array(arena, list->count, sizeof(*ret->participants));
	if (!ret->participants)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (const struct node *item = list->first; item && r == 0; item = item->next) {
		struct participant_settings *one = &ret->participants[ret->count];

		r = set_defaults(one, false, arena, err);
		if (r == 0)
			r = read_map(one, item, false, NULL, arena, err);
		if (r == 0)
			r = check_one(one, kinds, item, err);
		for (size_t i = 0; i < ret->count && r == 0; i++)
			if (str_is(str_from(one->name), ret->participants[i].name))
				r = error_set(err, ERROR_DUPLICATE, item, "two participants have the name '%s'",
				              one->name);
		ret->count++;
	}
	return r;
}

static int
read_bytes(const char *path, struct arena *arena, struct str *ret, struct error *err)
{
	FILE *file = fopen(path, "re");
	char bytes[4096];
	struct text out;
	size_t got;

	if (!file)
		return error_set(err, ERROR_IO, NULL, "%s: %s", path, strerror(errno));
	text_init(&out, arena);
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		text_add(&out, (struct str){bytes, got});
	if (ferror(file))
		(void)error_set(err, ERROR_IO, NULL, "%s cannot be read", path); /* the code is looked at below */
	(void)fclose(file);                                                      /* it was only read */
	*ret = out.len ? text_done(&out) : STR("");
	return err->code ? -(int)err->code : 0;
}

static int
read_file(const char *path, const struct participant_kind *const kinds[], struct arena *arena,
          struct process_settings *ret, struct error *err)
{
	struct node *root = NULL;
	struct str bytes;
	int r = read_bytes(path, arena, &bytes, err);

	if (r == 0)
		r = document_read(bytes, path, &document_limits_default, arena, &root, err);
	if (r == 0)
		r = read_map(ret, root, true, "participants", arena, err);
	if (r == 0)
		r = read_list(node_get(root, "participants"), kinds, arena, ret, err);
	return r;
}

/* The options given, over what is there. `given`: whether one of a participant's was. */
static int
apply_options(const char *const values[], const bool flags[], struct arena *arena, struct process_settings *ret,
              struct participant_settings *one, bool *given, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < participant_setting_count && r == 0; i++) {
		const char *value =
			participant_setting_rows[i].kind == ROW_SWITCH ? (flags[i] ? "true" : NULL) : values[i];

		if (!value)
			continue;
		*given |= !participant_setting_rows[i].of_process;
		r = set_row(participant_setting_rows[i].of_process ? (void *)ret : (void *)one,
		            &participant_setting_rows[i], str_from(value), NULL, arena, err);
	}
	return r;
}

static const char *
option_name(const char *name, struct arena *arena)
{
	char *option = arena_printf(arena, "--%s", name);

	for (char *at = option; at && *at; at++)
		if (*at == '_')
			*at = '-';
	return option;
}

/* How the service is reached. */
static int
check_service(const struct process_settings *settings, struct error *err)
{
	const bool tls = str_starts_with(str_from(settings->service), STR("https://"));

#ifndef HAVE_LIBCURL
	if (tls)
		return error_set(err, ERROR_UNKNOWN, NULL, "service is wrong: this build has no libcurl, so no https");
#endif
	if (!tls && !client_address_good(settings->service))
		return error_set(err, ERROR_TYPE, NULL,
		                 "service is wrong: expected ADDR:PORT, http://ADDR:PORT, https://HOST:PORT or "
		                 "unix:PATH, got '%s'",
		                 settings->service);
	if (!tls && (settings->service_ca || settings->service_certificate || settings->service_key))
		return error_set(err, ERROR_CONFLICT, NULL,
		                 "service_ca, service_certificate and service_key need a service at https://");
	if (!settings->service_certificate != !settings->service_key)
		return error_set(err, ERROR_MISSING, NULL, "service_certificate and service_key: expected both");
	return 0;
}

int
participant_settings_read(int argc, char **argv, const struct participant_kind *const kinds[], struct arena *arena,
                          struct process_settings *ret, bool *ret_help, struct error *err)
{
	struct argument table[SETTINGS_MAX + 3] = {{0}};
	const char *values[SETTINGS_MAX] = {0}, *config = NULL;
	bool flags[SETTINGS_MAX] = {0}, given = false;
	struct participant_settings *one = arena_alloc(arena, sizeof(*one));
	struct words rest = {0};
	int r;

	for (size_t i = 0; i < participant_setting_count; i++) {
		table[i].name = option_name(participant_setting_rows[i].name, arena);
		if (participant_setting_rows[i].kind == ROW_SWITCH)
			table[i].flag = &flags[i];
		else
			table[i].value = &values[i];
	}
	table[participant_setting_count] = (struct argument){.name = "--config", .value = &config};
	table[participant_setting_count + 1] = (struct argument){.name = "--help", .flag = ret_help};
	if (!one || arguments_parse("clguard-participant", argc, argv, table, &rest) != 0)
		return -ERROR_UNKNOWN; /* told on stderr */
	if (*ret_help)
		return 0;
	if (rest.count)
		return error_set(err, ERROR_UNKNOWN, NULL, "'%s' is not an option", rest.words[0]);
	*ret = (struct process_settings){0};
	r = set_defaults(ret, true, arena, err);
	if (r == 0)
		r = set_defaults(one, false, arena, err);
	if (r == 0 && config)
		r = read_file(config, kinds, arena, ret, err);
	if (r == 0)
		r = apply_options(values, flags, arena, ret, one, &given, err);
	if (r == 0 && config && given)
		r = error_set(err, ERROR_CONFLICT, NULL,
		              "settings of a participant stand in the file that --config names");
	if (r == 0 && !config) {
		ret->participants = one;
		ret->count = 1;
		r = check_one(one, kinds, NULL, err);
	}
	for (size_t i = 0; i < ret->count && r == 0; i++)
		if (ret->participants[i].engine && !ret->data)
			r = error_set(err, ERROR_MISSING, NULL, "engine needs data: engines outlive the participant");
	return r == 0 ? check_service(ret, err) : r;
}

void
participant_settings_usage(const struct participant_kind *const kinds[], FILE *out)
{
	fputs("usage: clguard-participant --kind KIND --type NAME --name NAME [OPTION...]\n"
	      "       clguard-participant --config FILE [OPTION...]\n\n"
	      "  --config FILE\n      A YAML map of the settings of the process, with a list `participants` of maps of "
	      "those of each.\n"
	      "  --help\n      This text.\n",
	      out);
	for (int pass = 1; pass >= 0; pass--) {
		fprintf(out, "\nSettings of %s:\n", pass ? "the process" : "a participant");
		for (size_t i = 0; i < participant_setting_count; i++) {
			const struct participant_setting *row = &participant_setting_rows[i];

			if (row->of_process != pass)
				continue;
			fputs("  --", out);
			for (const char *at = row->name; *at; at++)
				fputc(*at == '_' ? '-' : *at, out);
			fprintf(out, "%s%s\n      %s", row->word ? " " : "", row->word ? row->word : "", row->help);
			if (row->kind == ROW_NUMBER)
				fprintf(out, " %lld to %lld.", (long long)row->min, (long long)row->max);
			if (row->initial && row->kind != ROW_SWITCH)
				fprintf(out, " Default: %s.", row->initial);
			fputs("\n", out);
		}
	}
	fputs("\nKinds:\n", out);
	for (const struct participant_kind *const *kind = kinds; *kind; kind++)
		fprintf(out, "  %s\n      %s\n", (*kind)->name, (*kind)->help);
}
