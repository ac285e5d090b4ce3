/* request_scan - the usual decision request, read in one pass without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_REQUEST_SCAN_H
#define API_BODIES_REQUEST_SCAN_H

#include "guards/guard.h"

/*
 * Reads a JSON body into *ret exactly as json_read and request_read would, or says false: then they must be asked, and
 * either they refuse the body and know the place, or it is a good one of an unusual kind. Usual: no member beyond
 * those of ONAP's clients, attributes are strings, printable ASCII without escapes, the action is "guard". Takes no
 * memory; texts are borrowed from the body. Behind the body come REQUEST_SCAN_SLACK bytes that may be read, the first of
 * them NUL: 16 bytes are looked at in one step. When false, *ret has been written to.
 */
#define REQUEST_SCAN_SLACK 16
bool request_scan(struct str body, enum guard_mode mode, struct request *ret);

/* The same of {"decisions": [...]}, at least one and at most `most` such bodies, into as many places. */
bool request_scan_list(struct str body, enum guard_mode mode, size_t most, struct request *ret, size_t *ret_count);

#endif
