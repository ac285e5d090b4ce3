/* authz - GET /clguard/v1/authz: may this request pass the API gateway? For auth_request and forward-auth */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/access.h"
#include "runtime/rows/gateway_rows.h"

/*
 * A gateway asks with what its client asked, the method and the path in headers under the names that gateways give them:
 * X-Original-Method and -URI or -URL (nginx), X-Forwarded-Method and -Uri (forward-auth). The path is that of GET gateway:
 * /<instance>/<version>/<element id | external>/<service>/... The caller shows its key, or its certificate has the
 * consumer's name as common name, or its JSON Web Token, which has been verified as each request's is, has it as
 * subject. The answer is 200 or 403, with the reason in X-Clguard-Reason and no more words.
 */

struct authz_question {
	struct access_request request;
	struct str key, subject; /* one of both, or none: absent */
	const char *wrong;       /* why it is not a question; NULL: it is */
};

/* The first of the headers that is there and not empty. */
static struct str
authz_first_header(struct exchange *exchange, const char *const names[])
{
	for (size_t i = 0; names[i]; i++) {
		struct str value = exchange_header(exchange, names[i]);

		if (value.len)
			return value;
	}
	return STR_NONE;
}

/* A URL's path: without scheme and host, without the query. */
static struct str
authz_path_of(struct str url)
{
	const char *end;

	if (str_starts_with(url, STR("http://")) || str_starts_with(url, STR("https://"))) {
		size_t i = url.ptr[4] == 's' ? 8 : 7;

		while (i < url.len && url.ptr[i] != '/')
			i++;
		url = (struct str){url.ptr + i, url.len - i};
	}
	end = url.len ? memchr(url.ptr, '?', url.len) : NULL;
	return end ? (struct str){url.ptr, (size_t)(end - url.ptr)} : url;
}

/* Cuts the segment behind the path's first slash off. */
static struct str
cut_segment(struct str *path)
{
	struct str segment = STR("");
	size_t i = 1;

	if (path->len == 0 || path->ptr[0] != '/')
		return segment;
	while (i < path->len && path->ptr[i] != '/')
		i++;
	segment = (struct str){path->ptr + 1, i - 1};
	*path = (struct str){path->ptr + i, path->len - i};
	return segment;
}

/* The common name of a subject as RFC 2253 has it, "O=edge,CN=loop~1.0.0~id"; absent when there is none. */
static struct str
authz_common_name(struct str subject)
{
	for (size_t i = 0; i + 3 <= subject.len; i++) {
		size_t end = i + 3;

		/* An escaped comma is a part of another member's value. */
		if ((i > 0 && (subject.ptr[i - 1] != ',' || (i > 1 && subject.ptr[i - 2] == '\\'))) ||
		    memcmp(subject.ptr + i, "CN=", 3) != 0)
			continue;
		while (end < subject.len && !strchr(",+\"", subject.ptr[end]))
			end++;
		return (struct str){subject.ptr + i + 3, end - i - 3};
	}
	return STR_NONE;
}

/* nginx tells a subject whether or not it has verified it; Envoy only tells verified ones. */
static struct str
authz_read_subject(struct exchange *exchange)
{
	static const char *const verify[] = {"X-SSL-Client-Verify", NULL}, *const names[] = {"X-SSL-Client-S-DN", NULL},
				 *const envoy[] = {"X-Forwarded-Client-Cert", NULL};
	struct str subject = authz_first_header(exchange, names), forwarded = authz_first_header(exchange, envoy);

	if (subject.ptr)
		return str_is(authz_first_header(exchange, verify), "SUCCESS") ? authz_common_name(subject) : STR_NONE;
	for (size_t i = 0; i + 9 < forwarded.len; i++)
		if (memcmp(forwarded.ptr + i, "Subject=\"", 9) == 0)
			return authz_common_name((struct str){forwarded.ptr + i + 9, forwarded.len - i - 9});
	return STR_NONE;
}

static void
authz_read_path(struct str path, struct authz_question *ret)
{
	struct access_request *request = &ret->request;
	struct str at;

	if (!access_path_is_normal(path)) {
		ret->wrong = "bad_path";
		return;
	}
	request->clname = cut_segment(&path);
	request->version = cut_segment(&path);
	at = cut_segment(&path);
	request->service = cut_segment(&path);
	request->path = path.len ? path : STR("/");
	if (!str_is(at, "external"))
		request->target_element = at;
	if (request->clname.len == 0 || request->version.len == 0 || at.len == 0 || request->service.len == 0)
		ret->wrong = "not_found";
	request->external = str_is(at, "external");
}

static void
authz_read_question(struct exchange *exchange, struct authz_question *ret)
{
	static const char *const keys[] = {"apikey", "X-API-Key", NULL},
				 *const methods[] = {"X-Original-Method", "X-Forwarded-Method", NULL},
				 *const urls[] = {"X-Original-URI", "X-Original-URL", "X-Forwarded-Uri", NULL};
	struct str url = authz_first_header(exchange, urls);

	*ret = (struct authz_question){.key = authz_first_header(exchange, keys)};
	ret->request.method = authz_first_header(exchange, methods);
	if (!ret->key.ptr)
		ret->subject = authz_read_subject(exchange);
	if (!ret->key.ptr && !ret->subject.ptr && exchange->authorization.ptr)
		ret->subject = identity_element(&exchange->identity);
	authz_read_path(authz_path_of(url), ret);
	if (!ret->request.method.ptr || !url.ptr)
		ret->wrong = "no_request";
}

static const struct reply_header *
reason_header(struct exchange *exchange, const char *reason)
{
	struct reply_header *headers = arena_array(exchange->arena, 2, sizeof(*headers));

	if (headers)
		headers[0] = (struct reply_header){"X-Clguard-Reason", reason};
	return headers;
}

void
authz_get(struct exchange *exchange)
{
	struct authz_question question;
	struct reply *reply = &exchange->reply;
	struct decision decision = {0};

	authz_read_question(exchange, &question);
	if (!question.wrong && !question.key.ptr && !question.subject.ptr)
		question.wrong = "no_credentials";
	if (!question.wrong) {
		const struct access_caller caller = {question.key, question.subject};

		access_answer_caller(exchange, &question.request, &caller, &decision);
		question.wrong = reason_name[decision.reason];
	}
	reply->status = decision.permit ? 200 : 403;
	reply->headers = reason_header(exchange, question.wrong);
	reply->media = MEDIA_JSON;
	reply->body = STR("");
}
