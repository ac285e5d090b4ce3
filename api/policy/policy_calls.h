/* policy_calls - what the routes of the policy API and of the PAP have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_POLICY_POLICY_CALLS_H
#define API_POLICY_POLICY_CALLS_H

#include "api/resources/calls.h"

/*
 * Parts of a path, as path_part counts them, for a call's name and version; 0: the path has none. The query's name and
 * version do not count here.
 */
struct path_parts {
	unsigned name, version;
	unsigned text[4]; /* for call->texts; then number is their count, absent ones included */
	unsigned texts;
};

/* A call with the parts, the caller, and whether it is a dry run; NULL, and answered, when out of memory. */
struct runtime_call *policy_call_new(struct exchange *exchange, struct path_parts parts);

/* Hands a call without a body over; takes NULL. */
void policy_call_submit(struct exchange *exchange, struct runtime_call *call,
                        int (*run)(struct txn *txn, struct runtime_call *call));

/* The same with the request's body. */
void policy_call_submit_body(struct exchange *exchange, struct runtime_call *call,
                             int (*run)(struct txn *txn, struct runtime_call *call));

/* A reading call; the first of a database enters what is there from the start. Takes NULL. */
void policy_call_read(struct exchange *exchange, struct runtime_call *call,
                      void (*read)(struct txn *txn, struct runtime_call *call, struct text *out));

#endif
