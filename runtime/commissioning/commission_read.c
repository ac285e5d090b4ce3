/* commission_read - control loop types of the inventory as answers */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/commission.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/txn.h"

struct commission_listing {
	struct txn *txn;
	struct text *out;
	struct concept filter;
	const struct node *root, *loop; /* what was found */
	size_t count;
	bool common;
};

static bool
is_asked(const struct commission_listing *listing, const struct node *template)
{
	struct concept concept = looptype_concept(template);

	return (!listing->filter.name.len || str_equal(listing->filter.name, concept.name)) &&
	       (!listing->filter.version.len || str_equal(listing->filter.version, concept.version));
}

static bool
list_loops(void *context, const struct node *root)
{
	struct commission_listing *listing = context;

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		if (!looptype_is_loop(root, template) || !is_asked(listing, template))
			continue;
		text_add(listing->out, listing->count++ ? STR(",") : STR(""));
		looptype_write_template(listing->out, template, STR_NONE);
	}
	return true;
}

void
commission_loops(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct commission_listing listing = {.txn = txn, .out = out, .filter = {call->name, call->version}};

	text_add(out, STR("["));
	looptypes_each(txn, list_loops, &listing);
	text_add(out, STR("]"));
}

static bool
find_loops(void *context, const struct node *root)
{
	struct commission_listing *listing = context;

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		if (!looptype_is_loop(root, template) || !is_asked(listing, template))
			continue;
		listing->count++;
		listing->root = root;
		listing->loop = template;
	}
	return true;
}

void
commission_elements(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct commission_listing listing = {.txn = txn, .filter = {call->name, call->version}};
	const char *comma = "";

	looptypes_each(txn, find_loops, &listing);
	if (listing.count != 1) {
		call_refuse(call, listing.count ? 406 : 404, "%s",
		            listing.count ? "Multiple ControlLoops are not supported"
		                          : "No such control loop is commissioned");
		return;
	}
	text_add(out, STR("["));
	for (const struct node *entry = looptype_elements(listing.loop)->first; entry; entry = entry->next) {
		text_addf(out, "%s", comma);
		comma = ",";
		looptype_write_template(out, looptype_template(listing.root, looptype_element_ref(entry)), STR_NONE);
	}
	text_add(out, STR("]"));
}

static bool
find_document(void *context, const struct node *root)
{
	struct commission_listing *listing = context;
	bool asked = !listing->filter.name.len || str_is(listing->filter.name, COMMISSION_EVERYTHING);

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		asked |= looptype_is_loop(root, template) && is_asked(listing, template);
	if (asked)
		listing->root = root;
	return !asked;
}

void
commission_template(struct txn *txn, struct runtime_call *call, struct text *out)
{
	static const char *const sections[] = {"tosca_definitions_version", "data_types", "policy_types", "node_types",
	                                       "topology_template"};
	struct commission_listing listing = {.txn = txn, .filter = {call->name, call->version}};
	const char *comma = "{";

	looptypes_each(txn, find_document, &listing);
	if (!listing.root) {
		call_refuse(call, 400, "Invalid Service Template: none is commissioned under that name");
		return;
	}
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		const struct node *section = looptype_section(listing.root, sections[i]);

		if (node_is_null(section))
			continue;
		text_addf(out, "%s\"%s\":", comma, sections[i]);
		comma = ",";
		text_add_node(out, section, false);
	}
	text_add(out, STR("}"));
}

static bool
list_properties(void *context, const struct node *root)
{
	struct commission_listing *listing = context;
	bool asked = !listing->filter.name.len;

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		asked |= looptype_is_loop(root, template) && is_asked(listing, template);
	for (const struct node *template = looptype_templates(root)->first; asked && template;
	     template = template->next) {
		struct text properties;

		text_init(&properties, listing->txn->arena);
		if (looptype_write_properties(engine_builtin(listing->txn->runtime->engine), root, template,
		                              listing->common, &properties) == 0)
			continue;
		text_add(listing->out, listing->count++ ? STR(",") : STR(""));
		text_add_json(listing->out, template->key);
		text_add(listing->out, STR(":"));
		looptype_write_template(listing->out, template, txn_text(listing->txn, &properties));
	}
	return true;
}

void
commission_properties(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct commission_listing listing = {
		.txn = txn, .out = out, .filter = {call->name, call->version}, .common = call->number != 0};

	if (listing.common && looptype_has_loops(txn, (struct concept){STR_NONE, STR_NONE})) {
		call_refuse(call, 400, "Cannot create or edit common properties, delete all the instantiations first");
		return;
	}
	text_add(out, STR("{"));
	looptypes_each(txn, list_properties, &listing);
	text_add(out, STR("}"));
}
