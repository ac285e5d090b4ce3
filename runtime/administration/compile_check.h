/* compile_check - policies compiled without being published: for a call that would bring them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ADMINISTRATION_COMPILE_CHECK_H
#define RUNTIME_ADMINISTRATION_COMPILE_CHECK_H

#include "engine/decide/engine.h"
#include "runtime/rows/call.h"

/* Fills in what the check found, in `arena`. Not inside a transaction. */
void compile_check_run(struct engine *engine, struct compile_check *check, struct arena *arena);

#endif
