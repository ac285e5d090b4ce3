/* store_clean - a clean stop remembered: as what file, at which commit, the database was left */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_CLEAN_H
#define BASE_STORE_CLEAN_H

#include <stdbool.h>

#include "base/error.h"

/*
 * DIRECTORY/clguard.clean is written by the last process that closes the database, when all is on the disk, and taken away by
 * the next one that opens it to write. Device, inode, size, time of the last change, and commit number of data.mdb stand in
 * it: while they agree, nobody has written to the file since, and it needs not be verified again. What it cannot tell is
 * damage on the medium itself: `clguard db verify` looks for that.
 */
void store_clean_write(const char *directory); /* a failure costs the next start a verification */
void store_clean_forget(const char *directory);
bool store_clean_agrees(const char *directory);

#endif
