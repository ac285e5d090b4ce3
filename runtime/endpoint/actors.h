/* actors - where requests to actors go, and where their answers come from */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ENDPOINT_ACTORS_H
#define RUNTIME_ENDPOINT_ACTORS_H

#include "base/arena.h"
#include "base/error.h"

/* One actor's endpoint: a request goes to `url` where there is one, else to the topic `request`. */
struct actor_endpoint {
	struct str actor, request, response, url;
};

/* The endpoints that were set. Const once read; in the arena given. */
struct actors {
	struct actor_endpoint *endpoints;
	size_t count;
};

/* Who knows how many VF modules there are, and which VNF a virtual server belongs to: an actor too, if there is one. */
#define ACTOR_INVENTORY "AAI"

/*
 * Each item is ACTOR=REQUEST_TOPIC,RESPONSE_TOPIC or ACTOR=http://... or https://....
 * errors  ERROR_TYPE, ERROR_DUPLICATE, ERROR_MEMORY; ERROR_UNKNOWN: a URL, and this build has no libcurl
 */
int actors_read(const char *const *items, size_t count, struct arena *arena, struct actors *ret, struct error *err);

/*
 * An actor's endpoint: what was set, or topics by ONAP's names; texts also in `arena`. False when out of memory. The
 * inventory has none unless it was set: `request` is absent then.
 */
bool actor_endpoint(const struct actors *actors, struct str actor, struct arena *arena, struct actor_endpoint *ret);

/* Whether answers may come from this topic. */
bool actors_answer_on(const struct actors *actors, struct str topic);

#endif
