/* shrink - which file has fewer guards in a new policy set than in the old one */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_SHRINK_H
#define ENGINE_DECIDE_SHRINK_H

#include "engine/decide/policyset.h"

/*
 * The first such file in load order, borrowed from the old set; NULL when no file has fewer. A file that is gone has none.
 */
const char *policyset_shrunk_file(const struct policyset *old, const struct policyset *new_set);

#endif
