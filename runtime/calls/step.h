/* step - supervision inside a turn: what an instance's step wants done is done */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_STEP_H
#define RUNTIME_CALLS_STEP_H

#include "runtime/rows/rows.h"

/* A supervision for this turn, with guards asked as the type says. */
void step_begin(struct turn *turn, struct supervision *ret);

/*
 * Sends, notifies and changes rights as the tasks say, restores a configuration or orders back where they ask for
 * it, and
 * saves the instance.
 */
void step_end(struct turn *turn, struct supervision *supervision, struct loop *loop);

/* Actions alone, without the row: for what will be saved later. */
void step_perform(struct turn *turn, struct supervision *supervision, struct loop *loop);

#endif
