/* trigger - TOSCA triggers: each is one operation, and hears the ONSET or the routes of others */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

static const char *const trigger_keys[] = {"description",   "event",     "event_type", "schedule",
                                           "target_filter", "condition", "constraint", "period",
                                           "evaluations",   "method",    "action",     NULL};
static const char *const input_keys[] = {"targetType", "entityIds", "payload", "timeout", "retries", NULL};

static const char *
trigger_path(struct compiler *c, const struct node *trigger, const char *key)
{
	return opv_path(c, trigger->key, key);
}

/* The call of a trigger. All absent: it runs nothing. */
struct call {
	struct str text; /* ACTOR.Operation, borrowed */
	const struct node *node;
	const struct node *inputs;  /* or NULL */
	const struct node *timeout; /* of the implementation form */
};

/* {call_operation: ACTOR.Operation} or {call_operation: {operation, inputs}}. False when it is anything else. */
static bool
read_activity(const struct node *activity, struct call *ret)
{
	const struct node *call = node_get(activity, "call_operation");

	if (!call || activity->count != 1)
		return false;
	ret->node = call;
	if (call->kind != NODE_MAP) {
		ret->text = field_text(call);
		return ret->text.ptr != NULL;
	}
	ret->node = node_get(call, "operation");
	ret->text = field_text(ret->node);
	ret->inputs = node_get(call, "inputs");
	return ret->text.ptr && (node_is_null(ret->inputs) || ret->inputs->kind == NODE_MAP);
}

/* The implementation form {primary, dependencies, timeout, operation_host}; empty keys count as absent. */
static void
read_implementation(struct compiler *c, const struct node *trigger, const struct node *action, struct call *ret)
{
	static const char *const keys[] = {"primary", "dependencies", "timeout", "operation_host", NULL};
	static const char *const unused[] = {"dependencies", "operation_host"};

	for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++) {
		const struct node *node = node_get(action, unused[i]);

		if (!field_empty(node))
			opv_report(c, OPV_32, node, trigger_path(c, trigger, "action"),
			           "'%s' is not used: the actor brings its own implementation", unused[i]);
	}
	field_unknown(c, action, keys, trigger_path(c, trigger, "action"));
	ret->node = node_get(action, "primary");
	ret->text = field_text(ret->node);
	if (!field_empty(node_get(action, "timeout")))
		ret->timeout = node_get(action, "timeout");
}

/* False after a finding: the trigger is then no operation. */
static bool
read_action(struct compiler *c, const struct node *trigger, struct call *ret)
{
	const struct node *action = node_get(trigger, "action");

	*ret = (struct call){0};
	if (field_empty(action))
		return true;
	if (action->kind == NODE_LIST && action->count == 1 && read_activity(action->first, ret))
		return true;
	if (action->kind == NODE_MAP && action->count == 1 && read_activity(action, ret))
		return true;
	if (action->kind == NODE_MAP && !node_get(action, "call_operation")) {
		read_implementation(c, trigger, action, ret);
		if (ret->text.ptr || field_empty(ret->node))
			return true;
	}
	opv_report(c, OPV_43, action, trigger_path(c, trigger, "action"),
	           "an action must be exactly one call_operation of ACTOR.Operation");
	return false;
}

/* Where the action does not say what its target is: the node of target_filter, else what the actor's operation is for.
 */
static enum target_type
guess_target(struct compiler *c, const struct node *trigger, const struct draft *draft)
{
	const struct directive *d = &draft->directive;
	struct str node = field_text(node_get(node_get(trigger, "target_filter"), "node"));
	const struct actor *actor = registry_actor(c->registry, d->actor);
	const struct capability *capability = actor ? actor_capability(actor, d->operation) : NULL;
	static const enum target_type order[] = {TARGET_VM, TARGET_VNF, TARGET_VFMODULE, TARGET_PNF, TARGET_VNFC};

	if (target_type_named(node) >= 0)
		return (enum target_type)target_type_named(node);
	for (size_t i = 0; capability && i < TARGET_COUNT; i++) {
		if (capability->targets & 1u << order[i])
			return order[i];
	}
	opv_report(c, OPV_14, trigger, trigger_path(c, trigger, "target"), "nothing tells the target type");
	return TARGET_VM;
}

static void
read_inputs(struct compiler *c, const struct node *trigger, const struct call *call, struct draft *draft)
{
	struct directive *d = &draft->directive;
	const struct node *inputs = call->inputs;
	const struct node *timeout = call->timeout ? call->timeout : node_get(inputs, "timeout");
	const struct node *owner = inputs ? inputs : trigger;

	if (inputs && !field_empty(node_get(inputs, "targetType")))
		d->target_type = field_target(c, node_get(inputs, "targetType"), owner, d->id, false);
	else if (inputs)
		d->target_type = field_target(c, NULL, owner, d->id, false);
	else
		d->target_type = guess_target(c, trigger, draft);
	d->entities = field_entries(c, node_get(inputs, "entityIds"), d->id, "entityIds", false);
	d->payload = field_entries(c, node_get(inputs, "payload"), d->id, "payload", false);
	d->timeout_s = field_seconds(c, OPV_16, timeout, owner, opv_path(c, d->id, "timeout"), true);
	d->retries = field_retries(c, node_get(inputs, "retries"), opv_path(c, d->id, "retries"));
	draft_check(c, draft, owner);
	field_unknown(c, inputs, input_keys, opv_path(c, d->id, NULL));
}

/* "ACTOR.Operation" to its two names; what is blank stays absent. */
static void
read_names(struct compiler *c, struct directive *d, struct str text)
{
	const char *dot = memchr(text.ptr, '.', text.len);
	struct str actor = {text.ptr, dot ? (size_t)(dot - text.ptr) : 0};
	struct str name = dot ? (struct str){dot + 1, text.len - actor.len - 1} : text;

	actor = str_trim(actor);
	name = str_trim(name);
	if (actor.len > 0)
		d->actor = field_keep(c, actor);
	if (name.len > 0)
		d->operation = field_keep(c, operation_canonical(name));
}

/* A trigger, and the operation it became: none when it runs nothing, or was refused. */
struct trigger {
	const struct node *node;
	struct draft *draft;
	bool refused;
};

static void
trigger_read_operation(struct compiler *c, struct trigger *trigger)
{
	const struct node *node = trigger->node;
	struct call call;

	if (!read_action(c, node, &call)) {
		trigger->refused = true;
		return;
	}
	if (!call.text.ptr) {
		opv_report_as(c, OPV_43, SEVERITY_WARNING, node, trigger_path(c, node, "action"),
		              "this trigger runs nothing");
		return;
	}
	trigger->draft = draft_new(c, node);
	if (!trigger->draft)
		return;
	trigger->draft->directive.id = field_keep(c, node->key);
	read_names(c, &trigger->draft->directive, call.text);
	read_inputs(c, node, &call, trigger->draft);
}

/* The draft that a chained event "<trigger>.<route>" means, or NULL. */
static struct draft *
find_source(const struct compiler *c, struct str event, int *ret_route)
{
	for (int i = 0; i < RESULT_COUNT; i++) {
		struct str route = str_from(result_route[i]);
		struct draft *draft;

		if (event.len <= route.len + 1 || !str_ends_with(event, route) ||
		    event.ptr[event.len - route.len - 1] != '.')
			continue;
		draft = draft_find(c, (struct str){event.ptr, event.len - route.len - 1});
		if (draft) {
			*ret_route = i;
			return draft;
		}
	}
	return NULL;
}

/* heard: the trigger that hears the ONSET already. */
static void
hear_onset(struct compiler *c, const struct trigger *trigger, const struct node *event, const struct node **heard)
{
	if (*heard) {
		opv_report(c, OPV_46, event, trigger_path(c, trigger->node, "event"),
		           "trigger '%.*s' hears the ONSET already", STR_ARG((*heard)->key));
		return;
	}
	*heard = trigger->node;
	c->trigger_node = trigger->node;
	c->ret->gate = compile_gate(c, trigger->node);
	if (trigger->draft)
		c->trigger = trigger->draft->directive.id;
	else
		c->runs_nothing = true;
}

static void
hear(struct compiler *c, const struct trigger *trigger, const struct node *event, const struct node **heard)
{
	struct str name = field_text(event);
	struct draft *source;
	int route = 0;

	if (str_is(name, "ControlLoopEvent") || str_is(name, "ONSET")) {
		hear_onset(c, trigger, event, heard);
		return;
	}
	source = name.ptr ? find_source(c, name, &route) : NULL;
	if (!source) {
		opv_report(c, OPV_19, event, trigger_path(c, trigger->node, "event"),
		           "'%.*s' is neither ONSET, ControlLoopEvent, nor a route of another trigger", STR_ARG(name));
		return;
	}
	if (source->route[route]) {
		opv_report(c, OPV_46, event, trigger_path(c, trigger->node, "event"),
		           "'%.*s' has a listener at line %u already", STR_ARG(name), source->route[route]->line);
		return;
	}
	source->route[route] = event;
	if (trigger->draft)
		source->route_text[route] = trigger->draft->directive.id; /* else the route keeps its final */
}

/* The events of a trigger: one or a list. */
static void
trigger_read_events(struct compiler *c, const struct trigger *trigger, const struct node **heard)
{
	const struct node *event = node_get(trigger->node, "event");
	const struct node *older = node_get(trigger->node, "event_type");

	if (!field_empty(event) && !field_empty(older))
		opv_report(c, OPV_42, older, trigger_path(c, trigger->node, "event"),
		           "event and event_type are the same key");
	if (field_empty(event))
		event = older;
	if (field_empty(event) || event->kind == NODE_MAP) {
		opv_report(c, OPV_42, event ? event : trigger->node, trigger_path(c, trigger->node, "event"),
		           "an event is missing");
		return;
	}
	if (event->kind != NODE_LIST)
		hear(c, trigger, event, heard);
	for (const struct node *item = event->kind == NODE_LIST ? event->first : NULL; item; item = item->next)
		hear(c, trigger, item, heard);
	if (*heard != trigger->node)
		refuse_gate(c, trigger->node);
}

static void
trigger_check_keys(struct compiler *c, const struct node *trigger)
{
	static const char *const filter_keys[] = {"node", NULL};
	const struct node *filter = node_get(trigger, "target_filter");

	if (filter && filter->kind != NODE_MAP && !field_empty(filter))
		opv_report(c, OPV_44, filter, trigger_path(c, trigger, "target_filter"),
		           "target_filter is wrong: expected a map with node, got %s", node_kind_phrase(filter));
	for (const struct node *child = filter && filter->kind == NODE_MAP ? filter->first : NULL; child;
	     child = child->next) {
		if (!str_is(child->key, filter_keys[0]) && !field_empty(child))
			opv_report(c, OPV_32, child, trigger_path(c, trigger, "target_filter"),
			           "'%.*s' is not used: events carry no topology", STR_ARG(child->key));
	}
	field_unknown(c, trigger, trigger_keys, trigger_path(c, trigger, NULL));
}

/* Collects the triggers: of a map, or of a list of one-key maps. Returns how many. */
static size_t
list_triggers(struct compiler *c, const struct node *triggers, struct trigger *list)
{
	size_t count = 0;

	for (const struct node *item = triggers->first; item; item = item->next) {
		const struct node *node = triggers->kind == NODE_MAP ? item : item->first;

		if (triggers->kind == NODE_LIST && (item->kind != NODE_MAP || item->count != 1))
			opv_report(c, OPV_04, item, "triggers", "must be a map of one trigger");
		else if (node->kind != NODE_MAP)
			opv_report(c, OPV_42, node, trigger_path(c, node, "event"), "a trigger must be a map");
		else
			list[count++].node = node;
	}
	return count;
}

void
compile_trigger(struct compiler *c, const struct node *triggers)
{
	const struct node *id = policy_property(c, "controlLoopName");
	const struct node *heard = NULL;
	struct trigger *list;
	size_t count;

	policy_id(c, id ? id : policy_property(c, "id"));
	c->ret->timeout_s = field_seconds(c, OPV_02, policy_property(c, "timeout"), c->body, "timeout", true);
	policy_abatement(c, policy_property(c, "abatement"), false);
	if (field_empty(triggers) || node_is_scalar(triggers)) {
		opv_report(c, OPV_04, triggers ? triggers : c->body, "triggers", "there are no triggers");
		return;
	}
	list = arena_array(c->arena, triggers->count, sizeof(*list));
	if (!list) {
		opv_no_memory(c);
		return;
	}
	count = list_triggers(c, triggers, list);
	for (size_t i = 0; i < count; i++)
		trigger_read_operation(c, &list[i]);
	if (!index_drafts(c))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!list[i].refused)
			trigger_read_events(c, &list[i], &heard);
		trigger_check_keys(c, list[i].node);
	}
	if (!c->trigger.ptr && !c->runs_nothing)
		opv_report(c, OPV_04, triggers, "triggers", "no trigger that runs an operation hears the ONSET");
}
