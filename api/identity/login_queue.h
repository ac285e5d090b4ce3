/* login_queue - credentials checked on a thread of its own, one at a time, and the right ones remembered for some minutes */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_LOGIN_QUEUE_H
#define API_IDENTITY_LOGIN_QUEUE_H

#include "api/identity/identities.h"
#include "base/hash.h"

/*
 * Checking a hash is slow on purpose, so no worker does it: credentials wait in a bounded queue, those of one address
 * only a few at a time. An address whose credentials were wrong waits longer each time; credentials that were right
 * before go first, then those of the address with the fewest failures, so that one that guesses does not keep others
 * waiting.
 */
struct login_queue;

/* Credentials that were right. */
struct known_login {
	struct hash128 hash;
	int64_t until_ms; /* monotonic */
	struct identity identity;
};

/* One request's credentials. Texts are copied. */
struct login_question {
	struct str authorization, address, id; /* id: of the request, may be absent */
	struct hash128 hash;                   /* of authorization */
};

/*
 * The checking thread calls it. True when the credentials are right: ret says whose they are, ret_until_ms how long that
 * may be remembered at most.
 */
typedef bool (*login_check)(void *context, const struct login_question *job, struct identity *ret,
                            int64_t *ret_until_ms);

int login_queue_open(login_check check, void *context, struct login_queue **ret, struct error *err);
void login_queue_stop(struct login_queue *logins);  /* answers what waits as refused; takes NULL */
void login_queue_close(struct login_queue *logins); /* takes NULL */

/* Whom it remembers under this generation of the files. Any thread. */
bool login_queue_find(struct login_queue *logins, struct hash128 hash, uint64_t generation, int64_t now_ms,
                      struct known_login *ret);

/*
 * Any thread. generation: of the files by which it is checked. `done` is called once, on the checking thread.
 * errors  ERROR_BUSY: too many wait, or too many of this address; ERROR_MEMORY. Then `done` is not called.
 */
int login_queue_add(struct login_queue *logins, const struct login_question *job,
                    void (*done)(void *context, bool good), void *context, struct error *err);

/* From now on what was found right before is forgotten. Any thread. */
void login_queue_forget(struct login_queue *logins, uint64_t generation);

#endif
