/* participant_settings_table - the rows: what can be set of clguard-participant */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_PARTICIPANT_SETTINGS_TABLE_H
#define PARTICIPANTS_FRAMEWORK_PARTICIPANT_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTINGS_MAX 64 /* at least as many as there are rows */

/* A row: text unless it is a number or a switch. unit NULL: text. */
struct participant_setting {
	const char *name; /* in the file; as an option with '-' for '_' */
	bool of_process;
	enum { ROW_TEXT, ROW_NUMBER, ROW_SWITCH } kind;
	size_t offset;
	const char *initial;
	int64_t min, max;
	const char *word; /* what stands for the value in the usage */
	const char *help;
};

extern const struct participant_setting participant_setting_rows[];
extern const size_t participant_setting_count;

#endif
