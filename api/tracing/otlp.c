/* otlp - spans as the body of OTLP over HTTP, in JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tracing/otlp.h"

#include <inttypes.h>

#include "base/text.h"

#define KIND_SERVER 2

static void
add_hex(struct text *out, const char *member, const unsigned char *bytes, size_t len)
{
	char digits[32];

	(void)trace_put_hex(digits, bytes, len); /* at most 16 bytes */
	text_addf(out, "\"%s\":\"%.*s\"", member, (int)len * 2, digits);
}

static void
add_attribute(struct text *out, const char *key, const char *value)
{
	text_addf(out, ",{\"key\":\"%s\",\"value\":{\"stringValue\":", key);
	text_add_json(out, str_from(value));
	text_add(out, STR("}}"));
}

static bool
span_has_parent(const struct span *span)
{
	for (size_t i = 0; i < sizeof(span->parent); i++)
		if (span->parent[i])
			return true;
	return false;
}

static void
otlp_span(struct text *out, const struct span *span)
{
	const char *blank = strchr(span->name, ' ');

	text_add(out, STR("{"));
	add_hex(out, "traceId", span->trace.id, sizeof(span->trace.id));
	text_add(out, STR(","));
	add_hex(out, "spanId", span->trace.span, sizeof(span->trace.span));
	if (span_has_parent(span)) {
		text_add(out, STR(","));
		add_hex(out, "parentSpanId", span->parent, sizeof(span->parent));
	}
	text_add(out, STR(",\"flags\":1,\"name\":"));
	text_add_json(out, str_from(span->name));
	text_addf(out,
	          ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64 "\",\"endTimeUnixNano\":\"%" PRId64
	          "\",\"attributes\":[{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"%u\"}}",
	          KIND_SERVER, span->start_ns, span->end_ns, span->status);
	if (blank)
		add_attribute(out, "http.route", blank + 1);
	if (span->id[0])
		add_attribute(out, "clguard.request.id", span->id);
	if (span->reason) {
		add_attribute(out, "clguard.status", span->permitted ? "Permit" : "Deny");
		add_attribute(out, "clguard.reason", span->reason);
	}
	text_addf(out, "],\"status\":{%s}}", span->status >= 500 ? "\"code\":2" /* error */ : "");
}

struct str
otlp_write(const struct span *spans, size_t count, const char *instance, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":"
	                   "{\"stringValue\":\"clguard\"}}"));
	add_attribute(&out, "service.version", PACKAGE_VERSION);
	add_attribute(&out, "service.instance.id", instance);
	text_add(&out, STR("]},\"scopeSpans\":[{\"scope\":{\"name\":\"clguard\",\"version\":\"" PACKAGE_VERSION
	                   "\"},\"spans\":["));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add(&out, STR(","));
		otlp_span(&out, &spans[i]);
	}
	text_add(&out, STR("]}]}]}"));
	return text_done(&out);
}
