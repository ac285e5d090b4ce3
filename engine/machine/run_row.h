/* run_row - a execution and the policy it goes by, as text that outlives the process */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_RUN_ROW_H
#define ENGINE_MACHINE_RUN_ROW_H

#include "base/text.h"
#include "engine/machine/run.h"

/* "IDLE", "ENTITY", "LOCK", ... by enum run_state */
extern const char *const run_state_name[RUN_DENIED + 1];

/*
 * What a run needs of its policy, as a JSON object; reading gives it in `arena`. The gate is not in it: it has done its
 * work when there is a run. NULL: it is none, of another version, or out of memory.
 */
void plan_write(struct text *out, const struct operational *policy);
const struct operational *plan_read(const struct node *root, struct arena *arena);

/*
 * A run's own state as members of a JSON object, without its braces; reading leaves policy, event and options to the
 * caller. Texts borrow from `root`. False: as above.
 */
void run_write(struct text *out, const struct run *run);
bool run_read(const struct node *root, struct run *ret);

#endif
