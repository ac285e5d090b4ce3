/* receive - messages of participants, and the scan by the timer */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_RECEIVE_H
#define RUNTIME_CALLS_RECEIVE_H

#include "runtime/rows/txn.h"

/* A message on the runtime's topic. Anything may come; what is not understood changes nothing. */
void runtime_receive(struct txn *txn, struct str message, bool compositions);

/* One scan by the timer. False when time alone will change nothing until something else happens. */
bool runtime_scan(struct txn *txn);

#endif
