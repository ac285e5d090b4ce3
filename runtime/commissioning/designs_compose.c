/* designs_compose - loop types made of element definitions of the catalogue */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/designs_priv.h"

#include "policytypes/compose.h"
#include "runtime/rows/txn.h"

/* The documents of an element and of its participant type, as far as they are there. */
static void
add_documents(struct txn *txn, const struct node *asked, struct node **documents, size_t *count)
{
	struct node *document = entry_load(txn, concept_read(asked)), *template;
	const struct node *values = node_get(asked, "properties"), *type;

	template = document ? compose_template(document, asked) : NULL;
	if (!template)
		return; /* compose tells */
	documents[(*count)++] = document;
	type = node_get(values, "participantType");
	document = entry_load(txn, concept_read(type ? type : looptype_property(template, "participantType")));
	if (document)
		documents[(*count)++] = document;
}

static void
answer_composed(struct txn *txn, struct runtime_call *call, struct str json)
{
	struct looptype_findings findings;
	struct node *root;

	if (json_read(json, "", &entry_limits, txn->arena, &root, NULL) != 0) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	entry_forget_places(root);
	looptype_check(engine_builtin(txn->runtime->engine), root,
	               (struct looptype_rules){txn->runtime->options.compat, false}, txn->arena, &findings);
	if (findings.status)
		call_refuse(call, findings.status, "%s", txn_text(txn, &findings.text).ptr);
	else if (entry_save(txn, call, concept_read(call->body), "loop", json))
		call_answer(call, 200, json);
}

int
designs_compose(struct txn *txn, struct runtime_call *call)
{
	const struct node *elements = node_get(call->body, "elements");
	struct concept id = concept_read(call->body);
	struct node **documents = arena_array(txn->arena, 2 * COMPOSE_ELEMENTS_MAX, sizeof(*documents));
	struct error err = {0};
	size_t count = 0, asked = 0;
	struct str json;
	int r;

	if (!documents) {
		txn_fail(txn, ERROR_MEMORY);
		return txn->failed;
	}
	if (!concept_name_valid(id.name) || !concept_version_valid(id.version)) {
		call_refuse(call, 400, "name and version are required, the version like 1.0.0");
		return 0;
	}
	for (const struct node *element = elements ? elements->first : NULL; element && asked < COMPOSE_ELEMENTS_MAX;
	     element = element->next, asked++)
		add_documents(txn, element, documents, &count);
	r = compose(call->body, documents, count, &call->arena, &json, &err);
	if (r == -ERROR_MEMORY)
		txn_fail(txn, ERROR_MEMORY);
	else if (r != 0)
		call_refuse(call, r == -ERROR_CONFLICT ? 406 : 400, "%s", err.text);
	else
		answer_composed(txn, call, json);
	return txn->failed;
}
