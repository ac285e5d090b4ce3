/* addresses - how many connections one address has open, and how much it asks */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_LIMITS_ADDRESSES_H
#define API_LIMITS_ADDRESSES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/hash.h"

#define ADDRESS_SLOTS 4096

/*
 * What one address has open and has asked for lately, over all workers. Two addresses whose hashes meet share a slot, so
 * that a crowd of addresses takes no more memory; the key is random, so that nobody can choose whom to share with. All
 * members are atomics that order nothing.
 */
struct address_slot {
	atomic_uint open;
	atomic_int_fast64_t paid_until_us; /* what was asked for is made up for by then; monotonic */
};

struct addresses {
	struct hash_key key;
	unsigned connections; /* that one may have; 0: any number */
	unsigned requests;    /* that one may ask a second; 0: any number */
	bool local;           /* also loopback and unix sockets */
	atomic_uint_fast64_t turned_away;
	struct address_slot slot[ADDRESS_SLOTS];
};

/* The slot of an address (of an IPv6 address: of its network of 64 bits), or NULL when it has no limits. */
struct address_slot *address_slot(struct addresses *addresses, const struct sockaddr *address);

/* False when the address has all that it may have. Counted as turned away. */
bool address_may_connect(struct addresses *addresses, struct address_slot *slot);

/* One more request: 0, or the seconds until there may be one. slot may be NULL. */
unsigned address_asks(const struct addresses *addresses, struct address_slot *slot, int64_t now_us);

#endif
