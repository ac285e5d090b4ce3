/* hosts - what participants host: brought back when they return, missed in their reports, moved when they are lost */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_HOSTS_H
#define RUNTIME_CALLS_HOSTS_H

#include "runtime/rows/rows.h"

/* It has registered: what it hosts is restored there, and what was released meanwhile is ordered off. */
void hosts_returned(struct txn *txn, const struct participant *participant);

/*
 * A scan: elements whose reports are overdue are missing; those of a lost participant find another one, where the type
 * says so. True when it changed *participant, which the caller saves.
 */
bool hosts_scan(struct txn *txn, struct participant *participant);

#endif
