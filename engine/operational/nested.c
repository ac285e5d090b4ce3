/* nested - seed 003's form: directives that hold the directives of their routes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

static const char *const directive_keys[] = {"id",
                                             "description",
                                             "actor",
                                             "operation",
                                             "target",
                                             "timeout",
                                             "retries",
                                             "success",
                                             "failure",
                                             "failure_timeout",
                                             "failure_retries",
                                             "failure_exception",
                                             "failure_guard",
                                             NULL};

/* Equal whatever the order of keys: the same body written twice. Depth is bounded by the reader. */
static bool
same_body(const struct node *a, const struct node *b)
{
	if (node_is_null(a) || node_is_null(b))
		return node_is_null(a) && node_is_null(b);
	if (node_is_scalar(a) || node_is_scalar(b))
		return node_is_scalar(a) && node_is_scalar(b) && str_equal(a->text, b->text);
	if (a->kind != b->kind || a->count != b->count)
		return false;
	if (a->kind == NODE_LIST) {
		const struct node *y = b->first;

		for (const struct node *x = a->first; x; x = x->next, y = y->next) {
			if (!same_body(x, y))
				return false;
		}
		return true;
	}
	for (const struct node *x = a->first; x; x = x->next) {
		if (!same_body(x, node_get_str(b, x->key)))
			return false;
	}
	return true;
}

/* An actor is a text or a value {id} of the actor's node type. */
static struct str
read_actor(struct compiler *c, const struct node *actor, struct str id)
{
	static const char *const keys[] = {"id", "description", "capabilities", NULL};

	if (!actor || actor->kind != NODE_MAP)
		return field_text(actor);
	field_unknown(c, actor, keys, opv_path(c, id, "actor"));
	return field_text(node_get(actor, "id"));
}

/* `targettype` of the operation says what the operation is made for: it must fit the directive's own target. */
static void
nested_check_target(struct compiler *c, const struct draft *draft, const struct node *made_for)
{
	static const char *const keys[] = {"target", "resources", NULL};
	const struct node *node = made_for && made_for->kind == NODE_MAP ? node_get(made_for, "target") : made_for;
	struct str name = field_text(node);
	int type = target_type_find(name);

	field_unknown(c, made_for, keys, opv_path(c, draft->directive.id, "operation.targettype"));
	if (!name.ptr || type == (int)draft->directive.target_type)
		return;
	if (type < 0)
		opv_report(c, OPV_15, node, opv_path(c, draft->directive.id, "targetType"),
		           "'%.*s' is not a target type", STR_ARG(name));
	else
		opv_report(c, OPV_15, node, opv_path(c, draft->directive.id, "targetType"),
		           "the operation is made for a %s, the directive's target is a %s", target_type_name[type],
		           target_type_name[draft->directive.target_type]);
}

/* The entity that `resources` names is one more of the entity ids. */
static void
add_resources(struct compiler *c, struct directive *d, struct str resources)
{
	struct entry *all = arena_array(c->arena, d->entities.count + 1, sizeof(*all));

	if (!all) {
		opv_no_memory(c);
		return;
	}
	for (size_t i = 0; i < d->entities.count; i++)
		all[i] = d->entities.list[i];
	all[d->entities.count] = (struct entry){.key = STR("resourceID"), .value = field_keep(c, resources)};
	d->entities = (struct entries){all, d->entities.count + 1};
}

/* target: {target, resources, entityIds}; resources names the entity, entityIds are those of the flat form. */
static void
read_target(struct compiler *c, struct draft *draft, const struct node *target, const struct node *node)
{
	static const char *const keys[] = {"target", "resources", "entityIds", NULL};
	struct directive *d = &draft->directive;
	const struct node *type = target && target->kind == NODE_MAP ? node_get(target, "target") : target;
	const struct node *resources = node_get(target, "resources");

	d->target_type = field_target(c, type, target ? target : node, d->id, true);
	field_unknown(c, target, keys, opv_path(c, d->id, "target"));
	d->entities = field_entries(c, node_get(target, "entityIds"), d->id, "entityIds", false);
	if (!field_text(resources).ptr)
		return;
	if (entries_get(d->entities, "resourceID").ptr)
		opv_report(c, OPV_32, resources, opv_path(c, d->id, "target"),
		           "resources is not used: entityIds has a resourceID");
	else
		add_resources(c, d, field_text(resources));
}

static void
read_fields(struct compiler *c, struct draft *draft, const struct node *node)
{
	static const char *const keys[] = {"id", "targettype", "parameters", "payload", NULL};
	struct directive *d = &draft->directive;
	const struct node *operation = node_get(node, "operation");
	bool whole = operation && operation->kind == NODE_MAP;
	struct str actor = read_actor(c, node_get(node, "actor"), d->id);

	d->operation = field_keep(c, operation_canonical(field_text(whole ? node_get(operation, "id") : operation)));
	if (!actor.ptr && d->operation.ptr) {
		const struct actor *only = registry_actor_of(c->registry, d->operation);

		actor = only ? only->id : STR_NONE;
	}
	d->actor = field_keep(c, actor);
	read_target(c, draft, node_get(node, "target"), node);
	if (whole) {
		nested_check_target(c, draft, node_get(operation, "targettype"));
		d->parameters = field_entries(c, node_get(operation, "parameters"), d->id, "parameters", true);
		d->payload = field_entries(c, node_get(operation, "payload"), d->id, "payload", true);
		field_unknown(c, operation, keys, opv_path(c, d->id, "operation"));
	}
	d->timeout_s = field_seconds(c, OPV_16, node_get(node, "timeout"), node, opv_path(c, d->id, "timeout"), false);
	d->retries = field_retries(c, node_get(node, "retries"), opv_path(c, d->id, "retries"));
	draft_check(c, draft, whole ? operation : node);
	field_unknown(c, node, directive_keys, opv_path(c, d->id, NULL));
}

/*
 * One directive and, depth first, those in its routes. Returns its id as routes know it, absent when it has none. An id
 * met again is the same directive if its body is equal, so that a subtree may be repeated or named.
 */
static struct str
nested_read_directive(struct compiler *c, const struct node *node, int level)
{
	struct str id = field_text(node_get(node, "id"));
	struct draft *draft;

	for (struct draft *known = c->first; known && id.ptr; known = known->next) {
		if (!str_equal(known->directive.id, id) || known->nameless)
			continue;
		if (!same_body(known->node, node))
			opv_report(c, OPV_40, node, opv_path(c, id, NULL),
			           "directive '%.*s' has another body at line %u", STR_ARG(id), known->node->line);
		return id;
	}
	if (level > NESTING_MAX) {
		opv_report(c, OPV_40, node, opv_path(c, id.ptr ? id : STR("operation"), NULL),
		           "directives may be nested %d deep at most", NESTING_MAX);
		return STR_NONE;
	}
	draft = draft_new(c, node);
	if (!draft)
		return STR_NONE;
	draft->nameless = !id.ptr;
	draft->directive.id = id.ptr ? field_keep(c, id) : STR("operation");
	if (draft->nameless)
		opv_report(c, OPV_09, node, opv_path(c, draft->directive.id, "id"), "a directive must have an id");
	read_fields(c, draft, node);
	for (int i = 0; i < RESULT_COUNT; i++) {
		const struct node *route = node_get(node, result_route[i]);

		if (node_is_null(route))
			continue;
		draft->route[i] = route;
		draft->route_text[i] =
			route->kind == NODE_MAP ? nested_read_directive(c, route, level + 1) : field_text(route);
		if (!draft->route_text[i].ptr && route->kind != NODE_MAP)
			opv_report(c, OPV_19, route, opv_path(c, draft->directive.id, result_route[i]),
			           "must be a directive, the id of one, or a final");
	}
	return draft->nameless ? STR_NONE : draft->directive.id;
}

static void
read_onset(struct compiler *c, const struct node *onset)
{
	static const char *const keys[] = {"event_type", "event_version", NULL};
	struct str type = field_text(node_get(onset, "event_type"));

	if (!onset || onset->kind != NODE_MAP) {
		opv_report(c, OPV_41, onset ? onset : c->body, "onset",
		           "the onset event is missing, as in {event_type: Legacy}");
		return;
	}
	field_unknown(c, onset, keys, "onset");
	if (!type.ptr || str_is(type, "Legacy"))
		return;
	if (str_is(type, "VES"))
		opv_report_as(c, OPV_41, SEVERITY_WARNING, node_get(onset, "event_type"), "onset.event_type",
		              "VES events are read in the Legacy shape");
	else
		opv_report(c, OPV_41, node_get(onset, "event_type"), "onset.event_type", "must be Legacy or VES");
}

void
compile_nested(struct compiler *c)
{
	const struct node *operation = policy_property(c, "operation");

	policy_id(c, policy_property(c, "id"));
	c->ret->timeout_s = field_seconds(c, OPV_02, policy_property(c, "timeout"), c->body, "timeout", false);
	policy_abatement(c, policy_property(c, "abatement"), true);
	read_onset(c, policy_property(c, "onset"));
	if (!operation || operation->kind != NODE_MAP) {
		opv_report(c, OPV_04, operation ? operation : c->body, "operation", "the first directive is missing");
		return;
	}
	c->trigger_node = operation;
	c->trigger = nested_read_directive(c, operation, 1);
}
