/* operational - from a policy to its table of directives: the form chosen, the passes run */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational.h"

#include <stdlib.h>

#include "engine/operational/operational_priv.h"
#include "policytypes/template.h"

#define TYPE_COMMON "onap.policies.controlloop.operational.Common"
#define TYPE_DROOLS "onap.policies.controlloop.operational.common.Drools"
#define TYPE_APEX "onap.policies.controlloop.operational.common.Apex"
#define TYPE_TRIGGER "onap.policies.controlloop.operational.TriggerStylePolicyType"

static const char *const body_keys[] = {"name",     "type",       "type_version", "version",  "description",
                                        "metadata", "properties", "targets",      "triggers", NULL};
static const char *const flat_keys[] = {"id",
                                        "timeout",
                                        "abatement",
                                        "trigger",
                                        "operations",
                                        "controllerName",
                                        "engineServiceParameters",
                                        "eventInputParameters",
                                        "eventOutputParameters",
                                        "javaProperties",
                                        NULL};
static const char *const nested_keys[] = {"id",        "timeout",    "onset",          "abatement",
                                          "operation", "controller", "controllerName", NULL};
static const char *const trigger_keys[] = {"id", "controlLoopName", "timeout", "triggers", NULL};

/* The policy's own triggers, else those of its type. */
static const struct node *
triggers_of(const struct policy *policy, const struct type *type)
{
	const struct node *triggers = node_get(policy->node, "triggers");

	if (field_empty(triggers))
		triggers = node_get(policy->properties, "triggers");
	return field_empty(triggers) ? type_declares(type, "triggers") : triggers;
}

static bool
has_shape(const struct policy *policy)
{
	const struct node *operation = node_get(policy->properties, "operation");

	return node_get(policy->properties, "trigger") || node_get(policy->properties, "operations") ||
	       (operation && operation->kind == NODE_MAP);
}

/* The type is, or derives from, `name`. */
static bool
is_a(const struct policy *policy, const struct type *type, const char *name)
{
	return str_is(policy->type_name, name) || (type && type_is_a(type, name));
}

bool
operational_is(const struct policy *policy)
{
	if (!policy->type_name.ptr)
		return has_shape(policy) || !field_empty(triggers_of(policy, policy->type));
	if (is_a(policy, policy->type, TYPE_APEX))
		return has_shape(policy); /* today's Apex policies configure an engine, and say nothing of operations */
	return is_a(policy, policy->type, TYPE_COMMON) || is_a(policy, policy->type, TYPE_DROOLS) ||
	       is_a(policy, policy->type, TYPE_TRIGGER);
}

const struct node *
policy_property(const struct compiler *c, const char *name)
{
	const struct node *node = c->policy ? node_get(c->policy->properties, name) : NULL;
	const struct property *property = c->type ? type_property(c->type, str_from(name)) : NULL;

	if (!node_is_null(node))
		return node;
	return property && property->fallback ? property->fallback : NULL;
}

void
policy_id(struct compiler *c, const struct node *id)
{
	c->ret->id = field_keep(c, field_text(id));
	if (!c->ret->id.ptr)
		opv_report(c, OPV_01, id ? id : c->body, "id", "the control loop id is missing");
}

void
policy_abatement(struct compiler *c, const struct node *abatement, bool waits)
{
	if (node_is_null(abatement))
		return;
	if (abatement->kind != NODE_BOOL) {
		opv_report(c, OPV_03, abatement, "abatement", "must be true or false");
		return;
	}
	c->ret->abatement = abatement->boolean;
	c->ret->waits_for_abated = waits && abatement->boolean;
	if (abatement->boolean && !waits)
		opv_report(c, OPV_38, abatement, "abatement",
		           "no abatement is waited for: ABATED events are discarded");
}

/* Keys of `properties` that are neither the form's nor declared by the type. */
static void
operational_check_properties(struct compiler *c, const char *const known[])
{
	const struct node *properties = c->policy->properties;
	const struct node *controller = node_get(properties, "controller");

	for (const struct node *child = properties && properties->kind == NODE_MAP ? properties->first : NULL; child;
	     child = child->next) {
		const char *const *name = known;

		while (*name && !str_is(child->key, *name))
			name++;
		if (!*name && !(c->type && type_property(c->type, child->key)))
			opv_report(c, OPV_32, child, opv_path(c, child->key, NULL),
			           "key '%.*s' means nothing here and is not used", STR_ARG(child->key));
	}
	if (!field_empty(controller))
		opv_report_as(c, OPV_32, SEVERITY_INFO, controller, "controller",
		              "what it says of a controller is not used");
}

/* The form by its shape, not by the type's version. False after OPV-47. */
static bool
choose_form(struct compiler *c, enum operational_form *ret)
{
	const struct policy *policy = c->policy;
	const struct node *operation = node_get(policy->properties, "operation");
	const struct node *triggers = triggers_of(policy, c->type);
	bool flat = is_a(policy, c->type, TYPE_COMMON) || is_a(policy, c->type, TYPE_DROOLS) ||
	            is_a(policy, c->type, TYPE_APEX);

	*ret = FORM_FLAT;
	if (!field_empty(triggers) && flat) {
		opv_report(c, OPV_47, triggers, "triggers", "triggers do not stand under type %.*s",
		           STR_ARG(policy->type_name));
		return false;
	}
	if (!field_empty(triggers) || is_a(policy, c->type, TYPE_TRIGGER))
		*ret = FORM_TRIGGER;
	else if (operation && operation->kind == NODE_MAP)
		*ret = FORM_NESTED;
	else if (str_is(policy->type_version, "2.0.0") && !has_shape(policy))
		*ret = FORM_NESTED;
	return true;
}

/* The passes over a policy. */
static void
operational_compile_policy(struct compiler *c)
{
	static const char *const *const keys[] = {
		[FORM_FLAT] = flat_keys, [FORM_NESTED] = nested_keys, [FORM_TRIGGER] = trigger_keys};

	if (!choose_form(c, &c->ret->form))
		return;
	field_unknown(c, c->policy->node, body_keys, NULL);
	operational_check_properties(c, keys[c->ret->form]);
	policy_targets(c);
	if (c->ret->form == FORM_FLAT)
		compile_flat(c);
	else if (c->ret->form == FORM_NESTED)
		compile_nested(c);
	else
		compile_trigger(c, triggers_of(c->policy, c->type));
	compile_graph(c);
}

/* The part that both entries share. False on allocation failure. */
static bool
operational_begin(struct compiler *c, const struct node *body)
{
	c->body = body;
	c->ret = arena_alloc(c->arena, sizeof(*c->ret));
	if (!c->ret) {
		opv_no_memory(c);
		return false;
	}
	c->ret->file = field_keep(c, str_from(node_file(body))).ptr;
	c->ret->line = body->line;
	c->ret->column = body->column;
	return true;
}

bool
operational_compile_known(const struct policy *policy, const struct catalogue *catalogue,
                          const struct registry *registry, struct arena *arena, const struct operational **ret,
                          struct diags *diags)
{
	struct compiler c = {
		.policy = policy, .type = policy->type, .registry = registry, .arena = arena, .diags = diags};
	struct arena scratch;

	if (!c.type && catalogue && policy->type_name.ptr)
		c.type = catalogue_find(catalogue, TYPE_POLICY, policy->type_name, policy->type_version);
	arena_init(&scratch, 0);
	if (!registry) {
		const struct node *root = policy->node;
		struct registry *own = registry_new(&scratch, diags);

		while (root->parent)
			root = root->parent;
		if (own)
			registry_add(own, root, diags);
		c.registry = own;
	}
	if (!c.registry) {
		opv_no_memory(&c);
	} else if (operational_begin(&c, policy->node)) {
		c.ret->policy = field_keep(&c, policy->name);
		c.ret->version = field_keep(&c, policy->version);
		operational_compile_policy(&c);
	}
	arena_free(&scratch);
	if (!c.failed)
		*ret = c.ret;
	return !c.failed;
}

bool
operational_compile(const struct policy *policy, const struct catalogue *catalogue, struct arena *arena,
                    const struct operational **ret, struct diags *diags)
{
	return operational_compile_known(policy, catalogue, NULL, arena, ret, diags);
}

bool
operational_compile_document(const struct node *root, const struct registry *registry, struct arena *arena,
                             const struct operational **ret, struct diags *diags)
{
	struct compiler c = {.registry = registry, .arena = arena, .diags = diags};
	struct arena scratch;

	arena_init(&scratch, 0);
	if (!registry)
		c.registry = registry_new(&scratch, diags);
	if (!c.registry) {
		opv_no_memory(&c);
	} else if (operational_begin(&c, root)) {
		c.ret->form = FORM_EL_ALTO;
		compile_el_alto(&c, root);
		c.ret->policy = c.ret->id;
		compile_graph(&c);
	}
	arena_free(&scratch);
	if (!c.failed)
		*ret = c.ret;
	return !c.failed;
}

static int
compare_ids(const void *a, const void *b)
{
	const struct operational *x = *(const struct operational *const *)a, *y = *(const struct operational *const *)b;
	int order = str_compare(x->id, y->id);

	return order ? order : (x > y) - (x < y);
}

bool
operational_unique(const struct operational *list, struct diags *diags)
{
	struct compiler c = {.diags = diags};
	const struct operational **sorted;
	struct arena scratch;
	size_t count = 0;

	for (const struct operational *at = list; at; at = at->next)
		count++;
	arena_init(&scratch, 0);
	sorted = arena_array(&scratch, count, sizeof(*sorted));
	if (!sorted) {
		opv_no_memory(&c);
		return false;
	}
	count = 0;
	for (const struct operational *at = list; at; at = at->next)
		sorted[count++] = at;
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), compare_ids);
	for (size_t i = 1; i < count; i++) {
		struct node place = {.line = sorted[i]->line, .column = sorted[i]->column, .file = sorted[i]->file};

		if (str_equal(sorted[i]->id, sorted[i - 1]->id))
			opv_report(&c, OPV_35, &place, "id", "control loop '%.*s' has two policies: %.*s and %.*s",
			           STR_ARG(sorted[i]->id), STR_ARG(sorted[i - 1]->policy), STR_ARG(sorted[i]->policy));
	}
	arena_free(&scratch);
	return !c.failed;
}

void
operational_hints(const struct operational *policy, struct diags *diags)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct directive *d = &policy->directives[i];
		struct node place = {.line = d->line, .column = d->column, .file = policy->file};

		if (d->retries > 0 && d->route[RESULT_FAILURE] != ROUTE_FINAL &&
		    d->route[RESULT_FAILURE] != d->route[RESULT_FAILURE_RETRIES])
			diags_add(diags, SEVERITY_INFO, NULL, &place,
			          "with retries the failure route of '%.*s' is never taken: failures take "
			          "failure_retries",
			          STR_ARG(d->id));
	}
}
