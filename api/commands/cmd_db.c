/* cmd_db - clguard db: looking after the database */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/cli/commands.h"
#include "api/cli/db_dump.h"
#include "api/cli/db_import.h"
#include "api/commands/cmd_db.h"
#include "api/daemon/database.h"
#include "api/process/arguments.h"
#include "base/clock.h"
#include "engine/decide/engine.h"
#include "engine/decide/load.h"

#define FUTURE_MOST_S (100LL * 366 * 86400)
#define IMPORT_BATCH 128 /* rows a commit: the more, the more free pages stay behind it in the file */

static const char help[] =
	"usage: clguard db verify [--quarantine] PATH\n"
	"       clguard db compact PATH\n"
	"       clguard db prune --before TIME PATH\n"
	"       clguard db dump [--since N] PATH\n"
	"       clguard db import [--max-future-s N] PATH FILE...\n"
	"       clguard db accept PATH\n"
	"       clguard db backup PATH DESTINATION\n"
	"       clguard db restore [--accept] [--until TIME|NUMBER] BACKUP DESTINATION [INCREMENT...]\n\n"
	"Looks after the database of the operation counters. PATH is its directory (the service's --data), which may\n"
	"also be given as --data PATH.\n\n"
	"  verify   reads every page and compares everything with everything; with --quarantine a damaged\n"
	"           database is put aside and an empty one takes its place, whose limiters count as full until\n"
	"           their windows have passed\n"
	"  compact  gives free pages back to the file system; nobody else may have the database open\n"
	"  prune    takes out operations that ended before TIME (RFC 3339), but none that a limiter still counts\n"
	"  dump     prints operation counters, reservations and operations as JSON; with --since an increment:\n"
	"           what was entered or changed behind record N, as backup and the increment before told it\n"
	"  import   enters rows of ONAP's operationshistory, or of a dump; JSON or CSV. What is here already stays.\n"
	"           Their times may lie a day ahead, or N seconds, as the service's setting max_future_s has it\n"
	"  backup   copies a database, which may be in use, and verifies the copy; DESTINATION must not exist\n"
	"  restore  makes a database of a backup, whose limiters count as full until their windows have passed;\n"
	"           with --accept they do not, because nothing was done since. INCREMENTs of the same database,\n"
	"           the oldest first, are entered, with --until those up to a time or record\n"
	"  accept   trusts the counters after a quarantine, and today's clock after later times were seen\n";

int
cmd_db_complain(const struct error *err, const char *file)
{
	if (file && err->line)
		fprintf(stderr, "%s:%u:%u: error: %s\n", file, err->line, err->column, err->text);
	else if (file && err->code == ERROR_LIMIT)
		fprintf(stderr, "%s: error: %s\n", file, err->text);
	else
		fprintf(stderr, "clguard db: %s\n", err->text);
	return err->code == ERROR_IO || err->code == ERROR_MEMORY || err->code == ERROR_BUSY ||
	                       err->code == ERROR_DAMAGED || err->code == ERROR_FULL
	               ? EXIT_ENVIRONMENT
	               : EXIT_INPUT;
}

/* A database that exists: no command but import makes one. */
int
cmd_db_open(const struct cmd_db_task *task, bool existing, struct history **ret, struct error *err)
{
	struct history_options options = engine_options_default.history;

	if (existing && access(task->directory, F_OK) != 0)
		return error_set(err, ERROR_IO, NULL, "there is no database in '%s'", task->directory);
	options.directory = task->directory;
	options.existing = existing;
	options.carried = options.untended = true;
	if (task->future_ms)
		options.future_ms = task->future_ms;
	return history_open(&options, ret, err);
}

static int
verify(const struct cmd_db_task *task)
{
	struct store_lock lock = STORE_LOCK_NONE;
	struct error err = {0}, busy = {0};
	struct db_report report;
	char name[ERROR_TEXT_SIZE];
	bool alone;
	int r;

	if (access(task->directory, F_OK) != 0) {
		(void)error_set(&err, ERROR_IO, NULL, "there is no database in '%s'", task->directory);
		return cmd_db_complain(&err, NULL);
	}
	alone = store_lock_take(&lock, task->directory, true, &busy) == 0;
	r = database_verify(task->directory, alone, &report, &err);
	if (r == 0) {
		printf("sound: %" PRIu64 " operations in %" PRIu64 " records, %" PRIu64 " index entries, %" PRIu64
		       " rings, %" PRIu64 " reservations\n",
		       report.rows, report.records, report.entries, report.rings, report.reservations);
		store_lock_drop(&lock);
		return EXIT_DONE;
	}
	(void)cmd_db_complain(&err, NULL);
	if (r == -ERROR_DAMAGED && task->quarantine) {
		err = (struct error){0};
		if (!alone)
			(void)cmd_db_complain(&busy, NULL);
		else if (db_quarantine(task->directory, clock_wall_ms(), name, sizeof(name), &err) == 0)
			printf("put aside as %s\n", name);
		else
			(void)cmd_db_complain(&err, NULL);
	}
	store_lock_drop(&lock);
	return EXIT_ENVIRONMENT;
}

static int
compact(const struct cmd_db_task *task)
{
	struct store_lock lock = STORE_LOCK_NONE;
	struct error err = {0};
	struct db_report report;
	int r = 0;

	if (access(task->directory, F_OK) != 0)
		r = error_set(&err, ERROR_IO, NULL, "there is no database in '%s'", task->directory);
	if (r == 0)
		r = store_lock_take(&lock, task->directory, true, &err);
	if (r == 0)
		r = database_verify(task->directory, true, &report, &err); /* damage is not to be copied */
	if (r == 0)
		r = db_compact(task->directory, engine_options_default.history.map_bytes, &err);
	store_lock_drop(&lock);
	return r == 0 ? EXIT_DONE : cmd_db_complain(&err, NULL);
}

static int
prune(const struct cmd_db_task *task)
{
	struct history *history = NULL;
	struct error err = {0};
	uint64_t removed = 0;
	int64_t before_ms;
	int r;

	if (!task->before || time_parse_instant(str_from(task->before), &before_ms) != 0) {
		fputs("clguard db prune: --before must be a time such as 2026-04-14T12:00:00Z\n", stderr);
		return EXIT_USAGE;
	}
	r = cmd_db_open(task, true, &history, &err);
	if (r == 0)
		r = db_prune(history, before_ms, &removed, &err);
	history_close(history);
	if (r != 0)
		return cmd_db_complain(&err, NULL);
	printf("%" PRIu64 " records removed\n", removed);
	return EXIT_DONE;
}

/* The rows' own texts and times, as history_record asks for them. */
static int
check_rows(const struct carried *rows, size_t count, int64_t latest_ms, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct error why = {0};

		if (operations_check(&rows[i].row, 1, latest_ms, &why) != 0)
			return error_set(err, why.code, NULL, "row %zu: %s", i,
			                 strncmp(why.text, "row 0: ", 7) == 0 ? why.text + 7 : why.text);
	}
	return 0;
}

/* The rows of an import's files, by outcome. */
struct imported {
	size_t rows, entered;
	bool dumped; /* some of them came from a dump */
};

static int
import_file(struct history *history, const char *file, struct imported *ret, struct error *err)
{
	struct document_limits limits = {SIZE_MAX, 64, SIZE_MAX, 0, SIZE_MAX};
	struct carried *rows;
	struct arena arena;
	struct str bytes;
	int64_t latest_ms = history_latest(history, history_now(history));
	size_t count = 0, entered;
	int r;

	arena_init(&arena, 0);
	r = load_file(strcmp(file, "-") == 0 ? "/dev/stdin" : file, SIZE_MAX, &arena, &bytes, err);
	if (r == 0)
		r = import_read(bytes, file, &limits, latest_ms, &arena, &rows, &count, err);
	if (r == 0)
		r = check_rows(rows, count, latest_ms, err); /* all of the file before the first is entered */
	for (size_t i = 0; r == 0 && i < count; i += IMPORT_BATCH) {
		entered = 0;
		r = history_carry(history, rows + i, count - i < IMPORT_BATCH ? count - i : IMPORT_BATCH,
		                  history_now(history), &entered, err);
		ret->entered += entered;
	}
	ret->rows += count;
	ret->dumped |= r == 0 && count && rows[0].row.number;
	arena_free(&arena);
	return r;
}

static void
tell_imported(const struct imported *imported)
{
	printf("%zu operations entered", imported->entered);
	if (imported->rows > imported->entered)
		printf(", %zu were here", imported->rows - imported->entered);
	putchar('\n');
	if (!imported->dumped)
		return;
	fputs("clguard db import: a dump does not carry", stderr);
	for (size_t i = 0; dump_not_carried[i]; i++)
		fprintf(stderr, "%s %s", i ? ";" : "", dump_not_carried[i]);
	fputc('\n', stderr);
}

static int
import(const struct cmd_db_task *task)
{
	struct history *history = NULL;
	struct imported imported = {0};
	struct error err = {0};
	int r, code;

	if (task->files.count == 0) {
		fputs("clguard db import: no files\n", stderr);
		return EXIT_USAGE;
	}
	r = cmd_db_open(task, false, &history, &err);
	code = r == 0 ? EXIT_DONE : cmd_db_complain(&err, NULL);
	for (size_t i = 0; code == EXIT_DONE && i < task->files.count; i++) {
		if (import_file(history, task->files.words[i], &imported, &err) != 0)
			code = cmd_db_complain(&err, task->files.words[i]);
	}
	history_close(history);
	if (code == EXIT_DONE)
		tell_imported(&imported);
	return code;
}

static int
accept_state(const struct cmd_db_task *task)
{
	struct history *history = NULL;
	struct error err = {0};
	int r = cmd_db_open(task, true, &history, &err);

	if (r == 0)
		r = history_accept(history, clock_wall_ms(), &err);
	history_close(history);
	return r == 0 ? EXIT_DONE : cmd_db_complain(&err, NULL);
}

static const struct {
	const char *name;
	int (*run)(const struct cmd_db_task *task);
	bool takes_files;
} actions[] = {
	{"verify", verify, false},       {"compact", compact, false},       {"prune", prune, false},
	{"dump", cmd_db_dump, false},    {"import", import, true},          {"accept", accept_state, false},
	{"backup", cmd_db_backup, true}, {"restore", cmd_db_restore, true},
};

/* A number of seconds from 1 to that of a century. */
static bool
db_read_seconds(const char *text, int64_t *ret_ms)
{
	char *end;
	long long seconds = strtoll(text, &end, 10);

	*ret_ms = seconds * 1000;
	return end != text && *end == '\0' && seconds >= 1 && seconds <= FUTURE_MOST_S;
}

int
cmd_db(int argc, char **argv)
{
	struct cmd_db_task task = {0};
	bool want_help = false;
	const struct argument table[] = {
		{"--help", .flag = &want_help},
		{"--data", .value = &task.directory},
		{"--before", .value = &task.before},
		{"--since", .value = &task.since},
		{"--until", .value = &task.until},
		{"--quarantine", .flag = &task.quarantine},
		{"--accept", .flag = &task.accept},
		{"--max-future-s", .value = &task.max_future_s},
		{0},
	};
	struct words rest = {0};

	if (arguments_parse("clguard db", argc, argv, table, &rest) != 0)
		return EXIT_USAGE;
	if (task.max_future_s && !db_read_seconds(task.max_future_s, &task.future_ms)) {
		fprintf(stderr, "clguard db: --max-future-s is wrong: expected a number of seconds from 1, got '%s'\n",
		        task.max_future_s);
		return EXIT_USAGE;
	}
	if (want_help || rest.count < (task.directory ? 1 : 2)) {
		fputs(help, want_help ? stdout : stderr);
		return want_help ? EXIT_DONE : EXIT_USAGE;
	}
	task.files = (struct words){rest.words + 1, rest.count - 1};
	if (!task.directory) {
		task.directory = *task.files.words++;
		task.files.count--;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(rest.words[0], actions[i].name) != 0)
			continue;
		if (task.files.count && !actions[i].takes_files)
			break;
		return actions[i].run(&task);
	}
	fprintf(stderr, "clguard db: '%s' is not a task, or takes no files; see 'clguard db --help'\n", rest.words[0]);
	return EXIT_USAGE;
}
