/* jwt - who a JSON Web Token names: signature, issuer, audience, times and roles, checked against a key set */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_JWT_H
#define API_IDENTITY_JWT_H

#include "api/identity/jwt_claims.h"

/*
 * The key set (settings->jwt_keys) is a file, read again on SIGHUP, or an https URL, fetched by a thread of its own: at
 * start, every jwt_refresh_s, on SIGHUP, and, at most every ten seconds, when a token names a key that is not in it.
 * While it cannot be fetched the last one holds, up to jwt_keys_max_age_s; then, and before the first, each token is
 * refused.
 */
struct jwt;

/*
 * errors  ERROR_MISSING  jwt_issuer or jwt_audience is not set      ERROR_UNKNOWN  an algorithm, or the build lacks rhonabwy
 *         ERROR_TYPE     a URL that is neither https nor of loopback
 *         and, for a file, those of load_file and jwt_keys_read. A URL that does not answer is a warning in the log.
 */
int jwt_open(const struct settings *settings, struct jwt **ret, struct error *err);
void jwt_close(struct jwt *jwt); /* takes NULL */

/* Reads the file again, or has the URL fetched. On any error the old keys stay. Any thread. */
int jwt_reload(struct jwt *jwt, struct error *err);

/* True for a bearer token that looks like a JWT: three parts with dots between them. */
bool jwt_is_token(struct str secret);

/*
 * One thread at a time. now_s: Unix time. Roles are in `arena`.
 * errors  ERROR_UNKNOWN, with the reason for the audit log in the text; ERROR_MEMORY
 */
int jwt_verify(struct jwt *jwt, struct str token, int64_t now_s, struct arena *arena, struct jwt_claims *ret,
               struct error *err);

#endif
