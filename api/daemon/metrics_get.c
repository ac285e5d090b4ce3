/* metrics_get - GET /metrics: the series of all parts, as Prometheus text */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/http/resources.h"
#include "base/text.h"

void
metrics_get(struct exchange *exchange)
{
	struct text out;

	text_init(&out, exchange->arena);
	statistics_metrics(exchange, &out);
	topics_metrics(exchange, &out);
	transactions_metrics(exchange, &out);
	runtime_metrics(exchange, &out);
	answer_json(exchange, text_done(&out));
	exchange->reply.media = MEDIA_METRICS;
}
