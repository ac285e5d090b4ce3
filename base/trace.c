/* trace - W3C's trace context: which request of which caller something belongs to */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/trace.h"

#include <string.h>

#include "base/uuid.h"

#define SPAN_AT 36
#define FLAGS_AT 53
#define HEADER_LEN 55
#define FLAG_SAMPLED 1

/* The value of a digit in lower case; -1 for another character. */
static int
digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_hex(const char *from, unsigned char *to, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = digit_of(from[2 * i]), low = digit_of(from[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
trace_is_zero(const unsigned char *bytes, size_t len)
{
	unsigned char sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= bytes[i];
	return sum == 0;
}

bool
trace_read(struct str header, struct trace_context *ret)
{
	unsigned char version, flags;
	const char *at = header.ptr;

	if (header.len < HEADER_LEN || !read_hex(at, &version, 1) || version == 0xff || at[TRACE_ID_AT - 1] != '-' ||
	    at[SPAN_AT - 1] != '-' || at[FLAGS_AT - 1] != '-')
		return false;
	if (header.len > HEADER_LEN && (version == 0 || at[HEADER_LEN] != '-'))
		return false;
	if (!read_hex(at + TRACE_ID_AT, ret->id, sizeof(ret->id)) ||
	    !read_hex(at + SPAN_AT, ret->span, sizeof(ret->span)) || !read_hex(at + FLAGS_AT, &flags, 1))
		return false;
	ret->sampled = flags & FLAG_SAMPLED;
	return !trace_is_zero(ret->id, sizeof(ret->id)) && !trace_is_zero(ret->span, sizeof(ret->span));
}

char *
trace_put_hex(char *to, const unsigned char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	return to;
}

void
trace_write(const struct trace_context *trace, char out[TRACE_TEXT_SIZE])
{
	char *at = out;

	*at++ = '0';
	*at++ = '0';
	*at++ = '-';
	at = trace_put_hex(at, trace->id, sizeof(trace->id));
	*at++ = '-';
	at = trace_put_hex(at, trace->span, sizeof(trace->span));
	*at++ = '-';
	*at++ = '0';
	*at++ = trace->sampled ? '1' : '0';
	*at = '\0';
}

void
trace_make_span(uint64_t random[4], unsigned char ret[8])
{
	uint64_t number = uuid_random(random);

	memcpy(ret, &number, sizeof(number));
	ret[0] |= (unsigned char)(number == 0);
}

void
trace_make(uint64_t random[4], struct trace_context *ret)
{
	trace_make_span(random, ret->id);
	trace_make_span(random, ret->id + 8);
	trace_make_span(random, ret->span);
}
