/* participant_memory - the rows of a participant program in a small database, so that it comes back as it was */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/participant_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/store.h"

#define MAP_BYTES ((size_t)4 << 30)

struct participant_memory {
	struct store *store;
	int lock; /* of the directory: elements have one owner */
};

static const char *const memory_tables[MEMORY_TABLES] = {
	[MEMORY_ELEMENTS] = "elements", [MEMORY_DEFINITIONS] = "definitions"};

/* Held until the process ends, however it ends. */
static int
memory_take_lock(struct participant_memory *memory, const char *directory, struct error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/participant.lock", directory) >= (int)sizeof(path))
		return error_set(err, ERROR_IO, NULL, "data is wrong: the path is too long");
	memory->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (memory->lock < 0)
		return error_set(err, ERROR_IO, NULL, "%s: %s", path, strerror(errno));
	if (flock(memory->lock, LOCK_EX | LOCK_NB) != 0)
		return error_set(err, ERROR_BUSY, NULL, "data: another clguard-participant uses %s", directory);
	return 0;
}

int
memory_open(const char *directory, struct participant_memory **ret, struct error *err)
{
	const struct store_options options = {.directory = directory,
	                                      .map_bytes = MAP_BYTES,
	                                      .durable = true,
	                                      .readers = 16,
	                                      .tables = memory_tables,
	                                      .table_count = MEMORY_TABLES};
	struct participant_memory *memory = calloc(1, sizeof(*memory));
	int r;

	if (!memory)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	memory->lock = -1;
	r = store_open(&options, &memory->store, err);
	if (r == 0)
		r = memory_take_lock(memory, directory, err);
	if (r != 0)
		memory_close(memory);
	else
		*ret = memory;
	return r;
}

void
memory_close(struct participant_memory *memory)
{
	if (!memory)
		return;
	store_close(memory->store);
	if (memory->lock >= 0)
		(void)close(memory->lock); /* it was never written */
	free(memory);
}

/* The parts with a NUL between them; false when they are longer than a key may be. */
static bool
key_make(char room[STORE_KEY_MAX], const char *owner, struct str first, struct str second, struct str *ret)
{
	const struct str parts[] = {str_from(owner), first, second};
	size_t len = 0;

	for (size_t i = 0; i < (second.ptr ? 3 : 2); i++) {
		if (parts[i].len + 1 > STORE_KEY_MAX - len)
			return false;
		if (i)
			room[len++] = '\0';
		memcpy(room + len, parts[i].ptr, parts[i].len);
		len += parts[i].len;
	}
	*ret = (struct str){room, len};
	return true;
}

static int
write_row(struct participant_memory *memory, enum memory_table table, struct str key, struct str value)
{
	struct store_txn *txn;
	int r = store_write(memory->store, &txn, NULL);

	if (r != 0)
		return r;
	r = value.ptr ? store_put(txn, table, key, value) : store_delete(txn, table, key);
	if (r >= 0)
		return store_commit(txn, NULL);
	store_abort(txn);
	return r;
}

int
memory_put(struct participant_memory *memory, enum memory_table table, const char *owner, struct str first,
           struct str second, struct str value)
{
	char room[STORE_KEY_MAX];
	struct str key;

	if (!value.ptr)
		return -ERROR_MEMORY;
	return key_make(room, owner, first, second, &key) ? write_row(memory, table, key, value) : -ERROR_LIMIT;
}

int
memory_delete(struct participant_memory *memory, enum memory_table table, const char *owner, struct str first,
              struct str second)
{
	char room[STORE_KEY_MAX];
	struct str key;

	return key_make(room, owner, first, second, &key) ? write_row(memory, table, key, STR_NONE) : -ERROR_LIMIT;
}

int
memory_each(struct participant_memory *memory, enum memory_table table, const char *owner,
            int (*visit)(void *context, struct str value), void *context, struct error *err)
{
	char room[STORE_KEY_MAX];
	struct store_entry entry;
	struct store_txn *reader;
	struct str prefix;
	int r;

	if (!key_make(room, owner, STR(""), STR_NONE, &prefix))
		return error_set(err, ERROR_LIMIT, NULL, "the name of a participant is too long");
	r = store_reader_open(memory->store, &reader, err);
	if (r != 0)
		return r;
	r = store_begin(reader);
	for (int more = r == 0 ? store_above(reader, table, prefix, prefix.len, &entry) : r; more != 0;
	     more = store_next(reader, table, prefix, prefix.len, &entry)) {
		r = more < 0 ? more : visit(context, entry.value);
		if (r < 0)
			break;
	}
	store_end(reader);
	store_reader_close(reader);
	return r < 0 ? error_set(err, error_from(r), NULL, "what was kept cannot be read") : 0;
}
