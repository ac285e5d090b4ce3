/* commission - control loop types into the inventory, and out of it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COMMISSIONING_COMMISSION_H
#define RUNTIME_COMMISSIONING_COMMISSION_H

#include "runtime/rows/rows.h"

/* ONAP stores every document under this name: it stands for all that is commissioned. */
#define COMMISSION_EVERYTHING "ToscaServiceTemplateSimple"

/* call->run; call->body is a service template. */
int commission_create(struct txn *txn, struct runtime_call *call);
int commission_delete(struct txn *txn, struct runtime_call *call); /* call->name, version */

/* Answers from a snapshot, for call->name and version, both optional. */
void commission_loops(struct txn *txn, struct runtime_call *call, struct text *out);
void commission_elements(struct txn *txn, struct runtime_call *call, struct text *out);
void commission_template(struct txn *txn, struct runtime_call *call, struct text *out);
void commission_properties(struct txn *txn, struct runtime_call *call, struct text *out); /* call->number: common */

#endif
