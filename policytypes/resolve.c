/* resolve - from declarations to types: copies, parents, properties, defaults */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue_priv.h"
#include "policytypes/check_priv.h"
#include "policytypes/section.h"

/* Keys that TOSCA allows in a type, and those that policy models add. */
static const char *const type_keys[] = {"derived_from",
                                        "derived_from_version",
                                        "version",
                                        "type_version",
                                        "name",
                                        "description",
                                        "metadata",
                                        "properties",
                                        "constraints",
                                        "tags",
                                        "id",
                                        "status",
                                        "capabilities",
                                        "attributes",
                                        "requirements",
                                        "interfaces",
                                        "artifacts",
                                        "targets",
                                        "triggers",
                                        "members",
                                        "mime_type",
                                        "file_ext",
                                        "entry_schema",
                                        "key_schema",
                                        "external_schema",
                                        "external-schema",
                                        "valid_source_types",
                                        NULL};

static bool
resolve_same_tree(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->count != b->count || !str_equal(a->key, b->key) || !str_equal(a->text, b->text))
		return false;
	b = b->first;
	for (const struct node *child = a->first; child; child = child->next, b = b->next) {
		if (!resolve_same_tree(child, b))
			return false;
	}
	return true;
}

/* A type that the base has is the base's; a type that stands here twice must be the same both times. */
static void
drop_copies(struct catalogue *catalogue, struct diags *diags)
{
	for (struct declared *d = catalogue->first; d; d = d->after) {
		struct type *type = &d->type;
		const struct type *of_base =
			catalogue->base ? catalogue_find(catalogue->base, type->kind, type->name, type->version) : NULL;

		if (of_base) {
			d->failed = true;
			d->copy_of = copy_find(catalogue, d, diags);
			if (!d->copy_of)
				continue;
			diags_add(diags, SEVERITY_INFO, NULL, type->node,
			          "the %s '%.*s' %.*s is built in; this declaration of it is not used",
			          type_kind_name(type->kind), STR_ARG(type->name), STR_ARG(type->version));
		} else if (d->twice) {
			d->failed = true;
			if (!resolve_same_tree(type->node, d->twice->type.node))
				diags_error_key(diags, type->node,
				                "the %s '%.*s' %.*s is declared differently at %s:%u",
				                type_kind_name(type->kind), STR_ARG(type->name), STR_ARG(type->version),
				                node_file(d->twice->type.node), d->twice->type.node->key_line);
		}
	}
	catalogue_keep_good(catalogue);
}

/* Whether derived_from is one of TOSCA's own value types; type_define_value reads it again. */
static bool
is_value_type(const struct declared *declared, struct str name)
{
	enum value_kind kind;

	return declared->type.kind == TYPE_DATA && value_kind_find(name, true, &kind);
}

/* Finds the parent. TOSCA's own types that we do not declare have no properties that matter, and are no parents. */
static void
link_parent(const struct catalogue *catalogue, struct declared *declared, struct diags *diags)
{
	struct type *type = &declared->type;
	const struct node *where = node_get(type->node, "derived_from");
	struct reference reference = {.kinds = &type->kind, .kind_count = 1, .where = where, .root = declared->root};
	struct declared *own;

	if (type->node->kind == NODE_MAP &&
	    !section_check_keys(type->node, type_keys, type_kind_name(type->kind), SEVERITY_ERROR, diags))
		declared->failed = true;
	reference.name = section_text(type->node, "derived_from", diags);
	reference.version = section_text(type->node, "derived_from_version", diags);
	if (!reference.name.ptr || is_value_type(declared, reference.name))
		return;
	if (str_starts_with(reference.name, STR("tosca.")) &&
	    !catalogue_find(catalogue, type->kind, reference.name, STR_NONE))
		return;
	type->parent = reference_find(catalogue, &reference, diags);
	if (!type->parent) {
		declared->failed = true;
		return;
	}
	own = catalogue_find_own(catalogue, type->kind, type->parent->name, type->parent->version);
	if (own && &own->type == type->parent)
		declared->above = own;
}

/* A type among its own ancestors: one finding a circle, at its first type. Larger circles are too deep anyhow. */
static void
resolve_find_circle(struct declared *declared, struct diags *diags)
{
	struct declared *above = declared->above;
	bool first = true;

	for (size_t i = 0; i < TYPE_DEPTH_MAX && above && above != declared; i++) {
		first = first && declared->order < above->order;
		above = above->above;
	}
	if (above != declared)
		return;
	declared->failed = true;
	if (first)
		diags_error(diags, node_get(declared->type.node, "derived_from"), "the %s '%.*s' derives from itself",
		            type_kind_name(declared->type.kind), STR_ARG(declared->type.name));
}

static void
measure_depth(struct declared *declared, struct diags *diags)
{
	const struct declared *above = declared;
	const struct type *type = &declared->type;

	while (!declared->failed && declared->depth <= TYPE_DEPTH_MAX && type->parent) {
		above = above ? above->above : NULL;
		declared->failed = above && above->failed;
		type = type->parent;
		declared->depth++;
	}
	if (declared->depth <= TYPE_DEPTH_MAX)
		return;
	declared->failed = true;
	diags_error(diags, declared->type.node, "the %s '%.*s' has more than %d ancestors",
	            type_kind_name(declared->type.kind), STR_ARG(declared->type.name), TYPE_DEPTH_MAX);
}

bool
type_define_value(struct type *type, struct arena *arena, struct diags *diags)
{
	const struct node *constraints = node_get(type->node, "constraints");
	struct str name = section_text(type->node, "derived_from", diags);
	const struct schema *inherited = type->parent ? type->parent->value : NULL;
	enum value_kind kind = VALUE_ANY;
	bool own = type->kind == TYPE_DATA && !type->parent && value_kind_find(name, true, &kind);
	struct schema *value;

	if (!inherited && !own) {
		if (node_is_null(constraints) || constraints->count == 0)
			return true;
		diags_error_key(diags, constraints, "constraints are for a type that derives from one of TOSCA's own");
		return false;
	}
	value = arena_alloc(arena, sizeof(*value));
	if (!value) {
		diags_error(diags, type->node, "out of memory");
		return false;
	}
	if (inherited)
		*value = *inherited;
	else
		*value = (struct schema){.kind = kind, .type_name = str_from(value_kind_name(kind))};
	type->value = value;
	return constraints_read(constraints, value, arena, diags);
}

/* Calls step for each type that has no errors so far, parents before children; a child of a failed type fails. */
static void
each_downwards(struct catalogue *catalogue, struct diags *diags,
               bool (*step)(struct catalogue *catalogue, struct type *type, struct diags *diags))
{
	for (uint32_t depth = 0; depth <= TYPE_DEPTH_MAX; depth++) {
		for (struct declared *d = catalogue->first; d; d = d->after) {
			if (d->failed || d->depth != depth)
				continue;
			d->failed = (d->above && d->above->failed) || !step(catalogue, &d->type, diags);
		}
	}
}

static bool
step_value(struct catalogue *catalogue, struct type *type, struct diags *diags)
{
	return type_define_value(type, catalogue->arena, diags);
}

static bool
step_properties(struct catalogue *catalogue, struct type *type, struct diags *diags)
{
	type_pair(catalogue, type);
	return type_define(catalogue, type, diags);
}

static bool
step_defaults(struct catalogue *catalogue, struct type *type, struct diags *diags)
{
	struct check check = {.diags = diags};
	bool good = true;

	(void)catalogue; /* every step is given it */
	for (size_t i = 0; i < type->property_count; i++) {
		const struct property *property = &type->properties[i];

		if (property->declared_by != type || !property->fallback)
			continue;
		check.fallback = property->fallback;
		check.fallback_of = property->name;
		good = check_value(&check, &property->schema, property->fallback) && good;
	}
	check_done(&check);
	return good;
}

void
catalogue_resolve(struct catalogue *catalogue, struct diags *diags)
{
	if (!catalogue_sort(catalogue)) {
		diags_error(diags, NULL, "out of memory");
		return;
	}
	drop_copies(catalogue, diags);
	for (struct declared *d = catalogue->first; d; d = d->after)
		link_parent(catalogue, d, diags);
	for (struct declared *d = catalogue->first; d; d = d->after)
		resolve_find_circle(d, diags);
	for (struct declared *d = catalogue->first; d; d = d->after)
		measure_depth(d, diags);
	each_downwards(catalogue, diags, step_value);
	each_downwards(catalogue, diags, step_properties);
	each_downwards(catalogue, diags, step_defaults);
	catalogue_keep_good(catalogue);
	catalogue->resolved = true;
}
