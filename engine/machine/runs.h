/* runs - all executions of a set of operational policies, in bounded memory */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_RUNS_H
#define ENGINE_MACHINE_RUNS_H

#include "base/hash.h"
#include "engine/machine/run.h"

struct runs_options {
	size_t runs_max;    /* executions at a time; one more is rejected */
	size_t windows_max; /* AAI maps whose ONSETs are counted at a time; the one unheard longest gives way */
	struct run_options run;
	struct hash_key key; /* random, where events come from outside */
};

/* 1,024 and 1,024 */
extern const struct runs_options runs_options_default;

/* One thread at a time. Everything is allocated by runs_new; the rest allocates nothing. */
struct runs;

/* policies: a list linked by next, which must outlive the loops; each control loop id once. NULL when out of memory. */
struct runs *runs_new(const struct operational *policies, const struct runs_options *options);
void runs_free(struct runs *runs); /* takes NULL */

/*
 * An event has come. now_ms: of the machine's clock; wall_ms: for schedules (the same, but in scripts that say
 * otherwise). True when a run took it: the event must then stay until that run's ACTION_DONE, which may be among ret
 * already.
 */
bool runs_event(struct runs *runs, const struct event *event, int64_t now_ms, int64_t wall_ms, struct actions *ret);

/* An answer for the run in `slot`. False when it is stale, and is dropped. */
bool runs_answer(struct runs *runs, uint32_t slot, const struct answer *answer, int64_t now_ms, struct actions *ret);

/* Lets one run do what is due at now_ms. False when nothing is: call it until then. */
bool runs_tick(struct runs *runs, int64_t now_ms, struct actions *ret);

/* When runs_tick has something to do at the latest; INT64_MAX for never. */
int64_t runs_due(const struct runs *runs);

/* The lock on `target` is gone. False when no run held it. */
bool runs_lock_lost(struct runs *runs, struct str target, int64_t now_ms, struct actions *ret);

/* The run in a slot, for looking: idle ones have no policy in force. slot < runs_max. */
const struct run *runs_run(const struct runs *runs, uint32_t slot);
size_t runs_running(const struct runs *runs);

#endif
