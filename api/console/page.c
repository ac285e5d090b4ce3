/* page - GET /console: the page's files, out of the program */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/console/page_files.h"
#include "api/http/resources.h"
#include "api/http/service.h"

#define PATH "/console/"

/*
 * Scripts, styles, images and requests come from here and nowhere else; nothing is evaluated, and no text becomes markup: a
 * script that tries is stopped by trusted types, of which there are none. Nobody frames the page.
 */
#define POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri " \
	"'none'; " \
	"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

#define ALWAYS \
	{"X-Content-Type-Options", "nosniff"}, {"Referrer-Policy", "no-referrer"}, {"X-Frame-Options", "DENY"}, \
		{"Cross-Origin-Opener-Policy", "same-origin"}, {"Cross-Origin-Resource-Policy", "same-origin"}, \
	{ \
		"Content-Security-Policy", POLICY \
	}

static const struct reply_header page_headers[] = {ALWAYS, {"Cache-Control", "no-cache"}, {NULL, NULL}};

/* Relative, so that it holds behind a proxy that takes a prefix off the path. */
static const struct reply_header to_page[] = {{"Location", "console/"}, {NULL, NULL}};

static const char *
type_of(struct str name)
{
	static const struct {
		struct str ending;
		const char *type;
	} types[] = {
		{{".html", 5}, "text/html; charset=utf-8"},
		{{".css", 4}, "text/css; charset=utf-8"},
		{{".js", 3}, "text/javascript; charset=utf-8"},
		{{".svg", 4}, "image/svg+xml"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (str_ends_with(name, types[i].ending))
			return types[i].type;
	return "application/octet-stream";
}

static const struct page_file *
file_find(struct str name)
{
	for (size_t i = 0; i < page_file_count; i++)
		if (str_is(name, page_files[i].name))
			return &page_files[i];
	return NULL;
}

/* Whether an If-None-Match header names the tag: a list of tags, some of them weak, or `*`. */
static bool
tag_matches(struct str header, struct str tag)
{
	if (str_is(str_trim(header), "*"))
		return true;
	for (size_t i = 0; i + tag.len <= header.len; i++)
		if (memcmp(header.ptr + i, tag.ptr, tag.len) == 0)
			return true;
	return false;
}

void
console_get(struct exchange *exchange)
{
	exchange->reply.status = 302;
	exchange->reply.headers = to_page;
}

void
console_file_get(struct exchange *exchange)
{
	struct str name = {exchange->path.ptr + sizeof(PATH) - 1, exchange->path.len - (sizeof(PATH) - 1)};
	const struct page_file *file = file_find(name.len ? name : STR("index.html"));
	struct reply *reply = &exchange->reply;
	struct error err = {0};

	if (!file) {
		(void)error_set(&err, ERROR_UNKNOWN, NULL, "the console has no file '%.*s'", STR_ARG(name));
		answer_problem(exchange, 404, &err);
		return;
	}
	reply->headers = page_headers;
	reply->tag = file->tag;
	if (exchange->if_none_match.ptr && tag_matches(exchange->if_none_match, str_from(file->tag))) {
		reply->status = 304;
		return;
	}
	reply->status = 200;
	reply->type = type_of(str_from(file->name));
	reply->body = (struct str){(const char *)file->bytes, file->size};
	reply->constant = true;
}
