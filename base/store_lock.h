/* store_lock - who has a database open, told by byte locks on a file beside it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_LOCK_H
#define BASE_STORE_LOCK_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Every opener holds byte 0 of DIRECTORY/clguard.lock shared, and the byte of its own process alone: that byte
 * refuses a second open in one process and tells others who is there. Whoever must be alone (verification,
 * quarantine) holds byte 0 exclusively instead. The locks belong to the open file, so that closing another descriptor
 * does not drop them, and go with the process. A file that is not empty says that a database was made in this
 * directory.
 */
struct store_lock {
	int fd; /* -1: holds nothing */
};

#define STORE_LOCK_NONE ((struct store_lock){-1})

/* errors  ERROR_BUSY: another has it (its process number is in the text); ERROR_IO */
int store_lock_take(struct store_lock *lock, const char *directory, bool exclusive, struct error *err);

/* Whether nobody else has the lock, which is exclusive from then on. */
bool store_lock_alone(struct store_lock *lock);

/*
 * From exclusive, or shared, to shared with the note that the file is verified, without a moment between; and this process may
 * open the database beside it.
 */
void store_lock_hand_over(struct store_lock *lock);

/* This process has verified the file; and whether some other process that has it open has. */
void store_lock_note_verified(struct store_lock *lock);
bool store_lock_is_verified(const struct store_lock *lock);

void store_lock_drop(struct store_lock *lock); /* of nothing: does nothing */

/* Whether a database was made here; and the note that says so, on the disk when it returns. */
bool store_lock_is_marked(const char *directory);
int store_lock_mark(struct store_lock *lock, struct error *err);

#endif
