/* health - GET healthcheck, /live, /ready: is it well? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/health.h"

#include <inttypes.h>

#include "api/http/resources.h"
#include "api/resources/warnings.h"

static bool
is_stopping(const struct service *service)
{
	return atomic_load_explicit(&service->stopping, memory_order_relaxed);
}

/* Always HTTP 200; the body tells. It answers in PASSIVE state too. */
void
healthcheck_get(struct exchange *exchange)
{
	bool healthy = !is_stopping(exchange->worker->service);
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

/* The deployed policies are not in force here: answers would be those of an older set. */
static bool
is_refused(struct service *service)
{
	bool refused;

	pthread_mutex_lock(&service->reload_lock);
	refused = service->deploy_error != NULL;
	pthread_mutex_unlock(&service->reload_lock);
	return refused;
}

/* Why the service is not ready, in a few words; NULL when it is. */
static const char *
unready(struct service *service, const struct engine_info *info)
{
	if (is_stopping(service))
		return "stopping";
	if (!atomic_load_explicit(&service->active, memory_order_relaxed))
		return "passive";
	if (service_is_verifying(service))
		return "verifying";
	if (history_refusal(engine_history(service->engine)))
		return "refusing";
	if (warnings_no_policies(service, info))
		return "no_policies";
	return is_refused(service) ? "deployed policies are not in force" : NULL;
}

/* The wall clock, when it was set. */
static void
write_clock(const struct service *service, struct text *out)
{
	if (atomic_load_explicit(&service->clock_differs, memory_order_relaxed))
		text_addf(out, ",\"clock\":{\"difference_ms\":%" PRId64 "}",
		          history_clock_difference(engine_history(service->engine)));
}

/* Why the database takes no operations; and how far its verification is. */
static void
write_database(const struct service *service, struct text *out)
{
	const char *refusal = history_refusal(engine_history(service->engine));

	if (service_is_verifying(service))
		text_addf(out,
		          ",\"database\":{\"verifying\":{\"waiting\":%s,\"entries\":%" PRIuFAST64 ",\"of\":%" PRIuFAST64
		          "}}",
		          atomic_load_explicit(&service->verify_waits, memory_order_relaxed) ? "true" : "false",
		          atomic_load_explicit(&service->verify_seen, memory_order_relaxed),
		          atomic_load_explicit(&service->verify_total, memory_order_relaxed));
	else if (refusal)
		text_addf(out, ",\"database\":{\"refusing\":\"%s\"}", refusal);
}

/* A list that is being written. */
struct warning_list {
	struct text *out;
	bool begun;
};

static void
write_warning(void *context, const char *id, const char *text)
{
	struct warning_list *list = context;

	text_addf(list->out, "%s{\"id\":\"%s\",\"text\":", list->begun ? "," : "", id);
	text_add_json(list->out, str_from(text));
	text_add(list->out, STR("}"));
	list->begun = true;
}

bool
health_write(struct service *service, struct history_reader *reader, struct text *out)
{
	struct warning_list list = {out, false};
	struct engine_info info;
	const char *why;

	engine_info(service->engine, &info);
	why = unready(service, &info);
	if (why)
		text_addf(out, "{\"ready\":false,\"why\":\"%s\"", why);
	else
		text_add(out, STR("{\"ready\":true"));
	text_addf(out, ",\"policies\":%zu,\"guards\":%zu,\"warnings\":[", info.policies, info.guards);
	warnings_each(service, reader, write_warning, &list);
	text_add(out, STR("]"));
	write_clock(service, out);
	write_database(service, out);
	text_add(out, STR("}"));
	return !why;
}

/* Whether a decision asked now would get an answer; and whatever a person should look at all the same. */
void
ready_get(struct exchange *exchange)
{
	struct worker *worker = exchange->worker;
	struct text out;
	bool ready;

	text_init(&out, exchange->arena);
	ready = health_write(worker->service, session_reader(worker->session), &out);
	answer_json(exchange, text_done(&out));
	if (!ready)
		exchange->reply.status = 503;
}
