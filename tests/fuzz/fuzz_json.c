/* fuzz_json - whatever the bytes, our JSON reader and jansson agree whether they are JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <jansson.h>

#include "base/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Exceptions: numbers beyond 64 bits or a double, which become floats here and which jansson refuses; and a NUL byte,
 * which is never JSON but which jansson overlooks behind a number.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_limits limits = document_limits_default;
	struct error err = {0};
	json_error_t json_err;
	struct arena arena;
	struct node *root;
	json_t *json = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &json_err);
	int r;

	limits.depth = 2048; /* jansson's own */
	arena_init(&arena, (size_t)64 << 20);
	r = json_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, &err);
	if (r == 0 && !json && json_error_code(&json_err) != json_error_numeric_overflow)
		abort();
	if (r < 0 && json && !memchr(data, '\0', size))
		abort();
	if (r != -(int)err.code || (r < 0 && (err.line == 0 || err.column == 0 || !err.text[0])))
		abort();
	json_decref(json);
	arena_free(&arena);
	return 0;
}
