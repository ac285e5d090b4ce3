/* request_scan - the usual decision request, read in one pass without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/request_scan.h"

#include "api/bodies/request.h"
#include "api/bodies/scan.h"
#include "base/words.h"

/*
 * Nothing here reports an error: whatever is not plainly good is left to the readers that keep places. So each step
 * only has to be sure of what it accepts. tests/fuzz/fuzz_request.c compares both paths.
 *
 * The NUL behind the body is no white space, no plain byte and no character that is looked for, so every step stops at
 * it by itself. One behind which more of the body comes does the same, and request_scan sees that the end is not there.
 */

/* The maps of a request, one in the other. */
enum level { LEVEL_TOP, LEVEL_RESOURCE, LEVEL_GUARD, LEVELS };

/* The use of a member: an attribute, or one of these. */
enum {
	MEMBER_VF_COUNT = ATTRIBUTE_COUNT,
	MEMBER_REQUEST_ID,
	MEMBER_SUBREQUEST_ID,
	MEMBER_ACTION,
	MEMBER_MAP,          /* of the next level */
	MEMBER_FIRST_UNUSED, /* from here on: texts that a decision does not look at, a number for each */
	MEMBER_UNKNOWN = 32
};

struct key {
	char text[16]; /* zeros behind it */
	unsigned char len, member;
};

/* clang-format off */
#define KEY(text, member) {text, sizeof(text) - 1, member}
/* clang-format on */
#define KEYS_MOST 7

/* Zero length ends a list. */
static const struct key keys[LEVELS][KEYS_MOST + 1] = {
	[LEVEL_TOP] =
		{
			KEY("ONAPName", MEMBER_FIRST_UNUSED),
			KEY("ONAPComponent", MEMBER_FIRST_UNUSED + 1),
			KEY("ONAPInstance", MEMBER_FIRST_UNUSED + 2),
			KEY("requestId", MEMBER_FIRST_UNUSED + 3),
			KEY("action", MEMBER_ACTION),
			KEY("resource", MEMBER_MAP),
		},
	[LEVEL_RESOURCE] = {KEY("guard", MEMBER_MAP)},
	[LEVEL_GUARD] =
		{
			KEY("actor", ATTRIBUTE_ACTOR),
			KEY("operation", ATTRIBUTE_OPERATION),
			KEY("target", ATTRIBUTE_TARGET),
			KEY("clname", ATTRIBUTE_CLNAME),
			KEY("requestId", MEMBER_REQUEST_ID),
			KEY("vfCount", MEMBER_VF_COUNT),
			KEY("subrequestId", MEMBER_SUBREQUEST_ID),
		},
};

/* Eight bytes of a text and those behind it, which are there; zeros instead of those. */
static inline uint64_t
first_word(struct str text)
{
	uint64_t word = words_load(text.ptr);

	return text.len < 8 ? word & ((UINT64_C(1) << 8 * text.len) - 1) : word;
}

/* Of the attributes the usual ones are in the table. */
static __attribute__((noinline)) unsigned
member_find(enum level level, struct str text)
{
	uint64_t first = first_word(text);
	const struct key *key = keys[level];
	int attribute;

	while (words_load(key->text) != first && key->len)
		key++; /* no two of a map begin with the same eight bytes */
	if (key->len && text.len == key->len &&
	    (text.len <= 8 || words_load(text.ptr + text.len - 8) == words_load(key->text + key->len - 8)))
		return key->member;
	attribute = level == LEVEL_GUARD ? attribute_find(text) : -1;
	return attribute >= 0 ? (unsigned)attribute : (unsigned)MEMBER_UNKNOWN;
}

static inline void
keep_text(struct request *request, unsigned member, struct str text, enum guard_mode mode)
{
	if (member == MEMBER_REQUEST_ID)
		request->request_id = text;
	else if (member == MEMBER_SUBREQUEST_ID)
		request->subrequest_id = text;
	else if (member < ATTRIBUTE_COUNT)
		request->attribute[member] =
			member == ATTRIBUTE_OPERATION && mode == GUARD_STRICT ? operation_canonical(text) : text;
}

/* The key at `at` and its colon, behind which the result is; NULL when it is not usual. */
static inline const char *
scan_member_key(const char *at, enum level level, struct scan_keys *keys_before, unsigned *ret_member)
{
	const struct scan_key *key = keys_before ? scan_key_again(keys_before, at) : NULL;
	const char *start = at;
	struct str text;

	if (key && key->map == level) {
		*ret_member = key->member;
		return at + key->len;
	}
	at = scan_text(at, &text);
	if (!at || *(at = scan_to(at, ':')) != ':')
		return NULL;
	*ret_member = member_find(level, text);
	if (keys_before)
		scan_key_keep(keys_before, (struct str){start, (size_t)(at + 1 - start)}, level, *ret_member);
	return at + 1;
}

/* One question, at its brace: where it ends, or NULL. keys_before: of the questions before it in a list, else NULL. */
static inline __attribute__((always_inline)) const char *
scan_request(const char *at, enum guard_mode mode, struct scan_keys *keys_before, struct request *ret)
{
	enum level level = LEVEL_TOP;
	uint32_t seen[LEVELS] = {0}; /* a bit a member */
	bool guards = false;         /* the action is "guard" */

	if (*(at = scan_to(at, '{')) != '{')
		return NULL;
	request_clear(ret);
	if (keys_before)
		keys_before->number = 0;
	for (;;) {
		struct str text;
		unsigned member;

		/* Behind a brace or a comma; an empty map is not usual. */
		at = scan_member_key(at + 1, level, keys_before, &member);
		if (!at)
			return NULL;
		if (member == MEMBER_UNKNOWN || seen[level] & UINT32_C(1) << member)
			return NULL;
		seen[level] |= UINT32_C(1) << member;
		if (member == MEMBER_MAP) {
			if (*(at = scan_to(at, '{')) != '{')
				return NULL;
			level++;
			continue;
		}
		if (member == MEMBER_VF_COUNT) {
			ret->has_vf_count = true;
			at = scan_integer(at, &ret->vf_count);
		} else {
			at = scan_text(at, &text);
			if (member == MEMBER_ACTION)
				guards = text.len == 5 && words_equal(text.ptr, "guard", 5);
			else if (text.len <= ATTRIBUTE_SIZE_MAX || level == LEVEL_TOP)
				keep_text(ret, member, text, mode);
			else
				return NULL;
		}
		if (!at)
			return NULL;
		while (*(at = scan_to(at, ',')) != ',') {
			if (*at++ != '}')
				return NULL;
			if (level-- == LEVEL_TOP)
				return guards ? at : NULL;
		}
	}
}

bool
request_scan(struct str body, enum guard_mode mode, struct request *ret)
{
	const char *at =
		body.len ? scan_request(body.ptr, mode, NULL, ret) : NULL; /* without a length there may be no bytes */

	return at && scan_space(at) == body.ptr + body.len;
}

bool
request_scan_list(struct str body, enum guard_mode mode, size_t most, struct request *ret, size_t *ret_count)
{
	const char *at = body.ptr;
	struct scan_keys keys_before;
	struct str key;
	size_t count = 0;

	scan_keys_init(&keys_before);
	if (body.len == 0 || *(at = scan_to(at, '{')) != '{' || !(at = scan_text(at + 1, &key)) ||
	    !str_equal(key, STR("decisions")) || *(at = scan_to(at, ':')) != ':' || *(at = scan_to(at + 1, '[')) != '[')
		return false;
	do {
		at = count < most ? scan_request(at + 1, mode, &keys_before, &ret[count++]) : NULL;
		if (!at)
			return false;
		at = scan_to(at, ',');
	} while (*at == ',');
	*ret_count = count;
	return *at == ']' && *(at = scan_to(at + 1, '}')) == '}' && scan_space(at + 1) == body.ptr + body.len;
}
