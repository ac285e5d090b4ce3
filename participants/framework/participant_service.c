/* participant_service - what a participant says to the runtime and hears from it, over the routes of a message router */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/participant_service.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/document.h"
#include "base/time.h"
#include "base/uuid.h"
#include "participants/framework/element_order.h"
#ifdef HAVE_LIBCURL
#include "participants/framework/web_request.h"
#endif

static const struct document_limits message_limits = {
	.bytes = (size_t)64 << 20, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

#define TOKEN_MAX 8192
#define LINK_MS 90000
#define ANSWER_LIMIT ((size_t)64 << 20)

int
service_link_open(struct participant_service *service)
{
	if (pthread_mutex_init(&service->lock, NULL) != 0)
		return -1;
	if (getrandom(service->random, sizeof(service->random), 0) != (ssize_t)sizeof(service->random))
		return -1;
	uuid_make(service->random, service->instance);
	return 0;
}

/* The token in the file that the settings name, read each time, so that it may be renewed; NULL: none. */
static const char *
service_link_token(const struct process_settings *process, struct arena *arena, struct error *err)
{
	FILE *file = process->service_token ? fopen(process->service_token, "re") : NULL;
	char line[TOKEN_MAX + 2], *token = NULL;

	if (!process->service_token)
		return NULL;
	if (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		token = arena_printf(arena, "%s", line);
	}
	if (file)
		(void)fclose(file); /* it was only read */
	if (!token || !*token)
		(void)error_set(err, ERROR_IO, NULL, "%s has no token", process->service_token); /* the caller looks */
	return token;
}

#ifdef HAVE_LIBCURL
static int
ask_by_tls(const struct participant_service *service, const char *method, const char *path, struct str body,
           const char *media, const char *token, struct arena *arena, unsigned *ret_status, struct str *ret_body,
           struct error *err)
{
	const struct process_settings *process = service->process;
	const struct participant_settings far = {.timeout_ms = LINK_MS,
	                                         .user = process->service_user,
	                                         .ca = process->service_ca,
	                                         .certificate = process->service_certificate,
	                                         .key = process->service_key};
	struct element_order order = {.settings = &far, .arena = arena};
	const struct web_request request = {.method = method,
	                                    .url = arena_printf(arena, "%s%s", process->service, path),
	                                    .body = body,
	                                    .media = media,
	                                    .bearer = token,
	                                    .limit = ANSWER_LIMIT,
	                                    .to_the_end = strcmp(method, "POST") == 0};
	struct web_answer answer;

	if (!request.url)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (web_ask(&order, &request, &answer) != ACT_DONE)
		return error_set(err, ERROR_IO, NULL, "%s", order.message);
	*ret_status = (unsigned)answer.status;
	*ret_body = answer.body;
	return 0;
}
#endif

int
service_link_ask(const struct participant_service *service, const char *method, const char *path, struct str body,
                 const char *media, struct arena *arena, unsigned *ret_status, struct str *ret_body, struct error *err)
{
	struct client client = service->client;

	client.bearer = service_link_token(service->process, arena, err);
	if (err->code)
		return -(int)err->code;
#ifdef HAVE_LIBCURL
	if (str_starts_with(str_from(service->process->service), STR("https://")))
		return ask_by_tls(service, method, path, body, media, client.bearer, arena, ret_status, ret_body, err);
#endif
	return client_ask(&client, method, path, body, media, arena, ret_status, ret_body, err);
}

static void
add_concept(struct text *out, const char *member, const char *name, const char *version)
{
	text_addf(out, ",\"%s\":{\"name\":", member);
	text_add_json(out, str_from(name));
	text_add(out, STR(",\"version\":"));
	text_add_json(out, str_from(version));
	text_add(out, STR("}"));
}

void
service_link_uuid(struct participant_service *service, char ret[UUID_SIZE])
{
	(void)pthread_mutex_lock(&service->lock); /* a plain mutex does not fail */
	uuid_make(service->random, ret);
	(void)pthread_mutex_unlock(&service->lock);
}

void
service_link_begin(struct participant_service *service, struct text *out, struct arena *arena, const char *type)
{
	char id[UUID_SIZE], at[TIME_TEXT_SIZE];
	struct timespec now;

	service_link_uuid(service, id);
	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
	time_format_instant((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, at);
	text_init(out, arena);
	text_addf(out, "{\"messageType\":\"%s\",\"messageId\":\"%s\",\"timestamp\":\"%s\",\"instance\":\"%s\"", type,
	          id, at, service->instance);
	add_concept(out, "participantType", service->type, service->version);
	add_concept(out, "participantId", service->name, service->version);
}

bool
service_link_publish(struct participant_service *service, struct text *out, struct arena *arena)
{
	const char *path = arena_printf(arena, "/events/%s", service->topic);
	struct str answer = STR(""), body;
	struct error err = {0};
	unsigned status = 0;

	text_add(out, STR("}"));
	body = text_done(out);
	if (!path || !body.ptr) {
		fprintf(stderr, "%s: out of memory\n", service->name);
		return false;
	}
	if (service_link_ask(service, "POST", path, body, "application/json", arena, &status, &answer, &err) == 0 &&
	    status == 200)
		return true;
	fprintf(stderr, "%s: cannot publish: %s%.*s\n", service->name, err.text, STR_ARG(answer));
	return false;
}

const struct node *
service_link_poll(struct participant_service *service, long timeout_ms, struct arena *arena)
{
	const char *path =
		arena_printf(arena, "/events/%s/%s/0?timeout=%ld", service->topic, service->name, timeout_ms);
	struct str answer = STR("");
	struct node *list = NULL;
	struct error err = {0};
	unsigned status = 0;
	bool heard;

	heard = path && service_link_ask(service, "GET", path, STR_NONE, NULL, arena, &status, &answer, &err) == 0 &&
	        status == 200 && json_read(answer, "", &message_limits, arena, &list, &err) == 0 &&
	        list->kind == NODE_LIST;
	if (!heard && !service->deaf)
		fprintf(stderr, "%s: cannot read topic %s, and tries again: %s%.*s\n", service->name, service->topic,
		        err.text, STR_ARG(answer));
	else if (heard && service->deaf)
		fprintf(stderr, "%s: reads topic %s again\n", service->name, service->topic);
	service->deaf = !heard;
	return heard ? list : NULL;
}

const struct node *
service_link_read(const struct participant_service *service, struct str text, struct arena *arena)
{
	const struct node *type, *id;
	struct node *message;

	if (!text.ptr || json_read(text, "", &message_limits, arena, &message, NULL) != 0)
		return NULL;
	type = node_get(message, "participantType");
	id = node_get(message, "participantId");
	if (!type || (str_is(order_member(type, "name"), service->type) &&
	              (!id || str_is(order_member(id, "name"), service->name))))
		return message;
	return NULL;
}
