/* guard2_builder - the SDK of the Control Loop Guard 2.0.0: policies and constraints to YAML and messages */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/library/clguard_priv.h"
#include "engine/library/guard2_builder_priv.h"

/*
 * What a builder holds, and what it refuses to hold: the texts are those of the reference's BuilderException, "much"
 * included. source  builder rules of ONAP's Control Loop Guard
 */

static int
builder_refuse(struct clg_error *err, enum error_code code, const char *text, const char *value)
{
	struct error error = {0};

	(void)error_set(&error, code, NULL, "%s%s", text, value);
	return clg_error_from(err, &error);
}

static int
builder_no_memory(struct clg_error *err)
{
	return builder_refuse(err, ERROR_MEMORY, "out of memory", "");
}

/* A copy of a text that may be NULL. False when out of memory. */
static bool
copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return *ret || !text;
}

static bool
is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void
constraint_free(struct built_constraint *constraint)
{
	if (!constraint)
		return;
	free(constraint->duration);
	free(constraint->from);
	free(constraint->until);
	for (size_t i = 0; constraint->blacklist && i < constraint->blacklist_count; i++)
		free(constraint->blacklist[i]);
	free(constraint->blacklist);
	free(constraint);
}

static void
constraints_free(struct built_policy *policy)
{
	struct built_constraint *next;

	for (struct built_constraint *c = policy->first; c; c = next) {
		next = c->next;
		constraint_free(c);
	}
	policy->first = NULL;
}

static void
policy_free(struct built_policy *policy)
{
	if (!policy)
		return;
	constraints_free(policy);
	free(policy->id);
	free(policy->name);
	free(policy->description);
	free(policy->actor);
	free(policy->recipe);
	free(policy);
}

static struct built_policy *
policy_new(const struct clg_guard_policy *given)
{
	struct built_policy *policy = calloc(1, sizeof(*policy));

	if (policy && copy(&policy->id, given->id) && copy(&policy->name, given->name) &&
	    copy(&policy->description, given->description) && copy(&policy->actor, given->actor) &&
	    copy(&policy->recipe, given->recipe))
		return policy;
	policy_free(policy);
	return NULL;
}

static bool
copy_blacklist(struct built_constraint *constraint, const struct clg_constraint *given)
{
	constraint->has_blacklist = given->blacklist != NULL;
	if (!given->blacklist || given->blacklist_count == 0)
		return true;
	constraint->blacklist = calloc(given->blacklist_count, sizeof(char *));
	if (!constraint->blacklist)
		return false;
	constraint->blacklist_count = given->blacklist_count;
	for (size_t i = 0; i < given->blacklist_count; i++) {
		if (!copy(&constraint->blacklist[i], given->blacklist[i]))
			return false;
	}
	return true;
}

static struct built_constraint *
constraint_new(const struct clg_constraint *given)
{
	struct built_constraint *constraint = calloc(1, sizeof(*constraint));

	if (!constraint)
		return NULL;
	constraint->has_num = given->num != NULL;
	constraint->num = given->num ? *given->num : 0;
	if (copy(&constraint->duration, given->duration) && copy(&constraint->from, given->active_from) &&
	    copy(&constraint->until, given->active_until) && copy_blacklist(constraint, given))
		return constraint;
	constraint_free(constraint);
	return NULL;
}

static bool
policy_is(const struct built_policy *policy, const struct clg_guard_policy *given)
{
	return is_same(policy->id, given->id) && is_same(policy->name, given->name) &&
	       is_same(policy->description, given->description) && is_same(policy->actor, given->actor) &&
	       is_same(policy->recipe, given->recipe);
}

static bool
constraint_is(const struct built_constraint *constraint, const struct clg_constraint *given)
{
	if (constraint->has_num != (given->num != NULL) || (given->num && constraint->num != *given->num))
		return false;
	if (!is_same(constraint->duration, given->duration) || !is_same(constraint->from, given->active_from) ||
	    !is_same(constraint->until, given->active_until))
		return false;
	if (constraint->has_blacklist != (given->blacklist != NULL))
		return false;
	if (given->blacklist && constraint->blacklist_count != given->blacklist_count)
		return false;
	for (size_t i = 0; i < constraint->blacklist_count; i++) {
		if (!is_same(constraint->blacklist[i], given->blacklist[i]))
			return false;
	}
	return true;
}

struct clg_builder *
clg_builder_new(const char *version)
{
	struct clg_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return NULL;
	arena_init(&builder->arena, 0);
	if (copy(&builder->version, version ? version : "2.0.0"))
		return builder;
	free(builder);
	return NULL;
}

void
clg_builder_free(struct clg_builder *builder)
{
	struct built_policy *next;

	if (!builder)
		return;
	for (struct built_policy *p = builder->first; p; p = next) {
		next = p->next;
		policy_free(p);
	}
	arena_free(&builder->arena);
	free(builder->version);
	free(builder);
}

static int
check_policy(const struct clg_guard_policy *policy, struct clg_error *err)
{
	if (policy->id && policy->name && policy->actor && policy->recipe)
		return 0;
	return builder_refuse(err, ERROR_MISSING, "Invalid guard policy - some required fields are missing", "");
}

int
clg_builder_add_policy(struct clg_builder *builder, const struct clg_guard_policy *policy, struct clg_error *err)
{
	struct built_policy **link = &builder->first;
	int r;

	if (!policy)
		return builder_refuse(err, ERROR_MISSING, "GuardPolicy must not be null", "");
	r = check_policy(policy, err);
	if (r < 0)
		return r;
	while (*link)
		link = &(*link)->next;
	*link = policy_new(policy);
	if (!*link)
		return builder_no_memory(err);
	builder->has_policies = true;
	return 0;
}

int
clg_builder_remove_policy(struct clg_builder *builder, const struct clg_guard_policy *policy, struct clg_error *err)
{
	struct built_policy **link = &builder->first, *found;
	int r;

	if (!policy)
		return builder_refuse(err, ERROR_MISSING, "GuardPolicy must not be null", "");
	if (!builder->has_policies)
		return builder_refuse(err, ERROR_UNKNOWN, "No existing guard policies to remove", "");
	r = check_policy(policy, err);
	if (r < 0)
		return r;
	while (*link && !policy_is(*link, policy))
		link = &(*link)->next;
	found = *link;
	if (!found)
		return builder_refuse(err, ERROR_UNKNOWN, "Unknown guard policy: ", policy->name);
	*link = found->next;
	policy_free(found);
	return 0;
}

/* The first policy with this id, NULL with the error set. */
static struct built_policy *
find_policy(struct clg_builder *builder, const char *id, struct clg_error *err)
{
	struct built_policy *policy = builder->first;

	while (policy && strcmp(policy->id, id) != 0)
		policy = policy->next;
	if (!policy)
		(void)builder_refuse(err, ERROR_UNKNOWN,
		                     "No existing guard policy matching the id: ", id); /* NULL says it */
	return policy;
}

static int
check_constraint(const char *policy_id, const struct clg_constraint *constraint, struct clg_error *err)
{
	if (!policy_id)
		return builder_refuse(err, ERROR_MISSING, "The id of target guard policy must not be null", "");
	if (!constraint)
		return builder_refuse(err, ERROR_MISSING, "Constraint much not be null", "");
	if ((constraint->num != NULL) != (constraint->duration != NULL))
		return builder_refuse(err, ERROR_MISSING, "Invalid guard constraint - some required fields are missing",
		                      "");
	return 0;
}

int
clg_builder_add_constraint(struct clg_builder *builder, const char *policy_id, const struct clg_constraint *constraint,
                           struct clg_error *err)
{
	int r = check_constraint(policy_id, constraint, err);
	struct built_constraint **link;
	struct built_policy *policy;

	if (r < 0)
		return r;
	policy = find_policy(builder, policy_id, err);
	if (!policy)
		return -ERROR_UNKNOWN;
	link = &policy->first;
	while (*link)
		link = &(*link)->next;
	*link = constraint_new(constraint);
	return *link ? 0 : builder_no_memory(err);
}

/* Appends to a text that is cut at the end of buf. */
static void __attribute__((format(printf, 3, 4)))
builder_append(char buf[ERROR_TEXT_SIZE], size_t *len, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = vsnprintf(buf + *len, ERROR_TEXT_SIZE - *len, format, args);
	va_end(args);
	if (r > 0)
		*len = *len + (size_t)r < ERROR_TEXT_SIZE ? *len + (size_t)r : ERROR_TEXT_SIZE - 1;
}

static const char *
builder_shown(const char *text)
{
	return text ? text : "null";
}

/* The constraint as the reference's toString shows it. */
static void
constraint_show(const struct clg_constraint *c, char buf[ERROR_TEXT_SIZE])
{
	size_t len = 0;

	builder_append(buf, &len, "Constraint [num=");
	if (c->num)
		builder_append(buf, &len, "%d", *c->num);
	else
		builder_append(buf, &len, "null");
	builder_append(buf, &len, ", duration=%s, time_in_range=", builder_shown(c->duration));
	if (c->active_from || c->active_until)
		builder_append(buf, &len, "{arg2=%s, arg3=%s}", builder_shown(c->active_from),
		               builder_shown(c->active_until));
	else
		builder_append(buf, &len, "null");
	builder_append(buf, &len, ", blacklist=%s", c->blacklist ? "[" : "null");
	for (size_t i = 0; c->blacklist && i < c->blacklist_count; i++)
		builder_append(buf, &len, "%s%s", i ? ", " : "", builder_shown(c->blacklist[i]));
	builder_append(buf, &len, c->blacklist ? "]]" : "]");
}

int
clg_builder_remove_constraint(struct clg_builder *builder, const char *policy_id,
                              const struct clg_constraint *constraint, struct clg_error *err)
{
	int r = check_constraint(policy_id, constraint, err);
	struct built_constraint **link, *found;
	struct built_policy *policy;
	char text[ERROR_TEXT_SIZE];

	if (r < 0)
		return r;
	policy = find_policy(builder, policy_id, err);
	if (!policy)
		return -ERROR_UNKNOWN;
	link = &policy->first;
	while (*link && !constraint_is(*link, constraint))
		link = &(*link)->next;
	found = *link;
	if (!found) {
		constraint_show(constraint, text);
		return builder_refuse(err, ERROR_UNKNOWN, "Unknown guard constraint: ", text);
	}
	*link = found->next;
	constraint_free(found);
	return 0;
}

int
clg_builder_remove_all_constraints(struct clg_builder *builder, const char *policy_id, struct clg_error *err)
{
	struct built_policy *policy;

	if (!builder->first)
		return builder_refuse(err, ERROR_UNKNOWN, "No guard policies exist", "");
	if (!policy_id)
		return builder_refuse(err, ERROR_MISSING, "The id of target guard policy must not be null", "");
	policy = find_policy(builder, policy_id, err);
	if (!policy)
		return -ERROR_UNKNOWN;
	constraints_free(policy);
	return 0;
}
