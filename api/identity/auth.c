/* auth - who asks: HTTP Basic and bearer tokens, checked off the workers, with the roles that a file grants */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "api/identity/secrets.h"
#include "api/process/log.h"
#include "engine/decide/load.h"

#define FILE_MAX ((size_t)1 << 20)
#define REMEMBER_MS 300000 /* how long right credentials are not checked again */
#define KNOWN_SLOTS 1024
#define JOBS_MAX 256      /* credentials that may wait */
#define ADDRESS_JOBS 8    /* of one address */
#define WAITERS_MAX 4096  /* requests with these credentials */
#define ADDRESSES 64      /* whose failures are remembered */
#define DELAY_FIRST_MS 50 /* after the first failure of an address; doubled by each, up to */
#define DELAY_MAX_MS 1000
#define FORGIVE_MS 60000 /* an address without a failure for so long starts anew */

/* What the files say. */
struct auth_entries {
	struct arena arena;
	struct user *users;
	struct token *tokens;
	size_t user_count, token_count;
	struct roles roles;
	bool with_roles;
	struct identity anonymous; /* name empty: nothing is granted without credentials */
};

/* Credentials that wait to be checked, and the requests that wait for the result. */
struct waiter {
	struct waiter *next;
	void (*done)(void *context, bool good);
	void *context;
};

struct job {
	struct job *next;
	struct hash128 hash;
	bool known; /* they were right before: they go first */
	struct waiter *waiters;
	size_t waiter_count;
	char address[64];
	struct str authorization;
	char bytes[]; /* authorization's */
};

struct address {
	char text[64];
	unsigned failures;
	int64_t last_ms, due_ms; /* of the last failure; when the next check may begin */
};

/*
 * Workers look at the generation first and take `lock` only for credentials that they have not seen under it; a
 * reload replaces the entries under the write lock and then raises the generation.
 */
struct auth {
	const struct settings *settings;
	struct hash_key key; /* random */
	pthread_rwlock_t lock;
	struct auth_entries entries; /* lock */
	atomic_uint_fast64_t generation;
	atomic_uint_fast64_t failures;

	pthread_mutex_t queue; /* guards what follows; never held with `lock` */
	pthread_cond_t filled;
	struct auth_slot *known; /* KNOWN_SLOTS, whatever worker asked */
	uint64_t known_generation;
	struct job *jobs;
	size_t job_count;
	struct address addresses[ADDRESSES];
	bool stopping, started;
	pthread_t thread;
};

static int64_t
auth_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- files --- */

static int
entries_fail(const char *path, struct error *err)
{
	struct error why = *err;
	char line[32] = "";

	if (why.line)
		(void)snprintf(line, sizeof(line), ":%u", why.line);
	*err = (struct error){0};
	return error_set(err, why.code, NULL, "%s%s: %s", path, line, why.text);
}

static void
grant(const struct auth_entries *entries, struct str name, struct identity *ret)
{
	const struct grants *grants = roles_of(&entries->roles, name);

	if (!grants)
		grants = roles_of(&entries->roles, STR("default"));
	*ret = (struct identity){.whole = entries->with_roles ? 0 : ROLE_ALL};
	memcpy(ret->name, name.ptr, name.len < IDENTITY_MAX ? name.len : IDENTITY_MAX - 1);
	if (grants) {
		ret->whole |= grants->whole;
		ret->scoped = grants->scoped;
	}
}

static int
entries_read(const struct settings *settings, struct auth_entries *entries, struct error *err)
{
	const char *path = settings->users;
	struct str bytes;
	int r = 0;

	if (path)
		r = users_read(path, &entries->arena, &entries->users, &entries->user_count, err);
	if (r == 0 && settings->tokens) {
		path = settings->tokens;
		r = tokens_read(path, &entries->arena, &entries->tokens, &entries->token_count, err);
	}
	if (r == 0 && settings->roles) {
		path = settings->roles;
		entries->with_roles = true;
		r = load_file(path, FILE_MAX, &entries->arena, &bytes, err);
		if (r == 0)
			r = roles_read(bytes, path, &entries->arena, &entries->roles, err);
	}
	if (r != 0)
		return entries_fail(path, err);
	if (roles_of(&entries->roles, STR("anonymous")))
		grant(entries, STR("anonymous"), &entries->anonymous);
	return 0;
}

/* Secrets that others can read, and passwords that are written down, are no secrets. */
static void
warn_of_files(const struct auth *auth)
{
	const char *const paths[] = {auth->settings->users, auth->settings->tokens};
	size_t plain = 0;
	struct stat file;

	for (size_t i = 0; i < 2; i++)
		if (paths[i] && stat(paths[i], &file) == 0 && S_ISREG(file.st_mode) && file.st_mode & 077)
			log_line(auth->settings, LOG_LEVEL_WARNING, "%s: others than its owner may %s it: chmod 600",
			         paths[i], file.st_mode & 022 ? "write" : "read");
	for (size_t i = 0; i < auth->entries.user_count; i++)
		plain += !auth->entries.users[i].hashed;
	if (plain)
		log_line(auth->settings, LOG_LEVEL_WARNING,
		         "%s: %zu %s in plain text: use a hash, as mkpasswd -m yescrypt makes it",
		         auth->settings->users, plain, plain == 1 ? "password stands" : "passwords stand");
	if (!auth->settings->roles)
		log_line(auth->settings, LOG_LEVEL_WARNING,
		         "no roles: every user may do everything, from decisions to administration");
}

int
auth_reload(struct auth *auth, struct error *err)
{
	struct auth_entries entries = {0}, old;
	int r;

	arena_init(&entries.arena, 0);
	r = entries_read(auth->settings, &entries, err);
	if (r != 0) {
		arena_free(&entries.arena);
		return r;
	}
	pthread_rwlock_wrlock(&auth->lock);
	old = auth->entries;
	auth->entries = entries;
	/* Release: a worker that sees the new generation forgets whom the old entries let in. */
	atomic_fetch_add_explicit(&auth->generation, 1, memory_order_release);
	pthread_rwlock_unlock(&auth->lock);
	arena_free(&old.arena);
	warn_of_files(auth); /* the one caller that reloads at a time also is the one that replaces the entries */
	return 0;
}

size_t
auth_users(struct auth *auth)
{
	size_t count;

	pthread_rwlock_rdlock(&auth->lock);
	count = auth->entries.user_count + auth->entries.token_count;
	pthread_rwlock_unlock(&auth->lock);
	return count;
}

uint64_t
auth_failures(const struct auth *auth)
{
	return atomic_load_explicit(&auth->failures, memory_order_relaxed); /* a figure, orders nothing */
}

/* --- checking, on the thread --- */

/* Whether the credentials are right, and whose. ret_name: whom they name, right or not, for the log. */
static bool
auth_check_now(struct auth *auth, struct str authorization, struct identity *ret, char *ret_name)
{
	struct credentials credentials;
	bool good = false;

	ret_name[0] = '\0';
	if (!credentials_read(authorization, &credentials))
		return false;
	pthread_rwlock_rdlock(&auth->lock);
	if (credentials.bearer) {
		const struct token *token =
			tokens_find(auth->entries.tokens, auth->entries.token_count, credentials.secret);

		good = token != NULL;
		if (good)
			grant(&auth->entries, token->name, ret);
	} else {
		(void)snprintf(ret_name, IDENTITY_MAX, "%.*s", STR_ARG(credentials.name));
		good = users_check(auth->entries.users, auth->entries.user_count, credentials.name, credentials.secret);
		if (good)
			grant(&auth->entries, credentials.name, ret);
	}
	pthread_rwlock_unlock(&auth->lock);
	explicit_bzero(&credentials, sizeof(credentials));
	return good;
}

/* Under `queue`: the row of an address, or the one that failed least recently, made its own. */
static struct address *
address_row(struct auth *auth, const char *text)
{
	struct address *oldest = &auth->addresses[0];

	for (size_t i = 0; i < ADDRESSES; i++) {
		struct address *row = &auth->addresses[i];

		if (strcmp(row->text, text) == 0)
			return row;
		if (row->last_ms < oldest->last_ms)
			oldest = row;
	}
	*oldest = (struct address){0};
	(void)snprintf(oldest->text, sizeof(oldest->text), "%s", text);
	return oldest;
}

/* Under `queue`: the row of an address that has failed lately, or NULL. */
static struct address *
address_find(struct auth *auth, const char *text)
{
	for (size_t i = 0; i < ADDRESSES; i++)
		if (auth->addresses[i].failures && strcmp(auth->addresses[i].text, text) == 0)
			return &auth->addresses[i];
	return NULL;
}

/* Under `queue`. */
static void
note_failure(struct auth *auth, const char *text, int64_t now_ms)
{
	struct address *row = address_row(auth, text);
	unsigned shift;

	if (now_ms - row->last_ms > FORGIVE_MS)
		row->failures = 0;
	shift = row->failures < 16 ? row->failures : 16;
	row->failures++;
	row->last_ms = now_ms;
	row->due_ms = now_ms + (DELAY_FIRST_MS << shift < DELAY_MAX_MS ? DELAY_FIRST_MS << shift : DELAY_MAX_MS);
}

/*
 * Under `queue`: takes the job to check next, or says when one may be. Known credentials go first; then those of the
 * address with the fewest failures, so that one that guesses does not keep others waiting.
 */
static struct job *
auth_take_job(struct auth *auth, int64_t now_ms, int64_t *ret_due_ms)
{
	struct job **best = NULL;
	unsigned best_rank = 0;

	*ret_due_ms = INT64_MAX;
	for (struct job **at = &auth->jobs; *at; at = &(*at)->next) {
		const struct address *row = (*at)->known ? NULL : address_find(auth, (*at)->address);
		unsigned rank = (*at)->known ? 0 : 1 + (row ? row->failures : 0);

		if (row && row->due_ms > now_ms && !auth->stopping) {
			if (row->due_ms < *ret_due_ms)
				*ret_due_ms = row->due_ms;
		} else if (!best || rank < best_rank) {
			best = at;
			best_rank = rank;
		}
	}
	if (best) {
		struct job *job = *best;

		*best = job->next;
		auth->job_count--;
		return job;
	}
	return NULL;
}

/* Under `queue`. */
static void
remember(struct auth *auth, struct hash128 hash, const struct identity *identity, uint64_t generation, int64_t now_ms)
{
	struct auth_slot *slot = &auth->known[hash.lo % KNOWN_SLOTS];

	if (auth->known_generation != generation) {
		memset(auth->known, 0, KNOWN_SLOTS * sizeof(*auth->known));
		auth->known_generation = generation;
	}
	*slot = (struct auth_slot){hash, now_ms + REMEMBER_MS, *identity};
}

static void
job_end(struct job *job, bool good)
{
	while (job->waiters) {
		struct waiter *waiter = job->waiters;

		job->waiters = waiter->next;
		waiter->done(waiter->context, good);
		free(waiter);
	}
	explicit_bzero(job->bytes, job->authorization.len);
	free(job);
}

/* `queue` is held before and after, and not while the hash is made. */
static void
work(struct auth *auth, struct job *job)
{
	/* Acquire: what is found right under this generation is forgotten with it. */
	uint64_t generation = atomic_load_explicit(&auth->generation, memory_order_acquire);
	bool stopping = auth->stopping, good;
	struct identity identity;
	char name[IDENTITY_MAX];
	int64_t now_ms;

	pthread_mutex_unlock(&auth->queue);
	good = !stopping && auth_check_now(auth, job->authorization, &identity, name);
	if (!good && !stopping) {
		atomic_fetch_add_explicit(&auth->failures, 1, memory_order_relaxed);
		log_line(auth->settings, LOG_LEVEL_WARNING, "authentication failed: %s%s%sfrom %s",
		         name[0] ? "user '" : "a bearer token ", name, name[0] ? "' " : "", job->address);
	}
	pthread_mutex_lock(&auth->queue);
	now_ms = auth_now_ms();
	if (good)
		remember(auth, job->hash, &identity, generation, now_ms);
	else if (!stopping)
		note_failure(auth, job->address, now_ms);
	pthread_mutex_unlock(&auth->queue);
	job_end(job, good);
	pthread_mutex_lock(&auth->queue);
}

static void *
verifier(void *argument)
{
	struct auth *auth = argument;

	pthread_mutex_lock(&auth->queue);
	for (;;) {
		int64_t due_ms;
		struct job *job = auth_take_job(auth, auth_now_ms(), &due_ms);
		struct timespec until = {due_ms / 1000, due_ms % 1000 * 1000000};

		if (job)
			work(auth, job);
		else if (auth->stopping)
			break;
		else if (due_ms == INT64_MAX)
			pthread_cond_wait(&auth->filled, &auth->queue);
		else
			(void)pthread_cond_timedwait(&auth->filled, &auth->queue,
			                             &until); /* its time is over, or not */
	}
	pthread_mutex_unlock(&auth->queue);
	return NULL;
}

int
auth_open(const struct settings *settings, struct auth **ret, struct error *err)
{
	struct auth *auth = calloc(1, sizeof(*auth));
	pthread_condattr_t monotonic;
	int r = 0;

	if (!auth)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	auth->settings = settings;
	arena_init(&auth->entries.arena, 0);
	pthread_rwlock_init(&auth->lock, NULL);
	pthread_mutex_init(&auth->queue, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&auth->filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	auth->known = calloc(KNOWN_SLOTS, sizeof(*auth->known));
	if (!auth->known)
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else if (getrandom(&auth->key, sizeof(auth->key), 0) != sizeof(auth->key))
		r = error_set(err, ERROR_IO, NULL, "no random bytes");
	if (r == 0)
		r = auth_reload(auth, err);
	if (r == 0) {
		auth->started = pthread_create(&auth->thread, NULL, verifier, auth) == 0;
		if (!auth->started)
			r = error_set(err, ERROR_MEMORY, NULL, "cannot start the thread that checks credentials");
	}
	if (r != 0)
		auth_close(auth);
	else
		*ret = auth;
	return r;
}

void
auth_stop(struct auth *auth)
{
	if (!auth)
		return;
	pthread_mutex_lock(&auth->queue);
	auth->stopping = true;
	pthread_cond_signal(&auth->filled);
	pthread_mutex_unlock(&auth->queue);
	if (auth->started)
		pthread_join(auth->thread, NULL);
	auth->started = false;
}

void
auth_close(struct auth *auth)
{
	if (!auth)
		return;
	auth_stop(auth);
	arena_free(&auth->entries.arena);
	free(auth->known);
	pthread_cond_destroy(&auth->filled);
	pthread_mutex_destroy(&auth->queue);
	pthread_rwlock_destroy(&auth->lock);
	free(auth);
}

/* --- asking --- */

static bool
find_known(struct auth *auth, struct auth_slot *slot, struct hash128 hash, uint64_t generation, int64_t now_ms)
{
	const struct auth_slot *known = &auth->known[hash.lo % KNOWN_SLOTS];
	bool found;

	pthread_mutex_lock(&auth->queue);
	found = auth->known_generation == generation && known->until_ms > now_ms && known->hash.lo == hash.lo &&
	        known->hash.hi == hash.hi;
	if (found)
		*slot = *known;
	pthread_mutex_unlock(&auth->queue);
	return found;
}

/* Without credentials: what the connection shows, where it is granted something; or what is granted to everybody. */
static enum auth_result
check_peer(struct auth *auth, struct str peer, struct identity *ret)
{
	bool good;

	pthread_rwlock_rdlock(&auth->lock);
	good = peer.ptr && auth->entries.with_roles && roles_of(&auth->entries.roles, peer);
	if (good)
		grant(&auth->entries, peer, ret);
	else if (auth->entries.anonymous.name[0])
		*ret = auth->entries.anonymous;
	good |= auth->entries.anonymous.name[0] != '\0';
	pthread_rwlock_unlock(&auth->lock);
	return good ? AUTH_GOOD : AUTH_REFUSED;
}

enum auth_result
auth_check(struct auth *auth, struct auth_cache *cache, struct str authorization, struct str peer, struct identity *ret)
{
	/* Acquire: pairs with the release in auth_reload. */
	uint64_t generation = atomic_load_explicit(&auth->generation, memory_order_acquire);
	int64_t now_ms = auth_now_ms();
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

/* Under `queue`: the job for these credentials, made when there is none. */
static struct job *
job_for(struct auth *auth, struct str authorization, struct hash128 hash, struct str address, struct error *err)
{
	const struct auth_slot *known = &auth->known[hash.lo % KNOWN_SLOTS];
	size_t of_address = 0;
	struct job **at = &auth->jobs, *job;

	for (; *at; at = &(*at)->next) {
		if ((*at)->hash.lo == hash.lo && (*at)->hash.hi == hash.hi)
			return *at;
		of_address += str_is(address, (*at)->address);
	}
	if (auth->job_count >= JOBS_MAX || of_address >= ADDRESS_JOBS) {
		(void)error_set(err, ERROR_BUSY, NULL, "too many credentials wait to be checked: try again");
		return NULL;
	}
	job = calloc(1, sizeof(*job) + authorization.len + 1);
	if (!job) {
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
		return NULL;
	}
	memcpy(job->bytes, authorization.ptr, authorization.len);
	job->authorization = (struct str){job->bytes, authorization.len};
	job->hash = hash;
	job->known = known->hash.lo == hash.lo && known->hash.hi == hash.hi;
	(void)snprintf(job->address, sizeof(job->address), "%.*s", STR_ARG(address));
	*at = job;
	auth->job_count++;
	return job;
}

int
auth_verify(struct auth *auth, struct str authorization, struct str address, void (*done)(void *context, bool good),
            void *context, struct error *err)
{
	struct hash128 hash = hash_parts(&auth->key, &authorization, 1);
	struct waiter *waiter = malloc(sizeof(*waiter));
	struct job *job = NULL;
	int r = 0;

	if (!waiter)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	pthread_mutex_lock(&auth->queue);
	if (auth->stopping)
		r = error_set(err, ERROR_BUSY, NULL, "the service stops");
	else if (!(job = job_for(auth, authorization, hash, address, err)))
		r = -ERROR_BUSY;
	else if (job->waiter_count >= WAITERS_MAX)
		r = error_set(err, ERROR_BUSY, NULL, "too many requests wait for these credentials");
	if (r == 0) {
		*waiter = (struct waiter){job->waiters, done, context};
		job->waiters = waiter;
		job->waiter_count++;
		pthread_cond_signal(&auth->filled);
	}
	pthread_mutex_unlock(&auth->queue);
	if (r != 0)
		free(waiter);
	return r;
}

bool
auth_covers(struct auth *auth, const struct identity *identity, unsigned role, struct str scope)
{
	const struct grants *grants;
	bool covered;

	if (identity->whole & role)
		return true;
	pthread_rwlock_rdlock(&auth->lock);
	grants = roles_of(&auth->entries.roles, str_from(identity->name));
	if (!grants)
		grants = roles_of(&auth->entries.roles, STR("default"));
	covered = grants_cover(grants, role, scope);
	pthread_rwlock_unlock(&auth->lock);
	return covered;
}

bool
auth_knows(struct auth *auth, struct str identity)
{
	bool known;

	pthread_rwlock_rdlock(&auth->lock);
	known = roles_of(&auth->entries.roles, identity) != NULL;
	pthread_rwlock_unlock(&auth->lock);
	return known;
}
