/* preload - what ONAP's policy API has from the start, entered by the first txn that touches the documents */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "policytypes/builtin.h"
#include "runtime/policies/documents.h"
#include "runtime/policies/pdp.h"

#define SEED_KEY STR("Sseed") /* of HISTORY_DOCUMENTS */

static void
enter_document(struct txn *txn, const struct builtin_document *document)
{
	struct error err = {0};
	struct node *root;
	int r = yaml_read((struct str){document->text, document->len}, document->name, &document_limits_default,
	                  txn->arena, &root, &err);

	for (int kind = 0; kind < ENTITY_KINDS && r == 0; kind++) {
		struct tosca_entity *list = NULL;

		r = entities_read(root, (enum entity_kind)kind, txn->arena, &list, &err);
		for (; list && r == 0; list = list->next) {
			r = entity_keep(list, false, txn->arena);
			if (r == 0)
				document_put(txn, list);
		}
	}
	if (r != 0)
		txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_INTERNAL);
}

bool
documents_seeded(struct txn *txn)
{
	struct str value;

	return txn_table_get(txn, HISTORY_DOCUMENTS, SEED_KEY, &value);
}

void
documents_seed(struct txn *txn)
{
	if (documents_seeded(txn))
		return;
	txn_table_put(txn, HISTORY_DOCUMENTS, SEED_KEY, STR("1"));
	for (size_t i = 0; i < policytypes_preloaded_count; i++)
		enter_document(txn, &policytypes_preloaded[i]);
	pdp_seed(txn);
	group_seed(txn);
}
