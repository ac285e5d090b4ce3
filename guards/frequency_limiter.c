/* frequency_limiter - FrequencyLimiter: so many operations in a window of time, and no more */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>

#include "guards/kinds.h"
#include "guards/onap.h"
#include "guards/remedy.h"
#include "policytypes/policy.h"

/*
 * type    onap.policies.controlloop.guard.common.FrequencyLimiter 1.0.0 {actor, operation, id?, timeRange?, timeWindow,
 *         timeUnits, limit}; seed 003's ...guard.FrequencyLimiter {time_window, limit}; a limit of a 2.0.0 file
 * strict  denies when `limit` operations of the request's actor and operation ended within the window (both ends
 *         inclusive), or are reserved or under way. Weeks are 7 days; months and years go by the UTC calendar. Today's
 *         type counts per target of the request; seed 003's and 2.0.0's count all, narrowed by the target and control
 *         loop that the guard names; metadata count_by (operation, target, controlloop) says it either way. What it
 *         counts by must be in the request: missing_attribute. A history that cannot be read is an error.
 * onap    permits iff in range and fewer than `limit` operations of the request's actor, operation and target ended in
 *         the window. Missing attributes, no window, out of range: Deny. Unknown units, week, month and year, and a
 *         history that cannot be read give a count of -1, which is under any limit, even 0; a limit below 0 always
 *         denies. A 2.0.0 limiter is permit-unless-deny: whatever fails, or is out of range, permits.
 * source  ONAP's policy type and its policy-xacml-pdp; differences are in doc/compatibility.md
 */

/* Windows beyond this are taken for mistakes. */
#define WINDOW_YEARS_MAX 1000

static const struct unit {
	const char *name;
	struct duration one;
	bool onap; /* the reference can count by it */
} units[] = {
	{"second", {0, TIME_MS_SECOND}, true},
	{"minute", {0, TIME_MS_MINUTE}, true},
	{"hour", {0, TIME_MS_HOUR}, true},
	{"day", {0, TIME_MS_DAY}, true},
	{"week", {0, 7 * TIME_MS_DAY}, false},
	{"month", {1, 0}, false},
	{"year", {12, 0}, false},
};

#define UNIT_COUNT (sizeof(units) / sizeof(*units))

bool
limiter_build(struct guard *guard, const struct limiter_spec *spec, const struct node *where, struct arena *arena,
              struct diags *diags)
{
	struct limiter_spec *data = arena_alloc(arena, sizeof(*data));

	guard->kind = &guard_frequency_limiter;
	guard->data = data;
	if (data) {
		*data = *spec;
		data->target = arena_str(arena, spec->target);
		data->clname = arena_str(arena, spec->clname);
		if ((data->target.ptr || !spec->target.ptr) && (data->clname.ptr || !spec->clname.ptr))
			return true;
	}
	diags_error(diags, where, "no memory for a guard");
	return false;
}

static bool
window_of_units(const struct node *count, const struct node *unit_name, struct duration *ret, struct diags *diags)
{
	const struct unit *unit = NULL;

	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (str_is(unit_name->text, units[i].name))
			unit = &units[i];
	}
	if (!unit) {
		diags_error(diags, unit_name,
		            "unknown timeUnits '%.*s': one of second, minute, hour, day, week, month, year",
		            STR_ARG(unit_name->text));
		return false;
	}
	if (count->kind != NODE_INT || count->integer <= 0 || count->integer > INT32_MAX ||
	    (unit->one.months && count->integer > WINDOW_YEARS_MAX * 12 / unit->one.months)) {
		diags_error(diags, count, "timeWindow must be a positive integer, at most %d years in months and years",
		            WINDOW_YEARS_MAX);
		return false;
	}
	ret->months = (int32_t)(unit->one.months * count->integer);
	ret->ms = unit->one.ms * count->integer;
	return true;
}

/* The window in either generation's form. */
static bool
window_compile(const struct policy *policy, struct duration *ret, struct diags *diags)
{
	const struct node *scalar = policy_get(policy, "time_window");
	const struct node *count = policy_get(policy, "timeWindow"), *unit = policy_get(policy, "timeUnits");

	if (scalar && (count || unit)) {
		diags_error(diags, scalar, "a window is either time_window or timeWindow with timeUnits, not both");
		return false;
	}
	if (scalar) {
		ret->months = 0;
		if (node_is_scalar(scalar) && time_parse_scalar_unit(scalar->text, &ret->ms) == 0 && ret->ms > 0)
			return true;
		diags_error(diags, scalar,
		            "time_window must be a positive time of at least a millisecond, such as '10 m'");
		return false;
	}
	if (node_is_scalar(count) && node_is_scalar(unit))
		return window_of_units(count, unit, ret, diags);
	diags_error(diags, count ? count : unit ? unit : policy->properties, "a window needs timeWindow and timeUnits");
	return false;
}

static bool
is_seed_type(const struct policy *policy)
{
	for (const struct type *type = policy->type; type; type = type->parent) {
		if (str_is(type->name, guard_frequency_limiter.types[1]))
			return true;
	}
	return false;
}

/*
 * Which operations count together. A guard that names its target or loop by a pattern counts by the request's own: one
 * that a pattern covers is not another.
 */
static bool
counting_compile(const struct policy *policy, const struct guard *guard, struct limiter_spec *spec, struct diags *diags)
{
	const struct node *by = node_get(policy->metadata, "count_by");
	const struct scope_term *target = &guard->scope.term[ATTRIBUTE_TARGET];
	const struct scope_term *clname = &guard->scope.term[ATTRIBUTE_CLNAME];
	struct str how = is_seed_type(policy) ? STR("operation") : STR("target");

	if (!node_is_null(by))
		how = node_is_scalar(by) ? by->text : STR("");
	if (str_is(how, "target")) {
		spec->by_target = true;
		return true;
	}
	if (!str_is(how, "operation") && !str_is(how, "controlloop")) {
		diags_error(diags, by, "metadata count_by must be operation, target or controlloop");
		return false;
	}
	spec->by_target = target->kind == TERM_PATTERN;
	spec->by_clname = clname->kind == TERM_PATTERN || str_is(how, "controlloop");
	if (target->kind == TERM_EXACT)
		spec->target = target->text;
	if (clname->kind == TERM_EXACT && !spec->by_clname)
		spec->clname = clname->text;
	return true;
}

static bool
compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct node *limit = policy_get(policy, "limit");
	struct limiter_spec spec = {0};
	bool good = common_compile(policy, guard, arena, diags);

	good = window_compile(policy, &spec.window, diags) && good;
	if (!limit || limit->kind != NODE_INT || limit->integer <= 0 || limit->integer > INT32_MAX) {
		diags_error(diags, limit ? limit : policy->properties, "limit must be an integer above 0, of 32 bits");
		good = false;
	} else {
		spec.limit = (uint32_t)limit->integer;
	}
	good = counting_compile(policy, guard, &spec, diags) && good;
	return good && limiter_build(guard, &spec, policy->node, arena, diags);
}

/* The window as the reference reads it; its units are lower-cased when it counts. */
static void
onap_window(struct limiter_spec *spec, bool given, int32_t count, struct str unit_name)
{
	const struct unit *unit = NULL;

	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (str_equal_nocase(unit_name, str_from(units[i].name)))
			unit = &units[i];
	}
	if (!given)
		spec->always_denies = spec->no_window = true;
	else if (!unit || !unit->onap)
		spec->never_counts = true;
	else
		spec->window.ms = unit->one.ms * count; /* 0 and less too: windows of one instant or of none */
}

static bool
compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "FrequencyDefinition"};
	struct limiter_spec spec = {.by_target = true};
	bool has_limit = false, has_window = false, good;
	int32_t limit = 0, window = 0;
	struct str unit;

	if (!common_compile_onap(policy, guard, true, arena, diags))
		return false;
	good = onap_integer(&properties, "limit", &has_limit, &limit, diags);
	if (good && !has_limit) {
		onap_null(policy->properties, "limit", diags);
		good = false;
	}
	good = onap_integer(&properties, "timeWindow", &has_window, &window, diags) && good;
	if (!onap_text(&properties, "timeUnits", arena, &unit, diags) || !good)
		return false;
	onap_window(&spec, has_window, window, unit);
	spec.always_denies = spec.always_denies || limit < 0;
	spec.limit = limit < 0 ? 0 : (uint32_t)limit;
	return limiter_build(guard, &spec, policy->node, arena, diags);
}

/* Makes the query to the history. NULL, or the key of the attribute that the request lacks. */
static const char *
query_make(const struct guard *guard, const struct request *request, const struct env *env, struct count_query *ret)
{
	const struct limiter_spec *data = guard->data;
	const struct str *given = request->attribute;

	if (!is_given(guard, given[ATTRIBUTE_ACTOR]))
		return attribute_key[ATTRIBUTE_ACTOR];
	if (!is_given(guard, given[ATTRIBUTE_OPERATION]))
		return attribute_key[ATTRIBUTE_OPERATION];
	if (data->by_target && !is_given(guard, given[ATTRIBUTE_TARGET]))
		return attribute_key[ATTRIBUTE_TARGET];
	if (data->by_clname && !is_given(guard, given[ATTRIBUTE_CLNAME]))
		return attribute_key[ATTRIBUTE_CLNAME];
	*ret = (struct count_query){
		.actor = given[ATTRIBUTE_ACTOR],
		.operation = given[ATTRIBUTE_OPERATION],
		.target = data->by_target ? given[ATTRIBUTE_TARGET] : data->target,
		.clname = data->by_clname ? given[ATTRIBUTE_CLNAME] : data->clname,
		.since_ms = time_back(env->now_ms, data->window),
		.now_ms = env->now_ms,
		.limit = data->limit,
		.ended_only = guard->mode == GUARD_ONAP,
		.whether = true,
	};
	return NULL;
}

/* Of a limiter that is full, by what is known of the operations. */
static const struct verdict full[] = {
	[KNOWN] = {EFFECT_DENY, REASON_LIMIT_REACHED, NULL},
	[UNKNOWN_QUARANTINE] = {EFFECT_DENY, REASON_QUARANTINE, NULL},
	[UNKNOWN_VERIFYING] = {EFFECT_DENY, REASON_VERIFYING, NULL},
};

static void
check(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct limiter_spec *data = guard->data;
	struct count_query query;
	struct count_result result;
	const char *missing = query_make(guard, request, env, &query);

	if (missing)
		verdict_missing(ret, missing);
	else if (env->history->count(env->history->context, &query, &result) < 0)
		verdict_error(ret);
	else if (result.used >= data->limit)
		*ret = full[result.unknown];
	else
		ret->effect = EFFECT_PERMIT;
}

static void
check_legacy(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct limiter_spec *data = guard->data;
	struct count_query query;
	struct count_result result;

	ret->effect = EFFECT_PERMIT;
	if (time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) != RANGE_IN || data->never_counts ||
	    query_make(guard, request, env, &query))
		return;
	if (env->history->count(env->history->context, &query, &result) >= 0 && result.used >= data->limit)
		*ret = full[result.unknown];
}

static void
check_onap(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct limiter_spec *data = guard->data;
	struct count_query query;
	struct count_result result;

	if (guard->legacy) {
		check_legacy(guard, request, env, ret);
		return;
	}
	*ret = full[KNOWN];
	if (time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) != RANGE_IN || data->always_denies ||
	    query_make(guard, request, env, &query))
		return;
	if (data->never_counts || env->history->count(env->history->context, &query, &result) < 0 ||
	    result.used < data->limit)
		*ret = (struct verdict){EFFECT_PERMIT, REASON_PERMIT, NULL};
	else
		*ret = full[result.unknown];
}

/* Counts all rows, those above the limit too. 0, or negative: the history cannot be read, or does not know. */
static int
count_all(const struct env *env, const struct count_query *asked, uint32_t *ret_used)
{
	struct count_query query = *asked;
	struct count_result result;
	int r;

	query.whether = false;
	query.limit = UINT32_MAX;
	r = env->history->count(env->history->context, &query, &result);
	if (r < 0)
		return r;
	if (result.unknown)
		return -ERROR_UNKNOWN;
	*ret_used = result.used;
	return 0;
}

/* The first instant at which the window has room again; TIME_NONE when time does not make any. */
static int64_t
room_at(const struct guard *guard, const struct request *request, const struct env *env)
{
	const struct limiter_spec *data = guard->data;
	struct count_query query;
	struct count_result result;

	if (data->limit == 0 || data->always_denies || query_make(guard, request, env, &query))
		return TIME_NONE;
	query.whether = false;
	if (env->history->count(env->history->context, &query, &result) < 0 || result.limit_end == TIME_NONE)
		return TIME_NONE;
	return time_window_leaves(result.limit_end, data->window, env->now_ms);
}

static void
explain(const struct guard *guard, const struct request *request, const struct env *env, const struct verdict *verdict,
        struct arena *arena, struct explanation *ret)
{
	const struct limiter_spec *data = guard->data;
	struct count_query query;

	(void)verdict, (void)arena; /* the texts are the request's */
	explain_text(ret, "actor", request->attribute[ATTRIBUTE_ACTOR]);
	explain_text(ret, "operation", request->attribute[ATTRIBUTE_OPERATION]);
	ret->limit = data->limit;
	if (data->window.ms || data->window.months)
		time_format_duration(data->window, ret->window);
	if (query_make(guard, request, env, &query) != NULL)
		return;
	explain_text(ret, "target", query.target);
	explain_text(ret, "clname", query.clname);
	ret->has_count = !data->always_denies && !data->never_counts && count_all(env, &query, &ret->used) == 0;
	if (verdict->reason == REASON_QUARANTINE)
		explain_quarantine(ret, room_at(guard, request, env), arena);
	else if (verdict->reason == REASON_VERIFYING)
		explain_verifying(ret);
}

static bool
is_out_of_range(const struct guard *guard, const struct request *request, const struct env *env)
{
	return guard->mode == GUARD_ONAP && !guard->legacy &&
	       time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) != RANGE_IN;
}

/* onap: a policy without a window counts nothing. */
static bool
remedy_window(const struct guard *guard, const struct remedy *remedy, struct change *ret)
{
	struct limiter_spec *spec = arena_alloc(remedy->arena, sizeof(*spec));

	if (!spec)
		return false;
	*spec = *(const struct limiter_spec *)guard->data;
	spec->window = (struct duration){.ms = TIME_MS_SECOND};
	spec->always_denies = spec->no_window = false;
	return remedy_policy(remedy, guard, spec, STR("{\"set\":{\"timeWindow\":1,\"timeUnits\":\"second\"}}"),
	                     STR("give the policy a timeWindow (1 second was tried)"), ret);
}

static bool
limiter_remedy(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	const struct limiter_spec *data = guard->data;
	struct limiter_spec *spec;
	struct count_query query;
	uint32_t used = 0;
	const char *missing = query_make(guard, &remedy->request, remedy->env, &query);

	if (missing)
		return remedy_attribute(remedy, (enum attribute)attribute_find(str_from(missing)), STR("x"), ret);
	if (is_out_of_range(guard, &remedy->request, remedy->env))
		return remedy_range(remedy, guard, ret);
	if (data->no_window)
		return remedy_window(guard, remedy, ret);
	spec = arena_alloc(remedy->arena, sizeof(*spec));
	if (!spec || (!data->never_counts && count_all(remedy->env, &query, &used) < 0) || used >= INT32_MAX)
		return false;
	*spec = *data;
	spec->always_denies = false;
	spec->limit = used + 1;
	return remedy_policy(remedy, guard, spec,
	                     explain_format(remedy->arena, "{\"set\":{\"limit\":%" PRIu32 "}}", used + 1),
	                     explain_format(remedy->arena, "raise the limit above %" PRIu32, used), ret);
}

/* Out of its range a limiter of onap mode denies; any other is free then. */
static int64_t
limiter_frees(const struct guard *guard, const struct request *request, const struct env *env)
{
	int64_t ends = range_frees(guard, request, env), room;

	if (is_out_of_range(guard, request, env))
		return request->has_current_time ? TIME_NONE : time_range_starts(&guard->range, env->now_ms);
	room = room_at(guard, request, env);
	if (guard->mode == GUARD_ONAP && !guard->legacy)
		return room;
	return room == TIME_NONE || (ends != TIME_NONE && ends < room) ? ends : room;
}

const struct guard_kind guard_frequency_limiter = {
	.name = "FrequencyLimiter",
	.types = {"onap.policies.controlloop.guard.common.FrequencyLimiter",
                  "onap.policies.controlloop.guard.FrequencyLimiter", NULL},
	.compile = {[GUARD_STRICT] = compile, [GUARD_ONAP] = compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = limiter_remedy,
	.frees = limiter_frees,
};
