/* tracer - spans of requests, sent in batches to a collector as OTLP */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TRACING_TRACER_H
#define API_TRACING_TRACER_H

#include "api/process/settings.h"
#include "base/trace.h"

/* One request as its span. */
struct span {
	struct trace_context trace;
	unsigned char parent[8];  /* zero: it begins its trace */
	int64_t start_ns, end_ns; /* Unix */
	const char *name;         /* method and route; as long as the tracer */
	unsigned status;          /* HTTP's */
	const char *reason;       /* of its last decision; static; NULL: it made none */
	bool permitted;
	char id[37]; /* of the request, as the logs have it; may be cut; empty: it has none */
};

/*
 * Each thread puts its spans into a lane of its own, without a lock and without allocating; the tracer's thread takes them out
 * and sends them. A lane that is full drops; what the collector does not take after three tries is dropped too. Both are
 * counted.
 */
struct tracer;

/* instance: names the process, unique. errors  ERROR_IO: no libcurl; ERROR_MEMORY */
int tracer_open(const struct settings *settings, unsigned lanes, const char *instance, struct tracer **ret,
                struct error *err);

/* Sends what there is, for a second at most. After the last span; takes NULL. */
void tracer_close(struct tracer *tracer);

/* The lane's thread. */
void tracer_add(struct tracer *tracer, unsigned lane, const struct span *span);

/* Whether a request that begins its trace is recorded: one in trace_sample. The lane's thread. */
bool tracer_samples(struct tracer *tracer, unsigned lane);

struct tracer_figures {
	uint64_t sent, dropped, failures; /* spans, and requests that failed */
};

/* Any thread. */
void tracer_figures(const struct tracer *tracer, struct tracer_figures *ret);

#endif
