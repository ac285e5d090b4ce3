/* entity - a TOSCA entity of the policy API: taken from a request, kept as JSON, told as ONAP's policy API tells it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/entity.h"

#include "base/document.h"
#include "policytypes/section.h"

/* source  the recorded answers of ONAP's policy API, tests/conformance/onap-service/api.jsonl */

static const struct document_limits entity_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

const char *const entity_section[ENTITY_KINDS] = {
	[ENTITY_DATA_TYPE] = "data_types",     [ENTITY_NODE_TYPE] = "node_types",
	[ENTITY_POLICY_TYPE] = "policy_types", [ENTITY_NODE_TEMPLATE] = "node_templates",
	[ENTITY_POLICY] = "policies",
};

static bool
is_type(const struct tosca_entity *entity)
{
	return entity->kind <= ENTITY_POLICY_TYPE;
}

static struct str
entity_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && !node_is_null(node) ? node->text : STR_NONE;
}

/* --- from a request --- */

static const struct node *
entity_section_of(const struct node *root, enum entity_kind kind)
{
	const struct node *from = kind >= ENTITY_NODE_TEMPLATE ? node_get(root, "topology_template") : root;

	return node_get(from, entity_section[kind]);
}

static int
entity_check(const struct tosca_entity *entity, struct error *err)
{
	const char *section = entity_section[entity->kind];

	if (entity->given->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, entity->given, "%s %.*s is not a map: expected a map, got %s",
		                 section, STR_ARG(entity->id.name), node_kind_phrase(entity->given));
	if (!concept_name_valid(entity->id.name))
		return error_set(err, ERROR_RANGE, entity->given,
		                 "name of %s is malformed: expected 1 to 200 of A-Z a-z 0-9 - _ ., got '%.*s'", section,
		                 STR_ARG(entity->id.name));
	if (!entity->id.version.ptr)
		return error_set(err, ERROR_RANGE, entity->given,
		                 "version of %s %.*s is missing: expected digits.digits.digits", section,
		                 STR_ARG(entity->id.name));
	if (!concept_version_valid(entity->id.version))
		return error_set(err, ERROR_RANGE, entity->given,
		                 "version of %s %.*s is malformed: expected digits.digits.digits, got '%.*s'", section,
		                 STR_ARG(entity->id.name), STR_ARG(entity->id.version));
	return 0;
}

int
entities_read(const struct node *root, enum entity_kind kind, struct arena *arena, struct tosca_entity **ret_list,
              struct error *err)
{
	const struct node *section = entity_section_of(root, kind);
	struct tosca_entity *first = NULL, **last = &first;

	if (section && !node_is_null(section) && section->kind != NODE_MAP && section->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, section, "%s is malformed: expected a map or a list, got %s",
		                 entity_section[kind], node_kind_phrase(section));
	for (const struct node *given = section_first(section); given; given = section_next(given)) {
		struct tosca_entity *entity = arena_alloc(arena, sizeof(*entity));
		struct str version = entity_text(given, "version");
		int r;

		if (!entity)
			return error_set(err, ERROR_MEMORY, NULL, "out of memory");
		*entity = (struct tosca_entity){
			.kind = kind,
			.id = {given->key, version.ptr || kind == ENTITY_POLICY ? version : STR("0.0.0")},
			.type = {entity_text(given, "type"), entity_text(given, "type_version")},
			.given = given,
		};
		r = entity_check(entity, err);
		if (r != 0)
			return r;
		*last = entity;
		last = &entity->next;
	}
	*ret_list = first;
	return 0;
}

/* --- JSON of its parts --- */

static void
entity_add_member(struct text *out, const char *key)
{
	if (out->len && out->ptr[out->len - 1] != '{')
		text_add(out, STR(","));
	text_add_json(out, str_from(key));
	text_add(out, STR(":"));
}

static void
add_text_member(struct text *out, const char *key, struct str value)
{
	entity_add_member(out, key);
	text_add_json(out, value);
}

static void
add_node_member(struct text *out, const char *key, const struct node *node, const char *otherwise)
{
	if (node_is_null(node) && !otherwise)
		return;
	entity_add_member(out, key);
	if (node_is_null(node))
		text_add(out, str_from(otherwise));
	else
		text_add_node(out, node, false);
}

/* The members of a map that are not among `own`, as they are. */
static void
add_other_members(struct text *out, const struct node *map, const char *const *own)
{
	for (const struct node *member = map->first; member; member = member->next) {
		size_t i = 0;

		while (own[i] && !str_is(member->key, own[i]))
			i++;
		if (own[i] || node_is_null(member))
			continue;
		if (out->len && out->ptr[out->len - 1] != '{')
			text_add(out, STR(","));
		text_add_json(out, member->key);
		text_add(out, STR(":"));
		text_add_node(out, member, false);
	}
}

/* Operands of constraints are kept as text, as ONAP keeps them. */
static void
add_operand(struct text *out, const struct node *operand)
{
	if (node_is_scalar(operand)) {
		text_add_json(out, operand->text);
		return;
	}
	if (operand->kind != NODE_LIST) {
		text_add_node(out, operand, false);
		return;
	}
	text_add(out, STR("["));
	for (const struct node *item = operand->first; item; item = item->next) {
		if (item != operand->first)
			text_add(out, STR(","));
		add_operand(out, item);
	}
	text_add(out, STR("]"));
}

static void
add_constraints(struct text *out, const struct node *constraints)
{
	if (!constraints || constraints->kind != NODE_LIST)
		return;
	entity_add_member(out, "constraints");
	text_add(out, STR("["));
	for (const struct node *item = constraints->first; item; item = item->next) {
		if (item != constraints->first)
			text_add(out, STR(","));
		text_add(out, STR("{"));
		for (const struct node *clause = item->kind == NODE_MAP ? item->first : NULL; clause;
		     clause = clause->next) {
			if (clause != item->first)
				text_add(out, STR(","));
			text_add_json(out, clause->key);
			text_add(out, STR(":"));
			add_operand(out, clause);
		}
		text_add(out, STR("}"));
	}
	text_add(out, STR("]"));
}

/* --- as it is kept --- */

static struct str
version_or_none(const struct node *map)
{
	struct str version = entity_text(map, "type_version");

	return version.ptr ? version : STR("0.0.0");
}

/* entry_schema, key_schema; a bare text is a type's name. */
static void
keep_schema(struct text *out, const char *key, const struct node *schema)
{
	static const char *const own[] = {"type", "type_version", "constraints", NULL};

	if (node_is_null(schema))
		return;
	entity_add_member(out, key);
	text_add(out, STR("{"));
	add_text_member(out, "type", node_is_scalar(schema) ? schema->text : entity_text(schema, "type"));
	add_text_member(out, "type_version", version_or_none(schema));
	if (schema->kind == NODE_MAP) {
		add_constraints(out, node_get(schema, "constraints"));
		add_other_members(out, schema, own);
	}
	text_add(out, STR("}"));
}

static void
add_required(struct text *out, const struct node *property, bool loose)
{
	const struct node *required = node_get(property, "required");

	entity_add_member(out, "required");
	if (required && required->kind == NODE_BOOL)
		text_add(out, required->boolean ? STR("true") : STR("false"));
	else
		text_add(out, loose ? STR("false") : STR("true"));
}

static void
keep_property(struct text *out, const struct node *property, bool loose)
{
	static const char *const own[] = {"name",        "type",         "type_version", "required",
	                                  "constraints", "entry_schema", "key_schema",   NULL};

	text_add_json(out, property->key);
	text_add(out, STR(":{"));
	add_text_member(out, "name", property->key);
	add_text_member(out, "type", entity_text(property, "type"));
	add_text_member(out, "type_version", version_or_none(property));
	add_required(out, property, loose);
	add_constraints(out, node_get(property, "constraints"));
	keep_schema(out, "entry_schema", node_get(property, "entry_schema"));
	keep_schema(out, "key_schema", node_get(property, "key_schema"));
	if (property->kind == NODE_MAP)
		add_other_members(out, property, own);
	text_add(out, STR("}"));
}

static void
keep_type(struct text *out, const struct tosca_entity *entity, bool loose)
{
	static const char *const own[] = {"constraints", "properties", "name", "version", "metadata", NULL};
	const struct node *constraints = node_get(entity->given, "constraints");
	const struct node *properties = node_get(entity->given, "properties");

	if (constraints && constraints->kind == NODE_LIST)
		add_constraints(out, constraints);
	else if (entity->kind == ENTITY_DATA_TYPE)
		add_node_member(out, "constraints", NULL, "[]");
	entity_add_member(out, "properties");
	text_add(out, STR("{"));
	for (const struct node *property = section_first(properties); property; property = section_next(property)) {
		if (out->ptr && out->ptr[out->len - 1] != '{')
			text_add(out, STR(","));
		keep_property(out, property, loose);
	}
	text_add(out, STR("}"));
	add_node_member(out, "metadata", node_get(entity->given, "metadata"), "{}");
	add_other_members(out, entity->given, own);
}

static void
keep_template(struct text *out, const struct tosca_entity *entity)
{
	static const char *const own[] = {"type", "type_version", "properties", "name", "version", "metadata", NULL};
	static const char *const identity[] = {"policy-id", "policy-version", NULL};
	const struct node *metadata = node_get(entity->given, "metadata");

	add_text_member(out, "type", entity->type.name);
	if (entity->type.version.ptr)
		add_text_member(out, "type_version", entity->type.version);
	add_node_member(out, "properties", node_get(entity->given, "properties"), "{}");
	if (entity->kind == ENTITY_POLICY) {
		entity_add_member(out, "metadata");
		text_add(out, STR("{"));
		if (metadata && metadata->kind == NODE_MAP)
			add_other_members(out, metadata, identity);
		add_text_member(out, "policy-id", entity->id.name);
		add_text_member(out, "policy-version", entity->id.version);
		text_add(out, STR("}"));
	} else {
		add_node_member(out, "metadata", metadata, "{}");
	}
	add_other_members(out, entity->given, own);
}

bool
entity_recall(struct tosca_entity *entity, struct arena *arena)
{
	struct node *root;

	if (json_read(entity->kept, "", &entity_limits, arena, &root, NULL) != 0)
		return false;
	entity->given = root;
	entity->id = (struct concept){entity_text(root, "name"), entity_text(root, "version")};
	entity->type = (struct concept){entity_text(root, "type"), entity_text(root, "type_version")};
	return true;
}

/* --- as it is repeated --- */

static bool
has_entries(const struct node *property)
{
	struct str type = entity_text(property, "type");

	return str_equal_nocase(type, STR("list")) || str_equal_nocase(type, STR("map"));
}

/*
 * texts: operands of constraints as text, for people. For the engine they stay as they are, and a schema of entries that a
 * value cannot have, as some of ONAP's types give it, is left out.
 */
static void
echo_properties(struct text *out, const struct node *properties, bool loose, bool texts)
{
	static const char *const own[] = {"required", "constraints", NULL};
	static const char *const own_scalar[] = {"required", "constraints", "entry_schema", "key_schema", NULL};

	entity_add_member(out, "properties");
	text_add(out, STR("{"));
	for (const struct node *property = section_first(properties); property; property = section_next(property)) {
		if (out->ptr && out->ptr[out->len - 1] != '{')
			text_add(out, STR(","));
		text_add_json(out, property->key);
		text_add(out, STR(":{"));
		if (property->kind == NODE_MAP)
			add_other_members(out, property, texts || has_entries(property) ? own : own_scalar);
		add_required(out, property, loose);
		if (texts)
			add_constraints(out, node_get(property, "constraints"));
		else
			add_node_member(out, "constraints", node_get(property, "constraints"), NULL);
		text_add(out, STR("}"));
	}
	text_add(out, STR("}"));
}

static void
echo_entity(struct text *out, const struct tosca_entity *entity, bool loose, bool texts)
{
	static const char *const type_own[] = {"properties", "name", "version", NULL};
	static const char *const own[] = {"type_version", "name", "version", NULL};
	const struct node *properties = node_get(entity->given, "properties");

	text_add(out, STR("{"));
	add_other_members(out, entity->given, is_type(entity) ? type_own : own);
	if (is_type(entity) && !node_is_null(properties))
		echo_properties(out, properties, loose, texts);
	if (!is_type(entity) && entity->type.version.ptr)
		add_text_member(out, "type_version", entity->type.version);
	if (texts)
		add_text_member(out, "name", entity->id.name);
	add_text_member(out, "version", entity->id.version);
	text_add(out, STR("}"));
}

void
entity_echo(struct text *out, const struct tosca_entity *entity, bool loose)
{
	echo_entity(out, entity, loose, true);
}

int
entity_keep(struct tosca_entity *entity, bool loose, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("{"));
	if (is_type(entity))
		keep_type(&out, entity, loose);
	else
		keep_template(&out, entity);
	add_text_member(&out, "name", entity->id.name);
	add_text_member(&out, "version", entity->id.version);
	text_add(&out, STR("}"));
	entity->kept = text_done(&out);
	text_init(&out, arena);
	echo_entity(&out, entity, loose, false);
	entity->source = text_done(&out);
	return entity->kept.ptr && entity->source.ptr ? 0 : -ERROR_MEMORY;
}
