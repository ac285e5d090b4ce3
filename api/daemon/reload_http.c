/* reload_http - POST reload: everything is read again, and who asked hears what came of it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/reload.h"
#include "api/http/resources.h"
#include "api/http/service.h"

#define RELOAD_WAIT_MS 60000

/* The worker, when it is done. */
static void
reload_answer(struct exchange *exchange)
{
	struct error late = {0};

	if (exchange->timed_out)
		(void)error_set(&late, ERROR_BUSY, NULL,
		                "the reload did not end within %d s: it goes on, GET generation will tell",
		                RELOAD_WAIT_MS / 1000);
	if (late.code)
		answer_error(exchange, &late);
	else if (exchange->outcome->code)
		answer_problem(exchange, exchange->outcome->code == ERROR_BUSY ? 503 : 409, exchange->outcome);
	else
		generation_get(exchange);
	service_finished(exchange);
}

static void
reload_done(void *context, const struct error *err)
{
	exchange_resume(context, err);
}

void
reload_post(struct exchange *exchange)
{
	struct error err = {0};

	exchange_suspend(exchange, RELOAD_WAIT_MS, reload_answer);
	if (watch_reload_ask(exchange->worker->service->watch, reload_done, exchange, &err) != 0)
		exchange_resume(exchange, &err);
}
