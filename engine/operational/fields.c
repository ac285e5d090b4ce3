/* fields - reads the values that every form of operational policy has */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/time.h"

bool
field_empty(const struct node *node)
{
	return node_is_null(node) || (node_is_scalar(node) ? str_trim(node->text).len == 0 : node->count == 0);
}

struct str
field_text(const struct node *node)
{
	return node_is_scalar(node) && !field_empty(node) ? node->text : STR_NONE;
}

struct str
field_keep(struct compiler *c, struct str text)
{
	struct str copy = arena_str(c->arena, text);

	if (text.ptr && !copy.ptr)
		opv_no_memory(c);
	return copy;
}

int32_t
field_seconds(struct compiler *c, enum opv rule, const struct node *node, const struct node *owner, const char *path,
              bool units)
{
	int64_t seconds = 0, ms;

	if (node_is_null(node)) {
		opv_report(c, rule, node ? node : owner, path, "a timeout in seconds is missing");
		return 0;
	}
	if (node->kind == NODE_INT) {
		seconds = node->integer;
	} else if (!units || !node_is_scalar(node) || time_parse_scalar_unit(node->text, &ms) < 0 || ms % 1000 != 0) {
		opv_report(c, rule, node, path, "must be whole seconds%s",
		           units ? ", as in 120 or 120 s" : ", an integer");
		return 0;
	} else {
		seconds = ms / 1000;
	}
	if (seconds < 1 || seconds > SECONDS_MAX) {
		opv_report(c, rule, node, path, "must be from 1 to %d seconds", SECONDS_MAX);
		return 0;
	}
	return (int32_t)seconds;
}

int32_t
field_retries(struct compiler *c, const struct node *node, const char *path)
{
	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_INT || node->integer < 0 || node->integer > INT32_MAX) {
		opv_report(c, OPV_17, node, path, "retries must be an integer of at least 0");
		return 0;
	}
	return (int32_t)node->integer;
}

/* `owner` is the target that holds the type, or what should hold the target. */
enum target_type
field_target(struct compiler *c, const struct node *node, const struct node *owner, struct str operation, bool vnfc)
{
	struct str name = field_text(node);
	int type;

	if (!name.ptr) {
		opv_report(c, OPV_14, node ? node : owner, opv_path(c, operation, "target"),
		           "a target type is missing");
		return TARGET_VM;
	}
	type = target_type_find(name);
	if (str_equal_nocase(name, STR("VFC"))) {
		opv_report_as(c, OPV_15, SEVERITY_WARNING, node, opv_path(c, operation, "targetType"),
		              "target type VFC is an old name and taken as VFMODULE");
		return TARGET_VFMODULE;
	}
	if (type == TARGET_VNFC && !vnfc) {
		opv_report_as(c, OPV_15, SEVERITY_WARNING, node, opv_path(c, operation, "targetType"),
		              "target type VNFC is taken as VM");
		return TARGET_VM;
	}
	if (type < 0) {
		opv_report(c, OPV_15, node, opv_path(c, operation, "targetType"),
		           "'%.*s' is not a target type: VNF, VM, VFMODULE or PNF", STR_ARG(name));
		return TARGET_VM;
	}
	return (enum target_type)type;
}

/* A tree as jansson has it: a new reference, NULL when out of memory. */
static json_t *
json_from_node(const struct node *node)
{
	json_t *json;

	switch (node->kind) {
	case NODE_NULL:
		return json_null();
	case NODE_BOOL:
		return json_boolean(node->boolean);
	case NODE_INT:
		return json_integer(node->integer);
	case NODE_FLOAT:
		json = json_real(node->real);
		return json ? json : json_stringn(node->text.ptr, node->text.len); /* .inf and .nan are no JSON */
	case NODE_TEXT:
		return json_stringn(node->text.ptr, node->text.len);
	case NODE_LIST:
		json = json_array();
		for (const struct node *item = node->first; json && item; item = item->next) {
			if (json_array_append_new(json, json_from_node(item)) < 0) {
				json_decref(json);
				return NULL;
			}
		}
		return json;
	case NODE_MAP:
		json = json_object();
		for (const struct node *item = node->first; json && item; item = item->next) {
			if (json_object_setn_new(json, item->key.ptr, item->key.len, json_from_node(item)) < 0) {
				json_decref(json);
				return NULL;
			}
		}
		return json;
	}
	return NULL;
}

struct str
node_json(const struct node *node, struct arena *arena)
{
	json_t *json = json_from_node(node);
	char *text = json ? json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	struct str copy = arena_str(arena, str_from(text));

	free(text);
	json_decref(json);
	return copy;
}

/* One value of a map that should be text. False when it cannot be taken. */
static bool
fields_entry_read(struct compiler *c, struct entry *entry, const struct node *value, struct str operation,
                  const char *field, bool any)
{
	char path[ERROR_PATH_SIZE];

	entry->key = field_keep(c, value->key);
	(void)snprintf(path, sizeof(path), "%s.%.*s", field, STR_ARG(value->key));
	if (value->kind == NODE_TEXT) {
		entry->value = field_keep(c, value->text);
	} else if (any) {
		entry->json = true;
		entry->value = node_json(value, c->arena);
		if (!entry->value.ptr)
			opv_no_memory(c);
	} else if (node_is_scalar(value) && !node_is_null(value)) {
		entry->value = field_keep(c, value->text);
		opv_report(c, OPV_31, value, opv_path(c, operation, path), "%s %.*s is taken as text: put it in quotes",
		           node_kind_name(value), STR_ARG(value->text));
	} else {
		opv_report_as(c, OPV_31, SEVERITY_ERROR, value, opv_path(c, operation, path), "must be text, not %s",
		              node_kind_phrase(value));
		return false;
	}
	return true;
}

struct entries
field_entries(struct compiler *c, const struct node *map, struct str operation, const char *field, bool any)
{
	struct entries entries = {0};
	struct entry *list;

	if (node_is_null(map))
		return entries;
	if (map->kind != NODE_MAP) {
		opv_report_as(c, OPV_31, SEVERITY_ERROR, map, opv_path(c, operation, field), "must be a map, not %s",
		              node_kind_phrase(map));
		return entries;
	}
	list = arena_array(c->arena, map->count, sizeof(*list));
	if (!list) {
		opv_no_memory(c);
		return entries;
	}
	for (const struct node *value = map->first; value; value = value->next) {
		if (fields_entry_read(c, &list[entries.count], value, operation, field, any))
			entries.count++;
	}
	entries.list = list;
	return entries;
}

void
field_unknown(struct compiler *c, const struct node *map, const char *const known[], const char *prefix)
{
	if (!map || map->kind != NODE_MAP)
		return;
	for (const struct node *child = map->first; child; child = child->next) {
		const char *const *name = known;

		while (*name && !str_is(child->key, *name))
			name++;
		if (*name)
			continue;
		opv_report(c, OPV_32, child,
		           prefix ? arena_printf(c->arena, "%s.%.*s", prefix, STR_ARG(child->key))
		                  : opv_path(c, child->key, NULL),
		           "key '%.*s' means nothing here and is not used", STR_ARG(child->key));
	}
}
