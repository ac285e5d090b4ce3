/* rows - instances, documents and participants as rows, with the counts and indexes that go with them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/rows.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/hosting.h"

static const struct document_limits row_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};

/* A row of ours is always JSON; NULL, and the txn has failed, when it is not. */
static const struct node *
parse(struct txn *txn, struct str row)
{
	struct node *root;
	int r = json_read(row, "", &row_limits, txn->arena, &root, NULL);

	if (r == 0)
		return root;
	txn_fail_row(txn, r);
	return NULL;
}

/* --- counts: two signed numbers under a concept --- */

static void
count_read(struct txn *txn, struct str key, int64_t ret[2])
{
	struct str value;

	ret[0] = ret[1] = 0;
	if (!txn_get(txn, key, &value) || value.len != 16)
		return;
	ret[0] = store_unpack_i64(value.ptr);
	ret[1] = store_unpack_i64(value.ptr + 8);
}

static void
count_add(struct txn *txn, struct str key, int64_t first, int64_t second)
{
	unsigned char value[16];
	int64_t count[2];

	if (first == 0 && second == 0)
		return;
	count_read(txn, key, count);
	store_pack_i64(value, count[0] + first);
	store_pack_i64(value + 8, count[1] + second);
	if (count[0] + first == 0 && count[1] + second == 0)
		txn_delete(txn, key);
	else
		txn_put(txn, key, (struct str){(const char *)value, sizeof(value)});
}

static void
count_element(struct txn *txn, const struct element *element, int64_t by)
{
	bool running = element->ordered == LOOP_RUNNING, on = element->ordered != LOOP_UNINITIALISED;
	bool hosted = on || element->state != LOOP_UNINITIALISED;

	count_add(txn, txn_key(txn, ROW_COUNT, element->definition.name, element->definition.version), running ? by : 0,
	          on ? by : 0);
	if (hosted && element->participant_id.name.ptr)
		count_add(txn, txn_key(txn, ROW_HOSTED, element->participant_id.name, element->participant_id.version),
		          by, 0);
}

/* Updates the counts. Elements that stay the same cost nothing. */
static void
count_change(struct txn *txn, const struct loop *before, const struct loop *after)
{
	for (size_t i = 0; before && i < before->count; i++) {
		const struct element *old = &before->elements[i];
		const struct element *new = after ? loop_element(after, old->id) : NULL;

		if (new &&new->ordered == old->ordered &&new->state == old->state &&
		    concept_equal(new->definition, old->definition) &&
		    concept_equal(new->participant_id, old->participant_id))
			continue;
		count_element(txn, old, -1);
		if (new)
			count_element(txn, new, 1);
	}
	for (size_t i = 0; after && i < after->count; i++)
		if (!before || !loop_element(before, after->elements[i].id))
			count_element(txn, &after->elements[i], 1);
}

struct definition_count
definition_count(struct txn *txn, struct concept definition)
{
	int64_t count[2];

	count_read(txn, txn_key(txn, ROW_COUNT, definition.name, definition.version), count);
	return (struct definition_count){count[0], count[1]};
}

int64_t
participant_load_count(struct txn *txn, struct concept participant)
{
	int64_t count[2];

	count_read(txn, txn_key(txn, ROW_HOSTED, participant.name, participant.version), count);
	return count[0];
}

/* --- instances --- */

static struct str
rows_loop_key(struct txn *txn, char kind, struct concept id)
{
	return txn_key(txn, kind, id.name, id.version);
}

/* (type name, type version, instance name, instance version) */
static struct str
used_key(struct txn *txn, const struct loop *loop)
{
	struct str type = txn_key(txn, ROW_USED, loop->definition.name, loop->definition.version);
	struct str tail = txn_key(txn, '\0', loop->id.name, loop->id.version);

	return txn_key(txn, ROW_USED, (struct str){type.ptr + 1, type.len - 1},
	               (struct str){tail.ptr + 1, tail.len - 1});
}

bool
loop_load(struct txn *txn, struct concept id, struct loop *ret)
{
	struct str row;
	int r;

	if (!id.name.ptr || !id.version.ptr || !txn_get(txn, rows_loop_key(txn, ROW_LOOP, id), &row))
		return false;
	r = loop_read_row(row, txn->arena, ret);
	if (r != 0)
		txn_fail_row(txn, r);
	return r == 0;
}

bool
loop_peek(struct txn *txn, struct concept id, struct arena *arena, struct loop *ret)
{
	struct str row;
	int r;

	if (!txn_table_peek(txn, HISTORY_RUNTIME, rows_loop_key(txn, ROW_LOOP, id), &row))
		return false;
	r = loop_read_row(row, arena, ret);
	if (r != 0)
		txn_fail_row(txn, r);
	return r == 0;
}

bool
loop_save(struct txn *txn, const struct loop *loop, struct loop *ret_before)
{
	struct loop before;
	bool known = loop_load(txn, loop->id, &before);
	struct text out;

	count_change(txn, known ? &before : NULL, loop);
	hosting_follow(txn, known ? &before : NULL, loop);
	text_init(&out, txn->arena);
	loop_write_row(&out, loop);
	txn_put(txn, rows_loop_key(txn, ROW_LOOP, loop->id), txn_text(txn, &out));
	if (!known || !concept_equal(before.definition, loop->definition))
		txn_put(txn, used_key(txn, loop), STR(""));
	if (known && !concept_equal(before.definition, loop->definition))
		txn_delete(txn, used_key(txn, &before));
	busy_follow(txn, known ? &before : NULL, loop);
	if (known)
		*ret_before = before;
	return known;
}

bool
loop_remove(struct txn *txn, struct concept id, struct loop *ret_before)
{
	struct loop before;

	if (!loop_load(txn, id, &before))
		return false;
	count_change(txn, &before, NULL);
	hosting_follow(txn, &before, NULL);
	txn_delete(txn, rows_loop_key(txn, ROW_LOOP, id));
	busy_follow(txn, &before, NULL);
	txn_delete(txn, rows_loop_key(txn, ROW_DENIAL, id));
	gateway_keys_forget(txn, id);
	txn_delete(txn, used_key(txn, &before));
	*ret_before = before;
	return true;
}

struct loops_walk {
	struct txn *txn;
	struct str version;
	bool (*visit)(void *context, struct loop *loop);
	void *context;
};

static bool
rows_visit_loop(void *context, struct str key, struct str row)
{
	struct loops_walk *walk = context;
	struct loop loop;
	int r = loop_read_row(row, walk->txn->arena, &loop);

	(void)key;
	if (r != 0) {
		txn_fail_row(walk->txn, r);
		return false;
	}
	if (walk->version.ptr && !str_equal(walk->version, loop.id.version))
		return true;
	return walk->visit(walk->context, &loop);
}

void
loops_each(struct txn *txn, struct str name, struct str version, bool (*visit)(void *context, struct loop *loop),
           void *context)
{
	struct loops_walk walk = {txn, version, visit, context};
	struct str prefix =
		name.ptr ? txn_key(txn, ROW_LOOP, name, STR("")) : txn_key(txn, ROW_LOOP, STR(""), STR_NONE);

	if (name.ptr && !concept_name_valid(name))
		return; /* no instance has such a name */
	txn_each(txn, prefix, rows_visit_loop, &walk);
}

/* The version in a row's key, behind the name and its NUL. */
static struct str
key_version(struct str key)
{
	const char *end = memchr(key.ptr, '\0', key.len);

	return end ? (struct str){end + 1, (size_t)(key.ptr + key.len - end - 1)} : STR("");
}

static bool
visit_page(struct loops_walk *walk, struct page *page, const struct store_entry *entry)
{
	enum page_step step;
	struct loop loop;
	int r;

	if (walk->version.ptr && !str_equal(walk->version, key_version(entry->key)))
		return true;
	step = page_next(page);
	if (step != PAGE_TAKE)
		return step != PAGE_END;
	r = loop_read_row(entry->value, walk->txn->arena, &loop);
	if (r != 0)
		txn_fail_row(walk->txn, r);
	return r == 0 && walk->visit(walk->context, &loop);
}

void
loops_page(struct txn *txn, struct runtime_call *call, bool (*visit)(void *context, struct loop *loop), void *context)
{
	struct loops_walk walk = {txn, call->version, visit, context};
	struct str prefix =
		txn_key(txn, ROW_LOOP, call->name.ptr ? call->name : STR(""), call->name.ptr ? STR("") : STR_NONE);
	struct str from = prefix;
	struct arena row, *own = txn->arena;
	struct parsed_document *documents = txn->documents;
	struct host_note *hosts = txn->hosts;
	struct group_place *places = txn->places;
	char last[STORE_KEY_MAX + 1];
	struct store_entry entry;
	bool on = !call->name.ptr || concept_name_valid(call->name);

	arena_init(&row, 0);
	arena_charge(&row, own->budget, own->use);
	while (on && !txn->failed) {
		int r = store_above(txn->store, history_shared_table(HISTORY_RUNTIME), from, prefix.len, &entry);

		if (r < 0)
			txn_fail(txn, error_from(r));
		if (r != 1 || entry.key.len > STORE_KEY_MAX)
			break;
		txn->arena = &row;
		on = visit_page(&walk, &call->page, &entry);
		txn->arena = own;
		txn->documents = documents; /* what the visit noted for the txn goes with its arena */
		txn->hosts = hosts;
		txn->places = places;
		arena_reset(&row);
		memcpy(last, entry.key.ptr, entry.key.len); /* one byte more is the least greater key */
		last[entry.key.len] = '\0';
		from = (struct str){last, entry.key.len + 1};
		on = on && from.len <= STORE_KEY_MAX;
	}
	arena_free(&row);
}

struct users_walk {
	size_t prefix_len;
	bool (*visit)(void *context, struct concept loop);
	void *context;
};

/* Behind the type stands the instance; the key is NUL-terminated. */
static bool
visit_user(void *context, struct str key, struct str value)
{
	const struct users_walk *walk = context;
	struct str name = str_from(key.ptr + walk->prefix_len);

	(void)value;
	return walk->visit(walk->context, (struct concept){name, str_from(name.ptr + name.len + 1)});
}

void
looptype_loops(struct txn *txn, struct concept type, bool (*visit)(void *context, struct concept loop), void *context)
{
	struct str key = txn_key(txn, ROW_USED, type.name, type.version);
	struct str prefix = txn_key(txn, ROW_USED, (struct str){key.ptr + 1, key.len - 1}, STR(""));
	struct users_walk walk = {prefix.len, visit, context};

	txn_each(txn, prefix, visit_user, &walk);
}

static bool
stop_at_first(void *context, struct str key, struct str value)
{
	(void)key;
	(void)value;
	*(bool *)context = true;
	return false;
}

bool
looptype_has_loops(struct txn *txn, struct concept type)
{
	struct str prefix = txn_key(txn, ROW_USED, STR(""), STR_NONE);
	bool found = false;

	if (type.name.ptr) {
		struct str key = txn_key(txn, ROW_USED, type.name, type.version);

		prefix = txn_key(txn, ROW_USED, (struct str){key.ptr + 1, key.len - 1}, STR(""));
	}
	txn_each(txn, prefix, stop_at_first, &found);
	return found;
}

/* --- documents --- */

static struct str
rows_document_key(struct txn *txn, uint64_t number)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, number);
	return txn_key(txn, ROW_DOCUMENT, (struct str){(const char *)bytes, 8}, STR_NONE);
}

/* A txn often needs the same document for many instances and elements. Writing one forgets them. */
struct parsed_document {
	struct parsed_document *next;
	uint64_t number;
	const struct node *root;
};

static const struct node *
document_load(struct txn *txn, uint64_t number)
{
	struct parsed_document *parsed = txn->documents;
	struct str row;

	while (parsed && parsed->number != number)
		parsed = parsed->next;
	if (parsed)
		return parsed->root;
	if (!txn_get(txn, rows_document_key(txn, number), &row))
		return NULL;
	parsed = arena_alloc(txn->arena, sizeof(*parsed));
	if (!parsed) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	*parsed = (struct parsed_document){txn->documents, number, parse(txn, row)};
	txn->documents = parsed;
	return parsed->root;
}

const struct node *
looptype_load(struct txn *txn, struct concept type, const struct node **ret_template)
{
	const struct node *root;
	struct str number;

	if (!type.name.ptr || !type.version.ptr || type.name.len > 200 || type.version.len > 200 ||
	    !txn_get(txn, txn_key(txn, ROW_TYPE, type.name, type.version), &number) || number.len != 8)
		return NULL;
	root = document_load(txn, store_unpack_u64(number.ptr));
	if (root && ret_template)
		*ret_template = looptype_template(root, type);
	return root;
}

static bool
take_last(void *context, struct str key, struct str value)
{
	(void)value;
	*(uint64_t *)context = store_unpack_u64(key.ptr + 1) + 1;
	return false;
}

void
looptype_save(struct txn *txn, const struct node *root)
{
	unsigned char number[8];
	uint64_t next = 0;
	struct text out;

	txn->documents = NULL;
	txn_each_down(txn, txn_key(txn, ROW_DOCUMENT, STR(""), STR_NONE), take_last, &next);
	text_init(&out, txn->arena);
	text_add_node(&out, root, false);
	txn_put(txn, rows_document_key(txn, next), txn_text(txn, &out));
	store_pack_u64(number, next);
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct concept type = looptype_concept(template);

		if (looptype_is_loop(root, template))
			txn_put(txn, txn_key(txn, ROW_TYPE, type.name, type.version),
			        (struct str){(const char *)number, 8});
	}
}

void
looptype_remove(struct txn *txn, struct concept type)
{
	const struct node *root = looptype_load(txn, type, NULL);
	struct str number;

	if (!root || !txn_get(txn, txn_key(txn, ROW_TYPE, type.name, type.version), &number))
		return;
	txn->documents = NULL;
	txn_delete(txn, rows_document_key(txn, store_unpack_u64(number.ptr)));
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct concept other = looptype_concept(template);

		if (!looptype_is_loop(root, template))
			continue;
		txn_delete(txn, txn_key(txn, ROW_TYPE, other.name, other.version));
		txn_delete(txn, txn_key(txn, ROW_GATEWAY, other.name, other.version));
	}
}

struct types_walk {
	struct txn *txn;
	bool (*visit)(void *context, const struct node *root);
	void *context;
};

static bool
visit_type(void *context, struct str key, struct str row)
{
	struct types_walk *walk = context;
	const struct node *root = parse(walk->txn, row);

	(void)key;
	return root && walk->visit(walk->context, root);
}

void
looptypes_each(struct txn *txn, bool (*visit)(void *context, const struct node *root), void *context)
{
	struct types_walk walk = {txn, visit, context};

	txn_each(txn, txn_key(txn, ROW_DOCUMENT, STR(""), STR_NONE), visit_type, &walk);
}

bool
looptypes_any(struct txn *txn)
{
	static const char kind[] = {ROW_DOCUMENT};
	struct store_entry entry;
	int r = txn->failed ? 0
	                    : store_above(txn->store, history_shared_table(HISTORY_RUNTIME),
	                                  (struct str){kind, sizeof(kind)}, sizeof(kind), &entry);

	if (r < 0)
		txn_fail(txn, error_from(r));
	return r == 1;
}
