/* arguments - command line options from a table */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_ARGUMENTS_H
#define API_PROCESS_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes of all programs. */
enum { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3 };

/* Words of the command line: a part of argv, which parsing rearranges. Start it as {0}. */
struct words {
	const char **words;
	size_t count;
};

/* One option. Exactly one of flag, value, list is set. A list takes the words up to the next option and may repeat. */
struct argument {
	const char *name; /* "--policy" */
	bool *flag;
	const char **value;
	struct words *list;
};

/* Alone on a command line it has the names of the table printed, for completion; the result is -1 without a message. */
#define ARGUMENTS_LIST "--list-options"

/*
 * Sorts argv[1..] into the options of the table (ended by a NULL name) and the words that belong to none. "--" ends the
 * options; "-" is a word; "--name=value" works. Allocates nothing. 0, or -1 after a message on stderr that names the command.
 */
int arguments_parse(const char *command, int argc, char **argv, const struct argument *table, struct words *rest);

#endif
