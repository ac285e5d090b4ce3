/* gateway_guests - elements of other instances that may call a service, because both sides enable it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_GATEWAY_GATEWAY_GUESTS_H
#define RUNTIME_GATEWAY_GATEWAY_GUESTS_H

#include "runtime/rows/gateway_rows.h"

/* An element of another instance, and what each side enables. */
struct gateway_guest {
	struct str consumer;
	struct gateway_scope called, offered;
};

/*
 * Those of the service that `element` of `loop` offers, one for each pair of entries: an element may be there twice.
 * Returns the count.
 */
size_t gateway_guests(struct txn *txn, struct concept loop, const struct element *element, struct str service,
                      struct gateway_guest **ret);

/* Whether the scope has the method, a number of enum gateway_method, for the path. */
bool gateway_scope_covers(const struct gateway_scope *scope, unsigned method, struct str path);

#endif
