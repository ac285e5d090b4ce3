/* runtime_priv - the runtime's thread from inside, for runtime/thread/ alone */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_THREAD_RUNTIME_PRIV_H
#define RUNTIME_THREAD_RUNTIME_PRIV_H

#include "runtime/rows/runtime_state.h"
#include "runtime/rows/txn.h"
#include "runtime/thread/runtime.h"

/* --- runtime_group.c; the runtime's thread --- */

/*
 * Runs the calls of a list in one transaction, or each in its own when that fails. Their answers are set, nothing is
 * done yet.
 */
void runtime_transact(struct runtime *runtime, struct runtime_call *calls);

/*
 * A scan at one multiple of the heart beat, or only what operational policies have to do by now. True when more scans
 * may change something.
 */
bool runtime_tick(struct runtime *runtime, bool clock);

/* When operational policies have something to do; INT64_MAX for never. */
int64_t runtime_due(struct runtime *runtime);

/* Policies that another process brought or withdrew: its calls ask, but decisions over HTTP do not wait for one. */
void runtime_look_around(struct runtime *runtime);

/* --- runtime_wait.c; the runtime's thread --- */

/* Runs a list of calls; each is done, or waits for its topic. */
void runtime_serve(struct runtime *runtime, struct runtime_call *calls);

/* Calls that wait for one of the topics are tried again: messages of these were committed. */
void runtime_wake(struct runtime *runtime, const struct topic_name *topics);

/* Topics that grew, perhaps by another process; and calls whose time is over. */
void runtime_poll(struct runtime *runtime);

#endif
