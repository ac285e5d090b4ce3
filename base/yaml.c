/* yaml - YAML text to tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"

#include <yaml.h>

#include "base/hash.h"
#include "base/tree_priv.h"

/*
 * libyaml's events become nodes one by one. What libyaml does on its own is bounded by the size of the document, but
 * for %TAG lines, each of which it compares with all before.
 */
#define DIRECTIVES_MAX 16

/* Policies repeat their keys and many values: a text that was copied lately is not copied again. A power of two. */
#define RECENT_TEXTS 256

struct yaml_reader {
	struct tree_reading tree;
	struct str bytes;
	yaml_parser_t parser;
	struct str recent[RECENT_TEXTS]; /* by text_slot, the newest of a slot */
};

/* Where an event begins; libyaml counts from 0. */
#define LINE(event) ((uint32_t)(event)->start_mark.line + 1)
#define COLUMN(event) ((uint32_t)(event)->start_mark.column + 1)

#define fail(reader, event, ...) error_set_at((reader)->tree.err, ERROR_SYNTAX, LINE(event), COLUMN(event), __VA_ARGS__)

/* The place of a byte, for errors of libyaml's lowest layer, which has no lines yet. */
static yaml_mark_t
mark_of(struct str bytes, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < bytes.len; i++) {
		char c = bytes.ptr[i];

		if (c == '\n' || (c == '\r' && i + 1 < bytes.len && bytes.ptr[i + 1] != '\n')) {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

/* Whether a tab stands at the mark, as lines end with '\n'. */
static bool
is_tab(struct str bytes, yaml_mark_t mark)
{
	size_t i = 0;

	for (size_t line = 0; line < mark.line && i < bytes.len; i++)
		line += bytes.ptr[i] == '\n';
	for (size_t column = 0; column < mark.column && i < bytes.len; column++) {
		i++;
		while (i < bytes.len && ((unsigned char)bytes.ptr[i] & 0xc0) == 0x80)
			i++;
	}
	return i < bytes.len && bytes.ptr[i] == '\t';
}

static int
fail_parser(struct yaml_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem ? parser->problem : "unknown problem";
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return tree_fail_memory(&reader->tree, (uint32_t)parser->mark.line + 1,
		                        (uint32_t)parser->mark.column + 1);
	if (parser->error == YAML_READER_ERROR)
		mark = mark_of(reader->bytes, parser->problem_offset);
	if (parser->error == YAML_SCANNER_ERROR && is_tab(reader->bytes, mark))
		problem = "a tab where YAML wants spaces";
	else if (parser->error != YAML_READER_ERROR && parser->context)
		return error_set_at(reader->tree.err, ERROR_SYNTAX, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1,
		                    "not YAML: %s %s that begins at line %zu", problem, parser->context,
		                    parser->context_mark.line + 1);
	return error_set_at(reader->tree.err, ERROR_SYNTAX, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1,
	                    "not YAML: %s", problem);
}

/* The kind that a tag asks for. */
static int
read_tag(struct yaml_reader *reader, const yaml_event_t *event, const yaml_char_t *tag, enum node_kind *ret)
{
	static const struct {
		const char *name;
		enum node_kind kind;
	} tags[] = {
		{YAML_STR_TAG, NODE_TEXT}, {YAML_INT_TAG, NODE_INT},     {YAML_BOOL_TAG, NODE_BOOL},
		{YAML_MAP_TAG, NODE_MAP},  {YAML_FLOAT_TAG, NODE_FLOAT}, {YAML_NULL_TAG, NODE_NULL},
		{YAML_SEQ_TAG, NODE_LIST},
	};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (strcmp((const char *)tag, tags[i].name) == 0) {
			*ret = tags[i].kind;
			return 0;
		}
	}
	return fail(reader, event, "unknown tag '%s'", (const char *)tag);
}

static int
read_anchor(struct yaml_reader *reader, const yaml_event_t *event, const yaml_char_t *name, const struct node *node)
{
	return name ? tree_anchor(&reader->tree, (const char *)name, node, LINE(event), COLUMN(event)) : 0;
}

/* Where a text is remembered: cheap, from its length and its ends. */
static size_t
text_slot(struct str text)
{
	uint64_t first = 0, last = 0;
	size_t len = text.len < 8 ? text.len : 8;

	memcpy(&first, text.ptr, len);
	memcpy(&last, text.ptr + text.len - len, len);
	return hash_mix(first ^ text.len, last) % RECENT_TEXTS;
}

static int
yaml_read_text(struct yaml_reader *reader, const yaml_event_t *event, struct str *ret)
{
	struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
	int r = tree_check_scalar(&reader->tree, text.len, LINE(event), COLUMN(event));
	struct str *recent;

	if (r < 0)
		return r;
	if (memchr(text.ptr, '\0', text.len))
		return fail(reader, event, "a text cannot hold a NUL character");
	recent = &reader->recent[text_slot(text)];
	if (!recent->ptr || !str_equal(*recent, text))
		*recent = arena_str(reader->tree.arena, text);
	*ret = *recent;
	return ret->ptr ? 0 : tree_fail_memory(&reader->tree, LINE(event), COLUMN(event));
}

/* Its tag says what a scalar is, or else quotes, which make it text, or else its form. */
static int
set_scalar(struct yaml_reader *reader, const yaml_event_t *event, struct node *node)
{
	enum node_kind wanted = NODE_TEXT;
	const yaml_char_t *tag = event->data.scalar.tag;
	int r = yaml_read_text(reader, event, &node->text);

	if (r == 0 && tag)
		r = read_tag(reader, event, tag, &wanted);
	if (r < 0)
		return r;
	if (!tag && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		node_set_plain(node, node->text);
		return 0;
	}
	if (wanted == NODE_TEXT) {
		node->kind = NODE_TEXT;
		node->quoted = true;
		return 0;
	}
	node_set_plain(node, node->text);
	if (wanted == NODE_FLOAT && node->kind == NODE_INT) {
		node->kind = NODE_FLOAT;
		node->real = (double)node->integer;
	}
	return node->kind == wanted
	               ? 0
	               : fail(reader, event, "tag '%s' does not fit '%s'", (const char *)tag, node->text.ptr);
}

static int
take_scalar(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct node *node;
	int r = tree_add(&reader->tree, NODE_NULL, LINE(event), COLUMN(event), &node);

	if (r == 0)
		r = set_scalar(reader, event, node);
	return r < 0 ? r : read_anchor(reader, event, event->data.scalar.anchor, node);
}

/* A key is its text, whatever it would mean as a value. */
static int
take_key(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct tree_reading *tree = &reader->tree;
	const yaml_char_t *tag = event->data.scalar.tag, *anchor = event->data.scalar.anchor;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct node *node;
	int r;

	tree->key_line = LINE(event);
	tree->key_column = COLUMN(event);
	if (plain && !tag && strcmp((const char *)event->data.scalar.value, "<<") == 0)
		return fail(reader, event, "merge keys '<<' are not supported");
	if (!tag && !anchor)
		return yaml_read_text(reader, event, &tree->key);
	node = node_new(tree->arena, NODE_NULL, LINE(event), COLUMN(event));
	if (!node)
		return tree_fail_memory(tree, LINE(event), COLUMN(event));
	r = set_scalar(reader, event, node);
	if (r < 0)
		return r;
	tree->key = node->text;
	return read_anchor(reader, event, anchor, node);
}

static int
take_start(struct yaml_reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	bool map = kind == NODE_MAP;
	const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor = map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	enum node_kind wanted = kind;
	struct node *node;
	int r = tag ? read_tag(reader, event, tag, &wanted) : 0;

	if (r < 0)
		return r;
	if (wanted != kind)
		return fail(reader, event, "tag '%s' does not fit a %s", (const char *)tag, map ? "map" : "list");
	r = tree_add(&reader->tree, kind, LINE(event), COLUMN(event), &node);
	if (r == 0)
		r = tree_enter(&reader->tree, node);
	return r < 0 ? r : read_anchor(reader, event, anchor, node);
}

static int
take_event(struct yaml_reader *reader, const yaml_event_t *event)
{
	struct tree_reading *tree = &reader->tree;
	bool key = tree->parent && tree->parent->kind == NODE_MAP && !tree->key.ptr;
	const char *name;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return tree->root ? fail(reader, event, "a second document") : 0;
	case YAML_SCALAR_EVENT:
		return key ? take_key(reader, event) : take_scalar(reader, event);
	case YAML_ALIAS_EVENT:
		name = (const char *)event->data.alias.anchor;
		return (key ? tree_alias_key : tree_alias)(tree, name, LINE(event), COLUMN(event));
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (key)
			return fail(reader, event, "a key must be a scalar, not a list or map");
		return take_start(reader, event, event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return tree_leave(tree);
	default:
		return 0; /* ends of the document and the stream */
	}
}

static int
read_events(struct yaml_reader *reader)
{
	for (;;) {
		yaml_event_t event;
		bool done;
		int r;

		if (!yaml_parser_parse(&reader->parser, &event))
			return fail_parser(reader);
		r = take_event(reader, &event);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (r < 0 || done)
			return r;
	}
}

/* libyaml breaks lines at five characters. */
static bool
begins_line(struct str bytes, size_t offset)
{
	static const struct str breaks[] = {
		{"\n", 1}, {"\r", 1}, {"\xc2\x85", 2}, {"\xe2\x80\xa8", 3}, {"\xe2\x80\xa9", 3},
	};

	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		if (str_ends_with((struct str){bytes.ptr, offset}, breaks[i]))
			return true;
	}
	return offset == 0;
}

/* %TAG and %YAML lines begin with '%', as few other lines do. */
static int
check_directives(struct yaml_reader *reader)
{
	struct str bytes = reader->bytes;
	size_t count = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		const char *p = memchr(bytes.ptr + i, '%', bytes.len - i);

		if (!p)
			break;
		i = (size_t)(p - bytes.ptr);
		if (begins_line(bytes, i) && ++count > DIRECTIVES_MAX)
			return error_set_at(reader->tree.err, ERROR_LIMIT, (uint32_t)mark_of(bytes, i).line + 1, 1,
			                    "more than %d lines that begin with '%%'", DIRECTIVES_MAX);
	}
	return 0;
}

/* An empty document is a null. */
static int
add_empty(struct tree_reading *tree)
{
	struct node *node;
	int r = tree_add(tree, NODE_NULL, 1, 1, &node);

	if (r == 0)
		node_set_plain(node, STR(""));
	return r;
}

int
yaml_read(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
          struct node **ret_root, struct error *err)
{
	struct yaml_reader reader = {.bytes = bytes};
	int r;

	if (bytes.len > limits->bytes)
		return error_set_at(err, ERROR_LIMIT, 1, 1, "a document of more than %zu bytes", limits->bytes);
	if (str_starts_with(bytes, STR("\xef\xbb\xbf"))) /* a byte order mark; libyaml would count it as a column */
		reader.bytes = (struct str){bytes.ptr + 3, bytes.len - 3};
	tree_init(&reader.tree, limits, arena, err);
	r = check_directives(&reader);
	if (r < 0)
		return r;
	if (!yaml_parser_initialize(&reader.parser))
		return tree_fail_memory(&reader.tree, 1, 1);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)(reader.bytes.len ? reader.bytes.ptr : ""),
	                             reader.bytes.len);
	r = read_events(&reader);
	yaml_parser_delete(&reader.parser);
	if (r == 0 && !reader.tree.root)
		r = add_empty(&reader.tree);
	return tree_finish(&reader.tree, r, file, ret_root);
}
