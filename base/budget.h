/* budget - a bound over all memory that requests can make grow, kept in one place */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A holder takes from the budget before it allocates and gives back after it has freed. The last eighth of the limit is
 * for what is urgent alone: whatever else fills the budget does not keep a decision from its memory, nor who looks
 * after the service from its figures. Any thread; the sum is exact, and orders nothing.
 */
enum budget_use { BUDGET_OTHER, BUDGET_URGENT };

struct budget {
	size_t limit; /* bytes; 0: none. Const once threads run */
	atomic_size_t held;
	atomic_size_t peak; /* the most that was held since budget_rest */
	atomic_uint_fast64_t refused;
};

/* Nothing is held. limit: bytes, 0 for none. */
void budget_init(struct budget *budget, size_t limit);

/* False, and counted as refused, when it would pass the limit. A NULL budget has none. */
bool budget_take(struct budget *budget, size_t bytes, enum budget_use use);

/* Takes a NULL budget. */
void budget_give(struct budget *budget, size_t bytes);

/*
 * True once after more than `bytes` were given back since the peak: time to hand free memory to the system. The
 * present sum becomes the peak then. One thread.
 */
bool budget_rest(struct budget *budget, size_t bytes);

#endif
