/* credentials - users and certificate read again: what fails is reported, and tried again until it succeeds */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_CREDENTIALS_H
#define API_DAEMON_CREDENTIALS_H

#include "api/http/service.h"

/* A reload that failed, and is tried again. */
struct retry {
	int64_t wait_ms; /* before the next time; 0: it has not failed */
	int64_t at_ms;
};

/* Of the admin thread. Zeroed: nothing has failed. */
struct credentials_retry {
	struct retry users, certificate;
};

/* Reads both again, as SIGHUP asks for. What failed stays as it was, and is told by service->users_error and tls_error. */
void credentials_reload(struct service *service, struct credentials_retry *retry);

/* Tries again what is due; when it has to be called next, INT64_MAX when nothing has failed. now: of the steady clock, ms. */
int64_t credentials_due(struct service *service, struct credentials_retry *retry, int64_t now);

#endif
