/* auth - who asks: HTTP Basic, bearer tokens and what a connection shows, checked off the workers, with their roles */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

#include "api/identity/login_queue.h"
#include "api/process/audit_log.h"
#include "api/process/log.h"
#include "base/clock.h"

#define REMEMBER_MS 300000 /* how long right credentials are not checked again */

/*
 * Workers look at the generation first and ask the verifier only for credentials that they have not seen under it; a
 * reload replaces the identities under the write lock and then raises the generation.
 */
struct auth {
	const struct settings *settings;
	struct audit_log *audit; /* NULL: none is kept */
	struct hash_key key;     /* random */
	struct jwt *jwt;         /* NULL: none is taken */
	struct login_queue *logins;
	pthread_rwlock_t lock;
	struct identities *identities; /* lock */
	struct identity anonymous;     /* lock; name empty: nothing is granted without credentials */
	atomic_uint_fast64_t generation;
	atomic_uint_fast64_t failures[LOGIN_FAILURE_COUNT]; /* figures, order nothing */
};

bool
auth_is_wanted(const struct settings *settings)
{
	return settings->users || settings->tokens || settings->roles || settings->jwt_keys;
}

int
auth_reload(struct auth *auth, struct error *err)
{
	struct identities *identities, *old;
	struct identity anonymous = {.name = ""};
	uint64_t generation;
	int r = identities_read(auth->settings, &identities, err);

	if (r == 0 && auth->jwt && auth->identities) { /* the first time it has just been opened */
		r = jwt_reload(auth->jwt, err);
		if (r != 0)
			identities_free(identities);
	}
	if (r != 0)
		return r;
	(void)identities_find(identities, STR("anonymous"), &anonymous); /* else nothing is granted */
	pthread_rwlock_wrlock(&auth->lock);
	old = auth->identities;
	auth->identities = identities;
	auth->anonymous = anonymous;
	generation = atomic_load_explicit(&auth->generation, memory_order_relaxed) + 1; /* only written here */
	login_queue_forget(auth->logins, generation);
	/* Release: a worker that sees the new generation forgets whom the old files let in. */
	atomic_store_explicit(&auth->generation, generation, memory_order_release);
	pthread_rwlock_unlock(&auth->lock);
	identities_free(old);
	identities_warn(identities,
	                auth->settings); /* the one caller that reloads at a time also is the one that replaces them */
	return 0;
}

size_t
auth_users(struct auth *auth)
{
	size_t count;

	pthread_rwlock_rdlock(&auth->lock);
	count = identities_count(auth->identities);
	pthread_rwlock_unlock(&auth->lock);
	return count;
}

uint64_t
auth_failures(const struct auth *auth, enum login_failure failure)
{
	return atomic_load_explicit(&auth->failures[failure], memory_order_relaxed);
}

/* --- checking, on the verifier's thread --- */

static void
report_failure(struct auth *auth, const struct login_question *job, const struct login *login)
{
	const struct audit_entry entry = {
		.event = "login",
		.identity = str_from(login->name),
		.address = job->address,
		.id = job->id,
		.outcome = "refused",
		.why = str_from(login->why),
	};

	atomic_fetch_add_explicit(&auth->failures[login->failure], 1, memory_order_relaxed);
	log_write(auth->settings, __FILE__, LOG_LEVEL_WARNING, &(struct log_request){.id = job->id},
	          "authentication failed: %s%s%sfrom %.*s: %s", login->name[0] ? "user '" : "a bearer token ",
	          login->name, login->name[0] ? "' " : "", STR_ARG(job->address), login->why);
	audit_log_add(auth->audit, &entry);
}

static bool
check_login(void *context, const struct login_question *job, struct identity *ret, int64_t *ret_until_ms)
{
	struct auth *auth = context;
	int64_t left_ms = REMEMBER_MS, now_s = clock_wall_ms() / 1000;
	struct login login;

	pthread_rwlock_rdlock(&auth->lock);
	identities_login(auth->identities, auth->jwt, auth->settings, job->authorization, &login);
	pthread_rwlock_unlock(&auth->lock);
	if (login.failure != LOGIN_NONE) {
		report_failure(auth, job, &login);
		return false;
	}
	if (login.expires_s < INT64_MAX && (login.expires_s - now_s) * 1000 < left_ms)
		left_ms = (login.expires_s - now_s) * 1000;
	*ret = login.identity;
	*ret_until_ms = clock_monotonic_ms() + left_ms;
	return true;
}

int
auth_open(const struct settings *settings, struct audit_log *audit, struct auth **ret, struct error *err)
{
	struct auth *auth = calloc(1, sizeof(*auth));
	int r = 0;

	if (!auth)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	auth->settings = settings;
	auth->audit = audit;
	pthread_rwlock_init(&auth->lock, NULL);
	if (getrandom(&auth->key, sizeof(auth->key), 0) != sizeof(auth->key))
		r = error_set(err, ERROR_IO, NULL, "no random bytes");
	if (r == 0)
		r = login_queue_open(check_login, auth, &auth->logins, err);
	if (r == 0 && settings->jwt_keys)
		r = jwt_open(settings, &auth->jwt, err);
	if (r == 0)
		r = auth_reload(auth, err);
	if (r != 0)
		auth_close(auth);
	else
		*ret = auth;
	return r;
}

void
auth_stop(struct auth *auth)
{
	if (auth)
		login_queue_stop(auth->logins);
}

void
auth_close(struct auth *auth)
{
	if (!auth)
		return;
	login_queue_close(auth->logins);
	jwt_close(auth->jwt);
	identities_free(auth->identities);
	pthread_rwlock_destroy(&auth->lock);
	free(auth);
}

/* --- asking --- */

/* Without credentials: the peer that the connection shows, or anonymous. */
static enum auth_result
check_peer(struct auth *auth, struct str peer, struct identity *ret)
{
	bool known;

	pthread_rwlock_rdlock(&auth->lock);
	known = peer.len && identities_find(auth->identities, peer, ret);
	if (!known)
		*ret = auth->anonymous;
	pthread_rwlock_unlock(&auth->lock);
	return ret->name[0] ? AUTH_GOOD : AUTH_REFUSED;
}

static bool
find_known(struct auth *auth, struct auth_slot *slot, struct hash128 hash, uint64_t generation, int64_t now_ms)
{
	struct known_login known;

	if (!login_queue_find(auth->logins, hash, generation, now_ms, &known))
		return false;
	*slot = (struct auth_slot){known.hash, known.until_ms, known.identity};
	return true;
}

enum auth_result
auth_check(struct auth *auth, struct auth_cache *cache, struct str authorization, struct str peer, struct identity *ret)
{
	/* Acquire: pairs with the release in auth_reload. */
	uint64_t generation = atomic_load_explicit(&auth->generation, memory_order_acquire);
	int64_t now_ms = clock_monotonic_ms();
	struct auth_slot *slot;
	struct hash128 hash;

	if (!authorization.ptr)
		return check_peer(auth, peer, ret);
	if (cache->generation != generation) {
		memset(cache->slot, 0, sizeof(cache->slot));
		cache->generation = generation;
	}
	hash = hash_parts(&auth->key, &authorization, 1);
	slot = &cache->slot[hash.lo % AUTH_CACHE_SLOTS];
	if ((slot->hash.lo != hash.lo || slot->hash.hi != hash.hi || slot->until_ms <= now_ms) &&
	    !find_known(auth, slot, hash, generation, now_ms))
		return AUTH_UNKNOWN;
	*ret = slot->identity;
	return AUTH_GOOD;
}

int
auth_verify(struct auth *auth, const struct auth_question *question, void (*done)(void *context, bool good),
            void *context, struct error *err)
{
	const struct login_question job = {
		.authorization = question->authorization,
		.address = question->address,
		.id = question->id,
		.hash = hash_parts(&auth->key, &question->authorization, 1),
	};

	return login_queue_add(auth->logins, &job, done, context, err);
}

bool
auth_covers(struct auth *auth, const struct identity *identity, unsigned role, struct str scope)
{
	bool covered;

	if (identity->whole & role)
		return true;
	pthread_rwlock_rdlock(&auth->lock);
	covered = identities_cover(auth->identities, identity, role, scope);
	pthread_rwlock_unlock(&auth->lock);
	return covered;
}

bool
auth_knows(struct auth *auth, struct str identity)
{
	struct identity found;
	bool known;

	pthread_rwlock_rdlock(&auth->lock);
	known = identities_find(auth->identities, identity, &found);
	pthread_rwlock_unlock(&auth->lock);
	return known;
}
