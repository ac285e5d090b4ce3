/* fuzz_operational - whatever the document, its policies compile or say why; what compiles survives a round trip */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/document.h"
#include "base/yaml_write.h"
#include "engine/operational/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct operational *
compile(struct str bytes, const struct registry *registry, struct arena *arena, struct diags *diags)
{
	struct document_limits limits = {.bytes = 65536, .depth = 40, .nodes = 5000, .aliases = 50, .scalar = 4096};
	struct operational *list = NULL, **tail = &list;
	struct error err = {0};
	struct node *root;
	bool good;

	diags_init(diags, arena);
	if (document_read(bytes, "fuzz", &limits, arena, &root, &err) < 0)
		return NULL;
	good = operational_compile_tree(root, NULL, registry, arena, &tail, diags);
	if (good != (diags->count[SEVERITY_ERROR] == 0))
		abort();
	return good ? list : NULL;
}

/* The canonical form compiles to as many directives, and shows no error. */
static void
check_round_trip(const struct operational *list, const struct registry *registry, struct arena *arena)
{
	const struct node *root = operational_template(list, arena);
	const struct operational *again;
	struct error err = {0};
	struct diags diags;
	struct str text;

	if (!root || yaml_write(root, arena, &text, &err) < 0)
		return; /* no memory, or a text that no YAML can hold */
	again = compile(text, registry, arena, &diags);
	for (; list; list = list->next, again = again->next) {
		if (!again || again->count != list->count || again->trigger != list->trigger ||
		    again->timeout_s != list->timeout_s)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct registry *registry; /* compiled once, as the service does */
	static struct arena kept;
	const struct operational *list;
	struct arena arena;
	struct diags diags;
	char *shown = NULL;
	size_t shown_size;
	FILE *out;

	if (!registry) {
		arena_init(&kept, 0);
		diags_init(&diags, &kept);
		registry = registry_new(&kept, &diags);
	}
	arena_init(&arena, (size_t)64 << 20);
	diags_init(&diags, &arena);
	list = registry ? compile((struct str){(const char *)data, size}, registry, &arena, &diags) : NULL;
	out = list ? open_memstream(&shown, &shown_size) : NULL;
	for (const struct operational *at = list; out && at; at = at->next) {
		operational_dot(at, out);
		operational_notes(at, out);
	}
	if (out)
		fclose(out);
	free(shown);
	if (list)
		check_round_trip(list, registry, &arena);
	arena_free(&arena);
	return 0;
}
