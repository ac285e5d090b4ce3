/* auth - HTTP Basic against a users file */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_AUTH_H
#define API_HTTP_AUTH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/hash.h"

/*
 * Lines `name:password` or `name:hash`, hash as crypt(3) makes it ($...); empty lines and lines that start with # are
 * passed over. Checking a hash is slow on purpose, so each worker remembers whom it let in.
 */
struct auth;

/*
 * errors  ERROR_IO, ERROR_LIMIT, ERROR_MEMORY, ERROR_SYNTAX; the text names the file, and the line
 *         ERROR_UNKNOWN  a hash that crypt(3) does not know
 */
int auth_open(const char *path, struct auth **ret, struct error *err);
void auth_close(struct auth *auth); /* takes NULL */

/* Reads the file again. On any error the old users stay. Any thread but the workers. */
int auth_reload(struct auth *auth, struct error *err);

size_t auth_users(struct auth *auth);

#define AUTH_CACHE_SLOTS 64

/* Of one worker: hashes of Authorization headers that were right. Zeroed but for the key, which is random. */
struct auth_cache {
	struct hash_key key;
	uint64_t generation; /* of the users that were asked */
	struct hash128 slot[AUTH_CACHE_SLOTS];
};

/* Whether an Authorization header (may be absent) names a user and knows the password. */
bool auth_check(struct auth *auth, struct auth_cache *cache, struct str authorization);

#define AUTH_NAME_SIZE 512

/* The user that a header which auth_check let in names, NUL-terminated. */
void auth_name(struct str authorization, char name[AUTH_NAME_SIZE]);

#endif
