/* settings_table - one setting as the table describes it; inside api/ only */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_PROCESS_SETTINGS_TABLE_H
#define API_PROCESS_SETTINGS_TABLE_H

#include "api/process/settings.h"
#include "policytypes/suggest.h"

#define SETTING_CHOICES 4
#define SETTINGS_MOST 256 /* at least the table's size */

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

void setting_clear_list(struct settings *settings, const struct setting *setting);

#endif
