/* executions - GET transactions, DELETE transactions/{id}: what operational policies are doing */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "api/http/resources.h"
#include "api/resources/calls.h"
#include "runtime/operate/operate.h"

void
transactions_get(struct exchange *exchange)
{
	answer_read(exchange, operations_list);
}

void
execution_delete(struct exchange *exchange)
{
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call->name = arena_str(&call->arena, path_part(exchange->path, 3));
	call->run = operation_cancel;
	call_submit(exchange, call, 0);
}

void
transactions_metrics(struct exchange *exchange, struct text *out)
{
	static const struct {
		enum total total;
		const char *name;
	} finals[] = {
		{TOTAL_SUCCESS, "success"},
		{TOTAL_FAILURE, "failure"},
		{TOTAL_OPENLOOP, "openloop"},
		{TOTAL_REJECTED, "rejected"},
	};
	struct history_reader *reader = session_reader(exchange->worker->session);
	uint64_t totals[TOTALS] = {0};
	struct txn txn;

	if (history_reader_begin(reader) == 0) {
		runtime_read(exchange->worker->service->runtime, reader, exchange->arena, &txn);
		totals_read(&txn, totals);
	}
	history_reader_end(reader);
	text_addf(out,
	          "# HELP clguard_transactions Transactions of operational policies that are running.\n"
	          "# TYPE clguard_transactions gauge\nclguard_transactions %" PRIu64 "\n"
	          "# HELP clguard_transactions_total Transactions by their end, and events that were rejected.\n"
	          "# TYPE clguard_transactions_total counter\n",
	          totals[TOTAL_RUNNING]);
	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++)
		text_addf(out, "clguard_transactions_total{final=\"%s\"} %" PRIu64 "\n", finals[i].name,
		          totals[finals[i].total]);
}
