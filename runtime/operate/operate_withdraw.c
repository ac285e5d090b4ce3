/* operate_withdraw - what becomes of executions whose policy goes out of force with its control loop */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/message.h"
#include "runtime/operate/operate.h"
#include "runtime/rows/txn.h"

struct ending {
	struct turn *turn;
	const struct withdrawal *withdrawal;
	size_t count;
};

static bool
end_execution(void *context, struct transaction *transaction)
{
	struct ending *ending = context;
	struct turn *turn = ending->turn;
	struct actions actions = {.count = 0};
	uint32_t asked = transaction->run.generation;

	if (!str_equal(transaction->run.policy->id, ending->withdrawal->clname))
		return true;
	ending->count++;
	if (!turn->runtime->options.abort_withdrawn)
		return true;
	run_withdrawn(&transaction->run, turn->now_ms, &actions);
	operation_drive(turn, transaction, &actions, asked);
	return turn->failed == 0;
}

void
operations_withdraw(struct turn *turn)
{
	const struct withdrawal *withdrawal = turn->withdrawals;

	turn->withdrawals = NULL;
	for (; withdrawal && turn->failed == 0; withdrawal = withdrawal->next) {
		struct ending ending = {turn, withdrawal, 0};

		transactions_each(turn, end_execution, &ending);
		notify_withdrawal(turn, withdrawal, ending.count);
	}
}
