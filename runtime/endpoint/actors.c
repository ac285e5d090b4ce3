/* actors - where requests to actors go, and where their answers come from */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/endpoint/actors.h"

#include "runtime/endpoint/http_client.h"
#include "runtime/model/bus_name.h"

/* ONAP's own names. Every other actor X has X-CL and X-CL-RSP, as SDNR has. */
static const struct {
	const char *actor, *request, *response;
} usual[] = {
	{"APPC", "APPC-LCM-READ", "APPC-LCM-WRITE"},
	{"APPCLCM", "APPC-LCM-READ", "APPC-LCM-WRITE"},
	{"A1P", "A1-P", "A1-P-RSP"},
};

#define REQUEST_SUFFIX "-CL"
#define RESPONSE_SUFFIX "-CL-RSP"
#define NAME_MOST (BUS_NAME_MAX - (sizeof(RESPONSE_SUFFIX) - 1))

/* "SDNR" and "-CL": a topic; what no topic's name can have becomes '-'. */
static struct str
topic_of(struct str actor, const char *suffix, struct arena *arena)
{
	size_t len = actor.len < NAME_MOST ? actor.len : NAME_MOST;
	char *name = arena_printf(arena, "%.*s%s", (int)len, actor.ptr, suffix);

	for (char *at = name; at && *at; at++)
		if (!bus_name_valid((struct str){at, 1}))
			*at = '-';
	return str_from(name);
}

static bool
usual_endpoint(struct str actor, struct arena *arena, struct actor_endpoint *ret)
{
	*ret = (struct actor_endpoint){.actor = actor};
	if (str_is(actor, ACTOR_INVENTORY))
		return true;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (str_is(actor, usual[i].actor)) {
			ret->request = str_from(usual[i].request);
			ret->response = str_from(usual[i].response);
			return true;
		}
	}
	ret->request = topic_of(actor, REQUEST_SUFFIX, arena);
	ret->response = topic_of(actor, RESPONSE_SUFFIX, arena);
	return ret->request.ptr && ret->response.ptr;
}

static int
read_endpoint(const char *item, struct arena *arena, struct actor_endpoint *ret, struct error *err)
{
	const char *equals = strchr(item, '='), *comma;
	struct str value, actor = {item, equals ? (size_t)(equals - item) : 0};

	if (actor.len == 0)
		return error_set(err, ERROR_TYPE, NULL,
		                 "actors: '%s' is neither ACTOR=REQUEST_TOPIC,RESPONSE_TOPIC nor ACTOR=URL", item);
	if (!usual_endpoint(actor, arena, ret))
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	value = str_from(equals + 1);
	if (str_starts_with(value, STR("http://")) || str_starts_with(value, STR("https://"))) {
		ret->url = value;
		return http_client_is_built() ? 0
		                              : error_set(err, ERROR_UNKNOWN, NULL,
		                                          "actors: '%s' has a URL, but this clguardd was built without "
		                                          "libcurl",
		                                          item);
	}
	comma = memchr(value.ptr, ',', value.len);
	ret->request = (struct str){value.ptr, comma ? (size_t)(comma - value.ptr) : value.len};
	ret->response = comma ? str_from(comma + 1) : STR_NONE;
	if (!bus_name_valid(ret->request) || !bus_name_valid(ret->response))
		return error_set(err, ERROR_TYPE, NULL,
		                 "actors: '%s' is neither ACTOR=REQUEST_TOPIC,RESPONSE_TOPIC nor ACTOR=URL", item);
	return 0;
}

int
actors_read(const char *const *items, size_t count, struct arena *arena, struct actors *ret, struct error *err)
{
	struct actors actors = {.endpoints = arena_array(arena, count, sizeof(*actors.endpoints))};

	if (!actors.endpoints)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (; actors.count < count; actors.count++) {
		struct actor_endpoint *endpoint = &actors.endpoints[actors.count];
		int r = read_endpoint(items[actors.count], arena, endpoint, err);

		if (r != 0)
			return r;
		for (size_t i = 0; i < actors.count; i++)
			if (str_equal(actors.endpoints[i].actor, endpoint->actor))
				return error_set(err, ERROR_DUPLICATE, NULL, "actors: '%.*s' stands twice",
				                 STR_ARG(endpoint->actor));
	}
	*ret = actors;
	return 0;
}

bool
actor_endpoint(const struct actors *actors, struct str actor, struct arena *arena, struct actor_endpoint *ret)
{
	for (size_t i = 0; i < actors->count; i++) {
		if (str_equal(actors->endpoints[i].actor, actor)) {
			*ret = actors->endpoints[i];
			return true;
		}
	}
	return usual_endpoint(actor, arena, ret);
}

bool
actors_answer_on(const struct actors *actors, struct str topic)
{
	for (size_t i = 0; i < actors->count; i++)
		if (str_equal(actors->endpoints[i].response, topic))
			return true;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (str_is(topic, usual[i].response))
			return true;
	return str_ends_with(topic, STR(RESPONSE_SUFFIX));
}
