/* step - supervision inside a txn: what an instance's step wants done is done */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_STEP_H
#define RUNTIME_CALLS_STEP_H

#include "runtime/rows/rows.h"

/* A supervision for this txn, with guards asked as the type says. */
void step_begin(struct txn *txn, struct supervision *ret);

/*
 * Sends, notifies and changes reservations as the tasks say, restores a configuration or orders back where they ask for
 * it, and
 * saves the instance.
 */
void step_end(struct txn *txn, struct supervision *supervision, struct loop *loop);

/* Actions alone, without the row: for what will be saved later. */
void step_perform(struct txn *txn, struct supervision *supervision, struct loop *loop);

#endif
