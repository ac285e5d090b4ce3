/* lint_text - texts that look like patterns, and targets that no request carries */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/lint/lint_priv.h"

#define NAME_BYTES_MAX 255 /* no inventory gives a longer name to what it holds */

const char *
lint_pattern_mark(struct str text)
{
	bool open, closed;

	if (text.len == 0)
		return NULL;
	open = text.ptr[0] == '/';
	closed = text.len > 1 && text.ptr[text.len - 1] == '/';
	if (open && !closed)
		return text.len > 1 && memchr(text.ptr + 1, '/', text.len - 1) ? "a '/' that is not at the end"
		                                                               : "an unclosed '/'";
	if (closed && !open)
		return "an unopened '/'";
	if (text.ptr[0] == '^')
		return "'^'";
	if (text.ptr[text.len - 1] == '$')
		return "'$'";
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '*':
			return i > 0 && text.ptr[i - 1] == '.' ? "'.*'" : "'*'";
		case '?':
			return "'?'";
		case '|':
			return "'|'";
		case '\\':
			return "'\\'";
		case '[':
			if (memchr(text.ptr + i, ']', text.len - i))
				return "'[]'";
			break;
		case '.':
			if (i + 1 < text.len && text.ptr[i + 1] == '+')
				return "'.+'";
			break;
		default:
			break;
		}
	}
	return NULL;
}

/*
 * What it would be as a pattern: between slashes, without what stood for them, "*" and "?" as people mean them, and the
 * flag i as PCRE2 writes it.
 */
static void
as_pattern(struct str text, char *buf, size_t size)
{
	size_t len = 0, from = text.ptr[0] == '/' || text.ptr[0] == '^', to = text.len;
	const char *slash = from < to ? memrchr(text.ptr + from, '/', to - from) : NULL;
	bool flags = text.ptr[0] == '/' && slash && slash + 1 < text.ptr + to;

	if (flags)
		to = (size_t)(slash - text.ptr);
	while (to > from && (text.ptr[to - 1] == '/' || text.ptr[to - 1] == '$'))
		to--;
	len = (size_t)snprintf(buf, size, "/%s", flags && memchr(slash, 'i', text.len - to) ? "(?i)" : "");
	for (size_t i = from; i < to && len + 4 < size; i++) {
		char c = text.ptr[i], before = i > from ? text.ptr[i - 1] : 0;
		bool bare = before != '.' && before != ']' && before != ')' && before != '\\' && before != '*';

		if ((c == '*' || c == '?') && bare)
			buf[len++] = '.';
		if (c != '?' || !bare)
			buf[len++] = c;
	}
	buf[len++] = '/';
	buf[len] = '\0';
}

static void
check_pattern_look(struct lint *lint, const struct guard_source *source, const struct node *node, const char *what)
{
	struct str text = node->text;
	bool strict = source->mode == GUARD_STRICT;
	const char *mark;
	char pattern[80];

	if (text.len == 0 || str_is(text, ".*") || (strict && text_is_pattern(text)))
		return;
	if (text_is_pattern(text)) {
		lint_warn(lint, source, PATTERN, node, "%s '%.*s' is compared as text: onap mode has no patterns", what,
		          STR_ARG(text));
		return;
	}
	mark = lint_pattern_mark(text);
	if (!mark)
		return;
	as_pattern(text, pattern, sizeof(pattern));
	if (strict)
		lint_warn(lint, source, PATTERN, node,
		          "%s '%.*s' is compared as text, though it has %s: expected '%s' for a pattern", what,
		          STR_ARG(text), mark, pattern);
	else
		lint_warn(lint, source, PATTERN, node, "%s '%.*s' is compared as text, though it has %s", what,
		          STR_ARG(text), mark);
}

static bool
has_control(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return true;
	}
	return false;
}

/* Quotes that stand in the text itself. */
static bool
is_quoted(struct str text)
{
	char first = text.ptr[0];

	return text.len > 1 && text.ptr[text.len - 1] == first && (first == '\'' || first == '"');
}

/* Why no target is called so; NULL when one may be. */
static const char *
target_fault(struct str text)
{
	if (str_trim(text).len != text.len)
		return "it begins or ends with a blank";
	if (has_control(text))
		return "it has a control character";
	if (is_quoted(text))
		return "the quotes are part of it";
	if (memchr(text.ptr, ',', text.len) || memchr(text.ptr, ';', text.len))
		return "it is a list in one text, and each name needs an entry of its own";
	if (text.len > NAME_BYTES_MAX)
		return "it is longer than the 255 bytes of a name";
	return NULL;
}

static void
lint_check_target(struct lint *lint, const struct guard_source *source, const struct node *node, const char *what)
{
	const char *fault;

	if (!node_is_scalar(node) || node_is_null(node) || node->text.len == 0 ||
	    (source->mode == GUARD_STRICT && text_is_pattern(node->text)))
		return;
	fault = target_fault(node->text);
	if (fault)
		lint_warn(lint, source, ENTRY, node, "no target is called '%.*s': %s", STR_ARG(node->text), fault);
	else
		check_pattern_look(lint, source, node, what);
}

static void
check_list(struct lint *lint, const struct guard_source *source, const struct node *list, const char *what)
{
	for (const struct node *entry = list->first; entry; entry = entry->next)
		lint_check_target(lint, source, entry, what);
}

static void
check_scope(struct lint *lint, const struct guard_source *source)
{
	const struct node *target = source->scope[ATTRIBUTE_TARGET];

	for (int i = ATTRIBUTE_ACTOR; i <= ATTRIBUTE_CLNAME && !source->patterns; i++) {
		const struct node *node = source->scope[i];

		if (!node_is_null(node) && node_is_scalar(node))
			check_pattern_look(lint, source, node, attribute_key[i]);
	}
	if (target && target->kind == NODE_LIST && !source->patterns)
		check_list(lint, source, target, "target");
	else if (target && !source->patterns)
		lint_check_target(lint, source, target, "target");
}

void
lint_texts(struct lint *lint, const struct guard_source *source)
{
	check_scope(lint, source);
	if (source->entries)
		check_list(lint, source, source->entries, "entry");
	for (const struct node *loop = source->loops ? source->loops->first : NULL; loop; loop = loop->next) {
		if (node_is_scalar(loop) && !node_is_null(loop))
			check_pattern_look(lint, source, loop, "control loop");
	}
}
