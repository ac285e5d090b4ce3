/* server_send - replies as responses of libmicrohttpd; small ones that come again use theirs again */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/server/server_priv.h"
#include "api/server/stream.h"
#include "base/bytes.h"

#define ORIGIN_MAX 512
#define STREAM_BLOCK ((size_t)4 << 10) /* of a stream, sent at a time */

static const char *
media_name(enum media media)
{
	switch (media) {
	case MEDIA_YAML:
		return "application/yaml";
	case MEDIA_METRICS:
		return "text/plain; version=0.0.4; charset=utf-8";
	case MEDIA_XACML:
		return "application/xacml+json";
	case MEDIA_XACML_XML:
		return "application/xacml+xml";
	case MEDIA_OTHER: /* its reply has a type of its own */
	case MEDIA_JSON:
		break;
	}
	return "application/json";
}

static bool
set_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

/* source  RateLimit headers, draft-ietf-httpapi-ratelimit-headers-03: the form that clients know */
static bool
set_limit(struct MHD_Response *response, const struct reply *reply, const char *seconds)
{
	char limit[24];

	if (!reply->limit)
		return true;
	(void)snprintf(limit, sizeof(limit), "%" PRIu64, reply->limit); /* it fits */
	return set_header(response, "RateLimit-Limit", limit) && set_header(response, "RateLimit-Remaining", "0") &&
	       set_header(response, "RateLimit-Reset", seconds);
}

static bool
set_retry(struct MHD_Response *response, const struct reply *reply)
{
	char seconds[16];

	if (reply->status != MHD_HTTP_SERVICE_UNAVAILABLE && reply->status != MHD_HTTP_TOO_MANY_REQUESTS)
		return true;
	(void)snprintf(seconds, sizeof(seconds), "%u", reply->retry_s ? reply->retry_s : 1); /* it fits */
	return set_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds) && set_limit(response, reply, seconds);
}

/* Sets the headers of this reply beside those of all. */
static bool
set_own_headers(struct MHD_Response *response, const struct reply *reply)
{
	bool good = !reply->tag || set_header(response, MHD_HTTP_HEADER_ETAG, reply->tag);

	for (const struct reply_header *header = reply->headers; good && header && header->name; header++)
		good = set_header(response, header->name, header->value);
	if (reply->stream)
		good = good && set_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
		       set_header(response, "X-Accel-Buffering", "no"); /* a proxy would keep it back */
	return good;
}

/* Sets the header that lets a web page of another origin read the answer. source  Fetch, "CORS protocol" */
static bool
set_origin(struct MHD_Response *response, const struct reply *reply)
{
	char origin[ORIGIN_MAX];

	if (reply->origin.len >= sizeof(origin))
		return true; /* longer than any that is listed */
	memcpy(origin, reply->origin.ptr, reply->origin.len);
	origin[reply->origin.len] = '\0';
	if (!set_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin) ||
	    !set_header(response, MHD_HTTP_HEADER_VARY, "Origin"))
		return false;
	if (!reply->preflight)
		return set_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_EXPOSE_HEADERS,
		                  "Allow, Retry-After, X-ONAP-RequestID");
	return set_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_METHODS, reply->allow) &&
	       set_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_HEADERS,
	                  "Accept, Authorization, Content-Type, traceparent, X-ONAP-RequestID") &&
	       set_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_MAX_AGE, "600");
}

/* The response with the reply's headers. Takes NULL; NULL, and the response is destroyed, when out of memory. */
static struct MHD_Response *
response_head(const struct reply *reply, struct MHD_Response *response)
{
	bool good;

	if (!response)
		return NULL;
	good = (!reply->body.len && !reply->type) ||
	       set_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type ? reply->type : media_name(reply->media));
	good = good && set_own_headers(response, reply);
	if (reply->id[0])
		good = good && set_header(response, "X-LatestVersion", "1.0.0") &&
		       set_header(response, "X-MinorVersion", "0") && set_header(response, "X-PatchVersion", "0") &&
		       set_header(response, "X-ONAP-RequestID", reply->id);
	if (reply->echo.ptr)
		good = good && set_header(response, "X-Request-ID", reply->echo.ptr);
	if (reply->allow && !reply->preflight)
		good = good && set_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (reply->origin.ptr)
		good = good && set_origin(response, reply);
	if (reply->authenticate)
		good = good && set_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"clguard\"");
	good = good && set_retry(response, reply);
	if (reply->close)
		good = good && set_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	if (good)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

/* Whether a line end closes the body on its way out: a JSON text that a person reads in a terminal. */
static bool
ends_line(const struct reply *reply)
{
	/* What begins otherwise is one of ONAP's plain texts, which its clients compare. */
	return reply->media == MEDIA_JSON && !reply->type && reply->body.len && strchr("{[", reply->body.ptr[0]) &&
	       reply->body.ptr[reply->body.len - 1] != '\n';
}

/* The body in memory of its own, with its line end. *ret_body: where it is; NULL for a constant one, and without memory. */
static struct MHD_Response *
response_make(const struct reply *reply, char **ret_body)
{
	size_t len = reply->body.len + (ends_line(reply) ? 1 : 0);
	struct MHD_Response *response;
	char *bytes;

	*ret_body = NULL;
	if (reply->constant && len == reply->body.len)
		return response_head(reply, MHD_create_response_from_buffer(len, (void *)(uintptr_t)reply->body.ptr,
		                                                            MHD_RESPMEM_PERSISTENT));
	bytes = *ret_body = malloc(len + 1);
	if (!bytes)
		return NULL;
	if (reply->body.len)
		memcpy(bytes, reply->body.ptr, reply->body.len);
	if (len > reply->body.len)
		bytes[reply->body.len] = '\n';
	response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(bytes);
	return response_head(reply, response);
}

/* The owner of the body lets go of it when the response does. */
static struct MHD_Response *
response_lend(struct reply *reply)
{
	const struct MHD_IoVec parts[] = {{reply->body.ptr, reply->body.len}, {"\n", 1}};
	struct MHD_Response *response =
		MHD_create_response_from_iovec(parts, ends_line(reply) ? 2 : 1, reply->release, reply->owner);

	if (response)
		reply->owner = NULL; /* from here on the response's */
	return response_head(reply, response);
}

/* Makes the response of a place anew, for replies like this one. False when out of memory: the place is empty then. */
static bool
response_place(struct response *place, const struct reply *reply)
{
	char *bytes;

	if (place->response)
		MHD_destroy_response(place->response); /* connections that still send it have their own reference */
	*place = (struct response){.length = reply->body.len, .status = reply->status};
	place->response = response_make(reply, &bytes);
	if (place->response && reply->constant)
		place->constant = reply->body.ptr;
	else if (place->response)
		place->body = bytes;
	if (place->response && reply->id[0])
		place->id = (char *)(uintptr_t)MHD_get_response_header(place->response, "X-ONAP-RequestID");
	return place->response != NULL;
}

/* A response that is used again, with this reply's bytes in it; NULL when there is none for it. */
static struct MHD_Response *
response_again(struct thread *thread, struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	bool fits;
	struct response *place = responses_find(&thread->responses, reply, &fits);

	if (!place || (!fits && !response_place(place, reply)))
		return NULL;
	if (place->id)
		memcpy(place->id, reply->id, sizeof(reply->id) - 1);
	if (place->body) {
		if (place->length)
			memcpy(place->body, reply->body.ptr, place->length);
		place->lent = true;
		ticket->lent = &place->lent;
	}
	return place->response;
}

static void
drop_bytes(void *bytes)
{
	bytes_drop(bytes);
}

static void
release_body(struct reply *reply)
{
	if (reply->owner)
		reply->release(reply->owner);
	reply->owner = NULL;
}

/* A large body stays until its client has read it, however slowly: so it is taken from the budget, or the answer is 503. */
static void
own_body(struct thread *thread, struct ticket *ticket)
{
	static const char refusal[] =
		"{\"errorDetails\":\"Service Unavailable\",\"details\":[\"the answer is over the memory budget "
		"(memory_budget); ask again later, or for less\"]}";
	enum budget_use use = ticket->exchange.urgent ? BUDGET_URGENT : BUDGET_OTHER;
	struct reply *reply = &ticket->exchange.reply;
	struct bytes *bytes;

	if (reply->owner || reply->constant || reply->body.len <= RESPONSES_BODY_MOST)
		return;
	bytes = bytes_new(reply->body.len, thread->server->options.budget, use);
	if (!bytes) {
		reply->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		reply->media = MEDIA_JSON;
		reply->body = (struct str){refusal, sizeof(refusal) - 1};
		reply->constant = true;
		return;
	}
	memcpy(bytes->data, reply->body.ptr, reply->body.len);
	reply->body.ptr = bytes->data;
	reply->owner = bytes;
	reply->release = drop_bytes;
}

static ssize_t
read_stream(void *cls, uint64_t position, char *to, size_t most)
{
	long count = stream_read(cls, to, most);

	(void)position;
	return count < 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)count;
}

static void
free_stream(void *cls)
{
	stream_free(cls);
}

/* From here on the stream is the response's. */
static enum MHD_Result
queue_stream(struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	struct stream *stream = reply->stream;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;

	stream->connection = ticket->connection;
	stream->suspend = server_suspend;
	stream->wake = server_wake;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, stream, free_stream);
	if (!response)
		stream_free(stream);
	response = response_head(reply, response);
	if (response) {
		result = server_queue(ticket->connection, reply->status, response);
		MHD_destroy_response(response); /* the connection keeps its own reference */
	}
	return result;
}

enum MHD_Result
server_send(struct thread *thread, struct ticket *ticket)
{
	struct reply *reply = &ticket->exchange.reply;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;
	char *bytes;

	if (reply->stream)
		return queue_stream(ticket);
	own_body(thread, ticket);
	response = response_again(thread, ticket);
	if (response) {
		result = server_queue(ticket->connection, reply->status, response);
	} else {
		response = reply->owner && reply->body.len > RESPONSES_BODY_MOST ? response_lend(reply)
		                                                                 : response_make(reply, &bytes);
		if (response) {
			result = server_queue(ticket->connection, reply->status, response);
			MHD_destroy_response(response); /* the connection keeps its own reference */
		}
	}
	release_body(reply);
	return result;
}
