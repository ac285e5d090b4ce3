/* gauges - what /metrics tells of the runtime: counted aside, because it takes as long as there are rows */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CONSOLE_GAUGES_H
#define API_CONSOLE_GAUGES_H

#include <pthread.h>

#include "runtime/rows/census.h"

struct service;

/* Counted by the thread of events, told by HTTP workers. */
struct gauges {
	pthread_mutex_t lock; /* guards what follows, for the time of a copy */
	struct census census;
	bool taken; /* one was */
	/* The counting thread's. */
	struct census fresh;
	int64_t next_ms; /* monotonic */
	uint64_t state;  /* of the database that was counted */
};

void gauges_init(struct gauges *gauges);
void gauges_done(struct gauges *gauges);

/* Counts anew, if the database has changed and the last count is old enough: a second, or fifty times as long as it took. */
void gauges_tick(struct gauges *gauges, struct service *service, struct history_reader *reader, int64_t now_ms);

/* The series, as Prometheus text; nothing before the first count. Any thread. */
void gauges_write(struct gauges *gauges, const struct service *service, struct text *out);

#endif
