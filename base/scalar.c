/* scalar - what a plain scalar means, by the YAML 1.2 core schema */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Decimal digits that can decide how a double is rounded: 767; what follows matters only as zero or not. */
#define DIGITS_MAX 800

static bool
scalar_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(struct str text, size_t from)
{
	size_t i = from;

	while (i < text.len && scalar_is_digit(text.ptr[i]))
		i++;
	return i - from;
}

/*
 * The double nearest to a decimal number of the core schema. strtod follows the program's locale in what it takes for a
 * decimal point, so it gets digits and an exponent only.
 */
static double
decimal_value(struct str text)
{
	char buf[DIGITS_MAX + 32];
	int64_t exponent = 0, written = 0;
	bool point = false, more = false;
	size_t n = 0, i = 0;
	double value;

	for (; i < text.len && (text.ptr[i] | 0x20) != 'e'; i++) {
		if (text.ptr[i] == '.')
			point = true;
		if (!scalar_is_digit(text.ptr[i]))
			continue;
		exponent -= point;
		if (n == DIGITS_MAX) {
			more = more || text.ptr[i] != '0';
			exponent++;
		} else if (n > 0 || text.ptr[i] != '0') {
			buf[n++] = text.ptr[i];
		}
	}
	if (more) {
		buf[n++] = '1';
		exponent--;
	}
	for (size_t e = i; e < text.len; e++) {
		if (scalar_is_digit(text.ptr[e]) && written < INT64_C(100000000000))
			written = written * 10 + (text.ptr[e] - '0');
	}
	exponent += i + 1 < text.len && text.ptr[i + 1] == '-' ? -written : written;
	(void)snprintf(buf + n, sizeof(buf) - n, "e%" PRId64, exponent); /* 22 at most */
	value = n == 0 ? 0.0 : strtod(buf, NULL);
	return text.ptr[0] == '-' ? -value : value;
}

/* Digits, with a sign or none, into the node: an integer, or a float when 64 bits are too few. */
static void
set_integer(struct node *node, struct str text)
{
	bool negative = text.ptr[0] == '-';
	uint64_t bound = negative ? UINT64_C(1) << 63 : INT64_MAX;
	uint64_t value = 0;

	for (size_t i = !scalar_is_digit(text.ptr[0]); i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');

		if (value > (bound - digit) / 10) {
			node->kind = NODE_FLOAT;
			node->real = decimal_value(text);
			return;
		}
		value = value * 10 + digit;
	}
	node->kind = NODE_INT;
	node->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
}

/* The digit's value in any base up to 16; 16 when it is not a digit. */
static unsigned
scalar_digit_value(char c)
{
	if (scalar_is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* 0o17, 0x1F: no sign. */
static bool
set_based(struct node *node, struct str text)
{
	unsigned base = text.ptr[1] == 'x' ? 16 : 8;
	uint64_t value = 0;
	bool small = true;
	double real = 0;

	if (text.len < 3)
		return false;
	for (size_t i = 2; i < text.len; i++) {
		unsigned digit = scalar_digit_value(text.ptr[i]);

		if (digit >= base)
			return false;
		small = small && value <= ((uint64_t)INT64_MAX - digit) / base;
		value = value * base + digit; /* may wrap once it is not small */
		real = real * base + digit;
	}
	node->kind = small ? NODE_INT : NODE_FLOAT;
	if (small)
		node->integer = (int64_t)value;
	else
		node->real = real;
	return true;
}

static bool
scalar_set_number(struct node *node, struct str text)
{
	size_t sign = text.ptr[0] == '-' || text.ptr[0] == '+';
	size_t whole, fraction = 0, end;
	bool integer = true;

	if (text.len > 1 && text.ptr[0] == '0' && (text.ptr[1] == 'x' || text.ptr[1] == 'o'))
		return set_based(node, text);
	whole = count_digits(text, sign);
	end = sign + whole;
	if (end < text.len && text.ptr[end] == '.') {
		fraction = count_digits(text, end + 1);
		end += 1 + fraction;
		integer = false;
	}
	if (whole + fraction == 0)
		return false;
	if (end < text.len && (text.ptr[end] | 0x20) == 'e') {
		size_t digits;

		end++;
		end += end < text.len && (text.ptr[end] == '-' || text.ptr[end] == '+');
		digits = count_digits(text, end);
		if (digits == 0)
			return false;
		end += digits;
		integer = false;
	}
	if (end != text.len)
		return false;
	if (integer) {
		set_integer(node, text);
	} else {
		node->kind = NODE_FLOAT;
		node->real = decimal_value(text);
	}
	return true;
}

static bool
scalar_is_word(struct str text, const char *lower, const char *capital, const char *upper)
{
	return str_is(text, lower) || str_is(text, capital) || str_is(text, upper);
}

static bool
set_special(struct node *node, struct str text)
{
	bool sign = text.ptr[0] == '-' || text.ptr[0] == '+';
	struct str unsigned_text = {text.ptr + sign, text.len - sign};

	if (scalar_is_word(unsigned_text, ".inf", ".Inf", ".INF"))
		node->real = text.ptr[0] == '-' ? -INFINITY : INFINITY;
	else if (scalar_is_word(text, ".nan", ".NaN", ".NAN"))
		node->real = NAN;
	else
		return false;
	node->kind = NODE_FLOAT;
	return true;
}

void
node_set_plain(struct node *node, struct str text)
{
	char first = text.len ? text.ptr[0] : '~';

	node->text = text;
	node->kind = NODE_TEXT;
	if (scalar_is_digit(first) || first == '-' || first == '+' || first == '.') {
		if (!scalar_set_number(node, text))
			(void)set_special(node, text); /* else it stays text */
	} else if (text.len == 0 || str_is(text, "~") || scalar_is_word(text, "null", "Null", "NULL")) {
		node->kind = NODE_NULL;
	} else if (scalar_is_word(text, "true", "True", "TRUE")) {
		node->kind = NODE_BOOL;
		node->boolean = true;
	} else if (scalar_is_word(text, "false", "False", "FALSE")) {
		node->kind = NODE_BOOL;
		node->boolean = false;
	}
}
