/* findings - what the commands print and read alike */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/cli/commands.h"
#include "api/process/arguments.h"

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
