/* designs - the design time catalogue: participant types, element definitions and loop types, kept by version */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/designs.h"

#include "policytypes/compose.h"
#include "runtime/commissioning/designs_priv.h"
#include "runtime/rows/txn.h"

const struct document_limits entry_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
const char *const entry_sections[] = {"data_types", "policy_types", "node_types", NULL};

/* "participant", "element" or "loop"; NULL for a template that is none of them. */
static const char *
kind_of(const struct node *root, const struct node *template)
{
	if (looptype_is_loop(root, template))
		return "loop";
	if (looptype_is_element(root, template))
		return "element";
	return looptype_is_participant(root, template) ? "participant" : NULL;
}

struct node *
entry_load(struct txn *txn, struct concept id)
{
	struct node *root;
	struct str row;
	int r;

	if (!concept_name_valid(id.name) || !concept_version_valid(id.version) ||
	    !txn_get(txn, txn_key(txn, ROW_ENTRY, id.name, id.version), &row))
		return NULL;
	r = json_read(row, "", &entry_limits, txn->arena, &root, NULL);
	if (r == 0)
		return node_get(root, "document");
	txn_fail_row(txn, r);
	return NULL;
}

void
entry_forget_places(struct node *node)
{
	node->line = node->key_line = 0;
	for (struct node *child = node->first; child; child = child->next)
		entry_forget_places(child);
}

bool
entry_save(struct txn *txn, struct runtime_call *call, struct concept id, const char *kind, struct str document)
{
	struct str key = txn_key(txn, ROW_ENTRY, id.name, id.version), known;
	struct text row;

	text_init(&row, txn->arena);
	text_addf(&row, "{\"kind\":\"%s\",\"document\":", kind);
	text_add(&row, document);
	text_add(&row, STR("}"));
	if (txn_get(txn, key, &known) && !str_equal(known, txn_text(txn, &row))) {
		call_refuse(call, 406,
		            "%.*s %.*s is in the catalogue already, with another content: give it another version",
		            STR_ARG(id.name), STR_ARG(id.version));
		return false;
	}
	txn_put(txn, key, txn_text(txn, &row));
	return true;
}

/* --- onboarding --- */

/* The document with one template alone; a loop keeps all templates, for it is made of them. */
static struct str
designs_write_entry(struct txn *txn, const struct node *root, const struct node *template, bool whole)
{
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"tosca_definitions_version\":"));
	text_add_json(&out, looptype_text(root, "tosca_definitions_version"));
	for (size_t i = 0; entry_sections[i]; i++) {
		const struct node *section = looptype_section(root, entry_sections[i]);

		if (node_is_null(section))
			continue;
		text_addf(&out, ",\"%s\":", entry_sections[i]);
		text_add_node(&out, section, false);
	}
	text_add(&out, STR(",\"topology_template\":{\"node_templates\":"));
	if (whole) {
		text_add_node(&out, looptype_templates(root), false);
	} else {
		text_add(&out, STR("{"));
		text_add_json(&out, template->key);
		text_add(&out, STR(":"));
		text_add_node(&out, template, false);
		text_add(&out, STR("}"));
	}
	if (!node_is_null(policies)) {
		text_add(&out, STR(",\"policies\":"));
		text_add_node(&out, policies, false);
	}
	text_add(&out, STR("}}"));
	return txn_text(txn, &out);
}

static bool
designs_check_entry(struct txn *txn, struct runtime_call *call, const struct node *root, const struct node *template,
                    const char *kind)
{
	const struct catalogue *builtin = engine_builtin(txn->runtime->engine);
	struct concept id = looptype_concept(template);

	if (!concept_name_valid(id.name) || !concept_version_valid(id.version)) {
		call_refuse(call, 400, "node template %.*s %.*s: name or version is not as it must be",
		            STR_ARG(id.name), STR_ARG(id.version));
		return false;
	}
	if (strcmp(kind, "element") == 0 && !concept_read(looptype_property(template, "participantType")).name.ptr) {
		call_refuse(call, 400, "element definition %.*s: property participantType is required",
		            STR_ARG(id.name));
		return false;
	}
	if (strcmp(kind, "loop") == 0) {
		struct looptype_findings findings;

		looptype_check(builtin, root, (struct looptype_rules){txn->runtime->options.compat, false},
		               &call->arena, &findings);
		if (findings.status) {
			call_refuse(call, findings.status, "%s", text_done(&findings.text).ptr);
			return false;
		}
	}
	return true;
}

int
designs_onboard(struct txn *txn, struct runtime_call *call)
{
	const struct node *templates = looptype_templates(call->body);
	const char *comma = "";
	struct text out;

	if (!templates || templates->kind != NODE_MAP || !templates->count) {
		call_refuse(call, 400, "a service template with topology_template.node_templates is expected");
		return 0;
	}
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"entries\":["));
	for (const struct node *template = templates->first; template; template = template->next) {
		const char *kind = kind_of(call->body, template);
		struct concept id = looptype_concept(template);

		if (!kind)
			continue;
		if (!designs_check_entry(txn, call, call->body, template, kind) ||
		    !entry_save(txn, call, id, kind,
		                designs_write_entry(txn, call->body, template, strcmp(kind, "loop") == 0)))
			return -ERROR_CONFLICT; /* all or none */
		text_addf(&out, "%s{\"kind\":\"%s\",\"name\":", comma, kind);
		text_add_json(&out, id.name);
		text_add(&out, STR(",\"version\":"));
		text_add_json(&out, id.version);
		text_add(&out, STR("}"));
		comma = ",";
	}
	text_add(&out, STR("]}"));
	call_answer(call, 200, text_done(&out));
	return 0;
}

/* --- reading and deleting --- */

int
designs_delete(struct txn *txn, struct runtime_call *call)
{
	struct concept id = {call->name, call->version};
	struct text out;

	if (!entry_load(txn, id)) {
		call_refuse(call, 404, "%.*s %.*s is not in the catalogue", STR_ARG(id.name), STR_ARG(id.version));
		return 0;
	}
	txn_delete(txn, txn_key(txn, ROW_ENTRY, id.name, id.version));
	text_init(&out, &call->arena);
	concept_write(&out, id);
	call_answer(call, 200, text_done(&out));
	return 0;
}

struct designs_listing {
	struct txn *txn;
	struct text *out;
	struct str kind;
	bool comma;
};

static bool
list_entry(void *context, struct str key, struct str row)
{
	struct designs_listing *listing = context;
	const char *name = key.ptr + 1;
	const struct node *kind;
	struct node *root;
	int r = json_read(row, "", &entry_limits, listing->txn->arena, &root, NULL);

	if (r != 0) {
		txn_fail_row(listing->txn, r);
		return false;
	}
	kind = node_get(root, "kind");
	if (listing->kind.len && !str_equal(listing->kind, kind->text))
		return true;
	text_add(listing->out, listing->comma ? STR(",{\"kind\":") : STR("{\"kind\":"));
	listing->comma = true;
	text_add_json(listing->out, kind->text);
	text_add(listing->out, STR(",\"name\":"));
	text_add_json(listing->out, str_from(name));
	text_add(listing->out, STR(",\"version\":"));
	text_add_json(listing->out, str_from(name + strlen(name) + 1)); /* the key is NUL-terminated */
	text_add(listing->out, STR("}"));
	return true;
}

void
designs_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct designs_listing listing = {txn, out, call->other, false};

	text_add(out, STR("{\"entries\":["));
	txn_each(txn, txn_key(txn, ROW_ENTRY, STR(""), STR_NONE), list_entry, &listing);
	text_add(out, STR("]}"));
}

void
catalogue_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	const struct node *document = entry_load(txn, (struct concept){call->name, call->version});

	if (document)
		text_add_node(out, document, false);
	else
		call_refuse(call, 404, "%.*s %.*s is not in the catalogue", STR_ARG(call->name),
		            STR_ARG(call->version));
}

/* Whether the template's type declares the property, and as common. */
static bool
is_common(struct txn *txn, const struct node *root, const struct node *template, struct str property)
{
	struct node *properties;
	struct text out;

	text_init(&out, txn->arena);
	(void)looptype_write_properties(engine_builtin(txn->runtime->engine), root, template, true,
	                                &out); /* there may be none */
	return json_read(txn_text(txn, &out), "", &entry_limits, txn->arena, &properties, NULL) == 0 &&
	       node_get_str(properties, property);
}

bool
designs_set_common(struct txn *txn, struct runtime_call *call, struct node *root, const struct node *common)
{
	if (!node_is_null(common) && common->kind != NODE_MAP) {
		call_refuse(call, 400, "common is %s: expected {element: {property: value}}", node_kind_phrase(common));
		return false;
	}
	for (const struct node *values = common ? common->first : NULL; values; values = values->next) {
		struct node *template = (struct node *)(uintptr_t)node_get_str(looptype_templates(root), values->key);

		for (const struct node *value = template ? values->first : NULL; value; value = value->next) {
			if (is_common(txn, root, template, value->key))
				continue;
			call_refuse(call, 400, "%.*s has no common property %.*s", STR_ARG(values->key),
			            STR_ARG(value->key));
			return false;
		}
		if (!template) {
			call_refuse(call, 400, "common: there is no node template %.*s", STR_ARG(values->key));
			return false;
		}
		if (!compose_set_properties(txn->arena, template, values)) {
			txn_fail(txn, ERROR_MEMORY);
			return false;
		}
	}
	return true;
}

struct node *
designs_document(struct txn *txn, struct runtime_call *call, struct concept type, const struct node *common)
{
	struct node *root = entry_load(txn, type);

	if (!root || !looptype_template(root, type) || !looptype_is_loop(root, looptype_template(root, type))) {
		call_refuse(call, 404, "no control loop type %.*s %.*s in the catalogue", STR_ARG(type.name),
		            STR_ARG(type.version));
		return NULL;
	}
	root->parent = NULL; /* a document of its own from here on */
	entry_forget_places(root);
	return designs_set_common(txn, call, root, common) ? root : NULL;
}
