/* credential - secrets that a service manager hands over as files, and what must not be printed of an URL */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_SYSTEM_CREDENTIAL_H
#define API_SYSTEM_CREDENTIAL_H

#include "base/error.h"
#include "base/str.h"

/*
 * "credential:NAME" is the file NAME in $CREDENTIALS_DIRECTORY; any other path is itself. ret: in `arena`.
 * errors  ERROR_MISSING  there is no such directory; ERROR_TYPE  NAME is not the name of a file in it; ERROR_MEMORY
 * source  systemd.exec(5), LoadCredential=
 */
int credential_path(struct str text, struct arena *arena, const char **ret, struct error *err);

/* The user and password of an URL in the text: from behind "://" up to '@'. Absent when there are none. */
struct str credential_in(const char *text);

#endif
