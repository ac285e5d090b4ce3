/* scope - to which requests a guard applies */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARDS_SCOPE_H
#define GUARDS_SCOPE_H

#include "base/error.h"
#include "base/pattern.h"
#include "guards/attributes.h"

struct guard;
struct node;
struct policy;

/* One attribute's part of a scope. */
struct scope_term {
	enum { TERM_ANY, TERM_EXACT, TERM_PATTERN, TERM_LIST } kind;
	bool spellings; /* TERM_PATTERN, strict operations: one with two spellings is tried in both */
	union {
		struct str text;               /* TERM_EXACT */
		const struct pattern *pattern; /* TERM_PATTERN */
		struct {                       /* TERM_LIST: several exact texts, any of which matches */
			const struct str *list;
			size_t list_count;
		};
	};
};

/* A request's attribute that is absent matches TERM_ANY only. */
struct scope {
	struct scope_term term[SCOPE_ATTRIBUTES];
};

/* 1 when the term matches a value that is there, 0 if not, a negative error code when its pattern cannot be decided. */
int scope_term_match(const struct scope_term *term, struct str value, struct pattern_scratch *scratch);

/* 1 when every term matches, 0 if not, a negative error code when a pattern cannot be decided. */
int scope_match(const struct scope *scope, const struct request *request, struct pattern_scratch *scratch);

/*
 * A scope term from a document's text. `.*` and absent: TERM_ANY. Strict: "/x/" is a pattern on the whole value, blank
 * text an error; operations are made canonical. onap: any other text is exact. False, with a finding at `where`, for a
 * bad pattern or no memory.
 */
bool scope_term_compile(struct scope_term *term, enum attribute attribute, struct str text, enum guard_mode mode,
                        const struct node *where, struct arena *arena, struct diags *diags);

/* "/x/": strict mode takes it for a pattern. */
bool text_is_pattern(struct str text);

/* Compiles the pattern of a text for which text_is_pattern holds. False with a finding at `where`. */
bool pattern_build(struct str text, const struct node *where, struct arena *arena, const struct pattern **ret_pattern,
                   struct diags *diags);

/* Compiles the properties that all kinds share: actor, operation, id, target to the scope, timeRange to the range. Strict. */
bool common_compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags);

/* The same in onap mode, where Blacklist alone does not match by target. A guard without an exact term is inert. */
bool common_compile_onap(const struct policy *policy, struct guard *guard, bool with_target, struct arena *arena,
                         struct diags *diags);

#endif
