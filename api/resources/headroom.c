/* headroom - GET headroom: what remains under each limiter, and when the next slot opens */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/http/service.h"
#include "base/text.h"

/* How much was used is not known. */
static bool
headroom_is_unknown(const struct guard_result *result)
{
	return result->verdict.reason == REASON_QUARANTINE || result->verdict.reason == REASON_VERIFYING;
}

/* A coordination of which that is not known has no limit. */
static bool
is_limiter(const struct guard_result *result)
{
	return result->explanation.has_count || (headroom_is_unknown(result) && result->explanation.limit > 0);
}

static void
write_limiter(struct text *out, const struct guard_result *result)
{
	const struct explanation *explanation = &result->explanation;
	const struct guard *guard = result->guard;
	uint32_t used = explanation->used, limit = explanation->limit;
	/* onap: a limiter that is out of its range denies. */
	uint32_t remaining = used < limit && result->verdict.effect != EFFECT_DENY ? limit - used : 0;
	char next[TIME_TEXT_SIZE];

	text_add(out, STR("{\"policy\":"));
	text_add_json(out, guard->policy);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, guard->version);
	if (headroom_is_unknown(result))
		text_addf(out, ",\"used\":null,\"limit\":%u,\"remaining\":0,\"reason\":\"%s\",\"next\":", limit,
		          reason_name[result->verdict.reason]);
	else
		text_addf(out, ",\"used\":%u,\"limit\":%u,\"remaining\":%u,\"next\":", used, limit, remaining);
	if (remaining == 0 && explanation->permit_at != TIME_NONE) {
		time_format_instant(explanation->permit_at, next);
		text_add_json(out, str_from(next));
	} else {
		text_add(out, STR("null")); /* open now, or never by time alone */
	}
	text_add(out, STR("}"));
}

void
headroom_get(struct exchange *exchange)
{
	static const struct {
		enum attribute attribute;
		const char *name;
	} given[] = {
		{ATTRIBUTE_ACTOR, "actor"},
		{ATTRIBUTE_OPERATION, "operation"},
		{ATTRIBUTE_TARGET, "target"},
		{ATTRIBUTE_CLNAME, "clname"},
	};
	struct request request = {0};
	struct decision decision;
	struct explained why = {0};
	bool first = true;
	struct text out;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		struct str value = exchange_query(exchange, given[i].name);
		struct error err = {0};

		if (value.len > ATTRIBUTE_SIZE_MAX) {
			(void)error_set(&err, ERROR_LIMIT, NULL, "%s is longer than %d bytes", given[i].name,
			                ATTRIBUTE_SIZE_MAX);
			answer_error(exchange, &err);
			return;
		}
		request.attribute[given[i].attribute] = value;
	}
	text_init(&out, exchange->arena);
	text_add(&out, STR("{\"limiters\":["));
	if (session_explain(exchange->worker->session, &request, exchange->arena, &decision, &why) != 0)
		out.failed = true;
	for (size_t i = 0; i < why.count; i++) {
		const struct guard_result *result = &why.results[i];

		/* Strict: one that is not in force limits nothing now. */
		if (result->verdict.effect == EFFECT_NOT_APPLICABLE || !is_limiter(result))
			continue;
		if (!first)
			text_add(&out, STR(","));
		first = false;
		write_limiter(&out, result);
	}
	text_add(&out, STR("]}"));
	answer_json(exchange, text_done(&out));
}
