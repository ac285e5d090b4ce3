/* window - how many events of one kind came within a period */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_WINDOW_H
#define ENGINE_MACHINE_WINDOW_H

#include "base/hash.h"

/* A fixed number of windows, each with the newest stamps of one key. When all are taken, the one unheard longest gives
 * way. */
struct windows {
	struct window *windows;
	int64_t *stamps; /* `length` for each window */
	size_t count;
	uint32_t length;
};

/* length: stamps a window holds. 0, or -1 when out of memory. */
int windows_init(struct windows *windows, size_t count, uint32_t length);
void windows_done(struct windows *windows);

/*
 * Counts an event of `key` at now_ms: how many came in (now_ms - period_ms, now_ms], this one too, at most `need`. When
 * it is `need`, the window starts again. need <= length.
 */
uint32_t windows_add(struct windows *windows, struct hash128 key, int64_t now_ms, int64_t period_ms, uint32_t need);

/*
 * The same for one key: stamps are its newest *count, oldest first, with room for one more; those that the period has
 * left behind are dropped.
 */
uint32_t window_add(int64_t *stamps, uint32_t *count, int64_t now_ms, int64_t period_ms, uint32_t need);

#endif
