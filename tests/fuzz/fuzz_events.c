/* fuzz_events - whatever is posted to a topic, it is messages of that body, or an error */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/document.h"
#include "runtime/thread/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first line is the media type, the rest the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = size ? memchr(data, '\n', size) : NULL;
	struct str type = {(const char *)data, end ? (size_t)(end - (const char *)data) : 0};
	struct str body = {end ? end + 1 : (const char *)data, size - (end ? type.len + 1 : 0)};
	struct runtime_call call = {.raw = body, .media = type};
	size_t bytes = 0;
	int r;

	arena_init(&call.scratch, (size_t)64 << 20);
	r = events_read(&call);
	if (r != -(int)call.err.code || (r < 0 && !call.err.text[0]))
		abort();
	for (size_t i = 0; r == 0 && i < call.number; i++) {
		if (!call.texts[i].ptr)
			abort();
		bytes += call.texts[i].len;
	}
	/* JSON is written anew, with \u escapes and without the digits of a float; else nothing is added to what came. */
	if (r == 0 && bytes > size * 6)
		abort();
	arena_free(&call.scratch);
	return 0;
}
