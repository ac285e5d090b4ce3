/* counting_fixture - a database in a directory, a limiter, and reservations taken from it: for the hard tests of counting */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_COUNTING_FIXTURE_H
#define TESTS_COUNTING_FIXTURE_H

#include "engine/decide/reserve.h"

/* Whether long runs are wanted (make stress): `often` then, else `seldom`. */
unsigned how_often(unsigned seldom, unsigned often);

/* How far apart to take at least `wanted` of `all`; 1 when that is all of them. */
size_t step_of(size_t all, size_t wanted);

/* A new directory under /tmp; and its end, with all in it. */
void make_directory(char path[64]);
void remove_directory(const char *path);

/* The bytes of a file, from malloc; and a file from bytes. */
char *read_bytes(const char *path, size_t *ret_len);
void write_bytes(const char *path, const char *bytes, size_t len);

/* A small generator: 0 to sides - 1. */
uint32_t dice(uint64_t *seed, uint32_t sides);

struct counting {
	const char *directory;
	int limit;
	const char *window; /* "timeWindow: 10, timeUnits: minute" */
	int64_t lease_ms;
	bool durable;
	int64_t (*clock)(void *context); /* NULL: the system's */
	void *clock_context;
};

/* An engine with the limiter for actor SO, operation Restart, by target. Negative, with err, when it cannot be opened. */
int counting_open(const struct counting *counting, struct engine **ret, struct error *err);

/* Restart of a target. */
struct request restart_of(const char *target, const char *request_id);

/* How many operations on the target count since `since_ms`, at most 1,000; negative when the history cannot say. */
int count_used(struct engine *engine, const char *target, int64_t since_ms);

#endif
