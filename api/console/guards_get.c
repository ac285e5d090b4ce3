/* guards_get - GET guards, guards/values, operational, denials: what is in force, and what it denied, for people who look */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <strings.h>

#include "api/console/look.h"
#include "api/http/resources.h"
#include "api/decision_log/denials.h"
#include "base/text.h"
#include "engine/decide/policyset.h"
#include "guards/kinds.h"

#define VALUES_MOST 50

static bool
term_holds(const struct scope_term *term, struct str piece)
{
	if (term->kind == TERM_EXACT)
		return text_holds(term->text, piece);
	if (term->kind == TERM_LIST)
		for (size_t i = 0; i < term->list_count; i++)
			if (text_holds(term->list[i], piece))
				return true;
	return false;
}

static bool
guard_holds(const struct guard *guard, struct str piece)
{
	if (text_holds(guard->policy, piece) || text_holds(str_from(guard->file), piece) ||
	    text_holds(str_from(guard->kind->name), piece))
		return true;
	for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++)
		if (term_holds(&guard->scope.term[i], piece))
			return true;
	return false;
}

/* A text, a list of texts, or "/pattern/". */
static void
write_term(struct text *out, const struct scope_term *term)
{
	struct str pattern;

	switch (term->kind) {
	case TERM_EXACT:
		text_add_json(out, term->text);
		break;
	case TERM_LIST:
		text_add(out, STR("["));
		for (size_t i = 0; i < term->list_count && i < VALUES_MOST; i++) {
			text_add(out, i ? STR(",") : STR(""));
			text_add_json(out, term->list[i]);
		}
		text_add(out, STR("]"));
		break;
	case TERM_PATTERN:
		pattern = pattern_text(term->pattern);
		text_add(out, STR("{\"pattern\":"));
		text_add_json(out, pattern);
		text_add(out, STR("}"));
		break;
	case TERM_ANY:
		text_add(out, STR("null"));
		break;
	}
}

static void
write_guard(struct text *out, const struct guard *guard)
{
	const char *comma = "";

	text_add(out, STR("{"));
	text_add(out, guard->label);
	text_add(out, guard->shadow ? STR(",\"shadow\":true,\"scope\":{") : STR(",\"shadow\":false,\"scope\":{"));
	for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (guard->scope.term[i].kind == TERM_ANY)
			continue;
		text_addf(out, "%s\"%s\":", comma, attribute_key[i]);
		write_term(out, &guard->scope.term[i]);
		comma = ",";
	}
	text_add(out, STR("}"));
	if (guard->owner) {
		text_add(out, STR(",\"owner\":"));
		text_add_json(out, str_from(guard->owner));
	}
	text_add(out, STR("}"));
}

static int
list_guards(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct list_request *look = call->context;
	struct policyset *set = engine_set_hold(look->service->engine);
	struct look_list list = {.out = out, .page = &call->page};

	(void)reader;
	text_addf(out, "{\"generation\":%" PRIu64 ",\"guards\":[", set->generation);
	for (const struct guard *guard = set->guards.first; guard; guard = guard->next) {
		if (!guard_holds(guard, look->text))
			continue;
		if (look_item(&list))
			write_guard(out, guard);
	}
	text_addf(out, "],\"total\":%zu}", list.total);
	policyset_drop(set);
	return 0;
}

void
guards_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, "text");

	if (call)
		answer_history(exchange, call, list_guards);
}

/* Distinct texts, a few of them. */
struct distinct_values {
	struct str list[VALUES_MOST];
	size_t count;
};

static void
values_add(struct distinct_values *values, struct str text, struct str piece)
{
	if (values->count == VALUES_MOST || text.len < piece.len)
		return;
	if (piece.len && strncasecmp(text.ptr, piece.ptr, piece.len) != 0)
		return;
	for (size_t i = 0; i < values->count; i++)
		if (str_equal(values->list[i], text))
			return;
	values->list[values->count++] = text;
}

static int
list_values(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct list_request *look = call->context;
	struct policyset *set = engine_set_hold(look->service->engine);
	struct distinct_values values = {0};

	(void)reader;
	for (const struct guard *guard = set->guards.first; guard && values.count < VALUES_MOST; guard = guard->next) {
		const struct scope_term *term = &guard->scope.term[look->attribute];

		if (term->kind == TERM_EXACT)
			values_add(&values, term->text, look->text);
		for (size_t i = 0; term->kind == TERM_LIST && i < term->list_count && values.count < VALUES_MOST; i++)
			values_add(&values, term->list[i], look->text);
	}
	text_add(out, STR("{\"values\":["));
	for (size_t i = 0; i < values.count; i++) {
		text_add(out, i ? STR(",") : STR(""));
		text_add_json(out, values.list[i]);
	}
	text_add(out, STR("]}"));
	policyset_drop(set);
	return 0;
}

void
guard_values_get(struct exchange *exchange)
{
	struct str name = exchange_query(exchange, "attribute");
	int attribute = attribute_find(name);
	struct runtime_call *call;
	struct error err = {0};

	if (attribute < 0 || attribute >= SCOPE_ATTRIBUTES) {
		(void)error_set(&err, ERROR_UNKNOWN, NULL,
		                "attribute is wrong: expected actor, operation, clname or target, got '%.*s'",
		                STR_ARG(name));
		answer_problem(exchange, 400, &err);
		return;
	}
	call = look_new(exchange, "begin");
	if (!call)
		return;
	((struct list_request *)call->context)->attribute = (enum attribute)attribute;
	answer_history(exchange, call, list_values);
}

/* A directive with its routes: the number of the next one, or the name of the end. */
static void
guards_write_directive(struct text *out, const struct directive *directive)
{
	text_add(out, STR("{\"id\":"));
	text_add_json(out, directive->id);
	text_add(out, STR(",\"actor\":"));
	text_add_json(out, directive->actor);
	text_add(out, STR(",\"operation\":"));
	text_add_json(out, directive->operation);
	text_addf(out, ",\"timeout\":%" PRId32 ",\"retries\":%" PRId32 ",\"line\":%" PRIu32 ",\"routes\":{",
	          directive->timeout_s, directive->retries, directive->line);
	for (size_t i = 0; i < RESULT_COUNT; i++) {
		text_addf(out, "%s\"%s\":", i ? "," : "", result_route[i]);
		if (directive->route[i] == ROUTE_FINAL)
			text_addf(out, "\"%s\"", result_final[i]);
		else
			text_addf(out, "%" PRId32, directive->route[i]);
	}
	text_add(out, STR("}}"));
}

static void
write_operational(struct text *out, const struct operational *policy)
{
	text_add(out, STR("{\"policy\":"));
	text_add_json(out, policy->policy);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, policy->version);
	text_add(out, STR(",\"controlLoop\":"));
	text_add_json(out, policy->id);
	text_add(out, STR(",\"file\":"));
	text_add_json(out, str_from(policy->file));
	text_addf(out, ",\"line\":%" PRIu32 ",\"timeout\":%" PRId32 ",\"abatement\":%s,\"trigger\":", policy->line,
	          policy->timeout_s, policy->abatement ? "true" : "false");
	if (policy->trigger < 0)
		text_add(out, STR("\"" FINAL_OPENLOOP "\""));
	else
		text_addf(out, "%" PRId32, policy->trigger);
	text_add(out, STR(",\"directives\":["));
	for (size_t i = 0; i < policy->count; i++) {
		text_add(out, i ? STR(",") : STR(""));
		guards_write_directive(out, &policy->directives[i]);
	}
	text_add(out, STR("]}"));
}

static int
list_operational(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct list_request *look = call->context;
	struct policyset *set = engine_set_hold(look->service->engine);
	struct look_list list = {.out = out, .page = &call->page};

	(void)reader;
	text_addf(out, "{\"generation\":%" PRIu64 ",\"policies\":[", set->generation);
	for (const struct operational *policy = set->operational; policy; policy = policy->next) {
		if (look->text.len && !str_equal(policy->id, look->text))
			continue;
		if (look_item(&list))
			write_operational(out, policy);
	}
	text_addf(out, "],\"total\":%zu}", list.total);
	policyset_drop(set);
	return 0;
}

void
operational_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, "controlLoop");

	if (call)
		answer_history(exchange, call, list_operational);
}

static int
list_denials(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct list_request *look = call->context;

	(void)reader;
	text_addf(out, "{\"count\":%" PRIu64 ",\"denials\":[", denials_count(look->service->denials));
	(void)denials_write(look->service->denials, NULL, call->page.limit, &call->scratch, out);
	text_add(out, STR("]}"));
	return 0;
}

void
denials_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, NULL);

	if (call)
		answer_history(exchange, call, list_denials);
}
