/* deploy - guard policies of control loops, in force in this engine while their element is RUNNING */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/deploy.h"

#include "policytypes/section.h"
#include "runtime/looptype_priv.h"
#include "runtime/runtime_priv.h"

#define CHAIN_MAX 32
#define DOCUMENTS_MAX 100000

/* Key in the table of documents: (instance, version, element). */
static struct str
document_key(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str version = turn_key(turn, '-', loop->id.version, element->id);

	return turn_key(turn, 'L', loop->id.name, (struct str){version.ptr + 1, version.len - 1});
}

uint64_t
deploy_number(struct turn *turn)
{
	struct str value;

	return turn_get(turn, STR("Mdeploy"), &value) && value.len == 8 ? store_unpack_u64(value.ptr) : 0;
}

static void
count_change(struct turn *turn)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, deploy_number(turn) + 1);
	turn_put(turn, STR("Mdeploy"), (struct str){(const char *)bytes, sizeof(bytes)});
	turn->deployed = true;
}

static bool
is_guard_type(const struct node *root, struct str type)
{
	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		if (str_starts_with(type, STR("onap.policies.controlloop.guard.")) ||
		    str_is(type, "onap.policies.controlloop.Guard"))
			return true;
		type = looptype_text(node_get_str(looptype_section(root, "policy_types"), type), "derived_from");
	}
	return false;
}

/* The policy is the one that the element names, or of the type that it names. */
static bool
is_named(const struct node *template, const struct node *policy)
{
	struct concept id = concept_read(looptype_property(template, "policy_id"));
	struct concept type = concept_read(looptype_property(template, "policy_type_id"));

	return id.name.ptr ? str_equal(policy->key, id.name) : str_equal(looptype_text(policy, "type"), type.name);
}

/* The document of an element's guards; false when there is none. */
static bool
write_document(const struct node *root, const struct node *template, struct text *out)
{
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");
	const char *comma = "";

	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "policy_types" : "data_types";
		const struct node *section = looptype_section(root, name);

		if (!section_first(section))
			continue;
		text_addf(out, ",\"%s\":", name);
		text_add_node(out, section, false);
	}
	text_add(out, STR(",\"topology_template\":{\"policies\":["));
	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		if (!is_named(template, policy) || !is_guard_type(root, looptype_text(policy, "type")))
			continue;
		text_addf(out, "%s{", comma);
		comma = ",";
		text_add_json(out, policy->key);
		text_add(out, STR(":"));
		text_add_node(out, policy, false);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]}}"));
	return comma[0] != '\0';
}

static void
put_in_force(struct turn *turn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct text out;

	text_init(&out, turn->arena);
	if (!template || !write_document(root, template, &out))
		return;
	turn_table_put(turn, HISTORY_DOCUMENTS, document_key(turn, loop, element), turn_text(turn, &out));
	count_change(turn);
}

static void
take_out(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str key = document_key(turn, loop, element), known;

	if (!turn_table_get(turn, HISTORY_DOCUMENTS, key, &known))
		return;
	turn_table_delete(turn, HISTORY_DOCUMENTS, key);
	count_change(turn);
}

void
deploy_follow(struct turn *turn, const struct loop *before, const struct loop *after)
{
	for (size_t i = 0; before && i < before->count; i++) {
		const struct element *old = &before->elements[i];
		const struct element *new = after ? loop_element(after, old->id) : NULL;

		if (old->fragment && old->state == LOOP_RUNNING && (!new || new->state != LOOP_RUNNING))
			take_out(turn, before, old);
	}
	for (size_t i = 0; after && i < after->count; i++) {
		const struct element *new = &after->elements[i];
		const struct element *old = before ? loop_element(before, new->id) : NULL;

		if (new->fragment &&new->state == LOOP_RUNNING && (!old || old->state != LOOP_RUNNING))
			put_in_force(turn, after, new);
	}
}

/* The name under which findings and explanations know the document: LOOP VERSION (ELEMENT). */
static const char *
document_name(struct arena *arena, struct str key)
{
	const char *name = key.ptr + 1, *version = name + strlen(name) + 1, *element = version + strlen(version) + 1;

	return arena_printf(arena, "control loop %s %s, element %s", name, version, element);
}

int
deploy_load(struct runtime *runtime, struct history_reader *reader, struct arena *arena, uint64_t *ret_number,
            const char **ret_refused)
{
	struct document *documents = arena_array(arena, DOCUMENTS_MAX, sizeof(*documents));
	struct str from = STR("L");
	struct store_entry entry;
	struct diags diags;
	struct turn turn;
	size_t count = 0;
	int r = documents ? history_reader_begin(reader) : -ERROR_MEMORY;

	*ret_refused = NULL;
	if (r != 0)
		return r;
	runtime_read(runtime, reader, arena, &turn);
	*ret_number = deploy_number(&turn);
	while (count < DOCUMENTS_MAX && turn_table_above(&turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		const char *name = document_name(arena, entry.key);

		documents[count++] = (struct document){name ? name : "", entry.value};
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	history_reader_end(reader);
	if (turn.failed)
		return turn.failed;
	diags_init(&diags, arena);
	r = engine_deploy(runtime->engine, documents, count, &diags);
	if (r != 0) {
		const struct diag *diag = diags.first;

		while (diag && diag->severity != SEVERITY_ERROR)
			diag = diag->next;
		*ret_refused = diag ? arena_printf(arena, "%s: %s", diag->file, diag->text) : "out of memory";
	}
	return 0;
}
