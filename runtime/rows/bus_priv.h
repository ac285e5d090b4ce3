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
 *   b                  be64 bytes kept of all topics, be64 groups of all topics
 */

struct topic {
	struct str name;
	uint64_t first, next, bytes;
};

/* False, and an empty one, when there is none. */
bool bus_topic_read(struct txn *txn, struct str name, struct topic *ret);

struct str bus_message_key(struct txn *txn, struct str topic, uint64_t number);

/* --- bus_bounds.c --- */

/*
 * A topic has so many bytes more or less now, `newest` of them by its last message, and its row is written: the largest
 * may lose messages for it.
 */
void bus_count_bytes(struct txn *txn, const struct topic *grown, int64_t more, size_t newest);

/*
 * There will be one group more or less, and no row of it is written yet: those that asked least recently go when there
 * are too many of all topics.
 */
void bus_count_group(struct txn *txn, int64_t more);

/* Drops the oldest message that is kept; false when there is none. The topic's row is still to be written. */
bool bus_drop_oldest(struct txn *txn, struct topic *topic);

void bus_topic_write(struct txn *txn, const struct topic *topic);

/* Each row of a kind, in key order; borrowed. A false answer stops. Nothing is written on the way. */
void bus_each(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
              void *context);

/* When a group asked last; -1 when its row cannot be read, and the txn has failed. */
int64_t bus_group_seen(struct txn *txn, struct str value);

#endif
