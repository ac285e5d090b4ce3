/* auth - who asks: HTTP Basic, bearer tokens and what a connection shows, checked off the workers, with their roles */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_AUTH_H
#define API_IDENTITY_AUTH_H

#include "api/identity/identities.h"
#include "base/hash.h"

/*
 * users: lines `name:password` or `name:hash`, hash as crypt(3) makes it ($...). tokens: lines `name:SHA-256 in hex` of
 * bearer tokens. Empty lines and lines that start with # are passed over. roles: see roles.h; without it every identity
 * of users and tokens holds every role. jwt_keys: see jwt.h.
 *
 * Credentials that are not known go to the queue of logins (login_queue.h); what was right is remembered for some minutes, by each
 * worker and by all together. Failures are logged with the address, counted by their reason, and are lines of the audit
 * log. A plain password takes the same way as a hashed one, so that time does not tell them apart.
 */
struct auth;
struct audit_log;

/* Whether any setting asks for it: without one the service is open. */
bool auth_is_wanted(const struct settings *settings);

/*
 * Reads what the settings name, and starts the thread. audit may be NULL.
 * errors  those of identities_read and jwt_open
 */
int auth_open(const struct settings *settings, struct audit_log *audit, struct auth **ret, struct error *err);

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

/* Who hands credentials over: from where, by which request (absent: it has no id). */
struct auth_question {
	struct str authorization, address, id;
};

/*
 * Any thread. Hands credentials to the checking thread; texts are copied. `done` is called there once: when they are
 * right, auth_check knows them.
 * errors  ERROR_BUSY: too many wait, or too many of this address; ERROR_MEMORY. Then `done` is not called.
 */
int auth_verify(struct auth *auth, const struct auth_question *question, void (*done)(void *context, bool good),
                void *context, struct error *err);

/*
 * Any thread. True if the identity holds the role for this scope (a topic, an actor, a control loop), or for all. May
 * wait for a reload.
 */
bool auth_covers(struct auth *auth, const struct identity *identity, unsigned role, struct str scope);

/* Any thread. True if the roles file has an entry for this identity. */
bool auth_knows(struct auth *auth, struct str identity);

/* Credentials that were wrong for this reason, since the start. */
uint64_t auth_failures(const struct auth *auth, enum login_failure failure);

#endif
