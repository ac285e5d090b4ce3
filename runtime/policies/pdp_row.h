/* pdp_row - PDPs that registered over the bus, as rows */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_PDP_ROW_H
#define RUNTIME_POLICIES_PDP_ROW_H

#include "runtime/policies/pdp.h"

#define PDPS_MAX 10000 /* more do not come in; each is looked at by every scan */

/* The PDP of that name in any group, or NULL; *ret_count: how many there are in all. */
struct pdp *pdp_find(struct txn *txn, struct str id, size_t *ret_count);
struct pdp *pdp_rows(struct txn *txn, struct str group, struct str type);
void pdp_save(struct txn *txn, const struct pdp *pdp);
void pdp_remove(struct txn *txn, const struct pdp *pdp);

/* The policy's entry; made when it is missing. NULL when out of memory. */
struct pdp_policy *pdp_policy_of(struct txn *txn, struct pdp *pdp, struct concept policy);

#endif
