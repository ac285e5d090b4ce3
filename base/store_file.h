/* store_file - a database's file as a file: is it there, is it as long as it says, has it a name? */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STORE_FILE_H
#define BASE_STORE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* "directory/data.mdb". ERROR_IO when the name is too long for `size` bytes. */
int store_file_path(const char *directory, char *ret, size_t size, struct error *err);

/*
 * Refuses what would otherwise end in silently empty counters: a database that has lost its file (ERROR_DAMAGED).
 * existing: none there is ERROR_IO.
 */
int store_file_check(const char *directory, bool existing, struct error *err);

/* Whether a meta page speaks of pages far behind the end of the file. For when a map of that size could not be had. */
bool store_file_claims_too_much(const char *directory);

/* The number of the newest commit, as the meta pages tell it. False when they cannot be read. */
bool store_file_commits(const char *directory, uint64_t *ret);

int store_directory_sync(const char *directory, struct error *err);

/* A directory in /tmp, to be forgotten soon; from: an open file whose bytes become its data.mdb, or -1. */
int store_private_make(char ret[32], int from, struct error *err);

/* Takes the names of the directory and of what is in it away; what has it open keeps it. */
void store_private_forget(const char *directory);

#endif
