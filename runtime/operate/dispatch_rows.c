/* dispatch_rows - which process has the request of a execution on its way to an actor, and until when */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/operate/dispatch_rows.h"

#include "base/clock.h"

#include <string.h>
#include <time.h>

/* Value: owner (8 bytes), be64 end of its claim, the subRequestID. */
#define OWNER 8
#define CLAIM_MS 5000 /* how long after a death others may wait */

struct str
dispatch_key(struct txn *txn, uint64_t number)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, number);
	return txn_key(txn, ROW_DISPATCH, (struct str){(const char *)bytes, sizeof(bytes)}, STR_NONE);
}

void
dispatch_claim(struct txn *txn, struct str key, struct str id)
{
	unsigned char *value = arena_bytes(txn->arena, DISPATCH_HEAD + id.len);

	if (!value) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	memcpy(value, &txn->runtime->owner, OWNER);
	store_pack_i64(value + OWNER, clock_monotonic_ms() + CLAIM_MS);
	memcpy(value + DISPATCH_HEAD, id.ptr, id.len);
	txn_put(txn, key, (struct str){(const char *)value, DISPATCH_HEAD + id.len});
}

void
dispatch_put(struct txn *txn, uint64_t number, struct str id)
{
	dispatch_claim(txn, dispatch_key(txn, number), id);
}

void
dispatch_drop(struct txn *txn, uint64_t number)
{
	txn_delete(txn, dispatch_key(txn, number));
}

int64_t
dispatch_claim_left(struct str value)
{
	int64_t left_ms = store_unpack_i64(value.ptr + OWNER) - clock_monotonic_ms();

	return left_ms > 0 && left_ms <= CLAIM_MS ? left_ms : 0;
}

bool
dispatch_is_own(const struct txn *txn, struct str value)
{
	return memcmp(value.ptr, &txn->runtime->owner, OWNER) == 0;
}

bool
dispatch_is_to_be_claimed(const struct txn *txn, struct str value)
{
	return dispatch_is_own(txn, value) ? dispatch_claim_left(value) < CLAIM_MS / 2
	                                   : dispatch_claim_left(value) == 0;
}
