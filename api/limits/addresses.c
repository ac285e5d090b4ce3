/* addresses - how many connections one address has open, and how much it asks */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/limits/addresses.h"

#include <netinet/in.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)

/* The bytes that tell one address from another, or none for one of this machine. */
static struct str
address_bytes(const struct sockaddr *address, bool *ret_local)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	const unsigned char *bytes;

	*ret_local = true;
	if (address && address->sa_family == AF_INET) {
		bytes = (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
		*ret_local = bytes[0] == 127;
		return (struct str){(const char *)bytes, 4};
	}
	if (address && address->sa_family == AF_INET6) {
		bytes = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
		if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
			*ret_local = bytes[12] == 127;
			return (struct str){(const char *)bytes + 12, 4};
		}
		*ret_local = IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)bytes);
		return (struct str){(const char *)bytes, 8}; /* one machine has all of such a network */
	}
	return (struct str){"", 0};
}

struct address_slot *
address_slot(struct addresses *addresses, const struct sockaddr *address)
{
	bool local;
	struct str bytes = address_bytes(address, &local);

	if (local && !addresses->local)
		return NULL;
	return &addresses->slot[hash_str(&addresses->key, bytes) % ADDRESS_SLOTS];
}

bool
address_may_connect(struct addresses *addresses, struct address_slot *slot)
{
	if (!slot || !addresses->connections ||
	    atomic_load_explicit(&slot->open, memory_order_relaxed) < addresses->connections)
		return true;
	atomic_fetch_add_explicit(&addresses->turned_away, 1, memory_order_relaxed);
	return false;
}

/* Each request is paid for by a part of a second; a second may be owed, so that those that come at once all pass. */
unsigned
address_asks(const struct addresses *addresses, struct address_slot *slot, int64_t now_us)
{
	int_fast64_t until, next;

	if (!slot || !addresses->requests)
		return 0;
	until = atomic_load_explicit(&slot->paid_until_us, memory_order_relaxed);
	do {
		next = (until > now_us ? until : now_us) + SECOND_US / addresses->requests;
		if (next - now_us > SECOND_US)
			return 1;
	} while (!atomic_compare_exchange_weak_explicit(&slot->paid_until_us, &until, next, memory_order_relaxed,
	                                                memory_order_relaxed));
	return 0;
}
