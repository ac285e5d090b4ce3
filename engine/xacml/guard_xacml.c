/* guard_xacml - guard policies as one XACML 3.0 policy set */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/xacml/guard_xacml.h"

#include <inttypes.h>

#include "engine/decide/policyset.h"
#include "engine/xacml/xacml.h"
#include "guards/kinds.h"
#include "guards/text_test.h"

/* A function, and whether the filter's text is its first operand. */
static const struct {
	const char *name;
	bool text_first;
} functions[TEXT_FUNCTION_COUNT] = {
	[TEXT_FUNCTION_EQUAL] = {XACML1 "string-equal", true},
	[TEXT_FUNCTION_EQUAL_IGNORE_CASE] = {XACML3 "string-equal-ignore-case", true},
	[TEXT_FUNCTION_REGEXP_MATCH] = {XACML1 "string-regexp-match", true},
	[TEXT_FUNCTION_CONTAINS] = {XACML3 "string-contains", true},
	[TEXT_FUNCTION_GREATER_THAN] = {XACML1 "string-greater-than", false},
	[TEXT_FUNCTION_GREATER_THAN_OR_EQUAL] = {XACML1 "string-greater-than-or-equal", false},
	[TEXT_FUNCTION_LESS_THAN] = {XACML1 "string-less-than", false},
	[TEXT_FUNCTION_LESS_THAN_OR_EQUAL] = {XACML1 "string-less-than-or-equal", false},
	[TEXT_FUNCTION_STARTS_WITH] = {XACML3 "string-starts-with", true},
	[TEXT_FUNCTION_ENDS_WITH] = {XACML3 "string-ends-with", true},
};

/* The scope: each attribute that is not open is an AnyOf. */
static void
target(const struct guard *guard, FILE *out)
{
	bool any = true;

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		const struct scope_term *term = &guard->scope.term[i];

		if (term->kind == TERM_ANY)
			continue;
		fprintf(out, "%s      <AnyOf>", any ? "    <Target>\n" : "");
		any = false;
		for (size_t j = 0; j < (term->kind == TERM_LIST ? term->list_count : 1); j++) {
			fputs("<AllOf>", out);
			xacml_match((enum attribute)i,
			            term->kind == TERM_LIST      ? term->list[j]
			            : term->kind == TERM_PATTERN ? pattern_text(term->pattern)
			                                         : term->text,
			            term->kind == TERM_PATTERN, out);
			fputs("</AllOf>", out);
		}
		fputs("</AnyOf>\n", out);
	}
	fputs(any ? "    <Target/>\n" : "    </Target>\n", out);
}

/* A rule with its range: a Deny rule needs to be in it, a Permit rule permits out of it too. */
static void
rule_begin(const struct guard *guard, const char *id, bool permit, FILE *out)
{
	fprintf(out, "    <Rule RuleId=\"%s\" Effect=\"%s\">\n      ", id, permit ? "Permit" : "Deny");
	fprintf(out, "<Condition><Apply FunctionId=\"" XACML1 "%s\">", permit ? "or" : "and");
	if (guard->range.kind == RANGE_ALWAYS)
		return;
	if (permit)
		fputs("<Apply FunctionId=\"" XACML1 "not\">", out);
	xacml_range(&guard->range, out);
	if (permit)
		fputs("</Apply>", out);
}

static void
rule_end(FILE *out)
{
	fputs("</Apply></Condition>\n    </Rule>\n", out);
}

/* The largest of the units that ONAP counts by of which the window is a whole number, and how many; 0 when there is none. */
static int64_t
window_units(struct duration window, const char **ret_unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{"day", TIME_MS_DAY}, {"hour", TIME_MS_HOUR}, {"minute", TIME_MS_MINUTE}, {"second", TIME_MS_SECOND}};
	int64_t ms = window.ms + window.months / 12 * 366 * TIME_MS_DAY + window.months % 12 * 31 * TIME_MS_DAY;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		*ret_unit = units[i].name;
		if (ms % units[i].ms == 0)
			return ms / units[i].ms <= INT32_MAX ? ms / units[i].ms : 0;
	}
	return 0;
}

static void
count_write(const struct limiter_spec *spec, const char *comparison, uint32_t with, FILE *out)
{
	const char *unit;
	int64_t units = window_units(spec->window, &unit);

	fprintf(out,
	        "<Apply FunctionId=\"" XACML1 "integer-%s\"><Apply FunctionId=\"" XACML1
	        "integer-one-and-only\"><AttributeDesignator Category=\"" XACML_RESOURCE
	        "\" AttributeId=\"" ONAP_OPERATION_COUNT "\" Issuer=\"" ONAP_ISSUER
	        "count-recent-operations:tw:%" PRId64 ":%s\" DataType=\"" XACML_SCHEMA
	        "integer\" MustBePresent=\"true\"/></Apply>",
	        comparison, units, unit);
	xacml_integer(with, out);
	fputs("</Apply>", out);
}

/* ONAP counts -1 when it cannot count. */
static void
xacml_write_limiter(const struct guard *guard, FILE *out)
{
	const struct limiter_spec *spec = guard->data;

	rule_begin(guard, "under-limit", true, out);
	fputs("<Apply FunctionId=\"" XACML1 "and\">", out);
	count_write(spec, "greater-than-or-equal", 0, out);
	count_write(spec, "less-than", spec->limit, out);
	fputs("</Apply>", out);
	rule_end(out);
}

static void
write_blacklist(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *entries = policy_get(policy, "blacklist");

	rule_begin(guard, "blacklisted", false, out);
	fputs("<Apply FunctionId=\"" XACML1 "or\">", out);
	xacml_absent(ATTRIBUTE_TARGET, out);
	for (const struct node *entry = entries ? entries->first : NULL; entry; entry = entry->next) {
		bool pattern = text_is_pattern(entry->text);
		struct str s = entry->text;

		if (str_is(s, ".*"))
			pattern = true;
		else if (pattern)
			s = (struct str){s.ptr + 1, s.len - 2};
		fprintf(out, "<Apply FunctionId=\"" XACML1 "%s\">", pattern ? "string-regexp-match" : "string-equal");
		if (pattern)
			xacml_pattern(s, out);
		else
			xacml_value("string", s, out);
		xacml_only(xacml_ids[ATTRIBUTE_TARGET], "string", out);
		fputs("</Apply>", out);
	}
	fputs("</Apply>", out);
	rule_end(out);
}

static void
write_bounds(const struct policy *policy, const struct guard *guard, FILE *out)
{
	static const char *const bounds[][2] = {{"min", "greater"}, {"max", "less"}};

	rule_begin(guard, "within-bounds", true, out);
	fputs("<Apply FunctionId=\"" XACML1 "and\">", out);
	for (size_t i = 0; i < 2; i++) {
		const struct node *bound = policy_get(policy, bounds[i][0]);

		if (node_is_null(bound))
			continue;
		fprintf(out, "<Apply FunctionId=\"" XACML1 "integer-%s-than-or-equal\">", bounds[i][1]);
		xacml_only(ONAP_VF_COUNT, "integer", out);
		xacml_integer(bound->integer, out);
		fputs("</Apply>", out);
	}
	fputs("</Apply>", out);
	rule_end(out);
}

/* Where a request of XACML has a filter's field. */
struct xacml_place {
	const char *category;
	struct str id;
	bool bag; /* it may have several values */
};

/* ONAP's own names for attributes; for other paths the part behind the root, in the category that the root is for. */
static struct xacml_place
place_of_field(struct str field)
{
	static const char *const categories[FIELD_ROOTS_COUNT] = {
		[FIELD_SUBJECT_PROPERTIES] = XACML_SUBJECT,
		[FIELD_ACTION_PROPERTIES] = XACML_ACTION,
		[FIELD_RESOURCE_PROPERTIES] = XACML_RESOURCE,
		[FIELD_CONTEXT] = XACML_ENVIRONMENT,
		[FIELD_SUBJECT] = XACML_SUBJECT,
		[FIELD_RESOURCE] = XACML_RESOURCE,
	};
	int attribute = attribute_find(field);
	enum field_root root;
	struct str name;

	if (attribute < 0)
		attribute = field_attribute(field);
	if (attribute < 0 && field_parse(field, &root, &name))
		return (struct xacml_place){categories[root], name, true};
	return (struct xacml_place){XACML_RESOURCE, str_from(xacml_ids[attribute < 0 ? 0 : attribute]), false};
}

/* Writes the test of a filter on its field, which is present; of several values of a path any may match. */
static void
filter_test_write(const struct node *filter, const struct xacml_place *place, FILE *out)
{
	int function = text_function_find(node_get(filter, "function")->text);
	struct str s = node_get(filter, "filter")->text;

	if (place->bag)
		fprintf(out, "<Apply FunctionId=\"" XACML3 "any-of\"><Function FunctionId=\"%s\"/>",
		        functions[function].name);
	else
		fprintf(out, "<Apply FunctionId=\"%s\">", functions[function].name);
	if (function == TEXT_FUNCTION_REGEXP_MATCH)
		xacml_pattern(s, out);
	else if (functions[function].text_first)
		xacml_value("string", s, out);
	if (!place->bag)
		fputs("<Apply FunctionId=\"" XACML1 "string-one-and-only\">", out);
	xacml_bag(place->category, place->id, "string", out);
	if (!place->bag)
		fputs("</Apply>", out);
	if (!functions[function].text_first)
		xacml_value("string", s, out);
	fputs("</Apply>", out);
}

/* Without its field a blacklisting filter denies, unless it says otherwise; a whitelisting one says nothing. */
static void
write_filters(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *filters = policy_get(policy, "filters");

	for (const struct node *filter = filters ? filters->first : NULL; filter; filter = filter->next) {
		const struct node *blacklist = node_get(filter, "blacklist"), *absent = node_get(filter, "absent");
		struct xacml_place place = place_of_field(node_get(filter, "field")->text);
		bool denies = !blacklist || blacklist->boolean;
		bool absent_denies = denies && !(absent && str_is(absent->text, "no_match"));

		fprintf(out,
		        "    <Rule RuleId=\"filter-%" PRIu32
		        "\" Effect=\"%s\">\n      <Condition><Apply FunctionId=\"" XACML1 "and\">",
		        filter->index + 1, denies ? "Deny" : "Permit");
		if (guard->range.kind != RANGE_ALWAYS)
			xacml_range(&guard->range, out);
		fputs(absent_denies ? "<Apply FunctionId=\"" XACML1 "or\">" : "<Apply FunctionId=\"" XACML1 "not\">",
		      out);
		xacml_bag_empty(place.category, place.id, out);
		fputs(absent_denies ? "" : "</Apply>", out);
		filter_test_write(filter, &place, out);
		fputs(absent_denies ? "</Apply>" : "", out);
		rule_end(out);
	}
}

static void
write_coordination(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *loops = policy_get(policy, "controlLoop");

	rule_begin(guard, "first-is-working", false, out);
	fputs("<Apply FunctionId=\"" XACML1 "string-is-in\">", out);
	xacml_value("string", STR("In_Progress"), out);
	fputs("<AttributeDesignator Category=\"" XACML_RESOURCE "\" AttributeId=\"" ONAP_OPERATION_OUTCOME
	      "\" Issuer=\"" ONAP_ISSUER "get-operation-outcome:clname:",
	      out);
	xacml_text(loops->first->text, out);
	fputs("\" DataType=\"" XACML_SCHEMA "string\" MustBePresent=\"false\"/></Apply>", out);
	rule_end(out);
}

/* XACML knows numbers and dots only: what follows them is left out. */
static struct str
version_of(const struct policy *policy)
{
	struct str version = policy->version.ptr ? policy->version : STR("1.0.0");

	version.len = strspn(version.ptr, "0123456789.");
	return version;
}

static void
write_policy(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *algorithm = policy_get(policy, "algorithm");
	const char *combining = "permit-unless-deny";

	if (guard->kind == &guard_frequency_limiter || guard->kind == &guard_min_max)
		combining = "deny-unless-permit";
	else if (guard->kind == &guard_filter)
		combining = algorithm && str_is(algorithm->text, "whitelist-overrides") ? "permit-overrides"
		                                                                        : "deny-overrides";
	fputs("  <Policy PolicyId=\"", out);
	xacml_text(policy->name, out);
	fputs("\" Version=\"", out);
	xacml_text(version_of(policy), out);
	fprintf(out, "\" RuleCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:%s\">\n",
	        combining);
	target(guard, out);
	if (guard->kind == &guard_frequency_limiter)
		xacml_write_limiter(guard, out);
	else if (guard->kind == &guard_blacklist)
		write_blacklist(policy, guard, out);
	else if (guard->kind == &guard_min_max)
		write_bounds(policy, guard, out);
	else if (guard->kind == &guard_filter)
		write_filters(policy, guard, out);
	else
		write_coordination(policy, guard, out);
	fputs("  </Policy>\n", out);
}

/* ONAP cuts the name that it asks about there. */
#define LOOP_MARK "clname:"

static void
coordination_check(const struct policy *policy, struct diags *diags)
{
	const struct node *first = policy_get(policy, "controlLoop")->first;

	for (size_t i = 0; i + strlen(LOOP_MARK) <= first->text.len; i++) {
		if (memcmp(first->text.ptr + i, LOOP_MARK, strlen(LOOP_MARK)) == 0) {
			diags_error(diags, first,
			            "ONAP cannot look for '%.*s': expected a name without '" LOOP_MARK "'",
			            STR_ARG(first->text));
			return;
		}
	}
}

static void
limiter_check(const struct policy *policy, const struct limiter_spec *spec, struct diags *diags)
{
	const char *unit;

	if (window_units(spec->window, &unit) == 0)
		diags_error(diags, policy->node,
		            "ONAP cannot count over the window of policy '%.*s': expected whole seconds, %d at most",
		            STR_ARG(policy->name), INT32_MAX);
	if (spec->window.months)
		diags_add(diags, SEVERITY_WARNING, NULL, policy->node,
		          "policy '%.*s' will count over 31 days a month and 366 a year: ONAP's information point "
		          "knows no calendar",
		          STR_ARG(policy->name));
	if (!spec->by_target || spec->by_clname)
		diags_add(diags, SEVERITY_WARNING, NULL, policy->node,
		          "policy '%.*s' will count per target: ONAP's information point counts no other way",
		          STR_ARG(policy->name));
}

/* Whether the guard can be written; findings tell what gets lost. */
static bool
is_written(const struct policy *policy, const struct guard *guard, struct diags *diags)
{
	if (guard->shadow) {
		diags_add(diags, SEVERITY_WARNING, NULL, policy->node, "policy '%.*s' is a shadow and left out",
		          STR_ARG(policy->name));
		return false;
	}
	if (guard->kind == &guard_frequency_limiter)
		limiter_check(policy, guard->data, diags);
	else if (guard->kind == &guard_first_blocks_second)
		coordination_check(policy, diags);
	return true;
}

/* Checks and compiles; guards[i] is NULL for what is no guard. */
static bool
xacml_compile(const struct policy_list *list, const struct node *root, struct guard **guards, struct arena *arena,
              struct diags *diags)
{
	const struct catalogue *builtin;
	struct catalogue *catalogue;
	struct error err = {0};
	size_t errors = diags->count[SEVERITY_ERROR], at = 0;

	if (policyset_builtin(arena, &builtin, &err) < 0 || !(catalogue = catalogue_new(arena, builtin))) {
		diags_error(diags, NULL, "out of memory");
		return false;
	}
	catalogue_add(catalogue, root, diags);
	catalogue_resolve(catalogue, diags);
	for (struct policy *policy = list->first; policy; policy = policy->next, at++) {
		const struct guard_kind *kind;
		struct guard *guard;

		if (!policy_check(policy, catalogue, arena, diags))
			continue;
		kind = guard_kind_of(policy, GUARD_STRICT);
		if (!kind)
			diags_add(diags, SEVERITY_WARNING, NULL, policy->node,
			          "policy '%.*s' is not a guard and is left out", STR_ARG(policy->name));
		else if (guard_compile(policy, kind, GUARD_STRICT, arena, NULL, &guard, diags) &&
		         is_written(policy, guard, diags))
			guards[at] = guard;
	}
	return diags->count[SEVERITY_ERROR] == errors;
}

/* A question that names no actor or no operation is denied, whatever guards there are. */
static void
write_question(FILE *out)
{
	fputs("  <Policy PolicyId=\"clguard.question\" Version=\"1.0\" "
	      "RuleCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:deny-overrides\">\n    "
	      "<Target/>\n"
	      "    <Rule RuleId=\"incomplete\" Effect=\"Deny\">\n      <Condition><Apply FunctionId=\"" XACML1 "or\">",
	      out);
	xacml_absent(ATTRIBUTE_ACTOR, out);
	xacml_absent(ATTRIBUTE_OPERATION, out);
	rule_end(out);
	fputs("  </Policy>\n", out);
}

bool
guard_xacml(const struct node *root, enum document_kind kind, struct arena *arena, FILE *out, struct diags *diags)
{
	struct policy_list list = {0};
	struct guard **guards;
	size_t errors = diags->count[SEVERITY_ERROR], at = 0;

	template_policies(root, kind, arena, &list, diags);
	guards = arena_array(arena, list.count, sizeof(struct guard *));
	if (!guards || !xacml_compile(&list, root, guards, arena, diags) || diags->count[SEVERITY_ERROR] > errors)
		return false;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<PolicySet xmlns=\"urn:oasis:names:tc:xacml:3.0:core:schema:wd-17\" PolicySetId=\"clguard\" "
	      "Version=\"1.0\"\n"
	      "    PolicyCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:policy-combining-algorithm:deny-overrides\">\n"
	      "  <Target/>\n",
	      out);
	write_question(out);
	for (const struct policy *policy = list.first; policy; policy = policy->next, at++) {
		if (guards[at])
			write_policy(policy, guards[at], out);
	}
	fputs("</PolicySet>\n", out);
	return true;
}
