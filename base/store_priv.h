/* store_priv - what the files of the store share: the one header that knows LMDB */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_PRIV_H
#define BASE_STORE_PRIV_H

#include <lmdb.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/store.h"
#include "base/store_claim.h"
#include "base/store_lock.h"
#include "base/store_turn.h"

#define READERS_DEFAULT 1024
#define TABLE_MISSING 0 /* LMDB's number of its free list, which is never a table of ours */

/*
 * LMDB keeps each named table in a tree of its own, and where that tree begins as an entry of one tree that has no
 * name. A snapshot that is just begun looks there first, so a look-up is two searches. The table that decisions read is
 * therefore kept in the nameless tree itself, its keys behind a zero byte and so before all names.
 */
#define NAMELESS_BYTE '\0'
struct store_txn {
	struct store *store;
	MDB_txn *txn; /* of a reader: reset between store_end and store_begin; NULL: suspended */
	MDB_cursor *cursors[STORE_TABLES_MAX]; /* of a reader: opened once; of the writer: when first needed */
	uint32_t renewed;                      /* bit a table: the cursor belongs to the present snapshot */
	int failed;                            /* the first failure, negative */
	size_t changes;
	bool writer;
};

struct store {
	MDB_env *env; /* NULL after a failed reopen */
	struct store_lock lock;
	struct store_claim claim;
	struct stat file; /* data.mdb as it was opened; of a private one nothing */
	bool trusted;     /* verified, by whom it may be, or new: its clean stop is worth remembering */
	char *directory;  /* NULL: private, without a name by now */
	int spare;        /* private: the file once more, for when it must be opened again; else -1 */
	const char *tables[STORE_TABLES_MAX];
	MDB_dbi dbis[STORE_TABLES_MAX], names; /* names: the nameless tree */
	size_t table_count;
	unsigned nameless; /* the table in the tree of the names, STORE_TABLES_MAX when there is none */
	size_t map_bytes;
	size_t page_bytes;
	unsigned env_flags, readers;
	atomic_bool broken;      /* any thread sets it; store_reopen clears it */
	struct store_txn writer; /* belongs to who holds LMDB's writer lock */
	struct store_turn turn;  /* before any of LMDB's locks: to write, or to change the table of readers */
};

/* --- errors (store_txn.c) --- */

/* One LMDB or system error as ours, negative; 0 for none. MDB_PANIC: the environment must be reopened. */
int store_code(struct store *store, int rc);

/* The same with a sentence: "cannot WHAT the database in ...". */
int store_fail(struct store *store, int rc, const char *what, struct error *err);

/* As store_code; the first failure of a transaction stays. */
int store_keep_failure(struct store_txn *txn, int rc);

static inline int
store_keep(struct store_txn *txn, int rc)
{
	return rc == MDB_SUCCESS ? 0 : store_keep_failure(txn, rc);
}

/* --- transactions of LMDB, each begun in the store's turn; results are LMDB's codes (store_txn.c) --- */

int store_begin_writing(struct store *store, MDB_txn **ret);

/* rc: when there was an error before, nothing is kept. */
int store_end_writing(struct store *store, MDB_txn *txn, int rc);

/* Takes a slot in the table of readers. */
int store_begin_reading(struct store *store, MDB_txn **ret);

/* Frees the slots of processes that died, and counts them. */
int store_check_slots(struct store *store, int *ret_dead);

/*
 * The seal: the number of the transaction, as the last entry of the nameless tree, the one sign of a meta page that is damaged.
 * See base/store_pages.h.
 */
int store_seal_put(MDB_txn *txn, MDB_dbi names);

/* Whether a snapshot is the one that was committed with this number. An empty database has none. */
int store_seal_check(MDB_txn *txn, MDB_dbi names, uint64_t number);

/* --- the environment (store_env.c) --- */

/* A transaction that does nothing but be the newest. LMDB's code. */
int store_seal_again(struct store *store);

/* One attempt with this much address space. Looks at nothing but the file's header. LMDB's code. */
int store_env_try(struct store *store, const char *directory, size_t map_bytes);

/* The environment with its tables, in as much address space as the process can have. */
int store_env_open(struct store *store, const char *directory, size_t map_bytes, struct error *err);

#endif
