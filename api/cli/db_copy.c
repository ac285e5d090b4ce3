/* db_copy - clguard db backup and restore: copies that are verified before they get their name */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/db_copy.h"

#include <unistd.h>

#include "api/cli/db_dump.h"
#include "api/cli/db_import.h"
#include "api/daemon/database.h"
#include "engine/decide/engine.h"
#include "engine/database/db_backup.h"
#include "engine/decide/load.h"

static int
check_source(const char *directory, struct error *err)
{
	return access(directory, F_OK) == 0 ? 0
	                                    : error_set(err, ERROR_IO, NULL, "there is no database in '%s'", directory);
}

/* The copy is whole: it gets its name, or goes. */
static int
finish_or_drop(int r, const char *partial, const char *destination, struct error *err)
{
	if (r == 0)
		r = db_copy_finish(partial, destination, err);
	if (r != 0)
		db_copy_drop(partial);
	return r;
}

int
db_backup(const char *directory, const char *destination, struct db_report *ret, struct error *err)
{
	char partial[DB_PARTIAL_SIZE];
	int r = check_source(directory, err);

	if (r == 0)
		r = db_copy_begin(destination, partial, err);
	if (r != 0)
		return r;
	r = db_copy_live(directory, partial, engine_options_default.history.map_bytes, err);
	if (r == 0)
		r = database_verify(partial, true, ret, err);
	return finish_or_drop(r, partial, destination, err);
}

/* --- increments --- */

/* A number of records; 0 and false when it is none. */
static bool
head_number(const struct node *head, const char *name, uint64_t *ret)
{
	const struct node *node = node_get(head, name);

	*ret = node && node->kind == NODE_INT && node->integer >= 0 ? (uint64_t)node->integer : 0;
	return node && node->kind == NODE_INT && node->integer >= 0;
}

static int
increment_head(const struct node *root, struct increment *ret, struct error *err)
{
	const struct node *head = root && root->kind == NODE_MAP ? node_get(root, "increment") : NULL, *time;

	if (!head || head->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root,
		                 "it is not an increment: expected what 'clguard db dump --since N' prints");
	time = node_get(head, "time");
	if (!head_number(head, "since", &ret->since) || !head_number(head, "newest", &ret->newest) ||
	    ret->newest < ret->since || !time || !node_is_scalar(time) ||
	    time_parse_instant(time->text, &ret->time_ms) != 0)
		return error_set(err, ERROR_TYPE, head, "the head of the increment is wrong");
	return import_read_id(node_get(head, "database"), &ret->database, err);
}

/* Whether the increment follows what is restored. */
static int
increment_check(const struct history *history, const struct increment *head, uint64_t newest, struct error *err)
{
	struct hash128 database = history_identity(history);

	if (head->database.lo != database.lo || head->database.hi != database.hi)
		return error_set(err, ERROR_CONFLICT, NULL, "it is an increment of another database");
	if (head->since > newest)
		return error_set(err, ERROR_CONFLICT, NULL,
		                 "it begins behind number %llu, and what is restored goes up to %llu: an increment "
		                 "before it is missing",
		                 (unsigned long long)head->since, (unsigned long long)newest);
	return 0;
}

/* 1 when it was entered, 0 when it lies behind what was asked for, or negative. */
static int
enter_increment(struct history *history, const char *file, struct db_restoring *restore, struct arena *arena,
                struct error *err)
{
	const struct document_limits limits = {SIZE_MAX, 64, SIZE_MAX, 0, SIZE_MAX};
	struct increment head;
	struct carried *rows;
	struct node *root;
	struct str bytes;
	size_t count, entered;
	int r = load_file(file, SIZE_MAX, arena, &bytes, err);

	if (r == 0)
		r = json_read(bytes, file, &limits, arena, &root, err);
	if (r == 0)
		r = increment_head(root, &head, err);
	if (r == 0)
		r = increment_check(history, &head, restore->newest, err);
	if (r == 0 && (head.time_ms > restore->until_ms || head.newest > restore->until_number))
		return 0;
	if (r == 0)
		r = import_rows(root, true, INT64_MAX, arena, &rows, &count, err);
	if (r == 0)
		r = history_carry(history, rows, count, restore->now_ms, &entered, err);
	if (r != 0)
		return r;
	if (head.newest > restore->newest)
		restore->newest = head.newest;
	restore->time_ms = head.time_ms;
	return 1;
}

static int
enter_increments(const char *partial, struct db_restoring *restore, struct error *err)
{
	struct history_options options = engine_options_default.history;
	struct history *history;
	struct arena arena;
	size_t i = 0;
	int r;

	options.directory = partial;
	options.existing = options.carried = options.untended = options.durable = true;
	options.future_ms = 0;
	r = history_open(&options, &history, err);
	if (r != 0)
		return r;
	for (; i < restore->increment_count; i++) {
		arena_init(&arena, 0);
		r = enter_increment(history, restore->increments[i], restore, &arena, err);
		arena_free(&arena);
		if (r != 1)
			break;
	}
	history_close(history);
	restore->wrong = r < 0 ? restore->increments[i] : NULL;
	restore->left_out = restore->increment_count - i;
	return r < 0 ? r : 0;
}

int
db_restore(struct db_restoring *restore, struct db_report *ret, struct error *err)
{
	char partial[DB_PARTIAL_SIZE];
	int r = check_source(restore->backup, err);

	if (r == 0)
		r = db_copy_begin(restore->destination, partial, err);
	if (r != 0)
		return r;
	r = db_copy_file(restore->backup, partial, err);
	if (r == 0)
		r = database_verify(partial, true, ret, err);
	restore->newest = ret->newest;
	restore->time_ms = TIME_NONE;
	if (r == 0 && restore->increment_count) {
		r = enter_increments(partial, restore, err);
		if (r == 0)
			r = database_verify(partial, true, ret, err);
	}
	if (r == 0 && !restore->accept)
		r = db_distrust(partial, restore->now_ms, engine_options_default.history.map_bytes, err);
	return finish_or_drop(r, partial, restore->destination, err);
}
