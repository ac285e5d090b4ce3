/* registry - the actors, what each can do, to what, and what it needs for it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/registry.h"

#include "base/document.h"
#include "guards/guard.h"
#include "policytypes/builtin.h"

#define BUILTIN_NAME "actor-registry.yaml"
#define ACTOR_TYPE "onap.nodetype.controlloop.Actor"
#define DERIVED_MAX 16 /* levels of derived_from followed in a document */

struct registry {
	struct arena *arena;
	struct actor *first, *last;
	bool complete; /* the built-in actors are in */
	bool out_of_memory;
};

const char *const target_type_name[TARGET_COUNT] = {
#define X(name) [TARGET_##name] = #name,
	TARGET_TYPES(X)
#undef X
};

int
target_type_find(struct str name)
{
	for (int i = 0; i < TARGET_COUNT; i++) {
		if (str_equal_nocase(name, str_from(target_type_name[i])))
			return i;
	}
	return -1;
}

static struct str
registry_keep(struct registry *registry, struct str text)
{
	struct str copy = arena_str(registry->arena, text);

	if (text.ptr && !copy.ptr)
		registry->out_of_memory = true;
	return copy;
}

static struct str
registry_scalar_text(const struct node *node)
{
	return node_is_scalar(node) && !node_is_null(node) ? node->text : STR_NONE;
}

/* A list of texts, or one text alone. */
static struct names
names_read(struct registry *registry, const struct node *node, struct diags *diags)
{
	struct names names = {0};
	struct str *list;

	if (node_is_null(node))
		return names;
	if (node_is_scalar(node)) {
		list = arena_array(registry->arena, 1, sizeof(*list));
		if (list)
			*list = registry_keep(registry, node->text);
		names.count = list ? 1 : 0;
	} else if (node->kind == NODE_LIST) {
		list = arena_array(registry->arena, node->count, sizeof(*list));
		for (const struct node *item = node->first; list && item; item = item->next) {
			if (registry_scalar_text(item).ptr)
				list[names.count++] = registry_keep(registry, item->text);
			else
				diags_error(diags, item, "must be text, not %s", node_kind_phrase(item));
		}
	} else {
		diags_error(diags, node, "must be a list of texts, not %s", node_kind_phrase(node));
		return names;
	}
	names.list = list;
	if (!list)
		registry->out_of_memory = true;
	return names;
}

static unsigned
targets_read(struct registry *registry, const struct node *node, struct diags *diags)
{
	struct names names = names_read(registry, node, diags);
	unsigned bits = 0;

	for (size_t i = 0; i < names.count; i++) {
		int type = target_type_find(names.list[i]);

		if (type < 0)
			diags_error(diags, node, "'%.*s' is not a target type: VNF, VM, VFMODULE, PNF or VNFC",
			            STR_ARG(names.list[i]));
		else
			bits |= 1u << type;
	}
	return bits;
}

/* The properties of a capability, as its comment in types/actor-registry.yaml lists them; also seed 003's `targettype`.
 */
static void
capability_read(struct registry *registry, struct capability *capability, const struct node *properties,
                struct diags *diags)
{
	const struct node *node;

	if (!properties || properties->kind != NODE_MAP)
		return;
	capability->targets = targets_read(registry, node_get(properties, "targets"), diags);
	node = node_get(properties, "targettype");
	if (node)
		capability->targets |=
			targets_read(registry, node->kind == NODE_MAP ? node_get(node, "target") : node, diags);
	capability->entity_ids = names_read(registry, node_get(properties, "entity_ids"), diags);
	capability->entity_ids_if_any = names_read(registry, node_get(properties, "entity_ids_if_any"), diags);
	capability->payload = names_read(registry, node_get(properties, "payload"), diags);
	capability->payload_json = names_read(registry, node_get(properties, "payload_json"), diags);
	node = node_get(properties, "payload_all_json");
	capability->payload_all_json = node && node->kind == NODE_BOOL && node->boolean;
	node = node_get(properties, "other_targets_warn");
	capability->other_targets_warn = node && node->kind == NODE_BOOL && node->boolean;
	node = node_get(properties, "vf_change");
	if (node && (node->kind != NODE_INT || node->integer < -1 || node->integer > 1))
		diags_error(diags, node, "must be -1, 0 or 1");
	else if (node)
		capability->vf_change = (int8_t)node->integer;
}

/* Puts a capability into the actor, in place of one of the same operation. */
static void
capability_add(struct registry *registry, struct actor *actor, struct str operation, const struct node *properties,
               struct diags *diags)
{
	struct capability *capability = arena_alloc(registry->arena, sizeof(*capability));
	struct capability **at = &actor->capabilities;

	if (!capability) {
		registry->out_of_memory = true;
		return;
	}
	capability->operation = registry_keep(registry, operation_canonical(operation));
	capability->own = registry->complete;
	capability_read(registry, capability, properties, diags);
	while (*at && !str_equal((*at)->operation, capability->operation))
		at = &(*at)->next;
	if (*at)
		capability->next = (*at)->next;
	*at = capability;
}

/* Operations stand in `capabilities`: of the template a map by name, of its properties a list of {id, ...}. */
static void
capabilities_add(struct registry *registry, struct actor *actor, const struct node *list, struct diags *diags)
{
	if (node_is_null(list))
		return;
	if (list->kind != NODE_MAP && list->kind != NODE_LIST) {
		diags_error(diags, list, "must be a map or list of operations, not %s", node_kind_phrase(list));
		return;
	}
	for (const struct node *item = list->first; item; item = item->next) {
		const struct node *id = node_get(item, "id");

		if (list->kind == NODE_MAP)
			capability_add(registry, actor, item->key, node_get(item, "properties"), diags);
		else if (registry_scalar_text(item).ptr)
			capability_add(registry, actor, item->text, NULL, diags);
		else if (registry_scalar_text(id).ptr)
			capability_add(registry, actor, id->text, item, diags);
		else
			diags_error(diags, item, "an operation of an actor must have an id");
	}
}

static void
actor_add(struct registry *registry, const struct node *template, struct diags *diags)
{
	const struct node *properties = node_get(template, "properties");
	const struct node *id = node_get(properties, "id");
	const struct node *description = node_get(properties, "description");
	struct actor *actor;

	if (!id)
		id = node_get(template, "id"); /* as seed 003 writes it */
	if (!description)
		description = node_get(template, "description");
	if (str_trim(registry_scalar_text(id)).len == 0) {
		diags_error(diags, id ? id : template, "an actor must have an id");
		return;
	}
	actor = registry->first;
	while (actor && !str_equal(actor->id, id->text))
		actor = actor->next;
	if (!actor) {
		actor = arena_alloc(registry->arena, sizeof(*actor));
		if (!actor) {
			registry->out_of_memory = true;
			return;
		}
		actor->id = registry_keep(registry, id->text);
		if (registry->last)
			registry->last->next = actor;
		else
			registry->first = actor;
		registry->last = actor;
	}
	if (registry_scalar_text(description).ptr && !actor->description.ptr)
		actor->description = registry_keep(registry, description->text);
	capabilities_add(registry, actor, node_get(template, "capabilities"), diags);
	capabilities_add(registry, actor, node_get(properties, "capabilities"), diags);
}

/* True when `type` is the actor's node type, or derives from it by the document's own node_types. */
static bool
is_actor_type(const struct node *root, struct str type)
{
	for (int level = 0; level < DERIVED_MAX && type.ptr; level++) {
		if (str_is(type, ACTOR_TYPE))
			return true;
		type = registry_scalar_text(node_get(node_get_str(node_get(root, "node_types"), type), "derived_from"));
	}
	return false;
}

void
registry_add(struct registry *registry, const struct node *root, struct diags *diags)
{
	const struct node *templates = node_get(node_get(root, "topology_template"), "node_templates");
	size_t before = diags->count[SEVERITY_ERROR];

	if (!templates || templates->kind != NODE_MAP)
		return;
	for (const struct node *template = templates->first; template; template = template->next) {
		if (is_actor_type(root, registry_scalar_text(node_get(template, "type"))))
			actor_add(registry, template, diags);
	}
	if (registry->out_of_memory && diags->count[SEVERITY_ERROR] == before)
		diags_error(diags, templates, "no memory for the actors");
}

/* The built-in actors as text; absent would be our own mistake. */
static struct str
builtin_text(void)
{
	for (size_t i = 0; i < policytypes_builtin_count; i++) {
		if (strcmp(policytypes_builtin[i].name, BUILTIN_NAME) == 0)
			return (struct str){policytypes_builtin[i].text, policytypes_builtin[i].len};
	}
	return STR_NONE;
}

struct registry *
registry_new(struct arena *arena, struct diags *diags)
{
	struct registry *registry = arena_alloc(arena, sizeof(*registry));
	struct arena scratch;
	struct error err = {0};
	struct node *root;

	if (!registry)
		return NULL;
	registry->arena = arena;
	arena_init(&scratch, 0);
	if (yaml_read(builtin_text(), BUILTIN_NAME, &document_limits_default, &scratch, &root, &err) < 0)
		diags_add_error(diags, BUILTIN_NAME, &err);
	else
		registry_add(registry, root, diags);
	arena_free(&scratch);
	for (struct actor *actor = registry->first; actor; actor = actor->next)
		actor->builtin = true;
	registry->complete = true;
	return err.code != ERROR_NONE || registry->out_of_memory ? NULL : registry;
}

static struct capability *
capabilities_copy(const struct capability *from, struct arena *arena, bool *ret_good)
{
	struct capability *first = NULL, **tail = &first;

	for (; from; from = from->next) {
		struct capability *copy = arena_alloc(arena, sizeof(*copy));

		if (!copy) {
			*ret_good = false;
			return first;
		}
		*copy = *from;
		copy->next = NULL;
		*tail = copy;
		tail = &copy->next;
	}
	return first;
}

struct registry *
registry_copy(const struct registry *base, struct arena *arena)
{
	struct registry *registry = arena_alloc(arena, sizeof(*registry));
	bool good = registry != NULL;

	if (!good)
		return NULL;
	*registry = (struct registry){.arena = arena, .complete = true};
	for (const struct actor *from = base->first; from && good; from = from->next) {
		struct actor *copy = arena_alloc(arena, sizeof(*copy));

		if (!copy)
			return NULL;
		*copy = *from;
		copy->next = NULL;
		copy->capabilities = capabilities_copy(from->capabilities, arena, &good);
		if (registry->last)
			registry->last->next = copy;
		else
			registry->first = copy;
		registry->last = copy;
	}
	return good ? registry : NULL;
}

const struct actor *
registry_first(const struct registry *registry)
{
	return registry->first;
}

const struct actor *
registry_actor(const struct registry *registry, struct str id)
{
	const struct actor *actor = registry->first;

	while (actor && !str_equal(actor->id, id))
		actor = actor->next;
	return actor;
}

const struct capability *
actor_capability(const struct actor *actor, struct str operation)
{
	const struct capability *any = NULL;

	for (const struct capability *at = actor->capabilities; at; at = at->next) {
		if (str_equal(at->operation, operation))
			return at;
		if (str_is(at->operation, ".*"))
			any = at;
	}
	return any;
}

const struct actor *
registry_actor_of(const struct registry *registry, struct str operation)
{
	const struct actor *found = NULL;

	for (const struct actor *actor = registry->first; actor; actor = actor->next) {
		const struct capability *capability = actor_capability(actor, operation);

		if (!capability || !str_equal(capability->operation, operation))
			continue;
		if (found)
			return NULL;
		found = actor;
	}
	return found;
}
