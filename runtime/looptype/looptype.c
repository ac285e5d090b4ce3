/* looptype - control loop types: what stands where in a service template */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/looptype/looptype.h"

#include "policytypes/section.h"
#include "runtime/looptype/looptype_priv.h"
#include "runtime/model/vocabulary.h"

const struct builtin_node_type *
looptype_builtin(struct str name)
{
	struct str known = vocabulary_type(name);

	for (const struct builtin_node_type *builtin = policytypes_builtin_nodes; builtin->name; builtin++)
		if (str_is(known, builtin->name))
			return builtin;
	return NULL;
}

struct str
looptype_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) && node->kind != NODE_NULL ? node->text : STR_NONE;
}

const struct node *
looptype_section(const struct node *root, const char *name)
{
	return node_get(root, name);
}

const struct node *
looptype_templates(const struct node *root)
{
	return node_get(node_get(root, "topology_template"), "node_templates");
}

struct concept looptype_concept(const struct node *template)
{
	struct str version = looptype_text(template, "version");

	return (struct concept){template->key, version.ptr ? version : STR("0.0.0")};
}

const struct node *
looptype_template(const struct node *root, struct concept concept)
{
	const struct node *template = node_get_str(looptype_templates(root), concept.name);

	return template && concept_equal(looptype_concept(template), concept) ? template : NULL;
}

/* The type above this one; absent at the top. */
struct str
looptype_parent(const struct node *root, struct str type)
{
	const struct node *node = node_get_str(looptype_section(root, "node_types"), type);
	const struct builtin_node_type *builtin;

	if (node)
		return looptype_text(node, "derived_from");
	builtin = looptype_builtin(type);
	return builtin ? str_from(builtin->derived_from) : STR_NONE;
}

bool
looptype_derives(const struct node *root, struct str type, const char *from)
{
	const struct str wanted = vocabulary_type(str_from(from));

	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		if (str_equal(vocabulary_type(type), wanted))
			return true;
		type = looptype_parent(root, type);
	}
	return false;
}

bool
looptype_is_loop(const struct node *root, const struct node *template)
{
	return looptype_derives(root, looptype_text(template, "type"), CLAMP "ControlLoop");
}

bool
looptype_is_element(const struct node *root, const struct node *template)
{
	return looptype_derives(root, looptype_text(template, "type"), TYPE_ELEMENT);
}

bool
looptype_is_participant(const struct node *root, const struct node *template)
{
	return looptype_derives(root, looptype_text(template, "type"), CLAMP "Participant");
}

const struct node *
looptype_property(const struct node *template, const char *name)
{
	return node_get(node_get(template, "properties"), name);
}

const struct node *
looptype_elements(const struct node *loop_template)
{
	const struct node *elements = looptype_property(loop_template, "elements");

	return elements && elements->kind == NODE_LIST ? elements : NULL;
}

struct concept looptype_element_ref(const struct node *entry)
{
	const char *colon;

	if (entry->kind != NODE_TEXT)
		return concept_read(entry);
	colon = memchr(entry->text.ptr, ':', entry->text.len);
	if (!colon)
		return (struct concept){entry->text, STR_NONE};
	return (struct concept){
		{entry->text.ptr, (size_t)(colon - entry->text.ptr)},
		str_trim((struct str){colon + 1, (size_t)(entry->text.ptr + entry->text.len - colon - 1)})};
}

struct concept looptype_participant_type(const struct node *template)
{
	struct concept type = concept_read(looptype_property(template, "participantType"));

	return type.name.ptr ? type : concept_read(looptype_property(template, "participant_id"));
}

static int64_t
property_int(const struct node *template, const char *name)
{
	const struct node *node = looptype_property(template, name);

	return node && node->kind == NODE_INT && node->integer >= 0 ? node->integer : 0;
}

void
looptype_fill_element(const struct node *template, struct element *element)
{
	static const char *const timeouts[TIMEOUTS] = {
		[TIMEOUT_TO_PASSIVE] = "uninitializedToPassiveTimeout",
		[TIMEOUT_TO_RUNNING] = "passiveToRunningTimeout",
		[TIMEOUT_FROM_RUNNING] = "runningToPassiveTimeout",
		[TIMEOUT_TO_UNINITIALISED] = "passiveToUninitializedTimeout",
	};

	if (!element->participant_type.name.ptr)
		element->participant_type = looptype_participant_type(template);
	if (!element->participant_id.name.ptr)
		element->participant_id = concept_read(looptype_property(template, "participant_id"));
	element->phase = property_int(template, "startPhase");
	for (int i = 0; i < TIMEOUTS; i++)
		element->timeout_s[i] = property_int(template, timeouts[i]);
	element->fragment = looptype_property(template, "policy_type_id") || looptype_property(template, "policy_id");
}

/* --- what answers and messages carry --- */

void
looptype_write_template(struct text *out, const struct node *template, struct str properties)
{
	struct concept concept = looptype_concept(template);

	text_add(out, STR("{\"name\":"));
	text_add_json(out, concept.name);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, concept.version);
	for (const struct node *child = template->first; child; child = child->next) {
		if (child->kind == NODE_NULL || str_is(child->key, "name") || str_is(child->key, "version"))
			continue;
		if (properties.ptr && str_is(child->key, "properties"))
			continue;
		text_add(out, STR(","));
		text_add_json(out, child->key);
		text_add(out, STR(":"));
		text_add_node(out, child, false);
	}
	if (properties.ptr) {
		text_add(out, STR(",\"properties\":"));
		text_add(out, properties);
	}
	text_add(out, STR("}"));
}

static void
write_definition_of(const struct catalogue *builtin, const struct node *root, const struct node *template,
                    struct text *out)
{
	text_add(out, STR("{\"clElementDefinitionId\":"));
	concept_write(out, looptype_concept(template));
	text_add(out, STR(",\"controlLoopElementToscaNodeTemplate\":"));
	looptype_write_template(out, template, STR_NONE);
	text_add(out, STR(",\"commonPropertiesMap\":"));
	(void)looptype_write_properties(builtin, root, template, true, out); /* there may be none */
	text_add(out, STR("}"));
}

/* The first element template of a participant type stands for its group. */
static bool
begins_group(const struct node *root, const struct node *template, struct concept type)
{
	for (const struct node *other = looptype_templates(root)->first; other != template; other = other->next)
		if (looptype_is_element(root, other) && concept_equal(looptype_participant_type(other), type))
			return false;
	return true;
}

/* The elements of a participant type that no document before this one had. */
static void
write_group(const struct catalogue *builtin, const struct node *root, const struct node *first, struct concept type,
            size_t most, struct definition_list *list)
{
	struct text *out = list->out;
	bool begun = false;

	for (const struct node *other = first; other && out->len <= most; other = other->next) {
		if (!looptype_is_element(root, other) || !concept_equal(looptype_participant_type(other), type) ||
		    !concept_set_add(&list->written, looptype_concept(other)))
			continue;
		if (begun) {
			text_add(out, STR(","));
		} else {
			text_add(out, list->comma ? STR(",{\"participantType\":") : STR("{\"participantType\":"));
			concept_write(out, type);
			text_add(out, STR(",\"controlLoopElementDefinitionList\":["));
		}
		begun = list->comma = true;
		write_definition_of(builtin, root, other, out);
	}
	if (begun)
		text_add(out, STR("]}"));
}

void
looptype_write_definitions(const struct catalogue *builtin, const struct node *root, size_t most,
                           struct definition_list *list)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct concept type = looptype_participant_type(template);

		if (type.name.ptr && looptype_is_element(root, template) && begins_group(root, template, type))
			write_group(builtin, root, template, type, most, list);
	}
}

/* The entries of a list of one-key maps or of a map, as a list of one-key maps. */
static void
looptype_policies_text(const struct node *policies, struct text *out)
{
	bool comma = false;

	for (const struct node *entry = section_first(policies); entry; entry = section_next(entry)) {
		text_add(out, comma ? STR(",{") : STR("{"));
		comma = true;
		text_add_json(out, entry->key);
		text_add(out, STR(":"));
		text_add_node(out, entry, false);
		text_add(out, STR("}"));
	}
}

bool
looptype_write_fragment(const struct node *root, struct text *out)
{
	const struct node *data = looptype_section(root, "data_types"), *types = looptype_section(root, "policy_types");
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");

	if (!section_first(types) && !section_first(policies))
		return false;
	text_add(out, STR("{\"data_types\":"));
	if (data)
		text_add_node(out, data, false);
	else
		text_add(out, STR("{}"));
	text_add(out, STR(",\"policy_types\":"));
	if (types)
		text_add_node(out, types, false);
	else
		text_add(out, STR("{}"));
	text_add(out, STR(",\"topology_template\":{\"policies\":["));
	looptype_policies_text(policies, out);
	text_add(out, STR("]}}"));
	return true;
}
