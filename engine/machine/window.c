/* window - how many events of one kind came within a period */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/window.h"

#include <stdbool.h>
#include <stdlib.h>

/* The newest `count` stamps, oldest first. */
struct window {
	struct hash128 key;
	int64_t heard_ms;
	uint32_t count;
	bool used;
};

int
windows_init(struct windows *windows, size_t count, uint32_t length)
{
	*windows = (struct windows){.count = count, .length = length};
	if (count == 0)
		return 0;
	windows->windows = calloc(count, sizeof(*windows->windows));
	windows->stamps = calloc(count, length * sizeof(*windows->stamps));
	return windows->windows && windows->stamps ? 0 : -1;
}

void
windows_done(struct windows *windows)
{
	free(windows->windows);
	free(windows->stamps);
	*windows = (struct windows){0};
}

/* The key's window, or an unused one, or the one unheard longest, emptied. */
static struct window *
window_find(struct windows *windows, struct hash128 key)
{
	struct window *oldest = &windows->windows[0];

	for (size_t i = 0; i < windows->count; i++) {
		struct window *at = &windows->windows[i];

		if (at->used && at->key.lo == key.lo && at->key.hi == key.hi)
			return at;
		if (!at->used ? oldest->used : oldest->used && at->heard_ms < oldest->heard_ms)
			oldest = at;
	}
	*oldest = (struct window){.key = key, .used = true};
	return oldest;
}

uint32_t
window_add(int64_t *stamps, uint32_t *count, int64_t now_ms, int64_t period_ms, uint32_t need)
{
	uint32_t gone = 0;

	while (gone < *count && stamps[gone] <= now_ms - period_ms)
		gone++;
	*count -= gone;
	memmove(stamps, stamps + gone, *count * sizeof(*stamps));
	stamps[(*count)++] = now_ms;
	if (*count < need)
		return *count;
	*count = 0;
	return need;
}

uint32_t
windows_add(struct windows *windows, struct hash128 key, int64_t now_ms, int64_t period_ms, uint32_t need)
{
	struct window *window;

	if (windows->count == 0)
		return 1;
	window = window_find(windows, key);
	window->heard_ms = now_ms;
	return window_add(&windows->stamps[(size_t)(window - windows->windows) * windows->length], &window->count,
	                  now_ms, period_ms, need);
}
