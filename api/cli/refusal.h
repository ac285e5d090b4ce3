/* refusal - what a service says when it refuses, in full */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLI_REFUSAL_H
#define API_CLI_REFUSAL_H

#include "base/arena.h"

/*
 * Prints on stderr "COMMAND: STATUS words", then every detail, finding and denial that the answer has, one a line; a body that
 * is no JSON as it is. What it parses is in `arena`.
 */
void refusal_print(const char *command, unsigned status, struct str body, struct arena *arena);

#endif
