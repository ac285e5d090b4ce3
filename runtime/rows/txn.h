/* txn - one step of the runtime inside one transaction: rows, messages, reservations */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_TXN_H
#define RUNTIME_ROWS_TXN_H

#include "base/store.h"
#include "engine/decide/policyset.h"
#include "engine/decide/reserve.h"
#include "runtime/model/loop.h"
#include "runtime/rows/call.h"
#include "runtime/rows/runtime_state.h"

/*
 * A writing txn runs on the committer's thread and may be run again from its start after its work was given up; a
 * reading one runs on any thread with a snapshot, and has no writer. What is read lives in `arena`.
 *
 * Failures are sticky: once `failed` is set everything answers as if there was nothing, and the txn is not committed.
 */
struct txn {
	struct runtime *runtime;
	struct history_writer *writer;
	struct store_txn *store;
	struct arena *arena;
	const struct policyset *set; /* writing txns: the guards asked */
	int64_t now_ms;
	int failed;                           /* negative */
	struct str trace;                     /* whose work is done, as a traceparent; absent: nobody's that is known */
	struct topic_name *published;         /* topics that got messages */
	struct fetched *fetched;              /* batches that were given in this txn (bus_group.c) */
	struct parsed_document *documents;    /* that were read in this txn (rows.c) */
	struct host_note *hosts;              /* participants that were asked for in this txn (rows_participant.c) */
	struct group_place *places;           /* how far groups have read, as asked for in this txn (bus_group.c) */
	struct pending_guard *pending_guards; /* policies that come into force with this txn (deploy.c) */
	struct withdrawal *withdrawals;       /* operational policies that went out of force (deploy.c) */
	struct reservation_note *notes, *last_note; /* what is told of reservations after the commit; NULL: nothing */
	unsigned orders, repeats;                   /* of elements, sent to participants; of those, sent again */
	unsigned primed;                            /* participants that were sent the definitions (participant.c) */
	bool deployed;                              /* policies came or went */
	bool called;                                /* HTTP calls are to be made */
};

/* An operational policy that an element took out of force. */
struct withdrawal {
	struct withdrawal *next;
	struct concept loop;
	struct str element, policy;
	struct str clname; /* whose events it answered */
};

struct topic_name {
	struct topic_name *next;
	struct str name;
};

/* Kinds of rows. */
#define ROW_DOCUMENT 'D'      /* commissioned documents, by number */
#define ROW_TYPE 'T'          /* (name, version) of a control loop type -> number of its document */
#define ROW_LOOP 'I'          /* instances */
#define ROW_BUSY 'U'          /* instances that a scan must look at, and when: see rows_busy.c */
#define ROW_USED 'N'          /* instances by their type: (type name, type version, loop name, version); empty */
#define ROW_COUNT 'C'         /* (name, version) of an element definition -> "running on" of all instances */
#define ROW_DENIAL 'E'        /* the last refusal of an instance */
#define ROW_CONFIGURATION 'H' /* each configuration that an instance had */
#define ROW_PARTICIPANT 'P'   /* by participant id */
#define ROW_STATISTICS 'S'    /* of participants, by id and time */
#define ROW_ELEMENT 'L'       /* statistics of elements, by participant id and time */
#define ROW_HOSTED 'K'        /* (name, version) of a participant -> number of elements that it hosts */
#define ROW_HOSTING 'F'       /* (participant, instance) -> what it hosts of it: see hosting.h */
#define ROW_STAMPS 'f'        /* (name, version) of a participant -> its elements by their last report: see stamps.h */
#define ROW_RELEASED 'r'      /* (participant, instance) -> elements that it must still be told to remove */
#define ROW_ENTRY 'Y'         /* the design time catalogue: (name, version) */
#define ROW_GATEWAY 'G'       /* the gateway of a control loop type, by (name, version) */
#define ROW_KEY 'A'           /* keys of elements at the gateway: (instance name, version, element id) */
#define ROW_OWNER 'o'         /* id of an element -> name of the instance that was made with it last */
#define ROW_RUN 'R'           /* operational policies: see runtime/operate/execution.h */
#define ROW_EVENT 'V'
#define ROW_PLAN 'Z'
#define ROW_ATTEMPT 'X'
#define ROW_DUE 'W'
#define ROW_SAME 'J'
#define ROW_LOCK 'Q'
#define ROW_WINDOW 'O' /* counted ONSETs, by loop and AAI map */
#define ROW_DISPATCH \
	'B' /* HTTP requests to actors, by number of the transaction: see runtime/operate/dispatch_rows.h */
#define ROW_META 'M'

/* A row's key; absent parts end it. In `arena`. */
struct str txn_key(struct txn *txn, char kind, struct str a, struct str b);

bool txn_get(struct txn *txn, struct str key, struct str *ret);
void txn_put(struct txn *txn, struct str key, struct str value);
void txn_delete(struct txn *txn, struct str key);

/* Each row whose key begins with `prefix`, in order; rows may be changed on the way. A false answer stops. */
void txn_each(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
              void *context);

/* As txn_each, from the last row down. */
void txn_each_down(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
                   void *context);

/* The same in another shared table. */
bool txn_table_get(struct txn *txn, enum history_shared table, struct str key, struct str *ret);

/* The same without a copy: borrowed until the txn writes. */
bool txn_table_peek(struct txn *txn, enum history_shared table, struct str key, struct str *ret);
void txn_table_put(struct txn *txn, enum history_shared table, struct str key, struct str value);
void txn_table_delete(struct txn *txn, enum history_shared table, struct str key);
bool txn_table_above(struct txn *txn, enum history_shared table, struct str key, size_t prefix_len,
                     struct store_entry *ret);

/* As txn_table_above, downwards: the greatest key that is less than `key`. */
bool txn_table_below(struct txn *txn, enum history_shared table, struct str key, size_t prefix_len,
                     struct store_entry *ret);

/* A reading txn with a reader's snapshot, between history_reader_begin and _end. */
void runtime_read(struct runtime *runtime, struct history_reader *reader, struct arena *arena, struct txn *ret);

void txn_fail(struct txn *txn, enum error_code code);

/* Copies a note, with its texts, for runtime_options.answered. */
void txn_note(struct txn *txn, const struct reservation_note *note);

/* The same of a change of a reservation; r and status are engine_writer_change's. */
void txn_note_change(struct txn *txn, bool operational, const struct reservation_change *change, int r,
                     const struct reservation_status *status);

/* A row of ours could not be read, with this negative result: out of memory, or the row is damaged. */
void txn_fail_row(struct txn *txn, int r);

/* A new message id, in `arena`. */
struct str txn_uuid(struct txn *txn);

/* The time as messages carry it, in `arena`. */
struct str txn_time(struct txn *txn);

/* Finished text, or the txn has failed. */
struct str txn_text(struct txn *txn, struct text *text);

#endif
