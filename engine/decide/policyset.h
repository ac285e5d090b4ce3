/* policyset - all active policies, compiled and sealed; and how one is made */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DECIDE_POLICYSET_H
#define ENGINE_DECIDE_POLICYSET_H

#include <stdatomic.h>

#include "base/document.h"
#include "engine/decide/engine.h"
#include "engine/decide/index.h"
#include "engine/operational/operational.h"
#include "guards/guard2.h"
#include "policytypes/catalogue.h"

#define POLICYSET_FINDINGS 100

/* A type that a document of the set declares. */
struct policyset_type {
	enum type_kind kind;
	struct str name, version, description;
	struct str schema; /* JSON Schema of its properties, for forms */
};

/* Const once sealed, but for the holders. All of it is in its own arena. */
struct policyset {
	struct arena arena;
	enum guard_mode mode;
	bool on_error_permit, no_guard_deny;
	/* REASON_NO_POLICIES, as there is no guard and policies are required, or REASON_VERIFYING, as guards may be missing: every
	 * question that no guard denies is denied with it. REASON_PERMIT: none is. */
	enum reason refuses;
	uint64_t generation; /* set when published */
	uint64_t digest;     /* of its documents' bytes, in their order: the same in every process */
	int64_t since_ms;
	struct guard_list guards;
	struct index index;
	struct operational *operational; /* list, in load order */
	struct operational_index loops;  /* the same by control loop id */
	size_t policies;                 /* that were compiled; a 2.0.0 guard policy counts as one */
	size_t types;                    /* policy types known to it */
	int64_t window_ms;               /* the longest of its limiters; a calendar month as 31 days */
	size_t counting; /* guards that count operations: limiters and coordinations, those in shadow mode aside */
	const struct diag *findings;      /* warnings about what is in it, and errors of what was left out; a list */
	size_t finding_count;             /* all, of which the list has the first POLICYSET_FINDINGS */
	atomic_uint holders;              /* the engine and each session that refers to it */
	struct policyset_type *own_types; /* beside the built-in ones, in the order declared */
	size_t own_type_count;
};

struct compile_options {
	enum guard_mode mode;
	bool on_error_permit, no_guard_deny;
	bool require_policies; /* no guard at all denies */
	bool withhold;         /* nothing is permitted, as guards may be missing that nobody has read yet */
	bool skip_bad_policies;
	struct document_limits limits;
	size_t policies_max;
	const struct catalogue *builtin; /* outlives every set */
	const struct str *loops;         /* ids of control loops that the documents do not have */
	size_t loop_count;
	const struct registry *actors; /* the built-in ones, as long; NULL: read anew for this set */
	struct hash_key key;           /* random */
	int64_t now_ms;                /* guards whose time range is over by then are told; 0: none are */
};

/* The built-in types, in `arena`, for compile_options.builtin. */
int policyset_builtin(struct arena *arena, const struct catalogue **ret, struct error *err);

/*
 * The path of a policy document: read, template, catalogue, check, compile, seal. A pass that found errors stops the next,
 * and all errors of a pass are reported; with skip_bad_policies a bad policy or document is left out instead. On success the
 * set has one holder, the caller. Pure: no file, no clock.
 */
int policyset_compile(const struct compile_options *options, const struct document *documents, size_t count,
                      struct policyset **ret_set, struct diags *diags);

/* An empty set of these options, with one holder; NULL on allocation failure. */
struct policyset *policyset_new(const struct compile_options *options);

/* How many of the catalogue's types are not built in. */
size_t policyset_count_types(const struct catalogue *catalogue);

/* Keeps the catalogue's types that are not built in. Before the set is published. 0 or -ERROR_MEMORY. */
int policyset_keep_types(struct policyset *set, const struct catalogue *catalogue, const struct registry *registry,
                         struct arena *scratch);

/* Copies the findings from `first` on, from warnings up. Before the set is published. 0 or -ERROR_MEMORY. */
int policyset_keep_findings(struct policyset *set, const struct diag *first);

/* Shared: one more holder, one less; the last one's drop frees the set. Any thread. drop takes NULL. */
void policyset_hold(struct policyset *set);
void policyset_drop(struct policyset *set);

/*
 * The first file in load order that has fewer guards in the new set than in the old one, where its name lives; NULL when none
 * has. A file that is gone has none.
 */
const char *policyset_shrunk_file(const struct policyset *old, const struct policyset *new_set);

/* The engine's current set, held for the caller; and whether a set still is the current one. Any thread. */
struct policyset *engine_set_hold(struct engine *engine);
bool engine_set_is_current(const struct engine *engine, const struct policyset *set);

/* Match data of the committer's thread, where reserving decides. */
struct pattern_scratch *engine_reserve_scratch(struct engine *engine);

#endif
