/* guard_explanation - what explanations of all kinds of guards are made of */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard_explanation.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "guards/kinds.h"

#define VALUES_MAX (sizeof(((struct explanation *)NULL)->values) / sizeof(struct explanation_value))

struct str
explain_format(struct arena *arena, const char *format, ...)
{
	char small[512];
	char *text = small;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len < 0)
		return STR_NONE;
	if ((size_t)len >= sizeof(small)) {
		text = arena_alloc(arena, (size_t)len + 1);
		if (!text)
			return STR_NONE;
		va_start(args, format);
		(void)vsnprintf(text, (size_t)len + 1, format, args); /* len is what it writes */
		va_end(args);
		return (struct str){text, (size_t)len};
	}
	return arena_str(arena, (struct str){small, (size_t)len});
}

void
explain_text(struct explanation *explanation, const char *name, struct str value)
{
	if (value.ptr && explanation->value_count < VALUES_MAX)
		explanation->values[explanation->value_count++] = (struct explanation_value){name, value};
}

void
explain_number(struct explanation *explanation, const char *name, int64_t value, struct arena *arena)
{
	char *digits = arena_bytes(arena, NUMBER_SIZE + 1), *end;

	if (!digits)
		return;
	end = put_number(digits, value);
	*end = '\0';
	explain_text(explanation, name, (struct str){digits, (size_t)(end - digits)});
}

void
explain_quarantine(struct explanation *explanation, int64_t until_ms, struct arena *arena)
{
	static const char unknown[] =
		"a damaged database was put aside, or rows of the window were pruned: how much was done is not known";
	static const char accept[] = "run 'clguard db accept' if the operation counters may be trusted";
	char when[TIME_TEXT_SIZE];

	if (until_ms == TIME_NONE) {
		explanation->note = explain_format(arena, "%s; %s", unknown, accept);
		return;
	}
	time_format_instant(until_ms, when);
	explanation->note = explain_format(arena, "%s; wait until %s, or %s", unknown, when, accept);
}

void
explain_verifying(struct explanation *explanation)
{
	explanation->note = STR("the database was not left by a clean stop and is being verified: how much was done is "
	                        "not known yet; /ready tells how far it is");
}
