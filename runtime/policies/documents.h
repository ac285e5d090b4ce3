/* documents - the policy types, policies and node templates that the policy API holds, as rows */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POLICIES_DOCUMENTS_H
#define RUNTIME_POLICIES_DOCUMENTS_H

#include "runtime/policies/entity.h"
#include "runtime/rows/txn.h"

/*
 * Rows of the table HISTORY_DOCUMENTS, beside those of control loops (act/deploy.h):
 *     D data type  N node type  T policy type  E node template  P policy      (name, version) -> kept entity
 *     B body of a policy that was deployed                          (name, version, hash) -> kept entity
 *     G group of PDPs   I instance of a PDP   A audit   H generation              see group.h, pdp.h, generation.h
 *     S what is said once of the whole: see documents_seed
 * What a call reads lives in the txn's arena.
 */

/* The first txn that touches the documents enters what ONAP's policy API has from the start. Writing txns. */
void documents_seed(struct txn *txn);
bool documents_seeded(struct txn *txn);

/* A row's key: (kind, name, version, more); absent parts end it. */
struct str document_row(struct txn *txn, char kind, struct str a, struct str b, struct str c);

/* The entity of a name and version, recalled; NULL when there is none. Without a version: the highest. */
struct tosca_entity *document_get(struct txn *txn, enum entity_kind kind, struct concept id);

void document_put(struct txn *txn, const struct tosca_entity *entity);
void document_remove(struct txn *txn, enum entity_kind kind, struct concept id);

/* The entities of a kind, recalled, by name and then by version; name absent: all; version absent: all of the name. */
struct tosca_entity *documents_list(struct txn *txn, enum entity_kind kind, struct concept id);

/* Numbers, not texts: 2.0.0 is below 10.0.0. As strcmp. */
int version_order(struct str a, struct str b);

/*
 * The types that the entities of `list` are of or refer to, with their ancestors and the data types of their properties,
 * each once; entities of `extra`, which are not in the database yet, are looked at first. What is missing is left out.
 */
struct tosca_entity *documents_closure(struct txn *txn, const struct tosca_entity *list,
                                       const struct tosca_entity *extra);

#endif
