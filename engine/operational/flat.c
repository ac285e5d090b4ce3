/* flat - today's form: a list of operations that name each other by id; and El Alto's own YAML */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

static const char *const operation_keys[] = {
	"id",      "description",     "operation",       "timeout",           "retries",       "success",
	"failure", "failure_timeout", "failure_retries", "failure_exception", "failure_guard", NULL};
static const char *const actor_keys[] = {"actor", "operation", "target", "payload", NULL};
static const char *const target_keys[] = {"targetType", "entityIds", NULL};

static const char *const control_loop_keys[] = {"version",        "controlLoopName", "services",  "resources", "pnf",
                                                "trigger_policy", "timeout",         "abatement", NULL};
static const char *const policy_keys[] = {"id",
                                          "name",
                                          "description",
                                          "actor",
                                          "recipe",
                                          "target",
                                          "payload",
                                          "retry",
                                          "timeout",
                                          "success",
                                          "failure",
                                          "failure_timeout",
                                          "failure_retries",
                                          "failure_exception",
                                          "failure_guard",
                                          NULL};

/* The id, or a name for paths. */
static void
read_id(struct compiler *c, struct draft *draft, const struct node *node)
{
	const struct node *id = node_get(node, "id");
	const char *name;

	draft->directive.id = field_keep(c, field_text(id));
	if (draft->directive.id.ptr)
		return;
	name = arena_printf(c->arena, "operations[%u]", node->index);
	if (!name)
		opv_no_memory(c);
	draft->directive.id = str_from(name);
	draft->nameless = true;
	opv_report(c, OPV_09, id ? id : node, opv_path(c, draft->directive.id, "id"), "an operation must have an id");
}

static void
read_operation(struct compiler *c, const struct node *node)
{
	const struct node *operation = node_get(node, "operation");
	const struct node *target = node_get(operation, "target");
	struct draft *draft = draft_new(c, node);
	struct directive *d;

	if (!draft)
		return;
	d = &draft->directive;
	read_id(c, draft, node);
	d->actor = field_keep(c, field_text(node_get(operation, "actor")));
	d->operation = field_keep(c, operation_canonical(field_text(node_get(operation, "operation"))));
	d->target_type = field_target(c, node_get(target, "targetType"), target ? target : node, d->id, false);
	d->entities = field_entries(c, node_get(target, "entityIds"), d->id, "entityIds", false);
	d->payload = field_entries(c, node_get(operation, "payload"), d->id, "payload", false);
	d->timeout_s = field_seconds(c, OPV_16, node_get(node, "timeout"), node, opv_path(c, d->id, "timeout"), false);
	d->retries = field_retries(c, node_get(node, "retries"), opv_path(c, d->id, "retries"));
	draft_routes(c, draft, node);
	draft_check(c, draft, operation ? operation : node);
	field_unknown(c, node, operation_keys, opv_path(c, d->id, NULL));
	field_unknown(c, operation, actor_keys, opv_path(c, d->id, "operation"));
	field_unknown(c, target, target_keys, opv_path(c, d->id, "target"));
}

static void
read_trigger(struct compiler *c, const struct node *trigger)
{
	int final;

	c->trigger = field_text(trigger);
	c->trigger_node = trigger ? trigger : c->body;
	if (!c->trigger.ptr) {
		opv_report(c, OPV_04, c->trigger_node, "trigger", "the id of the first operation is missing");
		return;
	}
	final = final_find(c->trigger);
	if (final >= 0 && final < RESULT_COUNT) {
		opv_report(c, OPV_06, trigger, "trigger", "the only final that may be the trigger is " FINAL_OPENLOOP);
		c->trigger = STR_NONE;
	} else if (final == RESULT_COUNT) {
		c->runs_nothing = true;
	}
}

/* Reads the list by `read`; whether it may be empty depends on the trigger. */
static void
read_operations(struct compiler *c, const struct node *list, const char *name,
                void (*read)(struct compiler *c, const struct node *node))
{
	if (node_is_null(list) || (list->kind == NODE_LIST && list->count == 0)) {
		if (!c->runs_nothing)
			opv_report(c, OPV_08, list ? list : c->body, name, "there are no operations");
		c->trigger = STR_NONE;
		return;
	}
	if (list->kind != NODE_LIST) {
		opv_report(c, OPV_08, list, name, "must be a list of operations, not %s", node_kind_phrase(list));
		c->trigger = STR_NONE;
		return;
	}
	if (c->runs_nothing)
		opv_report(c, OPV_07, list, name, "an open loop never runs its operations");
	for (const struct node *item = list->first; item; item = item->next)
		read(c, item);
}

void
compile_flat(struct compiler *c)
{
	const struct node *timeout = policy_property(c, "timeout");

	policy_id(c, policy_property(c, "id"));
	c->ret->timeout_s = field_seconds(c, OPV_02, timeout, c->body, "timeout", false);
	policy_abatement(c, policy_property(c, "abatement"), false);
	read_trigger(c, policy_property(c, "trigger"));
	read_operations(c, policy_property(c, "operations"), "operations", read_operation);
}

/* El Alto: target is {type, resourceID and other ids}; recipe is the operation, retry the retries. */
static void
read_policy(struct compiler *c, const struct node *node)
{
	const struct node *target = node_get(node, "target");
	struct draft *draft = draft_new(c, node);
	struct entries ids;
	struct entry *kept;
	struct directive *d;

	if (!draft)
		return;
	d = &draft->directive;
	read_id(c, draft, node);
	d->actor = field_keep(c, field_text(node_get(node, "actor")));
	d->operation = field_keep(c, operation_canonical(field_text(node_get(node, "recipe"))));
	d->target_type = field_target(c, node_get(target, "type"), target ? target : node, d->id, false);
	ids = field_entries(c, target, d->id, "target", false);
	kept = arena_array(c->arena, ids.count, sizeof(*kept));
	if (!kept)
		opv_no_memory(c);
	for (size_t i = 0; kept && i < ids.count; i++) {
		if (!str_is(ids.list[i].key, "type"))
			kept[d->entities.count++] = ids.list[i];
	}
	d->entities.list = kept;
	d->payload = field_entries(c, node_get(node, "payload"), d->id, "payload", false);
	d->timeout_s = field_seconds(c, OPV_16, node_get(node, "timeout"), node, opv_path(c, d->id, "timeout"), false);
	d->retries = field_retries(c, node_get(node, "retry"), opv_path(c, d->id, "retries"));
	draft_routes(c, draft, node);
	draft_check(c, draft, node);
	field_unknown(c, node, policy_keys, opv_path(c, d->id, NULL));
}

/* Keys that told a reader what the loop is for; no event was ever matched by them. */
static void
note_documentation(struct compiler *c, const struct node *loop)
{
	static const char *const names[] = {"services", "resources", "pnf"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct node *node = node_get(loop, names[i]);

		if (!field_empty(node))
			opv_report_as(c, OPV_32, SEVERITY_INFO, node, names[i],
			              "is documentation: events are matched by controlLoopName alone");
	}
}

void
compile_el_alto(struct compiler *c, const struct node *root)
{
	static const char *const root_keys[] = {"controlLoop", "policies", NULL};
	const struct node *loop = node_get(root, "controlLoop");
	const struct node *version = node_get(loop, "version");

	c->body = loop && loop->kind == NODE_MAP ? loop : root;
	policy_id(c, node_get(loop, "controlLoopName"));
	if (!str_is(field_text(version), "2.0.0"))
		opv_report(c, OPV_39, version ? version : c->body, "version", "version must be 2.0.0");
	c->ret->timeout_s = field_seconds(c, OPV_02, node_get(loop, "timeout"), c->body, "timeout", false);
	policy_abatement(c, node_get(loop, "abatement"), false);
	if (node_is_null(node_get(loop, "trigger_policy")))
		c->runs_nothing = true; /* its default was FINAL_OPENLOOP */
	else
		read_trigger(c, node_get(loop, "trigger_policy"));
	read_operations(c, node_get(root, "policies"), "operations", read_policy);
	note_documentation(c, loop);
	field_unknown(c, loop, control_loop_keys, NULL);
	field_unknown(c, root, root_keys, NULL);
}
