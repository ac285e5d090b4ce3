/* runtime - the control loop runtime: one thread that owns timers and writes, and the calls that it serves */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_RUNTIME_H
#define RUNTIME_THREAD_RUNTIME_H

#include "runtime/rows/call.h"
#include "runtime/rows/runtime_state.h"

/* The engine outlives the runtime. A manual clock is set to where it stood last. errors  ERROR_MEMORY, ERROR_IO, those of reading the database */
int runtime_open(struct engine *engine, const struct runtime_options *options, struct runtime **ret, struct error *err);

/* Answers what waits and ends the thread; later calls are refused. Before runtime_close; takes NULL, as that does. */
void runtime_stop(struct runtime *runtime);
void runtime_close(struct runtime *runtime);

const struct runtime_options *runtime_options_of(const struct runtime *runtime);

/* Messages that this process has sent since its start. */
struct runtime_counts {
	uint64_t orders, repeats;            /* to participants; of those, again */
	uint64_t requests, request_failures; /* to actors over HTTP */
};

/* How often the runtime's thread has gone round: many times a second, also when nobody asks, unless it hangs. Any thread. */
uint64_t runtime_rounds(const struct runtime *runtime);

struct runtime_counts runtime_counts(const struct runtime *runtime); /* any thread */

/* What the timers last wanted to do could not be written: control loops are not supervised. Any thread. */
bool runtime_stands_still(const struct runtime *runtime);

/*
 * Any thread. The call is the runtime's until done. errors  ERROR_BUSY: too many wait, or it stops; then it was not
 * taken
 */
int runtime_call(struct runtime *runtime, struct runtime_call *call, struct error *err);

#endif
