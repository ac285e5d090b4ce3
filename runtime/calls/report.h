/* report - what a PARTICIPANT_STATUS says of single elements, compared with where they should stand */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_REPORT_H
#define RUNTIME_CALLS_REPORT_H

#include "runtime/rows/rows.h"

/*
 * Notes which elements were reported, orders those into their state that stand elsewhere, and orders off what the
 * participant should not have. `participant` is saved by the caller before; its strays may change, and are saved here.
 */
void report_take(struct txn *txn, const struct node *message, struct participant *participant);

#endif
