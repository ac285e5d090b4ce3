/* conditions - what a person should look at: noticed, logged once, and told by /ready until it is over */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_CONDITIONS_H
#define API_DAEMON_CONDITIONS_H

#include "api/http/service.h"

/* Looks at the clock and the database, and once a day logs the warnings that /ready has. Main thread, a few times a second. */
void conditions_look(struct service *service);

#endif
