/* excerpt - the line of a document that a finding is about, with a caret under its column */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/excerpt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXCERPT_LINE_MAX 1024 /* bytes; of a longer line nothing is shown */
#define EXCERPT_SHOWN 120     /* bytes shown, around the caret */

struct excerpt_style
excerpt_style_of(FILE *out)
{
	const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
	bool shown = isatty(fileno(out));

	return (struct excerpt_style){
		.excerpts = shown,
		.colours = shown && !(none && *none) && !(terminal && strcmp(terminal, "dumb") == 0),
	};
}

void
excerpt_severity(FILE *out, struct excerpt_style style, enum severity severity)
{
	static const char *const colours[] = {
		[SEVERITY_INFO] = "\033[36m", [SEVERITY_WARNING] = "\033[33m", [SEVERITY_ERROR] = "\033[31m"};

	fprintf(out, "%s%s%s", style.colours ? colours[severity] : "", severity_name(severity),
	        style.colours ? "\033[0m" : "");
}

/* The bytes of one line without its end; false when there is none, or it is too long. */
static bool
read_line_of(const char *file, unsigned line, char ret[EXCERPT_LINE_MAX])
{
	FILE *in = fopen(file, "re");
	bool whole = false;

	if (!in)
		return false;
	for (unsigned i = 1; i <= line; i++) {
		size_t len;

		do {
			if (!fgets(ret, EXCERPT_LINE_MAX, in)) {
				(void)fclose(in); /* only read */
				return false;
			}
			len = strlen(ret);
			whole = len && ret[len - 1] == '\n';
		} while (!whole && i < line && len == EXCERPT_LINE_MAX - 1);
		if (whole)
			ret[len - 1] = '\0';
		else if (len == EXCERPT_LINE_MAX - 1)
			break;
		whole = true; /* or the file's last line, which has no end */
	}
	(void)fclose(in); /* only read */
	return whole;
}

void
excerpt_print(FILE *out, struct excerpt_style style, const char *file, unsigned line, unsigned column)
{
	char text[EXCERPT_LINE_MAX];
	size_t len, from = 0;

	if (!style.excerpts || !line || !column || !read_line_of(file, line, text))
		return;
	len = strlen(text);
	if (column - 1 > len)
		return;
	for (size_t i = 0; i < len; i++) /* a document must not speak to the terminal */
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = ' ';
	if (column > EXCERPT_SHOWN)
		from = column - EXCERPT_SHOWN / 2;
	fprintf(out, "%6u | %.*s\n       | ", line, EXCERPT_SHOWN, text + from);
	for (size_t i = from; i + 1 < column; i++)
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			fputc(' ', out);
	fprintf(out, "%s^%s\n", style.colours ? "\033[32m" : "", style.colours ? "\033[0m" : "");
}

void
print_findings(FILE *out, const struct diags *diags, enum severity least)
{
	struct excerpt_style style = excerpt_style_of(out);
	size_t all = 0;

	for (const struct diag *d = diags->first; d; d = d->next) {
		if (d->severity < least)
			continue;
		if (d->file[0] && d->line)
			fprintf(out, "%s:%u:%u: ", d->file, d->line, d->column);
		else if (d->file[0])
			fprintf(out, "%s: ", d->file);
		excerpt_severity(out, style, d->severity);
		fprintf(out, ": %s", d->text);
		if (d->code)
			fprintf(out, " [%s]", d->code);
		fputc('\n', out);
		excerpt_print(out, style, d->file, d->line, d->column);
	}
	for (int s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
		all += diags->count[s];
	if (all > diags->kept)
		fprintf(out, "and %zu more findings\n", all - diags->kept);
}
