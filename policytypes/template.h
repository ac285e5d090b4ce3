/* template - which documents we know, and the policies in them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_TEMPLATE_H
#define POLICYTYPES_TEMPLATE_H

#include "policytypes/policy.h"

enum document_kind {
	DOCUMENT_TEMPLATE,    /* TOSCA service template */
	DOCUMENT_GUARD2,      /* Control Loop Guard 2.0.0: keys guard, guards */
	DOCUMENT_CONTROLLOOP, /* El Alto operational YAML: keys controlLoop, policies */
	DOCUMENT_BARE         /* one policy body: type and properties */
};

/* The kind of a document, by its top-level keys. Anything else: -ERROR_TYPE with the place and the expected keys. */
int document_classify(const struct node *root, enum document_kind *ret_kind, struct error *err);

/*
 * Checks a service template's outside (tosca_definitions_version one of tosca_simple_yaml_1_0_0, _1_1_0, _1_2, _1_3; known
 * top-level keys; shapes of the sections) and appends its policies (topology_template.policies, or a top-level `policies`,
 * as list of one-key maps or as map) to `list`, in document order. Also appends a bare body (DOCUMENT_BARE).
 * Policies: in `arena`; they borrow the nodes. Name, version and type are checked here (name ^[A-Za-z0-9._-]+$).
 */
void template_policies(const struct node *root, enum document_kind kind, struct arena *arena, struct policy_list *list,
                       struct diags *diags);

#endif
