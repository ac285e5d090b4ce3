/* deploy - guards and operational policies of control loops, in force in this engine while their element is RUNNING */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/deploy.h"

#include "base/hash.h"
#include "policytypes/section.h"
#include "runtime/act/dedicated.h"
#include "runtime/act/deploy_priv.h"
#include "runtime/looptype/looptype_policy.h"
#include "runtime/rows/txn.h"

#define DOCUMENTS_MAX 100000

/* Key in the table of documents: (instance, version, element). */
static struct str
document_key(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str version = turn_key(turn, '-', loop->id.version, element->id);

	return turn_key(turn, 'L', loop->id.name, (struct str){version.ptr + 1, version.len - 1});
}

uint64_t
deploy_number(struct turn *turn)
{
	struct str value;

	return turn_get(turn, STR("Mdeploy"), &value) && value.len == 8 ? store_unpack_u64(value.ptr) : 0;
}

static void
count_change(struct turn *turn)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, deploy_number(turn) + 1);
	turn_put(turn, STR("Mdeploy"), (struct str){(const char *)bytes, sizeof(bytes)});
	turn->deployed = true;
}

bool
deploy_write_document(struct turn *turn, const struct node *root, struct concept type, const struct node *template,
                      struct text *out)
{
	struct text mark;

	text_init(&mark, turn->arena);
	if (dedicated_is(looptype_template(root, type)))
		dedicated_write(type, &mark);
	return looptype_write_policies(root, template, turn_text(turn, &mark), out);
}

static void
put_in_force(struct turn *turn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct text out;

	text_init(&out, turn->arena);
	if (!template || !deploy_write_document(turn, root, loop->definition, template, &out))
		return;
	turn_table_put(turn, HISTORY_DOCUMENTS, document_key(turn, loop, element), turn_text(turn, &out));
	count_change(turn);
}

bool
deploy_is_in_force(struct turn *turn, struct str document)
{
	struct str from = STR("L");
	struct store_entry entry;

	while (turn_table_above(turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		if (str_equal(entry.value, document))
			return true;
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	return false;
}

/* Operational policies that go out of force with a document; what runs by them is told so (operate_withdraw.c). */
static void
note_withdrawal(struct turn *turn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");

	for (const struct node *policy = template ? section_first(policies) : NULL; policy;
	     policy = section_next(policy)) {
		struct str clname = looptype_policy_loop(policy);
		struct withdrawal *withdrawal;

		if (!clname.ptr || !looptype_policy_named(template, policy) ||
		    looptype_policy_use(root, policy) != POLICY_OPERATIONAL)
			continue;
		withdrawal = arena_alloc(turn->arena, sizeof(*withdrawal));
		if (!withdrawal) {
			turn_fail(turn, ERROR_MEMORY);
			return;
		}
		*withdrawal = (struct withdrawal){turn->withdrawals, loop->id, element->id, policy->key, clname};
		turn->withdrawals = withdrawal;
	}
}

static void
take_out(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str key = document_key(turn, loop, element), known;

	if (!turn_table_get(turn, HISTORY_DOCUMENTS, key, &known))
		return;
	known = arena_str(turn->arena, known);
	turn_table_delete(turn, HISTORY_DOCUMENTS, key);
	if (!deploy_is_in_force(turn, known))
		note_withdrawal(turn, loop, element);
	count_change(turn);
}

/* The guards of a dedicated type are in force for its instances, whichever these are. */
static void
follow_instances(struct turn *turn, const struct loop *loop)
{
	const struct node *template = NULL;

	if (looptype_load(turn, loop->definition, &template) && dedicated_is(template))
		count_change(turn);
}

static void
deploy_follow(struct turn *turn, const struct loop *before, const struct loop *after)
{
	if (!before || !after)
		follow_instances(turn, before ? before : after);
	for (size_t i = 0; before && i < before->count; i++) {
		const struct element *old = &before->elements[i];
		const struct element *new = after ? loop_element(after, old->id) : NULL;

		if (old->fragment && old->state == LOOP_RUNNING && (!new || new->state != LOOP_RUNNING))
			take_out(turn, before, old);
	}
	for (size_t i = 0; after && i < after->count; i++) {
		const struct element *new = &after->elements[i];
		const struct element *old = before ? loop_element(before, new->id) : NULL;

		if (new->fragment &&new->state == LOOP_RUNNING && (!old || old->state != LOOP_RUNNING))
			put_in_force(turn, after, new);
	}
}

void
deploy_save(struct turn *turn, const struct loop *loop)
{
	struct loop before;
	bool known = loop_save(turn, loop, &before);

	deploy_follow(turn, known ? &before : NULL, loop);
}

void
deploy_remove(struct turn *turn, struct concept id)
{
	struct loop before;

	if (loop_remove(turn, id, &before))
		deploy_follow(turn, &before, NULL);
}

/* --- bringing them into force --- */

/* Two instances of a type bring the same document: it is in force once. */
static size_t
drop_repeated(struct arena *arena, struct document *documents, size_t count)
{
	static const struct hash_key key = {0, 0}; /* who collides pays with his own policies */
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

int
deploy_load(struct runtime *runtime, struct history_reader *reader, struct arena *arena, uint64_t *ret_number,
            const char **ret_refused)
{
	struct document *documents = arena_array(arena, DOCUMENTS_MAX, sizeof(*documents));
	struct str from = STR("L");
	struct store_entry entry;
	struct diags diags;
	struct turn turn;
	size_t count = 0;
	int r = documents ? history_reader_begin(reader) : -ERROR_MEMORY;

	*ret_refused = NULL;
	if (r != 0)
		return r;
	runtime_read(runtime, reader, arena, &turn);
	*ret_number = deploy_number(&turn);
	while (count < DOCUMENTS_MAX && turn_table_above(&turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		const char *name = document_name(arena, entry.key);

		documents[count++] = (struct document){.name = name ? name : "", .bytes = entry.value};
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	if (count == DOCUMENTS_MAX && turn_table_above(&turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		/* Some guards would not be in force, and nobody would know: the set stays as it is. */
		*ret_refused = "more than 100000 elements have policies in force: the new ones are not";
		history_reader_end(reader);
		return turn.failed;
	}
	count = drop_repeated(arena, documents, count);
	for (size_t i = 0; i < count; i++)
		documents[i].only = dedicated_only(&turn, documents[i].bytes);
	history_reader_end(reader);
	if (turn.failed)
		return turn.failed;
	diags_init(&diags, arena);
	r = engine_deploy(runtime->engine, documents, count, &diags);
	if (r != 0) {
		const struct diag *diag = diags.first;

		while (diag && diag->severity != SEVERITY_ERROR)
			diag = diag->next;
		*ret_refused = diag ? arena_printf(arena, "%s: %s", diag->file, diag->text) : "out of memory";
	}
	return 0;
}
