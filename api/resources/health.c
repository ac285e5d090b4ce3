/* health - GET healthcheck, /live, /ready: is it well? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "api/http/service.h"
#include "base/text.h"

static bool
is_stopping(const struct exchange *exchange)
{
	return atomic_load_explicit(&exchange->worker->service->stopping, memory_order_relaxed);
}

/* Always HTTP 200; the body tells. It answers in PASSIVE state too. */
void
healthcheck_get(struct exchange *exchange)
{
	bool healthy = !is_stopping(exchange);
	struct text out;

	text_init(&out, exchange->arena);
	text_addf(&out, "{\"name\":\"%s\",\"url\":\"self\",\"healthy\":%s,\"code\":%d,\"message\":\"%s\"}",
	          exchange->worker->service->name, healthy ? "true" : "false", healthy ? 200 : 500,
	          healthy ? "alive" : "not alive");
	answer_json(exchange, text_done(&out));
}

/*
 * The process runs and a worker answers: nothing else, or an orchestrator would kill it for what a restart cannot mend.
 */
void
live_get(struct exchange *exchange)
{
	answer_json(exchange, STR("{\"live\":true}"));
	exchange->reply.constant = true;
}

/* Whether a decision asked now would get an answer. */
void
ready_get(struct exchange *exchange)
{
	if (is_stopping(exchange))
		answer_json(exchange, STR("{\"ready\":false,\"why\":\"stopping\"}"));
	else if (!atomic_load_explicit(&exchange->worker->service->active, memory_order_relaxed))
		answer_json(exchange, STR("{\"ready\":false,\"why\":\"passive\"}"));
	else
		answer_json(exchange, STR("{\"ready\":true}"));
	if (exchange->reply.body.len > sizeof("{\"ready\":true}") - 1)
		exchange->reply.status = 503;
	exchange->reply.constant = true;
}
