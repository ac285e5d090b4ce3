/* arguments - command line options from a table */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/arguments.h"

#include <stdio.h>
#include <string.h>

#include "policytypes/suggest.h"

/*
 * The words taken so far stand at the front of argv, those of one list side by side. A further one goes to the end of its
 * list; what stands behind moves up by one, which never reaches a word that is still to be read.
 */
struct sorter {
	const struct argument *table;
	struct words *rest;
	const char **front; /* argv + 1 */
	size_t taken;
};

static void
shift_behind(struct words *list, const struct words *grown, const char **at)
{
	if (list && list != grown && list->words >= at)
		list->words++;
}

static void
words_add(struct sorter *sorter, struct words *list, const char *word)
{
	const char **at = list->words + list->count;

	memmove(at + 1, at, (size_t)(sorter->front + sorter->taken - at) * sizeof(*at));
	*at = word;
	list->count++;
	sorter->taken++;
	for (const struct argument *a = sorter->table; a->name; a++)
		shift_behind(a->list, list, at);
	shift_behind(sorter->rest, list, at);
}

static const struct argument *
argument_find(const struct argument *table, const char *word, size_t len)
{
	for (const struct argument *a = table; a->name; a++) {
		if (strlen(a->name) == len && strncmp(a->name, word, len) == 0)
			return a;
	}
	return NULL;
}

static int
argument_fail(const char *command, const char *format, const char *word)
{
	fprintf(stderr, "%s: ", command);
	fprintf(stderr, format, word);
	fprintf(stderr, "; see '%s --help'\n", command);
	return -1;
}

/* "unknown option '--jsn'; did you mean '--json'?" */
static int
argument_unknown(const char *command, const struct argument *table, struct str word)
{
	struct suggestion meant;

	suggestion_init(&meant, word);
	for (const struct argument *a = table; a->name; a++)
		suggestion_offer(&meant, str_from(a->name));
	fprintf(stderr, "%s: unknown option '%.*s'%s%.*s%s; see '%s --help'\n", command, STR_ARG(word),
	        SUGGESTION_ARG(meant), command);
	return -1;
}

/* The option at argv[*at] and its words; *at ends on the last one taken. */
static int
argument_take(const char *command, int argc, char **argv, struct sorter *sorter, int *at)
{
	const char *word = argv[*at], *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const struct argument *a = argument_find(sorter->table, word, len);

	if (!a)
		return argument_unknown(command, sorter->table, (struct str){word, len});
	if (a->flag) {
		if (equals)
			return argument_fail(command, "option '%s' takes no value", a->name);
		*a->flag = true;
		return 0;
	}
	if (a->value) {
		if (*a->value)
			return argument_fail(command, "option '%s' is given twice", a->name);
		if (!equals && *at + 1 >= argc)
			return argument_fail(command, "option '%s' needs a value", a->name);
		*a->value = equals ? equals + 1 : argv[++*at];
		return 0;
	}
	if (equals) {
		words_add(sorter, a->list, equals + 1);
		return 0;
	}
	if (*at + 1 >= argc || (argv[*at + 1][0] == '-' && argv[*at + 1][1]))
		return argument_fail(command, "option '%s' needs a value", a->name);
	while (*at + 1 < argc && !(argv[*at + 1][0] == '-' && argv[*at + 1][1]))
		words_add(sorter, a->list, argv[++*at]);
	return 0;
}

int
arguments_parse(const char *command, int argc, char **argv, const struct argument *table, struct words *rest)
{
	struct sorter sorter = {table, rest, (const char **)argv + 1, 0};
	bool options = true;

	if (argc == 2 && strcmp(argv[1], ARGUMENTS_LIST) == 0) {
		for (const struct argument *a = table; a->name; a++)
			puts(a->name);
		return -1;
	}
	rest->words = sorter.front;
	for (const struct argument *a = table; a->name; a++) {
		if (a->list)
			a->list->words = sorter.front;
	}
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			if (argument_take(command, argc, argv, &sorter, &i) != 0)
				return -1;
		} else {
			words_add(&sorter, rest, argv[i]);
		}
	}
	return 0;
}
