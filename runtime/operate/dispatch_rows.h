/* dispatch_rows - which process has the request of a execution on its way to an actor, and until when */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_OPERATE_DISPATCH_ROWS_H
#define RUNTIME_OPERATE_DISPATCH_ROWS_H

#include "runtime/rows/txn.h"

/*
 * One row for each execution that waits for an actor with a URL: which process has the request on its way, until
 * when it says so, and the request's subRequestID. A process that dies stops saying so, and another takes over: an
 * actor may see one subRequestID twice, and should do its work once.
 */

/* The execution's actor is to be called, by this process. id: subRequestID. */
void dispatch_put(struct txn *txn, uint64_t number, struct str id);

/* It waits for no call any more. */
void dispatch_drop(struct txn *txn, uint64_t number);

/* --- the rows themselves, for runtime/thread/dispatch.c --- */

#define DISPATCH_HEAD 16 /* bytes of a value before the subRequestID: owner, end of its claim */

/* The key of a execution's row, in the txn's arena. */
struct str dispatch_key(struct txn *txn, uint64_t number);

/* Writes or renews this process's claim on a request. */
void dispatch_claim(struct txn *txn, struct str key, struct str id);

/* Milliseconds left of the owner's claim; 0 when it has ended, or dates from before the machine started. */
int64_t dispatch_claim_left(struct str value);

/* True if this process owns the claim; and if it should claim the row, or renew its claim, now. */
bool dispatch_is_own(const struct txn *txn, struct str value);
bool dispatch_is_to_be_claimed(const struct txn *txn, struct str value);

#endif
