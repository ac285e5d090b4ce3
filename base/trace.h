/* trace - W3C's trace context: which request of which caller something belongs to */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define TRACE_TEXT_SIZE 56 /* of a traceparent of version 00, and the NUL */
#define TRACE_ID_AT 3      /* where in it the trace's id stands */
#define TRACE_ID_LEN 32

struct trace_context {
	unsigned char id[16], span[8]; /* neither is all zero */
	bool sampled;
};

/*
 * A traceparent header. False when it is none: see the recommendation, sections 3.2 and 4.3; of versions after 00 what 00 has is read.
 * source  https://www.w3.org/TR/trace-context/
 */
bool trace_read(struct str header, struct trace_context *ret);

void trace_write(const struct trace_context *trace, char out[TRACE_TEXT_SIZE]);

/* A trace and a span of its own; a span in a trace that is there. From a generator's state, as uuid_make. */
void trace_make(uint64_t random[4], struct trace_context *ret);
void trace_make_span(uint64_t random[4], unsigned char ret[8]);

/* 2 * len hexadecimal digits in lower case, without NUL; where they end. */
char *trace_put_hex(char *to, const unsigned char *bytes, size_t len);

#endif
