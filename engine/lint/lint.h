/* lint - single guards that deny nothing, or deny all: findings with stable ids */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LINT_LINT_H
#define ENGINE_LINT_LINT_H

#include "engine/operational/operational.h"
#include "guards/guard_source.h"

/* Name in code, id. clguard-policy(5) explains each; tests/mistakes has a document for each. Ids never change. */
#define LINTS(X) \
	X(ACTOR, "LINT-01")       /* an actor that the registry does not have */ \
	X(OPERATION, "LINT-02")   /* an operation that its actor does not have */ \
	X(LETTER_CASE, "LINT-03") /* one of these in another letter case */ \
	X(NO_COUNT, "LINT-04")    /* a MinMax on an operation that carries no vfCount */ \
	X(PATTERN, "LINT-05")     /* text that looks like a pattern, and is compared as text */ \
	X(DENIES_ALL, "LINT-06")  /* a guard that denies every request in its scope */ \
	X(SCOPE, "LINT-07")       /* a scope that narrows nothing */ \
	X(LOOP, "LINT-08")        /* a control loop id near a known one */ \
	X(RANGE, "LINT-09")       /* a time range of one instant */ \
	X(WINDOW, "LINT-10")      /* a limit that its window cannot hold */ \
	X(ENTRY, "LINT-11")       /* a target that no request can carry */ \
	X(IDLE, "LINT-12")        /* a guard that denies nothing */ \
	X(METADATA, "LINT-13")    /* metadata that means nothing, near a key or an id that does */

enum lint_id {
#define X(name, id) LINT_##name,
	LINTS(X)
#undef X
		LINT_COUNT
};

extern const char *const lint_id_name[LINT_COUNT];

/* "a time range that is over": at load, where the time is known; `check` has it from the analysis, under the same id. */
#define LINT_OVER_ID "SET-05"

/* Names that guards may mean, in the order added. */
struct lint_names {
	struct str *list;
	size_t count, room;
};

/* One policy set's worth of findings. Start it with lint_begin. */
struct lint {
	const struct registry *registry;
	int64_t now_ms;                 /* ranges that were over by then are told; 0: none are */
	struct lint_names participants; /* participant types: actors of the control loop runtime */
	struct lint_names loops;        /* ids of control loops; sorted by lint_ready */
	size_t known;    /* actors, their operations, participant types: what a guard's names are compared with */
	size_t compared; /* so far: bounded, whatever the documents hold */
	struct arena *arena;
	struct diags *diags;
	bool out_of_memory;
};

/* registry and arena must outlive it. */
void lint_begin(struct lint *lint, const struct registry *registry, int64_t now_ms, struct arena *arena,
                struct diags *diags);

/* Adds names that the set knows beside the registry: participant types and control loops of a service template, a loop's id. */
void lint_know_template(struct lint *lint, const struct node *root, const struct catalogue *catalogue);
void lint_know_loop(struct lint *lint, struct str id);

/* Called once, after all that is known was added and before the first guard. */
void lint_ready(struct lint *lint);

/* Judges one guard; its findings go to diags, at the place of what they are about. A guard_source_fn. */
void lint_guard(void *lint, const struct guard_source *source);

#endif
