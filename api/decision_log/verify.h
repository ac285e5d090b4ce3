/* verify - whether the lines of a decision log are all there, and as they were written */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_VERIFY_H
#define API_DECISION_LOG_VERIFY_H

#include <stdio.h>

#include "api/decision_log/chain.h"

struct verify_report {
	uint64_t files, lines;
	uint64_t first, last; /* numbers; 0: there is none */
	struct hash128 mac;   /* of the last line */
	uint64_t missing;     /* numbers that no line has */
	uint64_t told;        /* of these, those that the log itself says it has lost */
	uint64_t changed;     /* lines whose code does not follow from the line before */
	uint64_t foreign;     /* lines that are not of a decision log, or under another key */
	bool torn;            /* the last line is not whole */
	bool has_wanted;      /* the wanted line is there, with the wanted code */
};

/* A line that must be there, by number and code. */
struct verify_wanted {
	uint64_t number; /* 0: none */
	bool has_mac;
	struct hash128 mac;
};

/*
 * Reads the files in their order. Each finding is a line on `out`: FILE:LINE: what is wrong. A log may begin with any file: what
 * came before its first one is not looked at. errors  ERROR_IO, ERROR_MEMORY
 */
int verify_files(const char *const *paths, size_t count, const struct hash_key *key, const struct verify_wanted *wanted,
                 FILE *out, struct verify_report *ret, struct error *err);

/* Whether nothing is wrong: what the log itself has told of aside. */
bool verify_is_whole(const struct verify_report *report);

#endif
