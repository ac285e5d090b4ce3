/* reload_priv - policy files as read, between reload.c and watch.c */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DAEMON_RELOAD_PRIV_H
#define API_DAEMON_RELOAD_PRIV_H

#include "api/http/service.h"
#include "base/hash.h"

struct policies {
	bool must_exist; /* from the caller: a path without a file is an error */
	struct arena arena;
	struct diags diags;
	struct document *documents;
	size_t count;
	struct hash128 hash; /* of names and bytes; zero when they could not be read */
	const char *writing; /* a file that another process has open to write; NULL: none is seen */
	const char *shrunk;  /* policies_publish answered 1: the file that has fewer guards */
};

/* Reads all files. 0 or a negative code, then with findings. In any case the caller drops them. */
int policies_read(struct service *service, struct policies *ret);

/* Frees all that was read, and gives the memory back to the system. */
void policies_drop(struct policies *policies);

/*
 * Publishes them if r, from policies_read, is 0; logs and counts how it went. 0, a negative code, or 1: unless sure, a
 * file with fewer guards than before is not published, for it may not be whole yet. The caller drops them.
 */
int policies_publish(struct service *service, struct policies *policies, int r, bool sure);

/* Sets one of the service's texts under its lock; text is copied, NULL ends the report. True when that changes it. */
bool reload_report(struct service *service, char **report, const char *text);

/* Sets the error that GET generation reports; NULL: none. Copied. */
void policies_report(struct service *service, const char *text);

#endif
