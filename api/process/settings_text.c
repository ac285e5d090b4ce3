/* settings_text - settings from the command line, and as text for people */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include <inttypes.h>
#include <string.h>

#include "api/process/settings_table.h"
#include "api/system/credential.h"

#define WIDTH 78 /* columns of what is printed */

#define OPTION_SIZE 64

static void
replace(char *text, size_t len, char from, char to)
{
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == from ? to : text[i];
}

/* The setting that an option names: "--body-size" is body_size. `len`: of the name without the dashes. */
static int
option_find(const char *option, size_t len, const struct setting **ret, struct error *err)
{
	char plain[OPTION_SIZE];
	struct suggestion meant;

	if (len >= sizeof(plain))
		return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'", option);
	memcpy(plain, option + 2, len);
	replace(plain, len, '-', '_');
	*ret = setting_find((struct str){plain, len});
	if (*ret)
		return 0;
	meant = setting_suggest((struct str){plain, len});
	if (!meant.best.ptr)
		return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'", option);
	(void)snprintf(plain, sizeof(plain), "%.*s", STR_ARG(meant.best)); /* the table's names fit */
	replace(plain, strlen(plain), '_', '-');
	return error_set(err, ERROR_UNKNOWN, NULL, "unknown option '%s'; did you mean '--%s'?", option, plain);
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] == '-';
}

/*
 * The arguments of one option at argv[*at], which ends up on the last one used. `seen_lists` tells for
 * each setting of the table whether the command line has already replaced its list.
 */
static int
read_option(struct settings *settings, int argc, char **argv, int *at, bool *seen_lists, struct error *err)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	const struct setting *setting;
	int first = *at + 1;
	int r = option_find(argv[*at], equals ? (size_t)(equals - name) : strlen(name), &setting, err);

	if (r != 0)
		return r;
	if (equals)
		r = 0;
	else if (setting->kind == SETTING_BOOL)
		return setting_set(settings, setting, STR("true"), NULL, err);
	else if (first >= argc || is_option(argv[first]))
		return error_set(err, ERROR_MISSING, NULL, "option '%s' needs a value", argv[*at]);
	if (setting->kind == SETTING_LIST) {
		bool *seen = &seen_lists[setting - setting_table()];

		if (!*seen)
			setting_clear_list(settings, setting);
		*seen = true;
	}
	if (equals)
		return setting_set(settings, setting, str_from(equals + 1), NULL, err);
	*at = first;
	if (setting->kind != SETTING_LIST)
		return setting_set(settings, setting, str_from(argv[first]), NULL, err);
	for (; *at < argc && !is_option(argv[*at]) && r == 0; (*at)++)
		r = setting_set(settings, setting, str_from(argv[*at]), NULL, err);
	(*at)--;
	return r;
}

/* --config may stand anywhere, and must be read before what overrides it. */
static int
read_config(struct settings *settings, int argc, char **argv, struct settings_command *ret, struct error *err)
{
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			ret->config = argv[i] + 9;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			ret->config = argv[++i];
		else if (strcmp(argv[i], "--config") == 0)
			return error_set(err, ERROR_MISSING, NULL, "option '--config' needs a value");
	}
	return ret->config ? settings_read_file(settings, ret->config, err) : 0;
}

int
settings_arguments(struct settings *settings, int argc, char **argv, struct settings_command *ret, struct error *err)
{
	bool seen_lists[SETTINGS_MOST] = {false};
	int r = read_config(settings, argc, argv, ret, err);

	for (int i = 1; i < argc && r == 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			ret->help = true;
		else if (strcmp(argv[i], "--version") == 0)
			ret->version = true;
		else if (strcmp(argv[i], "--print-config") == 0)
			ret->print_config = true;
		else if (strcmp(argv[i], "--config") == 0)
			i++;
		else if (strncmp(argv[i], "--config=", 9) == 0)
			continue;
		else if (is_option(argv[i]))
			r = read_option(settings, argc, argv, &i, seen_lists, err);
		else
			r = error_set(err, ERROR_UNKNOWN, NULL, "'%s' belongs to no option", argv[i]);
	}
	return r;
}

/* A number as it may be written: 65536 bytes are 64K. */
static void
format_number(const struct setting *setting, int64_t value, char *buf, size_t size)
{
	static const char suffixes[] = "KMGT";
	int power = 0;

	if (setting->unit && strcmp(setting->unit, "bytes") == 0)
		for (; power < 4 && value && value % 1024 == 0; power++)
			value /= 1024;
	(void)snprintf(buf, size, "%" PRId64 "%.*s", value, power ? 1 : 0, &suffixes[power ? power - 1 : 0]);
}

/* Breaks text into lines at spaces, each led by `lead`. */
static void
print_wrapped(FILE *out, const char *lead, const char *text)
{
	size_t room = WIDTH - strlen(lead);

	while (*text) {
		size_t len = strlen(text);

		if (len > room)
			for (len = room; len > 0 && text[len] != ' ';)
				len--;
		fprintf(out, "%s%.*s\n", lead, (int)len, text);
		text += len + (text[len] == ' ');
	}
}

/* "Seconds, 1 to 3600." or "One of strict, onap." */
static void
format_range(const struct setting *setting, char *buf, size_t size)
{
	char min[24], max[24];
	int len = 0;

	buf[0] = '\0';
	if (setting->kind == SETTING_NUMBER) {
		format_number(setting, setting->min, min, sizeof(min));
		format_number(setting, setting->max, max, sizeof(max));
		(void)snprintf(buf, size, "%s%s%s to %s.", setting->unit ? setting->unit : "",
		               setting->unit ? ", " : "", min, max);
		if (buf[0] >= 'a')
			buf[0] -= 'a' - 'A';
	} else if (setting->kind == SETTING_CHOICE) {
		for (int i = 0; i < SETTING_CHOICES && setting->choices[i] && len >= 0 && (size_t)len < size; i++)
			len += snprintf(buf + len, size - (size_t)len, "%s%s", i ? ", " : "One of ",
			                setting->choices[i]);
		if (len >= 0 && (size_t)len < size)
			(void)snprintf(buf + len, size - (size_t)len, ".");
	}
}

/* In double quotes, as YAML has it; without a password in an URL. */
static void
print_quoted(FILE *out, const char *text)
{
	struct str secret = credential_in(text);

	fputc('"', out);
	for (; *text; text++) {
		if (text == secret.ptr) {
			fputs("***", out);
			text += secret.len;
		}
		if ((unsigned char)*text < 0x20)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fprintf(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
	}
	fputc('"', out);
}

static void
print_value(const struct settings *settings, const struct setting *setting, FILE *out)
{
	const void *value = (const char *)settings + setting->offset;
	const struct settings_list *list = value;
	char number[24];

	switch (setting->kind) {
	case SETTING_TEXT:
		if (*(const char *const *)value)
			print_quoted(out, *(const char *const *)value);
		else
			fputs("null", out);
		break;
	case SETTING_LIST:
		for (size_t i = 0; i < list->count; i++) {
			fputs(i ? ", " : "[", out);
			print_quoted(out, list->items[i]);
		}
		fputs(list->count ? "]" : "[]", out);
		break;
	case SETTING_BOOL:
		fputs(*(const bool *)value ? "true" : "false", out);
		break;
	case SETTING_CHOICE:
		fputs(setting->choices[*(const int *)value], out);
		break;
	case SETTING_NUMBER:
		format_number(setting, *(const int64_t *)value, number, sizeof(number));
		fputs(number, out);
		break;
	}
	fputc('\n', out);
}

void
settings_print(const struct settings *settings, FILE *out)
{
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		char range[120];

		print_wrapped(out, "# ", setting->help);
		format_range(setting, range, sizeof(range));
		if (range[0])
			fprintf(out, "# %s\n", range);
		fprintf(out, "%s: ", setting->name);
		print_value(settings, setting, out);
		if (setting[1].name)
			fputc('\n', out);
	}
}

void
settings_usage(FILE *out)
{
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		char range[120];

		fputs("  --", out);
		for (const char *c = setting->name; *c; c++)
			fputc(*c == '_' ? '-' : *c, out);
		if (setting->kind == SETTING_CHOICE)
			for (int i = 0; i < SETTING_CHOICES && setting->choices[i]; i++)
				fprintf(out, "%c%s", i ? '|' : ' ', setting->choices[i]);
		else if (setting->kind == SETTING_NUMBER)
			fputs(" N", out);
		else if (setting->word)
			fprintf(out, " %s", setting->word);
		fputc('\n', out);
		print_wrapped(out, "        ", setting->help);
		format_range(setting, range, sizeof(range));
		if (setting->kind == SETTING_NUMBER)
			fprintf(out, "        %s Default %s.\n", range, setting->initial);
		else if (setting->initial && setting->kind != SETTING_BOOL)
			fprintf(out, "        Default %s.\n", setting->initial);
	}
}
