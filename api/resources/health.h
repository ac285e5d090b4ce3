/* health - how the service stands, for /ready and for who listens */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_HEALTH_H
#define API_RESOURCES_HEALTH_H

#include "api/http/service.h"
#include "base/text.h"

/*
 * The body of /ready: {"ready","why"?,"policies","guards","warnings":[],"clock"?,"database"?}. True when a decision would be
 * answered. reader: not between begin and end.
 */
bool health_write(struct service *service, struct history_reader *reader, struct text *out);

#endif
