/* secrets - users and tokens as their files have them, and the credentials of a request */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_SECRETS_H
#define API_IDENTITY_SECRETS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct user {
	struct str name, secret; /* NUL-terminated, as crypt(3) wants them */
	bool hashed;
};

#define TOKEN_HASH_SIZE 32 /* SHA-256 */

struct token {
	struct str name;
	unsigned char hash[TOKEN_HASH_SIZE];
};

/*
 * The lines of a users file, and of a tokens file, in `arena`.
 * errors  ERROR_SYNTAX, ERROR_UNKNOWN a hash that crypt(3) does not know, ERROR_LIMIT a name too long: with the line;
 *         ERROR_IO, ERROR_MEMORY
 */
int users_read(const char *path, struct arena *arena, struct user **ret, size_t *ret_count, struct error *err);
int tokens_read(const char *path, struct arena *arena, struct token **ret, size_t *ret_count, struct error *err);

/*
 * True if a user of this name has this password, which is NUL-terminated. Slow where a hash is to be made. ret_known:
 * whether there is such a user; it must not be told to who asks.
 */
bool users_check(const struct user *users, size_t count, struct str name, struct str password, bool *ret_known);

/* The token whose hash is that of `secret`, or NULL. Takes as long whichever it is. */
const struct token *tokens_find(const struct token *tokens, size_t count, struct str secret);

#define CREDENTIALS_MAX 512 /* bytes of name:password */

/* An Authorization header, taken apart. `name` and the secret of Basic point into `bytes`: it must not be copied. */
struct credentials {
	bool bearer;
	struct str name, secret;
	char bytes[CREDENTIALS_MAX];
};

/* False when the header is neither Basic nor Bearer, or not well-formed. */
bool credentials_read(struct str authorization, struct credentials *ret);

#endif
