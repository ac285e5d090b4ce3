/* test_schema_json - a policy type as JSON Schema */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/schema_json.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "tests/cmocka_all.h"
#include "tests/types_fixture.h"

#define VERSION "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"

static const char document[] = VERSION
	"data_types:\n"
	"  pair: {description: Two., properties: {a: {type: integer}, next: {required: false, entry_schema: pair}}}\n"
	"  odd/na~me x: {properties: {a: {type: pair}}}\n"
	"policy_types:\n"
	"  t:\n"
	"    description: Some text.\n"
	"    properties:\n"
	"      s: {type: string, description: D, default: 5, constraints: [valid_values: [5, b]]}\n"
	"      i: {type: integer, constraints: [greater_than: 0, less_or_equal: 9, possible_values: [1, 2]]}\n"
	"      f: {type: float, required: false, default: 0.5, constraints: [in_range: [0, UNBOUNDED]]}\n"
	"      b: {type: boolean, default: true, constraints: [equal: true]}\n"
	"      p: {type: string, constraints: [pattern: a|b, min_length: 1, max_length: 2]}\n"
	"      l: {type: list, entry_schema: {type: integer}, constraints: [length: 2], default: [1, 2]}\n"
	"      m: {type: map, key_schema: string, entry_schema: pair, constraints: [min_length: 1]}\n"
	"      o: {type: 'odd/na~me x'}\n"
	"      n: {entry_schema: pair, default: {a: 1}}\n"
	"      w: {type: scalar-unit.time, constraints: [greater_than: 0 s]}\n"
	"      x: {type: any}\n";

static const struct type *
load(struct types_fixture *f)
{
	types_load(f, "%s", document);
	assert_string_equal(types_findings(f, true), "");
	return catalogue_find(f->catalogue, TYPE_POLICY, STR("t"), STR_NONE);
}

static json_t *
make(struct types_fixture *f, const struct type *type)
{
	struct error err = {0};
	struct str text;
	json_t *json;

	assert_int_equal(type_json_schema(type, f->catalogue, &f->arena, &text, &err), 0);
	json = json_loadb(text.ptr, text.len, 0, NULL);
	assert_non_null(json);
	return json;
}

static void
check_member(const json_t *object, const char *key, const char *expected)
{
	char *text = json_dumps(json_object_get(object, key), JSON_ENCODE_ANY | JSON_COMPACT);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void
each_property_says_what_it_takes(void **state)
{
	static const char *const expected[][2] = {
		{"s",
	         "{\"title\":\"s\",\"description\":\"D\",\"type\":\"string\",\"enum\":[\"5\",\"b\"],\"default\":\"5\","
	         "\"propertyOrder\":1}"},
		{"i", "{\"title\":\"i\",\"type\":\"integer\",\"exclusiveMinimum\":0,\"maximum\":9,\"examples\":[1,2],"
	              "\"propertyOrder\":2}"},
		{"f", "{\"title\":\"f\",\"type\":\"number\",\"minimum\":0,\"default\":0.5,\"propertyOrder\":3}"},
		{"b", "{\"title\":\"b\",\"type\":\"boolean\",\"const\":true,\"default\":true,\"propertyOrder\":4}"},
		{"p", "{\"title\":\"p\",\"type\":\"string\",\"pattern\":\"^(?:a|b)$\",\"minLength\":1,\"maxLength\":2,"
	              "\"propertyOrder\":5}"},
		{"l",
	         "{\"title\":\"l\",\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"minItems\":2,\"maxItems\":2,"
	         "\"default\":[1,2],\"propertyOrder\":6}"},
		{"m", "{\"title\":\"m\",\"type\":\"object\",\"additionalProperties\":{\"$ref\":\"#/$defs/pair:1.0.0\"},"
	              "\"propertyNames\":{\"type\":\"string\"},\"minProperties\":1,\"propertyOrder\":7}"},
		{"o", "{\"title\":\"o\",\"$ref\":\"#/$defs/odd~1na~0me%20x:1.0.0\",\"propertyOrder\":8}"},
		{"n", "{\"title\":\"n\",\"anyOf\":[{\"$ref\":\"#/$defs/pair:1.0.0\"},{\"type\":\"string\"}],"
	              "\"default\":{\"a\":1},\"propertyOrder\":9}"},
		{"w", "{\"title\":\"w\",\"type\":\"string\",\"pattern\":\"^[0-9]+(\\\\.[0-9]+)? *(d|h|m|s|ms|us|ns)$\","
	              "\"propertyOrder\":10}"},
		{"x", "{\"title\":\"x\",\"propertyOrder\":11}"},
	};
	struct types_fixture *f = *state;
	json_t *schema = make(f, load(f));

	assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
	                    "https://json-schema.org/draft/2020-12/schema");
	assert_string_equal(json_string_value(json_object_get(schema, "title")), "t");
	assert_string_equal(json_string_value(json_object_get(schema, "description")), "Some text.");
	check_member(schema, "type", "\"object\"");
	check_member(schema, "required", "[\"i\",\"p\",\"m\",\"o\",\"w\",\"x\"]");
	check_member(schema, "additionalProperties", "false");
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		check_member(json_object_get(schema, "properties"), expected[i][0], expected[i][1]);
	json_decref(schema);
}

static void
types_in_use_stand_once_under_defs(void **state)
{
	struct types_fixture *f = *state;
	json_t *schema = make(f, load(f)), *defs = json_object_get(schema, "$defs");

	assert_int_equal(json_object_size(defs), 2);
	check_member(defs, "pair:1.0.0",
	             "{\"title\":\"pair\",\"description\":\"Two.\",\"type\":\"object\",\"properties\":{\"a\":{"
	             "\"title\":\"a\","
	             "\"type\":\"integer\",\"propertyOrder\":1},\"next\":{\"title\":\"next\",\"anyOf\":[{\"$ref\":"
	             "\"#/$defs/pair:1.0.0\"},{\"type\":\"string\"}],\"propertyOrder\":2}},\"required\":[\"a\"],"
	             "\"additionalProperties\":false}");
	assert_non_null(json_object_get(defs, "odd/na~me x:1.0.0"));
	json_decref(schema);
}

static void
a_guard_also_takes_a_target(void **state)
{
	struct types_fixture *f = *state;
	json_t *schema;

	types_begin(f);
	schema = make(f, catalogue_find(f->catalogue, TYPE_POLICY,
	                                STR("onap.policies.controlloop.guard.common.Blacklist"), STR_NONE));
	assert_non_null(json_object_get(json_object_get(schema, "properties"), "target"));
	assert_null(json_object_get(json_object_get(schema, "properties"), "controlLoopName"));
	check_member(schema, "required", "[\"actor\",\"operation\",\"blacklist\"]");
	json_decref(schema);
}

/* Of all allocations of one call the n-th fails: n counts down in here, for jansson has no other place for it. */
static size_t allocations_left;

static void *
counting_malloc(size_t size)
{
	return allocations_left > 0 && --allocations_left == 0 ? NULL : malloc(size);
}

static void
each_failed_allocation_is_an_error(void **state)
{
	struct types_fixture *f = *state;
	const struct type *type = load(f);
	size_t failures = 0, rooms = 0;
	int r;

	json_set_alloc_funcs(counting_malloc, free);
	do {
		struct error err = {0};
		struct str text;

		allocations_left = failures + 1;
		r = type_json_schema(type, f->catalogue, &f->arena, &text, &err);
		assert_true(r == 0 || r == -ERROR_MEMORY);
		assert_int_equal(err.code, -r);
		if (r != 0)
			failures++;
	} while (r != 0);
	json_set_alloc_funcs(malloc, free);
	assert_true(failures > 100);
	do {
		struct error err = {0};
		struct arena arena;
		struct str text;

		arena_init(&arena, 16 * ++rooms);
		r = type_json_schema(type, f->catalogue, &arena, &text, &err);
		assert_true(r == 0 || r == -ERROR_MEMORY);
		arena_free(&arena);
	} while (r != 0);
	assert_true(rooms > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_property_says_what_it_takes),
		cmocka_unit_test(types_in_use_stand_once_under_defs),
		cmocka_unit_test(a_guard_also_takes_a_target),
		cmocka_unit_test(each_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, types_setup, types_teardown);
}
