/* roles - who may do what: roles, and the file that grants them to identities */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_ROLES_H
#define API_IDENTITY_ROLES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/node.h"

/* One bit each. Each route needs one (api/http/route_roles.c). */
enum role {
	ROLE_DECIDE = 1,      /* ask for decisions, and whether an element may call a service */
	ROLE_RESERVE = 2,     /* reserve, settle, renew and abort */
	ROLE_RECORD = 4,      /* enter operations that others performed */
	ROLE_READ = 8,        /* see policies, counters, instances, participants, health */
	ROLE_OPERATE = 16,    /* commission, instantiate and order control loops, end executions */
	ROLE_ADMINISTER = 32, /* state, clock, deployments, keys, what is taken back */
	ROLE_MESSAGES = 64,   /* publish to and fetch from topics */
	ROLE_METRICS = 128,   /* scrape /metrics */
	ROLE_ALL = 255,
	ROLE_ANY = ROLE_ALL /* of a route: whichever role will do */
};

/* "decide" and so on; "all" for ROLE_ALL. 0: there is no such role. */
unsigned role_find(struct str name);
const char *role_name(unsigned role); /* of one bit */

/* "a+b+c", "all": a mask. errors  ERROR_UNKNOWN, with a suggestion */
int roles_parse(struct str text, unsigned *ret_mask, struct error *err);

/* A role for one topic, actor or control loop, or for those whose names begin alike (`pattern` ends in '*'). */
struct scoped_role {
	unsigned role;
	struct str pattern;
};

/*
 * "decide", "messages:TOPIC*". ret->pattern: absent without a scope; borrowed from `text`.
 * errors  ERROR_UNKNOWN, ERROR_TYPE the role takes no scope, or an empty one
 */
int scoped_role_parse(struct str text, struct scoped_role *ret, struct error *err);

/* True if a pattern, which may end in '*', is for this topic, actor or control loop; never for an absent one. */
bool scope_covers(struct str pattern, struct str scope);

struct grants {
	struct str identity; /* "alice", "uid:1000", "cert:loop-1.example" */
	unsigned whole;      /* roles without a scope */
	unsigned scoped;     /* roles of `scopes` */
	struct scoped_role *scopes;
	size_t scope_count;
};

/* The content of a roles file. Const once read. */
struct roles {
	struct grants *grants;
	size_t count;
};

/*
 * Reads a YAML map {roles: {IDENTITY: [ROLE | ROLE:SCOPE, ...]}}. `anonymous` stands for a request without credentials,
 * `default` for an identity without an entry, `claim:TEXT` for a JSON Web Token with that text among its roles. In `arena`.
 * errors  ERROR_SYNTAX and others of document_read, ERROR_TYPE, ERROR_UNKNOWN a role, ERROR_MEMORY; with line and column
 */
int roles_read(struct str bytes, const char *file, struct arena *arena, struct roles *ret, struct error *err);

/* The grants of an identity; NULL when it has no entry. */
const struct grants *roles_of(const struct roles *roles, struct str identity);

/* True if the grants hold the role for this scope, or for all. NULL grants nothing. */
bool grants_cover(const struct grants *grants, unsigned role, struct str scope);

#endif
