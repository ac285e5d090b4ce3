/* media - media types: what a body is, what a client accepts */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/media.h"

#include <stdlib.h>

static const struct {
	enum media media;
	struct str type, subtype;
} types[] = {
	{MEDIA_JSON, {"application", 11}, {"json", 4}},
	{MEDIA_YAML, {"application", 11}, {"yaml", 4}},
	{MEDIA_METRICS, {"text", 4}, {"plain", 5}},
	{MEDIA_XACML, {"application", 11}, {"xacml+json", 10}},
	{MEDIA_XACML_XML, {"application", 11}, {"xacml+xml", 9}},
};

/* Cuts the part up to `separator` off the front of *rest, trimmed. */
static struct str
cut(struct str *rest, char separator)
{
	const char *at = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->ptr) : rest->len;
	struct str part = {rest->ptr, len};

	*rest = at ? (struct str){at + 1, rest->len - len - 1} : (struct str){rest->ptr + rest->len, 0};
	return str_trim(part);
}

enum media
media_of(struct str content_type)
{
	struct str subtype, type;

	if (!content_type.ptr || str_is(content_type, "application/json"))
		return MEDIA_JSON;
	subtype = cut(&content_type, ';');
	type = cut(&subtype, '/');
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (str_equal_nocase(type, types[i].type) && str_equal_nocase(subtype, types[i].subtype))
			return types[i].media;
	return 0;
}

/* The weight of a range's parameters in thousandths: 1000 without q, 0 for one that is no number. */
static int
weight(struct str parameters)
{
	while (parameters.len) {
		struct str parameter = cut(&parameters, ';');
		int value = 0, scale = 1000;

		if (parameter.len < 3 || (parameter.ptr[0] | 0x20) != 'q' || parameter.ptr[1] != '=')
			continue;
		for (size_t i = 2; i < parameter.len && scale > 0; i++) {
			char c = parameter.ptr[i];

			if (c == '.' && i == 3)
				continue;
			if (c < '0' || c > '9')
				return 0;
			value += (c - '0') * scale;
			scale /= 10;
		}
		return value > 1000 ? 1000 : value;
	}
	return 1000;
}

/* How exactly a range names a type: 3 the type itself, 2 its family, 1 anything, 0 not at all. */
static int
exactness(struct str range, size_t i)
{
	struct str type = cut(&range, '/');

	if (str_equal(type, STR("*")) && str_equal(range, STR("*")))
		return 1;
	if (!str_equal_nocase(type, types[i].type))
		return 0;
	if (str_equal_nocase(range, types[i].subtype))
		return 3;
	return str_equal(range, STR("*")) ? 2 : 0;
}

/* q * 4 + exactness of the range that names type i most exactly; 0 when it is not accepted. */
static int
liking(struct str accept, size_t i)
{
	int most_exact = 0, best = 0;

	while (accept.len) {
		struct str parameters = cut(&accept, ','), range = cut(&parameters, ';');
		int exact = exactness(range, i), q;

		if (exact <= most_exact)
			continue;
		q = weight(parameters);
		most_exact = exact;
		best = q ? q * 4 + exact : 0;
	}
	return best;
}

enum media
media_accepted(struct str accept, unsigned offered)
{
	enum media media = 0;
	int best = 0;

	if ((offered & MEDIA_JSON) && (!accept.ptr || str_is(accept, "application/json") || str_is(accept, "*/*")))
		return MEDIA_JSON;
	if (str_trim(accept).len == 0)
		accept = STR("*/*");
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int like = offered & types[i].media ? liking(accept, i) : 0;

		if (like > best) {
			best = like;
			media = types[i].media;
		}
	}
	return media;
}
