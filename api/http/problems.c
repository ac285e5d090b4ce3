/* problems - answers that tell what is wrong: in our words, or as the framework that ONAP's policy API stands on */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/problems.h"

#include "api/bodies/reply.h"
#include "api/http/route.h"
#include "api/http/service.h"

bool
problem_is_spring(const struct exchange *exchange)
{
	return str_starts_with(exchange->path, STR("/policy/api/")) ||
	       str_starts_with(exchange->path, STR("/policy/pap/"));
}

struct str
problem_spring(struct exchange *exchange, unsigned status, const struct error *why)
{
	static const struct {
		unsigned status;
		const char *words;
	} names[] = {{400, "Bad Request"},        {404, "Not Found"},
	             {405, "Method Not Allowed"}, {406, "Not Acceptable"},
	             {413, "Payload Too Large"},  {415, "Unsupported Media Type"},
	             {429, "Too Many Requests"},  {431, "Request Header Fields Too Large"},
	             {503, "Service Unavailable"}};
	char now[TIME_TEXT_SIZE];
	const char *words = "Internal Server Error";
	struct text out;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].status == status)
			words = names[i].words;
	time_format_instant(engine_now(exchange->worker->service->engine), now);
	text_init(&out, exchange->arena);
	text_addf(&out, "{\"timestamp\":\"%s\",\"status\":%u,\"error\":\"%s\",\"path\":", now, status, words);
	text_add_json(&out, exchange->path);
	if (why && why->code && !exchange->worker->service->settings->lenient_api) {
		struct str details = reply_status(status, why, GUARD_STRICT, exchange->arena).text;

		text_add(&out, STR(",\"details\":"));
		text_add(&out, details);
	}
	text_add(&out, STR("}"));
	return text_done(&out);
}

void
answer_problem(struct exchange *exchange, unsigned status, const struct error *err)
{
	enum guard_mode mode = exchange->worker->service->mode;

	if (!(exchange->route->flags & ROUTE_ONAP))
		mode = GUARD_STRICT; /* what ONAP does not have need not hide what is wrong */
	exchange->reply.status = status;
	exchange->reply.media = MEDIA_JSON;
	exchange->reply.body = problem_is_spring(exchange) ? problem_spring(exchange, status, err)
	                                                   : reply_status(status, err, mode, exchange->arena).text;
}

void
answer_error(struct exchange *exchange, const struct error *err)
{
	answer_problem(exchange, reply_status_of(err->code), err);
}
