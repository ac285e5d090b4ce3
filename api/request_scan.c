/* request_scan - the usual decision request, read in one pass without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request_scan.h"

#include "base/words.h"

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
static inline bool
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

static inline bool
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

/* Whether a text is this one, where both are known to be as long. */
#define IS(text, literal) words_equal((text).ptr, literal, sizeof(literal) - 1)

enum { GUARD_VF_COUNT = ATTRIBUTE_COUNT, GUARD_REQUEST_ID, GUARD_SUBREQUEST_ID, GUARD_UNKNOWN };

/* Which member of resource.guard a key is: an attribute, or one of the above. Told by its length first. */
static inline unsigned
guard_key(struct str key)
{
	int attribute;

	switch (key.len) {
	case 5:
		return IS(key, "actor") ? ATTRIBUTE_ACTOR : GUARD_UNKNOWN;
	case 6:
		return IS(key, "target") ? ATTRIBUTE_TARGET : IS(key, "clname") ? ATTRIBUTE_CLNAME : GUARD_UNKNOWN;
	case 7:
		return IS(key, "vfCount") ? GUARD_VF_COUNT : GUARD_UNKNOWN;
	case 9:
		return IS(key, "operation")   ? ATTRIBUTE_OPERATION
		       : IS(key, "requestId") ? (unsigned)GUARD_REQUEST_ID
		                              : (unsigned)GUARD_UNKNOWN;
	case 12:
		return IS(key, "subrequestId") ? GUARD_SUBREQUEST_ID : GUARD_UNKNOWN;
	default:
		attribute = attribute_find(key);
		return attribute >= 0 ? (unsigned)attribute : (unsigned)GUARD_UNKNOWN;
	}
}

static bool
guard_member(struct scan *scan, struct str key, uint32_t *seen)
{
	unsigned member = guard_key(key);
	struct str text;

	if (member == GUARD_UNKNOWN || !first_time(seen, member))
		return false;
	if (member == GUARD_VF_COUNT) {
		scan->request.has_vf_count = true;
		return take_integer(scan, &scan->request.vf_count);
	}
	if (!take_text(scan, &text) || text.len > ATTRIBUTE_SIZE_MAX)
		return false;
	if (member == GUARD_REQUEST_ID) {
		scan->request.request_id = text;
	} else if (member == GUARD_SUBREQUEST_ID) {
		scan->request.subrequest_id = text;
	} else {
		if (member == ATTRIBUTE_OPERATION && scan->mode == GUARD_STRICT)
			text = operation_canonical(text);
		scan->request.attribute[member] = text;
	}
	return true;
}

static bool
resource_member(struct scan *scan, struct str key, uint32_t *seen)
{
	return key.len == 5 && IS(key, "guard") && first_time(seen, 0) && take_members(scan, guard_member);
}

enum { TOP_ACTION, TOP_RESOURCE, TOP_NAME, TOP_COMPONENT, TOP_INSTANCE, TOP_REQUEST_ID, TOP_UNKNOWN };

static inline unsigned
top_key(struct str key)
{
	switch (key.len) {
	case 6:
		return IS(key, "action") ? TOP_ACTION : TOP_UNKNOWN;
	case 8:
		return IS(key, "resource") ? TOP_RESOURCE : IS(key, "ONAPName") ? TOP_NAME : TOP_UNKNOWN;
	case 9:
		return IS(key, "requestId") ? TOP_REQUEST_ID : TOP_UNKNOWN;
	case 12:
		return IS(key, "ONAPInstance") ? TOP_INSTANCE : TOP_UNKNOWN;
	case 13:
		return IS(key, "ONAPComponent") ? TOP_COMPONENT : TOP_UNKNOWN;
	default:
		return TOP_UNKNOWN;
	}
}

static bool
top_member(struct scan *scan, struct str key, uint32_t *seen)
{
	unsigned member = top_key(key);
	struct str text;

	if (member == TOP_UNKNOWN || !first_time(seen, member))
		return false;
	if (member == TOP_RESOURCE)
		return take_members(scan, resource_member);
	if (!take_text(scan, &text))
		return false;
	if (member == TOP_ACTION)
		scan->guards = text.len == 5 && IS(text, "guard");
	return true;
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
