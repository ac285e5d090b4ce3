/* min_max - MinMax: how few and how many instances a target may have */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/text.h"
#include "guards/kinds.h"
#include "guards/onap.h"
#include "guards/remedy.h"
#include "policytypes/policy.h"

/*
 * type    onap.policies.controlloop.guard.common.MinMax 1.0.0 {actor, operation, target, id?, timeRange?, min?, max?},
 *         one of min and max at least; seed 003's ...guard.MinMax {min_vf_module_instances, max_vf_module_instances?}
 * strict  permits iff min <= vfCount <= max, where vfCount is the count that the operation would lead to. Without
 *         vfCount: missing_attribute. min > max is refused.
 * onap    permits iff target equals the property, in range, and vfCount < min or vfCount < max: max is exclusive, min
 *         alone is a cap. No vfCount, or out of range: Deny. A target of `.*` is no match of scope, but the rule
 *         compares it as text.
 * source  ONAP's policy type and its policy-xacml-pdp; differences are in doc/compatibility.md
 */

struct min_max {
	bool has_min, has_max;
	int32_t min, max;
	struct str target; /* onap only */
};

static struct min_max *
min_max_data_new(struct guard *guard, const struct node *where, struct arena *arena, struct diags *diags)
{
	struct min_max *data = arena_alloc(arena, sizeof(*data));

	if (!data)
		diags_error(diags, where, "no memory for a guard");
	guard->kind = &guard_min_max;
	guard->data = data;
	return data;
}

bool
min_max_build(struct guard *guard, const int32_t *min, const int32_t *max, const struct node *where,
              struct arena *arena, struct diags *diags)
{
	struct min_max *data = min_max_data_new(guard, where, arena, diags);

	if (!data)
		return false;
	data->has_min = min != NULL;
	data->has_max = max != NULL;
	data->min = min ? *min : 0;
	data->max = max ? *max : 0;
	return true;
}

/* A bound, within what a vfCount can be. */
static bool
bound_compile(const struct policy *policy, const char *name, int32_t *ret_value, const int32_t **ret_given,
              struct diags *diags)
{
	const struct node *value = policy_get(policy, name);

	if (node_is_null(value))
		return true;
	if (value->kind != NODE_INT || value->integer < INT32_MIN || value->integer > INT32_MAX) {
		diags_error(diags, value, "%s must be an integer of 32 bits", name);
		return false;
	}
	*ret_value = (int32_t)value->integer;
	*ret_given = ret_value;
	return true;
}

static bool
compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const int32_t *min = NULL, *max = NULL;
	int32_t min_value, max_value;
	bool good = common_compile(policy, guard, arena, diags);

	good = bound_compile(policy, "min", &min_value, &min, diags) && good;
	if (!bound_compile(policy, "max", &max_value, &max, diags) || !good)
		return false;
	if (!min && !max) {
		diags_error(diags, policy->properties, "neither min nor max is given");
		return false;
	}
	if (min && max && *min > *max) {
		diags_error(diags, policy_get(policy, "min"), "min %" PRId32 " is above max %" PRId32, *min, *max);
		return false;
	}
	return min_max_build(guard, min, max, policy->node, arena, diags);
}

static bool
compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "MinMaxDefinition"};
	struct min_max *data = min_max_data_new(guard, policy->node, arena, diags);
	bool good;

	if (!data || !common_compile_onap(policy, guard, true, arena, diags))
		return false;
	good = onap_text(&properties, "target", arena, &data->target, diags);
	if (good && !data->target.ptr) {
		onap_null(policy->properties, "target", diags);
		good = false;
	}
	good = onap_integer(&properties, "min", &data->has_min, &data->min, diags) && good;
	if (!onap_integer(&properties, "max", &data->has_max, &data->max, diags) || !good)
		return false;
	if (data->has_min || data->has_max)
		return true;
	diags_error(diags, policy->properties, "Missing min or max field in minmax policy");
	return false;
}

static void
check(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct min_max *data = guard->data;

	(void)env;
	if (!request->has_vf_count)
		verdict_missing(ret, "vfCount");
	else if (data->has_min && request->vf_count < data->min)
		*ret = (struct verdict){EFFECT_DENY, REASON_BELOW_MIN, NULL};
	else if (data->has_max && request->vf_count > data->max)
		*ret = (struct verdict){EFFECT_DENY, REASON_ABOVE_MAX, NULL};
	else
		ret->effect = EFFECT_PERMIT;
}

static void
check_onap(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct min_max *data = guard->data;
	struct str target = request->attribute[ATTRIBUTE_TARGET];
	int32_t count = request->vf_count;
	bool permits = time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) == RANGE_IN && target.ptr &&
	               str_equal(target, data->target) && request->has_vf_count &&
	               ((data->has_min && count < data->min) || (data->has_max && count < data->max));

	if (permits)
		ret->effect = EFFECT_PERMIT;
	else
		*ret = (struct verdict){EFFECT_DENY, REASON_ABOVE_MAX, NULL};
}

/* onap: the largest count that is permitted. */
static int64_t
onap_highest(const struct min_max *data)
{
	int64_t cap = data->has_max ? data->max : data->min;

	if (data->has_min && data->min > cap)
		cap = data->min;
	return cap - 1;
}

static void
explain(const struct guard *guard, const struct request *request, const struct env *env, const struct verdict *verdict,
        struct arena *arena, struct explanation *ret)
{
	const struct min_max *data = guard->data;

	(void)env, (void)verdict; /* the values are the guard's and the request's */
	explain_text(ret, "target", request->attribute[ATTRIBUTE_TARGET]);
	if (request->has_vf_count)
		explain_number(ret, "vfCount", request->vf_count, arena);
	if (data->has_min)
		explain_number(ret, "min", data->min, arena);
	if (data->has_max)
		explain_number(ret, "max", data->max, arena);
}

/* A vfCount that this guard permits and the others that were met so far too, nearest to the one asked for. */
static bool
vf_count_find(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	const struct min_max *data = guard->data;
	bool onap = guard->mode == GUARD_ONAP;
	int64_t low = !onap && data->has_min ? data->min : INT32_MIN;
	int64_t high = onap ? onap_highest(data) : data->has_max ? data->max : INT32_MAX;
	int64_t wanted = remedy->asked->has_vf_count ? remedy->asked->vf_count : 0;

	low = low > remedy->vf_low ? low : remedy->vf_low;
	high = high < remedy->vf_high ? high : remedy->vf_high;
	if (low > high)
		return false;
	remedy->vf_low = low;
	remedy->vf_high = high;
	ret->kind = CHANGE_VF_COUNT;
	ret->vf_count = (int32_t)(wanted < low ? low : wanted > high ? high : wanted);
	ret->text = remedy->asked->has_vf_count
	                    ? explain_format(remedy->arena, "vfCount %" PRId32 " instead of %" PRId32, ret->vf_count,
	                                     remedy->asked->vf_count)
	                    : explain_format(remedy->arena, "give vfCount in the request (%" PRId32 " was tried)",
	                                     ret->vf_count);
	return ret->text.ptr != NULL;
}

/* Moves the bound that the request's vfCount is beyond. */
static bool
bound_move(const struct guard *guard, const struct remedy *remedy, struct change *ret)
{
	struct min_max *data = arena_alloc(remedy->arena, sizeof(*data));
	int32_t count = remedy->request.vf_count, bound = count;
	const char *name;

	if (!data || (guard->mode == GUARD_ONAP && count == INT32_MAX))
		return false;
	*data = *(const struct min_max *)guard->data;
	if (guard->mode == GUARD_ONAP)
		bound++; /* its bounds permit what is below them */
	name = data->has_min && (guard->mode == GUARD_ONAP ? !data->has_max : count < data->min) ? "min" : "max";
	*(name[1] == 'i' ? &data->min : &data->max) = bound;
	return remedy_policy(remedy, guard, data,
	                     explain_format(remedy->arena, "{\"set\":{\"%s\":%" PRId32 "}}", name, bound),
	                     explain_format(remedy->arena, "set the policy's %s to %" PRId32, name, bound), ret);
}

/* onap: the rule itself compares the target. */
static bool
target_move(const struct guard *guard, const struct remedy *remedy, struct str target, struct change *ret)
{
	struct min_max *data = arena_alloc(remedy->arena, sizeof(*data));
	struct text edit;

	if (!data)
		return false;
	*data = *(const struct min_max *)guard->data;
	data->target = target;
	text_init(&edit, remedy->arena);
	text_add(&edit, STR("{\"set\":{\"target\":"));
	text_add_json(&edit, target);
	text_add(&edit, STR("}}"));
	return remedy_policy(remedy, guard, data, text_done(&edit),
	                     explain_format(remedy->arena, "set the policy's target to '%.*s'", STR_ARG(target)), ret);
}

static bool
min_max_remedy(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	const struct min_max *data = guard->data;
	struct str target = remedy->request.attribute[ATTRIBUTE_TARGET];

	if (guard->mode == GUARD_ONAP &&
	    time_range_state(&guard->range, GUARD_ONAP, &remedy->request, remedy->env->now_ms) != RANGE_IN)
		return remedy_range(remedy, guard, ret);
	if (guard->mode == GUARD_ONAP && !target.ptr)
		return remedy_attribute(remedy, ATTRIBUTE_TARGET, data->target, ret);
	if (guard->mode == GUARD_ONAP && !str_equal(target, data->target))
		return target_move(guard, remedy, target, ret);
	return vf_count_find(guard, remedy, ret) || (remedy->request.has_vf_count && bound_move(guard, remedy, ret));
}

/* Out of its range a MinMax of onap mode denies. */
static int64_t
min_max_frees(const struct guard *guard, const struct request *request, const struct env *env)
{
	if (guard->mode == GUARD_STRICT)
		return range_frees(guard, request, env);
	if (request->has_current_time || time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) != RANGE_OUT)
		return TIME_NONE;
	return time_range_starts(&guard->range, env->now_ms);
}

const struct guard_kind guard_min_max = {
	.name = "MinMax",
	.types = {"onap.policies.controlloop.guard.common.MinMax", "onap.policies.controlloop.guard.MinMax", NULL},
	.timeless = true,
	.compile = {[GUARD_STRICT] = compile, [GUARD_ONAP] = compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = min_max_remedy,
	.frees = min_max_frees,
};
