/* origin - which web pages may call the service, and under which names it is reached */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_ORIGIN_H
#define API_IDENTITY_ORIGIN_H

#include "api/process/settings.h"
#include "base/str.h"

/*
 * False for a request that a browser sends for a page of another origin (its Origin is neither the service's own nor in
 * the setting origins, or Sec-Fetch-Site says cross-site), and for a Host under which the service is not to be reached:
 * one that is not in the setting hosts, or, for browsers where that is not set, not an address, localhost or the
 * machine's own name. Programs send no Origin and are not concerned. Headers that were not sent are absent.
 * source  Fetch, HTML (Origin), RFC 6454; what a page of a rebound name does
 */
bool origin_is_welcome(const struct settings *settings, struct str origin, struct str fetch_site, struct str host);

/* Whether pages of this origin may call the service and read its answers: the setting origins has it. */
bool origin_is_listed(const struct settings *settings, struct str origin);

#endif
