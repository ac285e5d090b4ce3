/* gateway_rows - gateways of control loop types as rows, the keys of elements, and what is made of both */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_GATEWAY_ROWS_H
#define RUNTIME_ROWS_GATEWAY_ROWS_H

#include "runtime/looptype/gateway.h"
#include "runtime/rows/rows.h"

/* Rows of the gateways of a document's types. placed: lines and columns are those of what a client sent. */
void gateway_keep(struct txn *txn, const struct node *root, bool placed);

/* False when the type has none. */
bool gateway_load(struct txn *txn, struct concept type, struct gateway *ret);

/*
 * Secret keys by which elements show the gateway who they are: random, made once, kept for as long as the instance is
 * there. Only GET /gateway and CONTROL_LOOP_UPDATE tell them. Absent: there is none.
 */
struct str gateway_key(struct txn *txn, struct concept loop, struct str element);
struct str gateway_key_made(struct txn *txn, struct concept loop, struct str element);
void gateway_keys_move(struct txn *txn, const struct loop *from, const struct loop *to);
void gateway_keys_forget(struct txn *txn, struct concept loop);

/* Names at the gateway: <loop>~<version>~<element id>, and the group of all elements with one definition. */
struct str gateway_consumer(struct txn *txn, struct concept loop, struct str element);
struct str gateway_group(struct txn *txn, struct concept loop, struct concept definition);

/* ,"gateway":{...} as CONTROL_LOOP_UPDATE carries it for the instance, and for an element; host: with its consumer. */
void gateway_write_loop(const struct gateway *gateway, struct text *out);
void gateway_write_element(struct txn *txn, const struct gateway *gateway, const struct loop *loop,
                           const struct element *element, bool host, struct text *out);

/* --- gateway_access.c --- */

/* May this element call this service? Absent: version, target_*, method, path. target_clname: of another instance. */
struct access_request {
	struct str clname, version, element, service, target_clname, target_version, target_element, method, path;
	bool external; /* the service is outside of the control loop */
};

struct access_answer {
	bool permit;
	enum reason reason;        /* permit, not_allowed, missing_attribute, error */
	const char *missing;       /* static */
	const char *why;           /* a sentence; static */
	struct concept loop, type; /* absent names while not known */
	bool sandbox;              /* either side is in one */
	uint32_t line, column;     /* of the call, or of the service, that decided; 0: there is none */
};

void access_decide(struct txn *txn, const struct access_request *request, struct access_answer *ret);

/*
 * The element that has this key, or whose consumer has this name (one of them is absent): of the instance, else of those
 * that may call its elements; *ret_loop is its instance. Absent: none has. Keys are compared in a time that does not
 * depend on them.
 */
struct str gateway_caller(struct txn *txn, struct concept loop, struct str key, struct str consumer,
                          struct concept *ret_loop);

/* --- gateway_kong.c --- */

/* For call->name and version, both optional: Kong's declarative configuration as JSON, format 3.0. */
void gateway_write_kong(struct txn *txn, struct runtime_call *call, struct text *out);

/* --- gateway_nginx.c --- */

/*
 * The same instances as locations for nginx that ask GET /clguard/v1/authz about each request. call->other: HOST:PORT of
 * clguardd as nginx reaches it, else 127.0.0.1:6969. call->texts[0]: the file in which each location logs its requests in
 * nginx's format "combined"; empty: none.
 */
void gateway_write_nginx(struct txn *txn, struct runtime_call *call, struct text *out);

/* Whether it is HOST:PORT and nothing that means something in a configuration. */
bool gateway_address_valid(struct str address);

/* --- gateway_envoy.c --- */

/*
 * The same instances as resources of Envoy's file-based discovery: its clusters, or its listener, which asks the same for each
 * request by ext_authz. call->other as for nginx; call->texts[0]: ADDR:PORT that the listener binds, else 0.0.0.0:8000.
 */
void gateway_write_envoy_clusters(struct txn *txn, struct runtime_call *call, struct text *out);
void gateway_write_envoy_listeners(struct txn *txn, struct runtime_call *call, struct text *out);

/* --- gateway_statistics.c --- */

/* An element's record of a PARTICIPANT_STATUS; of its gatewayStatistics only what is as it must be. */
void gateway_write_record(const struct node *record, struct text *out);

#endif
