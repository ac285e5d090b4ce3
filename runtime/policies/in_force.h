/* in_force - the documents of deployed policies that this engine enforces: guards and operational policies */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_IN_FORCE_H
#define RUNTIME_POLICIES_IN_FORCE_H

#include "engine/decide/engine.h"
#include "runtime/policies/documents.h"
#include "runtime/policies/group.h"

/* Documents in an arena that grows. */
struct document_list {
	struct arena *arena;
	struct document *items;
	size_t count, room;
	bool failed; /* out of memory */
};

/* name and bytes are borrowed unless they were made in the list's arena. */
void document_list_add(struct document_list *list, struct document document);

/*
 * The policy as a document of its own, YAML, with the types of users that it needs: in the arena. Lines of findings and
 * explanations are lines of it. Absent, and the txn has failed, when out of memory.
 */
struct str policy_document(struct txn *txn, const struct tosca_entity *policy, struct arena *arena);

/* The same as JSON: appended to `out`. */
void policy_document_json(struct txn *txn, const struct tosca_entity *policy, struct text *out);

/* "policy NAME VERSION", under which findings and explanations know it; NULL when out of memory. */
const char *policy_document_name(struct concept id, struct arena *arena);

/* Whether a type is one of guards or of operational policies, by itself or by an ancestor. */
bool policy_type_is_enforced(struct txn *txn, struct concept type);

/* Whether there is such a type, in the database or built into the engine. */
bool policy_type_is_known(struct txn *txn, struct concept type);

/* Appends the documents of the policies that are enforced. policies: those of the own subgroup. */
void in_force_documents(struct txn *txn, const struct concepts *policies, struct document_list *list);

/* The same for what the rows say is deployed in the own subgroup. */
void in_force_deployed(struct txn *txn, struct document_list *list);

/* The types in `list` as a document, leaving out what the engine knows itself; absent when that leaves nothing. */
struct str types_document(struct txn *txn, const struct tosca_entity *types, struct arena *arena);

#endif
