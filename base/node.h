/* node - a document as a tree, each value with its place */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_TEXT, NODE_LIST, NODE_MAP };

/*
 * YAML and JSON both become this. Scalars keep their text as written (JSON strings and YAML quoted scalars: unescaped),
 * so that `010` asked for as text is "010" while its integer is 10. Nodes live in the reader's arena; texts are
 * NUL-terminated there. Children keep the document's order; keys of a map are distinct.
 */
struct node {
	enum node_kind kind;
	bool quoted;                   /* a scalar written in quotes or as a block: always NODE_TEXT */
	uint32_t line, column;         /* 1-based, of the value's first character */
	uint32_t key_line, key_column; /* of the key when the parent is a map */
	uint32_t index;                /* position in the parent */
	uint32_t count;                /* children of a list or map */
	struct str key;                /* when the parent is a map, else absent */
	struct str text;               /* of a scalar, as written; absent for lists and maps */
	union {
		bool boolean;
		int64_t integer;
		double real;
	};
	struct node *parent, *next, *first, *last;
	const char *file; /* the document's name as given to the reader; set on the root only, see node_file */
};

/* Bounds for documents from outside; all are checked while reading. */
struct document_limits {
	size_t bytes;   /* document size */
	size_t depth;   /* nesting of lists and maps */
	size_t nodes;   /* nodes, aliases expanded */
	size_t aliases; /* YAML aliases in a document */
	size_t scalar;  /* bytes of one scalar */
};

/* 16 MiB, depth 64, 2,000,000 nodes, 1,000 aliases, 1 MiB scalar: the defaults of the settings. */
extern const struct document_limits document_limits_default;

/* The file name of the document that the node belongs to, "" when it has none. */
const char *node_file(const struct node *node);

/* "topology_template.policies[0].name.properties.limit" into buf (NUL-terminated, cut at the front with "..." if long). */
void node_path(const struct node *node, char *buf, size_t size);

/* The value under `key`, or NULL when there is none or `map` is NULL or no map. */
struct node *node_get(const struct node *map, const char *key);
struct node *node_get_str(const struct node *map, struct str key);

/* True for everything but lists and maps. NULL is not a scalar. */
bool node_is_scalar(const struct node *node);

/* "null", "boolean", "integer", "number", "text", "list", "map": for messages. */
const char *node_kind_name(const struct node *node);

/* The same with its article, where it has one: "null", "a boolean", "an integer", "text". */
const char *node_kind_phrase(const struct node *node);

/* Whether a scalar was written as an integer, of however many digits: NODE_INT, or NODE_FLOAT beyond 64 bits. */
bool node_is_integer(const struct node *node);

/* NULL or a NODE_NULL. */
bool node_is_null(const struct node *node);

/*
 * Builders for readers: a new node of `kind`; linked as last child with node_append. NULL when out of memory.
 * node_append does not look for duplicate keys.
 */
struct node *node_new(struct arena *arena, enum node_kind kind, uint32_t line, uint32_t column);
void node_append(struct node *parent, struct node *child);

/*
 * 0, ERROR_DUPLICATE with the place of a second key and the line of the first, or ERROR_MEMORY. n log n whatever the
 * keys; large maps take scratch memory from `arena`.
 */
int node_check_keys(const struct node *map, struct arena *arena, struct error *err);

/* Sets kind and value of a plain (unquoted) scalar from its text by the YAML 1.2 core schema. JSON's literals agree with it. */
void node_set_plain(struct node *node, struct str text);

#endif
