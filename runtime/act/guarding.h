/* guarding - the guard is asked before every element action */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ACT_GUARDING_H
#define RUNTIME_ACT_GUARDING_H

#include "runtime/rows/rows.h"

/* How a control loop type is guarded: metadata `guard` of its node template. */
enum guarding { GUARDING_ENFORCE, GUARDING_REPORT, GUARDING_OFF };

enum guarding guarding_of(struct txn *txn, const struct loop *loop);

/*
 * A reservation for one action; operation: UPDATE, or the name of the ordered state. vf_count: elements of the definition
 * that would
 * be RUNNING (on participants, for UPDATE and UNINITIALISED) after it. True when it may go ahead; the reservation, if one
 * was taken,
 * is element->reservation. A refusal, also one that is only reported, is appended to `denials` (may be NULL):
 * {"elementId","actor","operation","target","vfCount","reason","policy","file","line","explanation"}
 */
bool guard_permits(struct txn *txn, enum guarding guarding, const struct loop *loop, struct element *element,
                   const char *operation, int64_t vf_count, struct text *denials);

/* Rights for all elements that an order asks. False: the txn must be undone, for some may have been taken. */
bool guard_permits_order(struct txn *txn, struct loop *loop, enum loop_state next, struct text *denials);

/* A reservation, operation FORCE, to release an element of a lost participant without its answer. */
bool guard_permits_force(struct txn *txn, const struct loop *loop, struct element *element, struct text *denials);

/* The same for a changed configuration of an instance that is on its participants. */
bool guard_permits_change(struct txn *txn, struct loop *loop, struct text *denials);

/* The denial as GET /instantiation shows it, and the row that keeps it. */
struct str denial_json(struct txn *txn, enum guarding guarding, const char *ordered, struct text *denials);
void denial_save(struct txn *txn, struct concept loop, struct str json);
struct str denial_load(struct txn *txn, struct concept loop); /* absent when there is none */

#endif
