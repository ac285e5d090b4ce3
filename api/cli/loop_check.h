/* loop_check - control loop types as clguard check takes them: by the rules of commissioning */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_LOOP_CHECK_H
#define API_CLI_LOOP_CHECK_H

#include "engine/decide/policyset.h"
#include "runtime/looptype/looptype.h"

/*
 * Takes documents that have a control loop out of the list, and finds in each what commissioning would refuse or warn of.
 * Others stay, in their order. Documents that cannot be read stay too: whoever compiles them tells.
 */
void loop_check_documents(const struct compile_options *options, enum compat compat, struct document *documents,
                          size_t *count, struct arena *arena, struct diags *diags);

#endif
