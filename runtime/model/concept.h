/* concept - a name with a version, by which types, instances and participants are known */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MODEL_CONCEPT_H
#define RUNTIME_MODEL_CONCEPT_H

#include "base/node.h"
#include "base/text.h"

/* {name, version}: TOSCA's ToscaConceptIdentifier. */
struct concept {
	struct str name, version;
};

struct concept concept_read(const struct node *node); /* absent texts where there are none */
bool concept_equal(struct concept a, struct concept b);
void concept_write(struct text *out, struct concept concept);

/* Name: 1 to 200 of A-Z a-z 0-9 - _ . ; version: digits.digits.digits, none with a zero in front. */
bool concept_name_valid(struct str name);
bool concept_version_valid(struct str version);

#endif
