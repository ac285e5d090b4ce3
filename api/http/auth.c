/* auth - HTTP Basic against a users file */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/auth.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif

#include "engine/decide/load.h"

#define FILE_MAX ((size_t)1 << 20)
#define CREDENTIALS_MAX 512 /* bytes of name:password */

struct user {
	struct str name, secret;
	bool hashed;
};

/*
 * Workers look at the generation first and take the lock only for credentials that they have not seen under it; a
 * reload replaces the users under the write lock and then raises the generation.
 */
struct auth {
	const char *path;
	pthread_rwlock_t lock;
	struct arena arena; /* lock */
	struct user *users; /* lock */
	size_t count;       /* lock */
	atomic_uint_fast64_t generation;
};

/* Takes as long whatever the bytes are; the length of `secret` shows, no more. */
static bool
equal_slowly(struct str given, struct str secret)
{
	unsigned char differ = given.len != secret.len;

	for (size_t i = 0; i < given.len; i++)
		differ |= (unsigned char)given.ptr[i] ^ (unsigned char)(i < secret.len ? secret.ptr[i] : 0);
	return differ == 0;
}

#ifdef HAVE_CRYPT_H
/* The hash of a password by the way and with the salt of `hash`. False when that is of no kind that crypt(3) knows. */
static bool
hash_make(const char *password, const char *hash, struct crypt_data *data)
{
	const char *made = crypt_r(password, hash, data);

	return made && made[0] == '$';
}

static bool
hash_matches(const char *password, struct str hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data)); /* 32 KiB: too much for a worker's stack */
	bool same = data && hash_make(password, hash.ptr, data) && equal_slowly(str_from(data->output), hash);

	free(data);
	return same;
}

static bool
hash_known(const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	bool known = data && hash_make("", hash, data);

	free(data);
	return known;
}
#else
static bool
hash_matches(const char *password, struct str hash)
{
	(void)password;
	(void)hash;
	return false;
}

static bool
hash_known(const char *hash)
{
	(void)hash;
	return false;
}
#endif

static int
read_user(struct str line, uint32_t number, struct user *ret, struct error *err)
{
	const char *colon = memchr(line.ptr, ':', line.len);

	if (!colon || colon == line.ptr || colon == line.ptr + line.len - 1)
		return error_set_at(err, ERROR_SYNTAX, number, 1, "a line of users is name:password or name:hash");
	ret->name = (struct str){line.ptr, (size_t)(colon - line.ptr)};
	ret->secret = (struct str){colon + 1, line.len - ret->name.len - 1};
	ret->hashed = ret->secret.ptr[0] == '$';
	if (ret->hashed && !hash_known(ret->secret.ptr))
		return error_set_at(err, ERROR_UNKNOWN, number, (uint32_t)ret->name.len + 2,
		                    "the hash of user '%.*s' is of no kind that crypt(3) knows here",
		                    STR_ARG(ret->name));
	return 0;
}

/* Lines end where their NUL is put, so that crypt can read a hash. Passwords may hold spaces. */
static int
read_users(const char *path, struct arena *arena, struct user **ret, size_t *ret_count, struct error *err)
{
	struct str bytes;
	struct user *users;
	size_t lines = 1, count = 0;
	uint32_t number = 0;
	int r = load_file(path, FILE_MAX, arena, &bytes, err);

	if (r != 0)
		return r;
	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.ptr[i] == '\n';
	users = arena_array(arena, lines, sizeof(*users));
	for (size_t at = 0; users && at < bytes.len && r == 0;) {
		const char *end = memchr(bytes.ptr + at, '\n', bytes.len - at);
		size_t len = end ? (size_t)(end - bytes.ptr) - at : bytes.len - at;
		struct str line = {bytes.ptr + at, len - (len && bytes.ptr[at + len - 1] == '\r')};

		at += len + 1;
		number++;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		line = arena_str(arena, line);
		r = line.ptr ? read_user(line, number, &users[count], err)
		             : error_set(err, ERROR_MEMORY, NULL, "out of memory");
		count++;
	}
	if (!users)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0 && count == 0)
		return error_set(err, ERROR_SYNTAX, NULL, "there is no user in the file");
	*ret = users;
	*ret_count = count;
	return r;
}

/* The error with the file's name, and the line where there is one, before its text. */
static int
name_place(const char *path, struct error *err)
{
	struct error why = *err;
	char line[16] = "";

	if (why.line)
		(void)snprintf(line, sizeof(line), ":%u", why.line);
	*err = (struct error){0};
	return error_set(err, why.code, NULL, "%s%s: %s", path, line, why.text);
}

int
auth_reload(struct auth *auth, struct error *err)
{
	struct arena arena, old;
	struct user *users = NULL;
	size_t count = 0;
	int r;

	arena_init(&arena, 0);
	r = read_users(auth->path, &arena, &users, &count, err);
	if (r != 0) {
		arena_free(&arena);
		return name_place(auth->path, err);
	}
	pthread_rwlock_wrlock(&auth->lock);
	old = auth->arena;
	auth->arena = arena;
	auth->users = users;
	auth->count = count;
	/* Release: a worker that sees the new generation forgets whom the old users let in. */
	atomic_fetch_add_explicit(&auth->generation, 1, memory_order_release);
	pthread_rwlock_unlock(&auth->lock);
	arena_free(&old);
	return 0;
}

int
auth_open(const char *path, struct auth **ret, struct error *err)
{
	struct auth *auth = calloc(1, sizeof(*auth));
	int r;

	if (!auth)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	auth->path = path;
	arena_init(&auth->arena, 0);
	pthread_rwlock_init(&auth->lock, NULL);
	r = auth_reload(auth, err);
	if (r != 0)
		auth_close(auth);
	else
		*ret = auth;
	return r;
}

void
auth_close(struct auth *auth)
{
	if (!auth)
		return;
	arena_free(&auth->arena);
	pthread_rwlock_destroy(&auth->lock);
	free(auth);
}

size_t
auth_users(struct auth *auth)
{
	size_t count;

	pthread_rwlock_rdlock(&auth->lock);
	count = auth->count;
	pthread_rwlock_unlock(&auth->lock);
	return count;
}

/* Base64 into buf, NUL-terminated; the length, or -1 when it is none or too long. */
static int
decode_base64(struct str text, char *buf, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	size_t len = 0;
	int have = 0;

	while (text.len && text.ptr[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;

		if (!digit || len + 2 > size)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf[len++] = (char)(bits >> have & 0xff);
		}
	}
	buf[len] = '\0';
	return (int)len;
}

/* Under the read lock. An unknown name costs a hash too, so that the time does not tell which names exist. */
static bool
check_users(const struct auth *auth, struct str name, struct str password)
{
	const struct user *decoy = NULL;
	bool good = false, known = false;

	for (size_t i = 0; i < auth->count; i++) {
		const struct user *user = &auth->users[i];

		if (user->hashed)
			decoy = user;
		if (!equal_slowly(name, user->name))
			continue;
		known = true;
		good |= user->hashed ? hash_matches(password.ptr, user->secret) : equal_slowly(password, user->secret);
	}
	if (!known && decoy)
		(void)hash_matches(password.ptr, decoy->secret); /* for its time only */
	return good;
}

static bool
check_credentials(struct auth *auth, struct str encoded)
{
	char credentials[CREDENTIALS_MAX];
	int len = decode_base64(encoded, credentials, sizeof(credentials));
	const char *colon = len > 0 ? memchr(credentials, ':', (size_t)len) : NULL;
	struct str name, password;
	bool good;

	if (!colon || memchr(credentials, '\0', (size_t)len)) /* crypt would stop at a NUL */
		return false;
	name = (struct str){credentials, (size_t)(colon - credentials)};
	password = (struct str){colon + 1, (size_t)len - name.len - 1};
	pthread_rwlock_rdlock(&auth->lock);
	good = check_users(auth, name, password);
	pthread_rwlock_unlock(&auth->lock);
	explicit_bzero(credentials, sizeof(credentials));
	return good;
}

bool
auth_check(struct auth *auth, struct auth_cache *cache, struct str authorization)
{
	/* Acquire: pairs with the release in auth_reload. */
	uint64_t generation = atomic_load_explicit(&auth->generation, memory_order_acquire);
	struct str scheme = {authorization.ptr, 6};
	struct hash128 hash, *slot;

	if (authorization.len <= scheme.len || !str_equal_nocase(scheme, STR("Basic ")))
		return false;
	if (cache->generation != generation) {
		memset(cache->slot, 0, sizeof(cache->slot));
		cache->generation = generation;
	}
	hash = hash_parts(&cache->key, &authorization, 1);
	slot = &cache->slot[hash.lo % AUTH_CACHE_SLOTS];
	if (slot->lo == hash.lo && slot->hi == hash.hi)
		return true;
	if (!check_credentials(auth, str_trim((struct str){authorization.ptr + 6, authorization.len - 6})))
		return false;
	*slot = hash;
	return true;
}

void
auth_name(struct str authorization, char name[AUTH_NAME_SIZE])
{
	char credentials[CREDENTIALS_MAX];
	int len = authorization.len > 6
	                  ? decode_base64(str_trim((struct str){authorization.ptr + 6, authorization.len - 6}),
	                                  credentials, sizeof(credentials))
	                  : -1;
	const char *colon = len > 0 ? memchr(credentials, ':', (size_t)len) : NULL;
	size_t size = colon ? (size_t)(colon - credentials) : 0;

	memcpy(name, credentials, size);
	name[size] = '\0';
	explicit_bzero(credentials, sizeof(credentials));
}
