/* value - TOSCA's own types: their names, which values they take, how values compare */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/value.h"

#include <math.h>

#include "base/time.h"

static const struct kind {
	const char *name, *wanted;
} kinds[] = {
	[VALUE_STRING] = {"string", "text"},
	[VALUE_INTEGER] = {"integer", "an integer"},
	[VALUE_FLOAT] = {"float", "a number"},
	[VALUE_BOOLEAN] = {"boolean", "true or false"},
	[VALUE_TIMESTAMP] = {"timestamp", "a timestamp such as '2026-04-14T12:00:00Z'"},
	[VALUE_VERSION] = {"version", "a version such as '1.0.0'"},
	[VALUE_RANGE] = {"range", "a range such as '[1, 4]' or '[1, UNBOUNDED]'"},
	[VALUE_TIME] = {"scalar-unit.time", "a length of time such as '10 m'"},
	[VALUE_SIZE] = {"scalar-unit.size", "a size such as '4 GiB'"},
	[VALUE_FREQUENCY] = {"scalar-unit.frequency", "a frequency such as '2.4 GHz'"},
	[VALUE_BITRATE] = {"scalar-unit.bitrate", "a bit rate such as '10 Mbps'"},
	[VALUE_LIST] = {"list", "a list"},
	[VALUE_MAP] = {"map", "a map"},
	[VALUE_ANY] = {"any", "a value"},
	[VALUE_TYPE] = {"", "a map"},
};

/* Units of the scalar-units that base/time does not know, in the smallest of each. */
static const struct unit {
	enum value_kind kind;
	const char *name;
	double factor;
} units[] = {
	{VALUE_SIZE, "B", 1},
	{VALUE_SIZE, "kB", 1e3},
	{VALUE_SIZE, "KiB", 1024.0},
	{VALUE_SIZE, "MB", 1e6},
	{VALUE_SIZE, "MiB", 1048576.0},
	{VALUE_SIZE, "GB", 1e9},
	{VALUE_SIZE, "GiB", 1073741824.0},
	{VALUE_SIZE, "TB", 1e12},
	{VALUE_SIZE, "TiB", 1099511627776.0},
	{VALUE_FREQUENCY, "Hz", 1},
	{VALUE_FREQUENCY, "kHz", 1e3},
	{VALUE_FREQUENCY, "MHz", 1e6},
	{VALUE_FREQUENCY, "GHz", 1e9},
	{VALUE_BITRATE, "bps", 1},
	{VALUE_BITRATE, "Kbps", 1e3},
	{VALUE_BITRATE, "Kibps", 1024.0},
	{VALUE_BITRATE, "Mbps", 1e6},
	{VALUE_BITRATE, "Mibps", 1048576.0},
	{VALUE_BITRATE, "Gbps", 1e9},
	{VALUE_BITRATE, "Gibps", 1073741824.0},
	{VALUE_BITRATE, "Tbps", 1e12},
	{VALUE_BITRATE, "Tibps", 1099511627776.0},
	{VALUE_BITRATE, "Bps", 8},
	{VALUE_BITRATE, "KBps", 8e3},
	{VALUE_BITRATE, "KiBps", 8 * 1024.0},
	{VALUE_BITRATE, "MBps", 8e6},
	{VALUE_BITRATE, "MiBps", 8 * 1048576.0},
	{VALUE_BITRATE, "GBps", 8e9},
	{VALUE_BITRATE, "GiBps", 8 * 1073741824.0},
	{VALUE_BITRATE, "TBps", 8e12},
	{VALUE_BITRATE, "TiBps", 8 * 1099511627776.0},
};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

bool
value_kind_find(struct str name, bool fold, enum value_kind *ret)
{
	for (enum value_kind kind = 0; kind < VALUE_TYPE; kind++) {
		struct str own = str_from(kinds[kind].name);

		if (fold ? str_equal_nocase(own, name) : str_equal(own, name)) {
			*ret = kind;
			return true;
		}
	}
	return false;
}

const char *
value_kind_name(enum value_kind kind)
{
	return kinds[kind].name;
}

const char *
value_kind_wanted(enum value_kind kind)
{
	return kinds[kind].wanted;
}

static bool
value_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The number that a scalar-unit begins with, read as a plain scalar is: false when it is none, or negative. */
static bool
parse_amount(struct str text, double *ret)
{
	struct node number = {0};

	if (text.len == 0 || !value_is_digit(text.ptr[0]))
		return false;
	node_set_plain(&number, text);
	if (number.kind != NODE_INT && number.kind != NODE_FLOAT)
		return false;
	*ret = number.kind == NODE_INT ? (double)number.integer : number.real;
	return true;
}

/* "4 GiB": digits, spaces or none, unit. */
static bool
parse_scalar_unit(enum value_kind kind, struct str text, double *ret)
{
	struct str amount = str_trim(text), name;
	size_t end = 0;

	while (end < amount.len && (value_is_digit(amount.ptr[end]) || amount.ptr[end] == '.'))
		end++;
	name = str_trim((struct str){amount.ptr + end, amount.len - end});
	amount.len = end;
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (units[i].kind == kind && str_is(name, units[i].name) && parse_amount(amount, ret)) {
			*ret *= units[i].factor;
			return true;
		}
	}
	return false;
}

/* A date alone is its first instant. */
static bool
parse_timestamp(struct str text, int64_t *ret_ms)
{
	static const char midnight[] = "T00:00:00Z";
	char buf[sizeof("2026-04-14") - 1 + sizeof(midnight)];
	const size_t date_len = sizeof(buf) - sizeof(midnight);

	if (time_parse_instant(text, ret_ms) == 0)
		return true;
	if (text.len != date_len)
		return false;
	memcpy(buf, text.ptr, date_len);
	memcpy(buf + date_len, midnight, sizeof(midnight));
	return time_parse_instant(str_from(buf), ret_ms) == 0;
}

/* Takes digits off the front. */
static struct str
value_take_digits(struct str *text)
{
	struct str digits = {text->ptr, 0};

	while (digits.len < text->len && value_is_digit(text->ptr[digits.len]))
		digits.len++;
	text->ptr += digits.len;
	text->len -= digits.len;
	return digits;
}

/* Numbers with dots between them; returns how many, up to three, and leaves the rest in *text. */
static size_t
take_numbers(struct str *text, struct str numbers[3])
{
	size_t count = 0;

	while (count < 3) {
		struct str rest = *text;

		if (count > 0) {
			if (rest.len == 0 || rest.ptr[0] != '.')
				break;
			rest.ptr++;
			rest.len--;
		}
		numbers[count] = value_take_digits(&rest);
		if (numbers[count].len == 0)
			break;
		*text = rest;
		count++;
	}
	return count;
}

static bool
is_suffix(struct str text, const char *starts)
{
	if (text.len == 0)
		return true;
	if (text.len == 1 || !memchr(starts, text.ptr[0], strlen(starts)))
		return false;
	for (size_t i = 1; i < text.len; i++) {
		char c = text.ptr[i], lower = (char)(c | 0x20);

		if (!value_is_digit(c) && !(lower >= 'a' && lower <= 'z') && c != '.' && c != '-' && c != '+')
			return false;
	}
	return true;
}

bool
version_valid(struct str version)
{
	struct str numbers[3];

	return version.ptr && take_numbers(&version, numbers) == 3 && is_suffix(version, "-+");
}

/* TOSCA's own version type needs two numbers only and sets a qualifier off by a dot. */
static bool
tosca_version_valid(struct str version)
{
	struct str numbers[3];
	size_t count = take_numbers(&version, numbers);

	return count == 3 ? is_suffix(version, ".-+") : count == 2 && version.len == 0;
}

static int
digits_compare(struct str a, struct str b)
{
	for (; a.len > 1 && a.ptr[0] == '0'; a.len--)
		a.ptr++;
	for (; b.len > 1 && b.ptr[0] == '0'; b.len--)
		b.ptr++;
	return a.len != b.len ? (a.len > b.len) - (a.len < b.len) : str_compare(a, b);
}

int
version_compare(struct str a, struct str b)
{
	struct str a_rest = a, b_rest = b, a_numbers[3], b_numbers[3];
	size_t a_count = take_numbers(&a_rest, a_numbers), b_count = take_numbers(&b_rest, b_numbers);
	int r = 0;

	for (size_t i = 0; r == 0 && i < a_count && i < b_count; i++)
		r = digits_compare(a_numbers[i], b_numbers[i]);
	return r != 0 ? r : str_compare(a, b);
}

/* [lower, upper]: integers, the upper one may be UNBOUNDED. */
static bool
fits_range(const struct node *node)
{
	const struct node *lower, *upper;

	if (node->kind != NODE_LIST || node->count != 2)
		return false;
	lower = node->first;
	upper = node->last;
	if (lower->kind != NODE_INT)
		return false;
	return upper->kind == NODE_INT ? lower->integer <= upper->integer : str_is(upper->text, "UNBOUNDED");
}

bool
value_fits(enum value_kind kind, const struct node *node)
{
	double real;
	int64_t ms;

	if (node->kind == NODE_NULL)
		return kind == VALUE_ANY;
	switch (kind) {
	case VALUE_STRING:
		return node_is_scalar(node);
	case VALUE_INTEGER:
		return node->kind == NODE_INT;
	case VALUE_FLOAT:
		return node->kind == NODE_INT || (node->kind == NODE_FLOAT && isfinite(node->real));
	case VALUE_BOOLEAN:
		return node->kind == NODE_BOOL;
	case VALUE_TIMESTAMP:
		return node->kind == NODE_TEXT && parse_timestamp(node->text, &ms);
	case VALUE_VERSION:
		return node_is_scalar(node) && tosca_version_valid(node->text);
	case VALUE_RANGE:
		return fits_range(node);
	case VALUE_TIME:
		return node->kind == NODE_TEXT && time_parse_scalar_unit(node->text, &ms) == 0;
	case VALUE_SIZE:
	case VALUE_FREQUENCY:
	case VALUE_BITRATE:
		return node->kind == NODE_TEXT && parse_scalar_unit(kind, node->text, &real);
	case VALUE_LIST:
		return node->kind == NODE_LIST;
	case VALUE_MAP:
	case VALUE_TYPE:
		return node->kind == NODE_MAP;
	case VALUE_ANY:
		break;
	}
	return true;
}

bool
value_is_comparable(enum value_kind kind)
{
	switch (kind) {
	case VALUE_INTEGER:
	case VALUE_FLOAT:
	case VALUE_TIMESTAMP:
	case VALUE_VERSION:
	case VALUE_TIME:
	case VALUE_SIZE:
	case VALUE_FREQUENCY:
	case VALUE_BITRATE:
		return true;
	default:
		return false;
	}
}

static int
order_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_real(double a, double b)
{
	return (a > b) - (a < b);
}

static double
node_real(const struct node *node)
{
	return node->kind == NODE_INT ? (double)node->integer : node->real;
}

int
value_compare(enum value_kind kind, const struct node *a, const struct node *b)
{
	double a_real = 0, b_real = 0;
	int64_t a_ms = 0, b_ms = 0;

	switch (kind) {
	case VALUE_INTEGER:
		return order_int(a->integer, b->integer);
	case VALUE_FLOAT:
		return a->kind == NODE_INT && b->kind == NODE_INT ? order_int(a->integer, b->integer)
		                                                  : order_real(node_real(a), node_real(b));
	case VALUE_BOOLEAN:
		return order_int(a->boolean, b->boolean);
	case VALUE_TIMESTAMP:
		(void)parse_timestamp(a->text, &a_ms); /* both fit, here and below */
		(void)parse_timestamp(b->text, &b_ms);
		return order_int(a_ms, b_ms);
	case VALUE_TIME:
		(void)time_parse_scalar_unit(a->text, &a_ms);
		(void)time_parse_scalar_unit(b->text, &b_ms);
		return order_int(a_ms, b_ms);
	case VALUE_SIZE:
	case VALUE_FREQUENCY:
	case VALUE_BITRATE:
		(void)parse_scalar_unit(kind, a->text, &a_real);
		(void)parse_scalar_unit(kind, b->text, &b_real);
		return order_real(a_real, b_real);
	case VALUE_VERSION:
		return version_compare(a->text, b->text);
	default:
		return str_compare(a->text, b->text);
	}
}

size_t
value_length(const struct node *node)
{
	struct str rest = node->text;
	size_t count = 0;

	if (!node_is_scalar(node))
		return node->count;
	while (rest.len > 0) {
		size_t step = str_utf8(rest);

		rest.ptr += step ? step : 1;
		rest.len -= step ? step : 1;
		count++;
	}
	return count;
}
