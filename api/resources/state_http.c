/* state_http - GET generation, GET|PUT state, GET|PUT clock: how it stands */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/process/manual_clock.h"
#include "api/resources/calls.h"
#include "base/text.h"
#include "engine/decide/policyset.h"

int64_t
manual_clock_now(void *context)
{
	struct manual_clock *clock = context;

	return atomic_load_explicit(&clock->now_ms, memory_order_relaxed);
}

/* Writes the findings about the policies in force: the first of them, each with its place. */
static void
write_findings(struct text *out, const struct policyset *set)
{
	const char *comma = "";

	text_addf(out, ",\"finding_count\":%zu,\"findings\":[", set->finding_count);
	for (const struct diag *diag = set->findings; diag; diag = diag->next, comma = ",") {
		text_add(out, str_from(comma));
		text_add_finding(out, diag);
	}
	text_add(out, STR("]"));
}

void
generation_get(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	struct policyset *set = engine_set_hold(service->engine);
	char since[TIME_TEXT_SIZE];
	struct text out;

	time_format_instant(set->since_ms, since);
	text_init(&out, exchange->arena);
	text_addf(&out, "{\"generation\":%" PRIu64 ",\"since\":\"%s\",\"policies\":%zu,\"guards\":%zu", set->generation,
	          since, set->policies, set->guards.count);
	write_findings(&out, set);
	policyset_drop(set);
	text_add(&out, STR(",\"last_error\":"));
	pthread_mutex_lock(&service->reload_lock);
	text_add_json(&out, str_from(service->last_error ? service->last_error : service->deploy_error));
	text_add(&out, STR(",\"settings\":"));
	text_add(&out,
	         str_from(service->settings_report ? service->settings_report : "{\"changed\":[],\"restart\":[]}"));
	pthread_mutex_unlock(&service->reload_lock);
	text_add(&out, STR("}"));
	answer_json(exchange, text_done(&out));
}

void
state_get(struct exchange *exchange)
{
	bool active = atomic_load_explicit(&exchange->worker->service->active, memory_order_relaxed);

	answer_json(exchange, active ? STR("{\"state\":\"ACTIVE\"}") : STR("{\"state\":\"PASSIVE\"}"));
	exchange->reply.constant = true;
}

void
state_put(struct exchange *exchange)
{
	const struct node *state;
	struct error err = {0};
	struct node *root;
	bool active;

	if (read_body(exchange, &root, &err) != 0) {
		answer_error(exchange, &err);
		return;
	}
	state = node_get(root, "state");
	active = state && str_is(state->text, "ACTIVE");
	if (!active && !(state && str_is(state->text, "PASSIVE"))) {
		(void)error_set(&err, ERROR_TYPE, state ? state : root, "state is ACTIVE or PASSIVE");
		answer_error(exchange, &err);
		return;
	}
	atomic_store_explicit(&exchange->worker->service->active, active, memory_order_relaxed);
	state_get(exchange);
}

void
clock_get(struct exchange *exchange)
{
	char now[TIME_TEXT_SIZE];
	struct text out;

	time_format_instant(engine_now(exchange->worker->service->engine), now);
	text_init(&out, exchange->arena);
	text_addf(&out, "{\"now\":\"%s\"}", now);
	answer_json(exchange, text_done(&out));
}

/* {"now": RFC 3339} or {"advance_ms": n}; the instant asked for, or an error. */
static int
read_instant(const struct node *root, int64_t now_ms, int64_t *ret, struct error *err)
{
	const struct node *now = node_get(root, "now"), *advance = node_get(root, "advance_ms");

	if (!now == !advance)
		return error_set(err, ERROR_MISSING, root, "one of now and advance_ms is needed");
	if (now && (now->kind != NODE_TEXT || time_parse_instant(now->text, ret) != 0))
		return error_set(err, ERROR_TYPE, now, "now is no RFC 3339 time");
	if (advance && (advance->kind != NODE_INT || advance->integer < 0 || advance->integer > INT64_MAX - now_ms))
		return error_set(err, ERROR_TYPE, advance, "advance_ms is not a number of milliseconds from 0 up");
	if (advance)
		*ret = now_ms + advance->integer;
	return 0;
}

/* The runtime moves the clock, because its timers run on the way; the answer comes when all that they cause is done. */
void
clock_put(struct exchange *exchange)
{
	struct manual_clock *clock = exchange->worker->service->clock;
	struct error err = {0};
	struct runtime_call *call;
	struct node *root;
	int64_t target_ms = 0;

	if (!clock)
		(void)error_set(&err, ERROR_CONFLICT, NULL,
		                "the clock is the system's; start with --clock manual to set it");
	else if (read_body(exchange, &root, &err) == 0)
		(void)read_instant(root, manual_clock_now(clock), &target_ms, &err); /* err tells */
	if (err.code) {
		answer_error(exchange, &err);
		return;
	}
	call = call_new(exchange);
	if (!call)
		return;
	call->target_ms = target_ms;
	call_submit(exchange, call, 0);
}
