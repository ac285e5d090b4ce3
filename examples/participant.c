/* participant - a participant of control loops, simulated: it does nothing, and says that it did what was ordered */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <time.h>

#include "api/process/arguments.h"
#include "examples/participant_common.h"

struct simulation {
	const char *fail, *delay;
};

static bool
act(void *context, const struct order *order, struct arena *arena, const char **ret_message)
{
	const struct simulation *simulation = context;
	long delay_ms = simulation->delay ? atol(simulation->delay) : 0;
	const struct timespec pause = {delay_ms / 1000, delay_ms % 1000 * 1000000};

	(void)arena;                   /* it needs no memory */
	(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	if (!simulation->fail || !str_is(order->state, simulation->fail))
		return true;
	*ret_message = "told to fail";
	return false;
}

int
main(int argc, char **argv)
{
	struct simulation simulation = {0};
	const struct argument options[] = {
		{"--delay-ms", .value = &simulation.delay},
		{"--fail", .value = &simulation.fail},
		{0},
	};
	const struct work work = {
		.program = "participant",
		.help = "[--delay-ms MS] [--fail STATE]\n\n"
			"Simulates a participant of control loops of any type. --fail refuses every order into STATE.",
		.options = options,
		.act = act,
		.context = &simulation,
	};

	return participant_main(&work, argc, argv);
}
