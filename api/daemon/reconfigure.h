/* reconfigure - settings read again: what changes without a restart does, the rest is told */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_RECONFIGURE_H
#define API_DAEMON_RECONFIGURE_H

#include "api/http/service.h"

struct configuration_reading;

/* Where the settings came from, and those in force. */
struct configuration {
	struct settings *settings;
	int argc;
	char **argv;
	char *const *environment;
	struct configuration_reading *kept; /* earlier readings whose texts are in force */
};

/*
 * Reads files, environment and command line again. A reading with an error changes nothing. Else live settings take the new
 * values, and the others stay; both are logged, and told by service->settings_report, or service->settings_error. The
 * admin thread. ret_policies: whether the list of policy files is another.
 */
void configuration_reload(struct service *service, bool *ret_policies);

/* After the threads. */
void configuration_done(struct configuration *configuration);

#endif
