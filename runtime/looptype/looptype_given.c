/* looptype_given - what an instance gives for the properties of its elements */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/policy.h"
#include "policytypes/suggest.h"
#include "runtime/looptype/looptype_priv.h"

/* One element of an instance against its definition. */
struct giving {
	const struct looptype_values *values;
	const struct node *template, *element;
	const struct type *type; /* NULL: it has errors, or nobody declares it */
	struct arena *arena;
	struct looptype_findings *findings;
};

void
looptype_values_of(struct looptype_values *values, const struct catalogue *builtin, const struct node *root,
                   enum compat compat, struct arena *arena)
{
	if (values->root == root && values->types)
		return;
	*values = (struct looptype_values){builtin, root, looptype_types(builtin, root, arena, NULL),
	                                   looptype_is_clamp(root, compat)};
}

static void
refuse_unknown(const struct giving *giving, const struct node *value)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, value->key);
	for (size_t i = 0; giving->type && i < giving->type->property_count; i++)
		suggestion_offer(&suggestion, giving->type->properties[i].name);
	looptype_find(giving->findings, 400, value, "element %.*s: %.*s has no property '%.*s'%s%.*s%s",
	              STR_ARG(giving->element->key), STR_ARG(giving->template->key), STR_ARG(value->key),
	              SUGGESTION_ARG(suggestion));
}

/* A value against the property's type; what does not fit is an error, or with `warn` a warning. */
static void
check_value_given(const struct giving *giving, const struct property *property, const struct node *value, bool warn)
{
	struct diags diags;

	if (value->kind == NODE_NULL || looptype_has_function(value))
		return;
	diags_init(&diags, giving->arena);
	(void)schema_check(&property->schema, value, giving->values->types, &diags); /* its findings tell */
	for (const struct diag *diag = diags.first; diag; diag = diag->next) {
		const struct node where = {.line = diag->line, .column = diag->column};

		if (diag->severity == SEVERITY_ERROR && !warn)
			looptype_find(giving->findings, 400, &where, "element %.*s: %s", STR_ARG(giving->element->key),
			              diag->text);
		else
			looptype_warn(giving->findings, &where, "element %.*s: %s", STR_ARG(giving->element->key),
			              diag->text);
	}
}

/* CLAMP's clients give {name, type, value}: the name is the property's. NULL: it has no value. */
static const struct node *
given_value(const struct node *value)
{
	const struct node *name = node_get(value, "name");

	if (!name || name->kind != NODE_TEXT || !str_equal(name->text, value->key))
		return value;
	return node_get(value, "value");
}

/* The places of an element's services are the instance's, though `gateway` is common (gateway_check.c). */
static void
check_given(const struct giving *giving, const struct node *value)
{
	const struct property *property = type_property(giving->type, value->key);
	const struct node *plain = given_value(value);
	struct str type = looptype_text(giving->template, "type");

	if (str_is(value->key, "gateway"))
		return;
	if (!looptype_declares(giving->values->builtin, giving->values->root, type, value->key)) {
		refuse_unknown(giving, value);
		return;
	}
	if (property && looptype_is_common(property->node))
		looptype_find(
			giving->findings, 400, value,
			"element %.*s: property '%.*s' is common to all instances of %.*s and is not given by one",
			STR_ARG(giving->element->key), STR_ARG(value->key), STR_ARG(giving->template->key));
	else if (property && plain)
		check_value_given(giving, property, plain, false);
}

/* Values of the definition that the instance does not replace hold for the instance. */
static void
check_inherited(const struct giving *giving, const struct node *given)
{
	const struct node *values = node_get(giving->template, "properties");

	for (const struct node *value = values ? values->first : NULL; value; value = value->next) {
		const struct property *property = type_property(giving->type, value->key);

		if (property && !looptype_is_common(property->node) && node_is_null(node_get_str(given, value->key)))
			check_value_given(giving, property, value, giving->values->clamp);
	}
}

static void
check_missing(const struct giving *giving)
{
	const struct looptype_values *values = giving->values;
	struct str missing = STR_NONE;

	for (;;) {
		missing = looptype_missing(values->builtin, values->root, giving->template, giving->element, false,
		                           missing);
		if (!missing.ptr)
			return;
		if (values->clamp)
			looptype_warn(giving->findings, giving->element,
			              "element %.*s gives no value for the instance property %.*s",
			              STR_ARG(giving->element->key), STR_ARG(missing));
		else
			looptype_find(giving->findings, 400, giving->element,
			              "element %.*s gives no value for the instance property %.*s",
			              STR_ARG(giving->element->key), STR_ARG(missing));
	}
}

void
looptype_check_given(const struct looptype_values *values, const struct node *template, const struct node *given,
                     struct arena *arena, struct looptype_findings *findings)
{
	const struct node *properties = node_get(given, "propertiesMap");
	struct giving giving = {
		.values = values, .template = template, .element = given, .arena = arena, .findings = findings};

	giving.type = values->types
	                      ? catalogue_find(values->types, TYPE_NODE, looptype_text(template, "type"), STR_NONE)
	                      : NULL;
	if (!node_is_null(properties) && properties->kind != NODE_MAP) {
		looptype_find(findings, 400, properties, "element %.*s: propertiesMap is %s: expected a map",
		              STR_ARG(given->key), node_kind_phrase(properties));
		return;
	}
	for (const struct node *value = properties ? properties->first : NULL; value; value = value->next)
		check_given(&giving, value);
	check_inherited(&giving, properties);
	check_missing(&giving);
}
