/* fail_malloc - an allocation fails when a test says so, in the program and in every library that it uses */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* glibc's own names of what is replaced here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static atomic_long number, due;

/*
 * CLGUARD_FAIL_MALLOC=N: the N-th allocation fails, and none else, counted from where the libraries have set themselves
 * up: a preloaded one is the last to do so before main. A child counts on from its parent.
 */
__attribute__((constructor)) static void
begin_to_count(void)
{
	const char *text = getenv("CLGUARD_FAIL_MALLOC");

	atomic_store(&number, 0);
	atomic_store(&due, text ? strtol(text, NULL, 10) : 0);
}

static int
fails(void)
{
	if (atomic_fetch_add(&number, 1) + 1 != atomic_load(&due))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
