/* guard2_builder_priv - what a builder of a 2.0.0 specification holds */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LIBRARY_GUARD2_BUILDER_PRIV_H
#define ENGINE_LIBRARY_GUARD2_BUILDER_PRIV_H

#include "base/arena.h"
#include "engine/library/clguard.h"

/* Texts and lists are on the heap, each with its holder, because policies and constraints come and go. */
struct built_constraint {
	struct built_constraint *next;
	bool has_num, has_blacklist;
	int num;
	char *duration, *from, *until;
	char **blacklist; /* entries may be NULL */
	size_t blacklist_count;
};

struct built_policy {
	struct built_policy *next;
	char *id, *name, *description, *actor, *recipe;
	struct built_constraint *first;
};

struct clg_builder {
	char *version;
	bool has_policies; /* one was added, though it may be gone */
	struct built_policy *first;
	struct arena arena; /* the last results */
	struct clg_results results;
};

#endif
