/* configuration - the versions of an instance's parameters: what may change when, and the way back */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CALLS_CONFIGURATION_H
#define RUNTIME_CALLS_CONFIGURATION_H

#include "runtime/rows/rows.h"

/* The first number in which two versions differ. */
enum change_level { LEVEL_NONE, LEVEL_PATCH, LEVEL_MINOR, LEVEL_MAJOR };
extern const char *const change_level_name[4];
enum change_level change_level(struct str a, struct str b);

/* Keeps the instance's configuration under its version, so that it can come back. */
void configuration_keep(struct txn *txn, const struct loop *loop);

/*
 * Whether an instance other than `except` has the name and version, or may get it back because it is just being
 * replaced.
 */
bool configuration_is_taken(struct txn *txn, struct concept id, struct str except);

/*
 * Puts a new configuration in the place of one that is there; `next` has been checked against its type. False:
 * refused, and
 * the call says why. A true may still have been denied by a guard: then call->denials is set.
 */
bool configuration_change(struct txn *txn, struct runtime_call *call, struct loop *now, struct loop *next);

/* The configuration that `loop->replaces` names comes back; participants that may have the new one are told. */
void configuration_restore(struct txn *txn, struct loop *loop);

/* call->run: name, version -> [{"version","current","configuration"}]; and back to the version `other`. */
void configuration_list(struct txn *txn, struct runtime_call *call, struct text *out);
int configuration_roll_back(struct txn *txn, struct runtime_call *call);

#endif
