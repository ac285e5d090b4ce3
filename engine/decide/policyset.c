/* policyset - a policy set by itself: made empty, shared, compared with the next one, freed */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/policyset.h"

#include <stdlib.h>
#include <string.h>

#include "engine/operational/registry_schema.h"
#include "policytypes/schema_json.h"

struct policyset *
policyset_new(const struct compile_options *options)
{
	struct policyset *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	arena_init(&set->arena, 0);
	set->mode = options->mode;
	set->on_error_permit = options->on_error_permit;
	set->no_guard_deny = options->no_guard_deny;
	atomic_init(&set->holders, 1);
	return set;
}

static struct diag *
diag_copy(const struct diag *diag, struct arena *arena)
{
	struct diag *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *diag;
	copy->next = NULL;
	copy->file = arena_str(arena, str_from(diag->file)).ptr;
	copy->path = arena_str(arena, str_from(diag->path)).ptr;
	copy->text = arena_str(arena, str_from(diag->text)).ptr;
	return copy->file && copy->path && copy->text ? copy : NULL;
}

/* The state of policyset_keep_types from type to type. */
struct type_keeping {
	struct policyset *set;
	const struct catalogue *catalogue;
	const struct registry *registry;
	struct arena *scratch;
};

static int
count_own_type(void *context, const struct type *type)
{
	size_t *count = context;

	*count += !type->builtin;
	return 0;
}

static int
keep_own_type(void *context, const struct type *type)
{
	struct type_keeping *keeping = context;
	struct arena *arena = &keeping->set->arena;
	struct policyset_type kept = {.kind = type->kind};
	struct str schema, text;

	if (type->builtin)
		return 0;
	if (type_json_schema(type, keeping->catalogue, keeping->scratch, &schema, NULL) != 0 ||
	    registry_schema(keeping->registry, schema, keeping->scratch, &text, NULL) != 0)
		return -1;
	kept.name = arena_str(arena, type->name);
	kept.version = arena_str(arena, type->version);
	kept.description = arena_str(arena, type->description);
	kept.schema = arena_str(arena, text);
	if (!kept.name.ptr || !kept.version.ptr || !kept.schema.ptr)
		return -1;
	keeping->set->own_types[keeping->set->own_type_count++] = kept;
	return 0;
}

size_t
policyset_count_types(const struct catalogue *catalogue)
{
	size_t count = 0;

	(void)catalogue_each(catalogue, count_own_type, &count); /* it never stops */
	return count;
}

int
policyset_keep_types(struct policyset *set, const struct catalogue *catalogue, const struct registry *registry,
                     struct arena *scratch)
{
	struct type_keeping keeping = {set, catalogue, registry, scratch};
	size_t count = policyset_count_types(catalogue);

	set->own_types = arena_array(&set->arena, count, sizeof(*set->own_types));
	return set->own_types && registry && catalogue_each(catalogue, keep_own_type, &keeping) == 0 ? 0
	                                                                                             : -ERROR_MEMORY;
}

int
policyset_keep_findings(struct policyset *set, const struct diag *first)
{
	const struct diag **tail = &set->findings;

	for (const struct diag *diag = first; diag; diag = diag->next) {
		struct diag *copy;

		if (diag->severity < SEVERITY_WARNING || ++set->finding_count > POLICYSET_FINDINGS)
			continue;
		copy = diag_copy(diag, &set->arena);
		if (!copy)
			return -ERROR_MEMORY;
		*tail = copy;
		tail = (const struct diag **)&copy->next;
	}
	return 0;
}

/* Whether the built-in types failed for lack of memory: else it is our own mistake. */
static bool
lacks_memory(const struct arena *arena, const struct diags *diags)
{
	return arena->exhausted || diags->arena->exhausted || !diags->first ||
	       strcmp(diags->first->text, "out of memory") == 0;
}

int
policyset_builtin(struct arena *arena, const struct catalogue **ret, struct error *err)
{
	struct catalogue *catalogue = catalogue_new(arena, NULL);
	struct arena scratch;
	struct diags diags;
	int r = 0;

	arena_init(&scratch, 0);
	diags_init(&diags, &scratch);
	if (!catalogue)
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else if (catalogue_load_builtin(catalogue, &diags) != 0)
		r = lacks_memory(arena, &diags)
		            ? error_set(err, ERROR_MEMORY, NULL, "built-in types: out of memory")
		            : error_set(err, ERROR_INTERNAL, NULL, "built-in types: %s", diags.first->text);
	else
		*ret = catalogue;
	arena_free(&scratch);
	return r;
}

void
policyset_hold(struct policyset *set)
{
	/* Relaxed: whoever holds may hand on; nothing is published by the count going up. */
	atomic_fetch_add_explicit(&set->holders, 1, memory_order_relaxed);
}

void
policyset_drop(struct policyset *set)
{
	/* Acquire and release: the last holder frees after all that the others did with the set. */
	if (!set || atomic_fetch_sub_explicit(&set->holders, 1, memory_order_acq_rel) != 1)
		return;
	arena_free(&set->arena);
	free(set);
}

/* The guards of one file, which stand together in load order. */
struct policyset_run {
	const char *file;
	size_t count;
};

/* The run that begins at `guard`; *ret_next: the guard behind it. */
static struct policyset_run
run_of(const struct guard *guard, const struct guard **ret_next)
{
	struct policyset_run run = {guard->file, 0};

	for (; guard && strcmp(guard->file, run.file) == 0; guard = guard->next)
		run.count++;
	*ret_next = guard;
	return run;
}

/* How many guards the file has. Looks from *at on, and then from the start: files mostly come in the same order. */
static size_t
count_of(const struct policyset *set, const char *file, const struct guard **at)
{
	const struct guard *from = *at ? *at : set->guards.first, *guard = from;
	bool wrapped = false;

	while (guard && (!wrapped || guard != from)) {
		const struct guard *next;
		struct policyset_run run = run_of(guard, &next);

		if (strcmp(run.file, file) == 0) {
			*at = next;
			return run.count;
		}
		guard = next;
		if (!guard && !wrapped) {
			wrapped = true;
			guard = set->guards.first;
		}
	}
	return 0;
}

const char *
policyset_shrunk_file(const struct policyset *old, const struct policyset *new_set)
{
	const struct guard *at = NULL, *next;

	for (const struct guard *guard = old->guards.first; guard; guard = next) {
		struct policyset_run run = run_of(guard, &next);

		if (count_of(new_set, run.file, &at) < run.count)
			return run.file;
	}
	return NULL;
}
