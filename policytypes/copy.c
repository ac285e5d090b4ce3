/* copy - a document's declaration of a built-in type: which generation it repeats, or how it differs from both */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "policytypes/catalogue_priv.h"
#include "policytypes/section.h"

/* The first draft's base type has a name that today's empty one took. */
#define GUARD_ROOT "onap.policies.controlloop.Guard"
#define GUARD_FIRST "onap.policies.controlloop.guard.Common"
#define GUARD_FIRST_VERSION "2.0.0"

/*
 * Metadata of a property of a built-in type, where the first draft had it otherwise: "required", and it may be left out all
 * the same; "absent"; or the name of its type.
 */
#define FIRST_DRAFT "first_draft"

/* Likewise: the valid_values that ONAP's declaration has, with blanks between; the built-in type takes more. */
#define NARROWER "narrower"

/* How a declaration differs from one built-in type. */
struct copy_difference {
	const struct node *where;
	char text[256]; /* empty: not at all */
};

static void
differ(struct copy_difference *difference, const struct node *where, const char *what, struct str name,
       const char *detail)
{
	if (difference->text[0])
		return;
	difference->where = where;
	(void)snprintf(difference->text, sizeof(difference->text), "%s '%.*s'%s", what,
	               name.len > 100 ? 100 : (int)name.len, name.ptr, detail); /* a longer one is cut */
}

/* Names of types: letter case does not count, nor does the colon in one that the first draft misspelt. */
static bool
same_type_name(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		char x = a.ptr[i] == ':' ? '.' : a.ptr[i], y = b.ptr[i] == ':' ? '.' : b.ptr[i];

		if (x != y && !str_equal_nocase((struct str){&x, 1}, (struct str){&y, 1}))
			return false;
	}
	return true;
}

/* `type`, else that of `entry_schema`: whichever stands for the value. */
static struct str
type_text(const struct node *definition, const char *key)
{
	const struct node *node = node_get(definition, key);

	if (node && node->kind == NODE_MAP)
		node = node_get(node, "type");
	return node && node_is_scalar(node) && node->kind != NODE_NULL ? node->text : STR_NONE;
}

static bool
truth_under(const struct node *map, const char *key, bool otherwise)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_BOOL ? node->boolean : otherwise;
}

static struct str
first_draft(const struct node *own)
{
	return type_text(node_get(own, "metadata"), FIRST_DRAFT);
}

static bool
copy_same_value(const struct node *a, const struct node *b)
{
	if (!a || !b || a->count != b->count || !str_equal(a->text, b->text))
		return false;
	b = b->first;
	for (const struct node *child = a->first; child; child = child->next, b = b->next)
		if (!copy_same_value(child, b) || (child->key.ptr && !str_equal(child->key, b->key)))
			return false;
	return true;
}

/* One clause of the constraints, given as a map or in a list of maps. "0" and "0 s" are the same bound. */
static bool
has_clause(const struct node *constraints, const struct node *clause)
{
	for (const struct node *entry = constraints ? constraints->first : NULL; entry; entry = entry->next) {
		const struct node *own = constraints->kind == NODE_LIST ? entry->first : entry;

		if (own && str_equal(own->key, clause->key) && copy_same_value(own, clause))
			return true;
	}
	return false;
}

/* The list of valid_values is the one that ONAP's declaration has where the built-in type takes more. */
static bool
is_narrower(const struct node *own, const struct node *clause)
{
	struct str left = type_text(node_get(own, "metadata"), NARROWER);

	if (!left.ptr || !str_is(clause->key, "valid_values") || clause->kind != NODE_LIST)
		return false;
	for (const struct node *value = clause->first; value; value = value->next) {
		if (!str_starts_with(left, value->text))
			return false;
		left = (struct str){left.ptr + value->text.len, left.len - value->text.len};
		if (value->next && !(left.len && left.ptr[0] == ' '))
			return false;
		left = (struct str){left.ptr + (value->next ? 1 : 0), left.len - (value->next ? 1 : 0)};
	}
	return left.len == 0;
}

/* Each clause of the copy holds here too: a bound that is not would be lost in silence. */
static void
copy_compare_constraints(struct copy_difference *difference, const struct node *copy, const struct node *own)
{
	const struct node *constraints = node_get(copy, "constraints");

	for (const struct node *entry = constraints ? constraints->first : NULL; entry; entry = entry->next) {
		const struct node *clause = constraints->kind == NODE_LIST ? entry->first : entry;

		if (clause && !has_clause(node_get(own, "constraints"), clause) && !is_narrower(own, clause))
			differ(difference, clause, "property", copy->key,
			       " has a constraint that the built-in type does not have");
	}
}

static void
compare_property(struct copy_difference *difference, const struct node *copy, const struct property *property)
{
	const struct node *own = property->node, *fallback = node_get(copy, "default");
	struct str drafted = first_draft(own), type = type_text(copy, "type");

	if ((!same_type_name(type, type_text(own, "type")) && !(type.ptr && same_type_name(type, drafted))) ||
	    !same_type_name(type_text(copy, "entry_schema"), type_text(own, "entry_schema")))
		differ(difference, copy, "property", copy->key, " has another type");
	if (truth_under(copy, "required", true) && !property->required && !str_is(drafted, "required"))
		differ(difference, copy, "property", copy->key, " is required, and optional in the built-in type");
	if (!node_is_null(fallback) && (!property->fallback || !copy_same_value(fallback, property->fallback)))
		differ(difference, fallback, "property", copy->key, " has another default");
	copy_compare_constraints(difference, copy, own);
}

static void
compare_types(struct copy_difference *difference, const struct type *declared, const struct type *builtin)
{
	const struct node *properties = node_get(declared->node, "properties");

	*difference = (struct copy_difference){.where = declared->node};
	for (const struct node *copy = properties ? properties->first : NULL; copy; copy = copy->next) {
		const struct property *property = type_property(builtin, copy->key);

		if (property)
			compare_property(difference, copy, property);
		else
			differ(difference, copy, "property", copy->key, " is not one of the built-in type's");
	}
	for (size_t i = 0; i < builtin->property_count; i++) {
		const struct property *property = &builtin->properties[i];

		if (property->declared_by == builtin && !node_get_str(properties, property->name) &&
		    !str_is(first_draft(property->node), "absent"))
			differ(difference, declared->node, "property", property->name, " is missing");
	}
}

struct copy_search {
	const struct type *declared, *found;
	const struct type *parent;      /* what the document means by its parent; NULL: it does not say */
	struct copy_difference nearest; /* from the version that it gives */
};

static int
try_builtin(void *context, const struct type *builtin)
{
	struct copy_search *search = context;
	const struct type *declared = search->declared;
	bool named = str_equal(builtin->name, declared->name);
	struct copy_difference difference;

	if (builtin->kind != declared->kind ||
	    (!named && !(str_is(declared->name, GUARD_ROOT) && str_is(builtin->name, GUARD_FIRST) &&
	                 str_is(builtin->version, GUARD_FIRST_VERSION))))
		return 0;
	compare_types(&difference, declared, builtin);
	if (!difference.text[0]) {
		/* Of two that say the same the one that derives from what the document derives it from. */
		bool right = !search->parent || builtin->parent == search->parent;

		if (!search->found || right)
			search->found = builtin;
		return right && str_equal(builtin->version, declared->version);
	}
	if (!search->nearest.where || (named && str_equal(builtin->version, declared->version)))
		search->nearest = difference;
	return 0;
}

static const struct type *copy_search(const struct catalogue *catalogue, const struct declared *declared,
                                      unsigned depth, struct copy_search *search);

/* The type that the document's own declaration of the parent repeats; NULL when it has none. */
static const struct type *
parent_meant(const struct catalogue *catalogue, const struct declared *declared, unsigned depth)
{
	struct str name = type_text(declared->type.node, "derived_from");
	struct copy_search search;

	for (const struct declared *d = name.ptr && depth < TYPE_DEPTH_MAX ? catalogue->first : NULL; d; d = d->after)
		if (d->root == declared->root && d->type.kind == declared->type.kind && str_equal(d->type.name, name))
			return copy_search(catalogue, d, depth + 1, &search);
	return NULL;
}

static const struct type *
copy_search(const struct catalogue *catalogue, const struct declared *declared, unsigned depth,
            struct copy_search *search)
{
	*search = (struct copy_search){.declared = &declared->type, .parent = parent_meant(catalogue, declared, depth)};
	(void)catalogue_each(catalogue->base, try_builtin, search); /* it stops at the best one */
	return search->found;
}

const struct type *
copy_find(const struct catalogue *catalogue, const struct declared *copy, struct diags *diags)
{
	const struct type *declared = &copy->type;
	struct copy_search search;

	/* Node types describe systems, and documents say more of them than we know. */
	if (declared->kind == TYPE_NODE || declared->kind == TYPE_CAPABILITY)
		return catalogue_find(catalogue->base, declared->kind, declared->name, declared->version);
	(void)copy_search(catalogue, copy, 0, &search);
	if (!search.found)
		diags_error_key(diags, search.nearest.where,
		                "the %s '%.*s' %.*s is built in, and this declaration of it differs: %s",
		                type_kind_name(declared->kind), STR_ARG(declared->name), STR_ARG(declared->version),
		                search.nearest.text);
	return search.found;
}

const struct type *
copy_meant(const struct catalogue *catalogue, const struct reference *reference)
{
	for (const struct declared *copy = reference->root ? catalogue->copies : NULL; copy; copy = copy->after)
		for (size_t i = 0; i < reference->kind_count; i++)
			if (copy->root == reference->root && copy->type.kind == reference->kinds[i] &&
			    str_equal_nocase(copy->type.name, reference->name) &&
			    (!reference->version.ptr || str_equal(copy->type.version, reference->version)))
				return copy->copy_of;
	return NULL;
}
