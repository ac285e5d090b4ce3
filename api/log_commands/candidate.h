/* candidate - a set of policies that a log is answered with, compiled as the service that made the log would */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LOG_COMMANDS_CANDIDATE_H
#define API_LOG_COMMANDS_CANDIDATE_H

#include "api/process/arguments.h"
#include "engine/decide/policyset.h"

struct sandbox;

struct candidate {
	struct sandbox *sandbox;
	const struct policyset *set;
	uint64_t digest; /* of its documents, in their order */
};

/*
 * Compiles the files and directories; findings, and what is wrong, go to stderr. logs: the first line among theirs that tells how
 * policies were compiled says it here too; none: NULL. mode: "strict", "onap", or NULL for the log's, else strict. Returns an
 * exit code.
 */
int candidate_open(struct candidate *candidate, const char *command, const struct words *policies,
                   const struct words *logs, const char *mode, struct arena *arena);

void candidate_close(struct candidate *candidate); /* takes one that was zeroed */

/* Operations of a file, as the command decide takes them. errors  as load_file, document_read and rows_read, with the file's name */
int candidate_history(const char *path, struct arena *arena, const struct operation **ret, size_t *ret_count,
                      struct error *err);

#endif
