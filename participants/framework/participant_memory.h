/* participant_memory - the rows of a participant program in a small database, so that it comes back as it was */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_FRAMEWORK_PARTICIPANT_MEMORY_H
#define PARTICIPANTS_FRAMEWORK_PARTICIPANT_MEMORY_H

#include "base/error.h"
#include "base/str.h"

/* key = owner NUL name NUL version, or owner NUL id; value = JSON. Any thread; writes wait for each other. */

enum memory_table { MEMORY_ELEMENTS, MEMORY_DEFINITIONS, MEMORY_TABLES };

struct participant_memory;

/* directory: made when missing. One process at a time: ERROR_BUSY. */
int memory_open(const char *directory, struct participant_memory **ret, struct error *err);
void memory_close(struct participant_memory *memory); /* takes NULL */

/* Both are there after a kill and after power loss when they return 0. second: absent for keys of one part. */
int memory_put(struct participant_memory *memory, enum memory_table table, const char *owner, struct str first,
               struct str second, struct str value);
int memory_delete(struct participant_memory *memory, enum memory_table table, const char *owner, struct str first,
                  struct str second);

/* Calls visit with each value of the owner's rows until it answers a negative code, which is then returned. */
int memory_each(struct participant_memory *memory, enum memory_table table, const char *owner,
                int (*visit)(void *context, struct str value), void *context, struct error *err);

#endif
