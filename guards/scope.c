/* scope - which requests a guard is for: actor, operation, control loop, target */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/scope.h"

#include "guards/guard.h"
#include "guards/kinds.h"

/* Spellings of seed 003's operations, and what ONAP's actors call them. */
static const struct {
	struct str written, canonical;
} spellings[] = {
	{{"VFModuleCreate", 14}, {"VF Module Create", 16}},
	{{"VFModuleDelete", 14}, {"VF Module Delete", 16}},
	{{"reroute", 7}, {"Reroute", 7}},
};

static __attribute__((noinline)) struct str
spelling_find(struct str operation)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		if (str_equal(operation, spellings[i].written))
			return spellings[i].canonical;
	}
	return operation;
}

/* Every decision comes by, and nearly all leave by the first two lines: that is why the search is a function of its own. */
struct str
operation_canonical(struct str operation)
{
	if (operation.len != 14 && operation.len != 7)
		return operation;
	if (operation.ptr[0] != 'V' && operation.ptr[0] != 'r')
		return operation; /* Restart too has seven letters */
	return spelling_find(operation);
}

/* The other spelling of an operation that has two, else absent. Only canonical ones come in. */
static struct str
operation_other(struct str operation)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		if (str_equal(operation, spellings[i].canonical))
			return spellings[i].written;
	}
	return STR_NONE;
}

bool
text_is_pattern(struct str text)
{
	return text.len >= 2 && text.ptr[0] == '/' && text.ptr[text.len - 1] == '/';
}

bool
pattern_build(struct str text, const struct node *where, struct arena *arena, const struct pattern **ret_pattern,
              struct diags *diags)
{
	struct error err = {0};

	if (pattern_compile((struct str){text.ptr + 1, text.len - 2}, PATTERN_DOT_ALL, where, arena, ret_pattern,
	                    &err) == 0)
		return true;
	diags_error(diags, where, "%s", err.text);
	return false;
}

bool
scope_term_compile(struct scope_term *term, enum attribute attribute, struct str text, enum guard_mode mode,
                   const struct node *where, struct arena *arena, struct diags *diags)
{
	*term = (struct scope_term){.kind = TERM_ANY};
	if (!text.ptr || str_is(text, ".*"))
		return true;
	if (mode == GUARD_STRICT) {
		if (str_trim(text).len == 0) {
			diags_error(diags, where, "%s is blank: no request could match it", attribute_key[attribute]);
			return false;
		}
		if (text_is_pattern(text)) {
			term->kind = TERM_PATTERN;
			term->spellings = attribute == ATTRIBUTE_OPERATION;
			return pattern_build(text, where, arena, &term->pattern, diags);
		}
		if (attribute == ATTRIBUTE_OPERATION)
			text = operation_canonical(text);
	}
	term->kind = TERM_EXACT;
	term->text = arena_str(arena, text);
	if (term->text.ptr)
		return true;
	diags_error(diags, where, "no memory");
	return false;
}

static bool
list_has(const struct scope_term *term, struct str value)
{
	for (size_t i = 0; i < term->list_count; i++) {
		if (str_equal(term->list[i], value))
			return true;
	}
	return false;
}

static int
match_pattern(const struct scope_term *term, struct str value, struct pattern_scratch *scratch)
{
	struct str other = term->spellings ? operation_other(value) : STR_NONE;
	int r = pattern_match(term->pattern, scratch, value);

	return r == 0 && other.ptr ? pattern_match(term->pattern, scratch, other) : r;
}

int
scope_term_match(const struct scope_term *term, struct str value, struct pattern_scratch *scratch)
{
	switch (term->kind) {
	case TERM_ANY:
		break;
	case TERM_EXACT:
		return str_equal(term->text, value);
	case TERM_PATTERN:
		return match_pattern(term, value, scratch);
	case TERM_LIST:
		return list_has(term, value);
	}
	return 1;
}

int
scope_match(const struct scope *scope, const struct request *request, struct pattern_scratch *scratch)
{
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		const struct scope_term *term = &scope->term[i];
		struct str value = request->attribute[i];
		int r;

		if (term->kind == TERM_ANY)
			continue;
		r = value.ptr ? scope_term_match(term, value, scratch) : 0;
		if (r <= 0)
			return r;
	}
	return 1;
}
