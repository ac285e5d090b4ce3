/* access - decisions of action "access": may this element of a control loop call this service? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/access.h"

#include <inttypes.h>

#include "api/resources/answers.h"
#include "api/http/resources.h"
#include "runtime/rows/gateway_rows.h"

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static unsigned
hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/* %XX of what need not be escaped, or of a slash or backslash: another spelling of another path. */
static bool
is_evasive(struct str escape)
{
	unsigned byte;
	char c;

	if (escape.len < 3 || !is_hex(escape.ptr[1]) || !is_hex(escape.ptr[2]))
		return true;
	byte = hex(escape.ptr[1]) << 4 | hex(escape.ptr[2]);
	c = (char)byte;
	return byte < 0x20 || (byte < 0x80 && (concept_name_valid((struct str){&c, 1}) || strchr("~/\\", c)));
}

/*
 * The path of a URL in its one normal form, as gateways compare it: from a slash on, no empty segment but the last,
 * none of them . or .. , no query, nothing escaped that need not be.
 */
bool
access_path_is_normal(struct str path)
{
	size_t from = 1;

	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	for (size_t i = 1; i <= path.len; i++) {
		struct str segment = {path.ptr + from, i - from};
		char c = i < path.len ? path.ptr[i] : '/';

		if ((unsigned char)c <= 0x20 || c == 0x7f || strchr("?#\\", c) ||
		    (c == '%' && is_evasive((struct str){path.ptr + i, path.len - i})))
			return false;
		if (c != '/')
			continue;
		if (str_is(segment, ".") || str_is(segment, "..") || (segment.len == 0 && i < path.len))
			return false;
		from = i + 1;
	}
	return true;
}

static int
access_read_text(const struct node *node, struct str *ret, struct error *err)
{
	if (node->kind != NODE_TEXT)
		return error_set(err, ERROR_TYPE, node, "%s where text is expected", node_kind_phrase(node));
	if (node->text.len == 0)
		return error_set(err, ERROR_TYPE, node, "empty text");
	if (node->text.len > ATTRIBUTE_SIZE_MAX)
		return error_set(err, ERROR_LIMIT, node, "a value of more than %d bytes", ATTRIBUTE_SIZE_MAX);
	*ret = node->text;
	return 0;
}

static int
access_read_request(const struct node *root, struct access_request *ret, struct error *err)
{
	const struct node *resource = node_get(root, "resource"), *access = node_get(resource, "access");
	const struct {
		const char *key;
		struct str *value;
		bool required;
	} members[] = {
		{"clname", &ret->clname, true},
		{"element", &ret->element, true},
		{"service", &ret->service, true},
		{"version", &ret->version, false},
		{"method", &ret->method, false},
		{"targetElement", &ret->target_element, false},
		{"path", &ret->path, false},
		{"targetClname", &ret->target_clname, false},
		{"targetVersion", &ret->target_version, false},
	};

	*ret = (struct access_request){0};
	if (!access || access->kind != NODE_MAP)
		return error_set(err, ERROR_MISSING,
		                 access     ? access
		                 : resource ? resource
		                            : root,
		                 "a map resource.access is missing");
	for (const struct node *node = access->first; node; node = node->next) {
		size_t i = 0;
		int r;

		while (i < sizeof(members) / sizeof(*members) && !str_is(node->key, members[i].key))
			i++;
		if (i == sizeof(members) / sizeof(*members))
			return error_set(err, ERROR_TYPE, node, "there is no such member");
		r = access_read_text(node, members[i].value, err);
		if (r != 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (members[i].required && !members[i].value->ptr)
			return error_set(err, ERROR_MISSING, access, "%s is missing", members[i].key);
	if (ret->path.ptr && !access_path_is_normal(ret->path))
		return error_set(err, ERROR_TYPE, node_get(access, "path"),
		                 "a path is absolute and in its normal form, without query, not '%.*s'",
		                 STR_ARG(ret->path));
	return 0;
}

/* {"now","why","controlLoop"?,"definition"?,"sandbox","file"?,"line"?,"column"?} */
static struct str
access_explain(const struct access_answer *answer, int64_t now_ms, struct arena *arena)
{
	char now[TIME_TEXT_SIZE];
	struct text out;

	time_format_instant(now_ms, now);
	text_init(&out, arena);
	text_addf(&out, "{\"now\":\"%s\",\"why\":", now);
	text_add_json(&out, str_from(answer->why));
	if (answer->loop.name.ptr) {
		text_add(&out, STR(",\"controlLoop\":"));
		concept_write(&out, answer->loop);
		text_add(&out, STR(",\"definition\":"));
		concept_write(&out, answer->type);
	}
	text_addf(&out, ",\"sandbox\":%s", answer->sandbox ? "true" : "false");
	if (answer->line)
		text_addf(&out, ",\"file\":\"control loop type %.*s %.*s\",\"line\":%" PRIu32 ",\"column\":%" PRIu32,
		          STR_ARG(answer->type.name), STR_ARG(answer->type.version), answer->line, answer->column);
	text_add(&out, STR("}"));
	return text_done(&out);
}

static void
log_answer(struct exchange *exchange, const struct access_request *request, const struct access_answer *answer,
           struct decision *decision)
{
	struct log_entry entry = {
		.door = LOG_DOOR_ACCESS,
		.decision = decision,
		.members = {{"clname", request->clname},
	                    {"loopVersion", request->version},
	                    {"element", request->element},
	                    {"service", request->service},
	                    {"targetClname", request->target_clname},
	                    {"targetElement", request->target_element},
	                    {"method", request->method},
	                    {"path", request->path}},
	};

	if (!answer->permit && answer->line) {
		entry.line = answer->line;
		entry.file = str_from(arena_printf(exchange->arena, "control loop type %.*s %.*s",
		                                   STR_ARG(answer->type.name), STR_ARG(answer->type.version)));
	}
	if (!answer_decision(exchange, &entry))
		answer_unlogged(decision);
}

/* The request is for the instance that the gateway's path names; who asks may be of another one. */
static void
access_find_caller(struct txn *txn, const struct access_caller *caller, struct access_request *request)
{
	struct concept target = {request->clname, request->version}, loop = target;

	request->element = gateway_caller(txn, target, caller->key, caller->consumer, &loop);
	if (concept_equal(loop, target))
		return;
	request->clname = loop.name;
	request->version = loop.version;
	request->target_clname = target.name;
	request->target_version = target.version;
}

/* Decides from a snapshot. caller: the request's element is who has this key or consumer name, once it is known. */
static void
access_ask(struct exchange *exchange, struct access_request *request, const struct access_caller *caller,
           struct access_answer *ret)
{
	struct service *service = exchange->worker->service;
	struct history_reader *reader = session_reader(exchange->worker->session);
	bool verifying = service_is_verifying(service);
	struct txn txn = {0};

	*ret = (struct access_answer){
		.reason = verifying ? REASON_VERIFYING : REASON_ERROR,
		.why = verifying ? "the database is being verified after a stop that was not clean; /ready tells how "
	                           "far it is"
	                         : "the runtime's database cannot be read",
	};
	answer_begin(exchange);
	if (verifying || history_reader_begin(reader) != 0)
		return;
	runtime_read(service->runtime, reader, exchange->arena, &txn);
	if (caller)
		access_find_caller(&txn, caller, request);
	access_decide(&txn, request, ret);
	history_reader_end(reader);
}

static struct decision
access_decision(const struct exchange *exchange, const struct access_answer *answer)
{
	return (struct decision){
		.effect = answer->reason == REASON_ERROR ? EFFECT_INDETERMINATE
	                  : answer->permit               ? EFFECT_PERMIT
	                                                 : EFFECT_DENY,
		.permit = answer->permit,
		.reason = answer->reason,
		.missing = answer->missing,
		.mode = exchange->worker->service->mode,
	};
}

void
access_answer_caller(struct exchange *exchange, struct access_request *request, const struct access_caller *caller,
                     struct decision *ret)
{
	struct access_answer answer;

	access_ask(exchange, request, caller, &answer);
	*ret = access_decision(exchange, &answer);
	log_answer(exchange, request, &answer, ret);
}

int
access_answer_of(struct exchange *exchange, const struct node *root, struct str *ret_explanation, struct decision *ret,
                 struct error *err)
{
	struct access_answer answer;
	struct access_request request;
	int r = access_read_request(root, &request, err);

	if (r != 0)
		return r;
	access_ask(exchange, &request, NULL, &answer);
	*ret = access_decision(exchange, &answer);
	if (ret_explanation)
		*ret_explanation =
			access_explain(&answer, engine_now(exchange->worker->service->engine), exchange->arena);
	log_answer(exchange, &request, &answer, ret);
	return 0;
}
