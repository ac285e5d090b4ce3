/* arena - memory that is given back all at once */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/budget.h"
#include "base/str.h"

struct arena_chunk;
struct arena_cleanup;

/*
 * One arena a lifetime. Nothing is freed singly. Allocation fails (NULL) when malloc does or when `limit` bytes
 * would be passed; the caller turns that into ERROR_MEMORY. One thread at a time.
 */
struct arena {
	struct arena_chunk *chunks;     /* newest first */
	struct arena_cleanup *cleanups; /* newest first */
	size_t used;                    /* bytes handed out since the last reset */
	size_t limit;                   /* bytes, 0 for none */
	bool exhausted;                 /* an allocation has failed since arena_init */
	struct budget *budget;          /* what chunks are taken from; NULL for none */
	enum budget_use use;
};

/* Empty; allocates nothing yet. limit: bytes, 0 for none. */
void arena_init(struct arena *arena, size_t limit);

/*
 * From now on every chunk is taken from the budget, or the allocation fails. The chunk that a reset keeps is the
 * arena's own and is given back to the budget.
 */
void arena_charge(struct arena *arena, struct budget *budget, enum budget_use use);

/* Zeroed memory aligned for any type, or NULL. size 0 is allowed. */
void *arena_alloc(struct arena *arena, size_t size);

/* Memory that the caller is about to fill: the same, not zeroed. */
void *arena_bytes(struct arena *arena, size_t size);

/* An array of `count` zeroed elements, or NULL; checks the multiplication. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy. ptr is NULL when out of memory, or when `text` is absent. */
struct str arena_str(struct arena *arena, struct str text);

/* *text becomes its copy in the arena; absent stays absent. False when out of memory. */
bool arena_copy(struct arena *arena, struct str *text);

/* A NUL-terminated formatted text, or NULL. */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls run(object) when the arena is reset or freed, newest first. For objects of C libraries. 0, or -1 when out of memory. */
int arena_defer(struct arena *arena, void (*run)(void *object), void *object);

/* Forgets everything but keeps the largest chunk up to 1 MiB, so that the next round usually allocates nothing. */
void arena_reset(struct arena *arena);

/* Gives all memory back. The arena is then empty and may be used again. */
void arena_free(struct arena *arena);

#endif
