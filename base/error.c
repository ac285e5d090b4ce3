/* error - what went wrong, where, in whose words */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/node.h"

static const char *const code_names[] = {
#define X(code, name) [ERROR_##code] = name,
	ERROR_CODES(X)
#undef X
};

static const char *const severity_names[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
};

/* One character of a message as it may be shown: control characters and bytes that are no UTF-8 become escapes. */
static size_t
show_char(struct str rest, char out[8], size_t *ret_out_len)
{
	static const char names[] = "\tt\nn\rr";
	size_t len = str_utf8(rest);
	unsigned char byte = (unsigned char)rest.ptr[0];
	bool c1 = len == 2 && byte == 0xc2 && (unsigned char)rest.ptr[1] < 0xa0;

	if (len > 0 && byte >= 0x20 && byte != 0x7f && !c1) {
		memcpy(out, rest.ptr, len);
		*ret_out_len = len;
		return len;
	}
	for (const char *name = names; *name; name += 2) {
		if (*name == rest.ptr[0]) {
			out[0] = '\\';
			out[1] = name[1];
			*ret_out_len = 2;
			return 1;
		}
	}
	*ret_out_len = (size_t)snprintf(out, 8, "\\x%02x", byte);
	return 1;
}

/* raw into buf, fit to be shown, cut with "..." when it does not fit. */
static void
text_write(char *buf, size_t size, struct str raw)
{
	size_t used = 0, keep = 0; /* keep: the last end of a character that leaves room for "..." */

	while (raw.len > 0) {
		char shown[8];
		size_t shown_len;
		size_t taken = show_char(raw, shown, &shown_len);

		if (used + shown_len >= size) {
			memcpy(buf + keep, "...", 4);
			return;
		}
		memcpy(buf + used, shown, shown_len);
		used += shown_len;
		if (used + 4 <= size)
			keep = used;
		raw.ptr += taken;
		raw.len -= taken;
	}
	buf[used] = '\0';
}

static void __attribute__((format(printf, 2, 0)))
text_format(char buf[ERROR_TEXT_SIZE], const char *format, va_list args)
{
	/* Showing never shortens: what does not fit here does not fit in buf, and text_write sees that. */
	char raw[ERROR_TEXT_SIZE + 1];
	int len = vsnprintf(raw, sizeof(raw), format, args);

	text_write(buf, ERROR_TEXT_SIZE, len < 0 ? STR("a message that cannot be written") : str_from(raw));
}

int
error_set(struct error *err, enum error_code code, const struct node *where, const char *format, ...)
{
	va_list args;

	if (!err || err->code != ERROR_NONE)
		return -(int)code;
	err->code = code;
	err->line = where ? where->line : 0;
	err->column = where ? where->column : 0;
	node_path(where, err->path, sizeof(err->path));
	va_start(args, format);
	text_format(err->text, format, args);
	va_end(args);
	return -(int)code;
}

int
error_set_at(struct error *err, enum error_code code, uint32_t line, uint32_t column, const char *format, ...)
{
	va_list args;

	if (!err || err->code != ERROR_NONE)
		return -(int)code;
	err->code = code;
	err->line = line;
	err->column = column;
	err->path[0] = '\0';
	va_start(args, format);
	text_format(err->text, format, args);
	va_end(args);
	return -(int)code;
}

const char *
error_name(enum error_code code)
{
	return (size_t)code < sizeof(code_names) / sizeof(code_names[0]) ? code_names[code] : "unknown code";
}

const char *
severity_name(enum severity severity)
{
	return severity_names[severity];
}

void
diags_init(struct diags *diags, struct arena *arena)
{
	*diags = (struct diags){.arena = arena};
}

/* A copy in the arena; false when out of memory. Findings mostly come from one file: its name is copied once. */
static bool
diags_copy_one(const struct diags *diags, enum severity severity, const char *file, const struct diag *finding,
               struct diag *ret)
{
	struct diag copy = *finding;

	copy.severity = severity;
	copy.path = arena_str(diags->arena, str_from(finding->path)).ptr;
	copy.text = arena_str(diags->arena, str_from(finding->text)).ptr;
	copy.file = diags->last && strcmp(diags->last->file, file) == 0 ? diags->last->file
	                                                                : arena_str(diags->arena, str_from(file)).ptr;
	copy.next = NULL;
	if (!copy.path || !copy.text || !copy.file)
		return false;
	*ret = copy;
	return true;
}

/* Counts the finding, and keeps it if there is room. The first error takes the place of the last of a thousand warnings. */
static void
diags_keep(struct diags *diags, enum severity severity, const char *file, const struct diag *finding)
{
	struct diag *diag;

	diags->count[severity]++;
	if (diags->kept >= DIAGS_MAX) {
		if (severity == SEVERITY_ERROR && diags->count[SEVERITY_ERROR] == 1)
			(void)diags_copy_one(diags, severity, file, finding, diags->last); /* else the count tells */
		return;
	}
	diag = arena_alloc(diags->arena, sizeof(*diag));
	if (!diag || !diags_copy_one(diags, severity, file, finding, diag))
		return;
	if (diags->last)
		diags->last->next = diag;
	else
		diags->first = diag;
	diags->last = diag;
	diags->kept++;
}

static void __attribute__((format(printf, 5, 0)))
diags_format(struct diags *diags, enum severity severity, const char *code, const struct node *where,
             const char *format, va_list args)
{
	char path[ERROR_PATH_SIZE], text[ERROR_TEXT_SIZE];
	struct diag finding = {
		.code = code,
		.line = where ? where->line : 0,
		.column = where ? where->column : 0,
		.path = path,
		.text = text,
	};

	node_path(where, path, sizeof(path));
	text_format(text, format, args);
	diags_keep(diags, severity, node_file(where), &finding);
}

void
diags_add(struct diags *diags, enum severity severity, const char *code, const struct node *where, const char *format,
          ...)
{
	va_list args;

	va_start(args, format);
	diags_format(diags, severity, code, where, format, args);
	va_end(args);
}

void
diags_error(struct diags *diags, const struct node *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diags_format(diags, SEVERITY_ERROR, NULL, where, format, args);
	va_end(args);
}

void
diags_add_error(struct diags *diags, const char *file, const struct error *err)
{
	struct diag finding = {.line = err->line, .column = err->column, .path = err->path, .text = err->text};

	diags_keep(diags, SEVERITY_ERROR, file ? file : "", &finding);
}
