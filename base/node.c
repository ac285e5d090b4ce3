/* node - a document as a tree, each value with its place */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node.h"

#include <inttypes.h>
#include <stdio.h>

const struct document_limits document_limits_default = {
	.bytes = (size_t)16 << 20,
	.depth = 64,
	.nodes = 2000000,
	.aliases = 1000,
	.scalar = (size_t)1 << 20,
};

/* Maps with up to so many keys are searched pair by pair; larger ones are sorted. */
#define KEYS_BY_PAIRS 16

/* A key in a message: more of it says no more. */
#define KEY_SHOWN 80

const char *
node_file(const struct node *node)
{
	if (!node)
		return "";
	while (node->parent)
		node = node->parent;
	return node->file ? node->file : "";
}

/* Puts text before `at`, but not below `floor`: false when it was cut. Control characters are not shown. */
static bool
prepend(char **at, const char *floor, struct str text)
{
	while (text.len > 0) {
		unsigned char c = (unsigned char)text.ptr[--text.len];

		if (*at == floor)
			return false;
		*--*at = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	return true;
}

void
node_path(const struct node *node, char *buf, size_t size)
{
	char *floor = buf + 3; /* room for "..." */
	bool whole = true;
	char *at;

	if (size < 4) {
		if (size > 0)
			buf[0] = '\0';
		return;
	}
	at = buf + size - 1;
	*at = '\0';
	for (; whole && node && node->parent; node = node->parent) {
		if (node->parent->kind == NODE_LIST) {
			char index[16];

			(void)snprintf(index, sizeof(index), "[%" PRIu32 "]", node->index); /* 12 at most */
			whole = prepend(&at, floor, str_from(index));
		} else {
			whole = prepend(&at, floor, node->key) &&
			        (!node->parent->parent || prepend(&at, floor, STR(".")));
		}
	}
	if (!whole) {
		while (((unsigned char)*at & 0xc0) == 0x80)
			at++; /* the rest of a character whose start is cut */
		at -= 3;
		memcpy(at, "...", 3);
	}
	memmove(buf, at, (size_t)(buf + size - at));
}

struct node *
node_get_str(const struct node *map, struct str key)
{
	if (!map || map->kind != NODE_MAP)
		return NULL;
	for (struct node *child = map->first; child; child = child->next) {
		if (str_equal(child->key, key))
			return child;
	}
	return NULL;
}

struct node *
node_get(const struct node *map, const char *key)
{
	return node_get_str(map, str_from(key));
}

bool
node_is_scalar(const struct node *node)
{
	return node && node->kind != NODE_LIST && node->kind != NODE_MAP;
}

bool
node_is_integer(const struct node *node)
{
	/* Among what makes a NODE_FLOAT only integers begin with a digit or sign and have nothing else behind it. */
	if (!node || node->kind != NODE_FLOAT)
		return node && node->kind == NODE_INT;
	for (size_t i = 0; i < node->text.len; i++) {
		char c = node->text.ptr[i];

		if ((c < '0' || c > '9') && (i > 0 || (c != '-' && c != '+')))
			return false;
	}
	return true;
}

const char *
node_kind_name(const struct node *node)
{
	static const char *const names[] = {
		[NODE_NULL] = "null", [NODE_BOOL] = "boolean", [NODE_INT] = "integer", [NODE_FLOAT] = "number",
		[NODE_TEXT] = "text", [NODE_LIST] = "list",    [NODE_MAP] = "map",
	};

	return names[node ? node->kind : NODE_NULL];
}

const char *
node_kind_phrase(const struct node *node)
{
	static const char *const phrases[] = {
		[NODE_NULL] = "null", [NODE_BOOL] = "a boolean", [NODE_INT] = "an integer", [NODE_FLOAT] = "a number",
		[NODE_TEXT] = "text", [NODE_LIST] = "a list",    [NODE_MAP] = "a map",
	};

	return phrases[node ? node->kind : NODE_NULL];
}

bool
node_is_null(const struct node *node)
{
	return !node || node->kind == NODE_NULL;
}

struct node *
node_new(struct arena *arena, enum node_kind kind, uint32_t line, uint32_t column)
{
	struct node *node = arena_alloc(arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->line = line;
	node->column = column;
	return node;
}

void
node_append(struct node *parent, struct node *child)
{
	child->parent = parent;
	child->index = parent->count++;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static int
duplicate_key(const struct node *first, const struct node *second, struct error *err)
{
	bool unset = err && err->code == ERROR_NONE;
	struct str key = second->key;
	const char *dots = "";
	int r;

	if (key.len > KEY_SHOWN) {
		for (key.len = KEY_SHOWN; ((unsigned char)key.ptr[key.len] & 0xc0) == 0x80; key.len--)
			;
		dots = "...";
	}
	r = error_set(err, ERROR_DUPLICATE, second, "duplicate key '%.*s%s', first at line %" PRIu32, STR_ARG(key),
	              dots, first->key_line);
	if (unset) {
		err->line = second->key_line;
		err->column = second->key_column;
	}
	return r;
}

/* By hash, so that most comparisons are of numbers; then by key, then by place. Chosen collisions only cost a sort. */
struct node_entry {
	uint64_t hash;
	const struct node *node;
};

static bool
entry_same(const struct node_entry *a, const struct node_entry *b)
{
	return a->hash == b->hash && str_equal(a->node->key, b->node->key);
}

static bool
entry_less(const struct node_entry *a, const struct node_entry *b)
{
	int r;

	if (a->hash != b->hash)
		return a->hash < b->hash;
	r = str_compare(a->node->key, b->node->key);
	return r != 0 ? r < 0 : a->node->index < b->node->index;
}

static void
sift_down(struct node_entry *entries, size_t i, size_t count)
{
	struct node_entry entry = entries[i];

	for (size_t child; (child = 2 * i + 1) < count; i = child) {
		if (child + 1 < count && entry_less(&entries[child], &entries[child + 1]))
			child++;
		if (!entry_less(&entry, &entries[child]))
			break;
		entries[i] = entries[child];
	}
	entries[i] = entry;
}

static void
heap_sort(struct node_entry *entries, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(entries, i, count);
	for (size_t i = count; i-- > 1;) {
		struct node_entry last = entries[i];

		entries[i] = entries[0];
		entries[0] = last;
		sift_down(entries, 0, i);
	}
}

static uint64_t
key_hash(struct str key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.ptr[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int
check_large(const struct node *map, struct arena *arena, struct error *err)
{
	struct node_entry *entries = arena_array(arena, map->count, sizeof(*entries));
	const struct node_entry *found = NULL; /* the second of a pair, the one that stands first in the document */
	size_t n = 0;

	if (!entries)
		return error_set(err, ERROR_MEMORY, map, "out of memory");
	for (const struct node *child = map->first; child; child = child->next)
		entries[n++] = (struct node_entry){key_hash(child->key), child};
	heap_sort(entries, n);
	for (size_t i = 1; i < n; i++) {
		if (entry_same(&entries[i - 1], &entries[i]) && (!found || entries[i].node->index < found->node->index))
			found = &entries[i];
	}
	return found ? duplicate_key(found[-1].node, found->node, err) : 0;
}

int
node_check_keys(const struct node *map, struct arena *arena, struct error *err)
{
	if (map->count > KEYS_BY_PAIRS)
		return check_large(map, arena, err);
	for (const struct node *second = map->first; second; second = second->next) {
		for (const struct node *first = map->first; first != second; first = first->next) {
			if (str_equal(first->key, second->key))
				return duplicate_key(first, second, err);
		}
	}
	return 0;
}
