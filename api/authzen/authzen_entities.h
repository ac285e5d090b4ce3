/* authzen_entities - the document that names subjects, actions and resources for searches */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_AUTHZEN_AUTHZEN_ENTITIES_H
#define API_AUTHZEN_AUTHZEN_ENTITIES_H

#include "api/bodies/authzen.h"
#include "api/process/settings.h"

/*
 * {subjects: [{type, id, properties?}], actions: [{name, properties?}], resources: [{type, id, properties?}]}, YAML or
 * JSON. By authzen_part; NULL for a list that the document lacks.
 */
struct authzen_entities {
	const struct node *list[AUTHZEN_PARTS];
};

/*
 * Reads the file of setting `entities`, within the limits for documents; it may change at any time. Texts in `arena`.
 * errors  ERROR_IO, ERROR_MEMORY, and those of the document, with its name and place in the text
 */
int authzen_entities_read(const struct settings *settings, struct arena *arena, struct authzen_entities *ret,
                          struct error *err);

#endif
