/* counters - operation counters in memory, built from logged changes: what guards saw at any moment */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_REPLAY_COUNTERS_H
#define ENGINE_REPLAY_COUNTERS_H

#include "engine/history/history.h"
#include "guards/guard.h"

/*
 * The counters of the database without a database: the same keys and the same rule about which rows count, but plain
 * sorted lists of ends in place of rings, index and cache. One thread.
 */
struct replay_counters;

/* NULL on allocation failure. */
struct replay_counters *replay_counters_new(void);
void replay_counters_free(struct replay_counters *counters); /* takes NULL */

/*
 * Applies one change: the record `change->number` enters in the place of `change->replaces`, which need not be known. A change
 * whose number is known already replaces that record. Texts are not kept. 0 or -ERROR_MEMORY.
 */
int replay_counters_apply(struct replay_counters *counters, const struct history_change *change);

/* Takes out the record with this number, if it is known. */
void replay_counters_remove(struct replay_counters *counters, uint64_t number);

/* Takes out every record with a number above `number`: the database went back to an earlier state. */
void replay_counters_cut(struct replay_counters *counters, uint64_t number);

/* Records that are in the counters. */
size_t replay_counters_count(const struct replay_counters *counters);

/* The earliest instant that guards have counted from since this was asked last; INT64_MAX when none has counted. */
int64_t replay_counters_since(struct replay_counters *counters);

/* Answers the questions of guards; context is the counters. */
struct history_view replay_counters_view(struct replay_counters *counters);

#endif
