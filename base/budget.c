/* budget - a bound over all memory that requests can make grow, kept in one place */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/budget.h"

#define URGENT_PART 8 /* of the limit: only what is urgent may use the last one */

void
budget_init(struct budget *budget, size_t limit)
{
	budget->limit = limit;
	atomic_init(&budget->held, 0);
	atomic_init(&budget->peak, 0);
	atomic_init(&budget->refused, 0);
}

/* Relaxed throughout: each number stands for itself. */
static void
note_peak(struct budget *budget, size_t held)
{
	size_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);

	while (held > peak && !atomic_compare_exchange_weak_explicit(&budget->peak, &peak, held, memory_order_relaxed,
	                                                             memory_order_relaxed))
		continue;
}

bool
budget_take(struct budget *budget, size_t bytes, enum budget_use use)
{
	size_t held, limit;

	if (!budget)
		return true;
	limit = use == BUDGET_URGENT ? budget->limit : budget->limit - budget->limit / URGENT_PART;
	held = atomic_fetch_add_explicit(&budget->held, bytes, memory_order_relaxed) + bytes;
	if (held < bytes || (limit && held > limit)) {
		atomic_fetch_sub_explicit(&budget->held, bytes, memory_order_relaxed);
		atomic_fetch_add_explicit(&budget->refused, 1, memory_order_relaxed);
		return false;
	}
	note_peak(budget, held);
	return true;
}

void
budget_give(struct budget *budget, size_t bytes)
{
	if (budget)
		atomic_fetch_sub_explicit(&budget->held, bytes, memory_order_relaxed);
}

bool
budget_rest(struct budget *budget, size_t bytes)
{
	size_t held = atomic_load_explicit(&budget->held, memory_order_relaxed);
	size_t peak = atomic_load_explicit(&budget->peak, memory_order_relaxed);

	if (peak < held || peak - held <= bytes)
		return false;
	atomic_store_explicit(&budget->peak, held, memory_order_relaxed);
	return true;
}
