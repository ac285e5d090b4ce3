/* test_compose - the SDK of control loops: element definitions made a control loop type */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"
#include "tests/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#define CLAMP "org.onap.policy.clamp.controlloop."
#define HEAD "tosca_definitions_version: tosca_simple_yaml_1_3\n"

static const struct clg_document documents[] = {
	{0, "participants.yaml",
         HEAD "topology_template:\n"
              "  node_templates:\n"
              "    p.Http: {version: 1.0.0, type: " CLAMP "HttpParticipant, type_version: 1.0.1}\n"
              "    p.Other: {version: 1.0.0, type: " CLAMP "Participant, type_version: 1.0.1}\n"},
	{0, "elements.yaml",
         HEAD "data_types:\n"
              "  org.Shared: {derived_from: tosca.datatypes.Root, properties: {a: {type: string}}}\n"
              "topology_template:\n"
              "  node_templates:\n"
              "    e.Limits:\n"
              "      version: 1.0.0\n"
              "      type: " CLAMP "HttpControlLoopElement\n"
              "      type_version: 1.0.1\n"
              "      properties: {participantType: {name: p.Http, version: 1.0.0}, startPhase: 1}\n"
              "    e.Unused:\n"
              "      version: 1.0.0\n"
              "      type: " CLAMP "HttpControlLoopElement\n"
              "      type_version: 1.0.1\n"
              "      properties: {participantType: {name: p.Other, version: 1.0.0}}\n"},
	{0, "store.json",
         "{\"tosca_definitions_version\": \"tosca_simple_yaml_1_3\",\n"
         " \"data_types\": {\"org.Shared\": {\"derived_from\": \"tosca.datatypes.Root\", \"properties\": {\"a\": "
         "{\"type\": \"integer\"}}}},\n"
         " \"topology_template\": {\"node_templates\": {\"e.Store\": {\"version\": \"1.0.0\", \"type\": \"" CLAMP
         "ConfigurationPersistenceControlLoopElement\", \"type_version\": \"1.0.1\", \"properties\": "
         "{\"participantType\": "
         "{\"name\": \"p.Nowhere\", \"version\": \"1.0.0\"}}}}}}"},
};

static struct clg_error err;

/* The composed type; NULL, and err, when there is none. */
static char *
composed(size_t count, const char *spec)
{
	char *yaml = NULL;
	int r;

	err = (struct clg_error){0};
	r = clg_compose(documents, count, spec, &yaml, &err);
	assert_int_equal(r, -err.code);
	assert_true((r == 0) == (yaml != NULL));
	return yaml;
}

static void
a_type_is_made_of_the_chosen_definitions_and_what_they_need(void **state)
{
	char *yaml = composed(2, "name: l.Limits\nversion: 2.1.0\ndescription: keeps limits\n"
	                         "metadata: {guard: report}\nproperties: {provider: Example}\n"
	                         "elements:\n- {name: e.Limits, version: 1.0.0, properties: {startPhase: 4}}\n");

	(void)state;
	assert_non_null(yaml);
	assert_string_equal(yaml, "tosca_definitions_version: tosca_simple_yaml_1_3\n"
	                          "data_types:\n"
	                          "  org.Shared:\n"
	                          "    derived_from: tosca.datatypes.Root\n"
	                          "    properties:\n"
	                          "      a:\n"
	                          "        type: string\n"
	                          "topology_template:\n"
	                          "  node_templates:\n"
	                          "    e.Limits:\n"
	                          "      version: 1.0.0\n"
	                          "      type: " CLAMP "HttpControlLoopElement\n"
	                          "      type_version: 1.0.1\n"
	                          "      properties:\n"
	                          "        participantType:\n"
	                          "          name: p.Http\n"
	                          "          version: 1.0.0\n"
	                          "        startPhase: 4\n"
	                          "    p.Http:\n"
	                          "      version: 1.0.0\n"
	                          "      type: " CLAMP "HttpParticipant\n"
	                          "      type_version: 1.0.1\n"
	                          "    l.Limits:\n"
	                          "      version: 2.1.0\n"
	                          "      type: " CLAMP "ControlLoop\n"
	                          "      type_version: 1.0.1\n"
	                          "      description: keeps limits\n"
	                          "      metadata:\n"
	                          "        guard: report\n"
	                          "      properties:\n"
	                          "        elements:\n"
	                          "          - name: e.Limits\n"
	                          "            version: 1.0.0\n"
	                          "        provider: Example\n");
	free(yaml);
}

static void
a_participant_type_that_nobody_describes_is_left_out(void **state)
{
	const struct clg_document *store = &documents[2];
	char *yaml = NULL;

	(void)state;
	assert_int_equal(clg_compose(store, 1,
	                             "{\"name\": \"l\", \"version\": \"1.0.0\", \"elements\": [{\"name\": "
	                             "\"e.Store\", \"version\": \"1.0.0\"}]}",
	                             &yaml, &err),
	                 0);
	assert_non_null(strstr(yaml, "    e.Store:\n"));
	assert_null(strstr(yaml, "    p.Nowhere:\n"));
	free(yaml);
}

static void
what_cannot_be_composed_says_why_and_where(void **state)
{
	(void)state;
	assert_null(composed(2, "name: l\nversion: 1.0.0\nelements:\n- {name: e.Nowhere, version: 1.0.0}\n"));
	assert_int_equal(err.code, CLG_EUNKNOWN);
	assert_int_equal(err.line, 4);
	assert_string_equal(err.text, "there is no element definition 'e.Nowhere' 1.0.0");
	assert_null(composed(2, "name: l\nversion: 1.0.0\nelements:\n- {name: e.Limits, version: 2.0.0}\n"));
	assert_int_equal(err.code, CLG_EUNKNOWN);
	assert_null(composed(2, "name: l\nversion: 1.0.0\nelements:\n- {name: p.Http, version: 1.0.0}\n"));
	assert_int_equal(err.code, CLG_EUNKNOWN);
	assert_null(composed(2,
	                     "name: l\nversion: 1.0.0\nelements: [{name: e.Limits, version: 1.0.0}, {name: e.Limits, "
	                     "version: 1.0.0}]\n"));
	assert_int_equal(err.code, CLG_EDUPLICATE);
	assert_null(composed(3, "name: l\nversion: 1.0.0\nelements: [{name: e.Limits, version: 1.0.0}, {name: e.Store, "
	                        "version: 1.0.0}]\n"));
	assert_int_equal(err.code, CLG_ECONFLICT);
	assert_string_equal(err.text, "data_types: two elements bring different definitions of org.Shared");
}

static void
a_spec_has_a_name_a_version_and_elements(void **state)
{
	static const char *const wrong[] = {
		"version: 1.0.0\nelements: [{name: e.Limits, version: 1.0.0}]",
		"name: l\nversion: one\nelements: [{name: e.Limits, version: 1.0.0}]",
		"name: l\nversion: 1.0.0\nelements: []",
		"name: l\nversion: 1.0.0",
		"[]",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(composed(2, wrong[i]));
		assert_int_equal(err.code, CLG_ETYPE);
	}
	assert_null(composed(2, "name: [\n"));
	assert_int_equal(err.code, CLG_ESYNTAX);
}

static void
a_document_that_cannot_be_read_is_named(void **state)
{
	const struct clg_document bad = {.name = "bad.json", .text = "{\"a\": }"};
	char *yaml = NULL;

	(void)state;
	err = (struct clg_error){0};
	assert_int_equal(clg_compose(&bad, 1, "name: l\n", &yaml, &err), -CLG_ESYNTAX);
	assert_null(yaml);
	assert_int_equal(strncmp(err.text, "bad.json:1:7: ", 14), 0);
	assert_int_equal(err.line, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_is_made_of_the_chosen_definitions_and_what_they_need),
		cmocka_unit_test(a_participant_type_that_nobody_describes_is_left_out),
		cmocka_unit_test(what_cannot_be_composed_says_why_and_where),
		cmocka_unit_test(a_spec_has_a_name_a_version_and_elements),
		cmocka_unit_test(a_document_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
