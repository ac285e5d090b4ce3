/* secrets - users and tokens as their files have them, and the credentials of a request */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/secrets.h"

#include <stdlib.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif
#ifdef HAVE_GNUTLS
#include <gnutls/crypto.h>
#endif

#include "api/identity/base64.h"
#include "api/identity/identities.h"
#include "engine/decide/load.h"

#define SECRETS_FILE_MAX ((size_t)1 << 20)

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
	if (ret->name.len >= IDENTITY_MAX)
		return error_set_at(err, ERROR_LIMIT, number, 1, "the user's name has %zu bytes: expected at most %d",
		                    ret->name.len, IDENTITY_MAX - 1);
	ret->secret = (struct str){colon + 1, line.len - ret->name.len - 1};
	ret->hashed = ret->secret.ptr[0] == '$';
	if (ret->hashed && !hash_known(ret->secret.ptr))
		return error_set_at(err, ERROR_UNKNOWN, number, (uint32_t)ret->name.len + 2,
		                    "the hash of user '%.*s' is of no kind that crypt(3) knows here",
		                    STR_ARG(ret->name));
	return 0;
}

/* Lines end where their NUL is put, so that crypt can read a hash. Passwords may hold spaces. */
int
users_read(const char *path, struct arena *arena, struct user **ret, size_t *ret_count, struct error *err)
{
	struct str bytes;
	struct user *users;
	size_t lines = 1, count = 0;
	uint32_t number = 0;
	int r = load_file(path, SECRETS_FILE_MAX, arena, &bytes, err);

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
	if (r != 0)
		return r;
	*ret = users;
	*ret_count = count;
	return 0;
}

/* --- tokens --- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
read_token(struct str line, uint32_t number, struct token *ret, struct error *err)
{
	const char *colon = memchr(line.ptr, ':', line.len);
	const char *hex = colon ? colon + 1 : NULL;

	if (!colon || colon == line.ptr || (size_t)(line.ptr + line.len - hex) != 2 * TOKEN_HASH_SIZE)
		return error_set_at(err, ERROR_SYNTAX, number, 1,
		                    "a line of tokens is name:HASH, the SHA-256 of the token as 64 hexadecimal digits");
	ret->name = (struct str){line.ptr, (size_t)(colon - line.ptr)};
	if (ret->name.len >= IDENTITY_MAX)
		return error_set_at(err, ERROR_LIMIT, number, 1, "the token's name has %zu bytes: expected at most %d",
		                    ret->name.len, IDENTITY_MAX - 1);
	for (size_t i = 0; i < TOKEN_HASH_SIZE; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return error_set_at(err, ERROR_SYNTAX, number, (uint32_t)(ret->name.len + 2 + 2 * i),
			                    "the hash of token '%.*s' is not hexadecimal", STR_ARG(ret->name));
		ret->hash[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

int
tokens_read(const char *path, struct arena *arena, struct token **ret, size_t *ret_count, struct error *err)
{
#ifdef HAVE_GNUTLS
	size_t lines = 1, count = 0, at = 0;
	struct token *tokens;
	uint32_t number = 0;
	struct str bytes;
	int r = load_file(path, SECRETS_FILE_MAX, arena, &bytes, err);

	if (r != 0)
		return r;
	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.ptr[i] == '\n';
	tokens = arena_array(arena, lines, sizeof(*tokens));
	if (!tokens)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	while (at < bytes.len && r == 0) {
		const char *end = memchr(bytes.ptr + at, '\n', bytes.len - at);
		size_t len = end ? (size_t)(end - bytes.ptr) - at : bytes.len - at;
		struct str line = str_trim((struct str){bytes.ptr + at, len});

		at += len + 1;
		number++;
		if (line.len && line.ptr[0] != '#')
			r = read_token(line, number, &tokens[count++], err);
	}
	if (r != 0)
		return r;
	*ret = tokens;
	*ret_count = count;
	return 0;
#else
	(void)path;
	(void)arena;
	(void)ret;
	(void)ret_count;
	return error_set(err, ERROR_UNKNOWN, NULL, "bearer tokens need a build with GnuTLS");
#endif
}

const struct token *
tokens_find(const struct token *tokens, size_t count, struct str secret)
{
	const struct token *found = NULL;
#ifdef HAVE_GNUTLS
	unsigned char hash[TOKEN_HASH_SIZE];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, secret.ptr, secret.len, hash) != 0)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (equal_slowly((struct str){(const char *)hash, sizeof(hash)},
		                 (struct str){(const char *)tokens[i].hash, sizeof(tokens[i].hash)}))
			found = &tokens[i];
#else
	(void)tokens;
	(void)count;
	(void)secret;
#endif
	return found;
}

/* --- credentials --- */

/* An unknown name and a plain password cost a hash too, so that the time does not tell which names exist, or have none. */
bool
users_check(const struct user *users, size_t count, struct str name, struct str password, bool *ret_known)
{
	const struct user *decoy = NULL;
	bool good = false, known = false, hashed = false;

	for (size_t i = 0; i < count; i++) {
		const struct user *user = &users[i];

		if (user->hashed)
			decoy = user;
		if (!equal_slowly(name, user->name))
			continue;
		known = true;
		hashed |= user->hashed;
		good |= user->hashed ? hash_matches(password.ptr, user->secret) : equal_slowly(password, user->secret);
	}
	if (!hashed && decoy)
		(void)hash_matches(password.ptr, decoy->secret); /* for its time only */
	*ret_known = known;
	return good;
}

bool
credentials_read(struct str authorization, struct credentials *ret)
{
	int len;
	const char *colon;

	*ret = (struct credentials){.bearer = false};
	if (authorization.len > 7 && str_equal_nocase((struct str){authorization.ptr, 7}, STR("Bearer "))) {
		ret->bearer = true;
		ret->secret = str_trim((struct str){authorization.ptr + 7, authorization.len - 7});
		return ret->secret.len > 0;
	}
	if (authorization.len <= 6 || !str_equal_nocase((struct str){authorization.ptr, 6}, STR("Basic ")))
		return false;
	len = base64_decode(str_trim((struct str){authorization.ptr + 6, authorization.len - 6}), false, ret->bytes,
	                    sizeof(ret->bytes));
	colon = len > 0 ? memchr(ret->bytes, ':', (size_t)len) : NULL;
	if (!colon || memchr(ret->bytes, '\0', (size_t)len)) /* crypt would stop at a NUL */
		return false;
	ret->name = (struct str){ret->bytes, (size_t)(colon - ret->bytes)};
	ret->secret = (struct str){colon + 1, (size_t)len - ret->name.len - 1};
	return true;
}
