/* tick - a scan by the timer: orders that are not answered are repeated, and given up */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SUPERVISION_TICK_H
#define RUNTIME_SUPERVISION_TICK_H

#include "runtime/supervision/task.h"

/* True when it changed anything. */
bool loop_tick(struct supervision *supervision, struct loop *loop);

#endif
