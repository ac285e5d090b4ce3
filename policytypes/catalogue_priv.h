/* catalogue_priv - how a catalogue is kept, and the steps of resolving it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_CATALOGUE_PRIV_H
#define POLICYTYPES_CATALOGUE_PRIV_H

#include "policytypes/catalogue.h"

#define TYPE_VERSION_DEFAULT "1.0.0" /* today's types, and those that give none */

/* A type with what is known only while it is resolved. */
struct declared {
	struct type type;           /* first, so that a struct type of ours is a struct declared */
	struct declared *after;     /* in the order declared */
	struct declared *twice;     /* the earlier declaration of the same (kind, name, version), or NULL */
	struct declared *above;     /* the parent when it is of the same catalogue */
	const struct node *root;    /* of the document that declares it */
	const struct type *copy_of; /* the built-in type whose place it repeats; it is not kept itself */
	uint32_t order;             /* of declaration */
	uint32_t depth;             /* ancestors */
	bool failed;                /* had errors: will not be found */
};

struct catalogue {
	struct arena *arena;
	const struct catalogue *base;
	struct declared *first, *last; /* as declared; after resolving only the good ones */
	size_t count;
	struct declared *copies;  /* of built-in types, linked by `after` */
	struct declared **sorted; /* by folded name, name, kind, version; empty before resolving */
	size_t sorted_count;
	bool builtin, resolved, full;
	bool takes_requred; /* ONAP's own misspelling of `required` */
};

/* Sorts what was declared, and marks what was declared twice. False when out of memory. */
bool catalogue_sort(struct catalogue *catalogue);

/* Drops the types that failed. */
void catalogue_keep_good(struct catalogue *catalogue);

/* Among this catalogue's types only; without a version the lowest. */
struct declared *catalogue_find_own(const struct catalogue *catalogue, enum type_kind kind, struct str name,
                                    struct str version);

/* How this catalogue spells a name that is given in any letter case; absent when it has none. */
struct str catalogue_spelling(const struct catalogue *catalogue, struct str name, bool *ret_ambiguous);

/* A name in a document that refers to a type. */
struct reference {
	struct str name, version;    /* version absent: 1.0.0, else the lowest */
	const enum type_kind *kinds; /* in the order to look in */
	size_t kind_count;
	const struct node *where;
	const struct node
		*root; /* of the document that refers: a built-in type that it declares is meant as it says; or NULL */
	bool warn;     /* an unknown one is a warning only */
};

/*
 * The built-in type that a document's declaration repeats: of the same name in any version, or what the first draft called
 * so. NULL, with an error that names the first difference from the nearest one, when it repeats none of them.
 */
const struct type *copy_find(const struct catalogue *catalogue, const struct declared *copy, struct diags *diags);

/* The built-in type that a document means by its own declaration of that name; NULL when it means another. */
const struct type *copy_meant(const struct catalogue *catalogue, const struct reference *reference);

/* The type that is meant; NULL, with a finding, when there is none. A name in another letter case is an info finding. */
const struct type *reference_find(const struct catalogue *catalogue, const struct reference *reference,
                                  struct diags *diags);

/* A finding: no such type; with the name that is close to it. */
void reference_unknown(const struct catalogue *catalogue, const struct reference *reference, struct diags *diags);

/* Defines values of a data type that derives from one of TOSCA's own; other types get none. False when it had errors. */
bool type_define_value(struct type *type, struct arena *arena, struct diags *diags);

/* Reads the properties of a type, whose parent is done, and flattens. False when it had errors. */
bool type_define(const struct catalogue *catalogue, struct type *type, struct diags *diags);

/* Marks a policy type, whose parent is done, as a guard and finds its twin in the other generation. */
void type_pair(const struct catalogue *catalogue, struct type *type);

/* "policy type", "data type", ... */
const char *type_kind_name(enum type_kind kind);

#endif
