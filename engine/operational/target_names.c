/* target_names - which entities a policy's `targets` and a trigger's target_filter mean */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#define TARGET_NAMES_MAX 10000

/* Names that grow in the compiler's arena. */
struct target_list {
	struct compiler *c;
	struct str *list;
	size_t count, size;
};

static void
target_list_add(struct target_list *names, struct str name)
{
	if (name.len == 0 || names->count == TARGET_NAMES_MAX)
		return;
	if (names->count == names->size) {
		size_t size = names->size ? 2 * names->size : 8;
		struct str *longer = arena_array(names->c->arena, size, sizeof(*longer));

		if (!longer) {
			opv_no_memory(names->c);
			return;
		}
		for (size_t i = 0; i < names->count; i++)
			longer[i] = names->list[i];
		names->list = longer;
		names->size = size;
	}
	names->list[names->count++] = field_keep(names->c, name);
}

/* Whether a property tells a name by which events call the template's entity: name, id, vnf_name, vserver-id ... */
static bool
target_is_name(struct str property)
{
	return str_is(property, "name") || str_is(property, "id") || str_ends_with(property, STR("_name")) ||
	       str_ends_with(property, STR("_id")) || str_ends_with(property, STR("-name")) ||
	       str_ends_with(property, STR("-id"));
}

/* An entity goes by its template's name, and by what its properties call it. */
static void
target_list_add_template(struct target_list *names, const struct node *template)
{
	const struct node *properties = node_get(template, "properties");

	target_list_add(names, template->key);
	for (const struct node *one = properties && properties->kind == NODE_MAP ? properties->first : NULL; one;
	     one = one->next)
		if (target_is_name(one->key) && one->kind == NODE_TEXT)
			target_list_add(names, one->text);
}

/* A template, or the members of a group. False when the document has neither. */
static bool
target_list_add_named(struct target_list *names, const struct node *topology, struct str name)
{
	const struct node *templates = node_get(topology, "node_templates");
	const struct node *template = name.ptr ? node_get_str(templates, name) : NULL;
	const struct node *group = name.ptr ? node_get_str(node_get(topology, "groups"), name) : NULL;
	const struct node *members = node_get(group, "members");

	if (template)
		target_list_add_template(names, template);
	for (const struct node *item = members && members->kind == NODE_LIST ? members->first : NULL; item;
	     item = item->next) {
		const struct node *member = node_get_str(templates, field_text(item));

		if (member)
			target_list_add_template(names, member);
		else
			target_list_add(names, field_text(item));
	}
	return template || group;
}

static const struct node *
target_root(const struct compiler *c)
{
	const struct node *root = c->body;

	while (root->parent)
		root = root->parent;
	return root;
}

void
target_names_read(struct compiler *c, const struct node *targets)
{
	const struct node *topology = node_get(target_root(c), "topology_template");
	struct target_list names = {.c = c};

	for (const struct node *item = targets->first; item; item = item->next)
		(void)target_list_add_named(&names, topology, field_text(item)); /* what is not there was told */
	c->ret->targets = (struct target_names){names.list, names.count};
}

int
target_type_named(struct str node)
{
	for (int i = 0; i < TARGET_COUNT; i++) {
		struct str name = str_from(target_type_name[i]);

		if (str_equal(node, name) ||
		    (node.len > name.len && str_ends_with(node, name) && node.ptr[node.len - name.len - 1] == '.'))
			return i;
	}
	return -1;
}

/* Templates of a node type, or of one that derives from it by the document's own declarations. */
static void
target_list_add_type(struct target_list *names, const struct node *root, struct str wanted)
{
	const struct node *list = node_get(node_get(root, "topology_template"), "node_templates");
	const struct node *types = node_get(root, "node_types");

	for (const struct node *template = list && list->kind == NODE_MAP ? list->first : NULL; template;
	     template = template->next) {
		struct str type = field_text(node_get(template, "type"));

		for (int level = 0; level < TYPE_DEPTH_MAX && type.ptr; level++) {
			if (str_equal(type, wanted)) {
				target_list_add_template(names, template);
				break;
			}
			type = field_text(node_get(node_get_str(types, type), "derived_from"));
		}
	}
}

void
gate_node(struct compiler *c, const struct node *trigger, struct gate *gate)
{
	const struct node *node = node_get(node_get(trigger, "target_filter"), "node"), *root = target_root(c);
	struct target_list names = {.c = c};
	int type = target_type_named(field_text(node));

	if (field_empty(node))
		return;
	if (type >= 0) {
		gate->target_types = 1u << type;
		return;
	}
	if (!target_list_add_named(&names, node_get(root, "topology_template"), field_text(node)))
		target_list_add_type(&names, root, field_text(node));
	if (names.count == 0)
		opv_report(c, OPV_36, node, opv_path(c, trigger->key, "target_filter"),
		           "target_filter.node is wrong: expected VM, VNF, VNFC, VFMODULE, PNF, or a node template, "
		           "group or node type "
		           "of this document that has templates, got '%.*s'",
		           STR_ARG(field_text(node)));
	gate->nodes = (struct target_names){names.list, names.count};
}
