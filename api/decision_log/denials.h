/* denials - the last denials of each thread that answers, for people who look */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_DENIALS_H
#define API_DECISION_LOG_DENIALS_H

#include "api/decision_log/log_entry.h"
#include "base/text.h"

#define DENIALS_KEPT 64 /* of a lane */

/*
 * A lane is written by one thread and read by any, without a lock: an entry's number is odd while it is written, and a
 * reader that finds another number behind the entry than before it takes it for gone. Texts are cut to 95 bytes.
 */
struct denials;

struct denials *denials_new(unsigned lanes); /* NULL when out of memory */
void denials_free(struct denials *denials);  /* takes NULL */

/* The lane's thread. The entry's decision denies. */
void denials_add(struct denials *denials, unsigned lane, const struct log_entry *entry, int64_t now_ms);

/* How many there were, over all lanes; a number that grows with each. Any thread. */
uint64_t denials_count(const struct denials *denials);

/*
 * Those that are kept and have come after `seen`, an array of one number a lane (NULL: all), newest first, as JSON objects
 * with commas between; at most `most`. Updates `seen`. Returns how many were written. Any thread.
 * shapes  {"time","door","actor"?,"operation"?,"target"?,"clname"?,"reason","policy"?,"version"?,"file"?,"line"?}
 */
size_t denials_write(const struct denials *denials, uint64_t *seen, size_t most, struct arena *scratch,
                     struct text *out);

unsigned denials_lanes(const struct denials *denials);

#endif
