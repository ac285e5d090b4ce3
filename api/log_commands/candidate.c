/* candidate - a set of policies that a log is answered with, compiled as the service that made the log would */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/log_commands/candidate.h"

#include <stdlib.h>
#include <string.h>

#include "api/bodies/operation_rows.h"
#include "api/cli/commands.h"
#include "api/replay/log_event.h"
#include "engine/decide/load.h"
#include "engine/simulation/sandbox.h"

#define LINES_MOST 100000 /* of a log that are looked at for what it says of itself */

/* Whether the file has a line that tells how policies were compiled. */
static bool
find_form(const char *path, struct arena *arena, struct log_event *ret)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	for (unsigned i = 0; file && !found && i < LINES_MOST && (len = getline(&line, &size, file)) > 0; i++) {
		struct error ignored = {0};

		found = strstr(line, "\"door\":\"log\"") &&
		        log_event_read((struct str){line, (size_t)len}, arena, ret, &ignored) == 0 &&
		        ret->kind == LOG_EVENT_POLICIES;
	}
	free(line);
	if (file)
		(void)fclose(file); /* it was only read */
	return found;
}

static int
options_of(const char *command, const struct words *logs, const char *mode, struct arena *arena,
           struct engine_options *ret)
{
	struct log_event form = {0};
	bool found = false;

	*ret = engine_options_default;
	for (size_t i = 0; logs && i < logs->count && !found; i++)
		found = find_form(logs->words[i], arena, &form);
	if (mode && !read_mode(command, mode, &ret->mode))
		return EXIT_USAGE;
	if (!found)
		return EXIT_DONE;
	if (!mode)
		ret->mode = str_is(form.mode, "onap") ? GUARD_ONAP : GUARD_STRICT;
	ret->on_error_permit = form.on_error_permit;
	ret->no_guard_deny = form.no_guard_deny;
	ret->require_policies = form.require_policies;
	return EXIT_DONE;
}

int
candidate_open(struct candidate *candidate, const char *command, const struct words *policies, const struct words *logs,
               const char *mode, struct arena *arena)
{
	struct engine_options options;
	struct document *documents;
	struct diags diags;
	size_t count;
	int r, code = options_of(command, logs, mode, arena, &options);

	if (code != EXIT_DONE)
		return code;
	diags_init(&diags, arena);
	r = load_documents(policies->words, policies->count, options.limits.bytes, false, arena, &documents, &count,
	                   &diags);
	if (r == 0)
		r = sandbox_open(&options, documents, count, &candidate->sandbox, &diags);
	print_findings(stderr, &diags, SEVERITY_WARNING);
	if (r != 0)
		return r == -ERROR_IO || r == -ERROR_MEMORY ? EXIT_ENVIRONMENT : EXIT_INPUT;
	candidate->set = sandbox_set(candidate->sandbox);
	candidate->digest = candidate->set->digest;
	return EXIT_DONE;
}

void
candidate_close(struct candidate *candidate)
{
	sandbox_close(candidate->sandbox);
	*candidate = (struct candidate){0};
}

int
candidate_history(const char *path, struct arena *arena, const struct operation **ret, size_t *ret_count,
                  struct error *err)
{
	const struct document_limits *limits = &engine_options_default.limits;
	struct operation *rows;
	struct error local = {0};
	struct node *root;
	struct str bytes;

	if (load_file(path, limits->bytes, arena, &bytes, &local) == 0 &&
	    document_read(bytes, path, limits, arena, &root, &local) == 0 &&
	    rows_read(root, false, INT64_MAX, arena, &rows, ret_count, &local) == 0) {
		*ret = rows;
		return 0;
	}
	if (local.line)
		return error_set(err, local.code, NULL, "%s:%u:%u: %s", path, local.line, local.column, local.text);
	return error_set(err, local.code, NULL, "%s", local.text);
}
