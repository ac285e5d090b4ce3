/* admit - what is checked about an event before there is a execution */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/admit.h"

struct action *
event_notify(struct actions *actions, enum action_kind kind, const struct event *event,
             const struct operational *policy, const char *format)
{
	struct action *action = &actions->list[actions->count++];

	*action =
		(struct action){.kind = kind, .event = event, .policy = policy, .format = format, .final = FINAL_NONE};
	return action;
}

/* False when the gate holds the event back. */
static bool
pass_gate(const struct operational *policy, const struct event *event, const struct admission *admission,
          struct actions *actions)
{
	const struct gate *gate = policy->gate;
	int64_t wall_ms = admission->wall_ms;
	struct request request = {0};
	struct action *action;
	uint32_t have;

	if ((gate->nodes.count && !event_is_about(event, gate->nodes)) ||
	    (gate->target_types && !event_is_of(event, gate->target_types))) {
		event_notify(actions, ACTION_IGNORE, event, policy, "ignore:target");
		return false;
	}
	if (gate->has_schedule && (time_range_state(&gate->schedule, GUARD_STRICT, &request, wall_ms) != RANGE_IN ||
	                           (gate->schedule.kind == RANGE_INSTANTS && wall_ms == gate->schedule.end))) {
		event_notify(actions, ACTION_IGNORE, event, policy, "ignore:schedule");
		return false;
	}
	if (gate->condition && !event_matches(event, gate->condition)) {
		event_notify(actions, ACTION_IGNORE, event, policy, "ignore:condition");
		return false;
	}
	if (gate->evaluations <= 1)
		return true;
	have = admission->count(admission->context, policy, event);
	if (have >= gate->evaluations)
		return true;
	action = event_notify(actions, ACTION_IGNORE, event, policy, "ignore:evaluations");
	action->have = have;
	action->need = gate->evaluations;
	return false;
}

bool
event_admit(const struct operational *policy, const struct event *event, const struct admission *admission,
            struct actions *actions)
{
	const char *refusal;

	if (admission->same) {
		event_notify(actions, ACTION_IGNORE, event, policy, "ignore:duplicate");
		return false;
	}
	if (policy->targets.count && !event_is_about(event, policy->targets)) {
		event_notify(actions, ACTION_IGNORE, event, policy, "ignore:target");
		return false;
	}
	if (policy->gate && !pass_gate(policy, event, admission, actions))
		return false;
	if (event->request_id.len == 0) {
		event_notify(actions, ACTION_REJECT, event, policy, "Missing requestId");
		return false;
	}
	refusal = event_refusal(event);
	if (refusal) {
		event_notify(actions, ACTION_REJECT, event, policy, "Exception occurred: %s")->word = str_from(refusal);
		return false;
	}
	if (admission->full) {
		event_notify(actions, ACTION_REJECT, event, policy, "too many transactions at a time");
		return false;
	}
	return true;
}
