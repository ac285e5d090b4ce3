/* test_template - which documents we know, and the policies in them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/template.h"

#include <stdio.h>

#include "base/document.h"
#include "tests/cmocka_all.h"
#include "tests/types_fixture.h"

#define VERSION "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"

static void
a_document_is_known_by_its_keys(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1 for none */
	} cases[] = {
		{VERSION, DOCUMENT_TEMPLATE},
		{"topology_template: {}", DOCUMENT_TEMPLATE},
		{"data_types: {}", DOCUMENT_TEMPLATE},
		{"policies: []", DOCUMENT_TEMPLATE},
		{"{guard: {version: 2.0.0}, guards: []}", DOCUMENT_GUARD2},
		{"guards: []", DOCUMENT_GUARD2},
		{"{controlLoop: {version: 2.0.0}, policies: []}", DOCUMENT_CONTROLLOOP},
		{"{type: a, properties: {}}", DOCUMENT_BARE},
		{"{name: a, properties: {}}", DOCUMENT_BARE},
		{"{type: a, triggers: []}", DOCUMENT_BARE},
		{VERSION "guard: {}", DOCUMENT_TEMPLATE},
		{"{type: a}", -1},
		{"{}", -1},
		{"[]", -1},
		{"text", -1},
		{"", -1},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum document_kind kind = DOCUMENT_GUARD2;
		struct error err = {0};
		struct node *root;
		int r;

		types_begin(f);
		assert_int_equal(
			yaml_read(str_from(cases[i].text), "t", &document_limits_default, &f->arena, &root, &err), 0);
		r = document_classify(root, &kind, &err);
		if (cases[i].kind >= 0 ? r != 0 || (int)kind != cases[i].kind : r != -ERROR_TYPE || err.line != 1)
			fail_msg("'%s' is %d, kind %d: %s", cases[i].text, r, (int)kind, err.text);
	}
}

static void
policies_stand_in_a_map_or_a_list_in_either_place(void **state)
{
	static const char *const texts[] = {
		VERSION "topology_template:\n  policies:\n    - a: {type: t}\n    - b: {type: t, version: 2.0.0}\n",
		VERSION "topology_template:\n  policies:\n    a: {type: t}\n    b: {type: t, version: 2.0.0}\n",
		VERSION "policies:\n  - a: {type: t}\n  - b: {type: t, version: 2.0.0}\n",
		VERSION "topology_template: {policies: {a: {type: t}}}\npolicies: [b: {type: t, version: 2.0.0}]\n",
		("{\"tosca_definitions_version\": \"tosca_simple_yaml_1_0_0\", \"topology_template\": {\"policies\": ["
	         "{\"a\": {\"type\": \"t\"}}, {\"b\": {\"type\": \"t\", \"version\": \"2.0.0\"}}]}}"),
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct policy *a, *b;

		types_load(f, "%s", texts[i]);
		assert_string_equal(types_findings(f, true), "");
		assert_int_equal(f->policies.count, 2);
		a = f->policies.first;
		b = a->next;
		assert_ptr_equal(b, f->policies.last);
		assert_true(str_is(a->name, "a") && str_is(a->version, "1.0.0") && str_is(a->type_name, "t"));
		assert_true(str_is(b->name, "b") && str_is(b->version, "2.0.0"));
		assert_null(a->type_version.ptr);
		assert_false(a->bare || a->bad || b->bad);
		assert_non_null(a->root);
	}
}

static void
a_policy_carries_its_parts(void **state)
{
	struct types_fixture *f = *state;
	const struct policy *p;

	types_load(f, VERSION "policies:\n  a.b-c_1:\n    type: t\n    type_version: 1.2.3\n    version: 1.0.0-rc.1\n"
	                      "    description: d\n    metadata: {policy-id: 7, deep: {a: b}, none: }\n"
	                      "    properties: {x: 1}\n    targets: []\n    triggers: {}\n");
	assert_string_equal(types_findings(f, true), "");
	p = f->policies.first;
	assert_true(str_is(p->type_version, "1.2.3"));
	assert_true(str_is(p->version, "1.0.0-rc.1"));
	assert_non_null(node_get(p->properties, "x"));
	assert_true(str_is(policy_metadata(p, "policy-id"), "7"));
	assert_null(policy_metadata(p, "deep").ptr);
	assert_null(policy_metadata(p, "none").ptr);
	assert_null(policy_metadata(p, "other").ptr);
	assert_int_equal(p->node->line, 4);
}

static void
bare_bodies_are_called_by_their_file(void **state)
{
	struct types_fixture *f = *state;
	const struct policy *p;

	types_begin(f);
	types_add(f, "one.yaml", "type: t\nproperties: {}\n");
	types_add(f, "one.yaml", "type: t\nversion: 3.0.0\nproperties: {}\n");
	types_add(f, "one.yaml", "name: n\nproperties:\n");
	types_add(f, "two.yaml", "{\"type\": \"t\", \"properties\": {}}");
	assert_string_equal(types_findings(f, true), "");
	p = f->policies.first;
	assert_true(p->bare && str_is(p->name, "one.yaml") && str_is(p->version, "1.0.0"));
	p = p->next;
	assert_true(p->bare && str_is(p->name, "one.yaml#2") && str_is(p->version, "3.0.0"));
	p = p->next;
	assert_true(str_is(p->name, "one.yaml#3") && p->type_name.len == 0 && !p->properties);
	assert_true(str_is(p->next->name, "two.yaml"));
}

static void
what_is_wrong_with_a_template_is_found(void **state)
{
	static const struct {
		const char *text, *findings;
	} cases[] = {
		{"topology_template: {}\n", "1:1: error: tosca_definitions_version is missing\n"},
		{"tosca_definitions_version: tosca_simple_yaml_2_0\n",
	         "1:28: error: unknown TOSCA version 'tosca_simple_yaml_2_0'; known are tosca_simple_yaml_1_0_0, "
	         "_1_1_0, "
	         "_1_2 and _1_3\n"},
		{"tosca_definitions_version: [a]\n",
	         "1:28: error: 'tosca_definitions_version' must be text, found a list\n"},
		{VERSION "topology_templates: {}\n", "2:1: error: unknown key 'topology_templates' in a service "
	                                             "template; did you mean 'topology_template'?\n"},
		{VERSION "topology_template: {policy: {}}\n",
	         "2:21: error: unknown key 'policy' in a topology template\n"},
		{VERSION "topology_template: []\n", "2:20: error: 'topology_template' must be a map, found a list\n"},
		{VERSION "policies: text\n",
	         "2:11: error: 'policies' must be a map, or a list of maps with one name each, found text\n"},
		{VERSION "policies:\n- text\n- a: {type: t}\n",
	         "3:3: error: an entry of 'policies' must be a map with one name as its key\n"},
		{VERSION "policies:\n- a:\n  type: t\n",
	         "3:3: error: an entry of 'policies' must be a map with one name as its key; is the body indented less "
	         "than the name?\n"},
		{VERSION "imports: [a.yaml]\n",
	         "2:10: warning: imports are not followed: load those documents as well\n"},
		{VERSION "policies: {a b: {type: t}}\n",
	         "2:12: error: a policy's name must be 1 to 255 of A-Z a-z 0-9 . _ -, is 'a b'\n"},
		{VERSION "policies: {'': {type: t}}\n",
	         "2:12: error: a policy's name must be 1 to 255 of A-Z a-z 0-9 . _ -, is ''\n"},
		{VERSION "policies: {a: {type: t, name: b}}\n",
	         "2:31: warning: the name 'b' has no effect: the policy is called 'a'\n"},
		{VERSION "policies: {a: {type: t, propertys: {}}}\n",
	         "2:25: warning: unknown key 'propertys' in a policy; did you mean 'properties'?\n"},
		{VERSION "policies: {a: {}}\n",
	         "2:12: error: policy 'a' has no type: expected one that 'clguard types' lists, such as "
	         "'onap.policies.controlloop.guard.common.FrequencyLimiter'\n"},
		{VERSION "policies: {a: {type: }}\n",
	         "2:22: error: the policy's type must be a name such as "
	         "'onap.policies.controlloop.guard.common.FrequencyLimiter', found null\n"},
		{VERSION "policies: {a: text}\n",
	         "2:12: error: policy 'a' must be a map with type and properties, found text\n"},
		{VERSION "policies: {a: {type: t, version: 1.0}}\n",
	         "2:34: error: 'version' must have three numbers such as 1.0.0, is '1.0'\n"},
		{VERSION "policies: {a: {type: t, type_version: v1.0.0}}\n",
	         "2:39: error: 'type_version' must have three numbers such as 1.0.0, is 'v1.0.0'\n"},
		{VERSION "policies: {a: {type: t, version: [1]}}\n",
	         "2:34: error: 'version' must be text, found a list\n"},
		{VERSION "policies: {a: {type: t, properties: [x]}}\n",
	         "2:37: error: 'properties' must be a map, found a list\n"},
		{VERSION "policies: {a: {type: t, metadata: x}}\n",
	         "2:35: error: 'metadata' must be a map, found text\n"},
		{VERSION
	         "topology_template: {node_templates: {n: {type: t, id: A, capabilities: {c: {}}}}, inputs: {}}\n",
	         ""},
		{VERSION "topology_template: {node_templates: 1}\n",
	         "2:37: error: 'node_templates' must be a map, or a list of maps with one name each, found an "
	         "integer\n"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool errors = strstr(cases[i].findings, "error") != NULL;

		types_load(f, "%s", cases[i].text);
		assert_string_equal(types_findings(f, true), cases[i].findings);
		for (const struct policy *p = f->policies.first; p; p = p->next) {
			if (p->bad != errors && !str_is(p->name, "a"))
				fail_msg("%s: bad is %d", cases[i].text, p->bad);
		}
	}
}

static void
a_name_has_255_bytes_at_most(void **state)
{
	struct types_fixture *f = *state;
	char name[257];

	memset(name, 'n', sizeof(name));
	types_load(f, VERSION "policies: {%.255s: {type: t}}\n", name);
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 0);
	types_load(f, VERSION "policies: {%.256s: {type: t}}\n", name);
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 1);
	assert_true(f->policies.first->bad);
}

static void
known_versions_of_tosca_are_four(void **state)
{
	static const char *const versions[] = {"1_0_0", "1_1_0", "1_2", "1_3"};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < 4; i++) {
		types_load(f, "tosca_definitions_version: tosca_simple_yaml_%s\n", versions[i]);
		assert_string_equal(types_findings(f, true), "");
	}
}

static void
running_out_of_memory_is_an_error(void **state)
{
	static const char text[] = VERSION "policies:\n  a: {type: t, properties: {x: 1}}\n  b: {type: t}\n";
	struct types_fixture *f = *state;
	size_t needed = SIZE_MAX;

	for (size_t room = 0; needed == SIZE_MAX; room += 16) {
		struct arena arena;
		struct policy_list list = {0};
		struct error err = {0};
		struct node *root;

		types_begin(f);
		assert_int_equal(yaml_read(STR(text), "t", &document_limits_default, &f->arena, &root, &err), 0);
		arena_init(&arena, room + 1);
		template_policies(root, DOCUMENT_TEMPLATE, &arena, &list, &f->diags);
		if (f->diags.count[SEVERITY_ERROR] == 0)
			needed = room;
		else
			assert_string_equal(f->diags.first->text, "out of memory");
		assert_true((list.count == 2) == (needed == room));
		arena_free(&arena);
	}
	assert_true(needed > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_known_by_its_keys),
		cmocka_unit_test(policies_stand_in_a_map_or_a_list_in_either_place),
		cmocka_unit_test(a_policy_carries_its_parts),
		cmocka_unit_test(bare_bodies_are_called_by_their_file),
		cmocka_unit_test(what_is_wrong_with_a_template_is_found),
		cmocka_unit_test(a_name_has_255_bytes_at_most),
		cmocka_unit_test(known_versions_of_tosca_are_four),
		cmocka_unit_test(running_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, types_setup, types_teardown);
}
