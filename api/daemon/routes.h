/* routes - the table of all routes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_ROUTES_H
#define API_DAEMON_ROUTES_H

#include "api/http/route.h"

extern const struct route_table routes_all;

#endif
