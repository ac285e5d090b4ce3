/* gateway_link - keeps an API gateway as the runtime says it should be, and tells elements how it is used */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_GATEWAY_GATEWAY_LINK_H
#define PARTICIPANTS_GATEWAY_GATEWAY_LINK_H

#include "participants/framework/element_host.h"

struct gateway_link;

/* Starts the thread that keeps settings->gateway; *ret NULL, and nothing to do, when there is none. 0 or a negative code. */
int gateway_link_start(const struct process_settings *settings, struct element_host *hosts, size_t count,
                       struct gateway_link **ret, struct error *err);

/* Waits for the thread, which ends when the program is told to stop, before the hosts do. Takes NULL. */
void gateway_link_join(struct gateway_link *link);

#endif
