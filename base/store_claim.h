/* store_claim - which file a directory's name stands for, as long as some process has it open */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_CLAIM_H
#define BASE_STORE_CLAIM_H

#include <sys/stat.h>

#include "base/error.h"

/*
 * The lock file of a database goes away with its directory, and another directory can take the name: a process that opens
 * that one would count from nothing beside the one that still counts in the old. So each process also holds a byte lock on the
 * directory above, which stays: its place says for which name and for which data.mdb. Who finds one for the same name and
 * another file does not open the database. Where the directory above cannot be opened, or its file system has no locks,
 * there is no claim.
 */
struct store_claim {
	int fd; /* of the directory above; -1: none */
	unsigned name;
};

#define STORE_CLAIM_NONE ((struct store_claim){.fd = -1})

/*
 * Finds the directory above, and whether another file is claimed for the name. file: of data.mdb; NULL when there is none.
 * errors  ERROR_BUSY
 */
int store_claim_check(struct store_claim *claim, const char *directory, const struct stat *file, struct error *err);

/* Claims this file, after a check. */
void store_claim_take(struct store_claim *claim, const struct stat *file);

void store_claim_drop(struct store_claim *claim);

#endif
