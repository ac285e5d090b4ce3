/* otlp - spans as the body of OTLP over HTTP, in JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_TRACING_OTLP_H
#define API_TRACING_OTLP_H

#include "api/tracing/tracer.h"
#include "base/arena.h"

/*
 * An ExportTraceServiceRequest in `arena`; absent when out of memory. Ids are hexadecimal, 64-bit numbers are text, as OTLP's JSON has
 * them.
 * source  https://opentelemetry.io/docs/specs/otlp/, JSON Protobuf Encoding
 */
struct str otlp_write(const struct span *spans, size_t count, const char *instance, struct arena *arena);

#endif
