/* id_set - a set of 128-bit ids that grows */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_REPLAY_ID_SET_H
#define ENGINE_REPLAY_ID_SET_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>

/* Zeroed is empty. One thread. */
struct id_set {
	struct id_place *places; /* open addressing, at most half full; a power of two */
	size_t size, used;
};

void id_set_free(struct id_set *set);

/* 0 or -ERROR_MEMORY. Adding one that is there changes nothing. */
int id_set_add(struct id_set *set, struct hash128 id);

void id_set_remove(struct id_set *set, struct hash128 id);
bool id_set_has(const struct id_set *set, struct hash128 id);

#endif
