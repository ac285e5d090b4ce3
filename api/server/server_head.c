/* server_head - the method and headers of a request: the few that are looked at, and which make its length doubtful */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/server/server_priv.h"

#define HEAD_WRONG "the headers are wrong: expected lines that end in CR LF, without a NUL"

/* strcmp for words that differ early, without the way to the C library. */
static inline bool
is_word(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return *text == *word;
}

static enum http_method
method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {{"POST", METHOD_POST}, {"GET", METHOD_GET},       {"PUT", METHOD_PUT},
	               {"HEAD", METHOD_HEAD}, {"DELETE", METHOD_DELETE}, {"OPTIONS", METHOD_OPTIONS}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		if (is_word(name, methods[i].name))
			return methods[i].method;
	return METHOD_OTHER;
}

/*
 * A Content-Length. libmicrohttpd has refused what is not a number, but not where it does not look: in a request that comes in
 * chunks, in a second such header. That is too much.
 */
static uint64_t
length_of(struct str digits)
{
	uint64_t length = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || length > UINT64_MAX / 10 - 1)
			return UINT64_MAX;
		length = length * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	return length;
}

/* Names mostly come as everybody spells them. */
static bool
is_named(struct str name, struct str wanted)
{
	return memcmp(name.ptr, wanted.ptr, wanted.len) == 0 || str_equal_nocase(name, wanted);
}

static void
take_once(struct exchange *exchange, struct str *header, struct str text, const char *doubtful)
{
	if (header->ptr)
		exchange->doubtful = doubtful;
	*header = text;
}

/*
 * libmicrohttpd 0.9 puts NULs into its buffer in place of what parts a head, and takes a client's own NUL for such a one: what
 * comes behind it is forgotten, and at the start of a line it ends the head. So each part must follow the one before where it
 * would without them. That refuses lines that end in LF alone, and headers over several lines, too. Later ones refuse a NUL.
 */
static bool
head_follows(const char *end, const char *next, size_t nuls)
{
	if (next && next != end + nuls)
		return false;
	for (size_t i = 0; i < nuls; i++)
		if (end[i] != '\0')
			return false;
	return true;
}

/* A header, behind the one before it; its value, which a CR that ends no line would belong to. */
static void
follow_header(struct ticket *ticket, const char *key, struct str value)
{
	if (!ticket->head_end)
		return;
	if (!head_follows(ticket->head_end, key, 2) || (value.len && value.ptr[value.len - 1] == '\r'))
		ticket->exchange.doubtful = HEAD_WRONG;
	ticket->head_end = value.ptr + value.len;
}

/* The headers that we look at, and how many there are. */
static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_len, const char *value, size_t value_len)
{
	struct ticket *ticket = cls;
	struct exchange *exchange = &ticket->exchange;
	struct str name = {key, key_len}, text = {value ? value : "", value_len};

	if (kind == MHD_GET_ARGUMENT_KIND) {
		ticket->has_query = true;
		return MHD_YES;
	}
	ticket->headers++;
	follow_header(ticket, key, text);
	switch (key_len) { /* is_named compares that many bytes */
	case 4:
		if (is_named(name, STR("Host")))
			take_once(exchange, &exchange->host, text, "two Host headers: expected one");
		break;
	case 6:
		if (is_named(name, STR("Accept")))
			exchange->accept = text;
		else if (is_named(name, STR("Origin")))
			exchange->origin = text;
		else if (is_named(name, STR("Expect")))
			/* a client that waits for 100 sends no body once it has its answer */
			ticket->answer_early = true;
		break;
	case 11:
		if (is_named(name, STR("traceparent")))
			exchange->traceparent = text;
		break;
	case 12:
		if (is_named(name, STR("Content-Type")))
			exchange->content_type = text;
		else if (is_named(name, STR("X-Request-ID")))
			exchange->echo_id = text;
		break;
	case 13:
		if (is_named(name, STR("Authorization")))
			take_once(exchange, &exchange->authorization, text, "two Authorization headers: expected one");
		else if (is_named(name, STR("If-None-Match")))
			exchange->if_none_match = text;
		break;
	case 14:
		if (is_named(name, STR("Content-Length"))) {
			if (ticket->length.ptr || ticket->coding.ptr)
				exchange->doubtful = "two lengths of the body: expected one Content-Length, or chunks";
			ticket->length = text;
			exchange->body_length = length_of(text);
		} else if (is_named(name, STR("Sec-Fetch-Site"))) {
			exchange->fetch_site = text;
		}
		break;
	case 16:
		if (is_named(name, STR("X-ONAP-RequestID")))
			exchange->request_id = text;
		else if (is_named(name, STR("Content-Encoding")))
			exchange->coding = text;
		break;
	case 17:
		if (is_named(name, STR("Transfer-Encoding"))) {
			if (ticket->length.ptr || ticket->coding.ptr)
				exchange->doubtful = "two lengths of the body: expected one Content-Length, or chunks";
			else if (!str_equal_nocase(text, STR("chunked")))
				exchange->doubtful = "the transfer coding is not known: expected chunked";
			ticket->coding = text;
			exchange->chunked = true;
		}
		break;
	case 29:
		if (is_named(name, STR("Access-Control-Request-Method")))
			exchange->asked_method = text;
		break;
	default:
		break;
	}
	return MHD_YES;
}

void
server_take_head(struct ticket *ticket, const char *method, const char *target, const char *version)
{
	struct exchange *exchange = &ticket->exchange;
	const struct peer *peer = exchange->peer;
	bool looks = MHD_get_version()[0] == '0' && peer;

	exchange->method = method_of(method);
	exchange->path = str_from(target);
	if (strchr(target, UNPRINTABLE))
		exchange->doubtful = "the path has a NUL in it";
	ticket->length = ticket->coding = STR_NONE;
	ticket->head_end = looks ? version + strlen(version) : NULL;
	if (looks && (!head_follows(method + strlen(method), target, 1) || !head_follows(peer->target_end, version, 1)))
		exchange->doubtful =
			"the request line is wrong: expected three parts with a blank between them, without a NUL";
	(void)MHD_get_connection_values_n(ticket->connection, MHD_HEADER_KIND | MHD_GET_ARGUMENT_KIND, take_header,
	                                  ticket);
	/* The empty line too, where what libmicrohttpd keeps of a header is known to lie behind it in the buffer. */
	if (looks && !head_follows(ticket->head_end, NULL, ticket->headers ? 4 : 2))
		exchange->doubtful = HEAD_WRONG;
}

struct str
exchange_header(struct exchange *exchange, const char *name)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(ticket->connection, MHD_HEADER_KIND, name, strlen(name), &value, &len) !=
	    MHD_YES)
		return STR_NONE;
	return (struct str){value ? value : "", value ? len : 0};
}

struct str
exchange_query(struct exchange *exchange, const char *name)
{
	struct ticket *ticket = (struct ticket *)exchange;
	const char *value = NULL;
	size_t len = 0;

	if (!ticket->has_query || MHD_lookup_connection_value_n(ticket->connection, MHD_GET_ARGUMENT_KIND, name,
	                                                        strlen(name), &value, &len) != MHD_YES)
		return STR_NONE;
	return (struct str){value ? value : "", value ? len : 0};
}
