/* operational_set - the operational policies of several documents, with the types and actors these declare */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_OPERATIONAL_SET_H
#define ENGINE_SIMULATION_OPERATIONAL_SET_H

#include "engine/decide/engine.h"
#include "engine/operational/operational.h"

/*
 * Compiles what is operational in the documents; other policies are passed over. Rule OPV-35 is checked over all of
 * them. False when there is an error; ret holds those without one. Everything is in `arena`.
 */
bool operational_set_compile(const struct document *documents, size_t count, struct arena *arena,
                             const struct operational **ret, struct diags *diags);

#endif
