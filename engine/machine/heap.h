/* heap - which of a fixed number of slots is due next */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_HEAP_H
#define ENGINE_MACHINE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A binary heap of slots by time; equal times in order of setting, so that a script plays the same way each time. */
struct heap {
	struct heap_entry *entries; /* as a heap */
	uint32_t *place;            /* of each slot: index + 1, 0 when it is not in */
	size_t count, capacity;
	uint64_t counter;
};

/* 0, or -1 when out of memory. Slots are 0 .. capacity - 1. */
int heap_init(struct heap *heap, size_t capacity);
void heap_done(struct heap *heap);

/* Sets or moves a slot; INT64_MAX takes it out. */
void heap_set(struct heap *heap, uint32_t slot, int64_t when);

/* The slot that is due first; false when there is none. */
bool heap_first(const struct heap *heap, uint32_t *ret_slot, int64_t *ret_when);

#endif
