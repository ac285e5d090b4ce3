/* commission - control loop types into the inventory, and out of it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/commission.h"

#include "runtime/act/deploy.h"
#include "runtime/act/host.h"
#include "runtime/act/message.h"
#include "runtime/commissioning/commission_version.h"
#include "runtime/commissioning/definitions.h"
#include "runtime/commissioning/designs.h"
#include "runtime/calls/participant.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/gateway_rows.h"
#include "runtime/rows/txn.h"

#define INSTANCES_FIRST "Delete instances, to commission control loop definitions"

/* --- coming in --- */

/* Whether the documents are the same; the place does not count. */
static bool
same_document(struct txn *txn, const struct node *a, const struct node *b)
{
	struct text x, y;

	text_init(&x, txn->arena);
	text_init(&y, txn->arena);
	text_add_node(&x, a, false);
	text_add_node(&y, b, false);
	return str_equal(txn_text(txn, &x), txn_text(txn, &y));
}

/* The relation of a loop of the document to one that is there. */
enum meeting { MEETING_NONE, MEETING_SAME, MEETING_OTHER };

/* A loop of the document against what is commissioned. False, and refused. replace: other common values may come. */
static bool
check_known(struct txn *txn, struct runtime_call *call, const struct node *root, const struct node *template,
            bool replace, enum meeting *ret)
{
	struct concept type = looptype_concept(template);
	const struct node *there = looptype_load(txn, type, NULL);

	if (!there)
		return version_covers_change(txn, call, root, template);
	if (looptype_has_loops(txn, type)) {
		call_refuse(call, 400, "%s", INSTANCES_FIRST);
		return false;
	}
	*ret = same_document(txn, there, root) ? MEETING_SAME : MEETING_OTHER;
	if (*ret == MEETING_OTHER && !replace) {
		call_refuse(
			call, 406,
			"\"%.*s\" \"%.*s\" INVALID, does not equal existing entity: a commissioned definition is not "
			"edited, commission another version or decommission it first",
			STR_ARG(type.name), STR_ARG(type.version));
		return false;
	}
	return true;
}

static void
answer_templates(struct txn *txn, struct runtime_call *call, const struct node *root,
                 struct looptype_findings *findings)
{
	struct text out;

	text_init(&out, &call->arena);
	text_add(&out, STR("{\"affectedControlLoopDefinitions\":["));
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		concept_write(&out, looptype_concept(template));
		text_add(&out, template->next ? STR(",") : STR(""));
	}
	text_add(&out, STR("]"));
	if (findings->warning_count) {
		text_add(&out, STR(",\"warnings\":["));
		text_add(&out, txn_text(txn, &findings->warnings));
		text_add(&out, STR("]"));
	}
	text_add(&out, STR("}"));
	call_answer(call, 200, text_done(&out));
}

/* The tree again in the txn's arena, with the same places. NULL: out of memory. Its depth was bounded when it was read. */
static struct node *
copy_tree(struct txn *txn, const struct node *node)
{
	struct node *copy = arena_alloc(txn->arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *node;
	copy->parent = copy->next = copy->first = copy->last = NULL;
	copy->count = 0;
	for (const struct node *child = node->first; child; child = child->next) {
		struct node *own = copy_tree(txn, child);

		if (!own)
			return NULL;
		node_append(copy, own);
	}
	return copy;
}

/* {document, common}: the document with values for its common properties. The call's own tree stays as it is. */
static const struct node *
document_with_common(struct txn *txn, struct runtime_call *call, const struct node *document, const struct node *common)
{
	struct node *root;

	if (!looptype_templates(document)) {
		call_refuse(call, 400, "document is not a service template: expected topology_template.node_templates");
		return NULL;
	}
	root = copy_tree(txn, document);
	if (!root) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	return designs_set_common(txn, call, root, common) ? root : NULL;
}

/* The body itself, or the document that it carries or names, with the common values that it gives. */
static const struct node *
find_document_of(struct txn *txn, struct runtime_call *call, bool *ret_replace)
{
	const struct node *catalogue = node_get(call->body, "catalogue"), *document = node_get(call->body, "document");
	bool template = node_get(call->body, "tosca_definitions_version") != NULL;

	*ret_replace = (catalogue || document) && !template;
	if (!*ret_replace)
		return call->body;
	if (document && catalogue) {
		call_refuse(call, 400, "document and catalogue are two ways to say the same: give one of them");
		return NULL;
	}
	if (document)
		return document_with_common(txn, call, document, node_get(call->body, "common"));
	return designs_document(txn, call, concept_read(catalogue), node_get(call->body, "common"));
}

int
commission_create(struct txn *txn, struct runtime_call *call)
{
	struct looptype_findings findings;
	enum meeting meeting = MEETING_NONE;
	const struct node *root;
	bool replace;

	root = find_document_of(txn, call, &replace);
	if (!root)
		return 0;
	looptype_check(engine_builtin(txn->runtime->engine), root,
	               (struct looptype_rules){txn->runtime->options.compat, true}, txn->arena, &findings);
	if (findings.status) {
		call_refuse(call, findings.status, "%s", txn_text(txn, &findings.text).ptr);
		return 0;
	}
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		if (!looptype_is_loop(root, template))
			continue;
		if (!check_known(txn, call, root, template, replace, &meeting))
			return -ERROR_CONFLICT;
		if (meeting == MEETING_OTHER)
			looptype_remove(txn, looptype_concept(template));
	}
	if (meeting != MEETING_SAME && !definitions_agree(txn, call, root, replace))
		return -ERROR_CONFLICT;
	if (meeting != MEETING_SAME) {
		looptype_save(txn, root);
		gateway_keep(txn, root, !replace);
	}
	if (!message_can_prime(txn)) {
		call_refuse(call, 400,
		            "The definitions of all control loops would be more than a message of %zu MiB carries",
		            MESSAGE_MAX >> 20);
		return -ERROR_CONFLICT;
	}
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		if (looptype_is_element(root, template))
			(void)host_offer(txn, looptype_participant_type(template));
	if (participants_any(txn)) {
		message_prime(txn, NULL);
		participants_expect_update(txn);
	}
	deploy_warn(txn, root, &findings);
	answer_templates(txn, call, root, &findings);
	return 0;
}

/* --- going out --- */

static bool
take_first_loop(void *context, const struct node *root)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		if (looptype_is_loop(root, template)) {
			*(struct concept *)context = looptype_concept(template);
			return false;
		}
	}
	return true;
}

static void
remove_all(struct txn *txn)
{
	struct concept type;

	for (;;) {
		type = (struct concept){STR_NONE, STR_NONE};
		looptypes_each(txn, take_first_loop, &type);
		if (!type.name.ptr || txn->failed)
			return;
		looptype_remove(txn, type);
	}
}

/* The other loops of the same document go with it: none of them may have instances. */
static bool
has_instances(struct txn *txn, const struct node *root)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		if (looptype_is_loop(root, template) && looptype_has_loops(txn, looptype_concept(template)))
			return true;
	return false;
}

static void
deprime(struct txn *txn)
{
	if (!participants_any(txn))
		return;
	message_deprime(txn);
	if (looptypes_any(txn))
		message_prime(txn, NULL); /* participants forget everything when they are deprimed */
	participants_expect_update(txn);
}

int
commission_delete(struct txn *txn, struct runtime_call *call)
{
	struct concept asked = {call->name, call->version}, any = {STR_NONE, STR_NONE};
	bool everything = str_is(asked.name, COMMISSION_EVERYTHING) && str_is(asked.version, "1.0.0"), there = false;
	const struct node *root = NULL;
	struct text out;

	if (!asked.name.len || !asked.version.len) {
		call_refuse(call, 400, "name and version are required");
		return 0;
	}
	if (everything)
		there = looptypes_any(txn);
	else if (concept_name_valid(asked.name) && concept_version_valid(asked.version))
		there = (root = looptype_load(txn, asked, NULL)) != NULL;
	if (!there) {
		call_refuse(call, 404, "No control loop definition %.*s %.*s is commissioned", STR_ARG(asked.name),
		            STR_ARG(asked.version));
		return 0;
	}
	if (everything ? looptype_has_loops(txn, any) : has_instances(txn, root)) {
		call_refuse(call, 400, "%s", INSTANCES_FIRST);
		return 0;
	}
	if (everything)
		remove_all(txn);
	else
		looptype_remove(txn, asked);
	deprime(txn);
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"affectedControlLoopDefinitions\":["));
	concept_write(&out, asked);
	text_add(&out, STR("]}"));
	call_answer(call, 200, text_done(&out));
	return 0;
}
