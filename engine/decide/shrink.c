/* shrink - which file has fewer guards in a new policy set than in the old one */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/shrink.h"

#include <string.h>

/* The guards of one file, which stand together in load order. */
struct run {
	const char *file;
	size_t count;
};

/* The run that begins at `guard`; *ret_next: the guard behind it. */
static struct run
run_of(const struct guard *guard, const struct guard **ret_next)
{
	struct run run = {guard->file, 0};

	for (; guard && strcmp(guard->file, run.file) == 0; guard = guard->next)
		run.count++;
	*ret_next = guard;
	return run;
}

/* How many guards the file has. Looks from *at on, and then from the start: files mostly come in the same order. */
static size_t
count_of(const struct policyset *set, const char *file, const struct guard **at)
{
	const struct guard *from = *at ? *at : set->guards.first, *guard = from;
	bool wrapped = false;

	while (guard && (!wrapped || guard != from)) {
		const struct guard *next;
		struct run run = run_of(guard, &next);

		if (strcmp(run.file, file) == 0) {
			*at = next;
			return run.count;
		}
		guard = next;
		if (!guard && !wrapped) {
			wrapped = true;
			guard = set->guards.first;
		}
	}
	return 0;
}

const char *
policyset_shrunk_file(const struct policyset *old, const struct policyset *new_set)
{
	const struct guard *at = NULL, *next;

	for (const struct guard *guard = old->guards.first; guard; guard = next) {
		struct run run = run_of(guard, &next);

		if (count_of(new_set, run.file, &at) < run.count)
			return run.file;
	}
	return NULL;
}
