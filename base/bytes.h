/* bytes - a block of bytes that several hold, freed by the last of them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/budget.h"
#include "base/str.h"

/* Written by its maker, const once it is shared. */
struct bytes {
	atomic_uint holders; /* release on the way down, acquire by the last one */
	size_t len, size;
	struct budget *budget; /* what `size` was taken from; may be NULL */
	char data[];
};

/* One holder, room for `size` bytes, len 0. NULL when memory or the budget is out. */
struct bytes *bytes_new(size_t size, struct budget *budget, enum budget_use use);

/* Any thread. bytes_drop takes NULL. */
struct bytes *bytes_hold(struct bytes *bytes);
void bytes_drop(struct bytes *bytes);

static inline struct str
bytes_str(const struct bytes *bytes)
{
	return (struct str){bytes->data, bytes->len};
}

#endif
