/* operational_index - operational policies by their control loop id */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational.h"

#include <stdlib.h>

static int
compare_loops(const void *a, const void *b)
{
	return str_compare((*(const struct operational *const *)a)->id, (*(const struct operational *const *)b)->id);
}

int
operational_index_build(struct operational_index *index, const struct operational *list, struct arena *arena)
{
	size_t count = 0;

	for (const struct operational *at = list; at; at = at->next)
		count++;
	index->count = 0;
	index->list = arena_array(arena, count + 1, sizeof(*index->list));
	if (!index->list)
		return -1;
	for (const struct operational *at = list; at; at = at->next)
		index->list[index->count++] = at;
	qsort(index->list, index->count, sizeof(*index->list), compare_loops);
	return 0;
}

const struct operational *
operational_find(const struct operational_index *index, struct str id)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = str_compare(index->list[middle]->id, id);

		if (order == 0)
			return index->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
