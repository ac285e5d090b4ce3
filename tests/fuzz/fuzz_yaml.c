/* fuzz_yaml - whatever the bytes, the YAML reader ends with a tree within its limits or an error with its place */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/yaml_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_limits limits = {.bytes = 65536, .depth = 32, .nodes = 5000, .aliases = 50, .scalar = 4096};
	struct error err = {0};
	struct arena arena;
	struct node *root;
	struct str text;
	int r;

	arena_init(&arena, (size_t)4 << 20);
	r = yaml_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, &err);
	if (r != -(int)err.code || (r < 0 && (err.line == 0 || err.column == 0 || !err.text[0])))
		abort();
	/* What can be read can be laid out, or is refused: it never becomes another tree, which the function itself finds out. */
	err = (struct error){0};
	if (r == 0 &&
	    yaml_format((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &text, &err) != -(int)err.code)
		abort();
	arena_free(&arena);
	return 0;
}
