/* check_config - clguardd --check-config: what a start with these settings would stumble over */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_CHECK_CONFIG_H
#define API_DAEMON_CHECK_CONFIG_H

#include "api/process/settings.h"

/*
 * Settings that do not go together, and what they name: certificates, users, tokens, roles, keys, policies (which are
 * compiled), directories to write to, users and groups. Opens no socket and no database, writes nothing. Each finding
 * stands at the line of the setting, or of the file that it is about.
 */
void check_config(const struct settings *settings, struct diags *findings);

#endif
