/* guard2_compile - a checked 2.0.0 document becomes guards */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2.h"
#include "guards/guard2_priv.h"
#include "guards/kinds.h"

struct guard2_compilation {
	const struct guard2_reading *reading;
	struct arena *arena; /* the guards' */
	const struct hash_key *key;
	struct guard_list guards;
	const char *file;
	/* Of the policy at hand. */
	const struct guard2_policy *policy;
	struct str id;
	struct scope scope;
	bool never; /* onap: a pattern that does not compile, so nothing will match */
};

void
guard_list_append(struct guard_list *list, struct guard *guard)
{
	guard->next = NULL;
	if (list->last)
		list->last->next = guard;
	else
		list->first = guard;
	list->last = guard;
	list->count++;
}

static bool
guard2_no_memory(struct guard2_compilation *c)
{
	diags_error(c->reading->diags, NULL, "out of memory");
	return false;
}

static bool
is_any(struct str text)
{
	return str_trim(text).len == 0 || str_is(text, ".*");
}

/* onap, dialect C: a pattern on the whole value. One that does not compile is no error there: it never matches. */
static bool
onap_pattern(struct guard2_compilation *c, struct scope_term *term, struct str text, const struct node *where)
{
	struct error err = {0};

	*term = (struct scope_term){.kind = TERM_ANY};
	if (is_any(text))
		return true;
	term->kind = TERM_PATTERN;
	if (pattern_compile(text, PATTERN_DOT_IN_LINE, where, c->arena, &term->pattern, &err) == 0)
		return true;
	if (err.code == ERROR_MEMORY)
		return guard2_no_memory(c);
	guard2_add(c->reading, GUARD2_PATTERN, where, err.text);
	c->never = true;
	return true;
}

static bool
onap_exact(struct guard2_compilation *c, struct scope_term *term, struct str text)
{
	*term = (struct scope_term){.kind = TERM_EXACT, .text = arena_str(c->arena, text)};
	return term->text.ptr ? true : guard2_no_memory(c);
}

/* value: NULL for any. */
static bool
compile_term(struct guard2_compilation *c, enum attribute attribute, const struct node *value)
{
	struct scope_term *term = &c->scope.term[attribute];
	bool onap = c->reading->mode == GUARD_ONAP;

	if (!value || (c->policy->patterns && is_any(value->text))) {
		*term = (struct scope_term){.kind = TERM_ANY};
		return true;
	}
	if (onap && c->policy->patterns)
		return onap_pattern(c, term, value->text, value);
	if (onap)
		return onap_exact(c, term, value->text);
	return scope_term_compile(term, attribute, value->text, GUARD_STRICT, value, c->arena, c->reading->diags);
}

/*
 * The pattern that the reference's generator makes of several targets. Its loop puts the bar after an entry instead
 * of before it, so that t1, t2, t3 become "t1t2|t3|".
 */
static bool
onap_targets(struct guard2_compilation *c, const struct node *list, size_t size)
{
	char *joined = arena_alloc(c->reading->arena, size);
	size_t len = 0;

	if (!joined)
		return guard2_no_memory(c);
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		memcpy(joined + len, entry->text.ptr, entry->text.len);
		len += entry->text.len;
		if (entry != list->first)
			joined[len++] = '|';
	}
	return onap_pattern(c, &c->scope.term[ATTRIBUTE_TARGET], (struct str){joined, len}, list);
}

/* The text as a pattern that matches it alone. Returns the end. */
static char *
quote_pattern(char *at, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];
		bool word = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';

		if (byte < 0x80 && !word && !(byte >= '0' && byte <= '9'))
			*at++ = '\\';
		*at++ = (char)byte;
	}
	return at;
}

/* One pattern for targets of which some are patterns. "(?|" lets each count its groups from 1, as it does alone. */
static bool
strict_target_pattern(struct guard2_compilation *c, const struct node *list, size_t size)
{
	struct scope_term *term = &c->scope.term[ATTRIBUTE_TARGET];
	char *joined = arena_alloc(c->reading->arena, 2 * size + list->count * sizeof("(?:)") + sizeof("(?|)"));
	struct error err = {0};
	char *at = joined;

	if (!joined)
		return guard2_no_memory(c);
	at = stpcpy(at, "(?");
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		struct str text = entry->text;

		at = stpcpy(at, "|(?:");
		if (text_is_pattern(text))
			at = (char *)memcpy(at, text.ptr + 1, text.len - 2) + text.len - 2;
		else
			at = quote_pattern(at, text);
		*at++ = ')';
	}
	*at++ = ')';
	term->kind = TERM_PATTERN;
	if (pattern_compile((struct str){joined, (size_t)(at - joined)}, PATTERN_DOT_ALL, list, c->arena,
	                    &term->pattern, &err) == 0)
		return true;
	diags_error(c->reading->diags, list, "the targets together: %s", err.text);
	return false;
}

/* Several targets: a list while all are exact. */
static bool
strict_targets(struct guard2_compilation *c, const struct node *list, size_t size)
{
	struct str *exact = arena_array(c->arena, list->count, sizeof(*exact));
	bool good = true, patterns = false;

	if (!exact)
		return guard2_no_memory(c);
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		struct scope_term one;

		good = scope_term_compile(&one, ATTRIBUTE_TARGET, entry->text, GUARD_STRICT, entry, c->arena,
		                          c->reading->diags) &&
		       good;
		patterns = patterns || one.kind == TERM_PATTERN;
		exact[entry->index] = one.text;
	}
	if (!good)
		return false;
	if (patterns)
		return strict_target_pattern(c, list, size);
	c->scope.term[ATTRIBUTE_TARGET] =
		(struct scope_term){.kind = TERM_LIST, .list = exact, .list_count = list->count};
	return true;
}

static bool
compile_targets(struct guard2_compilation *c)
{
	const struct node *list = c->policy->targets;
	size_t size = 0;

	c->scope.term[ATTRIBUTE_TARGET] = (struct scope_term){.kind = TERM_ANY};
	if (!list || list->count == 0)
		return true;
	if (list->count == 1)
		return compile_term(c, ATTRIBUTE_TARGET, list->first);
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		if (c->reading->mode == GUARD_STRICT && is_any(entry->text))
			return true;
		size += entry->text.len + 1;
	}
	return c->reading->mode == GUARD_STRICT ? strict_targets(c, list, size) : onap_targets(c, list, size);
}

/* A guard of the constraint; kind and data are still to be built. */
static struct guard *
guard_new(struct guard2_compilation *c, const struct guard2_constraint *constraint, const struct time_range *range)
{
	struct guard *guard = arena_alloc(c->arena, sizeof(*guard));

	if (!guard || !guard_allow_compile(guard2_get(c->policy->node, "metadata"), c->arena, &guard->allow)) {
		(void)guard2_no_memory(c); /* says so; the answer is NULL */
		return NULL;
	}
	guard->mode = c->reading->mode;
	guard->key = c->key;
	guard->legacy = true;
	guard->scope = c->scope;
	guard->range = *range;
	guard->policy = c->id;
	guard->file = c->file;
	guard->line = constraint->node->line;
	guard->column = constraint->node->column;
	return guard;
}

static bool
compile_limiter(struct guard2_compilation *c, const struct guard2_constraint *constraint, struct guard *guard)
{
	const struct scope_term *loop = &c->scope.term[ATTRIBUTE_CLNAME], *target = &c->scope.term[ATTRIBUTE_TARGET];
	struct limiter_spec spec = {
		.limit = constraint->limit,
		.window = constraint->window,
		.never_counts = constraint->never_counts,
		.by_target = constraint->per_target || c->reading->mode == GUARD_ONAP,
	};

	/* Names narrow the count; of those given by a pattern or a list, each counts for itself. */
	if (c->reading->mode == GUARD_STRICT) {
		spec.by_target = spec.by_target || target->kind == TERM_PATTERN || target->kind == TERM_LIST;
		spec.by_clname = loop->kind == TERM_PATTERN;
		if (target->kind == TERM_EXACT && !spec.by_target)
			spec.target = target->text;
		if (loop->kind == TERM_EXACT)
			spec.clname = loop->text;
	}
	return limiter_build(guard, &spec, constraint->node, c->arena, c->reading->diags);
}

/* To the reference, dialect C's targets are for limiters only. */
static bool
compile_blacklist(struct guard2_compilation *c, const struct guard2_constraint *constraint, struct guard *guard)
{
	if (c->reading->mode == GUARD_ONAP)
		guard->scope.term[ATTRIBUTE_TARGET] = (struct scope_term){.kind = TERM_ANY};
	return blacklist_build(guard, constraint->blacklist, c->arena, c->reading->diags);
}

static bool
compile_bounds(struct guard2_compilation *c, const struct guard2_constraint *constraint, struct guard *guard)
{
	return min_max_build(guard, constraint->has_min ? &constraint->min : NULL,
	                     constraint->has_max ? &constraint->max : NULL, constraint->node, c->arena,
	                     c->reading->diags);
}

static bool
compile_range(struct guard2_compilation *c, const struct guard2_constraint *constraint, struct time_range *ret)
{
	if (constraint->range && !constraint->start && !constraint->end) {
		*ret = (struct time_range){.kind = RANGE_BROKEN}; /* onap; strict mode has refused it */
		return true;
	}
	return time_range_compile(ret, constraint->start, constraint->end, c->reading->mode, true, c->reading->diags);
}

static bool
guard2_add_guard(struct guard2_compilation *c, const struct guard2_constraint *constraint,
                 const struct time_range *range,
                 bool (*build)(struct guard2_compilation *, const struct guard2_constraint *, struct guard *))
{
	struct guard *guard = guard_new(c, constraint, range);

	if (!guard || !build(c, constraint, guard))
		return false;
	guard->key = NULL; /* whose it is does not outlive us */
	guard_list_append(&c->guards, guard);
	return true;
}

static bool
compile_constraint(struct guard2_compilation *c, const struct guard2_constraint *constraint)
{
	struct time_range range;

	if (!compile_range(c, constraint, &range))
		return false;
	if (constraint->has_limiter && !guard2_add_guard(c, constraint, &range, compile_limiter))
		return false;
	if (constraint->blacklist && !guard2_add_guard(c, constraint, &range, compile_blacklist))
		return false;
	return (!constraint->has_min && !constraint->has_max) ||
	       guard2_add_guard(c, constraint, &range, compile_bounds);
}

/* Findings of one constraint or policy do not hide those of the next. A policy with errors leaves no guards. */
static void
guard2_compile_policy(struct guard2_compilation *c, const struct guard2_policy *policy)
{
	struct guard_list before = c->guards;
	bool scoped;

	c->policy = policy;
	c->never = false;
	c->id = arena_str(c->arena, policy->id);
	if (policy->id.ptr && !c->id.ptr) {
		(void)guard2_no_memory(c); /* says so; the findings stop the set */
		return;
	}
	scoped = compile_term(c, ATTRIBUTE_ACTOR, policy->actor);
	scoped = compile_term(c, ATTRIBUTE_OPERATION, policy->recipe) && scoped;
	scoped = compile_term(c, ATTRIBUTE_CLNAME, policy->clname) && scoped;
	scoped = compile_targets(c) && scoped;
	for (const struct guard2_constraint *constraint = policy->first; constraint; constraint = constraint->next)
		scoped = compile_constraint(c, constraint) && scoped;
	if (!scoped || c->never) {
		c->guards = before;
		if (before.last)
			before.last->next = NULL;
	}
}

bool
guard2_compile(const struct node *root, enum guard_mode mode, struct arena *arena, const struct hash_key *key,
               struct guard_list *list, struct diags *diags)
{
	size_t errors = diags->count[SEVERITY_ERROR];
	struct arena scratch;
	struct guard2_reading reading = {mode, &scratch, diags};
	struct guard2_compilation c = {.reading = &reading, .arena = arena, .key = key};
	struct guard2_policy *first;

	arena_init(&scratch, 0);
	(void)guard2_read(&reading, root, &first); /* errors are counted below */
	c.file = node_file(root);
	for (; first; first = first->next) {
		if (!first->bad)
			guard2_compile_policy(&c, first);
	}
	arena_free(&scratch);
	for (struct guard *next, *guard = c.guards.first; guard; guard = next) {
		next = guard->next;
		guard_list_append(list, guard);
	}
	return diags->count[SEVERITY_ERROR] == errors;
}

bool
guard2_check(const struct node *root, enum guard_mode mode, struct diags *diags)
{
	struct guard_list list = {0};
	struct arena arena;
	bool good;

	arena_init(&arena, 0);
	good = guard2_compile(root, mode, &arena, NULL, &list, diags);
	arena_free(&arena);
	return good;
}
