/* lanes - numbered lines that wait to be written, in memory that outlives the process */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_LANES_H
#define API_DECISION_LOG_LANES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

/*
 * Each thread puts its lines into a lane of its own; one writer takes them out of all lanes in the order of their numbers. A
 * number is given under the lane's lock, and the writer swaps all lanes under all of their locks: so whatever it finds is older
 * than whatever comes after it.
 *
 * The lanes lie in a file that is mapped. A process that is killed leaves its lines there, and the next one reads them: only a
 * loss of power loses them.
 */
struct lanes;

#define LANE_BYTES ((size_t)1 << 20)
#define LANE_BATCH (LANE_BYTES / 2) /* with 64 KiB the switches cost more than the cache saves */

/*
 * path: of the file, made anew and locked; NULL, or when the disk has no room for it (*ret_why then says so): private memory.
 * next: the number of the first line. errors  ERROR_IO, ERROR_BUSY: another process has the file, ERROR_MEMORY
 */
int lanes_open(const char *path, unsigned count, uint64_t next, struct lanes **ret, struct error *ret_why,
               struct error *err);

/* keep: the file stays, with what is in it. Takes NULL. */
void lanes_close(struct lanes *lanes, bool keep);

/* Whether what is not written when the process ends is there for the next one. */
bool lanes_last(const struct lanes *lanes);

enum lane_answer {
	LANE_TAKEN,
	LANE_BATCHED, /* taken, and there is a batch now: the writer had better come */
	LANE_FULL     /* no room */
};

/* The line gets the next number. One thread a lane. */
enum lane_answer lane_put(struct lanes *lanes, unsigned lane, struct str line);

/* A line is lost: its number stays a gap. Any thread. */
void lanes_lose(struct lanes *lanes);

/* The room of a lane in bytes. Any thread; it may have changed when it is told. */
size_t lane_room(struct lanes *lanes, unsigned lane);

/* The number that the next line gets. Any thread. */
uint64_t lanes_next(const struct lanes *lanes);

/* The writer's: what was put is to be taken. Nothing when what was swapped before was not all released. */
void lanes_swap(struct lanes *lanes);

/* The next line by number; false when there is none. It stays the next until lanes_took. */
bool lanes_first(struct lanes *lanes, uint64_t *ret_number, struct str *ret_line);
void lanes_took(struct lanes *lanes); /* after a lanes_first that told one */

/* All lines of the swap are written: their room is free. */
void lanes_release(struct lanes *lanes);

/*
 * Lines that a process which is gone has left in a file, those above `after`, by number; then *ret_next is the number that it would
 * have given next. A file that is not one of lanes holds none. No file: *ret_next is 0. A non-zero answer of visit stops and is
 * returned. errors  ERROR_IO, ERROR_BUSY: the process is not gone, ERROR_MEMORY
 */
int lanes_recover(const char *path, uint64_t after, int (*visit)(void *context, uint64_t number, struct str line),
                  void *context, uint64_t *ret_next, struct error *err);

#endif
