/* clguard_priv - what the files behind clguard.h share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_CLGUARD_PRIV_H
#define ENGINE_CLGUARD_PRIV_H

#include "base/error.h"
#include "engine/clguard.h"

/* Copies an error to the library's form; dst may be NULL. Returns the negative code, as functions of clguard.h do. */
int clg_error_from(struct clg_error *dst, const struct error *src);

#endif
