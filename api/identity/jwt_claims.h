/* jwt_claims - what a JSON Web Token says of itself, and whether that is to be believed once its signature is good */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_IDENTITY_JWT_CLAIMS_H
#define API_IDENTITY_JWT_CLAIMS_H

#include "api/process/settings.h"
#include "base/node.h"

#define JWT_TOKEN_MOST 8192 /* bytes of a token */
#define JWT_SUBJECT_MAX 312 /* with "jwt:" before it, it is a name */

struct jwt_claims {
	char subject[JWT_SUBJECT_MAX];
	int64_t expires_s; /* Unix time, leeway included */
	struct str *roles; /* of the claim jwt_roles_claim, as they stand there */
	size_t role_count;
};

/*
 * A part of the token as JSON, in `arena`; `part` names it in the message.
 * errors  ERROR_UNKNOWN  not base64url, or not a JSON map; ERROR_MEMORY
 */
int jwt_part_read(struct str text, const char *part, struct arena *arena, struct node **ret, struct error *err);

/*
 * Whether a token with this header may be verified at all: its algorithm is one of settings->jwt_algorithms, it wants
 * no extension and is of a kind that names who asks.
 * errors  ERROR_UNKNOWN, with the reason
 * source  RFC 8725
 */
int jwt_header_check(const struct settings *settings, const struct node *header, struct error *err);

/* Issuer, audience, times and subject. ret: its roles are left as they are. errors  ERROR_UNKNOWN, with the reason */
int jwt_claims_check(const struct settings *settings, const struct node *claims, int64_t now_s, struct jwt_claims *ret,
                     struct error *err);

/* The roles at `path`: a.b.c is c in b in a. Without such a claim there are none. errors  ERROR_MEMORY */
int jwt_roles_read(const struct node *claims, const char *path, struct arena *arena, struct jwt_claims *ret,
                   struct error *err);

#endif
