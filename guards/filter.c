/* filter - Filter: black and white lists by what the inventory knows of a target */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "guards/kinds.h"
#include "guards/onap.h"
#include "guards/remedy.h"
#include "guards/text_test.h"
#include "policytypes/policy.h"
#include "policytypes/suggest.h"

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

#define FIRST_FIELD (ATTRIBUTE_TARGET + 1) /* the attributes after the scope are the fields */

struct rule {
	enum attribute field; /* ATTRIBUTE_COUNT: by path */
	enum field_root root; /* of a path, which is root and name */
	struct str name;
	const char *label; /* the field as the policy names it, for answers */
	bool blacklist;
	bool absent_denies;    /* a request without the field matches */
	struct text_test test; /* what `filter` and `function` make of a value */
	uint32_t line;
};

struct filter {
	bool whitelist_overrides;
	size_t count;
	struct rule *rules;
};

static bool
filter_no_memory(const struct node *where, struct diags *diags)
{
	diags_error(diags, where, "no memory for a filter");
	return false;
}

static bool
data_new(struct guard *guard, const struct node *filters, struct arena *arena, struct filter **ret, struct diags *diags)
{
	struct filter *data = arena_alloc(arena, sizeof(*data));

	guard->data = data;
	if (!data || !(data->rules = arena_array(arena, filters->count, sizeof(*data->rules))))
		return filter_no_memory(filters, diags);
	*ret = data;
	return true;
}

/* The scalar under `key`, or NULL with a finding. */
static const struct node *
filter_member(const struct node *filter, const char *key, struct diags *diags)
{
	const struct node *value = node_get(filter, key);

	if (value && node_is_scalar(value) && !node_is_null(value))
		return value;
	diags_error(diags, value ? value : filter, "a filter needs %s as text", key);
	return NULL;
}

static void
filter_field_unknown(const struct node *field, struct diags *diags)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, field->text);
	for (int i = FIRST_FIELD; i < ATTRIBUTE_COUNT; i++)
		suggestion_offer(&suggestion, str_from(attribute_key[i]));
	for (int i = 0; i < FIELD_ROOTS_COUNT; i++)
		suggestion_offer(&suggestion, field_root_text[i]);
	if (suggestion.best.ptr)
		diags_error(diags, field, "unknown field '%.*s'%s%.*s%s", STR_ARG(field->text),
		            SUGGESTION_ARG(suggestion));
	else
		diags_error(diags, field,
		            "unknown field '%.*s': expected one of ONAP's inventory, such as %s, or a path such as "
		            "resource.properties.status, subject.type, context.ip",
		            STR_ARG(field->text), attribute_key[FIRST_FIELD]);
}

/* Answers and logs write paths as they are: no character of one needs escaping. */
static bool
path_is_plain(struct str path)
{
	for (size_t i = 0; i < path.len; i++) {
		if (path.ptr[i] < 0x20 || path.ptr[i] == '"' || path.ptr[i] == '\\' || path.ptr[i] == 0x7f)
			return false;
	}
	return path.len <= FIELD_PATH_MOST;
}

/* A field of ONAP's inventory, or a path of the question. Strict. */
static bool
field_compile(struct rule *rule, const struct node *field, struct arena *arena, struct diags *diags)
{
	struct str path = arena_str(arena, field->text);
	int attribute = attribute_find(field->text);

	if (!path.ptr)
		return filter_no_memory(field, diags);
	rule->label = path.ptr;
	if (attribute < FIRST_FIELD)
		attribute = field_attribute(path);
	rule->field = attribute < 0 ? ATTRIBUTE_COUNT : (enum attribute)attribute;
	if (attribute >= 0)
		return true;
	if (!field_parse(path, &rule->root, &rule->name)) {
		filter_field_unknown(field, diags);
		return false;
	}
	if (!path_is_plain(path)) {
		diags_error(
			diags, field,
			"the path of a field has at most %d bytes, of printable ASCII without quotes and backslashes",
			FIELD_PATH_MOST);
		return false;
	}
	return true;
}

/* Strict: whether a blacklisting filter matches where its field is absent. */
static bool
absent_compile(struct rule *rule, const struct node *absent, struct diags *diags)
{
	rule->absent_denies = rule->blacklist;
	if (node_is_null(absent))
		return true;
	if (str_is(absent->text, "no_match")) {
		rule->absent_denies = false;
		return true;
	}
	if (!str_is(absent->text, "deny"))
		diags_error(diags, absent, "absent must be deny or no_match");
	else if (!rule->blacklist)
		diags_error(diags, absent, "absent: deny is for filters that blacklist; this one does not");
	return rule->blacklist && str_is(absent->text, "deny");
}

static bool
rule_compile(struct rule *rule, const struct node *filter, struct arena *arena, struct diags *diags)
{
	const struct node *field = filter_member(filter, "field", diags),
			  *function = filter_member(filter, "function", diags);
	const struct node *text = filter_member(filter, "filter", diags), *blacklist = node_get(filter, "blacklist");
	int which;

	if (!field || !function || !text || !field_compile(rule, field, arena, diags))
		return false;
	which = text_function_find(function->text);
	if (which < 0) {
		diags_error(diags, function, "unknown function '%.*s'", STR_ARG(function->text));
		return false;
	}
	if (blacklist && blacklist->kind != NODE_BOOL) {
		diags_error(diags, blacklist, "blacklist must be true or false");
		return false;
	}
	rule->blacklist = !blacklist || blacklist->boolean; /* the type's default is true */
	if (!absent_compile(rule, node_get(filter, "absent"), diags))
		return false;
	rule->line = text->line;
	rule->test.dot = PATTERN_DOT_ALL;
	return text_test_compile(&rule->test, which, text->text, text, arena, diags);
}

static bool
compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct node *filters = policy_get(policy, "filters"), *algorithm = policy_get(policy, "algorithm");
	struct filter *data;
	bool good = common_compile(policy, guard, arena, diags);

	if (!filters || filters->kind != NODE_LIST) {
		diags_error(diags, filters ? filters : policy->properties, "filters must be a list");
		return false;
	}
	if (!data_new(guard, filters, arena, &data, diags))
		return false;
	data->whitelist_overrides = algorithm && str_is(algorithm->text, "whitelist-overrides");
	if (algorithm && !data->whitelist_overrides && !str_is(algorithm->text, "blacklist-overrides")) {
		diags_error(diags, algorithm, "algorithm must be blacklist-overrides or whitelist-overrides");
		good = false;
	}
	for (const struct node *filter = filters->first; filter; filter = filter->next) {
		struct rule *rule = &data->rules[data->count++];

		good = rule_compile(rule, filter, arena, diags) && good;
	}
	return good;
}

const struct text_test *
filter_test(const struct guard *guard, size_t index, enum attribute *ret_field)
{
	const struct filter *data = guard->data;

	if (index >= data->count)
		return NULL;
	*ret_field = data->rules[index].field;
	return &data->rules[index].test;
}

/* ASCII letters in lower case, cut where no name is so long. */
static struct str
filter_lower(struct str text, char buf[64])
{
	size_t len = text.len < 64 ? text.len : 63;

	for (size_t i = 0; i < len; i++)
		buf[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + ('a' - 'A') : text.ptr[i]);
	return (struct str){buf, len};
}

static bool
rule_compile_onap(struct rule *rule, const struct node *filter, struct arena *arena, struct diags *diags)
{
	static const char *const keys[] = {"field", "filter", "function"};
	const struct onap_properties properties = {filter, "FilterDefinition"};
	struct str texts[3];
	char buf[64];
	bool given = false, good = true;
	int attribute, which;

	for (int i = 0; i < 3; i++) {
		if (!onap_text(&properties, keys[i], arena, &texts[i], diags)) {
			good = false;
		} else if (!texts[i].ptr) {
			onap_null(filter, keys[i], diags);
			good = false;
		}
	}
	if (!onap_boolean(&properties, "blacklist", &given, &rule->blacklist, diags) || !good)
		return false;
	if (!given) {
		onap_null(filter, "blacklist", diags);
		return false;
	}
	attribute = attribute_find(filter_lower(texts[0], buf));
	which = text_function_find(filter_lower(texts[2], buf));
	if (attribute < FIRST_FIELD) {
		diags_error(diags, node_get(filter, keys[0]), "Unexpected value for field in filter: '%.*s'",
		            STR_ARG(texts[0]));
		return false;
	}
	if (which < 0) {
		diags_error(diags, node_get(filter, keys[2]), "Unexpected value for function in filter: '%.*s'",
		            STR_ARG(texts[2]));
		return false;
	}
	if (which == TEXT_FUNCTION_REGEXP_MATCH && onap_java_only(texts[1])) {
		diags_error(diags, node_get(filter, keys[1]),
		            "'%.*s' joins classes as only Java's regular expressions do: write one class",
		            STR_ARG(texts[1]));
		return false;
	}
	rule->field = attribute;
	rule->label = attribute_key[attribute];
	rule->line = node_get(filter, keys[1])->line;
	return text_test_compile(&rule->test, which, texts[1], node_get(filter, keys[1]), arena, diags);
}

static bool
compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "FilterDefinition"};
	const struct node *filters;
	struct filter *data;
	struct str algorithm;
	bool good;

	if (!common_compile_onap(policy, guard, true, arena, diags))
		return false;
	good = onap_text(&properties, "algorithm", arena, &algorithm, diags);
	filters = onap_list(&properties, "filters", diags);
	if (!filters || !data_new(guard, filters, arena, &data, diags))
		return false;
	data->whitelist_overrides = good && str_is(algorithm, "whitelist-overrides");
	if (good && !algorithm.ptr) {
		onap_null(policy->properties, "algorithm", diags);
		good = false;
	} else if (good && !data->whitelist_overrides && !str_is(algorithm, "blacklist-overrides")) {
		diags_error(diags, node_get(policy->properties, "algorithm"),
		            "Unexpected value for algorithm, should be whitelist-overrides or blacklist-overrides");
		good = false;
	}
	for (const struct node *filter = filters->first; filter; filter = filter->next) {
		if (node_is_null(filter)) {
			diags_error(diags, filter, "item \"filters\" has no valid entry %u: it is null", filter->index);
			good = false;
		} else if (filter->kind != NODE_MAP) {
			diags_error(diags, filter,
			            "Cannot decode FilterDefinition from properties: a filter is a map, not %s",
			            node_kind_phrase(filter));
			good = false;
		} else {
			good = rule_compile_onap(&data->rules[data->count++], filter, arena, diags) && good;
		}
	}
	return good;
}

/* What the rules of a guard say together. */
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
	.compile = {[GUARD_STRICT] = compile, [GUARD_ONAP] = compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = filter_remedy,
	.frees = range_frees,
};
