/* tick - a scan by the timer: orders that are not answered are repeated, and given up */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SUPERVISION_TICK_H
#define RUNTIME_SUPERVISION_TICK_H

#include "runtime/supervision/task.h"

/* True when it changed anything. */
bool loop_tick(struct supervision *supervision, struct loop *loop);

/* Whether loop_tick would change anything. It changes nothing and emits nothing. */
bool loop_is_due(struct supervision *supervision, const struct loop *loop);

/*
 * No tick before this time changes anything, whatever participants do meanwhile, as long as the instance stays as it is and
 * the clock does not go back. INT64_MIN: that is not known; INT64_MAX: none ever does.
 */
int64_t loop_due_ms(const struct supervision_limits *limits, const struct loop *loop);

#endif
