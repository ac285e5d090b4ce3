/* bus_priv - topics from inside, for runtime/bus*.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_BUS_PRIV_H
#define RUNTIME_ROWS_BUS_PRIV_H

#include "runtime/rows/bus.h"
#include "runtime/rows/txn.h"

/*
 * Rows of the outbox table, each key a letter and then
 *   t topic            be64 first kept, be64 next, be64 bytes kept
 *   m topic NUL be64   a message
 *   g topic NUL group  a group: struct group as JSON
 */

struct topic {
	struct str name;
	uint64_t first, next, bytes;
};

/* False, and an empty one, when there is none. */
bool bus_topic_read(struct turn *turn, struct str name, struct topic *ret);

struct str bus_message_key(struct turn *turn, struct str topic, uint64_t number);

#endif
