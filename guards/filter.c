/* filter - Filter: black and white lists by what the inventory knows of a target */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "guards/filter_rules.h"
#include "guards/kinds.h"
#include "guards/remedy.h"

/*
 * type    onap.policies.controlloop.guard.common.Filter 1.0.0 {actor, operation, id?, timeRange?, algorithm, filters:
 *         [{field, filter, function, blacklist}]}
 * strict  a filter matches when function(value, filter) holds, as it reads. blacklist-overrides: any matching
 *         blacklisting filter denies, the first gives the reason; whitelist-overrides: any matching whitelisting one
 *         permits, else any blacklisting one denies. Nothing matches: permits. A blacklisting filter whose field is not
 *         in the request matches, with missing_attribute, unless it says `absent: no_match`. A field may also be a path
 *         of the question (guards/field.h); of one with several values any may match.
 * onap    the same, but a field that is absent matches nothing, greater and less have their operands reversed, and
 *         nothing matching, or out of range, is not applicable. A broken range makes matches indeterminate. Letter case
 *         of `field` and `function` is free. A bad regular expression, on which the reference fails while deciding, is
 *         refused; so is one that only Java reads as it is meant.
 * both    text is ordered by UTF-16 code units; regular expressions match the whole value
 * source  ONAP's policy type and its policy-xacml-pdp; differences are in doc/compatibility.md
 */

const struct text_test *
filter_test(const struct guard *guard, size_t index, enum attribute *ret_field)
{
	const struct filter *data = guard->data;

	if (index >= data->count)
		return NULL;
	*ret_field = data->rules[index].field;
	return &data->rules[index].test;
}

/* The combined result of a guard's rules. */
struct filter_outcome {
	const struct rule *denier; /* the first blacklisting rule that matches */
	bool whitelisted, failed;
};

static bool
rule_has_value(const struct rule *rule, const struct request *request)
{
	return rule->field < ATTRIBUTE_COUNT ? request->attribute[rule->field].ptr != NULL
	                                     : field_find(request, request->fields, rule->root, rule->name) != NULL;
}

/* Whether any value of a path matches; one that cannot be decided is told when none does. ret (may be NULL): the value. */
static __attribute__((noinline)) int
path_match(const struct rule *rule, const struct request *request, struct pattern_scratch *scratch, struct str *ret)
{
	const struct request_field *field = request->fields;
	int failed = 0;

	if (!field_find(request, field, rule->root, rule->name))
		return rule->absent_denies;
	while ((field = field_find(request, field, rule->root, rule->name))) {
		int r = text_test_match(&rule->test, field->value, false, scratch);

		if (r > 0 && ret)
			*ret = field->value;
		if (r > 0)
			return r;
		failed = r < 0 ? r : failed;
		field++;
	}
	return failed;
}

static inline int
rule_match(const struct guard *guard, const struct rule *rule, const struct request *request,
           struct pattern_scratch *scratch)
{
	if (rule->field == ATTRIBUTE_COUNT)
		return path_match(rule, request, scratch, NULL);
	if (!request->attribute[rule->field].ptr)
		return rule->absent_denies;
	return text_test_match(&rule->test, request->attribute[rule->field], guard->mode == GUARD_ONAP, scratch);
}

static struct filter_outcome
rules_apply(const struct guard *guard, const struct request *request, struct pattern_scratch *scratch)
{
	const struct filter *data = guard->data;
	struct filter_outcome outcome = {0};

	for (size_t i = 0; i < data->count; i++) {
		const struct rule *rule = &data->rules[i];
		int r = rule_match(guard, rule, request, scratch);

		outcome.failed = outcome.failed || r < 0;
		if (r > 0 && !rule->blacklist)
			outcome.whitelisted = true;
		if (r > 0 && rule->blacklist && !outcome.denier)
			outcome.denier = rule;
	}
	return outcome;
}

/* Combines them. otherwise: what no match at all gives. */
static void
outcome_verdict(const struct guard *guard, const struct request *request, const struct filter_outcome *outcome,
                enum effect otherwise, struct verdict *ret)
{
	const struct filter *data = guard->data;
	const struct rule *denier = outcome->denier;

	if (data->whitelist_overrides && outcome->whitelisted)
		ret->effect = EFFECT_PERMIT;
	else if (outcome->failed && (data->whitelist_overrides || !denier))
		verdict_error(ret);
	else if (denier && !rule_has_value(denier, request))
		verdict_missing(ret, denier->label);
	else if (denier)
		*ret = (struct verdict){EFFECT_DENY, REASON_FILTERED, NULL};
	else
		ret->effect = outcome->whitelisted ? EFFECT_PERMIT : otherwise;
}

static void
check(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	struct filter_outcome outcome = rules_apply(guard, request, env->scratch);

	outcome_verdict(guard, request, &outcome, EFFECT_PERMIT, ret);
}

static void
check_onap(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	enum range_state state = time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms);
	struct filter_outcome outcome;

	if (state == RANGE_OUT)
		return;
	outcome = rules_apply(guard, request, env->scratch);
	if (state == RANGE_IN)
		outcome_verdict(guard, request, &outcome, EFFECT_NOT_APPLICABLE, ret);
	else if (outcome.denier || outcome.whitelisted || outcome.failed)
		verdict_error(ret);
}

static void
explain(const struct guard *guard, const struct request *request, const struct env *env, const struct verdict *verdict,
        struct arena *arena, struct explanation *ret)
{
	const struct filter *data = guard->data;
	const struct rule *denier;
	struct str value = STR_NONE;

	explain_text(ret, "algorithm",
	             str_from(data->whitelist_overrides ? "whitelist-overrides" : "blacklist-overrides"));
	if (verdict->effect != EFFECT_DENY)
		return;
	denier = rules_apply(guard, request, env->scratch).denier;
	if (!denier)
		return;
	if (denier->field < ATTRIBUTE_COUNT)
		value = request->attribute[denier->field];
	else
		(void)path_match(denier, request, env->scratch, &value); /* it matches: it denied */
	explain_text(ret, denier->label, value);
	explain_text(ret, "function", str_from(text_function_name[denier->test.function]));
	explain_text(ret, "filter", denier->test.text);
	explain_number(ret, "filter_line", denier->line, arena);
}

static bool
is_same_field(const struct rule *a, const struct rule *b)
{
	if (a->field != b->field)
		return false;
	return a->field < ATTRIBUTE_COUNT || (a->root == b->root && str_equal(a->name, b->name));
}

/* Whether none of the guard's blacklisting rules on a rule's field matches a value. */
static bool
value_passes(const struct guard *guard, const struct rule *denier, struct str value, struct pattern_scratch *scratch)
{
	const struct filter *data = guard->data;

	for (size_t i = 0; i < data->count; i++) {
		const struct rule *rule = &data->rules[i];

		if (is_same_field(rule, denier) && rule->blacklist &&
		    text_test_match(&rule->test, value, guard->mode == GUARD_ONAP, scratch) != 0)
			return false;
	}
	return true;
}

/* A value of a field that the request lacks, absent when none was found. */
static struct str
value_find(const struct guard *guard, const struct rule *denier, const struct remedy *remedy)
{
	struct str text = denier->test.text, shorter = {text.ptr, text.len > 1 ? text.len - 1 : 0};
	const struct str values[] = {STR("x"),
	                             STR("0"),
	                             STR("~"),
	                             text,
	                             explain_format(remedy->arena, "%.*sx", STR_ARG(text)),
	                             explain_format(remedy->arena, "x%.*s", STR_ARG(text)),
	                             shorter};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (values[i].len > 0 && values[i].len <= ATTRIBUTE_SIZE_MAX &&
		    value_passes(guard, denier, values[i], remedy->env->scratch))
			return values[i];
	}
	return STR_NONE;
}

/* Takes the blacklisting rules that match away. */
static bool
rules_remove(const struct guard *guard, const struct remedy *remedy, struct change *ret)
{
	const struct filter *data = guard->data;
	struct filter *left = arena_alloc(remedy->arena, sizeof(*left));
	struct text words, json;
	size_t removed = 0;

	if (!left || !(left->rules = arena_array(remedy->arena, data->count, sizeof(*left->rules))))
		return false;
	left->whitelist_overrides = data->whitelist_overrides;
	text_init(&words, remedy->arena);
	text_init(&json, remedy->arena);
	for (size_t i = 0; i < data->count; i++) {
		const struct rule *rule = &data->rules[i];
		int r = rule_match(guard, rule, &remedy->request, remedy->env->scratch);

		if (!rule->blacklist || r == 0) {
			left->rules[left->count++] = *rule;
			continue;
		}
		text_addf(&words, "%s'%.*s' (line %u)", removed ? " and " : "remove the filter ",
		          STR_ARG(rule->test.text), rule->line);
		text_addf(&json, "%s%" PRIu32, removed ? "," : "{\"remove\":{\"filters\":[", rule->line);
		removed++;
	}
	text_add(&json, STR("]}}"));
	return removed > 0 && remedy_policy(remedy, guard, left, text_done(&json), text_done(&words), ret);
}

static bool
filter_remedy(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	const struct rule *denier = rules_apply(guard, &remedy->request, remedy->env->scratch).denier;
	struct str value = STR_NONE;

	if (!denier)
		return false;
	if (!rule_has_value(denier, &remedy->request))
		value = value_find(guard, denier, remedy);
	if (!value.ptr)
		return rules_remove(guard, remedy, ret);
	return denier->field < ATTRIBUTE_COUNT
	               ? remedy_attribute(remedy, denier->field, value, ret)
	               : remedy_field(remedy, &(struct request_field){denier->root, denier->name, value}, ret);
}

const struct guard_kind guard_filter = {
	.name = "Filter",
	.types = {"onap.policies.controlloop.guard.common.Filter", NULL},
	.timeless = true,
	.compile = {[GUARD_STRICT] = filter_compile, [GUARD_ONAP] = filter_compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = filter_remedy,
	.frees = range_frees,
};
