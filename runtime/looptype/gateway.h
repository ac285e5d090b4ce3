/* gateway - which services the elements of a control loop may call, and how an API gateway is told */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOPTYPE_GATEWAY_H
#define RUNTIME_LOOPTYPE_GATEWAY_H

#include "guards/guard.h"
#include "runtime/looptype/looptype.h"

/*
 * A control loop type and each of its elements may have a property `gateway`:
 *
 *   loop     {sandbox?, services?: [service]}                      services outside of the loop
 *   element  {sandbox?, services?: [service], calls?: [call]}      services that it offers, and which ones it calls
 *   service  {name, url | host, protocol?, port?, path?; methods?, paths?, protocols?}
 *   call     {service, element?, methods?, paths?}
 *
 * A service is never open for more than its methods and paths. Between elements outside of a sandbox that is all;
 * where the one that calls or the one that offers is in a sandbox, a call must be named. Everything of it is by
 * definition: two elements with one definition may do the same. A path covers itself and what is below it, as a
 * directory does.
 */

#define GATEWAY_METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)

enum gateway_method {
#define X(name) GATEWAY_##name,
	GATEWAY_METHODS(X)
#undef X
		GATEWAY_METHOD_COUNT
};

#define GATEWAY_METHODS_ALL ((1u << GATEWAY_METHOD_COUNT) - 1)

#define GATEWAY_PATHS_MAX 256 /* of all services and calls of a type; one without paths counts as one */

extern const char *const gateway_method_name[GATEWAY_METHOD_COUNT];
unsigned gateway_method_find(struct str name); /* its bit; 0 for another text */

/* The allowed requests: any of the methods on any of the paths. */
struct gateway_scope {
	unsigned methods;        /* bits */
	const struct str *paths; /* without a slash at the end: "" is everything */
	size_t path_count;
};

bool gateway_path_covers(struct str path, struct str asked);

struct gateway_service {
	struct str name;
	struct str protocol, host, path; /* host absent: the instance gives it; path as in a scope */
	int64_t port;
	bool http, https; /* protocols by which the gateway takes requests */
	struct gateway_scope scope;
	uint32_t line, column;   /* 0: not known */
	const struct node *node; /* while a document is read */
};

struct gateway_call {
	struct str service, element; /* element: name of the definition that offers it; absent: whichever */
	struct gateway_scope scope;
	uint32_t line, column;
	const struct node *node;
};

/* Of one definition; the loop's own is the first. */
struct gateway_part {
	struct concept definition;
	bool sandbox;
	struct gateway_service *services;
	struct gateway_call *calls;
	size_t service_count, call_count;
};

struct gateway {
	struct gateway_part *parts;
	size_t count; /* 0: the type has none */
};

/* --- gateway_check.c --- */

/*
 * What a type's document says. Findings (with line, column and path) are added; what has one is left out. False when
 * memory is out.
 */
bool gateway_read(const struct node *root, const struct node *template, struct arena *arena,
                  struct looptype_findings *findings, struct gateway *ret);

/* All loops of a document. */
void gateway_check(const struct node *root, struct arena *arena, struct looptype_findings *findings);

/* The service as an element of an instance offers it: with the endpoint that propertiesMap.gateway.services gives. */
struct gateway_service gateway_endpoint(const struct gateway_service *service, const struct element *element,
                                        struct arena *arena);

/* Whether each service of an instance has an endpoint, and each endpoint a service. */
void gateway_check_loop(const struct gateway *gateway, const struct loop *loop, struct arena *arena,
                        struct looptype_findings *findings);

/* --- gateway_across.c --- */

/*
 * Calls between instances, enabled by both: the element that calls names the service of the other instance in its
 * propertiesMap.gateway.calls, the one that offers it names who may in propertiesMap.gateway.callers, both as {controlLoop,
 * version?, element?, service, methods?, paths?}; element: an id. What is not given is not narrowed by it.
 */
struct gateway_across {
	struct str loop, version, element, service;
	struct gateway_scope scope;
};

/* What the element's `calls`, or its `callers`, enable. Returns the count; 0 as well when out of memory. */
size_t gateway_across_of(const struct element *element, bool callers, struct arena *arena, struct gateway_across **ret);

/* Whether the entry means this element of this instance, and the service. */
bool gateway_across_means(const struct gateway_across *across, struct concept loop, struct str element,
                          struct str service);

/* --- gateway_read.c --- */

/* A row as gateway_keep made it. errors  ERROR_DAMAGED, ERROR_MEMORY */
int gateway_read_row(struct str row, struct arena *arena, struct gateway *ret);

/* NULL when the definition is none of the type's. */
const struct gateway_part *gateway_part_of(const struct gateway *gateway, struct concept definition);

bool gateway_element_is_on(const struct element *element); /* its participant */

#endif
