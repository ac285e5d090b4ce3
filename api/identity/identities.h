/* identities - what the files of users, tokens and roles say: whose credentials are right, and what that opens */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_IDENTITIES_H
#define API_IDENTITY_IDENTITIES_H

#include "api/identity/jwt.h"
#include "api/identity/roles.h"
#include "api/process/settings.h"

#define IDENTITY_MAX 320 /* bytes of a name, the NUL included: an element's at an API gateway fits */
#define IDENTITY_SCOPES 192

/* Who asks, and the roles it holds for everything, or for some scopes only. */
struct identity {
	char name
		[IDENTITY_MAX]; /* "alice", "jwt:alice", "uid:1000", "cert:NAME", "anonymous"; empty: nobody was asked to say */
	unsigned whole, scoped;
	/* Scoped roles that a token brought along: role, length and pattern of each; the file's are looked up by name. */
	unsigned char scopes[IDENTITY_SCOPES];
	unsigned scopes_used;
};

/* Why credentials were refused. */
#define LOGIN_FAILURES(X) \
	X(NONE, "none") /* they were not */ \
	X(FORM, "form") /* neither Basic nor Bearer, or not well-formed */ \
	X(USER, "user") \
	X(PASSWORD, "password") \
	X(TOKEN, "token") /* opaque or JWT */

enum login_failure {
#define X(name, text) LOGIN_##name,
	LOGIN_FAILURES(X)
#undef X
		LOGIN_FAILURE_COUNT
};

extern const char *const login_failure_name[LOGIN_FAILURE_COUNT];

/* Const once read. */
struct identities;

/*
 * Reads settings->users, tokens and roles, those of them that are set.
 * errors  ERROR_IO, ERROR_LIMIT, ERROR_MEMORY, ERROR_SYNTAX, ERROR_TYPE; the text names the file, and the line
 *         ERROR_UNKNOWN  a hash that crypt(3) does not know, a role
 */
int identities_read(const struct settings *settings, struct identities **ret, struct error *err);
void identities_free(struct identities *identities); /* takes NULL */

/* Logs what makes the files less safe than they could be. */
void identities_warn(const struct identities *identities, const struct settings *settings);

size_t identities_count(const struct identities *identities); /* users and tokens */

/* The result of a login. */
struct login {
	struct identity identity; /* when it is good */
	enum login_failure failure;
	int64_t expires_s;       /* Unix time, of a JWT; INT64_MAX when it does not say */
	char name[IDENTITY_MAX]; /* whom the credentials name, right or not; empty for a token that was refused */
	char why[ERROR_TEXT_SIZE];
};

/* Slow where a hash is to be made. jwt: NULL when none is taken. One thread at a time. */
void identities_login(const struct identities *identities, struct jwt *jwt, const struct settings *settings,
                      struct str authorization, struct login *ret);

/* The roles of a name that the connection shows. False when the file has no entry for it. */
bool identities_find(const struct identities *identities, struct str name, struct identity *ret);

/*
 * The element of a control loop that the identity's token names, as API gateways call it: <instance>~<version>~<element
 * id> as the subject. Absent: it is somebody else.
 */
struct str identity_element(const struct identity *identity);

/* Whether the identity holds the role for this scope, or for all. */
bool identities_cover(const struct identities *identities, const struct identity *identity, unsigned role,
                      struct str scope);

#endif
