/* concept_set - which (name, version) has been met */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/concept_set.h"

#include "base/hash.h"

#define SIZE_FIRST 64

static size_t
set_slot_of(const struct concept_set *set, struct concept concept)
{
	static const struct hash_key key = {0, 0}; /* collisions only slow down the author of the names */
	size_t at = (hash_str(&key, concept.name) ^ hash_str(&key, concept.version)) & (set->size - 1);

	while (set->slots[at].name.ptr && !concept_equal(set->slots[at], concept))
		at = (at + 1) & (set->size - 1);
	return at;
}

static void
set_grow(struct concept_set *set)
{
	struct concept_set larger = {.arena = set->arena, .size = set->size ? 2 * set->size : SIZE_FIRST};

	larger.slots = arena_array(set->arena, larger.size, sizeof(*larger.slots));
	if (!larger.slots) {
		set->failed = true;
		return;
	}
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i].name.ptr)
			larger.slots[set_slot_of(&larger, set->slots[i])] = set->slots[i];
	larger.count = set->count;
	*set = larger;
}

bool
concept_set_add(struct concept_set *set, struct concept concept)
{
	size_t at;

	if (2 * (set->count + 1) > set->size && !set->failed)
		set_grow(set);
	if (set->failed || !concept.name.ptr)
		return true;
	at = set_slot_of(set, concept);
	if (set->slots[at].name.ptr)
		return false;
	set->slots[at] = concept;
	set->count++;
	return true;
}
