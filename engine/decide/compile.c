/* compile - the path of policy documents: read, template, catalogue, check, compile, seal */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/decide/document_scope.h"
#include "engine/decide/explanation.h"
#include "engine/decide/policyset.h"
#include "engine/lint/lint.h"
#include "guards/kinds.h"
#include "policytypes/section.h"
#include "policytypes/template.h"
#include "policytypes/unknown_type.h"

#define MONTH_DAYS_MOST 31

/* One document on its way. A bad one is left out of later passes. */
struct source {
	const struct document *document;
	struct node *root;
	enum document_kind kind;
	bool bad;
	const struct guard *first; /* of the guards made of it, NULL when there are none */
};

/* A guard, and the policy it was made of. */
struct made {
	struct made *next;
	const struct policy *policy;
	const struct guard *guard;
};

/* The state that the passes share. Trees, templates and user types live in `scratch`, which ends with the compilation. */
struct compilation {
	const struct compile_options *options;
	struct arena scratch;
	struct source *sources;
	size_t source_count;
	struct catalogue *catalogue;
	struct registry *registry; /* of actors; made when the first operational policy asks */
	struct policy_list policies;
	struct policyset *set;
	struct operational **operational_tail; /* where the next operational policy of the set goes */
	struct made *made, **made_tail;        /* of policies, not of 2.0.0 files */
	struct diags *diags;
	bool exhausted; /* a reader ran out of memory */
};

static void
compile_out_of_memory(struct compilation *c)
{
	c->exhausted = true;
	diags_error(c->diags, NULL, "out of memory");
}

/* For want of memory any guard may be missing, and a set without a guard permits: no such set is published. */
static bool
is_exhausted(const struct compilation *c)
{
	return c->exhausted || c->scratch.exhausted || c->set->arena.exhausted;
}

/* Bytes to trees. */
static void
pass_read(struct compilation *c)
{
	for (size_t i = 0; i < c->source_count; i++) {
		struct source *source = &c->sources[i];
		const struct document *document = source->document;
		struct error err = {0};

		if (document_read(document->bytes, document->name, &c->options->limits, &c->scratch, &source->root,
		                  &err) != 0 ||
		    document_classify(source->root, &source->kind, &err) != 0) {
			source->bad = true;
			c->exhausted |= err.code == ERROR_MEMORY;
			diags_add_error(c->diags, document->name, &err);
		}
	}
}

/* By name, version, load order. */
static int
policy_compare(const void *left, const void *reservation)
{
	const struct policy *a = *(const struct policy *const *)left, *b = *(const struct policy *const *)reservation;
	int r = str_compare(a->name, b->name);

	if (r == 0)
		r = str_compare(a->version, b->version);
	if (r == 0)
		r = (a->order > b->order) - (a->order < b->order);
	return r;
}

/* Whose set of policies it belongs to: a number, 0 for everybody's. Asked only where names meet. */
static size_t
owner_of(const struct compilation *c, const struct policy *policy)
{
	const struct document_scope *only = NULL;
	size_t i = 0;

	while (i < c->source_count && c->sources[i].root != policy->root)
		i++;
	if (i < c->source_count)
		only = c->sources[i].document->only;
	for (i = 0; only && i < c->source_count; i++)
		if (c->sources[i].document->only && strcmp(c->sources[i].document->only->owner, only->owner) == 0)
			return i + 1;
	return 0;
}

/* Which policies are defined twice. */
static void
check_identities(struct compilation *c)
{
	struct policy **sorted = arena_array(&c->scratch, c->policies.count, sizeof(struct policy *));
	size_t count = 0;

	if (!sorted) {
		compile_out_of_memory(c);
		return;
	}
	for (struct policy *p = c->policies.first; p; p = p->next) {
		p->order = (uint32_t)count;
		sorted[count++] = p;
	}
	qsort(sorted, count, sizeof(struct policy *), policy_compare);
	for (size_t i = 1; i < count; i++) {
		const struct policy *a = sorted[i - 1];
		struct policy *b = sorted[i];

		if (a->bare || b->bare || !str_equal(a->name, b->name) || owner_of(c, a) != owner_of(c, b))
			continue;
		if (str_equal(a->version, b->version)) {
			b->bad = true;
			diags_error_key(c->diags, b->node, "policy '%.*s' version '%.*s' is already defined at %s:%u",
			                STR_ARG(b->name), STR_ARG(b->version), node_file(a->node),
			                a->node->key_line ? a->node->key_line : a->node->line);
		} else {
			diags_add(c->diags, SEVERITY_WARNING, NULL, b->node,
			          "policy '%.*s' has versions '%.*s' and '%.*s': both are active", STR_ARG(b->name),
			          STR_ARG(a->version), STR_ARG(b->version));
		}
	}
}

/* Trees to policies. */
static void
pass_template(struct compilation *c)
{
	for (size_t i = 0; i < c->source_count; i++) {
		struct source *source = &c->sources[i];
		struct policy *last = c->policies.last;

		if (source->bad || (source->kind != DOCUMENT_TEMPLATE && source->kind != DOCUMENT_BARE))
			continue;
		template_policies(source->root, source->kind, &c->scratch, &c->policies, c->diags);
		for (struct policy *p = last ? last->next : c->policies.first; p; p = p->next)
			p->root = source->root;
	}
	check_identities(c);
}

/* Types of the documents beside the built-in ones. */
static void
pass_catalogue(struct compilation *c)
{
	c->catalogue = catalogue_new(&c->scratch, c->options->builtin);
	if (!c->catalogue) {
		compile_out_of_memory(c);
		return;
	}
	for (size_t i = 0; i < c->source_count; i++) {
		if (!c->sources[i].bad && c->sources[i].kind == DOCUMENT_TEMPLATE)
			catalogue_add(c->catalogue, c->sources[i].root, c->diags);
	}
	catalogue_resolve(c->catalogue, c->diags);
}

/* Properties against types. In onap mode nothing but the name of the type is looked at here, as the reference does. */
static void
pass_check(struct compilation *c)
{
	for (struct policy *p = c->policies.first; p; p = p->next) {
		if (p->bad || operational_is(p))
			continue;
		if (c->options->mode == GUARD_STRICT)
			p->bad = !policy_check(p, c->catalogue, &c->scratch, c->diags);
	}
}

/*
 * A policy that is not a guard here. onap mode knows fewer types than are declared, and says so in the reference's words.
 */
static void
refuse_type(struct compilation *c, const struct policy *policy)
{
	const struct str ours = STR("onap.policies.controlloop.");
	const struct str operational = STR("onap.policies.controlloop.operational.");
	struct str name = policy->type_name;
	const struct type *type = catalogue_find(c->catalogue, TYPE_POLICY, name, policy->type_version);
	bool guard = type ? type->guard : str_starts_with(name, ours) && !str_starts_with(name, operational);

	struct str meant = type || diags_full(c->diags) ? STR_NONE : unknown_type_meant(c->catalogue, name);

	if (c->options->mode == GUARD_ONAP && guard)
		diags_error(c->diags, node_get(policy->node, "type"),
		            "Application not found for policy type '%.*s' version '%.*s'%s%.*s%s", STR_ARG(name),
		            STR_ARG(policy->type_version), meant.ptr ? "; did you mean '" : "", STR_ARG(meant),
		            meant.ptr ? "'?" : "");
	else
		unknown_type_add(policy, c->catalogue, c->diags);
}

/* The actors known: the built-in ones and those that the documents' node templates declare. */
static const struct registry *
actors(struct compilation *c)
{
	if (c->registry)
		return c->registry;
	c->registry = c->options->actors ? registry_copy(c->options->actors, &c->scratch)
	                                 : registry_new(&c->scratch, c->diags);
	for (size_t i = 0; c->registry && i < c->source_count; i++) {
		if (!c->sources[i].bad && c->sources[i].kind == DOCUMENT_TEMPLATE)
			registry_add(c->registry, c->sources[i].root, c->diags);
	}
	return c->registry;
}

/* Adds an operational policy to the set's list. The compiler's own is const: the list has a copy with a link. */
static void
keep_operational(struct compilation *c, const struct operational *policy)
{
	struct operational *copy = arena_alloc(&c->set->arena, sizeof(*copy));

	if (!copy) {
		compile_out_of_memory(c);
		return;
	}
	*copy = *policy;
	copy->next = NULL;
	*c->operational_tail = copy;
	c->operational_tail = &copy->next;
	c->set->policies++;
}

static void
keep_made(struct compilation *c, const struct policy *policy, const struct guard *guard)
{
	struct made *made = arena_alloc(&c->scratch, sizeof(*made));

	if (!made) {
		compile_out_of_memory(c);
		return;
	}
	*made = (struct made){NULL, policy, guard};
	*c->made_tail = made;
	c->made_tail = &made->next;
}

static void
compile_one_policy(struct compilation *c, struct policy *policy)
{
	const struct guard_kind *kind = guard_kind_of(policy, c->options->mode);
	const struct operational *operational;
	struct guard *guard;

	if (operational_is(policy)) {
		if (operational_compile_known(policy, c->catalogue, actors(c), &c->set->arena, &operational, c->diags))
			keep_operational(c, operational);
	} else if (!kind) {
		refuse_type(c, policy);
	} else if (guard_compile(policy, kind, c->options->mode, &c->set->arena, &c->options->key, &guard, c->diags)) {
		guard_list_append(&c->set->guards, guard);
		c->set->policies++;
		keep_made(c, policy, guard);
	}
}

/* Counts the guard policies of a 2.0.0 file; each of their limits is a guard. */
static void
count_guard2(struct compilation *c, const struct guard *before)
{
	const struct guard *guard = before ? before->next : c->set->guards.first;
	const struct guard *last = NULL;

	for (; guard; last = guard, guard = guard->next)
		c->set->policies += !last || last->policy.ptr != guard->policy.ptr; /* one policy's share its id */
}

/* Shares the document's name and owner among its guards. */
static void
share(struct compilation *c, const struct source *source, struct guard *first)
{
	const struct document *document = source->document;
	const char *file = first ? arena_str(&c->set->arena, str_from(document->name)).ptr : "";

	for (struct guard *guard = first; file && guard; guard = guard->next)
		guard->file = file;
	if (!file || (document->only && !only_narrow(document->only, first, &c->set->arena)))
		compile_out_of_memory(c);
}

/* Policies to guards, in load order: arguments as given, position in the file. */
static void
pass_compile(struct compilation *c)
{
	struct policy *policy = c->policies.first;

	for (size_t i = 0; i < c->source_count; i++) {
		struct source *source = &c->sources[i];
		struct guard *before = c->set->guards.last;

		if (source->bad)
			continue;
		if (source->kind == DOCUMENT_GUARD2) {

			guard2_compile(source->root, c->options->mode, &c->set->arena, &c->options->key,
			               &c->set->guards, c->diags);
			count_guard2(c, before);
		} else if (source->kind == DOCUMENT_CONTROLLOOP) {
			const struct operational *operational;

			if (operational_compile_document(source->root, actors(c), &c->set->arena, &operational,
			                                 c->diags))
				keep_operational(c, operational);
		}
		for (; policy && policy->root == source->root; policy = policy->next) {
			if (!policy->bad)
				compile_one_policy(c, policy);
		}
		source->first = before ? before->next : c->set->guards.first;
		share(c, source, before ? before->next : c->set->guards.first);
	}
	(void)operational_unique(c->set->operational, c->diags); /* findings are counted */
}

/* Ids of control loops and names of participant types that the documents bring. */
static void
lint_know(struct compilation *c, struct lint *lint)
{
	for (size_t i = 0; i < c->source_count; i++) {
		const struct source *source = &c->sources[i];
		const struct document_scope *only = source->document->only;

		if (!source->bad && source->kind == DOCUMENT_TEMPLATE)
			lint_know_template(lint, source->root, c->catalogue);
		for (size_t j = 0; only && j < only->count; j++)
			lint_know_loop(lint, only->clnames[j]);
	}
	for (const struct operational *policy = c->set->operational; policy; policy = policy->next)
		lint_know_loop(lint, policy->id);
	for (size_t i = 0; i < c->options->loop_count; i++)
		lint_know_loop(lint, c->options->loops[i]);
	lint_ready(lint);
}

/* Guards that are right by their types and cannot be meant. */
static void
pass_lint(struct compilation *c)
{
	const struct registry *registry = c->set->guards.first ? actors(c) : NULL;
	struct lint lint;

	if (!registry) {
		if (c->set->guards.first)
			compile_out_of_memory(c);
		return;
	}
	lint_begin(&lint, registry, c->options->now_ms, &c->scratch, c->diags);
	lint_know(c, &lint);
	for (const struct made *made = c->made; made; made = made->next) {
		struct guard_source source;

		guard_source_of(made->policy, made->guard, &source);
		lint_guard(&lint, &source);
	}
	for (size_t i = 0; i < c->source_count; i++) {
		if (!c->sources[i].bad && c->sources[i].kind == DOCUMENT_GUARD2)
			guard2_each_source(c->sources[i].root, c->options->mode, c->sources[i].first, lint_guard,
			                   &lint);
	}
	if (lint.out_of_memory)
		compile_out_of_memory(c);
}

static int
count_type(void *context, const struct type *type)
{
	*(size_t *)context += type->kind == TYPE_POLICY;
	return 0;
}

/* How far back a guard counts at most; 0 for one that does not count over a window. */
static int64_t
longest_window(const struct guard *guard)
{
	const struct limiter_spec *spec = guard->data;

	if (guard->kind != &guard_frequency_limiter || spec->always_denies || spec->never_counts)
		return 0;
	return spec->window.ms + spec->window.months * MONTH_DAYS_MOST * TIME_MS_DAY;
}

/* Guards to a set that answers. */
static void
pass_seal(struct compilation *c)
{
	struct policyset *set = c->set;
	uint32_t order = 0;
	int r;

	if (set->guards.count > c->options->policies_max) {
		diags_error(c->diags, NULL, "%zu guards are more than the limit of %zu", set->guards.count,
		            c->options->policies_max);
		return;
	}
	for (struct guard *g = set->guards.first; g; g = g->next) {
		int64_t window_ms = longest_window(g);

		g->order = order++;
		if (window_ms > set->window_ms)
			set->window_ms = window_ms;
		set->counting +=
			!g->shadow && (g->kind == &guard_frequency_limiter || g->kind == &guard_first_blocks_second);
	}
	set->refuses = c->options->withhold                                     ? REASON_VERIFYING
	               : c->options->require_policies && set->guards.count == 0 ? REASON_NO_POLICIES
	                                                                        : REASON_PERMIT;
	if (!explanation_label(set->guards.first, &set->arena)) {
		compile_out_of_memory(c);
		return;
	}
	(void)catalogue_each(c->catalogue, count_type, &set->types); /* the visitor never stops */
	if (policyset_count_types(c->catalogue) &&
	    policyset_keep_types(set, c->catalogue, actors(c), &c->scratch) != 0) {
		compile_out_of_memory(c);
		return;
	}
	r = index_build(&set->index, set->guards.first, &c->options->key, &set->arena);
	if (r == 0 && operational_index_build(&set->loops, set->operational, &set->arena) < 0)
		r = -ERROR_MEMORY;
	if (r == -ERROR_LIMIT)
		diags_error(c->diags, NULL,
		            "the guards and their lists of targets make more than the limit of %d index entries",
		            INDEX_ENTRIES_MAX);
	else if (r != 0)
		compile_out_of_memory(c);
}

static const struct pass {
	const char *name;
	void (*run)(struct compilation *c);
} passes[] = {
	{"read", pass_read},       {"template", pass_template}, {"catalogue", pass_catalogue}, {"check", pass_check},
	{"compile", pass_compile}, {"lint", pass_lint},         {"seal", pass_seal},
};

/* Of all documents, whatever their names. */
static uint64_t
digest_documents(const struct document *documents, size_t count)
{
	const struct hash_key key = {0};
	uint64_t digest = count;

	for (size_t i = 0; i < count; i++)
		digest = hash_mix(digest, hash_str(&key, documents[i].bytes));
	return digest;
}

int
policyset_compile(const struct compile_options *options, const struct document *documents, size_t count,
                  struct policyset **ret_set, struct diags *diags)
{
	struct compilation c = {.options = options, .source_count = count, .diags = diags};
	const struct diag *before = diags->last;
	bool stopped = false;

	arena_init(&c.scratch, 0);
	c.made_tail = &c.made;
	c.set = policyset_new(options);
	if (c.set)
		c.operational_tail = &c.set->operational;
	c.sources = arena_array(&c.scratch, count, sizeof(*c.sources));
	if (!c.set || !c.sources) {
		compile_out_of_memory(&c);
		stopped = true;
	}
	for (size_t i = 0; !stopped && i < count; i++)
		c.sources[i].document = &documents[i];
	for (size_t i = 0; !stopped && i < sizeof(passes) / sizeof(passes[0]); i++) {
		passes[i].run(&c);
		stopped = is_exhausted(&c) || (diags->count[SEVERITY_ERROR] && !options->skip_bad_policies);
	}
	if (!stopped && (!c.catalogue || !c.set->index.slots ||
	                 policyset_keep_findings(c.set, before ? before->next : diags->first) != 0))
		stopped = true;
	arena_free(&c.scratch);
	if (stopped) {
		policyset_drop(c.set);
		return -ERROR_SYNTAX;
	}
	c.set->digest = digest_documents(documents, count);
	*ret_set = c.set;
	return 0;
}
