/* gateway_use - how often the services of elements are used at the API gateway, as nginx, Envoy or Kong tell it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_GATEWAY_GATEWAY_USE_H
#define PARTICIPANTS_GATEWAY_GATEWAY_USE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define USE_ROWS_MAX 20000

/* One service of one element. */
struct use_row {
	char element[64], service[128];
	int64_t requests, denied, bytes;
};

/* Of one thread. */
struct gateway_use {
	struct use_row *rows;
	size_t count, room;
	int64_t offset; /* up to where nginx's log was read */
	uint64_t inode;
};

void gateway_use_free(struct gateway_use *use);

/* Reads what nginx has logged since the last look, in its format "combined". False when the file cannot be read. */
bool gateway_use_read_log(struct gateway_use *use, const char *path);

/* Takes over figures: lines of Envoy's /stats, and of Kong's /metrics (its plugin prometheus). */
void gateway_use_read_envoy(struct gateway_use *use, struct str text);
void gateway_use_read_kong(struct gateway_use *use, struct str text);

/* `"gatewayStatistics":[{"service","requests","denied","bytes"}]` of one element, in the arena; absent: nothing was seen. */
struct str gateway_use_write(const struct gateway_use *use, const char *element, struct arena *arena);

#endif
