/* listener - further addresses to listen on, and which roles they carry */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_LISTENER_H
#define API_IDENTITY_LISTENER_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* ADDRESS[,plain][,roles=ROLE+ROLE...] */
struct listener {
	char address[160]; /* as socket_address_good takes it */
	bool plain;        /* no TLS, although a certificate is set */
	unsigned roles;    /* that requests over it may use; ROLE_ALL when it does not say */
};

/* errors  ERROR_TYPE not an address or an unknown word, ERROR_UNKNOWN a role */
int listener_parse(const char *text, struct listener *ret, struct error *err);

/* True for a unix socket, 127.0.0.0/8, [::1] and localhost: nobody on another machine reaches it. */
bool listener_is_local(const char *address);

#endif
