/* heap - which of a fixed number of slots is due next */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/heap.h"

#include <assert.h>
#include <stdlib.h>

struct heap_entry {
	int64_t when;
	uint64_t order; /* of equal times */
	uint32_t slot;
};

int
heap_init(struct heap *heap, size_t capacity)
{
	*heap = (struct heap){.capacity = capacity};
	heap->entries = calloc(capacity ? capacity : 1, sizeof(*heap->entries));
	heap->place = calloc(capacity ? capacity : 1, sizeof(*heap->place));
	return heap->entries && heap->place ? 0 : -1;
}

void
heap_done(struct heap *heap)
{
	free(heap->entries);
	free(heap->place);
	*heap = (struct heap){0};
}

static bool
before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->when != b->when ? a->when < b->when : a->order < b->order;
}

static void
heap_put(struct heap *heap, size_t at, struct heap_entry entry)
{
	heap->entries[at] = entry;
	heap->place[entry.slot] = (uint32_t)at + 1;
}

/* Moves the entry from `at` up or down to where it belongs. */
static void
sift(struct heap *heap, size_t at, struct heap_entry entry)
{
	while (at > 0 && before(&entry, &heap->entries[(at - 1) / 2])) {
		heap_put(heap, at, heap->entries[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < heap->count && before(&heap->entries[child + 1], &heap->entries[child]))
			child++;
		if (child >= heap->count || !before(&heap->entries[child], &entry))
			break;
		heap_put(heap, at, heap->entries[child]);
		at = child;
	}
	heap_put(heap, at, entry);
}

void
heap_set(struct heap *heap, uint32_t slot, int64_t when)
{
	size_t at;

	assert(slot < heap->capacity);
	if (when == INT64_MAX) {
		struct heap_entry last;

		if (heap->place[slot] == 0)
			return;
		at = heap->place[slot] - 1;
		heap->place[slot] = 0;
		last = heap->entries[--heap->count];
		if (last.slot != slot)
			sift(heap, at, last);
		return;
	}
	at = heap->place[slot] ? heap->place[slot] - 1 : heap->count++;
	sift(heap, at, (struct heap_entry){when, heap->counter++, slot});
}

bool
heap_first(const struct heap *heap, uint32_t *ret_slot, int64_t *ret_when)
{
	if (heap->count == 0)
		return false;
	*ret_slot = heap->entries[0].slot;
	*ret_when = heap->entries[0].when;
	return true;
}
