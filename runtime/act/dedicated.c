/* dedicated - control loop types with a policy set of their own */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/dedicated.h"

#include "base/document.h"
#include "policytypes/section.h"
#include "runtime/looptype/looptype_policy.h"

#define MARK ",\"metadata\":{\"dedicated\":"

bool
dedicated_is(const struct node *template)
{
	const struct node *dedicated = node_get(node_get(template, "metadata"), "dedicated");

	return dedicated && dedicated->kind == NODE_BOOL && dedicated->boolean;
}

void
dedicated_write(struct concept type, struct text *out)
{
	text_add(out, STR(MARK));
	concept_write(out, type);
	text_add(out, STR("}"));
}

/* {name, version} behind the mark, which only a document's first bytes can hold: names have no quotes in them. */
static struct concept owner_of(struct str document, struct arena *arena)
{
	static const struct document_limits limits = {SIZE_MAX, 4, 8, 0, SIZE_MAX};
	const char *first = document.len ? memchr(document.ptr, ',', document.len) : NULL;
	struct concept none = {STR_NONE, STR_NONE};
	struct str rest = {first, first ? document.len - (size_t)(first - document.ptr) : 0};
	const char *end;
	struct node *root;

	if (!str_starts_with(rest, STR(MARK)))
		return none;
	rest = (struct str){rest.ptr + sizeof(MARK) - 1, rest.len - (sizeof(MARK) - 1)};
	end = memchr(rest.ptr, '}', rest.len);
	if (!end ||
	    json_read((struct str){rest.ptr, (size_t)(end + 1 - rest.ptr)}, "", &limits, arena, &root, NULL) != 0)
		return none;
	return concept_read(root);
}

struct loop_names {
	struct str *names; /* NULL: they are counted first */
	size_t count;
};

/* The control loops of the type's operational policies ask its guards too. */
static void
dedicated_take_events(struct txn *txn, struct concept type, struct loop_names *names)
{
	const struct node *root = looptype_load(txn, type, NULL);
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");

	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		struct str clname = looptype_policy_loop(policy);

		if (!clname.ptr || looptype_policy_use(root, policy) != POLICY_OPERATIONAL)
			continue;
		if (names->names)
			names->names[names->count] = clname;
		names->count++;
	}
}

static bool
take_name(void *context, struct concept loop)
{
	struct loop_names *names = context;

	if (names->names)
		names->names[names->count] = loop.name;
	names->count++;
	return true;
}

const struct document_scope *
dedicated_only(struct txn *txn, struct str document)
{
	struct concept type = owner_of(document, txn->arena);
	struct document_scope *only;
	struct loop_names names = {0};

	if (!type.name.ptr)
		return NULL;
	only = arena_alloc(txn->arena, sizeof(*only));
	looptype_loops(txn, type, take_name, &names);
	dedicated_take_events(txn, type, &names);
	names.names = arena_array(txn->arena, names.count, sizeof(*names.names));
	if (!only || !names.names) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	names.count = 0;
	looptype_loops(txn, type, take_name, &names);
	dedicated_take_events(txn, type, &names);
	*only = (struct document_scope){
		.owner = arena_printf(txn->arena, "%.*s %.*s", STR_ARG(type.name), STR_ARG(type.version)),
		.clnames = names.names,
		.count = names.count,
	};
	if (!only->owner)
		txn_fail(txn, ERROR_MEMORY);
	return only;
}
