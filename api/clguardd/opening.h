/* opening - the service before it serves: database, engine, runtime, logs, identities */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_CLGUARDD_OPENING_H
#define API_CLGUARDD_OPENING_H

#include "api/clguardd/program.h"

/* Everything but the policies and the server. When the database takes longer to verify, program->opening is left. */
int opening_service(struct program *program, struct error *err);

/*
 * The next step of a database that is being verified while the service answers. 1: not yet; 0: it is open, and so is the
 * runtime, and program->opening is NULL.
 */
int opening_look(struct program *program, struct error *err);

/* From now on the decision log tells of the state of the engine; before the first answer. */
void opening_follow(struct program *program);

#endif
