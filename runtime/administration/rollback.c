/* rollback - generations listed, compared, and one of them brought back */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/administration/pap.h"
#include "runtime/policies/in_force.h"

#define LISTED_DEFAULT 20
#define LISTED_MAX 1000

static struct str
member_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) ? node->text : STR("");
}

/* --- listing --- */

struct rollback_listing {
	struct text *out;
	int64_t left;
	bool any;
};

static bool
list_generation(void *context, const struct node *row)
{
	struct rollback_listing *listing = context;

	if (listing->any)
		text_add(listing->out, STR(","));
	listing->any = true;
	text_add_node(listing->out, row, false);
	return --listing->left > 0;
}

/* Digits; -1 when it is something else. */
static int64_t
digits_of(struct str text)
{
	int64_t number = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 18)
			return -1;
		number = number * 10 + (text.ptr[i] - '0');
	}
	return text.len ? number : -1;
}

void
generations_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct rollback_listing listing = {.out = out,
	                                   .left = call->texts[0].ptr ? digits_of(call->texts[0]) : LISTED_DEFAULT};

	if (listing.left < 1 || listing.left > LISTED_MAX) {
		call_refuse(call, 400, "limit is out of range: expected 1 to %d, got '%.*s'", LISTED_MAX,
		            STR_ARG(call->texts[0]));
		return;
	}
	text_addf(out, "{\"generation\":%" PRIu64 ",\"generations\":[", generation_number(txn));
	generations_each(txn, 0, list_generation, &listing);
	text_add(out, STR("]}"));
}

/* --- what lies between --- */

/* The changes that lead from one generation to another, those that cancel each other left out. */
struct path {
	struct txn *txn;
	bool back; /* undo instead */
	uint64_t above, upto;
	struct step {
		struct step *next;
		struct str group, type, hash;
		struct concept policy;
		bool deploy;
	} * first;
};

static bool
same_place(const struct step *a, const struct step *b)
{
	return concept_equal(a->policy, b->policy) && str_equal(a->group, b->group) && str_equal(a->type, b->type);
}

/* Rows come newest first: a step that undoes an earlier one of the same place is the older one. */
static void
add_step(struct path *path, struct step step)
{
	struct step **link = &path->first, *kept;

	for (; *link; link = &(*link)->next) {
		if (!same_place(*link, &step))
			continue;
		if ((*link)->deploy == step.deploy)
			return;
		if (str_equal((*link)->hash, step.hash)) {
			*link = (*link)->next;
			return;
		}
		(*link)->deploy = step.deploy; /* not the same policy under this version: one is to replace the other */
		(*link)->hash = step.hash;
		return;
	}
	kept = arena_alloc(path->txn->arena, sizeof(*kept));
	if (!kept) {
		txn_fail(path->txn, ERROR_MEMORY);
		return;
	}
	*kept = step;
	*link = kept;
}

static bool
follow_row(void *context, const struct node *row)
{
	struct path *path = context;
	const struct node *number = node_get(row, "generation"), *changes = node_get(row, "changes");

	if (number && number->kind == NODE_INT && (uint64_t)number->integer > path->upto)
		return true;
	for (const struct node *change = changes ? changes->last : NULL; change;) {
		const struct node *deploy = node_get(change, "deploy"), *before = changes->first;

		add_step(path, (struct step){.group = member_text(change, "pdpGroup"),
		                             .type = member_text(change, "pdpType"),
		                             .hash = member_text(change, "hash"),
		                             .policy = concept_read(node_get(change, "policy")),
		                             .deploy = (deploy && deploy->boolean) != path->back});
		if (before == change)
			break;
		while (before->next != change)
			before = before->next;
		change = before;
	}
	return true;
}

/* From generation `from` to `to`, either of which may be the later one. */
static struct step *
path_between(struct txn *txn, uint64_t from, uint64_t to)
{
	struct path path = {
		.txn = txn, .back = to < from, .upto = from < to ? to : from, .above = from < to ? from : to};

	generations_each(txn, path.above, follow_row, &path);
	return path.first;
}

static void
add_steps(struct text *out, const struct step *step, const char *member, bool deploy)
{
	const char *comma = "";

	text_addf(out, ",\"%s\":[", member);
	for (; step; step = step->next) {
		if (step->deploy != deploy)
			continue;
		text_addf(out, "%s{\"pdpGroup\":", comma);
		text_add_json(out, step->group);
		text_add(out, STR(",\"pdpType\":"));
		text_add_json(out, step->type);
		text_add(out, STR(",\"policy\":"));
		concept_write(out, step->policy);
		text_add(out, STR("}"));
		comma = ",";
	}
	text_add(out, STR("]"));
}

/* A generation that has been; false, and refused. */
static bool
good_generation(struct txn *txn, struct runtime_call *call, const char *name, int64_t number)
{
	uint64_t now = generation_number(txn);

	if (number >= 0 && (uint64_t)number <= now && now - (uint64_t)number <= GENERATIONS_KEPT)
		return true;
	call_refuse(call, 400, "%s is not a generation that is kept: expected %" PRIu64 " to %" PRIu64, name,
	            now > GENERATIONS_KEPT ? now - GENERATIONS_KEPT : 0, now);
	return false;
}

void
generations_diff_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	int64_t from = digits_of(call->texts[0]);
	int64_t to = call->texts[1].ptr ? digits_of(call->texts[1]) : (int64_t)generation_number(txn);
	const struct step *steps;

	if (!good_generation(txn, call, "from", from) || !good_generation(txn, call, "to", to))
		return;
	steps = path_between(txn, (uint64_t)from, (uint64_t)to);
	text_addf(out, "{\"from\":%" PRId64 ",\"to\":%" PRId64, from, to);
	add_steps(out, steps, "deploy", true);
	add_steps(out, steps, "undeploy", false);
	text_add(out, STR("}"));
}

/* --- back --- */

/* The policy as it was then: it may have been removed since, and is restored; it may not have been replaced. */
static const struct tosca_entity *
policy_of_step(struct txn *txn, struct runtime_call *call, const struct step *step)
{
	const struct tosca_entity *present = document_get(txn, ENTITY_POLICY, step->policy);
	struct tosca_entity *body;

	if (present && str_equal(body_hash(txn, present), step->hash))
		return present;
	body = present ? NULL : body_find(txn, step->policy, step->hash);
	if (body) {
		if (!policy_type_is_known(txn, body->type)) {
			call_refuse(call, 409, "policy %.*s %.*s cannot be restored: its type %.*s %.*s is gone",
			            STR_ARG(step->policy.name), STR_ARG(step->policy.version), STR_ARG(body->type.name),
			            STR_ARG(body->type.version));
			return NULL;
		}
		document_put(txn, body);
		return body;
	}
	call_refuse(call, 409,
	            "policy %.*s %.*s is not what it was in that generation: expected the content of then, %s",
	            STR_ARG(step->policy.name), STR_ARG(step->policy.version),
	            present ? "but there is other content under this version" : "but it is kept no longer");
	return NULL;
}

static int
take_step(struct deployment *deployment, const struct step *step)
{
	struct pdp_group *group = deployment_group(deployment, step->group);
	struct pdp_subgroup *subgroup = group ? group_subgroup(group, step->type) : NULL;
	const struct tosca_entity *policy;

	if (!subgroup) {
		if (!step->deploy)
			return 0; /* gone with its group */
		call_refuse(deployment->call, 409, "group %.*s subgroup %.*s is gone: make it again first",
		            STR_ARG(step->group), STR_ARG(step->type));
		return -ERROR_CONFLICT;
	}
	if (!step->deploy) {
		(void)deployment_undeploy(deployment, group, subgroup, step->policy); /* gone is gone */
		return 0;
	}
	policy = policy_of_step(deployment->txn, deployment->call, step);
	if (!policy)
		return -ERROR_CONFLICT;
	if (!concepts_has(&subgroup->policies, policy->id))
		deployment_deploy(deployment, group, subgroup, policy);
	return 0;
}

int
generation_roll_back(struct txn *txn, struct runtime_call *call)
{
	const struct node *number = node_get(call->body, "generation");
	struct deployment deployment;
	struct text answer;
	int r;

	documents_seed(txn);
	if (!number || number->kind != NODE_INT) {
		call_refuse(call, 400, "generation is missing: expected its number");
		return -ERROR_CONFLICT;
	}
	if (!good_generation(txn, call, "generation", number->integer))
		return -ERROR_CONFLICT;
	deployment_begin(&deployment, txn, call);
	for (const struct step *step = path_between(txn, generation_number(txn), (uint64_t)number->integer); step;
	     step = step->next) {
		r = take_step(&deployment, step);
		if (r != 0)
			return r;
	}
	text_init(&answer, &call->arena);
	text_addf(&answer, "{\"rolledBackTo\":%" PRId64 ",\"generation\":%" PRIu64 "}", number->integer,
	          generation_number(txn) + (deployment.changes ? 1 : 0));
	return deployment_commit(&deployment, "rollback", 200, text_done(&answer));
}
