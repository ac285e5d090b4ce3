/* jwt_keys - a JSON Web Key Set, and signatures verified by it: the one user of rhonabwy */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/jwt_keys.h"

#include <stdlib.h>

/* Kinds of keys, and the shortest that a signature is trusted with. */
static const struct algorithm {
	const char *name, *kind, *curve; /* kty, and crv where one goes with the algorithm */
} algorithms[] = {
	{"RS256", "RSA", NULL},   {"RS384", "RSA", NULL}, {"RS512", "RSA", NULL},   {"PS256", "RSA", NULL},
	{"PS384", "RSA", NULL},   {"PS512", "RSA", NULL}, {"ES256", "EC", "P-256"}, {"ES384", "EC", "P-384"},
	{"ES512", "EC", "P-521"}, {"EdDSA", "OKP", NULL}, {"HS256", "oct", NULL},   {"HS384", "oct", NULL},
	{"HS512", "oct", NULL},
};

static const struct algorithm *
algorithm_find(struct str name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (str_is(name, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

bool
jwt_algorithm_known(struct str algorithm)
{
	return algorithm_find(algorithm) != NULL;
}

#ifdef HAVE_RHONABWY

#include <dlfcn.h>

#include <rhonabwy.h>

#include "base/document.h"
#include "base/text.h"

#define KEYS_MOST 64
#define RSA_BITS_LEAST 2048
#define SECRET_BITS_LEAST 256

struct jwt_key {
	const char *kid, *kind, *curve, *algorithm; /* NULL: it does not say */
	jwk_t *jwk;
};

struct jwt_keys {
	struct arena arena;
	size_t count;
	struct jwt_key key[KEYS_MOST];
};

/* It brings libcurl and others along, and few services take JWT: so it is loaded when a setting asks for it. */
#define RHONABWY_CALLS(X) \
	X(global_init) \
	X(jwk_free) \
	X(jwk_import_from_json_str) \
	X(jwk_init) \
	X(jwk_key_type) \
	X(jws_free) \
	X(jws_init) \
	X(jws_parsen) \
	X(jws_verify_signature)

static struct {
#define X(name) __typeof__(r_##name) *name;
	RHONABWY_CALLS(X)
#undef X
} rhonabwy;

int
jwt_library_load(struct error *err)
{
	static const char *const names[] = {RHONABWY_SONAME, "librhonabwy.so.1", "librhonabwy.so.1.1"};
	void *library = NULL, *symbol;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !library; i++)
		library = dlopen(names[i], RTLD_NOW);
	if (!library)
		return error_set(err, ERROR_IO, NULL, "cannot load %s, for JSON Web Tokens", names[0]);
#define X(name) \
	symbol = dlsym(library, "r_" #name); \
	memcpy(&rhonabwy.name, &symbol, sizeof(symbol)); /* the way from an object's pointer to a function's */ \
	if (!symbol) \
		return error_set(err, ERROR_IO, NULL, "librhonabwy is too old: it has no r_" #name);
	RHONABWY_CALLS(X)
#undef X
	if (rhonabwy.global_init() != RHN_OK)
		return error_set(err, ERROR_MEMORY, NULL, "cannot start librhonabwy");
	return 0;
}

static const char *
jwt_member_text(const struct node *node, const char *name)
{
	const struct node *member = node_get(node, name);

	return member && member->kind == NODE_TEXT ? member->text.ptr : NULL;
}

/* Whether a key may verify: `use` and `key_ops` say otherwise where they are there. */
static bool
jwt_key_verifies(const struct node *node)
{
	const char *use = jwt_member_text(node, "use");
	const struct node *operations = node_get(node, "key_ops");

	if (use && strcmp(use, "sig") != 0)
		return false;
	if (!operations || operations->kind != NODE_LIST)
		return true;
	for (const struct node *one = operations->first; one; one = one->next)
		if (one->kind == NODE_TEXT && str_is(one->text, "verify"))
			return true;
	return false;
}

/* text: what key_write wrote, NUL-terminated. */
static int
jwt_key_read(const struct node *node, struct str text, struct jwt_key *ret, struct error *err)
{
	unsigned bits = 0;

	*ret = (struct jwt_key){jwt_member_text(node, "kid"), jwt_member_text(node, "kty"),
	                        jwt_member_text(node, "crv"), jwt_member_text(node, "alg"), NULL};
	if (rhonabwy.jwk_init(&ret->jwk) != RHN_OK)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (!ret->kind || rhonabwy.jwk_import_from_json_str(ret->jwk, text.ptr) != RHN_OK ||
	    rhonabwy.jwk_key_type(ret->jwk, &bits, R_FLAG_IGNORE_REMOTE) == R_KEY_TYPE_NONE)
		return error_set(err, ERROR_TYPE, node, "key '%s' is not a JSON Web Key that is understood here",
		                 ret->kid ? ret->kid : "without kid");
	if ((strcmp(ret->kind, "RSA") == 0 && bits < RSA_BITS_LEAST) ||
	    (strcmp(ret->kind, "oct") == 0 && bits < SECRET_BITS_LEAST))
		return error_set(err, ERROR_TYPE, node, "key '%s' has %u bits: expected at least %d",
		                 ret->kid ? ret->kid : "without kid", bits,
		                 ret->kind[0] == 'R' ? RSA_BITS_LEAST : SECRET_BITS_LEAST);
	return 0;
}

static void
jwt_key_write(const struct node *node, struct text *out)
{
	bool more = false;

	text_add(out, STR("{"));
	for (const struct node *member = node->first; member; member = member->next) {
		/* The members that make a key are text; certificates beside it, and their addresses, are not asked for. */
		if (member->kind != NODE_TEXT || str_is(member->key, "x5u"))
			continue;
		text_add(out, more ? STR(",") : STR(""));
		text_add_json(out, member->key);
		text_add(out, STR(":"));
		text_add_json(out, member->text);
		more = true;
	}
	text_add(out, STR("}"));
}

int
jwt_keys_read(struct str json, struct jwt_keys **ret, struct error *err)
{
	static const struct document_limits limits = {
		.bytes = (size_t)1 << 20, .depth = 8, .nodes = 10000, .scalar = (size_t)64 << 10};
	struct jwt_keys *keys = calloc(1, sizeof(*keys));
	const struct node *list;
	struct node *root = NULL;
	int r;

	if (!keys)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	arena_init(&keys->arena, 0);
	r = json_read(json, "", &limits, &keys->arena, &root, err);
	list = r == 0 ? node_get(root, "keys") : NULL;
	if (r == 0 && (!list || list->kind != NODE_LIST))
		r = error_set(err, ERROR_SYNTAX, NULL, "expected a key set: {\"keys\": [...]}");
	for (const struct node *node = r == 0 ? list->first : NULL; node && r == 0; node = node->next) {
		struct text out;
		struct str text;

		if (node->kind != NODE_MAP || !jwt_key_verifies(node))
			continue;
		if (keys->count == KEYS_MOST) {
			r = error_set(err, ERROR_LIMIT, node, "more than %d keys", KEYS_MOST);
			break;
		}
		text_init(&out, &keys->arena);
		jwt_key_write(node, &out);
		text = text_done(&out);
		if (text.ptr)
			text = arena_str(&keys->arena, text); /* with a NUL behind it */
		r = text.ptr ? jwt_key_read(node, text, &keys->key[keys->count++], err)
		             : error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (r == 0 && keys->count == 0)
		r = error_set(err, ERROR_MISSING, NULL, "there is no key for signatures in the key set");
	if (r != 0)
		jwt_keys_free(keys);
	else
		*ret = keys;
	return r;
}

void
jwt_keys_free(struct jwt_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->count; i++)
		if (keys->key[i].jwk)
			rhonabwy.jwk_free(keys->key[i].jwk);
	arena_free(&keys->arena);
	free(keys);
}

size_t
jwt_keys_count(const struct jwt_keys *keys)
{
	return keys->count;
}

static bool
jwt_key_fits(const struct jwt_key *key, const struct algorithm *algorithm)
{
	return strcmp(key->kind, algorithm->kind) == 0 &&
	       (!algorithm->curve || (key->curve && strcmp(key->curve, algorithm->curve) == 0)) &&
	       (!key->algorithm || strcmp(key->algorithm, algorithm->name) == 0);
}

static int
verify_by(const struct jwt_key *key, struct str token, struct error *err)
{
	jws_t *jws = NULL;
	int r = 0;

	if (rhonabwy.jws_init(&jws) != RHN_OK)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	/* Keys that the token itself names (jwk, jku, x5u) are neither fetched nor asked. */
	if (rhonabwy.jws_parsen(jws, token.ptr, token.len, R_FLAG_IGNORE_REMOTE) != RHN_OK)
		r = error_set(err, ERROR_SYNTAX, NULL, "the token is not a signed JSON Web Token");
	else if (rhonabwy.jws_verify_signature(jws, key->jwk, R_FLAG_IGNORE_REMOTE) != RHN_OK)
		r = error_set(err, ERROR_CONFLICT, NULL, "the token's signature is not of key '%s'",
		              key->kid ? key->kid : "without kid");
	rhonabwy.jws_free(jws);
	return r;
}

int
jwt_keys_verify(struct jwt_keys *keys, struct str token, struct str algorithm, struct str kid, struct error *err)
{
	const struct algorithm *kind = algorithm_find(algorithm);
	const struct jwt_key *found = NULL;
	size_t fitting = 0;
	bool named = false;

	for (size_t i = 0; i < keys->count && kind; i++) {
		const struct jwt_key *key = &keys->key[i];

		if (kid.ptr && (!key->kid || !str_is(kid, key->kid)))
			continue;
		named = true;
		if (!jwt_key_fits(key, kind))
			continue;
		found = key;
		fitting++;
	}
	if (!found && kid.ptr && named)
		return error_set(err, ERROR_TYPE, NULL, "key '%.60s' is not for algorithm %.*s", kid.ptr,
		                 STR_ARG(algorithm));
	if (!found && kid.ptr)
		return error_set(err, ERROR_UNKNOWN, NULL, "there is no key '%.60s' in the key set", kid.ptr);
	if (fitting != 1)
		return error_set(err, ERROR_UNKNOWN, NULL,
		                 "the token names no key (kid), and %s of the key set is for algorithm %.*s",
		                 fitting ? "more than one" : "none", STR_ARG(algorithm));
	return verify_by(found, token, err);
}

#else /* a build without rhonabwy: jwt_library_load fails, and nothing else is called */

int
jwt_library_load(struct error *err)
{
	return error_set(err, ERROR_UNKNOWN, NULL, "JSON Web Tokens need a build with rhonabwy");
}

int
jwt_keys_read(struct str json, struct jwt_keys **ret, struct error *err)
{
	(void)json, (void)ret;
	return jwt_library_load(err);
}

void
jwt_keys_free(struct jwt_keys *keys)
{
	(void)keys;
}

size_t
jwt_keys_count(const struct jwt_keys *keys)
{
	(void)keys;
	return 0;
}

int
jwt_keys_verify(struct jwt_keys *keys, struct str token, struct str algorithm, struct str kid, struct error *err)
{
	(void)keys, (void)token, (void)algorithm, (void)kid;
	return jwt_library_load(err);
}

#endif
