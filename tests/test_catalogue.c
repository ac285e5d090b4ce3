/* test_catalogue - types declared, derived, flattened, found again */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "tests/cmocka_all.h"
#include "tests/types_fixture.h"

#define VERSION "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
#define LIMITER "onap.policies.controlloop.guard.common.FrequencyLimiter"

static const struct type *
find(const struct types_fixture *f, enum type_kind kind, const char *name, const char *version)
{
	return catalogue_find(f->catalogue, kind, str_from(name), str_from(version));
}

/* "a, b, c": the names of a type's properties in their order. */
static const char *
property_names(const struct type *type, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < type->property_count; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%.*s", i ? ", " : "",
		                         STR_ARG(type->properties[i].name));
	assert_true(used < size);
	return buf;
}

static void
built_in_types_know_their_generations(void **state)
{
	struct types_fixture *f = *state;
	const struct type *today, *seed, *coordination;

	types_begin(f);
	today = find(f, TYPE_POLICY, LIMITER, NULL);
	seed = find(f, TYPE_POLICY, "onap.policies.controlloop.guard.FrequencyLimiter", "1.0.0");
	coordination = find(f, TYPE_POLICY, "onap.policies.controlloop.guard.coordination.FirstBlocksSecond", NULL);
	assert_non_null(today);
	assert_non_null(seed);
	assert_true(today->builtin && today->guard && seed->guard);
	assert_ptr_equal(today->twin, seed);
	assert_ptr_equal(seed->twin, today);
	assert_true(coordination->guard);
	assert_null(coordination->twin);
	assert_true(type_is_a(today, "onap.policies.controlloop.guard.Common"));
	assert_true(type_is_a(today, LIMITER));
	assert_false(type_is_a(today, "onap.policies.controlloop.guard.FrequencyLimiter"));
	assert_non_null(type_property(today, STR("actor")));
	assert_null(type_property(today, STR("time_window")));
}

static void
inherited_properties_come_first_and_an_override_stands_in_their_place(void **state)
{
	struct types_fixture *f = *state;
	const struct property *b;
	char names[64];

	types_load(f,
	           VERSION "policy_types:\n"
	                   "  child: {derived_from: parent, properties: {d: {type: string}, b: {type: integer, "
	                   "required: false, description: mine, constraints: [less_than: 9]}}}\n"
	                   "  parent: {properties: {a: {type: string, required: false}, b: {type: integer, "
	                   "description: theirs, default: 5, constraints: [greater_than: 1]}, c: {type: string}}}\n");
	assert_string_equal(types_findings(f, true), "");
	assert_string_equal(property_names(find(f, TYPE_POLICY, "child", NULL), names, sizeof(names)), "a, b, c, d");
	b = type_property(find(f, TYPE_POLICY, "child", NULL), STR("b"));
	assert_true(str_is(b->description, "mine"));
	assert_true(str_is(b->declared_by->name, "child"));
	assert_true(b->required);
	assert_int_equal(b->fallback->integer, 5);
	assert_non_null(b->schema.constraints->next);
	assert_null(b->schema.constraints->next->next);
	assert_false(type_property(find(f, TYPE_POLICY, "child", NULL), STR("a"))->required);
	assert_true(type_property(find(f, TYPE_POLICY, "child", NULL), STR("c"))->required);
	assert_true(str_is(type_property(find(f, TYPE_POLICY, "parent", NULL), STR("b"))->description, "theirs"));
}

static void
a_type_of_a_users_derives_from_a_guard(void **state)
{
	struct types_fixture *f = *state;
	const struct type *mine;
	char names[128];

	types_load(f, VERSION "policy_types:\n  org.Limiter:\n    derived_from: " LIMITER "\n    version: 2.1.0\n"
	                      "    properties:\n      note: {type: string, required: false}\n");
	assert_string_equal(types_findings(f, true), "");
	mine = find(f, TYPE_POLICY, "org.Limiter", NULL);
	assert_true(mine->guard && !mine->builtin && mine->twin);
	assert_string_equal(property_names(mine, names, sizeof(names)),
	                    "actor, operation, timeRange, id, timeWindow, timeUnits, limit, note");
}

static void
a_version_is_chosen_or_is_todays_or_the_lowest(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION
	           "policy_types:\n"
	           "- low: {version: 10.0.0}\n- low: {version: 2.0.0}\n- low: {version: 2.10.0}\n"
	           "- has: {version: 0.9.0}\n- has: {}\n- has: {version: 2.0.0}\n"
	           "- onap.policies.controlloop.guard.common.MinMax: {version: 0.1.0}\n"
	           "- child: {derived_from: low}\n"
	           "- chosen: {derived_from: low, derived_from_version: 2.10.0}\n"
	           "- seed: {derived_from: onap.policies.controlloop.guard.Common, derived_from_version: 2.0.0}\n");
	assert_string_equal(types_findings(f, true), "");
	assert_true(str_is(find(f, TYPE_POLICY, "low", NULL)->version, "2.0.0"));
	assert_true(str_is(find(f, TYPE_POLICY, "low", "10.0.0")->version, "10.0.0"));
	assert_null(find(f, TYPE_POLICY, "low", "1.0.0"));
	assert_null(find(f, TYPE_DATA, "low", NULL));
	assert_true(str_is(find(f, TYPE_POLICY, "has", NULL)->version, "1.0.0"));
	assert_true(find(f, TYPE_POLICY, "onap.policies.controlloop.guard.common.MinMax", NULL)->builtin);
	assert_true(str_is(find(f, TYPE_POLICY, "child", NULL)->parent->version, "2.0.0"));
	assert_true(str_is(find(f, TYPE_POLICY, "chosen", NULL)->parent->version, "2.10.0"));
	assert_non_null(type_property(find(f, TYPE_POLICY, "seed", NULL), STR("controlLoopName")));
}

/* The lowest version of `low` that a catalogue with `own` finds over one with `base`. */
static const char *
lowest_of(struct types_fixture *f, const char *base, const char *own)
{
	struct catalogue *below;

	types_load(f, VERSION "policy_types:\n  low: {version: %s}\n", base);
	below = f->catalogue;
	f->catalogue = catalogue_new(&f->arena, below);
	types_add(f, "own.yaml", own);
	catalogue_resolve(f->catalogue, &f->diags);
	assert_string_equal(types_findings(f, true), "");
	return find(f, TYPE_POLICY, "low", NULL)->version.ptr;
}

static void
the_lowest_version_may_be_of_the_base_or_of_ones_own(void **state)
{
	struct types_fixture *f = *state;

	assert_string_equal(lowest_of(f, "2.0.0", VERSION "policy_types:\n  low: {version: 3.0.0}\n"), "2.0.0");
	assert_string_equal(lowest_of(f, "3.0.0", VERSION "policy_types:\n  low: {version: 2.0.0}\n"), "2.0.0");
}

static void
what_is_wrong_with_types_is_found_where_it_is(void **state)
{
	static const struct {
		const char *types, *findings; /* types: the third line on */
	} cases[] = {
		{"- a", "3:3: error: an entry of 'policy_types' must be a map with one name as its key\n"},
		{"  a: text", "3:6: error: type 'a' must be a map, found text\n"},
		{"  string: {}", "3:3: error: 'string' is TOSCA's own type and cannot be declared\n"},
		{"  a: {version: 1}",
	         "3:16: error: the version of type 'a' must have three numbers such as 1.0.0, is '1'\n"},
		{"  a: {derived: b}", "3:7: error: unknown key 'derived' in a policy type\n"},
		{"  a: {derived_form: b}",
	         "3:7: error: unknown key 'derived_form' in a policy type; did you mean 'derived_from'?\n"},
		{"  a: {derived_from: bb.cc}\n  bb.cd: {}",
	         "3:21: error: unknown policy type 'bb.cc'; did you mean 'bb.cd'?\n"},
		{"  a: {derived_from: b, derived_from_version: 3.0.0}\n  b: {}",
	         "3:21: error: the policy type 'b' has no version '3.0.0'; there is '1.0.0'\n"},
		{"  a: {derived_from: onap.datatypes.guard.filter}",
	         "3:21: error: unknown policy type 'onap.datatypes.guard.filter'\n"},
		{"  a: {derived_from: a}", "3:21: error: the policy type 'a' derives from itself\n"},
		{"  a: {derived_from: b}\n  b: {derived_from: c}\n  c: {derived_from: a}\n  d: {derived_from: a}",
	         "3:21: error: the policy type 'a' derives from itself\n"},
		{"- a: {}\n- a: {description: other}",
	         "4:3: error: the policy type 'a' 1.0.0 is declared differently at t.yaml:3\n"},
		{"- a: {metadata: {b: [c]}}\n- a: {metadata: {b: [d]}}",
	         "4:3: error: the policy type 'a' 1.0.0 is declared differently at t.yaml:3\n"},
		{"- a: {metadata: {b: [c]}}\n- a: {metadata: {b: [c]}}", ""},
		{"  a: {properties: [b]}", "3:19: error: 'properties' must be a map, found a list\n"},
		{"  a: {properties: {b: string}}",
	         "3:23: error: the definition of property 'b' must be a map, found text\n"},
		{"  a: {properties: {b: {}}}", "3:20: error: 'b' has no type\n"},
		{"  a: {properties: {b: {type: [c]}}}", "3:30: error: 'type' must be a name, found a list\n"},
		{"  a: {properties: {b: {type: strin}}}", "3:30: error: unknown data type 'strin'\n"},
		{"  a: {properties: {b: {type: tosca.datatypes.TimeIntervall}}}",
	         "3:30: error: unknown data type 'tosca.datatypes.TimeIntervall'; did you mean "
	         "'tosca.datatypes.TimeInterval'?\n"},
		{"  a: {properties: {b: {type: onap.datatype.controlloop.Operation, type_version: 2.0.0}}}", ""},
		{"  a: {properties: {b: {type: onap.datatype.controlloop.Operation, type_version: 9.0.0}}}",
	         "3:30: error: the data type 'onap.datatype.controlloop.Operation' has no version '9.0.0'; there is "
	         "'1.0.0'\n"},
		{"  a: {properties: {b: {type: string, requird: true}}}",
	         "3:38: error: unknown key 'requird' in a property definition; did you mean 'required'?\n"},
		{"  a: {properties: {b: {type: string, required: yes}}}",
	         "3:48: error: 'required' must be true or false, is 'yes'\n"},
		{"  a: {properties: {b: {type: string, entry_schema: string}}}",
	         "3:38: error: 'entry_schema' is for lists and maps, not for 'string'\n"},
		{"  a: {properties: {b: {type: list, entry_schema: [string]}}}",
	         "3:50: error: 'entry_schema' must be a map with a type, found a list\n"},
		{"  a: {properties: {b: {type: list, entry_schema: {typo: string}}}}",
	         "3:51: error: unknown key 'typo' in a schema; did you mean 'type'?\n"},
		{"  a: {properties: {b: {type: list, key_schema: string}}}",
	         "3:36: error: 'key_schema' is for maps, not for 'list'\n"},
		{"  a: {properties: {b: {type: list, entry_schema: string}, c: {type: map, key_schema: {type: "
	         "string}}}}",
	         ""},
		{"  a: {properties: {b: {type: integer, default: ten}}}",
	         "3:48: error: the default of property 'b' must be an integer, is 'ten'\n"},
		{"  a: {properties: {b: {type: integer, default: 0, constraints: {greater_than: 0}}}}",
	         "3:48: error: the default of property 'b' must be greater than 0, is '0'\n"},
		{"  a: {properties: {b: {type: integer, default: }}}", ""},
		{"  a: {constraints: [equal: 1]}",
	         "3:7: error: constraints are for a type that derives from one of TOSCA's own\n"},
		{"  a: {derived_from: b, properties: {x: {type: string}}}\n  b: {properties: {x: {type: integer}}}",
	         "3:40: error: property 'x' is of type 'integer' in 'b' and cannot become 'string'\n"},
		{"  a: {derived_from: b, properties: {x: {type: list, entry_schema: string}}}\n"
	         "  b: {properties: {x: {type: list, entry_schema: integer}}}",
	         "3:40: error: property 'x' is of type 'list' in 'b' and cannot become 'list'\n"},
		{"  a: {derived_from: b, properties: {x: {type: string, required: false}}}\n"
	         "  b: {properties: {x: {type: string}}}",
	         "3:40: error: property 'x' is required in 'b' and cannot become optional\n"},
		{"  a: {derived_from: b, properties: {x: {type: string, required: false, default: d}}}\n"
	         "  b: {properties: {x: {type: string}}}",
	         ""},
		{"  a: {derived_from: b, properties: {x: {type: integer, constraints: [greater_than: 5]}}}\n"
	         "  b: {properties: {x: {type: integer, default: 3}}}",
	         "4:48: error: the default of property 'x' must be greater than 5, is '3'\n"},
		{"  a: {derived_from: b, properties: {x: {type: integer}}}\n  b: {properties: {x: {type: any}}}", ""},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		types_load(f, VERSION "policy_types:\n%s\n", cases[i].types);
		assert_string_equal(types_findings(f, true), cases[i].findings);
	}
}

static void
a_type_with_errors_is_not_found_and_its_children_neither(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "policy_types:\n  a: {properties: {x: {type: nothing}}}\n  b: {derived_from: a}\n"
	                      "  c: {}\n  d: {derived_from: d}\n"
	                      "  e: {properties: {x: {type: integer, default: y}}}\n  f: {derived_from: e}\n");
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 3);
	assert_null(find(f, TYPE_POLICY, "e", NULL));
	assert_null(find(f, TYPE_POLICY, "f", NULL));
	assert_null(find(f, TYPE_POLICY, "a", NULL));
	assert_null(find(f, TYPE_POLICY, "b", NULL));
	assert_null(find(f, TYPE_POLICY, "d", NULL));
	assert_non_null(find(f, TYPE_POLICY, "c", NULL));
}

static void
data_types_derive_from_toscas_own(void **state)
{
	struct types_fixture *f = *state;
	const struct property *port;

	types_load(f, VERSION "data_types:\n"
	                      "  Port: {derived_from: integer, constraints: [in_range: [1, 65535]]}\n"
	                      "  HighPort: {derived_from: Port, constraints: [greater_than: 1023]}\n"
	                      "  Bad: {derived_from: integer, properties: {x: {type: string}}}\n"
	                      "policy_types:\n  p: {properties: {port: {type: HighPort, default: 80}}}\n");
	assert_string_equal(types_findings(f, true),
	                    "5:44: error: type 'Bad' derives from 'integer' and cannot have properties\n"
	                    "7:52: error: the default of property 'port' must be greater than 1023, is '80'\n");
	assert_int_equal(find(f, TYPE_DATA, "HighPort", NULL)->value->kind, VALUE_INTEGER);
	types_load(f,
	           VERSION "data_types:\n  Port: {derived_from: integer, constraints: [in_range: [1, 65535]]}\n"
	                   "policy_types:\n  p: {properties: {port: {type: Port, constraints: [greater_than: 7]}}}\n");
	assert_string_equal(types_findings(f, true), "");
	port = type_property(find(f, TYPE_POLICY, "p", NULL), STR("port"));
	assert_int_equal(port->schema.kind, VALUE_INTEGER);
	assert_int_equal(port->schema.constraints->kind, CONSTRAINT_GREATER_THAN);
	assert_int_equal(port->schema.constraints->next->kind, CONSTRAINT_IN_RANGE);
}

/* A guard's base type as the first draft has it. */
#define DRAFT_GUARD \
	"  onap.policies.controlloop.Guard:\n" \
	"    derived_from: tosca.policies.Root\n" \
	"    properties: {actor: {type: String}, operation: {type: string}, controlLoopName: {type: string, " \
	"required: " \
	"false}, target: {type: string, required: false}, time_range: {type: tosca.datatypes.TimeInterval, required: " \
	"false}}\n"
#define LIMITER_COPY \
	"  onap.policies.controlloop.guard.FrequencyLimiter: {properties: {time_window: {type: scalar-unit.time}, "

static void
copies_of_built_in_types_are_not_used(void **state)
{
	struct types_fixture *f = *state;

	types_load(f,
	           VERSION "policy_types:\n" LIMITER_COPY "limit: {type: integer, constraints: [greater_than: 0]}}}\n"
	                   "data_types:\n  onap.datatype.controlloop.Event:\n"
	                   "    properties: {event_type: {type: String, default: \"Legacy\"}, "
	                   "event_version: {type: String}}\n");
	assert_string_equal(
		types_findings(f, true),
		"3:53: info: the policy type 'onap.policies.controlloop.guard.FrequencyLimiter' 1.0.0 is built in; "
		"this "
		"declaration of it is not used\n"
		"6:5: info: the data type 'onap.datatype.controlloop.Event' 1.0.0 is built in; this declaration "
		"of it is not used\n");
	assert_true(find(f, TYPE_POLICY, "onap.policies.controlloop.guard.FrequencyLimiter", NULL)->builtin);
}

#define FIELDS \
	"generic-vnf.vnf-name, generic-vnf.vnf-id, generic-vnf.vnf-type, generic-vnf.nf-naming-code, " \
	"vserver.vserver-id, cloud-region.cloud-region-id"
#define FILTER_COPY \
	VERSION "data_types:\n  onap.datatypes.guard.filter: {derived_from: tosca.nodes.Root, properties: {filter: " \
		"{type: string}, function: {type: string}, blacklist: {type: boolean, default: true}, field: " \
		"{type: string, constraints: [valid_values: [" FIELDS "%s]]}}}\n"

/* ONAP's filters look at six fields, ours at any path of the question. */
static void
a_copy_with_the_fields_of_onap_is_known(void **state)
{
	static const char *const more[] = {", generic-vnf.prov-status", "x"};
	struct types_fixture *f = *state;

	types_load(f, FILTER_COPY, "");
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 0);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		types_load(f, FILTER_COPY, more[i]);
		assert_non_null(strstr(types_findings(f, true), "property 'field' has a constraint"));
	}
}

static void
a_copy_that_differs_is_refused(void **state)
{
	static const struct {
		const char *text, *finding;
	} cases[] = {
		{LIMITER_COPY "limit: {type: integer}, odd: {type: string}}}",
	         "property 'odd' is not one of the built-in type's"},
		{LIMITER_COPY "limit: {type: float}}}", "property 'limit' has another type"},
		{LIMITER_COPY "limit: {type: integer, default: 5}}}", "property 'limit' has another default"},
		{LIMITER_COPY "limit: {type: integer, constraints: [greater_than: 0, less_than: 9]}}}",
	         "property 'limit' has a constraint that the built-in type does not have"},
		{LIMITER_COPY "}}", "property 'limit' is missing"},
		{"  onap.policies.controlloop.Guard: {properties: {actor: {type: string}}}",
	         "property 'actor' is not one of the built-in type's"},
		{"  onap.policies.controlloop.operational.Common: {version: 2.0.0}", "property 'id' is missing"},
	};
	struct types_fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		types_load(f, VERSION "policy_types:\n%s\n", cases[i].text);
		assert_int_equal(f->diags.count[SEVERITY_ERROR], 1);
		assert_non_null(strstr(types_findings(f, true), cases[i].finding));
		assert_non_null(strstr(types_findings(f, true), " is built in, and this declaration of it differs: "));
	}
}

/* By name alone a document means the generation that it declares itself. */
static void
types_derive_from_the_generation_that_their_document_declares(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "policy_types:\n" DRAFT_GUARD
	                      "  my.Guard: {derived_from: onap.policies.controlloop.Guard}\n");
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 0);
	assert_non_null(type_property(find(f, TYPE_POLICY, "my.Guard", NULL), STR("time_range")));
	types_load(f, VERSION "policy_types:\n  my.Guard: {derived_from: onap.policies.controlloop.Guard}\n");
	assert_null(type_property(find(f, TYPE_POLICY, "my.Guard", NULL), STR("time_range")));
	types_load(f, VERSION "policy_types:\n  onap.policies.controlloop.operational.Common:\n    version: 2.0.0\n"
	                      "    properties:\n      id: {type: String}\n      timeout: {type: Integer}\n"
	                      "      onset: {entry_schema: {type: onap.datatype.controlloop.Event}}\n"
	                      "      abatement: {type: Boolean, default: false}\n"
	                      "      operation: {entry_schema: {type: onap.datatype.controlloop.operation.Directive}}\n"
	                      "  onap.policies.controlloop.operational.common.Apex:\n    version: 1.0.0\n"
	                      "    derived_from: onap.policies.controlloop.operational.Common\n    properties:\n"
	                      "  my.Loop: {derived_from: onap.policies.controlloop.operational.Common}\n"
	                      "  my.Apex: {derived_from: onap.policies.controlloop.operational.common.Apex}\n");
	assert_int_equal(f->diags.count[SEVERITY_ERROR], 0);
	assert_non_null(type_property(find(f, TYPE_POLICY, "my.Loop", NULL), STR("onset")));
	assert_non_null(type_property(find(f, TYPE_POLICY, "my.Apex", NULL), STR("onset")));
	types_load(f,
	           VERSION "policy_types:\n  my.Loop: {derived_from: onap.policies.controlloop.operational.Common}\n");
	assert_null(type_property(find(f, TYPE_POLICY, "my.Loop", NULL), STR("onset")));
}

/* The style of seed 003: capitals, references in another case, entry_schema without type, constraints as a map. */
static const char seed_style[] =
	"tosca_definitions_version: tosca_simple_yaml_1_0_0\n"
	"policy_types:\n"
	"  my.Operational:\n"
	"    derived_from: tosca.policies.Root\n"
	"    version: 2.0.0\n"
	"    properties:\n"
	"      id: {type: String, required: true}\n"
	"      timeout: {type: Integer, required: true}\n"
	"      onset: {required: true, entry_schema: {type: my.datatype.Event}}\n"
	"      abatement: {type: Boolean, default: false}\n"
	"      first: {required: true, entry_schema: {type: my.datatype.step}}\n"
	"  my.Apex:\n"
	"    derived_from: my.Operational\n"
	"    version: 1.0.0\n"
	"    properties:\n"
	"data_types:\n"
	"  my.datatype.Event:\n"
	"    derived_from: tosca.datatypes.Root\n"
	"    properties:\n"
	"      kind: {type: String, default: \"Legacy\", constraints: [valid_values: [\"Legacy\", \"VES\"]]}\n"
	"  my.datatype:odd.Name:\n"
	"    derived_from: tosca.datatypes.Root\n"
	"    properties:\n"
	"  my.datatype.Step:\n"
	"    derived_from: tosca.datatypes.Root\n"
	"    properties:\n"
	"      actor: {required: true, entry_schema: {type: my.nodetype.Actor}}\n"
	"      kind: {type: String, required: false, constraints: {valid_values: [VNF, VM]}}\n"
	"      maker: {type: String, required: false, constraints: {possible_values: [SO, APPC]}}\n"
	"      payload: {type: Map, required: false}\n"
	"      next: {required: false, default: final, entry_schema: {type: my.datatype.step}}\n"
	"node_types:\n"
	"  my.nodetype.Actor:\n"
	"    derived_from: tosca.nodes.Root\n"
	"    properties: {id: {type: String}}\n"
	"    capabilities: {operation: {type: my.capability.Operation}}\n"
	"capability_types:\n"
	"  my.capability.Operation: {derived_from: tosca.nodes.Capabilities, properties: }\n";

static void
types_in_the_style_of_the_first_draft_load(void **state)
{
	struct types_fixture *f = *state;
	const struct property *first;

	types_load(f, "%s", seed_style);
	assert_string_equal(types_findings(f, true),
	                    "11:52: info: 'my.datatype.step' is taken for the type 'my.datatype.Step'\n"
	                    "31:68: info: 'my.datatype.step' is taken for the type 'my.datatype.Step'\n");
	first = type_property(find(f, TYPE_POLICY, "my.Apex", NULL), STR("first"));
	assert_true(first->schema.by_name);
	assert_int_equal(first->schema.kind, VALUE_TYPE);
	assert_ptr_equal(first->schema.type, find(f, TYPE_DATA, "my.datatype.Step", NULL));
	assert_true(str_is(type_property(first->declared_by, STR("timeout"))->schema.type_name, "integer"));
	assert_int_equal(type_property(first->schema.type, STR("actor"))->schema.type->kind, TYPE_NODE);
}

static void
a_name_in_another_letter_case_must_mean_one_type(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "data_types:\n  a.B: {}\n  A.b: {}\n"
	                      "policy_types:\n  p: {properties: {x: {type: a.b}, y: {type: a.B}}}\n");
	assert_string_equal(types_findings(f, true),
	                    "6:30: error: 'a.b' differs from several types in letter case only\n");
	types_load(f, VERSION "data_types:\n  Map: {properties: {x: {type: string}}}\n"
	                      "policy_types:\n  p: {properties: {x: {type: Map}, y: {type: MAP}}}\n");
	assert_string_equal(types_findings(f, true), "");
	assert_int_equal(find(f, TYPE_POLICY, "p", NULL)->properties[0].schema.kind, VALUE_TYPE);
	assert_int_equal(find(f, TYPE_POLICY, "p", NULL)->properties[1].schema.kind, VALUE_MAP);
}

static void
node_types_may_use_types_that_nobody_declares(void **state)
{
	struct types_fixture *f = *state;

	types_load(f, VERSION "node_types:\n  n: {properties: {x: {type: far.away}}}\n");
	assert_string_equal(types_findings(f, true), "3:30: warning: unknown data type 'far.away'\n");
	assert_int_equal(find(f, TYPE_NODE, "n", NULL)->properties[0].schema.kind, VALUE_ANY);
}

/* Chain of n types, each derived from the one before; t1 has no parent. */
static void
load_chain(struct types_fixture *f, int n)
{
	char text[4096];
	size_t used = 0;

	for (int i = n; i >= 1; i--)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "  t%d: {%s%d}\n", i,
		                         i > 1 ? "derived_from: t" : "description: ", i - 1);
	assert_true(used < sizeof(text));
	types_load(f, VERSION "policy_types:\n%s", text);
}

static void
a_type_has_32_ancestors_at_most(void **state)
{
	struct types_fixture *f = *state;

	load_chain(f, TYPE_DEPTH_MAX + 1);
	assert_string_equal(types_findings(f, true), "");
	load_chain(f, TYPE_DEPTH_MAX + 2);
	assert_string_equal(types_findings(f, true), "3:8: error: the policy type 't34' has more than 32 ancestors\n");
	assert_null(find(f, TYPE_POLICY, "t34", NULL));
	assert_non_null(find(f, TYPE_POLICY, "t33", NULL));
}

static void
load_properties(struct types_fixture *f, int count)
{
	size_t used = 0, size = (size_t)count * 32 + 1;
	char *text = calloc(1, size);

	assert_non_null(text);
	for (int i = 1; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "      p%d: {type: string}\n", i);
	types_load(f,
	           VERSION "policy_types:\n  a: {properties: {first: {type: string}}}\n"
	                   "  b:\n    derived_from: a\n    properties:\n%s",
	           text);
	free(text);
}

static void
a_type_has_256_properties_at_most(void **state)
{
	struct types_fixture *f = *state;

	load_properties(f, TYPE_PROPERTIES_MAX);
	assert_string_equal(types_findings(f, true), "");
	assert_int_equal(find(f, TYPE_POLICY, "b", NULL)->property_count, TYPE_PROPERTIES_MAX);
	load_properties(f, TYPE_PROPERTIES_MAX + 1);
	assert_string_equal(types_findings(f, true), "7:7: error: type 'b' has more than 256 properties\n");
}

static void
load_types(struct types_fixture *f, int count)
{
	size_t used = 0, size = (size_t)count * 16 + 1;
	char *text = calloc(1, size);

	assert_non_null(text);
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "  t%d: {}\n", i);
	types_load(f, VERSION "policy_types:\n%s", text);
	free(text);
}

static void
a_catalogue_has_10000_types_at_most(void **state)
{
	struct types_fixture *f = *state;

	load_types(f, CATALOGUE_TYPES_MAX);
	assert_string_equal(types_findings(f, true), "");
	assert_non_null(find(f, TYPE_POLICY, "t9999", NULL));
	load_types(f, CATALOGUE_TYPES_MAX + 2);
	assert_string_equal(types_findings(f, true), "10003:3: error: more than 10000 types\n");
}

struct visit {
	size_t count, stop_at;
	bool builtin_first;
	struct str last;
};

static int
visit_type(void *context, const struct type *type)
{
	struct visit *v = context;

	v->count++;
	v->builtin_first = v->builtin_first && (type->builtin || !str_is(type->name, "z") || v->count > 2);
	v->last = type->name;
	return v->count == v->stop_at ? 7 : 0;
}

static void
visiting_goes_through_the_base_first_and_stops_when_told(void **state)
{
	struct types_fixture *f = *state;
	struct visit all = {.builtin_first = true}, some = {.stop_at = 3, .builtin_first = true}, builtin = {0};

	types_load(f, VERSION "policy_types:\n  z: {}\n  bad: {derived_from: bad}\n  a: {}\n");
	assert_int_equal(catalogue_each(f->builtin, visit_type, &builtin), 0);
	assert_int_equal(catalogue_each(f->catalogue, visit_type, &all), 0);
	assert_int_equal(all.count, builtin.count + 2);
	assert_true(all.builtin_first && str_is(all.last, "a"));
	assert_int_equal(catalogue_each(f->catalogue, visit_type, &some), 7);
	assert_int_equal(some.count, 3);
}

static void
running_out_of_memory_is_an_error(void **state)
{
	struct types_fixture *f = *state;
	size_t needed = 0, runs = 0;

	for (size_t room = 1; needed == 0; room += 48, runs++) {
		struct catalogue *catalogue;
		struct error err = {0};
		struct arena arena;
		struct node *root;

		types_begin(f);
		assert_int_equal(yaml_read(str_from(seed_style), "t", &document_limits_default, &f->arena, &root, &err),
		                 0);
		arena_init(&arena, room);
		catalogue = catalogue_new(&arena, f->builtin);
		if (catalogue) {
			catalogue_add(catalogue, root, &f->diags);
			catalogue_resolve(catalogue, &f->diags);
			if (f->diags.count[SEVERITY_ERROR] == 0)
				needed = room;
			(void)catalogue_find(catalogue, TYPE_POLICY, STR("my.Apex"), STR_NONE); /* must not crash */
		}
		arena_free(&arena);
	}
	assert_true(runs > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_types_know_their_generations),
		cmocka_unit_test(inherited_properties_come_first_and_an_override_stands_in_their_place),
		cmocka_unit_test(a_type_of_a_users_derives_from_a_guard),
		cmocka_unit_test(a_version_is_chosen_or_is_todays_or_the_lowest),
		cmocka_unit_test(the_lowest_version_may_be_of_the_base_or_of_ones_own),
		cmocka_unit_test(what_is_wrong_with_types_is_found_where_it_is),
		cmocka_unit_test(a_type_with_errors_is_not_found_and_its_children_neither),
		cmocka_unit_test(data_types_derive_from_toscas_own),
		cmocka_unit_test(copies_of_built_in_types_are_not_used),
		cmocka_unit_test(a_copy_that_differs_is_refused),
		cmocka_unit_test(types_derive_from_the_generation_that_their_document_declares),
		cmocka_unit_test(types_in_the_style_of_the_first_draft_load),
		cmocka_unit_test(a_copy_with_the_fields_of_onap_is_known),
		cmocka_unit_test(a_name_in_another_letter_case_must_mean_one_type),
		cmocka_unit_test(node_types_may_use_types_that_nobody_declares),
		cmocka_unit_test(a_type_has_32_ancestors_at_most),
		cmocka_unit_test(a_type_has_256_properties_at_most),
		cmocka_unit_test(a_catalogue_has_10000_types_at_most),
		cmocka_unit_test(visiting_goes_through_the_base_first_and_stops_when_told),
		cmocka_unit_test(running_out_of_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, types_setup, types_teardown);
}
