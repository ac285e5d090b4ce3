/* settings_text - settings as text for people */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/settings.h"

#include <inttypes.h>
#include <string.h>

#include "api/process/settings_table.h"
#include "api/system/credential.h"

#define WIDTH 78 /* columns of what is printed */

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

void
setting_print(const struct setting *setting, const struct settings *settings, FILE *out)
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
}

void
setting_variable(struct str name, char *buf)
{
	size_t len = (size_t)snprintf(buf, SETTING_VARIABLE_SIZE, "CLGUARD_%.*s", STR_ARG(name));

	for (size_t i = 0; i < len && i < SETTING_VARIABLE_SIZE; i++)
		if (buf[i] >= 'a' && buf[i] <= 'z')
			buf[i] -= 'a' - 'A';
}

void
setting_print_origin(const struct setting *setting, const struct settings *settings, FILE *out)
{
	const struct setting_origin *origin = &settings->origin[setting - setting_table()];
	char variable[SETTING_VARIABLE_SIZE];

	switch (origin->source) {
	case SOURCE_DEFAULT:
		fputs("default", out);
		break;
	case SOURCE_FILE:
		fprintf(out, "%s:%u", origin->file, origin->line);
		break;
	case SOURCE_ENVIRONMENT:
		setting_variable(str_from(setting->name), variable);
		fprintf(out, "environment, %s", variable);
		break;
	case SOURCE_COMMAND_LINE:
		fputs("command line", out);
		break;
	}
}

void
settings_print(const struct settings *settings, bool origins, FILE *out)
{
	for (const struct setting *setting = setting_table(); setting->name; setting++) {
		char range[120];

		print_wrapped(out, "# ", setting->help);
		format_range(setting, range, sizeof(range));
		if (range[0])
			fprintf(out, "# %s\n", range);
		if (setting->live)
			fputs("# Can change without a restart.\n", out);
		fprintf(out, "%s: ", setting->name);
		setting_print(setting, settings, out);
		if (origins) {
			fputs("  # ", out);
			setting_print_origin(setting, settings, out);
		}
		fputc('\n', out);
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
