/* documents - the policy types, policies and node templates that the policy API holds, as rows */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/documents.h"

#include "policytypes/section.h"

static const char row_kind[ENTITY_KINDS] = {
	[ENTITY_DATA_TYPE] = 'D',     [ENTITY_NODE_TYPE] = 'N', [ENTITY_POLICY_TYPE] = 'T',
	[ENTITY_NODE_TEMPLATE] = 'E', [ENTITY_POLICY] = 'P',
};

struct str
document_row(struct txn *txn, char kind, struct str a, struct str b, struct str c)
{
	struct str tail = c.ptr ? txn_key(txn, '-', b, c) : STR_NONE;

	return txn_key(txn, kind, a, tail.ptr ? (struct str){tail.ptr + 1, tail.len - 1} : b);
}

int
version_order(struct str a, struct str b)
{
	for (size_t i = 0, j = 0; i < a.len || j < b.len; i++, j++) {
		uint64_t x = 0, y = 0;

		for (; i < a.len && a.ptr[i] != '.'; i++)
			x = x * 10 + (uint64_t)(a.ptr[i] - '0'); /* at most nine digits: concept_version_valid */
		for (; j < b.len && b.ptr[j] != '.'; j++)
			y = y * 10 + (uint64_t)(b.ptr[j] - '0');
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* --- rows --- */

static struct tosca_entity *
entity_of_row(struct txn *txn, enum entity_kind kind, struct str row)
{
	struct tosca_entity *entity = arena_alloc(txn->arena, sizeof(*entity));

	if (entity) {
		*entity = (struct tosca_entity){.kind = kind};
		entity_split_row(entity, row);
	}
	if (entity && entity_recall(entity, txn->arena))
		return entity;
	txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
	return NULL;
}

/* Puts the entity behind those of its name with lower versions; rows come by name. */
static void
insert_by_version(struct tosca_entity **list, struct tosca_entity *entity)
{
	while (*list && (!str_equal((*list)->id.name, entity->id.name) ||
	                 version_order((*list)->id.version, entity->id.version) < 0))
		list = &(*list)->next;
	entity->next = *list;
	*list = entity;
}

struct tosca_entity *
documents_list(struct txn *txn, enum entity_kind kind, struct concept id)
{
	/* The name's own NUL ends the prefix: "a" is not the beginning of "ab". */
	struct str prefix = id.name.ptr ? document_row(txn, row_kind[kind], id.name, STR(""), STR_NONE)
	                                : txn_key(txn, row_kind[kind], STR(""), STR_NONE);
	struct tosca_entity *first = NULL, **group = &first;
	struct str from = prefix;
	struct store_entry entry;

	while (txn_table_above(txn, HISTORY_DOCUMENTS, from, prefix.len, &entry)) {
		struct tosca_entity *entity = entity_of_row(txn, kind, entry.value);

		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
		if (!entity)
			break;
		if (id.version.ptr && !str_equal(entity->id.version, id.version))
			continue;
		while (*group && !str_equal((*group)->id.name, entity->id.name))
			group = &(*group)->next; /* the rows of one name stand together */
		insert_by_version(group, entity);
	}
	return first;
}

struct tosca_entity *
document_get(struct txn *txn, enum entity_kind kind, struct concept id)
{
	struct tosca_entity *list;
	struct str kept;

	if (!concept_name_valid(id.name) || (id.version.ptr && !concept_version_valid(id.version)))
		return NULL;
	if (id.version.ptr) {
		if (!txn_table_get(txn, HISTORY_DOCUMENTS,
		                   document_row(txn, row_kind[kind], id.name, id.version, STR_NONE), &kept))
			return NULL;
		return entity_of_row(txn, kind, kept);
	}
	list = documents_list(txn, kind, id);
	while (list && list->next)
		list = list->next;
	return list;
}

void
document_put(struct txn *txn, const struct tosca_entity *entity)
{
	struct str row = entity_row(entity, txn->arena);

	if (!row.ptr) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	txn_table_put(txn, HISTORY_DOCUMENTS,
	              document_row(txn, row_kind[entity->kind], entity->id.name, entity->id.version, STR_NONE), row);
}

void
document_remove(struct txn *txn, enum entity_kind kind, struct concept id)
{
	txn_table_delete(txn, HISTORY_DOCUMENTS, document_row(txn, row_kind[kind], id.name, id.version, STR_NONE));
}

/* --- what refers to what --- */

struct closure {
	struct txn *txn;
	const struct tosca_entity *extra;
	struct tosca_entity *first, **last;
};

static const struct tosca_entity *
find_entity(const struct tosca_entity *list, enum entity_kind kind, struct concept id)
{
	const struct tosca_entity *found = NULL;

	for (; list; list = list->next)
		if (list->kind == kind && str_equal(list->id.name, id.name) &&
		    (!id.version.ptr || str_equal(list->id.version, id.version)))
			found = list; /* of several versions the last, which is the highest */
	return found;
}

/* Takes the type up, unless it is there already; then what it refers to follows when its txn comes. */
static void
closure_add(struct closure *closure, enum entity_kind kind, struct concept id)
{
	const struct tosca_entity *known;
	struct tosca_entity *copy;

	if (!id.name.ptr || find_entity(closure->first, kind, id))
		return;
	known = find_entity(closure->extra, kind, id);
	if (!known)
		known = document_get(closure->txn, kind, id);
	if (!known || find_entity(closure->first, kind, known->id))
		return;
	copy = arena_alloc(closure->txn->arena, sizeof(*copy));
	if (!copy) {
		txn_fail(closure->txn, ERROR_MEMORY);
		return;
	}
	*copy = *known;
	copy->next = NULL;
	*closure->last = copy;
	closure->last = &copy->next;
}

/* A version of 0.0.0 says nothing: whatever there is. */
static void
closure_add_named(struct closure *closure, enum entity_kind kind, const struct node *map, const char *name_key)
{
	const struct node *name = node_get(map, name_key), *version = node_get(map, "type_version");
	bool given = version && node_is_scalar(version) && concept_version_valid(version->text) &&
	             !str_is(version->text, "0.0.0") && strcmp(name_key, "derived_from") != 0;

	if (name && node_is_scalar(name) && concept_name_valid(name->text))
		closure_add(closure, kind, (struct concept){name->text, given ? version->text : STR_NONE});
}

static void
closure_follow(struct closure *closure, const struct tosca_entity *entity)
{
	const struct node *properties = node_get(entity->given, "properties");

	if (entity->kind == ENTITY_POLICY || entity->kind == ENTITY_NODE_TEMPLATE) {
		closure_add(closure, entity->kind == ENTITY_POLICY ? ENTITY_POLICY_TYPE : ENTITY_NODE_TYPE,
		            entity->type);
		return;
	}
	closure_add_named(closure, entity->kind, entity->given, "derived_from");
	for (const struct node *property = section_first(properties); property; property = section_next(property)) {
		closure_add_named(closure, ENTITY_DATA_TYPE, property, "type");
		closure_add_named(closure, ENTITY_DATA_TYPE, node_get(property, "entry_schema"), "type");
		closure_add_named(closure, ENTITY_DATA_TYPE, node_get(property, "key_schema"), "type");
	}
}

struct tosca_entity *
documents_closure(struct txn *txn, const struct tosca_entity *list, const struct tosca_entity *extra)
{
	struct closure closure = {.txn = txn, .extra = extra};

	closure.last = &closure.first;
	for (const struct tosca_entity *entity = list; entity; entity = entity->next) {
		if (entity->kind <= ENTITY_POLICY_TYPE)
			closure_add(&closure, entity->kind, entity->id);
		else
			closure_follow(&closure, entity);
	}
	for (const struct tosca_entity *entity = closure.first; entity; entity = entity->next)
		closure_follow(&closure, entity);
	return closure.first;
}
