/* cmd_backup - clguard db backup, restore and dump: copies of a database, whole or of what came since the last one */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/cli/commands.h"
#include "api/cli/db_copy.h"
#include "api/cli/db_dump.h"
#include "api/commands/cmd_db.h"
#include "base/clock.h"
#include "base/time.h"

/* All digits of a number of a record; false when the word has others, or too many. */
static bool
db_read_number(const char *text, uint64_t *ret)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || strlen(text) > 18)
		return false;
	*ret = number;
	return true;
}

static int
write_increment(const struct history *history, struct history_reader *reader, uint64_t since, struct error *err)
{
	const struct increment head = {
		.database = history_identity(history),
		.since = since,
		.newest = history_newest_record(reader),
		.time_ms = clock_wall_ms(),
	};
	int r;

	if (since > head.newest)
		return error_set(err, ERROR_RANGE, NULL,
		                 "--since is wrong: expected at most %" PRIu64 ", the newest record, got %" PRIu64,
		                 head.newest, since);
	r = increment_write(reader, &head, stdout, err);
	if (r == 0)
		fprintf(stderr, "clguard db: an increment from number %" PRIu64 " up to number %" PRIu64 "\n", since,
		        head.newest);
	return r;
}

int
cmd_db_dump(const struct cmd_db_task *task)
{
	struct history_reader *reader = NULL;
	struct history *history = NULL;
	struct error err = {0};
	uint64_t since = 0;
	int r;

	if (task->since && !db_read_number(task->since, &since)) {
		fprintf(stderr, "clguard db dump: --since is wrong: expected the number of a record, got '%s'\n",
		        task->since);
		return EXIT_USAGE;
	}
	r = cmd_db_open(task, true, &history, &err);

	if (r == 0)
		r = history_reader_open(history, &reader, &err);
	if (r == 0) {
		r = history_reader_begin(reader);
		if (r == 0) {
			r = task->since ? write_increment(history, reader, since, &err)
			                : dump_write(reader, history_now(history), stdout, &err);
			history_reader_end(reader);
		}
	}
	history_reader_close(reader);
	history_close(history);
	return r == 0 ? EXIT_DONE : cmd_db_complain(&err, NULL);
}

/* Prints the contents of a copy. */
static void
tell_copy(const char *done, const char *what, const struct db_report *report)
{
	printf("%s '%s': %" PRIu64 " operations in %" PRIu64 " records up to number %" PRIu64 ", %" PRIu64
	       " reservations; verified\n",
	       done, what, report->rows, report->records, report->newest, report->reservations);
}

/* The one word behind the directory; NULL after a message. */
static const char *
destination_of(const struct cmd_db_task *task, const char *name)
{
	if (task->files.count == 1)
		return task->files.words[0];
	fprintf(stderr, "clguard db %s: expected one destination, got %zu; see 'clguard db --help'\n", name,
	        task->files.count);
	return NULL;
}

int
cmd_db_backup(const struct cmd_db_task *task)
{
	const char *destination = destination_of(task, "backup");
	struct db_report report;
	struct error err = {0};

	if (!destination)
		return EXIT_USAGE;
	if (db_backup(task->directory, destination, &report, &err) != 0)
		return cmd_db_complain(&err, NULL);
	tell_copy("backed up as", destination, &report);
	return EXIT_DONE;
}

static int
restore_complain(const struct db_restoring *restore, const struct error *err)
{
	if (!restore->wrong)
		return cmd_db_complain(err, NULL);
	if (err->line)
		return cmd_db_complain(err, restore->wrong);
	fprintf(stderr, "%s: ", restore->wrong);
	return cmd_db_complain(err, NULL);
}

/* How far the increments went. */
static void
tell_point(const struct db_restoring *restore)
{
	char time[TIME_TEXT_SIZE];

	if (restore->time_ms == TIME_NONE) {
		fputs("none of the increments: as the backup was\n", stdout);
		return;
	}
	time_format_instant(restore->time_ms, time);
	printf("up to number %" PRIu64 ", as it was at %s; %zu of %zu increments\n", restore->newest, time,
	       restore->increment_count - restore->left_out, restore->increment_count);
}

int
cmd_db_restore(const struct cmd_db_task *task)
{
	struct db_restoring restore = {.backup = task->directory,
	                               .accept = task->accept,
	                               .now_ms = clock_wall_ms(),
	                               .until_ms = INT64_MAX,
	                               .until_number = UINT64_MAX};
	struct db_report report = {0};
	struct error err = {0};

	if (task->files.count == 0)
		return destination_of(task, "restore") ? EXIT_DONE : EXIT_USAGE; /* which tells */
	if (task->until && !db_read_number(task->until, &restore.until_number) &&
	    time_parse_instant(str_from(task->until), &restore.until_ms) != 0) {
		fprintf(stderr,
		        "clguard db restore: --until is wrong: expected a time such as 2026-04-14T12:00:00Z or the "
		        "number of "
		        "a record, got '%s'\n",
		        task->until);
		return EXIT_USAGE;
	}
	restore.destination = task->files.words[0];
	restore.increments = task->files.words + 1;
	restore.increment_count = task->files.count - 1;
	if (db_restore(&restore, &report, &err) != 0)
		return restore_complain(&restore, &err);
	tell_copy("restored as", restore.destination, &report);
	if (restore.increment_count)
		tell_point(&restore);
	if (!task->accept)
		printf("nobody knows here what was done since: limiters count as full until their windows have "
		       "passed, or until 'clguard db accept %s'\n",
		       restore.destination);
	return EXIT_DONE;
}
