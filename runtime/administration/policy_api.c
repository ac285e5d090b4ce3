/* policy_api - what the calls of ONAP's policy API have in common: their refusals */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/policy_api.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const char *
code_word(unsigned status)
{
	switch (status) {
	case 400:
		return "BAD_REQUEST";
	case 404:
		return "NOT_FOUND";
	case 406:
		return "NOT_ACCEPTABLE";
	case 409:
		return "CONFLICT";
	default:
		return "INTERNAL_SERVER_ERROR";
	}
}

void
policy_api_answer(struct runtime_call *call, unsigned status, struct str sentence, struct str findings)
{
	struct text out;

	text_init(&out, &call->arena);
	text_addf(&out, "{\"code\":\"%s\",\"error\":", code_word(status));
	text_add_json(&out, sentence);
	text_add(&out, STR(",\"details\":["));
	text_add_json(&out, sentence);
	text_add(&out, STR("]"));
	if (findings.ptr) {
		text_add(&out, STR(",\"findings\":"));
		text_add(&out, findings);
	}
	text_add(&out, STR("}"));
	call_answer(call, status, text_done(&out));
}

void
policy_api_refuse(struct runtime_call *call, unsigned status, const char *format, ...)
{
	char sentence[2048];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args); /* a longer one is cut */
	va_end(args);
	policy_api_answer(call, status, str_from(sentence), STR_NONE);
}

void
policy_api_refuse_at(struct runtime_call *call, unsigned status, const struct error *err)
{
	struct text out;

	text_init(&out, &call->arena);
	text_addf(&out,
	          "[{\"severity\":\"error\",\"file\":\"body\",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"path\":",
	          err->line, err->column);
	text_add_json(&out, str_from(err->path));
	text_add(&out, STR(",\"text\":"));
	text_add_json(&out, str_from(err->text));
	text_add(&out, STR("}]"));
	policy_api_answer(call, status, str_from(err->text), text_done(&out));
}
