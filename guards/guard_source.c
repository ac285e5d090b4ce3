/* guard_source - where the parts of a guard stand in its document */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard_source.h"

#include "policytypes/policy.h"

/* The property under its canonical name; onap mode reads properties as they are written. NULL also for null. */
static const struct node *
property(const struct policy *policy, enum guard_mode mode, const char *name)
{
	const struct node *value = mode == GUARD_STRICT ? policy_get(policy, name) : node_get(policy->properties, name);

	return node_is_null(value) ? NULL : value;
}

void
guard_source_of(const struct policy *policy, const struct guard *guard, struct guard_source *ret)
{
	enum guard_mode mode = guard->mode;

	*ret = (struct guard_source){
		.kind = guard->kind,
		.mode = mode,
		.inert = guard->inert,
		.body = policy->node,
		.metadata = policy->metadata,
		.scope = {[ATTRIBUTE_ACTOR] = property(policy, mode, "actor"),
	                  [ATTRIBUTE_OPERATION] = property(policy, mode, "operation"),
	                  [ATTRIBUTE_CLNAME] = property(policy, mode, "id"),
	                  [ATTRIBUTE_TARGET] = property(policy, mode, "target")},
		.range = property(policy, mode, "timeRange"),
		.in_force = &guard->range,
	};
	ret->start = node_get(ret->range, "start_time");
	ret->end = node_get(ret->range, "end_time");
	if (guard->kind == &guard_blacklist) {
		ret->entries = property(policy, mode, "blacklist");
		if (mode == GUARD_ONAP)
			ret->scope[ATTRIBUTE_TARGET] = NULL; /* means nothing there */
	} else if (guard->kind == &guard_first_blocks_second) {
		ret->loops = property(policy, mode, "controlLoop");
	} else if (guard->kind == &guard_filter) {
		ret->filters = property(policy, mode, "filters");
	} else if (guard->kind == &guard_min_max) {
		ret->min = property(policy, mode, "min");
		ret->max = property(policy, mode, "max");
	} else if (guard->kind == &guard_frequency_limiter) {
		ret->limit = property(policy, mode, "limit");
		ret->limiter = guard->data;
	}
}
