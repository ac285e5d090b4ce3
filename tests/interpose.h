/* interpose - between the database and the kernel: calls that fail when told to, writes that are remembered */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_INTERPOSE_H
#define TESTS_INTERPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Linked into a program, its write, writev, pwrite, fsync, fdatasync, mmap and open stand before the C library's, for
 * LMDB too. Only calls on files of the watched directory are looked at. One watched directory at a time.
 */
void interpose_watch(const char *directory); /* NULL: none; forgets what was remembered */

/* The n-th call from now on (from 0) fails with this error; sticky: all from then on. Returns at once. */
void interpose_fail(unsigned long n, int error, bool sticky);
void interpose_heal(void);

/* Calls seen since interpose_watch, and whether one was made to fail. */
unsigned long interpose_calls(void);
bool interpose_failed(void);

/* One thing that happened to data.mdb. */
struct event {
	bool sync;   /* all writes before it are on the disk */
	bool synced; /* a write that is on the disk when it returns */
	int64_t at;
	size_t len;
	char *bytes;
};

/* Remembers from now on; how much there is. Events stay until interpose_watch. */
void interpose_record(void);
size_t interpose_events(const struct event **ret);

#endif
