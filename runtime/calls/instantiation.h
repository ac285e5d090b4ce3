/* instantiation - instances: made, changed, listed, deleted */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_INSTANTIATION_H
#define RUNTIME_CALLS_INSTANTIATION_H

#include "runtime/rows/rows.h"

/* call->run; call->body is {"controlLoopList": [...]}. */
int instances_create(struct txn *txn, struct runtime_call *call);
int instances_update(struct txn *txn, struct runtime_call *call); /* call->other: fromVersion, or absent */
int instance_delete(struct txn *txn, struct runtime_call *call);  /* call->name, version */

/* call->run; call->body is {"orderedState", "controlLoopIdentifierList": [{name, version}]} (order.c) */
int instances_order(struct txn *txn, struct runtime_call *call);

/* Answers from a snapshot, for call->name and version, both optional (instantiation_list.c). */
void instances_list(struct txn *txn, struct runtime_call *call, struct text *out);
void instances_states(struct txn *txn, struct runtime_call *call, struct text *out);
void instances_primed(struct txn *txn, struct runtime_call *call, struct text *out);

/* One instance gets another configuration: answers the call. False: refused or denied. */
bool instance_replace(struct txn *txn, struct runtime_call *call, struct loop *now, struct loop *next);

/* A guard held something back: 409 with why, and a denial to keep. */
void call_deny(struct txn *txn, struct runtime_call *call, const struct loop *loop, const char *ordered,
               struct text *denials);

/* call->refused: keeps what guards said, for GET /instantiation. */
void call_keep_denials(struct txn *txn, struct runtime_call *call);

#endif
