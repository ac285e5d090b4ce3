/* authzen - the bodies of AuthZEN 1.0's questions as what the engine asks for */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/authzen.h"

#include "api/bodies/request.h"

const char *const authzen_part_name[AUTHZEN_PARTS] = {"subject", "action", "resource", "context"};

static const char *const semantic_name[AUTHZEN_SEMANTIC_COUNT] = {
#define X(name, text) [AUTHZEN_##name] = text,
	AUTHZEN_SEMANTICS(X)
#undef X
};

static int
authzen_wrong(struct error *err, const struct node *node, const char *expected)
{
	return error_set(err, ERROR_TYPE, node, "%s where %s is expected", node_kind_phrase(node), expected);
}

/* "a.b": a path that goes on in a map. Absent when out of memory. */
static struct str
joined_name(struct str name, struct str key, struct arena *arena)
{
	char *text;

	if (!name.ptr)
		return key;
	text = arena_bytes(arena, name.len + 1 + key.len);
	if (!text)
		return STR_NONE;
	memcpy(text, name.ptr, name.len);
	text[name.len] = '.';
	memcpy(text + name.len + 1, key.ptr, key.len);
	return (struct str){text, name.len + 1 + key.len};
}

unsigned
authzen_field_use(enum field_root root, struct str name)
{
	int attribute;

	/* The shortest of these names has six bytes. */
	if ((root != FIELD_RESOURCE_PROPERTIES && root != FIELD_CONTEXT) || name.len < 6)
		return FIELD_USE_NONE;
	if (str_equal(name, STR("vfCount")))
		return FIELD_USE_VF_COUNT;
	if (str_equal(name, STR("requestId")))
		return FIELD_USE_REQUEST_ID;
	if (str_equal(name, STR("subrequestId")))
		return FIELD_USE_SUBREQUEST_ID;
	if (str_equal(name, STR("clname")) || str_equal(name, STR("closedLoopName")))
		return FIELD_USE_ATTRIBUTE + ATTRIBUTE_CLNAME;
	/* "operation" is the action's name, whatever else says so */
	attribute = name.len > 9 ? attribute_find(name) : -1;
	return attribute < SCOPE_ATTRIBUTES ? FIELD_USE_NONE : FIELD_USE_ATTRIBUTE + (unsigned)attribute;
}

/* The fields below a node. name: the path to it behind the root, absent at the root itself. The reader bounds the depth. */
static int
fields_read(const struct node *node, enum field_root root, struct str name, struct arena *arena,
            struct authzen_question *ret, struct error *err)
{
	int r = 0;

	if (node_is_scalar(node)) {
		if (ret->count == FIELDS_MOST)
			return error_set(err, ERROR_LIMIT, node,
			                 "the question has too many properties: expected at most %d", FIELDS_MOST);
		ret->use[ret->count] = (uint8_t)authzen_field_use(root, name);
		ret->fields[ret->count++] = (struct request_field){root, name, node->text};
		return 0;
	}
	for (const struct node *child = node->first; child && r == 0; child = child->next) {
		struct str path = node->kind == NODE_LIST ? name : joined_name(name, child->key, arena);

		if (!path.ptr)
			return error_set(err, ERROR_MEMORY, NULL, "out of memory");
		if (child->kind != NODE_NULL)
			r = fields_read(child, root, path, arena, ret, err);
	}
	return r;
}

/* A text member that an entity must have, unless it is optional. */
static int
authzen_entity_text(const struct node *entity, const char *key, bool optional, struct str *ret, struct error *err)
{
	const struct node *member = node_get(entity, key);

	if (!member)
		return optional ? 0
		                : error_set(err, ERROR_MISSING, entity, "%.*s has no %s: expected a text",
		                            STR_ARG(entity->key), key);
	if (member->kind != NODE_TEXT)
		return authzen_wrong(err, member, "text");
	if (member->text.len > ATTRIBUTE_SIZE_MAX)
		return error_set(err, ERROR_LIMIT, member, "a value of more than %d bytes", ATTRIBUTE_SIZE_MAX);
	*ret = member->text;
	return 0;
}

static int
part_read(const struct node *node, enum authzen_part part, bool sought, struct arena *arena,
          struct authzen_question *ret, struct error *err)
{
	static const enum field_root roots[AUTHZEN_PARTS] = {FIELD_SUBJECT_PROPERTIES, FIELD_ACTION_PROPERTIES,
	                                                     FIELD_RESOURCE_PROPERTIES, FIELD_CONTEXT};
	struct authzen_entity *entity = &ret->part[part];
	const struct node *properties = part == AUTHZEN_CONTEXT ? node : NULL;
	int r = 0;

	if (node->kind != NODE_MAP)
		return authzen_wrong(err, node, "a map");
	entity->given = true;
	if (part == AUTHZEN_SUBJECT || part == AUTHZEN_RESOURCE)
		r = authzen_entity_text(node, "type", false, &entity->type, err);
	if (r == 0 && part != AUTHZEN_CONTEXT) {
		r = authzen_entity_text(node, part == AUTHZEN_ACTION ? "name" : "id", sought, &entity->id, err);
		properties = node_get(node, "properties");
	}
	if (r != 0 || node_is_null(properties))
		return r;
	if (properties->kind != NODE_MAP)
		return authzen_wrong(err, properties, "a map");
	entity->first = ret->count;
	r = fields_read(properties, roots[part], STR_NONE, arena, ret, err);
	entity->count = ret->count - entity->first;
	return r;
}

int
authzen_read_part(const struct node *node, enum authzen_part part, struct arena *arena, struct authzen_question *ret,
                  struct error *err)
{
	return part_read(node, part, false, arena, ret, err);
}

/* sought: AUTHZEN_PARTS for none */
static int
parts_read(const struct node *root, enum authzen_part sought, struct arena *arena, struct authzen_question *ret,
           struct error *err)
{
	memset(ret->part, 0, sizeof(ret->part));
	ret->count = 0;
	if (!root || root->kind != NODE_MAP)
		return root ? authzen_wrong(err, root, "a map") : error_set(err, ERROR_TYPE, NULL, "an empty body");
	for (unsigned part = 0; part < AUTHZEN_PARTS; part++) {
		const struct node *node = node_get(root, authzen_part_name[part]);
		int r = node ? part_read(node, part, part == (unsigned)sought, arena, ret, err) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}

int
authzen_read(const struct node *root, struct arena *arena, struct authzen_question *ret, struct error *err)
{
	return parts_read(root, AUTHZEN_PARTS, arena, ret, err);
}

int
authzen_read_search(const struct node *root, enum authzen_part sought, struct arena *arena,
                    struct authzen_question *ret, struct error *err)
{
	return parts_read(root, sought, arena, ret, err);
}

static int
attribute_give(struct str *at, const struct request_field *field, struct error *err)
{
	if (at->ptr)
		return error_set(err, ERROR_DUPLICATE, NULL,
		                 "%.*s is given twice: expected it in resource.properties or in context, once",
		                 STR_ARG(field->name));
	if (field->value.len > ATTRIBUTE_SIZE_MAX)
		return error_set(err, ERROR_LIMIT, NULL, "%.*s is a value of more than %d bytes", STR_ARG(field->name),
		                 ATTRIBUTE_SIZE_MAX);
	*at = field->value;
	return 0;
}

static int
count_give(struct request *request, const struct request_field *field, struct error *err)
{
	if (request->has_vf_count)
		return error_set(err, ERROR_DUPLICATE, NULL, "vfCount is given twice: expected one");
	request->has_vf_count = request_count_parse(field->value, &request->vf_count);
	return request->has_vf_count ? 0
	                             : error_set(err, ERROR_TYPE, NULL,
	                                         "vfCount is not a number: expected an integer of 32 bits, got '%.*s'",
	                                         STR_ARG(request_shown(field->value)));
}

/* What a field gives, if it is an attribute as well. */
static int
field_give(struct request *request, const struct request_field *field, unsigned use, struct error *err)
{
	switch (use) {
	case FIELD_USE_NONE:
		return 0;
	case FIELD_USE_VF_COUNT:
		return count_give(request, field, err);
	case FIELD_USE_REQUEST_ID:
		return attribute_give(&request->request_id, field, err);
	case FIELD_USE_SUBREQUEST_ID:
		return attribute_give(&request->subrequest_id, field, err);
	default:
		return attribute_give(&request->attribute[use - FIELD_USE_ATTRIBUTE], field, err);
	}
}

static int
part_missing(const struct authzen_entity *entity, enum authzen_part part, struct error *err)
{
	if (!entity->given)
		return error_set(err, ERROR_MISSING, NULL, "the question has no %s: expected a map",
		                 authzen_part_name[part]);
	return error_set(err, ERROR_MISSING, NULL, "%s has no %s: expected a text", authzen_part_name[part],
	                 part == AUTHZEN_ACTION ? "name"
	                 : entity->id.ptr       ? "type"
	                                        : "id");
}

/* Which parts a question has, its own or the base's; the fields that there are of them, and the two types. */
static int
parts_find(const struct authzen_question *question, const struct authzen_question *base,
           const struct authzen_question *from[AUTHZEN_PARTS], size_t *ret_count, struct error *err)
{
	*ret_count = 2;
	for (unsigned part = 0; part < AUTHZEN_PARTS; part++) {
		const struct authzen_entity *entity;

		from[part] = base && !question->part[part].given ? base : question;
		entity = &from[part]->part[part];
		if (part != AUTHZEN_CONTEXT && (!entity->id.ptr || (part != AUTHZEN_ACTION && !entity->type.ptr)))
			return part_missing(entity, part, err);
		*ret_count += entity->count;
	}
	return 0;
}

int
authzen_request(const struct authzen_question *question, const struct authzen_question *base, enum guard_mode mode,
                struct arena *arena, struct request *ret, struct error *err)
{
	const struct authzen_question *from[AUTHZEN_PARTS];
	struct request_field *fields;
	size_t count, at = 2;
	int r = parts_find(question, base, from, &count, err);

	if (r != 0)
		return r;
	if (count > FIELDS_MOST)
		return error_set(err, ERROR_LIMIT, NULL, "the question has too many properties: expected at most %d",
		                 FIELDS_MOST - 2);
	fields = arena_bytes(arena, count * sizeof(*fields));
	if (!fields)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	request_clear(ret);
	ret->attribute[ATTRIBUTE_ACTOR] = from[AUTHZEN_SUBJECT]->part[AUTHZEN_SUBJECT].id;
	ret->attribute[ATTRIBUTE_OPERATION] = from[AUTHZEN_ACTION]->part[AUTHZEN_ACTION].id;
	ret->attribute[ATTRIBUTE_TARGET] = from[AUTHZEN_RESOURCE]->part[AUTHZEN_RESOURCE].id;
	if (mode == GUARD_STRICT)
		ret->attribute[ATTRIBUTE_OPERATION] = operation_canonical(ret->attribute[ATTRIBUTE_OPERATION]);
	fields[0] =
		(struct request_field){FIELD_SUBJECT, STR("type"), from[AUTHZEN_SUBJECT]->part[AUTHZEN_SUBJECT].type};
	fields[1] = (struct request_field){FIELD_RESOURCE, STR("type"),
	                                   from[AUTHZEN_RESOURCE]->part[AUTHZEN_RESOURCE].type};
	for (unsigned part = 0; part < AUTHZEN_PARTS; part++) {
		const struct authzen_entity *entity = &from[part]->part[part];

		for (unsigned i = 0; i < entity->count && r == 0; i++) {
			fields[at] = from[part]->fields[entity->first + i];
			r = field_give(ret, &fields[at++], from[part]->use[entity->first + i], err);
		}
	}
	ret->fields = fields;
	ret->field_count = count;
	return r;
}

int
authzen_read_explain(const struct node *root, bool *ret, struct error *err)
{
	const struct node *options = node_get(root, "options"), *explain;

	*ret = false;
	if (node_is_null(options))
		return 0;
	if (options->kind != NODE_MAP)
		return authzen_wrong(err, options, "a map");
	explain = node_get(options, "explain");
	if (node_is_null(explain))
		return 0;
	if (explain->kind != NODE_BOOL)
		return authzen_wrong(err, explain, "true or false");
	*ret = explain->boolean;
	return 0;
}

static int
options_read(const struct node *root, struct authzen_batch *ret, struct error *err)
{
	const struct node *options = node_get(root, "options"), *semantic;
	int r = authzen_read_explain(root, &ret->explain, err);

	if (r != 0 || node_is_null(options))
		return r;
	semantic = node_get(options, "evaluations_semantic");
	if (node_is_null(semantic))
		return 0;
	for (unsigned i = 0; i < AUTHZEN_SEMANTIC_COUNT; i++) {
		if (semantic->kind == NODE_TEXT && str_is(semantic->text, semantic_name[i])) {
			ret->semantic = i;
			return 0;
		}
	}
	return error_set(err, ERROR_TYPE, semantic,
	                 "evaluations_semantic is wrong: expected execute_all, deny_on_first_deny or "
	                 "permit_on_first_permit, got '%.*s'",
	                 STR_ARG(request_shown(semantic->text)));
}

/* The item's request, or its error. Only a lack of memory is an error of the whole. */
static int
item_read(const struct node *node, const struct authzen_question *base, enum guard_mode mode, struct arena *arena,
          struct authzen_item *ret, struct error *err)
{
	struct authzen_question question;
	struct error wrong = {0}, *kept;
	int r = authzen_read(node, arena, &question, &wrong);

	if (r == 0)
		r = authzen_request(&question, base, mode, arena, &ret->request, &wrong);
	if (r == 0)
		return 0;
	kept = wrong.code == ERROR_MEMORY ? NULL : arena_bytes(arena, sizeof(*kept));
	if (!kept)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	*kept = wrong;
	ret->err = kept;
	return 0;
}

int
authzen_read_batch(const struct node *root, enum guard_mode mode, size_t most, struct arena *arena,
                   struct authzen_batch *ret, struct error *err)
{
	const struct node *items = node_get(root, "evaluations");
	int r = authzen_read(root, arena, &ret->base, err);

	ret->items = NULL;
	ret->count = 0;
	ret->semantic = AUTHZEN_EXECUTE_ALL;
	if (r == 0)
		r = options_read(root, ret, err);
	if (r != 0 || node_is_null(items))
		return r;
	if (items->kind != NODE_LIST)
		return authzen_wrong(err, items, "a list");
	if (items->count > most)
		return error_set(err, ERROR_LIMIT, items,
		                 "evaluations has too many entries: expected at most %zu (batch_items), got %u", most,
		                 items->count);
	ret->items = arena_array(arena, items->count, sizeof(*ret->items));
	if (!ret->items)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (const struct node *item = items->first; item && r == 0; item = item->next)
		r = item_read(item, &ret->base, mode, arena, &ret->items[ret->count++], err);
	return r;
}
