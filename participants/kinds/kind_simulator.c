/* kind_simulator - does nothing, and says that it did what was ordered: to try loops without the systems behind them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "participants/kinds/participant_kinds.h"

static enum act_result
simulator_act(struct element_order *order)
{
	int64_t left_ms = order->settings->delay_ms;

	if (left_ms > 0)
		order_progress(order, "takes %lld ms", (long long)left_ms);
	while (left_ms > 0 && order_may_wait()) {
		const int64_t piece = left_ms < 100 ? left_ms : 100;
		const struct timespec pause = {0, piece * 1000000};

		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
		left_ms -= piece;
	}
	if (order->settings->fail && str_is(order->state, order->settings->fail))
		return order_say(order, ACT_FAILED, "told to fail");
	return order_say(order, ACT_DONE, "done");
}

const struct participant_kind kind_simulator = {
	.name = "simulator",
	.help = "Elements of any type: does nothing, and says that it did what was ordered.",
	.act = simulator_act,
};
