/* java - values as ONAP's PDP spells them, which is Java's way */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/java.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* Double.toString(): the fewest digits that read back as the same number, plain from 1e-3 to under 1e7. */
static void
add_double(struct text *out, double value)
{
	char shortest[40], *digits = shortest + 1, *exponent;
	int power, count;

	if (!isfinite(value)) {
		text_addf(out, "%s", isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
		return;
	}
	for (int precision = 1; precision <= 17; precision++) {
		(void)snprintf(shortest, sizeof(shortest), "%+.*e", precision - 1, value);
		if (strtod(shortest, NULL) == value)
			break;
	}
	exponent = strchr(shortest, 'e');
	power = (int)strtol(exponent + 1, NULL, 10);
	*exponent = '\0';
	if (digits[1] == '.') /* d.ddd to dddd */
		memmove(digits + 1, digits + 2, strlen(digits + 2) + 1);
	count = (int)strlen(digits);
	if (shortest[0] == '-')
		text_add(out, STR("-"));
	if (power < -3 || power >= 7)
		text_addf(out, "%c.%sE%d", digits[0], count > 1 ? digits + 1 : "0", power);
	else if (power < 0)
		text_addf(out, "0.%.*s%s", -power - 1, "00", digits);
	else if (count > power + 1)
		text_addf(out, "%.*s.%s", power + 1, digits, digits + power + 1);
	else
		text_addf(out, "%s%.*s.0", digits, power + 1 - count, "0000000");
}

/* Gson's numbers are doubles; those that are whole and fit become integers. */
static void
add_number(struct text *out, const struct node *node)
{
	double value = node->kind == NODE_INT ? (double)node->integer : node->real;

	if (value >= -0x1p63 && value < 0x1p63 && value == trunc(value))
		text_addf(out, "%" PRId64, (int64_t)value);
	else
		add_double(out, value);
}

static void
add_value(struct text *out, const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		text_add(out, STR("null"));
		break;
	case NODE_BOOL:
		text_addf(out, "%s", node->boolean ? "true" : "false");
		break;
	case NODE_INT:
	case NODE_FLOAT:
		add_number(out, node);
		break;
	case NODE_TEXT:
		text_add(out, node->text);
		break;
	case NODE_LIST:
	case NODE_MAP:
		text_add(out, node->kind == NODE_LIST ? STR("[") : STR("{"));
		for (const struct node *child = node->first; child; child = child->next) {
			if (node->kind == NODE_MAP)
				text_addf(out, "%.*s=", STR_ARG(child->key));
			add_value(out, child); /* as deep as the reader's depth limit lets it be */
			if (child->next)
				text_add(out, STR(", "));
		}
		text_add(out, node->kind == NODE_LIST ? STR("]") : STR("}"));
		break;
	}
}

struct str
java_text(const struct node *node, struct arena *arena)
{
	struct text out;

	if (node->kind == NODE_TEXT)
		return node->text;
	text_init(&out, arena);
	add_value(&out, node);
	return text_done(&out);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool
java_decode(struct str text, int32_t *ret)
{
	bool negative = text.len && text.ptr[0] == '-';
	int64_t value = 0;
	int base = 10;
	size_t i = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');

	if (text.len - i > 1 && text.ptr[i] == '0' && (text.ptr[i + 1] | 0x20) == 'x') {
		base = 16;
		i += 2;
	} else if (text.len - i > 1 && text.ptr[i] == '#') {
		base = 16;
		i++;
	} else if (text.len - i > 1 && text.ptr[i] == '0') {
		base = 8;
		i++;
	}
	if (i >= text.len)
		return false;
	for (; i < text.len; i++) {
		int digit = digit_value(text.ptr[i]);

		if (digit >= base)
			return false;
		value = value * base + digit;
		if (value > (int64_t)INT32_MAX + 1)
			return false;
	}
	if (negative)
		value = -value;
	if (value > INT32_MAX)
		return false;
	*ret = (int32_t)value;
	return true;
}

/* Two digits at `at`, or -1. */
static int
two_digits(struct str text, size_t at)
{
	if (at + 2 > text.len || !isdigit((unsigned char)text.ptr[at]) || !isdigit((unsigned char)text.ptr[at + 1]))
		return -1;
	return (text.ptr[at] - '0') * 10 + text.ptr[at + 1] - '0';
}

bool
java_is_zone_offset(struct str text)
{
	size_t part = 2, colon;
	int hours, minutes = 0, seconds = 0;

	if (str_is(text, "Z"))
		return true;
	if (text.len < 2 || (text.ptr[0] != '+' && text.ptr[0] != '-'))
		return false;
	if (text.len == 2)
		return isdigit((unsigned char)text.ptr[1]);
	hours = two_digits(text, 1);
	colon = text.len > 3 && text.ptr[3] == ':';
	if (text.len != 3) {
		minutes = two_digits(text, 1 + part + colon);
		if (text.len != 5 + colon) {
			if (colon && (text.len < 7 || text.ptr[6] != ':'))
				return false;
			seconds = two_digits(text, 5 + 2 * colon);
			if (text.len != 7 + 2 * colon)
				return false;
		}
	}
	return hours >= 0 && minutes >= 0 && seconds >= 0 && minutes < 60 && seconds < 60 &&
	       hours * 3600 + minutes * 60 + seconds <= 18 * 3600;
}

bool
java_is_date(struct str text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int century = two_digits(text, 0), year = two_digits(text, 2), month = two_digits(text, 5);
	int day = two_digits(text, 8), last;

	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' || century < 0 || year < 0 || month < 1 ||
	    month > 12)
		return false;
	year += century * 100;
	last = days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	return day >= 1 && day <= last;
}
