/* test_operational - the compiler of operational policies: what data cases cannot say */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/operational_set.h"

#include <stdio.h>
#include <stdlib.h>
#include "engine/decide/load.h"
#include "engine/operational/registry_schema.h"
#include "tests/cmocka_all.h"

static const struct operational *
compile(const struct document *documents, size_t count, struct arena *arena, struct diags *diags)
{
	const struct operational *list = NULL;

	diags_init(diags, arena);
	return operational_set_compile(documents, count, arena, &list, diags) ? list : NULL;
}

static bool
same_entries(struct entries a, struct entries b)
{
	for (size_t i = 0; a.count == b.count && i < a.count; i++) {
		if (!str_equal(a.list[i].key, b.list[i].key) || !str_equal(a.list[i].value, b.list[i].value))
			return false;
	}
	return a.count == b.count;
}

static bool
same_directive(const struct directive *a, const struct directive *b)
{
	return str_equal(a->id, b->id) && str_equal(a->actor, b->actor) && str_equal(a->operation, b->operation) &&
	       a->target_type == b->target_type && same_entries(a->entities, b->entities) &&
	       same_entries(a->payload, b->payload) && a->timeout_s == b->timeout_s && a->retries == b->retries &&
	       a->vf_change == b->vf_change && memcmp(a->route, b->route, sizeof(a->route)) == 0;
}

static void
the_four_forms_of_one_policy_make_the_same_directives(void **state)
{
	static const char *const names[] = {"flat", "nested", "trigger", "el-alto"};
	const char *top = getenv("top_srcdir");
	const struct operational *policy[4];
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < 4; i++) {
		struct document document;
		struct error err = {0};
		struct diags diags;

		document.name = arena_printf(&arena, "%s/examples/operational/%s.yaml", top ? top : ".", names[i]);
		assert_int_equal(load_file(document.name, 1 << 20, &arena, &document.bytes, &err), 0);
		policy[i] = compile(&document, 1, &arena, &diags);
		assert_non_null(policy[i]);
		assert_int_equal(diags.kept, 0);
		assert_int_equal(policy[i]->count, 3);
		assert_int_equal(policy[i]->timeout_s, 900);
		assert_int_equal(policy[i]->trigger, 0);
		assert_true(str_equal(policy[i]->id, policy[0]->id));
		for (size_t j = 0; j < 3; j++)
			assert_true(same_directive(&policy[i]->directives[j], &policy[0]->directives[j]));
	}
	assert_non_null(policy[2]->gate);
	assert_int_equal(policy[2]->gate->evaluations, 2);
	assert_int_equal(policy[2]->gate->period_ms, 300000);
	arena_free(&arena);
}

static void
the_table_is_the_same_whatever_the_order_of_the_document(void **state)
{
	static const char one[] = "{id: one, operation: {actor: APPC, operation: Restart, target: {targetType: VM}}, "
				  "timeout: 1, failure: two}";
	static const char two[] = "{id: two, operation: {actor: APPC, operation: Rebuild, target: {targetType: VM}}, "
				  "timeout: 1}";
	struct document documents[2] = {{.name = "a"}, {.name = "b"}};
	const struct operational *a, *b;
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	documents[0].bytes = str_from(
		arena_printf(&arena, "properties: {id: a, timeout: 9, trigger: one, operations: [%s, %s]}", one, two));
	documents[1].bytes = str_from(
		arena_printf(&arena, "properties: {id: b, timeout: 9, trigger: one, operations: [%s, %s]}", two, one));
	a = compile(documents, 2, &arena, &diags);
	assert_non_null(a);
	b = a->next;
	assert_non_null(b);
	for (size_t i = 0; i < 2; i++)
		assert_true(same_directive(&a->directives[i], &b->directives[i]));
	arena_free(&arena);
}

static void
a_users_type_brings_its_defaults_and_its_own_properties(void **state)
{
	static const char text[] = "tosca_definitions_version: tosca_simple_yaml_1_1_0\n"
				   "policy_types:\n"
				   "  my.operational.Type:\n"
				   "    derived_from: onap.policies.controlloop.operational.Common\n"
				   "    version: 1.0.0\n"
				   "    properties:\n"
				   "      timeout: {type: integer, default: 77}\n"
				   "      owner: {type: string, required: false}\n"
				   "topology_template:\n"
				   "  policies:\n"
				   "    - p:\n"
				   "        type: my.operational.Type\n"
				   "        type_version: 1.0.0\n"
				   "        version: 1.0.0\n"
				   "        properties:\n"
				   "          id: loop\n"
				   "          owner: me\n"
				   "          trigger: a\n"
				   "          operations:\n"
				   "            - {id: a, operation: {actor: APPC, operation: Restart, target: "
				   "{targetType: VM}}, timeout: 5}\n";
	struct document document = {"my.yaml", str_from(text)};
	const struct operational *policy;
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	policy = compile(&document, 1, &arena, &diags);
	assert_non_null(policy);
	assert_int_equal(policy->timeout_s, 77);
	assert_int_equal(diags.kept, 0);
	arena_free(&arena);
}

static void
findings_have_their_place_and_their_code(void **state)
{
	static const char text[] = "name: p\n"
				   "properties:\n"
				   "  id: loop\n"
				   "  timeout: 10\n"
				   "  trigger: a\n"
				   "  operations:\n"
				   "    - id: a\n"
				   "      operation: {actor: APPC, operation: Restart, target: {targetType: VM}}\n"
				   "      timeout: soon\n";
	struct document document = {"place.yaml", str_from(text)};
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	assert_null(compile(&document, 1, &arena, &diags));
	assert_int_equal(diags.kept, 1);
	assert_string_equal(diags.first->file, "place.yaml");
	assert_string_equal(diags.first->code, "OPV-16");
	assert_string_equal(diags.first->path, "a.timeout");
	assert_int_equal(diags.first->line, 9);
	assert_int_equal(diags.first->column, 16);
	arena_free(&arena);
}

static void
a_failure_route_that_retries_make_dead_is_a_hint(void **state)
{
	static const char text[] = "properties: {id: l, timeout: 90, trigger: a, operations: ["
				   "{id: a, operation: {actor: APPC, operation: Restart, target: {targetType: VM}}, "
				   "timeout: 5, retries: 1, failure: b},"
				   "{id: b, operation: {actor: APPC, operation: Rebuild, target: {targetType: VM}}, "
				   "timeout: 5, retries: 1, failure: c, failure_retries: c},"
				   "{id: c, operation: {actor: APPC, operation: Migrate, target: {targetType: VM}}, "
				   "timeout: 5}]}";
	struct document document = {"hint.yaml", str_from(text)};
	const struct operational *policy;
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	policy = compile(&document, 1, &arena, &diags);
	assert_non_null(policy);
	assert_int_equal(diags.kept, 0); /* the compiler itself is silent */
	operational_hints(policy, &diags);
	assert_int_equal(diags.count[SEVERITY_INFO], 1);
	arena_free(&arena);
}

static void
the_registry_knows_who_can_do_what(void **state)
{
	struct registry *registry;
	struct arena arena;
	struct diags diags;

	(void)state;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	registry = registry_new(&arena, &diags);
	assert_non_null(registry);
	assert_true(str_is(registry_actor_of(registry, STR("Reroute"))->id, "SDNC"));
	assert_true(str_is(registry_actor_of(registry, STR("VF Module Create"))->id, "SO"));
	assert_null(registry_actor_of(registry, STR("Restart"))); /* of several */
	assert_null(registry_actor_of(registry, STR("Nothing")));
	assert_null(registry_actor(registry, STR("so")));
	assert_null(actor_capability(registry_actor(registry, STR("SO")), STR("Anything")));
	assert_non_null(actor_capability(registry_actor(registry, STR("CDS")), STR("Anything")));
	assert_non_null(registry_actor(registry, STR("APPCLCM")));
	arena_free(&arena);
}

static void
a_schema_says_which_operations_an_actor_has_and_which_actors_an_operation(void **state)
{
	struct registry *registry;
	struct arena arena;
	struct error err = {0};
	struct diags diags;
	struct str text;

	(void)state;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	registry = registry_new(&arena, &diags);
	assert_non_null(registry);
	assert_int_equal(registry_schema(registry,
	                                 STR("{\"$defs\":{\"d\":{\"properties\":{\"actor\":{},\"operation\":{}}}}}"),
	                                 &arena, &text, &err),
	                 0);
	assert_non_null(strstr(text.ptr, "\"const\":\"SDNC\""));
	assert_non_null(strstr(text.ptr, "{\"operation\":{\"examples\":[\"Reroute\",\"BandwidthOnDemand\"]}}"));
	assert_non_null(strstr(text.ptr, "\"const\":\"Rebuild\""));
	assert_non_null(strstr(text.ptr, "{\"actor\":{\"examples\":[\"APPC\",\"APPCLCM\"]}}"));
	assert_int_equal(registry_schema(registry, STR("{\"properties\":{\"actor\":{}}}"), &arena, &text, &err), 0);
	assert_string_equal(text.ptr, "{\"properties\":{\"actor\":{}}}");
	assert_int_equal(registry_schema(registry, STR("{"), &arena, &text, &err), -ERROR_SYNTAX);
	arena_free(&arena);
}

/* Ten thousand operations in a row compile; one more is refused. */
static void
long_policies_compile_up_to_the_limit(void **state)
{
	for (size_t count = 10000; count <= 10001; count++) {
		size_t size = count * 160 + 200, at = 0;
		char *text = malloc(size);
		struct document document;
		struct arena arena;
		struct diags diags;

		(void)state;
		assert_non_null(text);
		at += (size_t)snprintf(text + at, size - at,
		                       "properties:\n  id: l\n  timeout: 10000000\n  trigger: o0\n  operations:\n");
		for (size_t i = 0; i < count; i++)
			at += (size_t)snprintf(
				text + at, size - at,
				"  - {id: o%zu, operation: {actor: APPC, operation: Restart, target: "
				"{targetType: VM}}, timeout: 1%s%zu}\n",
				i, i + 1 < count ? ", failure: o" : ", retries: ", i + 1 < count ? i + 1 : 0);
		document = (struct document){.name = "long.yaml", .bytes = {text, at}};
		arena_init(&arena, 0);
		if (count == 10000)
			assert_int_equal(compile(&document, 1, &arena, &diags)->count, 10000);
		else
			assert_null(compile(&document, 1, &arena, &diags));
		arena_free(&arena);
		free(text);
	}
}

/* The real documents, where CLGUARD_CORPUS names them: none has an error, these are all their warnings and infos. */
static void
real_documents_compile_with_the_findings_that_are_known(void **state)
{
	static const struct {
		const char *name;
		size_t unknown_keys, infos;
	} files[] = {
		{"pnf.cds.policy.operational.chaining.yaml", 3, 0},
		{"v5gSonA1.policy.operational.input.tosca.yaml", 0, 0},
		{"v5gSonO1.policy.operational.input.tosca.yaml", 0, 0},
		{"vCPE.policy.operational.input.tosca.json", 0, 2}, /* abatement, and the timeout with all retries */
		{"vCPE.policy.operational.input.tosca.yaml", 0, 2},
		{"vDNS.policy.operational.input.tosca.json", 0, 0},
		{"vDNS.policy.operational.input.tosca.yaml", 0, 0},
		{"vFirewall.cds.policy.operational.chaining.yaml", 3, 0},
		{"vFirewall.policy.operational.input.tosca.yaml", 1, 0},
		{"vFirewallCDS.policy.operational.input.tosca.yaml", 1, 0},
	};
	const char *corpus = getenv("CLGUARD_CORPUS");

	(void)state;
	if (!corpus)
		skip();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct document document;
		struct arena arena;
		struct error err = {0};
		struct diags diags;
		size_t unknown = 0;

		arena_init(&arena, 0);
		document.name = arena_printf(&arena, "%s/policies/%s", corpus, files[i].name);
		if (load_file(document.name, 1 << 20, &arena, &document.bytes, &err) != 0)
			fail_msg("%s: %s", document.name, err.text);
		if (!compile(&document, 1, &arena, &diags))
			fail_msg("%s: %s", document.name, diags.first->text);
		for (const struct diag *diag = diags.first; diag; diag = diag->next)
			unknown += diag->code && strcmp(diag->code, "OPV-32") == 0;
		assert_int_equal(unknown, files[i].unknown_keys);
		assert_int_equal(diags.count[SEVERITY_WARNING], files[i].unknown_keys);
		assert_int_equal(diags.count[SEVERITY_INFO], files[i].infos);
		arena_free(&arena);
	}
}

/* At whatever allocation memory ends, the compiler says that there is an error. */
static void
no_memory_is_an_error_and_never_half_a_policy(void **state)
{
	const char *top = getenv("top_srcdir");
	struct document document;
	struct error err = {0};
	struct arena files;
	bool done = false;

	(void)state;
	arena_init(&files, 0);
	document.name = arena_printf(&files, "%s/examples/operational/trigger.yaml", top ? top : ".");
	assert_int_equal(load_file(document.name, 1 << 20, &files, &document.bytes, &err), 0);
	for (size_t limit = 1000; !done; limit += 1000) {
		const struct operational *list = NULL;
		struct arena arena;
		struct diags diags;

		arena_init(&arena, limit);
		diags_init(&diags, &arena);
		done = operational_set_compile(&document, 1, &arena, &list, &diags);
		assert_true(done == (diags.count[SEVERITY_ERROR] == 0));
		assert_true(!done || list->count == 3);
		arena_free(&arena);
	}
	arena_free(&files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_four_forms_of_one_policy_make_the_same_directives),
		cmocka_unit_test(the_table_is_the_same_whatever_the_order_of_the_document),
		cmocka_unit_test(a_users_type_brings_its_defaults_and_its_own_properties),
		cmocka_unit_test(findings_have_their_place_and_their_code),
		cmocka_unit_test(a_failure_route_that_retries_make_dead_is_a_hint),
		cmocka_unit_test(the_registry_knows_who_can_do_what),
		cmocka_unit_test(a_schema_says_which_operations_an_actor_has_and_which_actors_an_operation),
		cmocka_unit_test(long_policies_compile_up_to_the_limit),
		cmocka_unit_test(real_documents_compile_with_the_findings_that_are_known),
		cmocka_unit_test(no_memory_is_an_error_and_never_half_a_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
