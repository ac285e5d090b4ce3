/* deploy_refusal - whether the policies of an element would do, before they come into force */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/dedicated.h"
#include "runtime/act/deploy.h"
#include "runtime/act/deploy_priv.h"
#include "runtime/looptype/looptype_policy.h"
#include "runtime/rows/txn.h"

static bool
same_owner(const struct guard *a, const struct guard *b)
{
	return a->owner && b->owner ? strcmp(a->owner, b->owner) == 0 : a->owner == b->owner;
}

/* A conflict with a set's policies: with one in force, or with one that comes into force in this txn. */
struct namesake {
	struct str policy, version;
	struct str clname; /* both are for this control loop; absent when they have the same name */
	const char *file;  /* NULL: it comes */
	uint32_t line;
	struct concept loop; /* it comes with */
};

/* A policy in force with the name and version of one of these and for the same control loops, or for the same events. */
static bool
find_namesake(const struct policyset *set, const struct policyset *of, struct namesake *ret)
{
	for (const struct guard *guard = of->guards.first; guard; guard = guard->next)
		for (const struct guard *other = set->guards.first; other; other = other->next) {
			if (!str_equal(guard->policy, other->policy) || !other->version.ptr ||
			    !str_equal(guard->version, other->version) || !same_owner(guard, other))
				continue;
			*ret = (struct namesake){other->policy, other->version, STR_NONE, other->file, other->line};
			return true;
		}
	for (const struct operational *own = of->operational; own; own = own->next)
		for (const struct operational *other = set->operational; other; other = other->next) {
			bool same_events = str_equal(own->id, other->id);

			if (!same_events && !(other->version.ptr && str_equal(own->policy, other->policy) &&
			                      str_equal(own->version, other->version)))
				continue;
			*ret = (struct namesake){other->policy, other->version, same_events ? own->id : STR_NONE,
			                         other->file, other->line};
			return true;
		}
	return false;
}

/* A policy that is in no set yet: an element answered for it in this txn. */
struct pending_guard {
	struct pending_guard *next;
	struct str policy, version, owner; /* owner: absent as the guard's */
	struct str clname;                 /* whose events it answers; absent for a guard */
	struct str document;
	struct concept loop;
};

static bool
is_pending(const struct pending_guard *pending_guard, const struct policyset *of)
{
	for (const struct guard *guard = of->guards.first; guard; guard = guard->next)
		if (str_equal(guard->policy, pending_guard->policy) &&
		    str_equal(guard->version, pending_guard->version) &&
		    str_equal(str_from(guard->owner), pending_guard->owner))
			return true;
	for (const struct operational *own = of->operational; own; own = own->next)
		if (str_equal(own->id, pending_guard->clname) ||
		    (str_equal(own->policy, pending_guard->policy) && str_equal(own->version, pending_guard->version)))
			return true;
	return false;
}

static bool
find_pending_guard(const struct txn *txn, const struct policyset *of, struct str document, struct namesake *ret)
{
	for (const struct pending_guard *pending_guard = txn->pending_guards; pending_guard;
	     pending_guard = pending_guard->next) {
		if (str_equal(document, pending_guard->document) || !is_pending(pending_guard, of))
			continue;
		*ret = (struct namesake){pending_guard->policy, pending_guard->version, STR_NONE, NULL, 0,
		                         pending_guard->loop};
		return true;
	}
	return false;
}

static void
add_pending_guard(struct txn *txn, struct pending_guard given)
{
	struct pending_guard *pending_guard = arena_alloc(txn->arena, sizeof(*pending_guard));

	if (!pending_guard) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	*pending_guard = (struct pending_guard){
		.next = txn->pending_guards,
		.policy = arena_str(txn->arena, given.policy),
		.version = arena_str(txn->arena, given.version),
		.owner = arena_str(txn->arena, given.owner),
		.clname = arena_str(txn->arena, given.clname),
		.document = given.document,
		.loop = {arena_str(txn->arena, given.loop.name), arena_str(txn->arena, given.loop.version)},
	};
	txn->pending_guards = pending_guard;
	if (!pending_guard->policy.ptr || !pending_guard->version.ptr)
		txn_fail(txn, ERROR_MEMORY);
}

static void
add_pending_guards(struct txn *txn, const struct policyset *of, struct str document, struct concept loop)
{
	for (const struct guard *guard = of->guards.first; guard; guard = guard->next)
		if (guard->version.ptr) /* else it has no namesake */
			add_pending_guard(txn, (struct pending_guard){.policy = guard->policy,
			                                              .version = guard->version,
			                                              .owner = str_from(guard->owner),
			                                              .document = document,
			                                              .loop = loop});
	for (const struct operational *own = of->operational; own; own = own->next)
		add_pending_guard(txn, (struct pending_guard){.policy = own->policy,
		                                              .version = own->version.ptr ? own->version : STR(""),
		                                              .clname = own->id,
		                                              .document = document,
		                                              .loop = loop});
}

/* The refusal as a sentence, in the txn's arena. */
static const char *
namesake_sentence(struct txn *txn, const struct namesake *namesake)
{
	const char *sentence;

	if (namesake->clname.ptr)
		sentence = arena_printf(txn->arena, "events of %.*s are answered by policy %.*s already, from %s:%u",
		                        STR_ARG(namesake->clname), STR_ARG(namesake->policy), namesake->file,
		                        namesake->line);
	else if (namesake->file)
		sentence = arena_printf(txn->arena, "policy %.*s %.*s is in force already, from %s:%u",
		                        STR_ARG(namesake->policy), STR_ARG(namesake->version), namesake->file,
		                        namesake->line);
	else
		sentence = arena_printf(txn->arena,
		                        "policy %.*s %.*s comes into force already, for control loop %.*s %.*s",
		                        STR_ARG(namesake->policy), STR_ARG(namesake->version),
		                        STR_ARG(namesake->loop.name), STR_ARG(namesake->loop.version));
	return sentence ? sentence : "out of memory";
}

static const char *
first_error(struct txn *txn, const struct diags *diags)
{
	const struct diag *diag = diags->first;
	const char *sentence;

	while (diag && diag->severity != SEVERITY_ERROR)
		diag = diag->next;
	sentence = diag ? arena_printf(txn->arena, "%s: %s", diag->path, diag->text) : NULL;
	return sentence ? sentence : "out of memory";
}

const char *
deploy_refusal(struct txn *txn, const struct loop *loop, const struct element *element, size_t *ret_policies)
{
	const struct node *root = looptype_load(txn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct document document = {.name = "policies"};
	const char *refusal = NULL;
	struct namesake namesake;
	struct policyset *set;
	struct diags diags;
	struct text out;

	*ret_policies = 0;
	text_init(&out, txn->arena);
	if (!template || !deploy_write_document(txn, root, loop->definition, template, &out))
		return NULL;
	document.bytes = txn_text(txn, &out);
	document.only = dedicated_only(txn, document.bytes);
	diags_init(&diags, txn->arena);
	if (engine_try(txn->runtime->engine, &document, 1, &set, &diags) != 0)
		return first_error(txn, &diags);
	*ret_policies = set->policies;
	if ((!deploy_is_in_force(txn, document.bytes) && find_namesake(txn->set, set, &namesake)) ||
	    find_pending_guard(txn, set, document.bytes, &namesake))
		refusal = namesake_sentence(txn, &namesake);
	else
		add_pending_guards(txn, set, document.bytes, loop->id);
	policyset_drop(set);
	return refusal;
}

static const char *
trial_refusal(void *context, struct str bytes, struct arena *arena)
{
	struct txn *txn = context;
	const struct document document = {.name = "policies", .bytes = bytes};
	struct policyset *set;
	struct diags diags;

	diags_init(&diags, arena);
	if (engine_try(txn->runtime->engine, &document, 1, &set, &diags) != 0)
		return first_error(txn, &diags);
	policyset_drop(set);
	return NULL;
}

void
deploy_warn(struct txn *txn, const struct node *root, struct looptype_findings *findings)
{
	looptype_warn_policies(root, trial_refusal, txn, txn->arena, findings);
}
