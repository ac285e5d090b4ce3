/* chain - the form of a line of the decision log: its number, and a code that binds it to all lines before */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DECISION_LOG_CHAIN_H
#define API_DECISION_LOG_CHAIN_H

#include "base/error.h"
#include "base/mac.h"

/*
 * A file of the log begins with a line that has no number:
 *
 *   {"log":1,"time":"...","key":"<8 hex digits>","next":N,"previous":"<mac>",...,"mac":"<mac>"}
 *
 * and goes on with lines
 *
 *   {"n":N,"time":"...",...,"mac":"<mac>"}
 *
 * The code of a line is mac_chain over the code of the line before it ("previous" for the first one) and the line's bytes in
 * front of its member mac. Numbers grow; one that is missing was lost, one that was lost is missing.
 */

#define CHAIN_KEY_ID_SIZE 9
#define CHAIN_MORE 96 /* bytes that number and code add to a line at most */

/* Tells keys apart without giving them away. */
void chain_key_id(const struct hash_key *key, char out[CHAIN_KEY_ID_SIZE]);

/*
 * The key in a file of 32 hex digits. When there is no file and `make` is set, one is made, for its owner alone.
 * errors  ERROR_IO, ERROR_SYNTAX
 */
int chain_key_read(const char *path, bool make, struct hash_key *ret, struct error *err);

/*
 * Completes a line that begins behind its number, with a comma, and ends before its code: into `out`, which has room for
 * CHAIN_MORE bytes more than the line. Returns the bytes written, its end of line included; *mac is the line's then.
 */
size_t chain_line(const struct hash_key *key, struct hash128 *mac, uint64_t number, struct str line, char *out);

/* The same for a first line, which begins with '{' and ends before its code. */
size_t chain_first_line(const struct hash_key *key, struct hash128 *mac, struct str line, char *out);

/* The fields of a line that concern the line itself. */
struct chain_line {
	bool first;      /* of a file */
	uint64_t number; /* first: of the next line */
	struct hash128 mac;
	struct hash128 previous;     /* first only */
	char key[CHAIN_KEY_ID_SIZE]; /* first only */
	struct str covered;          /* what the code is about, with the code before */
};

/* Without its end of line. False when it is not a line of this form. */
bool chain_read(struct str line, struct chain_line *ret);

#endif
