/* template - which documents we know, and the policies in them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/template.h"

#include <stdlib.h>

#include "policytypes/section.h"

#define NAME_MAX_LEN 255 /* bytes of a policy's name */
#define VERSION_DEFAULT "1.0.0"
#define TYPE_EXAMPLE "onap.policies.controlloop.guard.common.FrequencyLimiter"

static const char *const template_keys[] = {"tosca_definitions_version",
                                            "topology_template",
                                            "policies",
                                            "policy_types",
                                            "data_types",
                                            "node_types",
                                            "capability_types",
                                            "relationship_types",
                                            "group_types",
                                            "artifact_types",
                                            "interface_types",
                                            "description",
                                            "metadata",
                                            "imports",
                                            "repositories",
                                            "dsl_definitions",
                                            "namespace",
                                            "template_name",
                                            "template_author",
                                            "template_version",
                                            "name",
                                            "version",
                                            "id",
                                            NULL};

static const char *const topology_keys[] = {"policies",
                                            "node_templates",
                                            "relationship_templates",
                                            "groups",
                                            "inputs",
                                            "outputs",
                                            "description",
                                            "metadata",
                                            "substitution_mappings",
                                            "workflows",
                                            "name",
                                            "version",
                                            "id",
                                            NULL};

static const char *const policy_keys[] = {"type",        "type_version", "name",       "version",
                                          "description", "metadata",     "properties", "targets",
                                          "triggers",    "id",           NULL};

static const char *const tosca_versions[] = {"tosca_simple_yaml_1_0_0", "tosca_simple_yaml_1_1_0",
                                             "tosca_simple_yaml_1_2", "tosca_simple_yaml_1_3"};

/* Keys that tell what a document is; the first that is there decides. */
static const struct {
	const char *key;
	enum document_kind kind;
} tells[] = {
	{"tosca_definitions_version", DOCUMENT_TEMPLATE},
	{"topology_template", DOCUMENT_TEMPLATE},
	{"guard", DOCUMENT_GUARD2},
	{"guards", DOCUMENT_GUARD2},
	{"controlLoop", DOCUMENT_CONTROLLOOP},
	{"properties", DOCUMENT_BARE},
	{"triggers", DOCUMENT_BARE},
	{"policy_types", DOCUMENT_TEMPLATE},
	{"data_types", DOCUMENT_TEMPLATE},
	{"node_types", DOCUMENT_TEMPLATE},
	{"capability_types", DOCUMENT_TEMPLATE},
	{"policies", DOCUMENT_TEMPLATE},
};

#define EXPECTED \
	"a service template (tosca_definitions_version), a Control Loop Guard 2.0.0 (guard), a control loop " \
	"(controlLoop) " \
	"or a policy (type, properties)"

int
document_classify(const struct node *root, enum document_kind *ret_kind, struct error *err)
{
	if (node_is_null(root))
		return error_set(err, ERROR_TYPE, root, "the document is empty; expected " EXPECTED);
	if (root->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root, "the document is %s; expected " EXPECTED,
		                 node_kind_phrase(root));
	for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
		if (!node_get(root, tells[i].key))
			continue;
		*ret_kind = tells[i].kind;
		return 0;
	}
	return error_set(err, ERROR_TYPE, root, "none of the document's keys tells what it is; expected " EXPECTED);
}

static bool
name_valid(struct str name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i], lower = (char)(c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* A map or nothing under `key`. */
static const struct node *
get_map(const struct node *body, const char *key, struct diags *diags)
{
	const struct node *node = node_get(body, key);

	if (node_is_null(node))
		return NULL;
	if (node->kind == NODE_MAP)
		return node;
	diags_error(diags, node, "'%s' must be a map, found %s", key, node_kind_phrase(node));
	return NULL;
}

/* A version under `key`, absent when none is given. */
static struct str
get_version(const struct node *body, const char *key, struct diags *diags)
{
	struct str version = section_text(body, key, diags);

	if (version.ptr && !version_valid(version))
		diags_error(diags, node_get(body, key), "'%s' must have three numbers such as 1.0.0, is '%.*s'", key,
		            STR_ARG(version));
	return version;
}

static void
check_name(const struct policy *policy, struct diags *diags)
{
	struct str name = section_text(policy->node, "name", diags);

	if (!name_valid(policy->name))
		diags_error_key(diags, policy->node, "a policy's name must be 1 to %d of A-Z a-z 0-9 . _ -, is '%.*s'",
		                NAME_MAX_LEN, STR_ARG(policy->name));
	else if (name.ptr && !str_equal(name, policy->name))
		diags_add(diags, SEVERITY_WARNING, NULL, node_get(policy->node, "name"),
		          "the name '%.*s' has no effect: the policy is called '%.*s'", STR_ARG(name),
		          STR_ARG(policy->name));
}

/* Reads the members that every policy has, wherever it stands. */
static void
template_read_body(struct policy *policy, struct diags *diags)
{
	const struct node *body = policy->node, *type = node_get(body, "type");

	(void)section_check_keys(body, policy_keys, "policy", SEVERITY_WARNING, diags);
	policy->type_name = section_text(body, "type", diags);
	policy->type_version = get_version(body, "type_version", diags);
	policy->version = get_version(body, "version", diags);
	if (!policy->version.ptr)
		policy->version = STR(VERSION_DEFAULT);
	policy->properties = get_map(body, "properties", diags);
	policy->metadata = get_map(body, "metadata", diags);
	if (policy->type_name.len > 0)
		return;
	if (type)
		diags_error(diags, type, "the policy's type must be a name such as '" TYPE_EXAMPLE "', found %s",
		            node_kind_phrase(type));
	else if (!policy->bare)
		diags_error_key(diags, body,
		                "policy '%.*s' has no type: expected one that 'clguard types' lists, such as "
		                "'" TYPE_EXAMPLE "'",
		                STR_ARG(policy->name));
}

static struct policy *
append_policy(struct policy_list *list, const struct node *root, const struct node *body, struct arena *arena,
              struct diags *diags)
{
	struct policy *policy = arena_alloc(arena, sizeof(*policy));

	if (!policy) {
		diags_error(diags, body, "out of memory");
		return NULL;
	}
	policy->root = root;
	policy->node = body;
	policy->name = body->key;
	policy->type_name = STR("");
	policy->version = STR(VERSION_DEFAULT);
	if (list->last)
		list->last->next = policy;
	else
		list->first = policy;
	list->last = policy;
	list->count++;
	return policy;
}

static void
template_read_policies(const struct node *root, const struct node *section, struct arena *arena,
                       struct policy_list *list, struct diags *diags)
{
	(void)section_check(section, diags); /* what it refuses is passed over below */
	for (const struct node *body = section_first(section); body; body = section_next(body)) {
		size_t errors = diags->count[SEVERITY_ERROR];
		struct policy *policy = append_policy(list, root, body, arena, diags);

		if (!policy)
			return;
		check_name(policy, diags);
		if (body->kind == NODE_MAP)
			template_read_body(policy, diags);
		else
			diags_error_key(diags, body, "policy '%.*s' must be a map with type and properties, found %s",
			                STR_ARG(body->key), node_kind_phrase(body));
		policy->bad = diags->count[SEVERITY_ERROR] != errors;
	}
}

/* Bare bodies of one file follow each other: FILE, FILE#2, FILE#3. */
static struct str
bare_name(const struct node *root, const struct policy *previous, struct arena *arena)
{
	struct str file = str_from(node_file(root)), name = previous && previous->bare ? previous->name : STR_NONE;
	unsigned long before = 1;

	if (!name.ptr || !str_starts_with(name, file))
		return arena_str(arena, file);
	if (name.len > file.len)
		before = name.ptr[file.len] == '#' ? strtoul(name.ptr + file.len + 1, NULL, 10) : 0;
	return before == 0 ? arena_str(arena, file)
	                   : str_from(arena_printf(arena, "%.*s#%lu", STR_ARG(file), before + 1));
}

static void
read_bare(const struct node *root, struct arena *arena, struct policy_list *list, struct diags *diags)
{
	struct str name = bare_name(root, list->last, arena);
	size_t errors = diags->count[SEVERITY_ERROR];
	struct policy *policy;

	if (!name.ptr) {
		diags_error(diags, root, "out of memory");
		return;
	}
	policy = append_policy(list, root, root, arena, diags);
	if (!policy)
		return;
	policy->bare = true;
	policy->name = name;
	template_read_body(policy, diags);
	policy->bad = diags->count[SEVERITY_ERROR] != errors;
}

static void
check_tosca_version(const struct node *root, struct diags *diags)
{
	struct str version = section_text(root, "tosca_definitions_version", diags);

	for (size_t i = 0; i < sizeof(tosca_versions) / sizeof(tosca_versions[0]); i++) {
		if (str_is(version, tosca_versions[i]))
			return;
	}
	if (version.ptr)
		diags_error(diags, node_get(root, "tosca_definitions_version"),
		            "unknown TOSCA version '%.*s'; known are tosca_simple_yaml_1_0_0, _1_1_0, _1_2 and _1_3",
		            STR_ARG(version));
	else if (node_is_null(node_get(root, "tosca_definitions_version")))
		diags_error(diags, root, "tosca_definitions_version is missing");
}

/* The sections whose content is read elsewhere, or is accepted without being read. */
static void
check_sections(const struct node *root, const struct node *topology, struct diags *diags)
{
	const struct node *imports = node_get(root, "imports");

	(void)section_check(node_get(topology, "node_templates"), diags); /* findings are all that is wanted */
	if (imports && imports->count > 0)
		diags_add(diags, SEVERITY_WARNING, NULL, imports,
		          "imports are not followed: load those documents as well");
}

void
template_policies(const struct node *root, enum document_kind kind, struct arena *arena, struct policy_list *list,
                  struct diags *diags)
{
	const struct node *topology;

	if (kind == DOCUMENT_BARE)
		read_bare(root, arena, list, diags);
	if (kind != DOCUMENT_TEMPLATE)
		return;
	check_tosca_version(root, diags);
	(void)section_check_keys(root, template_keys, "service template", SEVERITY_ERROR, diags);
	topology = get_map(root, "topology_template", diags);
	if (topology)
		(void)section_check_keys(topology, topology_keys, "topology template", SEVERITY_ERROR, diags);
	check_sections(root, topology, diags);
	template_read_policies(root, node_get(topology, "policies"), arena, list, diags);
	template_read_policies(root, node_get(root, "policies"), arena, list, diags);
}
