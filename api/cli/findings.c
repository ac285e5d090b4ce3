/* findings - what the commands print and read alike */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/excerpt.h"
#include "api/process/arguments.h"

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

void
findings_json(struct text *out, const struct diags *diags)
{
	const char *comma = "";

	text_add(out, STR("["));
	for (const struct diag *d = diags->first; d; d = d->next, comma = ",") {
		text_add(out, str_from(comma));
		text_add_finding(out, d);
	}
	text_add(out, STR("]"));
}

int
check_usage(const char *command, const char *wrong)
{
	if (!wrong)
		return EXIT_DONE;
	fprintf(stderr, "%s: %s; see '%s --help'\n", command, wrong, command);
	return EXIT_USAGE;
}

bool
read_mode(const char *command, const char *text, enum guard_mode *ret)
{
	if (!text || strcmp(text, "strict") == 0) {
		*ret = GUARD_STRICT;
	} else if (strcmp(text, "onap") == 0) {
		*ret = GUARD_ONAP;
	} else {
		fprintf(stderr, "%s: --mode must be strict or onap, not '%s'\n", command, text);
		return false;
	}
	return true;
}
