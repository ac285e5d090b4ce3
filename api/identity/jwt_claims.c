/* jwt_claims - what a JSON Web Token says of itself, and whether that is to be believed once its signature is good */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/jwt_claims.h"

#include <inttypes.h>

#include "api/identity/base64.h"
#include "api/identity/jwt_keys.h"
#include "base/document.h"

int
jwt_part_read(struct str text, const char *part, struct arena *arena, struct node **ret, struct error *err)
{
	static const struct document_limits limits = {
		.bytes = JWT_TOKEN_MOST, .depth = 16, .nodes = 2000, .scalar = JWT_TOKEN_MOST};
	char *bytes = arena_bytes(arena, JWT_TOKEN_MOST + 1);
	struct error why = {0};
	int len;

	if (!bytes)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	len = base64_decode(text, true, bytes, JWT_TOKEN_MOST + 1);
	if (len < 0 || json_read((struct str){bytes, (size_t)len}, "", &limits, arena, ret, &why) != 0 ||
	    (*ret)->kind != NODE_MAP)
		return error_set(err, ERROR_UNKNOWN, NULL, "the %s of the token is not a JSON map%s%s", part,
		                 why.text[0] ? ": " : "", why.text);
	return 0;
}

/* For a message. */
static const char *
shown_claim(const struct node *node)
{
	return node && node->kind == NODE_TEXT ? node->text.ptr : "";
}

static bool
algorithm_allowed(const struct settings *settings, struct str algorithm)
{
	const struct settings_list *list = &settings->jwt_algorithms;

	if (!jwt_algorithm_known(algorithm))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (str_is(algorithm, list->items[i]))
			return true;
	/* Shared secrets only where they are asked for: each service that holds one could make tokens. */
	return list->count == 0 && !str_starts_with(algorithm, STR("HS"));
}

int
jwt_header_check(const struct settings *settings, const struct node *header, struct error *err)
{
	const struct node *algorithm = node_get(header, "alg"), *type = node_get(header, "typ");

	if (!algorithm || algorithm->kind != NODE_TEXT)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token names no algorithm (alg)");
	if (str_equal_nocase(algorithm->text, STR("none")))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token is not signed (alg none)");
	if (!algorithm_allowed(settings, algorithm->text))
		return error_set(err, ERROR_UNKNOWN, NULL, "algorithm '%.40s' is not allowed (jwt_algorithms)",
		                 shown_claim(algorithm));
	if (node_get(header, "crit"))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token wants extensions (crit), and none is known here");
	if (type && !(type->kind == NODE_TEXT &&
	              (str_equal_nocase(type->text, STR("JWT")) || str_equal_nocase(type->text, STR("at+jwt")) ||
	               str_equal_nocase(type->text, STR("application/at+jwt")))))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token is of type '%.40s': expected JWT or at+jwt",
		                 shown_claim(type));
	return 0;
}

/* Whether `value` is, or has in it, the text. */
static bool
claim_has(const struct node *value, const char *text)
{
	if (value && value->kind == NODE_TEXT)
		return str_is(value->text, text);
	for (const struct node *one = value && value->kind == NODE_LIST ? value->first : NULL; one; one = one->next)
		if (one->kind == NODE_TEXT && str_is(one->text, text))
			return true;
	return false;
}

/* A time of the token. False when it is there and is not a number of seconds that a clock can show. */
static bool
claim_time(const struct node *claims, const char *name, int64_t missing, int64_t *ret)
{
	const struct node *value = node_get(claims, name);
	const int64_t most = INT64_C(1) << 40;

	*ret = missing;
	if (!value)
		return true;
	if (value->kind == NODE_INT)
		*ret = value->integer;
	else if (value->kind == NODE_FLOAT && value->real > 0 && value->real < (double)most)
		*ret = (int64_t)value->real;
	else
		return false;
	return *ret >= 0 && *ret < most;
}

static int
check_claimed_times(const struct settings *settings, const struct node *claims, int64_t now_s, int64_t *ret_expires_s,
                    struct error *err)
{
	int64_t leeway_s = settings->jwt_leeway_s, expires_s, not_before_s, issued_s;

	if (!node_get(claims, "exp"))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token never expires (exp is missing)");
	if (!claim_time(claims, "exp", 0, &expires_s) || !claim_time(claims, "nbf", 0, &not_before_s) ||
	    !claim_time(claims, "iat", 0, &issued_s))
		return error_set(err, ERROR_UNKNOWN, NULL, "a time of the token (exp, nbf, iat) is not Unix seconds");
	if (expires_s + leeway_s <= now_s)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token expired %" PRId64 " s ago", now_s - expires_s);
	if (not_before_s - leeway_s > now_s)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token is not valid for another %" PRId64 " s (nbf)",
		                 not_before_s - now_s);
	if (issued_s - leeway_s > now_s)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token was issued %" PRId64 " s from now (iat)",
		                 issued_s - now_s);
	*ret_expires_s = expires_s + leeway_s;
	return 0;
}

/* The name goes into logs and is looked up: printable, without what separates words there. */
static int
read_subject(const struct node *claims, char *ret, size_t size, struct error *err)
{
	const struct node *subject = node_get(claims, "sub");

	if (!subject || subject->kind != NODE_TEXT || subject->text.len == 0)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token names nobody (sub is missing)");
	if (subject->text.len >= size)
		return error_set(err, ERROR_UNKNOWN, NULL, "the token's subject has %zu bytes: expected at most %zu",
		                 subject->text.len, size - 1);
	for (size_t i = 0; i < subject->text.len; i++)
		if ((unsigned char)subject->text.ptr[i] <= ' ' || (unsigned char)subject->text.ptr[i] >= 0x7f)
			return error_set(err, ERROR_UNKNOWN, NULL,
			                 "the token's subject has a character that a name cannot have");
	memcpy(ret, subject->text.ptr, subject->text.len + 1);
	return 0;
}

int
jwt_claims_check(const struct settings *settings, const struct node *claims, int64_t now_s, struct jwt_claims *ret,
                 struct error *err)
{
	const struct node *issuer = node_get(claims, "iss"), *audience = node_get(claims, "aud");
	int r;

	if (!issuer || issuer->kind != NODE_TEXT || !str_is(issuer->text, settings->jwt_issuer))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token's issuer is '%.80s': expected '%.80s'",
		                 shown_claim(issuer), settings->jwt_issuer);
	if (!claim_has(audience, settings->jwt_audience))
		return error_set(err, ERROR_UNKNOWN, NULL, "the token is not for audience '%.80s'",
		                 settings->jwt_audience);
	r = check_claimed_times(settings, claims, now_s, &ret->expires_s, err);
	return r != 0 ? r : read_subject(claims, ret->subject, sizeof(ret->subject), err);
}

/* The value at "a.b.c", each a key of a map in the one before; a key that itself has dots goes first. */
static const struct node *
claim_at(const struct node *claims, const char *path)
{
	struct str rest = str_from(path);
	const struct node *at = claims, *whole = node_get(claims, path);

	while (!whole && at && rest.len) {
		const char *dot = memchr(rest.ptr, '.', rest.len);
		struct str key = {rest.ptr, dot ? (size_t)(dot - rest.ptr) : rest.len};

		at = node_get_str(at, key);
		rest.ptr += key.len + (dot != NULL);
		rest.len -= key.len + (dot != NULL);
	}
	return whole ? whole : at;
}

/* A list of texts, or one text with spaces between the roles, as `scope` is. */
int
jwt_roles_read(const struct node *claims, const char *path, struct arena *arena, struct jwt_claims *ret,
               struct error *err)
{
	const struct node *claim = claim_at(claims, path);
	size_t room = 1;

	if (claim && claim->kind == NODE_LIST)
		room = claim->count + 1;
	for (size_t i = 0; claim && claim->kind == NODE_TEXT && i < claim->text.len; i++)
		room += claim->text.ptr[i] == ' ';
	ret->roles = arena_array(arena, room, sizeof(*ret->roles));
	if (!ret->roles)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	ret->role_count = 0;
	if (claim && claim->kind == NODE_LIST) {
		for (const struct node *one = claim->first; one; one = one->next)
			if (one->kind == NODE_TEXT)
				ret->roles[ret->role_count++] = one->text;
	} else if (claim && claim->kind == NODE_TEXT) {
		struct str rest = claim->text;

		while (rest.len) {
			const char *space = memchr(rest.ptr, ' ', rest.len);
			struct str one = {rest.ptr, space ? (size_t)(space - rest.ptr) : rest.len};

			if (one.len)
				ret->roles[ret->role_count++] = one;
			rest.ptr += one.len + (space != NULL);
			rest.len -= one.len + (space != NULL);
		}
	}
	return 0;
}
