/* reserve - what the sides of bench/reserve have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RESERVE_H
#define BENCH_RESERVE_H

#include <stdbool.h>

#define TARGETS 20000
#define CLIENTS_MOST 64

/* What all sides are: something that takes one right for one target and returns when it is acknowledged. */
struct side {
	void (*take)(struct side *side, unsigned number);
	void *context;
};

_Noreturn void die(const char *what);

/* A clguardd with this database and policy file; one keep-alive connection for each client. Ends the program when it cannot. */
struct http_side;
struct http_side *http_side_start(const char *data, const char *policies, bool durable, unsigned clients);
void http_side_stop(struct http_side *http);

/* Client number % CLIENTS_MOST asks over its own connection. */
void http_side_take(struct side *side, unsigned number);

#endif
