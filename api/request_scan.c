/* request_scan - the usual decision request, read in one pass without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request_scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Nothing here reports an error: whatever is not plainly good is left to the readers that keep places. So each step
 * only has to be sure of what it accepts. tests/fuzz/fuzz_request.c compares both roads.
 */
struct scan {
	const char *at, *end;
	enum guard_mode mode;
	bool guards; /* the action is "guard" */
	struct request request;
};

/* The value of one member, whose key is given; *seen collects a bit for each key, to find duplicates. */
typedef bool member_fn(struct scan *scan, struct str key, uint32_t *seen);

static void
skip_space(struct scan *scan)
{
	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

/* The character, after white space; it is taken. Mostly it stands right there. */
static inline bool
take(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != c) {
		skip_space(scan);
		if (scan->at == scan->end || *scan->at != c)
			return false;
	}
	scan->at++;
	return true;
}

/* Printable ASCII, and neither a quote nor a backslash. As signed bytes, those above ASCII are below 0. */
static inline bool
is_plain(char c)
{
	return (signed char)c >= 0x20 && c != '"' && c != '\\';
}

/* Where the run of plain bytes at `at` ends. */
static inline const char *
skip_plain(const char *at, const char *end)
{
#ifdef __SSE2__
	for (; end - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i odd = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
		                           _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
		                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
		unsigned found = (unsigned)_mm_movemask_epi8(odd);

		if (found)
			return at + __builtin_ctz(found);
	}
#endif
	while (at < end && is_plain(*at))
		at++;
	return at;
}

/* A string of plain bytes, whose opening quote comes next. */
static bool
take_text(struct scan *scan, struct str *ret)
{
	const char *start, *end;

	if (!take(scan, '"'))
		return false;
	start = scan->at;
	end = skip_plain(start, scan->end);
	if (end == scan->end || *end != '"')
		return false;
	*ret = (struct str){start, (size_t)(end - start)};
	scan->at = end + 1;
	return true;
}

/* An integer of at most nine digits: always one of 32 bits. */
static bool
take_integer(struct scan *scan, int32_t *ret)
{
	bool negative = take(scan, '-');
	const char *start = scan->at;
	int32_t value = 0;

	for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - start < 10; scan->at++)
		if (scan->at - start < 9)
			value = value * 10 + (*scan->at - '0');
	if (scan->at == start || scan->at - start > 9 || (*start == '0' && scan->at - start > 1))
		return false;
	*ret = negative ? -value : value;
	return true; /* what may not follow a number will not be taken for a comma or a brace */
}

static bool
take_members(struct scan *scan, member_fn *member)
{
	uint32_t seen = 0;

	if (!take(scan, '{'))
		return false;
	do {
		struct str key;

		if (!take_text(scan, &key) || !take(scan, ':') || !member(scan, key, &seen))
			return false;
	} while (take(scan, ','));
	return take(scan, '}'); /* an empty map is not usual */
}

static bool
first_time(uint32_t *seen, unsigned bit)
{
	bool first = !(*seen & UINT32_C(1) << bit);

	*seen |= UINT32_C(1) << bit;
	return first;
}

enum { GUARD_VF_COUNT = ATTRIBUTE_COUNT, GUARD_REQUEST_ID, GUARD_SUBREQUEST_ID };

static bool
guard_member(struct scan *scan, struct str key, uint32_t *seen)
{
	int attribute = attribute_find(key);
	struct str text;

	if (str_is(key, "vfCount")) {
		scan->request.has_vf_count = true;
		return first_time(seen, GUARD_VF_COUNT) && take_integer(scan, &scan->request.vf_count);
	}
	if (!take_text(scan, &text) || text.len > ATTRIBUTE_SIZE_MAX)
		return false;
	if (attribute >= 0) {
		if (attribute == ATTRIBUTE_OPERATION && scan->mode == GUARD_STRICT)
			text = operation_canonical(text);
		scan->request.attribute[attribute] = text;
		return first_time(seen, (unsigned)attribute);
	}
	if (str_is(key, "requestId")) {
		scan->request.request_id = text;
		return first_time(seen, GUARD_REQUEST_ID);
	}
	scan->request.subrequest_id = text;
	return str_is(key, "subrequestId") && first_time(seen, GUARD_SUBREQUEST_ID);
}

static bool
resource_member(struct scan *scan, struct str key, uint32_t *seen)
{
	return str_is(key, "guard") && first_time(seen, 0) && take_members(scan, guard_member);
}

static bool
top_member(struct scan *scan, struct str key, uint32_t *seen)
{
	static const struct str ignored[] = {
		{"ONAPName", 8}, {"requestId", 9}, {"ONAPInstance", 12}, {"ONAPComponent", 13}};
	enum { ACTION = sizeof(ignored) / sizeof(*ignored), RESOURCE };
	struct str text;

	if (str_is(key, "resource"))
		return first_time(seen, RESOURCE) && take_members(scan, resource_member);
	if (!take_text(scan, &text))
		return false;
	if (str_is(key, "action")) {
		scan->guards = str_is(text, "guard");
		return first_time(seen, ACTION);
	}
	for (unsigned i = 0; i < ACTION; i++)
		if (str_equal(key, ignored[i]))
			return first_time(seen, i);
	return false;
}

bool
request_scan(struct str body, enum guard_mode mode, struct request *ret)
{
	struct scan scan = {.at = body.ptr, .mode = mode};

	if (body.len == 0)
		return false; /* there may be no bytes to point to */
	scan.end = body.ptr + body.len;
	if (!take_members(&scan, top_member))
		return false;
	skip_space(&scan);
	if (scan.at != scan.end || !scan.guards)
		return false;
	*ret = scan.request;
	return true;
}
