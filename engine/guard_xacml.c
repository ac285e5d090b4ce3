/* guard_xacml - guard policies as one XACML 3.0 policy set */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/guard_xacml.h"

#include <inttypes.h>

#include "engine/policyset.h"
#include "guards/parts.h"
#include "guards/text_test.h"

#define XACML1 "urn:oasis:names:tc:xacml:1.0:function:"
#define XACML2 "urn:oasis:names:tc:xacml:2.0:function:"
#define XACML3 "urn:oasis:names:tc:xacml:3.0:function:"
#define SCHEMA "http://www.w3.org/2001/XMLSchema#"
#define RESOURCE "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
#define ENVIRONMENT "urn:oasis:names:tc:xacml:3.0:attribute-category:environment"
#define PREFIX "urn:org:onap:guard:"
#define ISSUER "urn:org:onap:xacml:guard:"

/* Attribute identifiers, in the order of ATTRIBUTES. */
static const char *const ids[ATTRIBUTE_COUNT] = {
	[ATTRIBUTE_ACTOR] = PREFIX "actor:actor-id",         [ATTRIBUTE_OPERATION] = PREFIX "operation:operation-id",
	[ATTRIBUTE_CLNAME] = PREFIX "clname:clname-id",      [ATTRIBUTE_TARGET] = PREFIX "target:target-id",
	[ATTRIBUTE_VNF_NAME] = PREFIX "target:vnf-name",     [ATTRIBUTE_VNF_ID] = PREFIX "target:vnf-id",
	[ATTRIBUTE_VNF_TYPE] = PREFIX "target:vnf-type",     [ATTRIBUTE_NAMING_CODE] = PREFIX "target:nf-naming-code",
	[ATTRIBUTE_VSERVER_ID] = PREFIX "target:vserver-id", [ATTRIBUTE_REGION_ID] = PREFIX "target:cloud-region-id",
};

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

static void
text(struct str s, FILE *out)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.ptr[i];

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\t' || c == '\n' || c == '\r')
			fprintf(out, "&#%d;", c);
		else if (c >= 0x20)
			fputc(c, out); /* XML knows no other control character */
	}
}

static void
value(const char *type, struct str s, FILE *out)
{
	fprintf(out, "<AttributeValue DataType=\"" SCHEMA "%s\">", type);
	text(s, out);
	fputs("</AttributeValue>", out);
}

static void
integer(int64_t number, FILE *out)
{
	fprintf(out, "<AttributeValue DataType=\"" SCHEMA "integer\">%" PRId64 "</AttributeValue>", number);
}

static void
designator(const char *id, const char *type, FILE *out)
{
	fprintf(out,
	        "<AttributeDesignator Category=\"" RESOURCE "\" AttributeId=\"%s\" DataType=\"" SCHEMA
	        "%s\" MustBePresent=\"false\"/>",
	        id, type);
}

/* One attribute of the request, of which there must be exactly one. */
static void
only(const char *id, const char *type, FILE *out)
{
	fprintf(out, "<Apply FunctionId=\"" XACML1 "%s-one-and-only\">", type);
	designator(id, type, out);
	fputs("</Apply>", out);
}

static void
match(enum attribute attribute, struct str s, bool pattern, FILE *out)
{
	fprintf(out, "<Match MatchId=\"" XACML1 "%s\">", pattern ? "string-regexp-match" : "string-equal");
	if (pattern) {
		fputs("<AttributeValue DataType=\"" SCHEMA "string\">^(", out);
		text(s, out);
		fputs(")$</AttributeValue>", out);
	} else {
		value("string", s, out);
	}
	designator(ids[attribute], "string", out);
	fputs("</Match>", out);
}

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
			match((enum attribute)i,
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

/* The current time lies in the guard's range: an expression. */
static void
in_range(const struct time_range *range, FILE *out)
{
	char start[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];

	time_format_instant(range->start, start);
	time_format_instant(range->end, end);
	if (range->kind == RANGE_DAILY) {
		fputs("<Apply FunctionId=\"" XACML2 "time-in-range\"><Apply FunctionId=\"" XACML1
		      "time-one-and-only\"><AttributeDesignator Category=\"" ENVIRONMENT
		      "\" AttributeId=\"urn:oasis:names:tc:xacml:1.0:environment:current-time\" DataType=\"" SCHEMA
		      "time\" MustBePresent=\"false\"/></Apply>",
		      out);
		value("time", str_from(start + 11), out); /* behind "1970-01-01T" */
		value("time", range->end >= TIME_MS_DAY ? STR("23:59:59.999Z") : str_from(end + 11), out);
		fputs("</Apply>", out);
		return;
	}
	fputs("<Apply FunctionId=\"" XACML1 "and\">", out);
	for (int i = 0; i < 2; i++) {
		fprintf(out,
		        "<Apply FunctionId=\"" XACML1 "dateTime-%s-than-or-equal\"><Apply FunctionId=\"" XACML1
		        "dateTime-one-and-only\"><AttributeDesignator Category=\"" ENVIRONMENT
		        "\" AttributeId=\"urn:oasis:names:tc:xacml:1.0:environment:current-dateTime\" "
		        "DataType=\"" SCHEMA "dateTime\" MustBePresent=\"false\"/></Apply>",
		        i == 0 ? "greater" : "less");
		value("dateTime", str_from(i == 0 ? start : end), out);
		fputs("</Apply>", out);
	}
	fputs("</Apply>", out);
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
	in_range(&guard->range, out);
	if (permit)
		fputs("</Apply>", out);
}

static void
rule_end(FILE *out)
{
	fputs("</Apply></Condition>\n    </Rule>\n", out);
}

static void
write_limiter(const struct guard *guard, FILE *out)
{
	const struct limiter_spec *spec = guard->data;

	rule_begin(guard, "under-limit", true, out);
	fputs("<Apply FunctionId=\"" XACML1 "integer-less-than\"><Apply FunctionId=\"" XACML1 "integer-one-and-only\">"
	      "<AttributeDesignator Category=\"" ENVIRONMENT "\" AttributeId=\"" PREFIX
	      "operation:operation-count\" Issuer=\"" ISSUER "count-recent-operations:tw:",
	      out);
	if (spec->window.months)
		fprintf(out, "%" PRId32 ":month", spec->window.months);
	else
		fprintf(out, "%" PRId64 ":second", spec->window.ms / TIME_MS_SECOND);
	fputs("\" DataType=\"" SCHEMA "integer\" MustBePresent=\"true\"/></Apply>", out);
	integer(spec->limit, out);
	fputs("</Apply>", out);
	rule_end(out);
}

static void
write_blacklist(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *entries = policy_get(policy, "blacklist");

	rule_begin(guard, "blacklisted", false, out);
	fputs("<Apply FunctionId=\"" XACML1 "or\">", out);
	for (const struct node *entry = entries ? entries->first : NULL; entry; entry = entry->next) {
		bool pattern = text_is_pattern(entry->text);
		struct str s = entry->text;

		if (str_is(s, ".*"))
			pattern = true;
		else if (pattern)
			s = (struct str){s.ptr + 1, s.len - 2};
		fprintf(out, "<Apply FunctionId=\"" XACML1 "%s\">", pattern ? "string-regexp-match" : "string-equal");
		fputs("<AttributeValue DataType=\"" SCHEMA "string\">", out);
		fputs(pattern ? "^(" : "", out);
		text(s, out);
		fputs(pattern ? ")$</AttributeValue>" : "</AttributeValue>", out);
		only(ids[ATTRIBUTE_TARGET], "string", out);
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
		only(PREFIX "target:vf-count", "integer", out);
		integer(bound->integer, out);
		fputs("</Apply>", out);
	}
	fputs("</Apply>", out);
	rule_end(out);
}

static void
write_filters(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *filters = policy_get(policy, "filters");

	for (const struct node *filter = filters ? filters->first : NULL; filter; filter = filter->next) {
		const struct node *blacklist = node_get(filter, "blacklist");
		int field = attribute_find(node_get(filter, "field")->text);
		int function = text_function_find(node_get(filter, "function")->text);
		struct str s = node_get(filter, "filter")->text;
		char id[32];

		(void)snprintf(id, sizeof(id), "filter-%" PRIu32, filter->index + 1);
		fprintf(out,
		        "    <Rule RuleId=\"%s\" Effect=\"%s\">\n      <Condition><Apply FunctionId=\"" XACML1 "and\">",
		        id, !blacklist || blacklist->boolean ? "Deny" : "Permit");
		if (guard->range.kind != RANGE_ALWAYS)
			in_range(&guard->range, out);
		fprintf(out, "<Apply FunctionId=\"%s\">", functions[function].name);
		if (functions[function].text_first)
			value("string", s, out);
		only(ids[field], "string", out);
		if (!functions[function].text_first)
			value("string", s, out);
		fputs("</Apply>", out);
		rule_end(out);
	}
}

static void
write_coordination(const struct policy *policy, const struct guard *guard, FILE *out)
{
	const struct node *loops = policy_get(policy, "controlLoop");

	rule_begin(guard, "first-is-working", false, out);
	fputs("<Apply FunctionId=\"" XACML1 "string-equal\"><Apply FunctionId=\"" XACML1
	      "string-one-and-only\"><AttributeDesignator Category=\"" ENVIRONMENT "\" AttributeId=\"" PREFIX
	      "operation:operation-outcome\" Issuer=\"" ISSUER "get-operation-outcome:clname:",
	      out);
	text(loops->first->text, out);
	fputs("\" DataType=\"" SCHEMA "string\" MustBePresent=\"true\"/></Apply>", out);
	value("string", STR("In_Progress"), out);
	fputs("</Apply>", out);
	rule_end(out);
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
	text(policy->name, out);
	fputs("\" Version=\"", out);
	text(policy->version.ptr ? policy->version : STR("1.0.0"), out);
	fprintf(out, "\" RuleCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:rule-combining-algorithm:%s\">\n",
	        combining);
	target(guard, out);
	if (guard->kind == &guard_frequency_limiter)
		write_limiter(guard, out);
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

/* Checks and compiles; guards[i] is NULL for what is no guard. */
static bool
compile(const struct policy_list *list, const struct node *root, struct guard **guards, struct arena *arena,
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

		if (!policy_check(policy, catalogue, arena, diags))
			continue;
		kind = guard_kind_of(policy, GUARD_STRICT);
		if (!kind)
			diags_add(diags, SEVERITY_WARNING, NULL, policy->node, "policy '%.*s' is no guard and left out",
			          STR_ARG(policy->name));
		else
			(void)guard_compile(policy, kind, GUARD_STRICT, arena, NULL, &guards[at],
			                    diags); /* errors count */
	}
	return diags->count[SEVERITY_ERROR] == errors;
}

bool
guard_xacml(const struct node *root, enum document_kind kind, struct arena *arena, FILE *out, struct diags *diags)
{
	struct policy_list list = {0};
	struct guard **guards;
	size_t errors = diags->count[SEVERITY_ERROR], at = 0;

	template_policies(root, kind, arena, &list, diags);
	guards = arena_array(arena, list.count, sizeof(struct guard *));
	if (!guards || !compile(&list, root, guards, arena, diags) || diags->count[SEVERITY_ERROR] > errors)
		return false;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	      "<PolicySet xmlns=\"urn:oasis:names:tc:xacml:3.0:core:schema:wd-17\" PolicySetId=\"clguard\" "
	      "Version=\"1.0\"\n"
	      "    PolicyCombiningAlgId=\"urn:oasis:names:tc:xacml:3.0:policy-combining-algorithm:deny-overrides\">\n"
	      "  <Target/>\n",
	      out);
	for (const struct policy *policy = list.first; policy; policy = policy->next, at++) {
		if (guards[at])
			write_policy(policy, guards[at], out);
	}
	fputs("</PolicySet>\n", out);
	return true;
}
