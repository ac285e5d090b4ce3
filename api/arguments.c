/* arguments - command line options from a table */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
words_add(struct words *words, const char *word, int most)
{
	if (!words->words)
		words->words = calloc((size_t)most + 1, sizeof(*words->words));
	if (!words->words)
		return -1;
	words->words[words->count++] = word;
	return 0;
}

static const struct argument *
find(const struct argument *table, const char *word, size_t len)
{
	for (const struct argument *a = table; a->name; a++) {
		if (strlen(a->name) == len && strncmp(a->name, word, len) == 0)
			return a;
	}
	return NULL;
}

static int
fail(const char *command, const char *format, const char *word)
{
	fprintf(stderr, "%s: ", command);
	fprintf(stderr, format, word);
	fprintf(stderr, "; see '%s --help'\n", command);
	return -1;
}

/* The option at argv[*at] and its words; *at ends on the last one taken. */
static int
take(const char *command, int argc, char **argv, const struct argument *table, int *at)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct argument *a = find(table, word, len);

	if (!a)
		return fail(command, "unknown option '%s'", word);
	if (a->flag) {
		if (equals)
			return fail(command, "option '%s' takes no value", a->name);
		*a->flag = true;
		return 0;
	}
	if (a->value) {
		if (*a->value)
			return fail(command, "option '%s' is given twice", a->name);
		if (!equals && *at + 1 >= argc)
			return fail(command, "option '%s' needs a value", a->name);
		*a->value = equals ? equals + 1 : argv[++*at];
		return 0;
	}
	if (equals)
		return words_add(a->list, equals + 1, argc);
	if (*at + 1 >= argc || (argv[*at + 1][0] == '-' && argv[*at + 1][1]))
		return fail(command, "option '%s' needs a value", a->name);
	while (*at + 1 < argc && !(argv[*at + 1][0] == '-' && argv[*at + 1][1])) {
		if (words_add(a->list, argv[++*at], argc) != 0)
			return fail(command, "%s", "out of memory");
	}
	return 0;
}

int
arguments_parse(const char *command, int argc, char **argv, const struct argument *table, struct words *rest)
{
	bool options = true;

	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			if (take(command, argc, argv, table, &i) != 0)
				return -1;
		} else if (words_add(rest, argv[i], argc) != 0) {
			return fail(command, "%s", "out of memory");
		}
	}
	return 0;
}
