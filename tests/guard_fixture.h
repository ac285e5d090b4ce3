/* guard_fixture - guards from YAML, requests from text, a history in memory: for the tests of guards */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_GUARD_FIXTURE_H
#define TESTS_GUARD_FIXTURE_H

#include "guards/guard.h"

/* 2026-04-14T12:00:00Z, a Tuesday: "now" where a test says nothing else. */
#define NOON INT64_C(1776168000000)

/* An operation: who did what to which target for which loop. Live ones end, at the latest, at `end`. */
struct done {
	const char *actor, *operation, *target, *clname;
	int64_t end;
	bool live;
};

struct catalogue;
struct policy;

struct fixture {
	struct arena arena;
	struct catalogue *catalogue; /* the built-in types, once a guard was made */
	struct diags diags;
	struct pattern_scratch *scratch;
	const struct done *done; /* the history; ends with an actor that is NULL */
	bool history_fails;
	int64_t now;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);

/*
 * The policy "p" of a type of the guards' name space ("common.MinMax", "coordination.FirstBlocksSecond", "MinMax"),
 * from the YAML flow or block text of its properties and of its metadata (NULL for none). NULL when it is refused; the
 * findings are in fixture->diags.
 */
struct guard *fixture_guard(struct fixture *fixture, enum guard_mode mode, const char *type, const char *properties,
                            const char *metadata);

/* The policy alone, checked in strict mode. NULL when it is refused. */
struct policy *fixture_policy(struct fixture *fixture, enum guard_mode mode, const char *type, const char *properties,
                              const char *metadata);

/* "actor=SO operation=Restart target=vm-1 vfCount=3 currentTime=08:00:00Z"; '_' stands for a space. Borrowed texts. */
struct request fixture_request(struct fixture *fixture, const char *text);

struct verdict fixture_ask(struct fixture *fixture, const struct guard *guard, const char *request);

/* The explanation after asking; change is the first that the kind proposes. */
struct explanation fixture_explain(struct fixture *fixture, const struct guard *guard, const char *request);

/* Whether some finding's text contains `text`. */
bool fixture_found(const struct fixture *fixture, const char *text);

#endif
