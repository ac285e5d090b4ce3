/* section - the named entries of a service template's section, given as a map or as a list of one-key maps */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_SECTION_H
#define POLICYTYPES_SECTION_H

#include "base/node.h"

/* Finds what is neither: an error at each place. A missing or empty section is none. False when it had errors. */
bool section_check(const struct node *section, struct diags *diags);

/* The entries; the key of each is its name. What section_check refuses is passed over. NULL at the end. */
const struct node *section_first(const struct node *section);
const struct node *section_next(const struct node *entry);

/*
 * A key of `map` that is not in `known` (NULL at the end) is a finding at the key, with the known one that is close to it.
 * what: "property definition" and the like. True when there was none.
 */
bool section_check_keys(const struct node *map, const char *const *known, const char *what, enum severity severity,
                        struct diags *diags);

/* True when further findings are only counted: then nothing is worth being worked out for their texts. */
bool diags_full(const struct diags *diags);

/* As diags_error, at the key of the node. */
void diags_error_key(struct diags *diags, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Text of a scalar under `key`; absent when there is none, or when it is no scalar, which is an error finding. */
struct str section_text(const struct node *map, const char *key, struct diags *diags);

#endif
