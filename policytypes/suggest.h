/* suggest - the declared name that somebody who mistyped probably meant */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_SUGGEST_H
#define POLICYTYPES_SUGGEST_H

#include "base/str.h"

/*
 * Offer every candidate; best is then the nearest within an edit distance of 2, absent when there is none. Two letters that
 * changed places are one edit.
 */
struct suggestion {
	struct str wrong, best;
	unsigned distance; /* of best */
};

void suggestion_init(struct suggestion *suggestion, struct str wrong);
void suggestion_offer(struct suggestion *suggestion, struct str candidate);

/* "; did you mean '" best "'?" as three arguments of a "%s%.*s%s" format, all empty when there is none. */
#define SUGGESTION_ARG(s) (s).best.ptr ? "; did you mean '" : "", STR_ARG((s).best), (s).best.ptr ? "'?" : ""

#endif
