/* catalogue - TOSCA types: what is declared, inheritance flattened */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICYTYPES_CATALOGUE_H
#define POLICYTYPES_CATALOGUE_H

#include "base/node.h"
#include "policytypes/value.h"

enum type_kind { TYPE_POLICY, TYPE_DATA, TYPE_NODE, TYPE_CAPABILITY };

/* TOSCA's constraint clauses; `possible_values` is seed 003's suggestion list, which only warns. */
enum constraint_kind {
	CONSTRAINT_EQUAL,
	CONSTRAINT_GREATER_THAN,
	CONSTRAINT_GREATER_OR_EQUAL,
	CONSTRAINT_LESS_THAN,
	CONSTRAINT_LESS_OR_EQUAL,
	CONSTRAINT_IN_RANGE,
	CONSTRAINT_VALID_VALUES,
	CONSTRAINT_LENGTH,
	CONSTRAINT_MIN_LENGTH,
	CONSTRAINT_MAX_LENGTH,
	CONSTRAINT_PATTERN,
	CONSTRAINT_POSSIBLE_VALUES
};

struct pattern;

struct constraint {
	const struct constraint *next;
	enum constraint_kind kind;
	const struct node *value;      /* operand as written */
	const struct pattern *pattern; /* of CONSTRAINT_PATTERN */
};

/* The rules for a value: of a property, or of the entries of a list or map. */
struct schema {
	enum value_kind kind;       /* VALUE_TYPE: a map with the properties of `type` */
	bool by_name;               /* declared by entry_schema alone: a scalar that names such a value will do */
	struct str type_name;       /* canonical: "string", "integer", "list", "onap.datatypes.guard.filter", ... */
	const struct type *type;    /* the declared type, NULL for TOSCA's own */
	const struct schema *entry; /* entry_schema of a list or map, or NULL: anything */
	const struct schema *key;   /* key_schema of a map, or NULL */
	const struct constraint *constraints; /* those of the type and of overridden definitions hold too */
};

struct property {
	struct str name;
	struct schema schema;
	bool required;               /* TOSCA's default: true */
	const struct node *fallback; /* `default`, or NULL */
	struct str description;
	const struct type *declared_by;
	const struct node *node; /* the definition's place */
};

struct type {
	enum type_kind kind;
	struct str name, version;
	const struct type *parent;         /* derived_from, NULL for a root */
	const struct property *properties; /* inherited first, an overriding definition in its ancestor's place */
	size_t property_count;
	struct str description;
	bool builtin;
	bool guard;                 /* a policy type that guards: takes `target` and the names of both generations */
	const struct type *twin;    /* of a guard: the type of the other generation whose names it takes too, or NULL */
	const struct schema *value; /* of a data type derived from one of TOSCA's own: what its values are, else NULL */
	const struct node *node;    /* the declaration */
	const struct type *next;    /* in the order declared */
};

#define CATALOGUE_TYPES_MAX 10000 /* types in one catalogue */
#define TYPE_PROPERTIES_MAX 256   /* properties of a type, inherited ones included */
#define TYPE_DEPTH_MAX 32         /* ancestors of a type */

/* Holds types by (kind, name, version). Lives in one arena; const once resolved. It borrows the nodes of the documents. */
struct catalogue;

/* base: a catalogue to look further in (the built-in one), or NULL; it must outlive this one. NULL when out of memory. */
struct catalogue *catalogue_new(struct arena *arena, const struct catalogue *base);

/* The built-in types, compiled from the embedded documents. An error is our own mistake, but is reported. */
int catalogue_load_builtin(struct catalogue *catalogue, struct diags *diags);

/*
 * Declares all types of a service template's root: policy_types, data_types, node_types, capability_types. Call for every
 * document before catalogue_resolve, which ignores a copy of a built-in type with an info finding, refuses a second,
 * different declaration of a user's (name, version), and ignores an equal one. A type without a version is 1.0.0.
 */
void catalogue_add(struct catalogue *catalogue, const struct node *template_root, struct diags *diags);

/* Before catalogue_resolve: takes `requred` in a property definition, ONAP's own misspelling, for `required`. */
void catalogue_take_requred(struct catalogue *catalogue);

/*
 * Before catalogue_resolve, of a catalogue without a base: declares the data, node and capability types of another one
 * whose names are not declared here under any version. So a document's own declaration of a type stands.
 */
void catalogue_borrow(struct catalogue *catalogue, const struct catalogue *from, struct diags *diags);

/*
 * Resolves derived_from and flattens; finds cycles, unknown parents, unknown property types, bad constraints and defaults.
 * Once a catalogue. A definition that overrides an inherited one may only narrow it. A name of a parent or a property's type
 * is looked for among the catalogue's own types first, then in the base; derived_from_version and type_version choose a
 * version. A name that differs from the declared one in letter case only is accepted with an info finding.
 */
void catalogue_resolve(struct catalogue *catalogue, struct diags *diags);

/*
 * A type by name, and by version when `version` is present; without it today's (1.0.0, else the lowest). NULL when there is
 * none. A type that had errors is not found.
 */
const struct type *catalogue_find(const struct catalogue *catalogue, enum type_kind kind, struct str name,
                                  struct str version);

/* True when `type` is `name` or derives from it. */
bool type_is_a(const struct type *type, const char *name);

/* The flattened definition of property `name`, or NULL. */
const struct property *type_property(const struct type *type, struct str name);

/* Calls visit for every type, those of the base first, in the order declared; stops at a non-zero answer and returns it. */
int catalogue_each(const struct catalogue *catalogue, int (*visit)(void *context, const struct type *type),
                   void *context);

#endif
