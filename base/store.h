/* store - ordered tables of bytes in one database file, shared by threads and processes: the one wrapper of LMDB */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_H
#define BASE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/*
 * Caveats. Keys are 1 to 510 bytes and are ordered as memcmp does. Bytes that a transaction hands out are borrowed
 * from the map until the transaction ends or, in a write transaction, until its next change; they are aligned to
 * nothing. One writer at a time over all processes; readers never wait. A process may open a database once. After
 * fork, only the parent may use it. Not for network file systems.
 *
 * Functions return a negative error code when they fail: ERROR_IO (a system call), ERROR_FULL (the map or the disk),
 * ERROR_DAMAGED (what LMDB found is no database), ERROR_BUSY, ERROR_MEMORY, ERROR_LIMIT (a key too long).
 */

struct store;
struct store_txn;

#define STORE_TABLES_MAX 16
#define STORE_KEY_MAX 510

struct store_options {
	const char *directory; /* made when missing; NULL: a private one that has no name any more once it is open */
	/* address space; when the process cannot have it, the largest part it can: store_info tells */
	size_t map_bytes;
	bool durable;     /* a commit survives power loss; without it, only the end of the process */
	bool existing;    /* fail with ERROR_IO rather than make a database */
	bool read_only;   /* no write transactions; a table that is missing is empty; implies existing */
	bool copied;      /* with read_only: for store_copy while others write; one thread alone may use it then */
	bool locked;      /* the caller holds the directory's lock (base/store_lock.h): none is taken */
	bool verified;    /* the caller has verified the file, or knows that it needs not: others rely on that */
	unsigned readers; /* read transactions of all processes together; 0 for 1,024 */
	/*
	 * Their names; a table's number is its place in this list. The one named "" is found with one search, others
	 * with two.
	 */
	const char *const *tables;
	size_t table_count;
};

int store_open(const struct store_options *options, struct store **ret, struct error *err);
void store_close(struct store *store); /* after its transactions; takes NULL */

/* Frees reader slots of processes that died. Returns how many, or a negative code. */
int store_check_readers(struct store *store);

/* Whether the environment must be reopened: a meta page could not be written, and LMDB refuses all work since. */
bool store_is_broken(const struct store *store);

/*
 * Whether the file that is open is not the one at its path any more: its directory was removed or renamed, or data.mdb was
 * replaced. What is committed then, the next process will not find. Costs a look at the path. Any thread.
 */
bool store_has_moved(const struct store *store);

/*
 * Closes the environment and opens it again, into the same struct store. Every read transaction must be idle (between
 * store_reader_suspend and store_reader_resume) and no write transaction open. On failure it is still broken.
 */
int store_reopen(struct store *store, struct error *err);

struct store_info {
	size_t map_bytes;  /* address space */
	size_t used_bytes; /* pages in use: those of the file without free ones */
	size_t file_bytes; /* the file's pages, free ones included */
	size_t page_bytes;
	unsigned readers; /* slots taken now */
	uint64_t commits; /* transactions committed since the database was made */
};

/* Cheap but for the free pages, which are counted in a read transaction: without one, NULL, used_bytes is file_bytes. */
int store_info(struct store *store, const struct store_txn *reader, struct store_info *ret);

/*
 * A compacted copy of the database, as data.mdb in a directory that exists and has none. Beside processes that write only if it
 * was opened with `copied`.
 */
int store_copy(struct store *store, const char *directory, struct error *err);

/*
 * A read transaction, for one thread at a time, used many times. Opening allocates and waits for a turn; begin, end and reading do
 * neither. Begin takes a fresh snapshot; end lets it go, so that its pages can be used again.
 */
int store_reader_open(struct store *store, struct store_txn **ret, struct error *err);
void store_reader_close(struct store_txn *txn); /* takes NULL */
int store_begin(struct store_txn *txn);
void store_end(struct store_txn *txn);

/* Around store_reopen: the transaction gives its slot back, and gets a new one. */
void store_reader_suspend(struct store_txn *txn);
int store_reader_resume(struct store_txn *txn);

/* A write transaction; waits for its turn. Ended by exactly one of commit and abort, by the same thread. */
int store_write(struct store *store, struct store_txn **ret, struct error *err);
int store_commit(struct store_txn *txn, struct error *err);
void store_abort(struct store_txn *txn); /* takes NULL */

/*
 * States of the database are numbered by the commits that made them. store_state: of a read transaction, the state that
 * it sees; of a write transaction, the one that its commit makes. store_newest: the newest there is, whoever committed
 * it; costs no more than looking; 0 or a negative code.
 */
uint64_t store_state(const struct store_txn *txn);
int store_newest(struct store *store, uint64_t *ret);

/* The first failure of this transaction, negative, or 0. After one, every call answers it, and commit aborts. */
int store_failed(const struct store_txn *txn);

/* How many changes this transaction has made. */
size_t store_changes(const struct store_txn *txn);

/* 1 and the value, 0 when there is none. */
int store_get(struct store_txn *txn, unsigned table, struct str key, struct str *ret_value);

/* Sets a value, whether the key is there or not. 0. */
int store_put(struct store_txn *txn, unsigned table, struct str key, struct str value);

/* As store_put for a key that is greater than all others of the table: packs pages full. */
int store_append(struct store_txn *txn, unsigned table, struct str key, struct str value);

/* 1, or 0 when there was none. */
int store_delete(struct store_txn *txn, unsigned table, struct str key);

/* Entries of a table, or -code. */
int64_t store_count(struct store_txn *txn, unsigned table);

struct store_entry {
	struct str key, value;
};

/*
 * The table's cursor in this transaction. Each moves it and gives the entry there: 1, or 0 when there is none or its
 * key's first prefix_len bytes are not those of `key`. below: the greatest key <= key. above: the least >= key.
 */
int store_below(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret);
int store_above(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret);
int store_previous(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret);
int store_next(struct store_txn *txn, unsigned table, struct str key, size_t prefix_len, struct store_entry *ret);
int store_last(struct store_txn *txn, unsigned table, struct store_entry *ret);

/* Numbers in keys: eight bytes that order as the number does. */
static inline void
store_pack_u64(unsigned char out[8], uint64_t number)
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		out[i] = (unsigned char)number;
}

static inline uint64_t
store_unpack_u64(const void *in)
{
	const unsigned char *bytes = in;
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Signed ones: negative before positive. */
static inline void
store_pack_i64(unsigned char out[8], int64_t number)
{
	store_pack_u64(out, (uint64_t)number ^ (UINT64_C(1) << 63));
}

static inline int64_t
store_unpack_i64(const void *in)
{
	return (int64_t)(store_unpack_u64(in) ^ (UINT64_C(1) << 63));
}

#endif
