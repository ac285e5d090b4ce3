/* onap - how ONAP's decision point reads a policy's properties, for the onap mode of the guards */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/onap.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The words that YAML 1.1 takes for booleans and 1.2 for text. Java then reads all of them as false. */
static bool
onap_is_old_boolean(struct str text)
{
	static const char *const words[] = {"yes", "Yes", "YES", "no",  "No",  "NO",
	                                    "on",  "On",  "ON",  "off", "Off", "OFF"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (str_is(text, words[i]))
			return true;
	}
	return false;
}

static bool
has_any(struct str text, const char *characters)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(characters, text.ptr[i]))
			return true;
	}
	return false;
}

/*
 * An integer of YAML 1.2: `0x1F` and `0o17` stay text, because Java cannot parse them; so does `089`, which 1.1 takes
 * for no number at all. `0123` is 123.
 */
static enum onap_kind
integer_kind(struct str text)
{
	size_t sign = text.ptr[0] == '-' || text.ptr[0] == '+';
	bool leading_zero = text.len > sign + 1 && text.ptr[sign] == '0';

	if (has_any(text, "xo"))
		return ONAP_TEXT;
	return leading_zero && has_any(text, "89") ? ONAP_TEXT : ONAP_NUMBER;
}

enum onap_kind
onap_kind(const struct node *value)
{
	if (!value)
		return ONAP_NULL;
	switch (value->kind) {
	case NODE_NULL:
		return ONAP_NULL;
	case NODE_BOOL:
		return ONAP_BOOLEAN;
	case NODE_INT:
		return integer_kind(value->text);
	case NODE_FLOAT: /* an integer beyond 64 bits, .inf and .nan are none in Java */
		return has_any(value->text, ".eE") && isfinite(value->real) ? ONAP_NUMBER : ONAP_TEXT;
	case NODE_TEXT:
		return !value->quoted && onap_is_old_boolean(value->text) ? ONAP_BOOLEAN : ONAP_TEXT;
	case NODE_LIST:
		return ONAP_LIST;
	case NODE_MAP:
		break;
	}
	return ONAP_MAP;
}

static bool
cannot_decode(const struct onap_properties *properties, const struct node *value, const char *wanted,
              struct diags *diags)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "%.*s", STR_ARG(value->key));
	diags_error(diags, value, "Cannot decode %s from properties: %s must be %s, not %s", properties->definition,
	            key, wanted, node_kind_phrase(value));
	return false;
}

/* A number as Java prints it after the reference has made whole doubles integers. The shortest text that reads back. */
static char *
onap_number_text(const struct node *value, struct arena *arena)
{
	char buf[40];

	if (value->kind == NODE_INT)
		return arena_printf(arena, "%" PRId64, value->integer);
	if (value->real == trunc(value->real) && fabs(value->real) < 9e15)
		return arena_printf(arena, "%.0f", value->real);
	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(buf, sizeof(buf), "%.*g", digits, value->real);
		if (strtod(buf, NULL) == value->real)
			break;
	}
	return arena_printf(arena, "%s", buf);
}

bool
onap_text(const struct onap_properties *properties, const char *key, struct arena *arena, struct str *ret_text,
          struct diags *diags)
{
	const struct node *value = node_get(properties->map, key);
	struct str text = STR_NONE;

	switch (onap_kind(value)) {
	case ONAP_NULL:
		*ret_text = STR_NONE;
		return true;
	case ONAP_BOOLEAN:
		text = arena_str(arena, value->kind == NODE_BOOL && value->boolean ? STR("true") : STR("false"));
		break;
	case ONAP_NUMBER:
		text = str_from(onap_number_text(value, arena));
		break;
	case ONAP_TEXT:
		text = arena_str(arena, value->text);
		break;
	case ONAP_LIST:
	case ONAP_MAP:
		return cannot_decode(properties, value, "text", diags);
	}
	if (!text.ptr) {
		diags_error(diags, value, "no memory");
		return false;
	}
	*ret_text = text;
	return true;
}

/* Java's Integer.parseInt: an optional sign and decimal digits within 32 bits. */
static bool
parse_int(struct str text, int32_t *ret)
{
	size_t i = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
	bool negative = i == 1 && text.ptr[0] == '-';
	int64_t value = 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		value = value * 10 + (text.ptr[i] - '0');
		if (value > (int64_t)INT32_MAX + negative)
			return false;
	}
	*ret = (int32_t)(negative ? -value : value);
	return true;
}

bool
onap_integer(const struct onap_properties *properties, const char *key, bool *ret_given, int32_t *ret_value,
             struct diags *diags)
{
	const struct node *value = node_get(properties->map, key);
	enum onap_kind kind = onap_kind(value);
	int32_t parsed = 0;

	if (kind == ONAP_NULL) {
		*ret_given = false;
		return true;
	}
	if (kind == ONAP_NUMBER && value->kind == NODE_INT)
		parsed = (int32_t)(uint32_t)(uint64_t)value->integer; /* a long's intValue() keeps the low bits */
	else if (kind == ONAP_NUMBER && value->real >= (double)INT32_MAX)
		parsed = INT32_MAX;
	else if (kind == ONAP_NUMBER && value->real <= (double)INT32_MIN)
		parsed = INT32_MIN;
	else if (kind == ONAP_NUMBER)
		parsed = (int32_t)value->real;
	else if (kind != ONAP_TEXT || !parse_int(value->text, &parsed))
		return cannot_decode(properties, value, "an integer", diags);
	*ret_given = true;
	*ret_value = parsed;
	return true;
}

bool
onap_boolean(const struct onap_properties *properties, const char *key, bool *ret_given, bool *ret_value,
             struct diags *diags)
{
	const struct node *value = node_get(properties->map, key);
	enum onap_kind kind = onap_kind(value);

	if (kind == ONAP_BOOLEAN)
		*ret_value = value->kind == NODE_BOOL && value->boolean;
	else if (kind == ONAP_TEXT)
		*ret_value = str_equal_nocase(value->text, STR("true"));
	else if (kind != ONAP_NULL)
		return cannot_decode(properties, value, "a boolean", diags);
	*ret_given = kind != ONAP_NULL;
	return true;
}

const struct node *
onap_list(const struct onap_properties *properties, const char *key, struct diags *diags)
{
	const struct node *value = node_get(properties->map, key);

	if (node_is_null(value)) {
		onap_null(value ? value : properties->map, key, diags);
		return NULL;
	}
	if (value->kind == NODE_LIST)
		return value;
	(void)cannot_decode(properties, value, "a list", diags); /* always false */
	return NULL;
}

bool
onap_java_only(struct str expression)
{
	const char *text = expression.ptr;
	bool in_class = false, quoted = false;

	for (size_t i = 0; i < expression.len; i++) {
		char next = i + 1 < expression.len ? text[i + 1] : '\0';

		if (text[i] == '\\') {
			quoted = quoted ? next != 'E' : next == 'Q';
			i += !quoted || next == 'Q'; /* within a quotation only \E is an escape */
		} else if (quoted) {
			continue;
		} else if (in_class && text[i] == '[' && next != ':') {
			return true;
		} else if (in_class && text[i] == '&' && next == '&') {
			return true;
		} else if (text[i] == '[' && !in_class) {
			in_class = true;
			i += next == '^';
			i += i + 1 < expression.len && text[i + 1] == ']'; /* one that comes first is a character */
		} else if (text[i] == ']') {
			in_class = false;
		}
	}
	return false;
}

void
onap_null(const struct node *where, const char *key, struct diags *diags)
{
	diags_error(diags, where, "item \"%s\" is null", key);
}
