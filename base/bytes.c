/* bytes - a block of bytes that several hold, freed by the last of them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdlib.h>

struct bytes *
bytes_new(size_t size, struct budget *budget, enum budget_use use)
{
	struct bytes *bytes = NULL;

	if (size > SIZE_MAX - sizeof(*bytes) || !budget_take(budget, sizeof(*bytes) + size, use))
		return NULL;
	bytes = malloc(sizeof(*bytes) + size);
	if (!bytes) {
		budget_give(budget, sizeof(*bytes) + size);
		return NULL;
	}
	atomic_init(&bytes->holders, 1);
	bytes->len = 0;
	bytes->size = size;
	bytes->budget = budget;
	return bytes;
}

struct bytes *
bytes_hold(struct bytes *bytes)
{
	atomic_fetch_add_explicit(&bytes->holders, 1, memory_order_relaxed);
	return bytes;
}

void
bytes_drop(struct bytes *bytes)
{
	struct budget *budget;
	size_t size;

	if (!bytes || atomic_fetch_sub_explicit(&bytes->holders, 1, memory_order_acq_rel) != 1)
		return;
	budget = bytes->budget;
	size = sizeof(*bytes) + bytes->size;
	free(bytes);
	budget_give(budget, size);
}
