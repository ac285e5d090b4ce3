/* gateway_priv - reading the property `gateway`, for runtime/gateway*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_GATEWAY_PRIV_H
#define RUNTIME_LOOPTYPE_GATEWAY_PRIV_H

#include "runtime/looptype/gateway.h"

struct gateway_reading {
	struct arena *arena;
	struct looptype_findings *findings; /* NULL: it has been checked */
	bool row;                           /* of ours: places and names are members */
	bool exhausted;                     /* memory is out */
};

/* A finding at a node, with its place; none when nobody wants it. */
void gateway_find(struct gateway_reading *r, const struct node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* False when it is no map; a member that is not one of these is a finding. */
bool gateway_check_map(struct gateway_reading *r, const struct node *map, const char *const *members);

/* A list under a key; NULL, after a finding, when it is something else; NULL when it is absent. */
const struct node *gateway_list(struct gateway_reading *r, const struct node *map, const char *key);

/* Where a service is: members url, or host, protocol, port, path. Absent host: nothing says so. */
void gateway_read_endpoint(struct gateway_reading *r, const struct node *map, struct gateway_service *ret);

/* The members methods and paths; everything without them. */
void gateway_read_scope(struct gateway_reading *r, const struct node *map, struct gateway_scope *ret);

/* A member that is a name of ours, and is required; absent after a finding. */
struct str gateway_read_name(struct gateway_reading *r, const struct node *map, const char *key);

/* The members calls and callers of what an instance gives to one element: gateway_across.c. */
void gateway_check_across(struct gateway_reading *r, const struct gateway_part *part, const struct node *given);

/* The property of a loop's template, or of an element's; sandbox: unless it says otherwise. */
void gateway_read_part(struct gateway_reading *r, const struct node *property, bool loop, bool sandbox,
                       struct gateway_part *ret);

#endif
