/* warnings - what a person should look at though decisions are answered: for /ready, clguard status and the log */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_RESOURCES_WARNINGS_H
#define API_RESOURCES_WARNINGS_H

#include "api/http/service.h"

/* id: "no_guards", "no_operations", "load_refused", "findings"; stable. text: one sentence, valid during the call. */
typedef void warning_fn(void *context, const char *id, const char *text);

/* Calls tell for each warning that holds now. reader: not between begin and end. */
void warnings_each(struct service *service, struct history_reader *reader, warning_fn *notify, void *context);

/* The text of "no_guards": what is answered while no guard is in force. */
const char *warnings_no_guards(const struct service *service);

/* True while settings forbid to answer anything but Deny: policies are required, and no guard is in force. */
bool warnings_no_policies(const struct service *service, const struct engine_info *info);

#endif
