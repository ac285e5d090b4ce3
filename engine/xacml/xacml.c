/* xacml - pieces of XACML 3.0: texts, values, attributes, patterns, ranges of time */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/xacml/xacml.h"

#include <inttypes.h>

const char *const xacml_ids[ATTRIBUTE_COUNT] = {
#define X(name, key, onap) [ATTRIBUTE_##name] = ONAP_ATTRIBUTE onap,
	ATTRIBUTES(X)
#undef X
};

void
xacml_text(struct str s, FILE *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\t' || c == '\n' || c == '\r')
			fprintf(out, "&#%d;", c);
		else if (c >= 0x20)
			fputc(c, out); /* XML knows no other control character */
	}
}

void
xacml_value(const char *type, struct str s, FILE *out)
{
	fprintf(out, "<AttributeValue DataType=\"" XACML_SCHEMA "%s\">", type);
	xacml_text(s, out);
	fputs("</AttributeValue>", out);
}

void
xacml_integer(int64_t number, FILE *out)
{
	fprintf(out, "<AttributeValue DataType=\"" XACML_SCHEMA "integer\">%" PRId64 "</AttributeValue>", number);
}

void
xacml_bag(const char *category, struct str id, const char *type, FILE *out)
{
	fprintf(out, "<AttributeDesignator Category=\"%s\" AttributeId=\"", category);
	xacml_text(id, out);
	fprintf(out, "\" DataType=\"" XACML_SCHEMA "%s\" MustBePresent=\"false\"/>", type);
}

static void
designator(const char *id, const char *type, FILE *out)
{
	xacml_bag(XACML_RESOURCE, str_from(id), type, out);
}

void
xacml_only(const char *id, const char *type, FILE *out)
{
	fprintf(out, "<Apply FunctionId=\"" XACML1 "%s-one-and-only\">", type);
	designator(id, type, out);
	fputs("</Apply>", out);
}

void
xacml_bag_empty(const char *category, struct str id, FILE *out)
{
	fputs("<Apply FunctionId=\"" XACML1 "integer-equal\"><Apply FunctionId=\"" XACML1 "string-bag-size\">", out);
	xacml_bag(category, id, "string", out);
	fputs("</Apply>", out);
	xacml_integer(0, out);
	fputs("</Apply>", out);
}

void
xacml_absent(enum attribute attribute, FILE *out)
{
	xacml_bag_empty(XACML_RESOURCE, str_from(xacml_ids[attribute]), out);
}

void
xacml_pattern(struct str s, FILE *out)
{
	fputs("<AttributeValue DataType=\"" XACML_SCHEMA "string\">^(", out);
	xacml_text(s, out);
	fputs(")$</AttributeValue>", out);
}

void
xacml_match(enum attribute attribute, struct str s, bool pattern, FILE *out)
{
	fprintf(out, "<Match MatchId=\"" XACML1 "%s\">", pattern ? "string-regexp-match" : "string-equal");
	if (pattern)
		xacml_pattern(s, out);
	else
		xacml_value("string", s, out);
	designator(xacml_ids[attribute], "string", out);
	fputs("</Match>", out);
}

void
xacml_range(const struct time_range *range, FILE *out)
{
	bool daily = range->kind == RANGE_DAILY;
	const char *type = daily ? "time" : "dateTime";

	fprintf(out, "<Apply FunctionId=\"" XACML1 "%s\">", range->end < range->start ? "or" : "and");
	for (int i = 0; i < 2; i++) {
		char bound[TIME_TEXT_SIZE];

		time_format_instant(i == 0 ? range->start : range->end, bound);
		fprintf(out,
		        "<Apply FunctionId=\"" XACML1 "%s-%s-than-or-equal\"><Apply FunctionId=\"" XACML1
		        "%s-one-and-only\"><AttributeDesignator Category=\"" XACML_ENVIRONMENT
		        "\" AttributeId=\"urn:oasis:names:tc:xacml:1.0:environment:current-%s\" "
		        "DataType=\"" XACML_SCHEMA "%s\" MustBePresent=\"false\"/></Apply>",
		        type, i == 0 ? "greater" : "less", type, type, type);
		if (!daily)
			xacml_value(type, str_from(bound), out);
		else if (i == 1 && range->end >= TIME_MS_DAY)
			xacml_value(type, STR("23:59:59.999Z"), out);
		else
			xacml_value(type, str_from(bound + 11), out); /* behind "1970-01-01T" */
		fputs("</Apply>", out);
	}
	fputs("</Apply>", out);
}
