/* settings_table - one setting as the table describes it; inside api/ only */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_SETTINGS_TABLE_H
#define API_PROCESS_SETTINGS_TABLE_H

#include "api/process/settings.h"
#include "policytypes/suggest.h"

#define SETTING_CHOICES 4

struct setting {
	const char *name; /* in clguard.yaml; as an option with '-' for '_' */
	enum { SETTING_TEXT, SETTING_LIST, SETTING_BOOL, SETTING_CHOICE, SETTING_NUMBER } kind;
	size_t offset;                        /* in struct settings */
	const char *initial;                  /* as it would be written; NULL: nothing */
	int64_t min, max;                     /* SETTING_NUMBER, inclusive */
	const char *unit;                     /* SETTING_NUMBER: "seconds", "bytes" or NULL */
	bool may_be_empty;                    /* SETTING_TEXT: the empty text says something */
	const char *word;                     /* SETTING_TEXT, SETTING_LIST: what stands for the value in usage texts */
	bool (*good)(const char *text);       /* SETTING_TEXT: whether it has its form; NULL: any has */
	const char *form;                     /* with good: the form, in words */
	const char *choices[SETTING_CHOICES]; /* SETTING_CHOICE: the value is the index */
	bool live;                            /* a reload changes it */
	const char *fixed;                    /* why a reload does not; NULL: the service takes it when it starts */
	const char *help;                     /* sentences */
};

/* Ended by one without name. */
const struct setting *setting_table(void);

const struct setting *setting_find(struct str name);

/* The setting that somebody who wrote `name` meant. */
struct suggestion setting_suggest(struct str name);

/* Parses and checks; a list grows by one. Texts are copied. errors  ERROR_TYPE, ERROR_RANGE, ERROR_MEMORY, at `where` */
int setting_set(struct settings *settings, const struct setting *setting, struct str text, const struct node *where,
                struct error *err);

/* 0, or -1: out of memory. item: kept. */
int settings_list_add(struct settings *settings, struct settings_list *list, const char *item);

void setting_clear_list(struct settings *settings, const struct setting *setting);

/* Notes where the value that was just set comes from; file: kept, SOURCE_FILE only. */
void setting_note(struct settings *settings, const struct setting *setting, enum setting_source source,
                  const char *file, unsigned line);

/* Whether two settings have the same value of it. */
bool setting_same(const struct setting *setting, const struct settings *a, const struct settings *b);

/* Gives `to` the value that `from` has; texts are shared. Other threads may read it meanwhile. setting: a live one. */
void setting_copy(const struct setting *setting, struct settings *to, const struct settings *from);

/* The value as in a configuration file, without passwords. */
void setting_print(const struct setting *setting, const struct settings *settings, FILE *out);

/* "CLGUARD_BODY_SIZE" of body_size; buf: at least SETTING_VARIABLE_SIZE. */
#define SETTING_VARIABLE_SIZE 72
void setting_variable(struct str name, char *buf);

/* In words: "command line", "clguard.yaml:3". */
void setting_print_origin(const struct setting *setting, const struct settings *settings, FILE *out);

#endif
