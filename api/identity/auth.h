/* auth - who asks: HTTP Basic and bearer tokens, checked off the workers, with the roles that a file grants */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_AUTH_H
#define API_IDENTITY_AUTH_H

#include "api/identity/roles.h"
#include "api/process/settings.h"
#include "base/hash.h"

/*
 * users: lines `name:password` or `name:hash`, hash as crypt(3) makes it ($...). tokens: lines `name:SHA-256 in hex` of
 * bearer tokens. Empty lines and lines that start with # are passed over. roles: see roles.h; without it every identity
 * holds every role.
 *
 * Checking a hash is slow on purpose, so no worker does it. Credentials that are not known go to one thread with a
 * bounded queue; what was right is remembered for some minutes, by each worker and by all together. An address whose
 * credentials were wrong waits longer each time, and failures are logged with the address. A plain password takes the
 * same way as a hashed one, so that time does not tell them apart.
 */
struct auth;

#define IDENTITY_MAX 64 /* bytes of a name, the NUL included */

/* Who asks, and the roles it holds for everything, or for some scopes only. */
struct identity {
	char name[IDENTITY_MAX]; /* "alice", "uid:1000", "cert:NAME", "anonymous"; empty: nobody was asked to say */
	unsigned whole, scoped;
};

/*
 * Reads settings->users, tokens and roles, of which at least one is set, and starts the thread.
 * errors  ERROR_IO, ERROR_LIMIT, ERROR_MEMORY, ERROR_SYNTAX, ERROR_TYPE; the text names the file, and the line
 *         ERROR_UNKNOWN  a hash that crypt(3) does not know, a role
 */
int auth_open(const struct settings *settings, struct auth **ret, struct error *err);

/* Answers what waits as refused, and ends the thread; later questions are refused. Before auth_close. Takes NULL. */
void auth_stop(struct auth *auth);
void auth_close(struct auth *auth); /* takes NULL */

/* Reads the files again. On any error the old users stay. Any thread but the workers. */
int auth_reload(struct auth *auth, struct error *err);

size_t auth_users(struct auth *auth);

#define AUTH_CACHE_SLOTS 64

/* Of one worker: credentials that were right. Zeroed at start. */
struct auth_cache {
	uint64_t generation; /* of the users that were asked */
	struct auth_slot {
		struct hash128 hash;
		int64_t until_ms;
		struct identity identity;
	} slot[AUTH_CACHE_SLOTS];
};

enum auth_result {
	AUTH_REFUSED, /* no credentials, and no right without them */
	AUTH_GOOD,
	AUTH_UNKNOWN /* ask auth_verify */
};

/*
 * A worker. authorization: the header, absent when there is none; peer: "uid:N" or "cert:NAME" of the connection, absent
 * when it has none. Never slow. ret: written with AUTH_GOOD.
 */
enum auth_result auth_check(struct auth *auth, struct auth_cache *cache, struct str authorization, struct str peer,
                            struct identity *ret);

/*
 * Any thread. Hands credentials to the verifying thread; texts are copied. `done` is called there once: when they are
 * right, auth_check knows them.
 * errors  ERROR_BUSY: too many wait, or too many of this address; ERROR_MEMORY. Then `done` is not called.
 */
int auth_verify(struct auth *auth, struct str authorization, struct str address, void (*done)(void *context, bool good),
                void *context, struct error *err);

/* Any thread. True if the identity holds the role for this scope (a topic, an actor), or for all. May wait for a reload. */
bool auth_covers(struct auth *auth, const struct identity *identity, unsigned role, struct str scope);

/* Any thread. True if the roles file has an entry for this identity. */
bool auth_knows(struct auth *auth, struct str identity);

/* Credentials that were wrong, since the start. */
uint64_t auth_failures(const struct auth *auth);

#endif
