/* roles - who may do what: roles, and the file that grants them to identities */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/identity/roles.h"

#include "base/document.h"
#include "policytypes/suggest.h"

static const struct {
	const char *name;
	unsigned mask;
} role_names[] = {
	{"decide", ROLE_DECIDE},     {"reserve", ROLE_RESERVE}, {"record", ROLE_RECORD},
	{"read", ROLE_READ},         {"operate", ROLE_OPERATE}, {"administer", ROLE_ADMINISTER},
	{"messages", ROLE_MESSAGES}, {"metrics", ROLE_METRICS}, {"all", ROLE_ALL},
};

#define ROLE_NAMES (sizeof(role_names) / sizeof(*role_names))

/* Roles whose routes know a topic, an actor or a control loop. */
#define ROLES_WITH_SCOPE (ROLE_DECIDE | ROLE_RESERVE | ROLE_RECORD | ROLE_OPERATE | ROLE_MESSAGES)

unsigned
role_find(struct str name)
{
	for (size_t i = 0; i < ROLE_NAMES; i++)
		if (str_is(name, role_names[i].name))
			return role_names[i].mask;
	return 0;
}

const char *
role_name(unsigned role)
{
	for (size_t i = 0; i < ROLE_NAMES; i++)
		if (role_names[i].mask == role)
			return role_names[i].name;
	return "unknown";
}

static struct suggestion
role_suggest(struct str name)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, name);
	for (size_t i = 0; i < ROLE_NAMES; i++)
		suggestion_offer(&suggestion, str_from(role_names[i].name));
	return suggestion;
}

#define ROLE_LIST "decide, reserve, record, read, operate, administer, messages, metrics or all"

int
roles_parse(struct str text, unsigned *ret_mask, struct error *err)
{
	unsigned mask = 0;

	while (text.len) {
		const char *plus = memchr(text.ptr, '+', text.len);
		struct str name = {text.ptr, plus ? (size_t)(plus - text.ptr) : text.len};
		unsigned role = role_find(name);

		if (!role) {
			struct suggestion meant = role_suggest(name);

			return error_set(err, ERROR_UNKNOWN, NULL,
			                 "there is no role '%.*s'%s%.*s%s: expected " ROLE_LIST, STR_ARG(name),
			                 SUGGESTION_ARG(meant));
		}
		mask |= role;
		text.ptr += name.len + (plus != NULL);
		text.len -= name.len + (plus != NULL);
	}
	*ret_mask = mask;
	return 0;
}

int
scoped_role_parse(struct str text, struct scoped_role *ret, struct error *err)
{
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	struct str name = {text.ptr, colon ? (size_t)(colon - text.ptr) : text.len};
	unsigned role = role_find(name);

	if (!role) {
		struct suggestion meant = role_suggest(name);

		return error_set(err, ERROR_UNKNOWN, NULL, "there is no role '%.*s'%s%.*s%s: expected " ROLE_LIST,
		                 STR_ARG(name), SUGGESTION_ARG(meant));
	}
	if (colon && (!(role & ROLES_WITH_SCOPE) || role == ROLE_ALL))
		return error_set(
			err, ERROR_TYPE, NULL,
			"role '%.*s' takes no scope: expected messages:TOPIC, operate:CONTROL_LOOP, or decide, "
			"reserve or record with :ACTOR",
			STR_ARG(name));
	if (colon && name.len + 1 == text.len)
		return error_set(err, ERROR_TYPE, NULL, "role '%.*s' has an empty scope", STR_ARG(name));
	*ret = (struct scoped_role){.role = role};
	if (colon)
		ret->pattern = (struct str){colon + 1, text.len - name.len - 1};
	return 0;
}

static int
read_role(const struct node *node, struct grants *grants, struct error *err)
{
	struct error why = {0};
	struct scoped_role role;

	if (node->kind != NODE_TEXT)
		return error_set(err, ERROR_TYPE, node, "a role is %s: expected " ROLE_LIST, node_kind_phrase(node));
	if (scoped_role_parse(node->text, &role, &why) != 0)
		return error_set(err, why.code, node, "%s", why.text);
	if (!role.pattern.ptr) {
		grants->whole |= role.role;
		return 0;
	}
	grants->scopes[grants->scope_count++] = role;
	grants->scoped |= role.role;
	return 0;
}

static int
read_grants(const struct node *node, struct arena *arena, struct grants *ret, struct error *err)
{
	int r = 0;

	*ret = (struct grants){.identity = node->key};
	if (node->kind != NODE_LIST)
		return error_set(err, ERROR_TYPE, node, "the roles of '%.*s' are %s: expected a list",
		                 STR_ARG(node->key), node_kind_phrase(node));
	ret->scopes = arena_array(arena, node->count ? node->count : 1, sizeof(*ret->scopes));
	if (!ret->scopes)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (const struct node *role = node->first; role && r == 0; role = role->next)
		r = read_role(role, ret, err);
	return r;
}

int
roles_read(struct str bytes, const char *file, struct arena *arena, struct roles *ret, struct error *err)
{
	const struct node *map;
	struct node *root;
	int r = document_read(bytes, file, &document_limits_default, arena, &root, err);

	if (r != 0)
		return r;
	map = node_get(root, "roles");
	if (!map || map->kind != NODE_MAP || root->count != 1)
		return error_set(err, ERROR_TYPE, root,
		                 "expected a map with the one key 'roles': {IDENTITY: [ROLE, ...]}");
	ret->grants = arena_array(arena, map->count ? map->count : 1, sizeof(*ret->grants));
	if (!ret->grants)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	ret->count = 0;
	for (const struct node *node = map->first; node && r == 0; node = node->next)
		r = read_grants(node, arena, &ret->grants[ret->count++], err);
	return r;
}

const struct grants *
roles_of(const struct roles *roles, struct str identity)
{
	for (size_t i = 0; i < roles->count; i++)
		if (str_equal(roles->grants[i].identity, identity))
			return &roles->grants[i];
	return NULL;
}

bool
scope_covers(struct str pattern, struct str scope)
{
	if (pattern.len && pattern.ptr[pattern.len - 1] == '*')
		return scope.ptr && str_starts_with(scope, (struct str){pattern.ptr, pattern.len - 1});
	return scope.ptr && str_equal(pattern, scope);
}

bool
grants_cover(const struct grants *grants, unsigned role, struct str scope)
{
	if (!grants)
		return false;
	if (grants->whole & role)
		return true;
	for (size_t i = 0; i < grants->scope_count; i++)
		if (grants->scopes[i].role == role && scope_covers(grants->scopes[i].pattern, scope))
			return true;
	return false;
}
