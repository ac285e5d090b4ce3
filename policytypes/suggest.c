/* suggest - the declared name that somebody who mistyped probably meant */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/suggest.h"

/* Longer names get no suggestion, so that the work stays small whatever comes in. */
#define NAME_MAX_LEN 96
#define DISTANCE_MAX 2

void
suggestion_init(struct suggestion *suggestion, struct str wrong)
{
	*suggestion = (struct suggestion){.wrong = wrong, .distance = DISTANCE_MAX + 1};
}

static unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Insertions, deletions, replacements that turn a into b, letter case aside. Both at most NAME_MAX_LEN long. */
static unsigned
edit_distance(struct str a, struct str b)
{
	unsigned row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned least = diagonal + (folded(a.ptr[i - 1]) != folded(b.ptr[j - 1]));

			diagonal = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[b.len];
}

void
suggestion_offer(struct suggestion *suggestion, struct str candidate)
{
	struct str wrong = suggestion->wrong;
	size_t shorter = wrong.len < candidate.len ? wrong.len : candidate.len;
	size_t longer = wrong.len < candidate.len ? candidate.len : wrong.len;
	unsigned distance;

	if (longer > NAME_MAX_LEN || longer - shorter > DISTANCE_MAX)
		return;
	distance = edit_distance(wrong, candidate);
	/* Half of a short name changed is another name: "id" is not "min". */
	if (distance < suggestion->distance && 2 * distance < shorter) {
		suggestion->distance = distance;
		suggestion->best = candidate;
	}
}
