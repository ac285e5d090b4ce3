/* synonym - guards of two generations: the types and properties that mean the same under two names */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/synonym.h"

#include "policytypes/catalogue_priv.h"

#define GUARD "onap.policies.controlloop.guard."
#define GUARD_COMMON GUARD "Common"
#define GUARD_ROOT "onap.policies.controlloop.Guard" /* of guards that coordinate loops */

/* The kinds that both generations have. What they have in common are two versions of GUARD_COMMON. */
static const struct {
	const char *first, *today;
} types[] = {
	{GUARD "FrequencyLimiter", GUARD "common.FrequencyLimiter"},
	{GUARD "Blacklist", GUARD "common.Blacklist"},
	{GUARD "MinMax", GUARD "common.MinMax"},
};

static const struct {
	struct str first, today;
} properties[] = {
	{{"controlLoopName", 15}, {"id", 2}},
	{{"time_range", 10}, {"timeRange", 9}},
	{{"min_vf_module_instances", 23}, {"min", 3}},
	{{"max_vf_module_instances", 23}, {"max", 3}},
};

/* A scope on guards of every kind, whether or not their type declares it. */
static const struct property target = {
	.name = {"target", 6},
	.schema = {.kind = VALUE_STRING, .type_name = {"string", 6}},
	.description = {"What the operation would be performed on", 40},
};

struct str
synonym_canonical(struct str name)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		if (str_equal(name, properties[i].first))
			return properties[i].today;
	}
	return name;
}

static const struct type *
find_builtin(const struct catalogue *catalogue, const char *name, struct str version)
{
	while (catalogue->base)
		catalogue = catalogue->base;
	return catalogue_find(catalogue, TYPE_POLICY, str_from(name), version);
}

void
type_pair(const struct catalogue *catalogue, struct type *type)
{
	const struct type *common = type;

	type->guard = type->kind == TYPE_POLICY && (type_is_a(type, GUARD_ROOT) || type_is_a(type, GUARD_COMMON));
	if (!type->guard)
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (type_is_a(type, types[i].first))
			type->twin = find_builtin(catalogue, types[i].today, STR_NONE);
		else if (type_is_a(type, types[i].today))
			type->twin = find_builtin(catalogue, types[i].first, STR_NONE);
		if (type->twin)
			return;
	}
	while (common && !str_is(common->name, GUARD_COMMON))
		common = common->parent;
	if (common)
		type->twin = find_builtin(catalogue, GUARD_COMMON,
		                          str_is(common->version, TYPE_VERSION_DEFAULT) ? STR("2.0.0")
		                                                                        : STR(TYPE_VERSION_DEFAULT));
}

const struct property *
guard_property(const struct type *type, struct str name)
{
	const struct property *property = type_property(type, name);

	if (!property)
		property = type_property(type->twin, name);
	if (!property && str_equal(name, target.name))
		property = &target;
	return property;
}
