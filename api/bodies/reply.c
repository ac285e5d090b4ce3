/* reply - bodies of answers: decisions and refusals, the same over HTTP and on the command line */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/reply.h"

#include "engine/decide/explanation.h"

/* The answers that nearly every decision gives are ready-made. */
/* clang-format off */
#define BODY(status, reason) {"{\"status\":\"" status "\",\"reason\":\"" reason "\"}", \
	sizeof("{\"status\":\"" status "\",\"reason\":\"" reason "\"}") - 1}
/* clang-format on */

static const struct str strict_body[2][REASON_COUNT] = {
	{
#define X(name, text) [REASON_##name] = BODY("Deny", text),
		REASONS(X)
#undef X
	},
	{
#define X(name, text) [REASON_##name] = BODY("Permit", text),
		REASONS(X)
#undef X
	},
};

static const struct str onap_body[2] = {
	{"{\"status\":\"Deny\"}", sizeof("{\"status\":\"Deny\"}") - 1},
	{"{\"status\":\"Permit\"}", sizeof("{\"status\":\"Permit\"}") - 1},
};

static struct str
body_of(const struct decision *decision)
{
	return decision->mode == GUARD_STRICT ? strict_body[decision->permit][decision->reason]
	                                      : onap_body[decision->permit];
}

/* All members but the explanation; the brace that closes them is the caller's. */
static void
begin_decision(struct text *out, const struct decision *decision)
{
	struct str body = body_of(decision);

	text_add(out, (struct str){body.ptr, body.len - 1});
	if (decision->mode == GUARD_STRICT && decision->missing) {
		text_add(out, STR(",\"missing\":"));
		text_add_json(out, str_from(decision->missing));
	}
}

struct reply_body
reply_decision(const struct decision *decision, struct str explanation, struct arena *arena)
{
	struct text out;

	if (!explanation.ptr && !(decision->mode == GUARD_STRICT && decision->missing))
		return (struct reply_body){body_of(decision), true};
	text_init(&out, arena);
	begin_decision(&out, decision);
	if (explanation.ptr) {
		text_add(&out, STR(",\"explanation\":"));
		text_add(&out, explanation);
	}
	text_add(&out, STR("}"));
	return (struct reply_body){text_done(&out), false};
}

struct reply_body
reply_explained(const struct decision *decision, const struct explained *why, struct arena *arena)
{
	struct text out;
	struct str body;

	text_init(&out, arena);
	(void)text_reserve(&out, EXPLANATION_MOSTLY(why->count)); /* at once; without memory text_done tells */
	begin_decision(&out, decision);
	text_add(&out, STR(",\"explanation\":"));
	explanation_add(&out, decision, why);
	text_add(&out, STR("}"));
	body = text_done(&out);
	return body.ptr ? (struct reply_body){body, false} : reply_decision(decision, STR_NONE, arena);
}

/* clang-format off */
#define EVALUATION(decision, reason) {"{\"decision\":" decision ",\"context\":{\"reason\":\"" reason "\"}}", \
	sizeof("{\"decision\":" decision ",\"context\":{\"reason\":\"" reason "\"}}") - 1}
/* clang-format on */

static const struct str evaluation_body[2][REASON_COUNT] = {
	{
#define X(name, text) [REASON_##name] = EVALUATION("false", text),
		REASONS(X)
#undef X
	},
	{
#define X(name, text) [REASON_##name] = EVALUATION("true", text),
		REASONS(X)
#undef X
	},
};

/* The question's own name of the attribute that a guard lacks. */
static const char *
evaluation_missing(const char *missing)
{
	static const char *const names[][2] = {
		{"actor", "subject.id"}, {"operation", "action.name"}, {"target", "resource.id"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(missing, names[i][0]) == 0)
			return names[i][1];
	return missing;
}

struct reply_body
reply_evaluation(const struct decision *decision, const struct explained *why, struct arena *arena)
{
	struct str body = evaluation_body[decision->permit][decision->reason], made;
	struct text out;

	if (!why && !decision->missing)
		return (struct reply_body){body, true};
	text_init(&out, arena);
	text_add(&out, (struct str){body.ptr, body.len - 2}); /* without its braces */
	if (decision->missing) {
		text_add(&out, STR(",\"missing\":"));
		text_add_json(&out, str_from(evaluation_missing(decision->missing)));
	}
	if (why) {
		text_add(&out, STR(",\"explanation\":"));
		explanation_add(&out, decision, why);
	}
	text_add(&out, STR("}}"));
	made = text_done(&out);
	return made.ptr ? (struct reply_body){made, false} : (struct reply_body){body, true};
}

struct str
reply_sentence(const struct error *err, struct arena *arena)
{
	struct text detail;

	text_init(&detail, arena);
	if (err->line)
		text_addf(&detail, "line %u, column %u: ", err->line, err->column);
	if (err->path[0])
		text_addf(&detail, "%s: ", err->path);
	text_add(&detail, str_from(err->text));
	return text_done(&detail);
}

void
reply_evaluation_error(struct text *out, const struct error *err, struct arena *arena)
{
	text_addf(out,
	          "{\"decision\":false,\"context\":{\"error\":{\"status\":%u,\"message\":", reply_status_of(err->code));
	text_add_json(out, reply_sentence(err, arena));
	text_add(out, STR("}}}"));
}

static const char *
status_words(unsigned status)
{
	static const struct {
		unsigned status;
		const char *words;
	} table[] = {
		{400, "Invalid request"},  {401, "Unauthorized"},       {403, "Forbidden"},
		{404, "Not found"},        {405, "Method not allowed"}, {406, "Not acceptable"},
		{409, "Conflict"},         {413, "Request too large"},  {415, "Unsupported media type"},
		{431, "Too many headers"}, {503, "Not available now"},  {507, "Database full"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Internal error";
}

unsigned
reply_status_of(enum error_code code)
{
	switch (code) {
	case ERROR_NONE:
		return 200;
	case ERROR_SYNTAX:
	case ERROR_TYPE:
	case ERROR_RANGE:
	case ERROR_LIMIT:
	case ERROR_MISSING:
	case ERROR_UNKNOWN:
	case ERROR_DUPLICATE:
		return 400;
	case ERROR_CONFLICT:
		return 409;
	case ERROR_BUSY:
	case ERROR_MEMORY:
		return 503;
	case ERROR_FULL:
		return 507;
	case ERROR_IO:
	case ERROR_DAMAGED:
	case ERROR_INTERNAL:
		break;
	}
	return 500;
}

struct reply_body
reply_status(unsigned status, const struct error *err, enum guard_mode mode, struct arena *arena)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("{\"errorDetails\":"));
	text_add_json(&out, str_from(status_words(status)));
	if (err && mode == GUARD_STRICT) {
		text_add(&out, STR(",\"details\":["));
		text_add_json(&out, reply_sentence(err, arena));
		text_add(&out, STR("]"));
	}
	text_add(&out, STR("}"));
	return (struct reply_body){text_done(&out), false};
}

/* source  ErrorResponse of ONAP's policy models, JsonExceptionMapper of its common code */
unsigned
reply_refusal(const struct error *err, enum guard_mode mode, struct arena *arena, struct reply_body *ret)
{
	unsigned status = 400;
	struct text out;

	text_init(&out, arena);
	if (err->code == ERROR_UNKNOWN) {
		text_add(&out, STR("{\"code\":\"BAD_REQUEST\",\"error\":"));
		text_add_json(&out, str_from(err->text));
		text_add(&out, STR(",\"details\":["));
		text_add_json(&out, str_from(err->text));
		text_add(&out, STR("]}"));
	} else if (err->code == ERROR_RANGE && mode == GUARD_ONAP) {
		status = 200;
		text_add(&out, STR("{\"status\":\"error\",\"message\":"));
		text_add_json(&out, str_from(err->text));
		text_add(&out, STR("}"));
	} else {
		status = err->code == ERROR_MEMORY ? 500 : 400;
		*ret = reply_status(status, err, mode, arena);
		return status;
	}
	*ret = (struct reply_body){text_done(&out), false};
	return status;
}
