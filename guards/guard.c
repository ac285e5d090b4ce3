/* guard - the kinds of guards, compiling one policy, evaluating one guard */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard.h"

#include "base/text.h"
#include "guards/kinds.h"
#include "guards/onap.h"
#include "policytypes/policy.h"

const char *const attribute_key[ATTRIBUTE_COUNT] = {
#define X(name, key, onap) [ATTRIBUTE_##name] = key,
	ATTRIBUTES(X)
#undef X
};

const char *const reason_name[REASON_COUNT] = {
#define X(name, text) [REASON_##name] = text,
	REASONS(X)
#undef X
};

const char *const effect_name[EFFECT_COUNT] = {
#define X(name, text) [EFFECT_##name] = text,
	EFFECTS(X)
#undef X
};

const struct guard_kind *const guard_kinds[] = {
	&guard_frequency_limiter, &guard_blacklist, &guard_min_max, &guard_filter, &guard_first_blocks_second, NULL,
};

int
attribute_find(struct str key)
{
	static const struct str keys[ATTRIBUTE_COUNT] = {
#define X(name, text, onap) [ATTRIBUTE_##name] = {text, sizeof(text) - 1},
		ATTRIBUTES(X)
#undef X
	};

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		if (str_equal(keys[i], key))
			return i;
	}
	return -1;
}

bool
guard_is_timeless(const struct guard *guard)
{
	return guard->kind->timeless && guard->range.kind == RANGE_ALWAYS;
}

/* Out of line: most guards hold at all times, and asking one then is a jump to its check. */
static __attribute__((noinline)) void
ask_in_range(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	if (time_range_state(&guard->range, GUARD_STRICT, request, env->now_ms) == RANGE_IN)
		guard->kind->check[GUARD_STRICT](guard, request, env, ret);
}

void
guard_ask(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	*ret = (struct verdict){EFFECT_NOT_APPLICABLE, REASON_PERMIT, NULL};
	/* In onap mode the range is part of the kind's rules, not of its applicability. */
	if (guard->inert)
		verdict_error(ret);
	else if (guard->range.kind != RANGE_ALWAYS && guard->mode == GUARD_STRICT)
		ask_in_range(guard, request, env, ret);
	else
		guard->kind->check[guard->mode](guard, request, env, ret);
}

void
guard_evaluate(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	int matches = guard->inert ? 1 : scope_match(&guard->scope, request, env->scratch);

	if (matches > 0) {
		guard_ask(guard, request, env, ret);
		return;
	}
	*ret = (struct verdict){EFFECT_NOT_APPLICABLE, REASON_PERMIT, NULL};
	if (matches < 0)
		verdict_error(ret);
}

static const struct guard_kind *
kind_named(struct str type_name)
{
	for (const struct guard_kind *const *kind = guard_kinds; *kind; kind++) {
		for (const char *const *type = (*kind)->types; *type; type++) {
			if (str_is(type_name, *type))
				return *kind;
		}
	}
	return NULL;
}

const struct guard_kind *
guard_kind_of(const struct policy *policy, enum guard_mode mode)
{
	if (mode == GUARD_ONAP) {
		const struct guard_kind *kind = kind_named(policy->type_name);
		bool today = str_is(policy->type_version, "1.0.0") || (policy->bare && !policy->type_version.ptr);
		bool known = kind && str_is(policy->type_name, kind->types[0]) && today;

		return known ? kind : NULL;
	}
	for (const struct type *type = policy->type; type; type = type->parent) {
		const struct guard_kind *kind = kind_named(type->name);

		if (kind)
			return kind;
	}
	return NULL;
}

/* Properties that make up a scope, in the order of the attributes. */
static const char *const scope_property[SCOPE_ATTRIBUTES] = {
	[ATTRIBUTE_ACTOR] = "actor",
	[ATTRIBUTE_OPERATION] = "operation",
	[ATTRIBUTE_CLNAME] = "id",
	[ATTRIBUTE_TARGET] = "target",
};

bool
common_compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct node *range = policy_get(policy, "timeRange");
	bool good = true;

	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		const struct node *value = policy_get(policy, scope_property[i]);

		if (node_is_null(value))
			continue;
		if (!node_is_scalar(value)) {
			diags_error(diags, value, "%s must be text, not %s", scope_property[i],
			            node_kind_phrase(value));
			good = false;
		} else if (!scope_term_compile(&guard->scope.term[i], i, value->text, GUARD_STRICT, value, arena,
		                               diags)) {
			good = false;
		}
	}
	if (node_is_null(range))
		return good;
	if (node_is_null(node_get(range, "start_time")) || node_is_null(node_get(range, "end_time"))) {
		diags_error(diags, range, "a time range needs start_time and end_time");
		return false;
	}
	return time_range_compile(&guard->range, node_get(range, "start_time"), node_get(range, "end_time"),
	                          GUARD_STRICT, false, diags) &&
	       good;
}

static bool
range_compile_onap(const struct node *range, struct guard *guard, struct diags *diags)
{
	const struct node *start = node_get(range, "start_time"), *end = node_get(range, "end_time");

	if (node_is_null(range))
		return true;
	if (range->kind != NODE_MAP) {
		diags_error(diags, range,
		            "Cannot decode TimeRangeDefinition from properties: timeRange must be a map, not %s",
		            node_kind_phrase(range));
		return false;
	}
	if (start && end)
		return time_range_compile(&guard->range, start, end, GUARD_ONAP, false, diags);
	onap_null(range, start ? "end_time" : "start_time", diags);
	return false;
}

bool
common_compile_onap(const struct policy *policy, struct guard *guard, bool with_target, struct arena *arena,
                    struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "TargetTypeDefinition"};
	bool good = true, exact = false;

	if (node_is_null(policy->properties)) {
		diags_error(diags, policy->node, "no properties specified on guard policy: %.*s",
		            STR_ARG(policy->name));
		return false;
	}
	for (int i = 0; i < SCOPE_ATTRIBUTES; i++) {
		const struct node *where = node_get(policy->properties, scope_property[i]);
		struct scope_term *term = &guard->scope.term[i];
		struct str text;

		if (!onap_text(&properties, scope_property[i], arena, &text, diags)) {
			good = false;
			continue;
		}
		if (i == ATTRIBUTE_TARGET && !with_target)
			continue;
		good = scope_term_compile(term, i, text, GUARD_ONAP, where, arena, diags) && good;
		exact = exact || term->kind == TERM_EXACT;
	}
	guard->inert = !exact; /* the reference builds a match of nothing, which its engine refuses to load */
	return range_compile_onap(node_get(policy->properties, "timeRange"), guard, diags) && good;
}

bool
guard_allow_compile(const struct node *metadata, struct arena *arena, const char **ret)
{
	const struct node *allow = node_get(metadata, "allow");
	struct text text;

	*ret = NULL;
	if (node_is_null(allow) || (!node_is_scalar(allow) && allow->kind != NODE_LIST))
		return true;
	text_init(&text, arena);
	for (const struct node *id = node_is_scalar(allow) ? allow : allow->first; id; id = id->next) {
		if (node_is_scalar(id))
			text_addf(&text, "%.*s ", STR_ARG(id->text));
		if (id == allow)
			break;
	}
	*ret = text_done(&text).ptr;
	return *ret != NULL;
}

bool
guard_allows(const struct guard *guard, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = guard->allow; at && (at = strstr(at, id)); at += len) {
		if (at[len] == ' ' && (at == guard->allow || at[-1] == ' '))
			return true;
	}
	return false;
}

/* Metadata `mode`: enforce or shadow. */
static bool
shadow_compile(const struct policy *policy, struct guard *guard, struct diags *diags)
{
	const struct node *value = node_get(policy->metadata, "mode");

	if (node_is_null(value) || (node_is_scalar(value) && str_is(value->text, "enforce")))
		return true;
	guard->shadow = node_is_scalar(value) && str_is(value->text, "shadow");
	if (!guard->shadow)
		diags_error(diags, value, "metadata mode must be enforce or shadow");
	return guard->shadow;
}

bool
guard_compile(const struct policy *policy, const struct guard_kind *kind, enum guard_mode mode, struct arena *arena,
              const struct hash_key *key, struct guard **ret, struct diags *diags)
{
	struct guard *guard = arena_alloc(arena, sizeof(*guard));
	const struct node *body = policy->node;
	bool good = true;

	if (!guard)
		goto out;
	guard->kind = kind;
	guard->mode = mode;
	guard->key = key;
	guard->policy = arena_str(arena, policy->name);
	guard->version = policy->bare ? STR_NONE : arena_str(arena, policy->version);
	guard->file = node_file(body);
	guard->line = body && body->key_line ? body->key_line : body ? body->line : 0;
	guard->column = body && body->key_line ? body->key_column : body ? body->column : 0;
	if (!guard_allow_compile(policy->metadata, arena, &guard->allow) || !guard->policy.ptr ||
	    (!policy->bare && policy->version.ptr && !guard->version.ptr))
		goto out;
	if (mode == GUARD_STRICT)
		good = shadow_compile(policy, guard, diags);
	if (!kind->compile[mode](policy, guard, arena, diags) || !good)
		return false;
	guard->key = NULL;
	*ret = guard;
	return true;
out:
	diags_error(diags, body, "no memory for a guard");
	return false;
}
