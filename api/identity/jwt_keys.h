/* jwt_keys - a JSON Web Key Set, and signatures verified by it: the one user of rhonabwy */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_JWT_KEYS_H
#define API_IDENTITY_JWT_KEYS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/* Const once read, but one thread at a time: the library's keys count their users. */
struct jwt_keys;

/* Loads rhonabwy; at start, before threads verify. errors  ERROR_UNKNOWN the build lacks it, ERROR_IO it is not installed */
int jwt_library_load(struct error *err);

/*
 * A JWKS document. Keys that are not for signatures (use, key_ops) are passed over; at most 64 are taken.
 * errors  ERROR_SYNTAX not JSON or not a key set, ERROR_LIMIT, ERROR_MISSING it has no key, ERROR_TYPE one that is not
 *         understood, or too short to be safe
 */
int jwt_keys_read(struct str json, struct jwt_keys **ret, struct error *err);
void jwt_keys_free(struct jwt_keys *keys); /* takes NULL */
size_t jwt_keys_count(const struct jwt_keys *keys);

/* Whether rhonabwy knows this algorithm. */
bool jwt_algorithm_known(struct str algorithm);

/*
 * Verifies a token in compact form. algorithm and kid: of its header, kid absent where it has none. The key must be one
 * of that algorithm's kind: a public key never becomes a shared secret.
 * errors  ERROR_UNKNOWN  no such key; ERROR_TYPE  the key is of another kind; ERROR_CONFLICT  the signature is wrong
 */
int jwt_keys_verify(struct jwt_keys *keys, struct str token, struct str algorithm, struct str kid, struct error *err);

#endif
