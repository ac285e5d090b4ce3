/* guard_xacml - guard policies as one XACML 3.0 policy set */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_XACML_GUARD_XACML_H
#define ENGINE_XACML_GUARD_XACML_H

#include <stdio.h>

#include "base/node.h"
#include "policytypes/template.h"

/*
 * Writes the guards of a service template (or bare body) with strict meaning, combined by deny-overrides. Counts,
 * outcomes and attributes have the identifiers of ONAP's PDP, whose information points provide them. Other policies
 * are passed over with a warning. False, with findings, when there is an error; nothing is written then.
 */
bool guard_xacml(const struct node *root, enum document_kind kind, struct arena *arena, FILE *out, struct diags *diags);

#endif
