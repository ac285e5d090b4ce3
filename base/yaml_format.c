/* yaml_format - YAML text laid out anew: indentation and blank lines change, comments and everything else stay */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_format.h"

#include "base/text.h"

/*
 * A line is looked at alone: where its content begins decides its level, as in block style; so does each "- " in it. What a
 * level's first column becomes is known from the level around it. Lines inside brackets, quotes and block scalars move with the
 * line that opened them. What this takes wrongly for a level is found out at the end, because the tree is compared.
 */
#define LEVELS_MOST 256

struct yaml_level {
	size_t old, new;
	bool list;
};

struct layout {
	struct text out;
	struct yaml_level levels[LEVELS_MOST];
	size_t depth;
	struct text comments; /* since the last line of content: their lines, without indentation */
	bool blank;           /* a blank line is due */
	size_t brackets;      /* open ones */
	char quote;           /* that is open, or NUL */
	size_t from, to;      /* columns of the line that opened them */
	bool block;           /* in a block scalar: deeper than block_parent */
	size_t block_parent, block_old, block_new;
	bool block_known; /* block_old was seen */
	bool too_deep;
};

static void
put_spaces(struct text *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add(out, STR(" "));
}

static void
put_line(struct layout *layout, size_t column, struct str content)
{
	put_spaces(&layout->out, column);
	text_add(&layout->out, content);
	text_add(&layout->out, STR("\n"));
}

static void
level_push(struct layout *layout, size_t old, size_t new, bool list)
{
	if (layout->depth == LEVELS_MOST)
		layout->too_deep = true;
	else
		layout->levels[layout->depth++] = (struct yaml_level){old, new, list};
}

static bool
is_dash(struct str content)
{
	return content.len > 0 && content.ptr[0] == '-' && (content.len == 1 || content.ptr[1] == ' ');
}

/* The level of content that begins at a column: its new column. */
static size_t
level_at(struct layout *layout, size_t column, bool list)
{
	struct yaml_level *top;

	while (layout->depth > 0) {
		top = &layout->levels[layout->depth - 1];
		if (top->old < column || (top->old == column && (top->list == list || list)))
			break;
		layout->depth--;
	}
	top = layout->depth > 0 ? &layout->levels[layout->depth - 1] : NULL;
	if (top && top->old == column && top->list == list)
		return top->new;
	level_push(layout, column, top ? top->new + 2 : 0, list);
	return layout->depth > 0 ? layout->levels[layout->depth - 1].new : 0;
}

/* Follows brackets and quotes through a line, up to a comment. Returns where the content ends. */
static size_t
line_scan(struct layout *layout, struct str line)
{
	bool fresh = true; /* a quote or bracket may begin here */

	for (size_t i = 0; i < line.len; i++) {
		char c = line.ptr[i];

		if (layout->quote == '"' && c == '\\') {
			i++;
		} else if (layout->quote == '\'' && c == '\'' && i + 1 < line.len && line.ptr[i + 1] == '\'') {
			i++;
		} else if (layout->quote) {
			layout->quote = c == layout->quote ? '\0' : layout->quote;
			continue;
		} else if (c == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t')) {
			return i;
		} else if ((c == '"' || c == '\'') && fresh) {
			layout->quote = c;
		} else if ((c == '[' || c == '{') && (fresh || layout->brackets)) {
			layout->brackets++;
		} else if ((c == ']' || c == '}') && layout->brackets) {
			layout->brackets--;
		}
		fresh = c == ' ' || (layout->brackets && (c == '[' || c == '{' || c == ',' || c == ':'));
	}
	return line.len;
}

/* "key: |", "- >-": a block scalar begins. */
static bool
opens_block(struct str content)
{
	size_t end = content.len;

	while (end > 0 && (content.ptr[end - 1] == '+' || content.ptr[end - 1] == '-' ||
	                   (content.ptr[end - 1] >= '1' && content.ptr[end - 1] <= '9')))
		end--;
	return end > 0 && (content.ptr[end - 1] == '|' || content.ptr[end - 1] == '>') &&
	       (end == 1 || content.ptr[end - 2] == ' ');
}

static void
put_pending(struct layout *layout, size_t column)
{
	struct str comments = {layout->comments.ptr, layout->comments.len};

	for (size_t at = 0; at < comments.len;) {
		const char *end = memchr(comments.ptr + at, '\n', comments.len - at);
		size_t len = (size_t)(end - (comments.ptr + at));

		if (len == 0)
			text_add(&layout->out, STR("\n"));
		else
			put_line(layout, column, (struct str){comments.ptr + at, len});
		at += len + 1;
	}
	layout->comments.len = 0;
	if (layout->blank && layout->out.len > 0)
		text_add(&layout->out, STR("\n"));
	layout->blank = false;
}

/* A comment stands in line with the content after it. */
static void
keep_comment(struct layout *layout, struct str content)
{
	if (layout->blank && (layout->comments.len > 0 || layout->out.len > 0))
		text_add(&layout->comments, STR("\n"));
	layout->blank = false;
	text_add(&layout->comments, content);
	text_add(&layout->comments, STR("\n"));
}

/* Content, in its level: each dash opens one. */
static void
put_content(struct layout *layout, size_t column, struct str content)
{
	size_t new = level_at(layout, column, is_dash(content)), first = new, end;
	struct str rest = content;
	struct text line;

	text_init(&line, layout->out.arena);
	while (is_dash(rest)) {
		size_t skip = 1;

		while (skip < rest.len && rest.ptr[skip] == ' ')
			skip++;
		text_add(&line, rest.len == 1 ? STR("-") : STR("- "));
		rest = (struct str){rest.ptr + skip, rest.len - skip};
		column += skip;
		new += 2;
		if (rest.len > 0 && rest.ptr[0] != '#')
			level_push(layout, column, new, is_dash(rest));
	}
	text_add(&line, rest);
	put_pending(layout, first);
	put_line(layout, first, str_trim(text_done(&line)));
	end = line_scan(layout, rest);
	layout->from = column;
	layout->to = new;
	if (!layout->brackets && !layout->quote && opens_block(str_trim((struct str){rest.ptr, end}))) {
		/* The parent of the scalar: the column of the key, or of the dash before it. */
		layout->block = true;
		layout->block_known = false;
		layout->block_parent = opens_block(str_trim(rest)) && str_trim(rest).len <= 3 && layout->depth > 1
		                               ? layout->levels[layout->depth - 2].old
		                               : column;
		layout->block_new = layout->block_parent == column ? new + 2 : new;
	}
}

/* True when the line belongs to the block scalar that is open. */
static bool
put_block(struct layout *layout, struct str line, size_t column, bool empty)
{
	if (!layout->block || (!empty && column <= layout->block_parent))
		return layout->block = false;
	if (empty) {
		text_add(&layout->out, STR("\n"));
		return true;
	}
	if (!layout->block_known) {
		layout->block_old = column;
		layout->block_known = true;
	}
	column = column < layout->block_old ? layout->block_old : column;
	put_line(layout, layout->block_new + column - layout->block_old,
	         (struct str){line.ptr + column, line.len - column});
	return true;
}

static void
put_one(struct layout *layout, struct str line)
{
	size_t column = 0;
	struct str content;
	bool empty;

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	while (column < line.len && line.ptr[column] == ' ')
		column++;
	content = str_trim((struct str){line.ptr + column, line.len - column});
	empty = content.len == 0;
	if (put_block(layout, line, column, empty))
		return;
	if (layout->brackets || layout->quote) {
		size_t new = column + layout->to > layout->from ? column + layout->to - layout->from : 0;

		(void)line_scan(layout, content); /* where a comment begins does not matter */
		put_line(layout, empty ? 0 : new > layout->to ? new : layout->to + 2, content);
	} else if (empty) {
		layout->blank = true;
	} else if (content.ptr[0] == '#') {
		keep_comment(layout, content);
	} else if (column == 0 && (str_starts_with(content, STR("---")) || str_starts_with(content, STR("...")) ||
	                           content.ptr[0] == '%')) {
		layout->depth = 0;
		put_pending(layout, 0);
		put_line(layout, 0, content);
	} else {
		put_content(layout, column, content);
	}
}

static struct str
format_once(struct str bytes, struct arena *arena, bool *ret_too_deep)
{
	struct layout *layout = arena_alloc(arena, sizeof(*layout));

	*ret_too_deep = false;
	if (!layout)
		return STR_NONE;
	text_init(&layout->out, arena);
	text_init(&layout->comments, arena);
	text_add(&layout->out, STR("")); /* an empty text is one too */
	for (size_t at = 0; at < bytes.len;) {
		const char *end = memchr(bytes.ptr + at, '\n', bytes.len - at);
		size_t len = (end ? (size_t)(end - bytes.ptr) : bytes.len) - at;

		put_one(layout, (struct str){bytes.ptr + at, len});
		at += len + 1;
	}
	layout->blank = false;
	put_pending(layout, 0);
	while (layout->out.len > 1 && layout->out.ptr[layout->out.len - 1] == '\n' &&
	       layout->out.ptr[layout->out.len - 2] == '\n' && !layout->block)
		layout->out.len--;
	*ret_too_deep = layout->too_deep;
	return text_done(&layout->out);
}

static struct str
tree_text(const struct node *root, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add_node(&out, root, true);
	return text_done(&out);
}

int
yaml_format(struct str bytes, const char *file, const struct document_limits *limits, struct arena *arena,
            struct str *ret, struct error *err)
{
	struct node *before, *after;
	struct error ignored = {0};
	struct str once, twice;
	bool too_deep;
	int r = yaml_read(bytes, file, limits, arena, &before, err);

	if (r != 0)
		return r;
	once = format_once(bytes, arena, &too_deep);
	twice = once.ptr ? format_once(once, arena, &too_deep) : STR_NONE;
	if (!twice.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (too_deep || yaml_read(once, file, limits, arena, &after, &ignored) != 0 || !str_equal(once, twice) ||
	    !str_equal(tree_text(before, arena), tree_text(after, arena)))
		return error_set(err, ERROR_INTERNAL, NULL,
		                 "the text is laid out in a way that cannot be kept: left as it is");
	*ret = once;
	return 0;
}
