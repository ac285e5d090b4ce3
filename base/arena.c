/* arena - memory that is given back all at once */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNK_FIRST 4096
#define CHUNK_LARGEST ((size_t)1 << 20)
#define HUGE_LEAST ((size_t)8 << 20) /* from here on a huge page more or less does not matter */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used; /* of data, bytes */
	size_t charged;    /* taken from the budget */
	alignas(max_align_t) char data[];
};

struct arena_cleanup {
	struct arena_cleanup *next;
	void (*run)(void *object);
	void *object;
};

void
arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void
arena_charge(struct arena *arena, struct budget *budget, enum budget_use use)
{
	arena->budget = budget;
	arena->use = use;
}

/*
 * Large tables are read here and there, and with small pages most of what such a read takes is to find out where its page is.
 * So large chunks are mapped apart, with the advice to give them huge pages; the kernel may have none. (In the heap the
 * advice would stay with the place when the chunk is gone.) NULL when out of memory.
 */
static struct arena_chunk *
chunk_take(size_t bytes)
{
	void *memory;

	if (bytes < HUGE_LEAST)
		return malloc(bytes);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
#ifdef MADV_HUGEPAGE
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
#endif
	return memory;
}

static void
chunk_give(struct arena *arena, struct arena_chunk *chunk)
{
	size_t bytes = sizeof(*chunk) + chunk->size, charged = chunk->charged;

	if (bytes < HUGE_LEAST)
		free(chunk);
	else
		(void)munmap(chunk, bytes); /* as it was mapped: cannot fail */
	budget_give(arena->budget, charged);
}

static struct arena_chunk *
chunk_add(struct arena *arena, size_t least)
{
	size_t size = arena->chunks ? arena->chunks->size * 2 : CHUNK_FIRST;
	struct arena_chunk *chunk;

	if (size > CHUNK_LARGEST)
		size = CHUNK_LARGEST;
	if (size < least)
		size = least;
	if (size > SIZE_MAX - sizeof(*chunk))
		return NULL;
	if (!budget_take(arena->budget, sizeof(*chunk) + size, arena->use)) {
		size = least; /* no more than is needed */
		if (!budget_take(arena->budget, sizeof(*chunk) + size, arena->use))
			return NULL;
	}
	chunk = chunk_take(sizeof(*chunk) + size);
	if (!chunk) {
		budget_give(arena->budget, sizeof(*chunk) + size);
		return NULL;
	}
	chunk->charged = arena->budget ? sizeof(*chunk) + size : 0;
	chunk->size = size;
	chunk->used = 0;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

static void *
exhausted(struct arena *arena)
{
	arena->exhausted = true;
	return NULL;
}

void *
arena_bytes(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_chunk *chunk = arena->chunks;
	size_t room;
	void *memory;

	if (size > SIZE_MAX - align)
		return exhausted(arena);
	room = (size + align - 1) / align * align;
	if (arena->limit && (room > arena->limit || arena->used > arena->limit - room))
		return exhausted(arena);
	if (!chunk || chunk->size - chunk->used < room) {
		chunk = chunk_add(arena, room);
		if (!chunk)
			return exhausted(arena);
	}
	memory = chunk->data + chunk->used;
	chunk->used += room;
	arena->used += room;
	return memory;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	void *memory = arena_bytes(arena, size);

	return memory ? memset(memory, 0, size) : NULL;
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(arena, count * size);
}

struct str
arena_str(struct arena *arena, struct str text)
{
	char *copy;

	if (!text.ptr || text.len == SIZE_MAX)
		return STR_NONE;
	copy = arena_bytes(arena, text.len + 1);
	if (!copy)
		return STR_NONE;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return (struct str){copy, text.len};
}

bool
arena_copy(struct arena *arena, struct str *text)
{
	struct str copy = arena_str(arena, *text);
	bool copied = !text->ptr || copy.ptr;

	*text = copy;
	return copied;
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	(void)vsnprintf(text, (size_t)len + 1, format, args); /* measured above */
	va_end(args);
	return text;
}

int
arena_defer(struct arena *arena, void (*run)(void *object), void *object)
{
	struct arena_cleanup *cleanup = arena_alloc(arena, sizeof(*cleanup));

	if (!cleanup)
		return -1;
	*cleanup = (struct arena_cleanup){arena->cleanups, run, object};
	arena->cleanups = cleanup;
	return 0;
}

static void
run_cleanups(struct arena *arena)
{
	for (struct arena_cleanup *c = arena->cleanups; c; c = c->next)
		c->run(c->object);
	arena->cleanups = NULL;
	arena->used = 0;
}

void
arena_reset(struct arena *arena)
{
	struct arena_chunk *keep = NULL;

	run_cleanups(arena);
	for (struct arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		if (chunk->size > CHUNK_LARGEST || (keep && chunk->size <= keep->size)) {
			chunk_give(arena, chunk);
			continue;
		}
		if (keep)
			chunk_give(arena, keep);
		keep = chunk;
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
		budget_give(arena->budget, keep->charged);
		keep->charged = 0;
	}
	arena->chunks = keep;
}

void
arena_free(struct arena *arena)
{
	run_cleanups(arena);
	for (struct arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		chunk_give(arena, chunk);
	}
	arena->chunks = NULL;
}
