/* constraint - TOSCA's constraint clauses: what each may stand at, and when a value satisfies it */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "policytypes/check_priv.h"
#include "policytypes/section.h"
#include "policytypes/suggest.h"

#define CONSTRAINTS_MAX 64         /* clauses of one definition */
#define CONSTRAINT_VALUES_MAX 1000 /* entries of a valid_values: each is compared for each policy */
#define UNBOUNDED "UNBOUNDED"

enum operand { OPERAND_VALUE, OPERAND_RANGE, OPERAND_VALUES, OPERAND_LENGTH, OPERAND_PATTERN };

static const struct clause {
	const char *name;
	enum operand operand;
	const char *must; /* in front of the operand in a message */
} clauses[] = {
	[CONSTRAINT_EQUAL] = {"equal", OPERAND_VALUE, "be"},
	[CONSTRAINT_GREATER_THAN] = {"greater_than", OPERAND_VALUE, "be greater than"},
	[CONSTRAINT_GREATER_OR_EQUAL] = {"greater_or_equal", OPERAND_VALUE, "be at least"},
	[CONSTRAINT_LESS_THAN] = {"less_than", OPERAND_VALUE, "be less than"},
	[CONSTRAINT_LESS_OR_EQUAL] = {"less_or_equal", OPERAND_VALUE, "be at most"},
	[CONSTRAINT_IN_RANGE] = {"in_range", OPERAND_RANGE, "be in the range"},
	[CONSTRAINT_VALID_VALUES] = {"valid_values", OPERAND_VALUES, "be one of"},
	[CONSTRAINT_LENGTH] = {"length", OPERAND_LENGTH, "have exactly"},
	[CONSTRAINT_MIN_LENGTH] = {"min_length", OPERAND_LENGTH, "have at least"},
	[CONSTRAINT_MAX_LENGTH] = {"max_length", OPERAND_LENGTH, "have at most"},
	[CONSTRAINT_PATTERN] = {"pattern", OPERAND_PATTERN, "match"},
	[CONSTRAINT_POSSIBLE_VALUES] = {"possible_values", OPERAND_VALUES, "usually is one of"},
};

#define CLAUSE_COUNT (sizeof(clauses) / sizeof(clauses[0]))

static bool
clause_applies(enum constraint_kind clause, enum value_kind kind)
{
	switch (clauses[clause].operand) {
	case OPERAND_PATTERN:
		return kind == VALUE_STRING;
	case OPERAND_LENGTH:
		return kind == VALUE_STRING || kind == VALUE_LIST || kind == VALUE_MAP;
	case OPERAND_RANGE:
		return value_is_comparable(kind);
	case OPERAND_VALUES:
		break;
	case OPERAND_VALUE:
		if (clause != CONSTRAINT_EQUAL)
			return value_is_comparable(kind);
		break;
	}
	return value_is_comparable(kind) || kind == VALUE_STRING || kind == VALUE_BOOLEAN;
}

static bool
is_unbounded(const struct node *node)
{
	return node->kind == NODE_TEXT && str_is(node->text, UNBOUNDED);
}

/* A bound that is UNBOUNDED, or not of the kind at all, excludes nothing. */
static bool
range_ok(const struct node *operand, enum value_kind kind, struct diags *diags)
{
	const struct node *lower = operand->first, *upper = operand->last;

	if (operand->kind != NODE_LIST || operand->count != 2) {
		diags_error(diags, operand, "'in_range' takes a list of a lower and an upper bound");
		return false;
	}
	for (const struct node *bound = lower; bound; bound = bound->next) {
		if (!is_unbounded(bound) && !value_fits(kind, bound)) {
			diags_error(diags, bound, "a bound of 'in_range' must be %s or " UNBOUNDED ", %s",
			            value_kind_wanted(kind), check_shown(bound).text);
			return false;
		}
	}
	if (!is_unbounded(lower) && !is_unbounded(upper) && value_compare(kind, lower, upper) > 0) {
		diags_error(diags, operand, "the lower bound '%.*s' of 'in_range' is greater than the upper one '%.*s'",
		            STR_ARG(lower->text), STR_ARG(upper->text));
		return false;
	}
	return true;
}

static bool
values_ok(const char *name, const struct node *operand, enum value_kind kind, struct diags *diags)
{
	bool good = true;

	if (operand->kind != NODE_LIST || operand->count == 0) {
		diags_error(diags, operand, "'%s' takes a list of values", name);
		return false;
	}
	if (operand->count > CONSTRAINT_VALUES_MAX) {
		diags_error(diags, operand, "'%s' has %" PRIu32 " values, at most %d are allowed", name, operand->count,
		            CONSTRAINT_VALUES_MAX);
		return false;
	}
	for (const struct node *value = operand->first; value; value = value->next) {
		if (value_fits(kind, value))
			continue;
		diags_error(diags, value, "a value of '%s' must be %s, %s", name, value_kind_wanted(kind),
		            check_shown(value).text);
		good = false;
	}
	return good;
}

/* Whether the operand is what the clause takes; compiles a pattern. */
static bool
operand_ok(struct constraint *constraint, enum value_kind kind, struct arena *arena, struct diags *diags)
{
	const struct clause *clause = &clauses[constraint->kind];
	const struct node *operand = constraint->value;
	struct error err = {0};

	switch (clause->operand) {
	case OPERAND_RANGE:
		return range_ok(operand, kind, diags);
	case OPERAND_VALUES:
		return values_ok(clause->name, operand, kind, diags);
	case OPERAND_VALUE:
		if (value_fits(kind, operand))
			return true;
		diags_error(diags, operand, "'%s' must be %s, %s", clause->name, value_kind_wanted(kind),
		            check_shown(operand).text);
		return false;
	case OPERAND_LENGTH:
		if (operand->kind == NODE_INT && operand->integer >= 0)
			return true;
		diags_error(diags, operand, "'%s' must be an integer that is not negative, %s", clause->name,
		            check_shown(operand).text);
		return false;
	case OPERAND_PATTERN:
		break;
	}
	if (!value_fits(VALUE_STRING, operand)) {
		diags_error(diags, operand, "'pattern' must be text, %s", check_shown(operand).text);
		return false;
	}
	if (pattern_compile(operand->text, PATTERN_DOT_IN_LINE, operand, arena, &constraint->pattern, &err) == 0)
		return true;
	diags_add_error(diags, node_file(operand), &err);
	return false;
}

/* Real documents also write greater-or-equal. */
static bool
is_hyphenated(struct str name, const char *clause)
{
	if (name.len != strlen(clause))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] != (clause[i] == '_' ? '-' : clause[i]))
			return false;
	}
	return true;
}

static bool
clause_find(const struct node *node, enum constraint_kind *ret, struct diags *diags)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, node->key);
	for (size_t i = 0; i < CLAUSE_COUNT; i++) {
		if (str_is(node->key, clauses[i].name) || is_hyphenated(node->key, clauses[i].name)) {
			*ret = (enum constraint_kind)i;
			return true;
		}
		suggestion_offer(&suggestion, str_from(clauses[i].name));
	}
	diags_error_key(diags, node, "unknown constraint '%.*s'%s%.*s%s", STR_ARG(node->key),
	                SUGGESTION_ARG(suggestion));
	return false;
}

static struct constraint *
constraint_read(const struct node *node, enum value_kind value_kind, struct arena *arena, struct diags *diags)
{
	struct constraint *constraint;
	enum constraint_kind kind;

	if (!clause_find(node, &kind, diags))
		return NULL;
	if (!clause_applies(kind, value_kind)) {
		diags_error_key(diags, node, "the constraint '%s' does not apply to %s", clauses[kind].name,
		                value_kind_wanted(value_kind));
		return NULL;
	}
	constraint = arena_alloc(arena, sizeof(*constraint));
	if (!constraint) {
		diags_error(diags, node, "out of memory");
		return NULL;
	}
	constraint->kind = kind;
	constraint->value = node;
	return operand_ok(constraint, value_kind, arena, diags) ? constraint : NULL;
}

bool
constraints_read(const struct node *node, struct schema *schema, struct arena *arena, struct diags *diags)
{
	const struct constraint **link = &schema->constraints, *rest = schema->constraints;
	size_t count = 0;
	bool good = section_check(node, diags);

	for (const struct node *entry = section_first(node); entry; entry = section_next(entry)) {
		struct constraint *constraint;

		if (++count > CONSTRAINTS_MAX) {
			diags_error(diags, node, "more than %d constraints", CONSTRAINTS_MAX);
			return false;
		}
		constraint = constraint_read(entry, schema->kind, arena, diags);
		if (!constraint) {
			good = false;
			continue;
		}
		*link = constraint;
		link = &constraint->next;
		*link = rest;
	}
	return good;
}

static bool
has_constraint(const struct constraint *list, const struct constraint *constraint)
{
	while (list && list->value != constraint->value)
		list = list->next;
	return list != NULL;
}

bool
constraints_add(struct schema *schema, const struct constraint *more, struct arena *arena)
{
	for (; more; more = more->next) {
		struct constraint *copy;

		if (has_constraint(schema->constraints, more))
			continue;
		copy = arena_alloc(arena, sizeof(*copy));
		if (!copy)
			return false;
		*copy = *more;
		copy->next = schema->constraints;
		schema->constraints = copy;
	}
	return true;
}

static bool
same_value(enum value_kind kind, const struct node *a, const struct node *b)
{
	return value_compare(kind, a, b) == 0;
}

static bool
in_values(enum value_kind kind, const struct node *values, const struct node *value)
{
	for (const struct node *one = values->first; one; one = one->next) {
		if (same_value(kind, one, value))
			return true;
	}
	return false;
}

static bool
in_range(enum value_kind kind, const struct node *range, const struct node *value)
{
	return (is_unbounded(range->first) || value_compare(kind, value, range->first) >= 0) &&
	       (is_unbounded(range->last) || value_compare(kind, value, range->last) <= 0);
}

/* A pattern that needs too much work to decide is not matched. */
static bool
is_satisfied(struct check *check, const struct constraint *constraint, enum value_kind kind, const struct node *value)
{
	const struct node *operand = constraint->value;

	switch (constraint->kind) {
	case CONSTRAINT_EQUAL:
		return same_value(kind, value, operand);
	case CONSTRAINT_GREATER_THAN:
		return value_compare(kind, value, operand) > 0;
	case CONSTRAINT_GREATER_OR_EQUAL:
		return value_compare(kind, value, operand) >= 0;
	case CONSTRAINT_LESS_THAN:
		return value_compare(kind, value, operand) < 0;
	case CONSTRAINT_LESS_OR_EQUAL:
		return value_compare(kind, value, operand) <= 0;
	case CONSTRAINT_IN_RANGE:
		return in_range(kind, operand, value);
	case CONSTRAINT_VALID_VALUES:
	case CONSTRAINT_POSSIBLE_VALUES:
		return in_values(kind, operand, value);
	case CONSTRAINT_LENGTH:
		return value_length(value) == (uint64_t)operand->integer;
	case CONSTRAINT_MIN_LENGTH:
		return value_length(value) >= (uint64_t)operand->integer;
	case CONSTRAINT_MAX_LENGTH:
		return value_length(value) <= (uint64_t)operand->integer;
	case CONSTRAINT_PATTERN:
		break;
	}
	return check_scratch(check, value) && pattern_match(constraint->pattern, check->scratch, value->text) == 1;
}

/* The operand for people: "5", "1 to 10", "second, minute, ...". */
static void
operand_write(const struct constraint *constraint, char *buf, size_t size)
{
	static const char more[] = ", ...";
	const char *between = clauses[constraint->kind].operand == OPERAND_RANGE ? " to " : ", ";
	size_t used = 0, most = size - sizeof(more);

	if (constraint->value->kind != NODE_LIST) {
		(void)snprintf(buf, size, "%.*s", STR_ARG(constraint->value->text)); /* cut when long */
		return;
	}
	buf[0] = '\0';
	for (const struct node *value = constraint->value->first; value; value = value->next) {
		int len = snprintf(buf + used, size - used, "%s%.*s", used ? between : "", STR_ARG(value->text));

		if (len < 0 || (size_t)len > most - used) {
			memcpy(buf + used, more, sizeof(more));
			return;
		}
		used += (size_t)len;
	}
}

static void
constraint_report(struct check *check, const struct constraint *constraint, enum value_kind kind,
                  const struct node *value)
{
	const struct clause *clause = &clauses[constraint->kind];
	struct label label = check_label(check, value);
	const char *quote = clause->operand == OPERAND_PATTERN ? "'" : "";
	char operand[128];

	operand_write(constraint, operand, sizeof(operand));
	if (constraint->kind == CONSTRAINT_POSSIBLE_VALUES)
		diags_add(check->diags, SEVERITY_WARNING, NULL, value, "%s %s %s, %s", label.text, clause->must,
		          operand, check_shown(value).text);
	else if (clause->operand == OPERAND_LENGTH)
		diags_error(check->diags, value, "%s must %s %s %s, has %zu", label.text, clause->must, operand,
		            kind == VALUE_STRING ? "characters" : "entries", value_length(value));
	else
		diags_error(check->diags, value, "%s must %s %s%s%s, %s", label.text, clause->must, quote, operand,
		            quote, check_shown(value).text);
}

bool
check_constraints(struct check *check, const struct schema *schema, const struct node *value)
{
	bool good = true;

	for (const struct constraint *c = schema->constraints; c; c = c->next) {
		if (is_satisfied(check, c, schema->kind, value))
			continue;
		constraint_report(check, c, schema->kind, value);
		good = good && c->kind == CONSTRAINT_POSSIBLE_VALUES;
	}
	return good;
}
