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
suggest_folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static unsigned
least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, replacements that turn a into b, letter case aside; DISTANCE_MAX + 1 stands for more. Only cells
 * so near the diagonal are looked at, and no row after one in which all are farther: documents from outside may hold
 * thousands of names. Both at most NAME_MAX_LEN long.
 */
static unsigned
edit_distance(struct str a, struct str b)
{
	const unsigned far = DISTANCE_MAX + 1;
	unsigned row[NAME_MAX_LEN + 1], nearest = 0;

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j < far ? (unsigned)j : far;
	for (size_t i = 1; i <= a.len && nearest < far; i++) {
		size_t first = i > DISTANCE_MAX ? i - DISTANCE_MAX : 1;
		size_t last = i + DISTANCE_MAX < b.len ? i + DISTANCE_MAX : b.len;
		unsigned diagonal = row[first - 1];

		row[first - 1] = first == 1 && i < far ? (unsigned)i : far;
		nearest = row[first - 1];
		for (size_t j = first; j <= last; j++) {
			unsigned least = diagonal + (suggest_folded(a.ptr[i - 1]) != suggest_folded(b.ptr[j - 1]));

			diagonal = row[j];
			row[j] = least_of(least, least_of(row[j], row[j - 1]) + 1);
			nearest = least_of(nearest, row[j]);
		}
	}
	return nearest < far ? row[b.len] : far;
}

/* Two neighbours changed places, all else equal, letter case aside: one slip of the fingers, not two. */
static bool
is_swapped(struct str a, struct str b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	while (i < a.len && suggest_folded(a.ptr[i]) == suggest_folded(b.ptr[i]))
		i++;
	if (i + 1 >= a.len || suggest_folded(a.ptr[i]) != suggest_folded(b.ptr[i + 1]) ||
	    suggest_folded(a.ptr[i + 1]) != suggest_folded(b.ptr[i]))
		return false;
	for (i += 2; i < a.len && suggest_folded(a.ptr[i]) == suggest_folded(b.ptr[i]);)
		i++;
	return i == a.len;
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
	distance = is_swapped(wrong, candidate) ? 1 : edit_distance(wrong, candidate);
	/* Half of a short name changed is another name: "id" is not "min". */
	if (distance < suggestion->distance && 2 * distance < shorter) {
		suggestion->distance = distance;
		suggestion->best = candidate;
	}
}
