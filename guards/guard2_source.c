/* guard2_source - where the parts of the guards of a 2.0.0 file stand in it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/guard2_priv.h"
#include "guards/guard_source.h"

/* A walk over the file beside the guards that were made of it. */
struct guard2_source_walk {
	const struct guard *guard; /* the next one to be met */
	const char *file;          /* theirs; the guards of the next document have another */
	guard_source_fn *visit;
	void *context;
	struct guard_source source; /* what the guards of one policy share */
};

/* The next guard, if it was made of this constraint and is of this kind. */
static const struct guard *
take_guard(struct guard2_source_walk *walk, const struct guard2_constraint *constraint, const struct guard_kind *kind)
{
	const struct guard *guard = walk->guard;

	if (!guard || guard->file != walk->file || guard->kind != kind || guard->line != constraint->node->line ||
	    guard->column != constraint->node->column)
		return NULL; /* onap: a policy whose pattern does not compile leaves no guards */
	walk->guard = guard->next;
	return guard;
}

static void
visit_constraint(struct guard2_source_walk *walk, const struct guard2_constraint *c)
{
	const struct guard_kind *const kinds[] = {&guard_frequency_limiter, &guard_blacklist, &guard_min_max};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct guard_source source = walk->source;
		const struct guard *guard = take_guard(walk, c, kinds[i]);

		if (!guard)
			continue;
		source.kind = guard->kind;
		source.body = c->node;
		source.range = c->range;
		source.start = c->start;
		source.end = c->end;
		source.in_force = &guard->range;
		if (guard->kind == &guard_frequency_limiter) {
			source.limit = guard2_get(c->node, c->per_target ? "freq_limit_per_target" : "num");
			source.limiter = guard->data;
		} else if (guard->kind == &guard_blacklist) {
			source.entries = c->blacklist;
		} else {
			source.min = guard2_get(c->node, "minVnfCount");
			source.max = guard2_get(c->node, "maxVnfCount");
		}
		walk->visit(walk->context, &source);
	}
}

void
guard2_each_source(const struct node *root, enum guard_mode mode, const struct guard *guard, guard_source_fn *visit,
                   void *context)
{
	struct arena scratch;
	struct diags told; /* when the guards were compiled */
	struct guard2_reading reading = {mode, &scratch, &told};
	struct guard2_source_walk walk = {
		.guard = guard, .file = guard ? guard->file : NULL, .visit = visit, .context = context};
	struct guard2_policy *policy;

	arena_init(&scratch, 0);
	diags_init(&told, &scratch);
	(void)guard2_read(&reading, root, &policy); /* without memory fewer are visited: findings only are lost */
	for (; policy; policy = policy->next) {
		walk.source = (struct guard_source){
			.mode = mode,
			.legacy = true,
			.patterns = mode == GUARD_ONAP && policy->patterns,
			.metadata = guard2_get(policy->node, "metadata"),
			.scope = {[ATTRIBUTE_ACTOR] = policy->actor,
		                  [ATTRIBUTE_OPERATION] = policy->recipe,
		                  [ATTRIBUTE_CLNAME] = policy->clname,
		                  [ATTRIBUTE_TARGET] = policy->targets},
		};
		for (const struct guard2_constraint *c = policy->first; c && !policy->bad; c = c->next)
			visit_constraint(&walk, c);
	}
	arena_free(&scratch);
}
