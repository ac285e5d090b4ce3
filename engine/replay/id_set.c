/* id_set - a set of 128-bit ids that grows */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay/id_set.h"

#include <stdlib.h>

#include "base/error.h"

#define SIZE_LEAST 256

struct id_place {
	struct hash128 id;
	enum { PLACE_FREE, PLACE_IN, PLACE_OUT } state; /* out: it was removed, and may come again */
};

void
id_set_free(struct id_set *set)
{
	free(set->places);
	*set = (struct id_set){0};
}

/* Where the id is, or the free place where it would be. The set has places. */
static struct id_place *
id_place_of(const struct id_set *set, struct hash128 id)
{
	size_t at = id.lo & (set->size - 1);

	while (set->places[at].state != PLACE_FREE &&
	       (set->places[at].id.lo != id.lo || set->places[at].id.hi != id.hi))
		at = (at + 1) & (set->size - 1);
	return &set->places[at];
}

static int
grow(struct id_set *set)
{
	struct id_set larger = {.size = set->size ? set->size * 2 : SIZE_LEAST};

	larger.places = calloc(larger.size, sizeof(*larger.places));
	if (!larger.places)
		return -ERROR_MEMORY;
	for (size_t i = 0; i < set->size; i++) {
		if (set->places[i].state != PLACE_IN)
			continue;
		*id_place_of(&larger, set->places[i].id) = set->places[i];
		larger.used++;
	}
	free(set->places);
	*set = larger;
	return 0;
}

int
id_set_add(struct id_set *set, struct hash128 id)
{
	struct id_place *place;

	if (set->used * 2 >= set->size && grow(set) != 0)
		return -ERROR_MEMORY;
	place = id_place_of(set, id);
	set->used += place->state == PLACE_FREE;
	*place = (struct id_place){id, PLACE_IN};
	return 0;
}

void
id_set_remove(struct id_set *set, struct hash128 id)
{
	struct id_place *place = set->size ? id_place_of(set, id) : NULL;

	if (place && place->state == PLACE_IN)
		place->state = PLACE_OUT;
}

bool
id_set_has(const struct id_set *set, struct hash128 id)
{
	return set->size && id_place_of(set, id)->state == PLACE_IN;
}
