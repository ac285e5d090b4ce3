/* identities - what the files of users, tokens and roles say: whose credentials are right, and what that opens */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/identities.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/identity/secrets.h"
#include "api/process/log.h"
#include "base/clock.h"
#include "engine/decide/load.h"

#define ROLES_FILE_MAX ((size_t)1 << 20)
#define OUR_ROLES STR("clguard:") /* what a role of a token begins with when it means one of ours */

const char *const login_failure_name[LOGIN_FAILURE_COUNT] = {
#define X(name, text) [LOGIN_##name] = text,
	LOGIN_FAILURES(X)
#undef X
};

struct identities {
	struct arena arena;
	struct user *users;
	struct token *tokens;
	size_t user_count, token_count;
	struct roles roles;
	bool with_roles;
};

static int
identities_fail(const char *path, struct error *err)
{
	struct error why = *err;
	char line[32] = "";

	if (why.line)
		(void)snprintf(line, sizeof(line), ":%u", why.line);
	*err = (struct error){0};
	return error_set(err, why.code, NULL, "%s%s: %s", path, line, why.text);
}

static int
identities_read_files(const struct settings *settings, struct identities *identities, struct error *err)
{
	const char *path = settings->users;
	struct str bytes;
	int r = 0;

	if (path)
		r = users_read(path, &identities->arena, &identities->users, &identities->user_count, err);
	if (r == 0 && settings->tokens) {
		path = settings->tokens;
		r = tokens_read(path, &identities->arena, &identities->tokens, &identities->token_count, err);
	}
	if (r == 0 && settings->roles) {
		path = settings->roles;
		identities->with_roles = true;
		r = load_file(path, ROLES_FILE_MAX, &identities->arena, &bytes, err);
		if (r == 0)
			r = roles_read(bytes, path, &identities->arena, &identities->roles, err);
	}
	return r == 0 ? 0 : identities_fail(path, err);
}

int
identities_read(const struct settings *settings, struct identities **ret, struct error *err)
{
	struct identities *identities = calloc(1, sizeof(*identities));
	int r;

	if (!identities)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	arena_init(&identities->arena, 0);
	r = identities_read_files(settings, identities, err);
	if (r != 0)
		identities_free(identities);
	else
		*ret = identities;
	return r;
}

void
identities_free(struct identities *identities)
{
	if (!identities)
		return;
	arena_free(&identities->arena);
	free(identities);
}

/* Secrets that others can read, and passwords that are written down, are not secret; whoever may write roles holds all of them. */
void
identities_warn(const struct identities *identities, const struct settings *settings)
{
	const struct {
		const char *path;
		unsigned bits; /* of the mode, that others should not have */
	} files[] = {{settings->users, 077}, {settings->tokens, 077}, {settings->tls_key, 077}, {settings->roles, 022}};
	size_t plain = 0;
	struct stat file;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (files[i].path && stat(files[i].path, &file) == 0 && S_ISREG(file.st_mode) &&
		    file.st_mode & files[i].bits)
			log_line(settings, LOG_LEVEL_WARNING, "%s: others than its owner may %s it: chmod 600",
			         files[i].path, file.st_mode & 022 ? "write" : "read");
	for (size_t i = 0; i < identities->user_count; i++)
		plain += !identities->users[i].hashed;
	if (plain)
		log_line(settings, LOG_LEVEL_WARNING,
		         "%s: %zu %s in plain text: use a hash, as mkpasswd -m yescrypt makes it", settings->users,
		         plain, plain == 1 ? "password stands" : "passwords stand");
	if (!settings->roles && identities_count(identities))
		log_line(settings, LOG_LEVEL_WARNING,
		         "no roles: every user may do everything, from decisions to administration");
}

size_t
identities_count(const struct identities *identities)
{
	return identities->user_count + identities->token_count;
}

/* --- what an identity may do --- */

static void
identity_name(struct identity *identity, const char *prefix, struct str name)
{
	(void)snprintf(identity->name, sizeof(identity->name), "%s%.*s", prefix, STR_ARG(name));
}

static void
identity_grant(const struct identities *identities, struct str name, struct identity *ret)
{
	const struct grants *grants = roles_of(&identities->roles, name);

	if (!grants)
		grants = roles_of(&identities->roles, STR("default"));
	*ret = (struct identity){.whole = identities->with_roles ? 0 : ROLE_ALL};
	identity_name(ret, "", name);
	if (grants) {
		ret->whole |= grants->whole;
		ret->scoped = grants->scoped;
	}
}

bool
identities_find(const struct identities *identities, struct str name, struct identity *ret)
{
	if (!roles_of(&identities->roles, name))
		return false;
	identity_grant(identities, name, ret);
	return true;
}

/* False when there is no room: an identity then holds fewer roles than its token names, and the log says so. */
static bool
identity_add_scope(struct identity *identity, unsigned role, struct str pattern)
{
	unsigned char *at = identity->scopes + identity->scopes_used;

	if (pattern.len > UINT8_MAX || identity->scopes_used + 2 + pattern.len > IDENTITY_SCOPES)
		return false;
	at[0] = (unsigned char)role;
	at[1] = (unsigned char)pattern.len;
	memcpy(at + 2, pattern.ptr, pattern.len);
	identity->scopes_used += 2 + (unsigned)pattern.len;
	identity->scoped |= role;
	return true;
}

static bool
identity_add_grants(struct identity *identity, const struct grants *grants)
{
	bool good = true;

	identity->whole |= grants->whole;
	for (size_t i = 0; i < grants->scope_count; i++)
		good = identity_add_scope(identity, grants->scopes[i].role, grants->scopes[i].pattern) && good;
	return good;
}

bool
identities_cover(const struct identities *identities, const struct identity *identity, unsigned role, struct str scope)
{
	const unsigned char *at = identity->scopes, *end = at + identity->scopes_used;
	const struct grants *grants = roles_of(&identities->roles, str_from(identity->name));

	if (identity->whole & role)
		return true;
	for (; at < end; at += 2 + at[1])
		if (at[0] == role && scope_covers((struct str){(const char *)at + 2, at[1]}, scope))
			return true;
	if (!grants && !str_starts_with(str_from(identity->name), STR("jwt:")))
		grants = roles_of(&identities->roles, STR("default"));
	return grants_cover(grants, role, scope);
}

/* --- logins --- */

/* A role of a token: one of ours, or what the roles file grants to the claim. False when that is only a part of it. */
static bool
add_claimed(const struct identities *identities, struct str claimed, struct identity *identity)
{
	char entry[128];
	const struct grants *grants = NULL;
	bool good = true;

	if (str_starts_with(claimed, OUR_ROLES)) {
		struct scoped_role role;
		struct error none = {0};

		good = scoped_role_parse((struct str){claimed.ptr + OUR_ROLES.len, claimed.len - OUR_ROLES.len}, &role,
		                         &none) == 0;
		if (good && role.pattern.ptr)
			good = identity_add_scope(identity, role.role, role.pattern);
		else if (good)
			identity->whole |= role.role;
	}
	if ((size_t)snprintf(entry, sizeof(entry), "claim:%.*s", STR_ARG(claimed)) < sizeof(entry))
		grants = roles_of(&identities->roles, str_from(entry));
	return grants ? identity_add_grants(identity, grants) && good : good;
}

struct str
identity_element(const struct identity *identity)
{
	struct str name = str_from(identity->name);

	if (!str_starts_with(name, STR("jwt:")) || !memchr(name.ptr, '~', name.len))
		return STR_NONE;
	return (struct str){name.ptr + strlen("jwt:"), name.len - strlen("jwt:")};
}

static void
login_refuse(struct login *login, enum login_failure failure, const char *why)
{
	login->failure = failure;
	(void)snprintf(login->why, sizeof(login->why), "%s", why);
}

static void
login_by_jwt(const struct identities *identities, struct jwt *jwt, const struct settings *settings, struct str token,
             struct login *ret)
{
	struct jwt_claims claims;
	struct error err = {0};
	const struct grants *grants;
	struct arena arena;

	arena_init(&arena, 0);
	if (jwt_verify(jwt, token, clock_wall_ms() / 1000, &arena, &claims, &err) != 0) {
		login_refuse(ret, LOGIN_TOKEN, err.text);
	} else {
		identity_name(&ret->identity, "jwt:", str_from(claims.subject));
		ret->expires_s = claims.expires_s;
		for (size_t i = 0; i < claims.role_count; i++)
			if (!add_claimed(identities, claims.roles[i], &ret->identity))
				log_line(
					settings, LOG_LEVEL_WARNING,
					"the token of '%s' names the role '%.*s', which is not one, or is one too many",
					ret->identity.name, STR_ARG(claims.roles[i]));
		grants = roles_of(&identities->roles, str_from(ret->identity.name));
		if (!grants && !ret->identity.whole && !ret->identity.scoped)
			grants = roles_of(&identities->roles, STR("default"));
		if (grants && !identity_add_grants(&ret->identity, grants))
			log_line(settings, LOG_LEVEL_WARNING, "the roles of '%s' are too many: some are left out",
			         ret->identity.name);
	}
	arena_free(&arena);
}

static void
login_by_token(const struct identities *identities, struct jwt *jwt, const struct settings *settings, struct str secret,
               struct login *ret)
{
	const struct token *token = tokens_find(identities->tokens, identities->token_count, secret);

	if (token)
		identity_grant(identities, token->name, &ret->identity);
	else if (jwt && jwt_is_token(secret))
		login_by_jwt(identities, jwt, settings, secret, ret);
	else
		login_refuse(ret, LOGIN_TOKEN, "there is no such token");
}

static void
login_by_password(const struct identities *identities, const struct credentials *credentials, struct login *ret)
{
	bool known;

	(void)snprintf(ret->name, sizeof(ret->name), "%.*s", STR_ARG(credentials->name));
	if (users_check(identities->users, identities->user_count, credentials->name, credentials->secret, &known))
		identity_grant(identities, credentials->name, &ret->identity);
	else if (known)
		login_refuse(ret, LOGIN_PASSWORD, "the password is wrong");
	else
		login_refuse(ret, LOGIN_USER, "there is no such user");
}

void
identities_login(const struct identities *identities, struct jwt *jwt, const struct settings *settings,
                 struct str authorization, struct login *ret)
{
	struct credentials credentials;

	*ret = (struct login){.expires_s = INT64_MAX};
	if (!credentials_read(authorization, &credentials))
		login_refuse(ret, LOGIN_FORM,
		             "the Authorization header is neither Basic nor Bearer, or not well-formed");
	else if (credentials.bearer)
		login_by_token(identities, jwt, settings, credentials.secret, ret);
	else
		login_by_password(identities, &credentials, ret);
	explicit_bzero(&credentials, sizeof(credentials));
}
