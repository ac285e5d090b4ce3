/* filter_compile - a Filter's properties as rules, in strict and in onap mode */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/filter_rules.h"

#include "guards/onap.h"
#include "guards/kinds.h"
#include "policytypes/suggest.h"

#define FIRST_FIELD (ATTRIBUTE_TARGET + 1) /* the attributes after the scope are the fields */

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

bool
filter_compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
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

bool
filter_compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
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
