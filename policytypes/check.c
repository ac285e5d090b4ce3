/* check - a policy's properties against its type */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/policy.h"

#include "policytypes/catalogue_priv.h"
#include "policytypes/check_priv.h"
#include "policytypes/dublin.h"
#include "policytypes/section.h"
#include "policytypes/suggest.h"
#include "policytypes/synonym.h"
#include "policytypes/unknown_type.h"

/* A limiter's window in its two forms. */
#define WINDOW "time_window"
#define WINDOW_LENGTH "timeWindow"
#define WINDOW_UNITS "timeUnits"

/* The checked properties while they are gathered. */
struct check_gathering {
	const struct policy *policy;
	const struct type *type;
	struct check check;
	struct policy_property *values;
	size_t count;
};

static const struct policy_property *
find_value(const struct policy_property *values, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(values[i].name, name))
			return &values[i];
	}
	return NULL;
}

static const struct policy_property *
gathered(const struct check_gathering *g, const char *name)
{
	return find_value(g->values, g->count, str_from(name));
}

static struct str
check_canonical(const struct type *type, struct str name)
{
	return type->guard ? synonym_canonical(name) : name;
}

static void
unknown_property(const struct check_gathering *g, const struct node *value)
{
	struct diags *diags = g->check.diags;
	struct suggestion suggestion;

	suggestion_init(&suggestion, value->key);
	for (const struct type *type = diags_full(diags) ? NULL : g->type; type;
	     type = type == g->type ? type->twin : NULL) {
		for (size_t i = 0; i < type->property_count; i++)
			suggestion_offer(&suggestion, type->properties[i].name);
	}
	if (g->type->guard)
		suggestion_offer(&suggestion, STR("target"));
	diags_error_key(diags, value, "unknown property '%.*s'%s%.*s%s", STR_ARG(value->key),
	                SUGGESTION_ARG(suggestion));
}

/* Checks one property as given and keeps it, good or not, so that it is not found missing as well. */
static void
take_property(struct check_gathering *g, const struct node *value)
{
	const struct property *definition =
		g->type->guard ? guard_property(g->type, value->key) : type_property(g->type, value->key);
	struct str name = check_canonical(g->type, value->key);
	const struct policy_property *other;

	if (!definition) {
		unknown_property(g, value);
		return;
	}
	other = find_value(g->values, g->count, name);
	if (other) {
		diags_error_key(g->check.diags, value, "'%.*s' and '%.*s' are the same property; give one of them",
		                STR_ARG(other->value->key), STR_ARG(value->key));
		return;
	}
	(void)check_value(&g->check, &definition->schema, value); /* its findings count at the end */
	g->values[g->count++] = (struct policy_property){name, value, definition};
}

static void
missing_property(struct check_gathering *g, struct str name)
{
	struct node at_name = *g->policy->node;

	if (at_name.key.ptr) {
		at_name.line = at_name.key_line;
		at_name.column = at_name.key_column;
	}
	diags_error(g->check.diags, &at_name, "required property '%.*s' is missing", STR_ARG(name));
}

/* Whether the property's meaning was given by the other form of a limiter's window. */
static bool
given_otherwise(const struct check_gathering *g, struct str name)
{
	if (!g->type->guard)
		return false;
	if (str_is(name, WINDOW))
		return gathered(g, WINDOW_LENGTH) || gathered(g, WINDOW_UNITS);
	return (str_is(name, WINDOW_LENGTH) || str_is(name, WINDOW_UNITS)) && gathered(g, WINDOW);
}

/* Either form of a window, and all of it. Called before defaults are filled in. */
static void
check_window_of(struct check_gathering *g)
{
	const struct policy_property *window = gathered(g, WINDOW), *length = gathered(g, WINDOW_LENGTH);
	const struct policy_property *units = gathered(g, WINDOW_UNITS);

	if (!g->type->guard || (!window && !length && !units))
		return;
	if (window && (length || units))
		diags_error_key(g->check.diags, window->value,
		                "'" WINDOW "' and '%.*s' are two forms of the same property; give one of them",
		                STR_ARG(length ? length->name : units->name));
	else if (window || type_property(g->type, STR(WINDOW_LENGTH)))
		return; /* whole, or found missing as any required property is */
	else if (!length)
		missing_property(g, STR(WINDOW_LENGTH));
	else if (!units)
		missing_property(g, STR(WINDOW_UNITS));
}

/* Fills in a missing property: its default, or a finding. */
static void
fill_in(struct check_gathering *g)
{
	for (size_t i = 0; i < g->type->property_count; i++) {
		const struct property *property = &g->type->properties[i];
		struct str name = check_canonical(g->type, property->name);

		if (find_value(g->values, g->count, name) || given_otherwise(g, property->name))
			continue;
		if (property->fallback)
			g->values[g->count++] = (struct policy_property){name, property->fallback, property};
		else if (property->required)
			missing_property(g, property->name);
	}
}

/* More than can be kept: each known property once, under its canonical name. */
static size_t
check_room_for(const struct type *type, const struct node *properties)
{
	size_t known = type->property_count + (type->twin ? type->twin->property_count : 0) + 1; /* target */
	size_t given = properties ? properties->count : 0;
	size_t defaults = 0;

	for (size_t i = 0; i < type->property_count; i++)
		defaults += type->properties[i].fallback != NULL;
	return (given < known ? given : known) + defaults;
}

/* A guard's scope is the property `target`; what TOSCA puts beside the properties does not limit it. */
static void
warn_of_no_effect(const struct policy *policy, struct diags *diags)
{
	static const char *const keys[] = {"targets", "triggers"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct node *node = node_get(policy->node, keys[i]);

		if (node && node->count > 0)
			diags_add(diags, SEVERITY_WARNING, NULL, node, "'%s' has no effect on a guard", keys[i]);
	}
}

static const struct type *
find_type(const struct policy *policy, const struct catalogue *catalogue)
{
	static const enum type_kind kind = TYPE_POLICY;
	struct reference reference = {
		.name = policy->type_name,
		.version = policy->type_version,
		.kinds = &kind,
		.kind_count = 1,
		.where = node_get(policy->node, "type"),
		.root = policy->root,
	};
	const struct type *type = copy_meant(catalogue, &reference);

	return type ? type : catalogue_find(catalogue, kind, policy->type_name, policy->type_version);
}

bool
policy_check(struct policy *policy, const struct catalogue *catalogue, struct arena *arena, struct diags *diags)
{
	struct check_gathering g = {.policy = policy, .check = {.diags = diags}};
	size_t errors = diags->count[SEVERITY_ERROR];

	policy->type = g.type = find_type(policy, catalogue);
	if (!g.type) {
		unknown_type_add(policy, catalogue, diags);
		return false;
	}
	if (g.type->guard && dublin_is(policy->properties)) {
		policy->properties = dublin_properties(policy->properties, arena, diags);
		if (!policy->properties)
			return false;
	}
	g.values = arena_array(arena, check_room_for(g.type, policy->properties), sizeof(*g.values));
	if (!g.values) {
		diags_error(diags, policy->node, "out of memory");
		return false;
	}
	for (const struct node *value = policy->properties ? policy->properties->first : NULL; value;
	     value = value->next)
		take_property(&g, value);
	check_window_of(&g);
	fill_in(&g);
	check_done(&g.check);
	if (g.type->guard)
		warn_of_no_effect(policy, diags);
	policy->values = g.values;
	policy->value_count = g.count;
	return diags->count[SEVERITY_ERROR] == errors;
}

const struct node *
policy_get(const struct policy *policy, const char *name)
{
	const struct policy_property *found = find_value(policy->values, policy->value_count, str_from(name));

	return found ? found->value : NULL;
}

struct str
policy_metadata(const struct policy *policy, const char *key)
{
	const struct node *node = node_get(policy->metadata, key);

	return node_is_null(node) || !node_is_scalar(node) ? STR_NONE : node->text;
}

bool
metadata_allows(const struct node *metadata, const char *id)
{
	const struct node *allow = node_get(metadata, "allow");

	if (!node_is_null(allow) && node_is_scalar(allow))
		return str_is(allow->text, id);
	for (const struct node *entry = allow && allow->kind == NODE_LIST ? allow->first : NULL; entry;
	     entry = entry->next) {
		if (node_is_scalar(entry) && str_is(entry->text, id))
			return true;
	}
	return false;
}

bool
schema_check(const struct schema *schema, const struct node *value, const struct catalogue *catalogue,
             struct diags *diags)
{
	struct check check = {.diags = diags};
	bool good = check_value(&check, schema, value);

	(void)catalogue; /* a resolved schema carries its types */
	check_done(&check);
	return good;
}
