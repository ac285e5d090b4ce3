/* deploy - guards and operational policies of control loops, in force in this engine while their element is RUNNING */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/deploy.h"

#include "base/hash.h"
#include "engine/decide/document_scope.h"
#include "policytypes/section.h"
#include "runtime/act/dedicated.h"
#include "runtime/act/deploy_priv.h"
#include "runtime/looptype/looptype_policy.h"
#include "runtime/policies/generation.h"
#include "runtime/rows/txn.h"

/* Key in the table of documents: (instance, version, element). */
static struct str
document_key(struct txn *txn, const struct loop *loop, const struct element *element)
{
	struct str version = txn_key(txn, '-', loop->id.version, element->id);

	return txn_key(txn, 'L', loop->id.name, (struct str){version.ptr + 1, version.len - 1});
}

bool
deploy_write_document(struct txn *txn, const struct node *root, struct concept type, const struct node *template,
                      struct text *out)
{
	struct text mark;

	text_init(&mark, txn->arena);
	if (dedicated_is(looptype_template(root, type)))
		dedicated_write(type, &mark);
	return looptype_write_policies(root, template, txn_text(txn, &mark), out);
}

static void
put_in_force(struct txn *txn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(txn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct text out;

	text_init(&out, txn->arena);
	if (!template || !deploy_write_document(txn, root, loop->definition, template, &out))
		return;
	txn_table_put(txn, HISTORY_DOCUMENTS, document_key(txn, loop, element), txn_text(txn, &out));
	generation_count(txn);
}

bool
deploy_is_in_force(struct txn *txn, struct str document)
{
	struct str from = STR("L");
	struct store_entry entry;

	while (txn_table_above(txn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		if (str_equal(entry.value, document))
			return true;
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	return false;
}

/* Operational policies that go out of force with a document; what runs by them is told so (operate_withdraw.c). */
static void
note_withdrawal(struct txn *txn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(txn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");

	for (const struct node *policy = template ? section_first(policies) : NULL; policy;
	     policy = section_next(policy)) {
		struct str clname = looptype_policy_loop(policy);
		struct withdrawal *withdrawal;

		if (!clname.ptr || !looptype_policy_named(template, policy) ||
		    looptype_policy_use(root, policy) != POLICY_OPERATIONAL)
			continue;
		withdrawal = arena_alloc(txn->arena, sizeof(*withdrawal));
		if (!withdrawal) {
			txn_fail(txn, ERROR_MEMORY);
			return;
		}
		*withdrawal = (struct withdrawal){txn->withdrawals, loop->id, element->id, policy->key, clname};
		txn->withdrawals = withdrawal;
	}
}

static void
deploy_take_out(struct txn *txn, const struct loop *loop, const struct element *element)
{
	struct str key = document_key(txn, loop, element), known;

	if (!txn_table_get(txn, HISTORY_DOCUMENTS, key, &known))
		return;
	known = arena_str(txn->arena, known);
	txn_table_delete(txn, HISTORY_DOCUMENTS, key);
	if (!deploy_is_in_force(txn, known))
		note_withdrawal(txn, loop, element);
	generation_count(txn);
}

/* The guards of a dedicated type are in force for its instances, whichever these are. */
static void
follow_instances(struct txn *txn, const struct loop *loop)
{
	const struct node *template = NULL;

	if (looptype_load(txn, loop->definition, &template) && dedicated_is(template))
		generation_count(txn);
}

static void
deploy_follow(struct txn *txn, const struct loop *before, const struct loop *after)
{
	if (!before || !after)
		follow_instances(txn, before ? before : after);
	for (size_t i = 0; before && i < before->count; i++) {
		const struct element *old = &before->elements[i];
		const struct element *new = after ? loop_element(after, old->id) : NULL;

		if (old->fragment && old->state == LOOP_RUNNING && (!new || new->state != LOOP_RUNNING))
			deploy_take_out(txn, before, old);
	}
	for (size_t i = 0; after && i < after->count; i++) {
		const struct element *new = &after->elements[i];
		const struct element *old = before ? loop_element(before, new->id) : NULL;

		if (new->fragment &&new->state == LOOP_RUNNING && (!old || old->state != LOOP_RUNNING))
			put_in_force(txn, after, new);
	}
}

void
deploy_save(struct txn *txn, const struct loop *loop)
{
	struct loop before;
	bool known = loop_save(txn, loop, &before);

	deploy_follow(txn, known ? &before : NULL, loop);
}

void
deploy_remove(struct txn *txn, struct concept id)
{
	struct loop before;

	if (loop_remove(txn, id, &before))
		deploy_follow(txn, &before, NULL);
}

/* --- bringing them into force --- */

/* Two instances of a type bring the same document: it is in force once. */
static size_t
drop_repeated(struct arena *arena, struct document *documents, size_t count)
{
	static const struct hash_key key = {0, 0}; /* collisions only slow down their author */
	size_t size = 2, kept = 0, *table;

	while (size < 2 * count)
		size *= 2;
	table = arena_array(arena, size, sizeof(*table));
	for (size_t i = 0; table && i < count; i++) {
		size_t at = hash_str(&key, documents[i].bytes) & (size - 1);

		while (table[at] && !str_equal(documents[table[at] - 1].bytes, documents[i].bytes))
			at = (at + 1) & (size - 1);
		if (table[at])
			continue;
		documents[kept] = documents[i];
		table[at] = ++kept;
	}
	return table ? kept : count;
}

/* The name under which findings and explanations know the document: LOOP VERSION (ELEMENT). */
static const char *
document_name(struct arena *arena, struct str key)
{
	const char *name = key.ptr + 1, *version = name + strlen(name) + 1, *element = version + strlen(version) + 1;

	return arena_printf(arena, "control loop %s %s, element %s", name, version, element);
}

static void
add_loop_documents(struct txn *txn, struct document_list *list)
{
	struct str from = STR("L");
	struct store_entry entry;

	while (txn_table_above(txn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		const char *name = document_name(list->arena, entry.key);
		struct str bytes = arena_str(list->arena, entry.value);

		if (!name || !bytes.ptr)
			txn_fail(txn, ERROR_MEMORY);
		document_list_add(list, (struct document){.name = name, .bytes = bytes});
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	if (txn->failed || list->failed)
		return;
	list->count = drop_repeated(list->arena, list->items, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct document_scope *only = dedicated_only(txn, list->items[i].bytes);

		list->items[i].only = only_copy(only, list->arena);
		if (only && !list->items[i].only)
			txn_fail(txn, ERROR_MEMORY);
	}
}

void
deploy_documents(struct txn *txn, const struct concepts *policies, struct document_list *list)
{
	add_loop_documents(txn, list);
	if (policies)
		in_force_documents(txn, policies, list);
	else
		in_force_deployed(txn, list);
	if (list->failed)
		txn_fail(txn, ERROR_MEMORY);
}

const char *
deploy_first_error(const struct diags *diags, struct arena *arena)
{
	const struct diag *diag = diags->first;
	const char *text = NULL;

	while (diag && diag->severity != SEVERITY_ERROR)
		diag = diag->next;
	if (diag && diag->line)
		text = arena_printf(arena, "%s:%u:%u: %s", diag->file, diag->line, diag->column, diag->text);
	else if (diag)
		text = arena_printf(arena, "%s: %s", diag->file, diag->text);
	return text ? text : "out of memory";
}

int
deploy_load(struct runtime *runtime, struct history_reader *reader, struct arena *arena, uint64_t *ret_number,
            const char **ret_refused)
{
	struct document_list list = {.arena = arena};
	struct diags diags;
	struct txn txn;
	uint64_t number;
	int r = history_reader_begin(reader);

	*ret_refused = NULL;
	if (r != 0)
		return r;
	runtime_read(runtime, reader, arena, &txn);
	number = generation_number(&txn);
	deploy_documents(&txn, NULL, &list);
	history_reader_end(reader);
	if (txn.failed)
		return txn.failed;
	*ret_number = number;
	diags_init(&diags, arena);
	if (engine_deploy(runtime->engine, list.items, list.count, &diags) != 0)
		*ret_refused = deploy_first_error(&diags, arena);
	return 0;
}
