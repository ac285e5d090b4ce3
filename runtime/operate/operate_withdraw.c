/* operate_withdraw - what becomes of executions whose policy goes out of force with its control loop */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/message.h"
#include "runtime/operate/operate.h"
#include "runtime/rows/txn.h"

struct ending {
	struct txn *txn;
	const struct withdrawal *withdrawal;
	size_t count;
};

static bool
end_execution(void *context, struct execution *execution)
{
	struct ending *ending = context;
	struct txn *txn = ending->txn;
	struct actions actions = {.count = 0};
	uint32_t asked = execution->run.generation;

	if (!str_equal(execution->run.policy->id, ending->withdrawal->clname))
		return true;
	ending->count++;
	if (!txn->runtime->options.abort_withdrawn)
		return true;
	run_withdrawn(&execution->run, txn->now_ms, &actions);
	operation_drive(txn, execution, &actions, asked);
	return txn->failed == 0;
}

void
operations_withdraw(struct txn *txn)
{
	const struct withdrawal *withdrawal = txn->withdrawals;

	txn->withdrawals = NULL;
	for (; withdrawal && txn->failed == 0; withdrawal = withdrawal->next) {
		struct ending ending = {txn, withdrawal, 0};

		transactions_each(txn, end_execution, &ending);
		notify_withdrawal(txn, withdrawal, ending.count);
	}
}
