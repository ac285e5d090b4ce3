/* catalogue - TOSCA types: what is declared, and finding it again */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue.h"

#include <stdlib.h>

#include "base/document.h"
#include "policytypes/builtin.h"
#include "policytypes/catalogue_priv.h"
#include "policytypes/section.h"

#define TYPE_NAME_MAX 255 /* bytes */

static const struct section {
	const char *key;
	enum type_kind kind;
} sections[] = {
	{"policy_types", TYPE_POLICY},
	{"data_types", TYPE_DATA},
	{"node_types", TYPE_NODE},
	{"capability_types", TYPE_CAPABILITY},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

const char *
type_kind_name(enum type_kind kind)
{
	static const char *const names[] = {
		[TYPE_POLICY] = "policy type",
		[TYPE_DATA] = "data type",
		[TYPE_NODE] = "node type",
		[TYPE_CAPABILITY] = "capability type",
	};

	return names[kind];
}

struct catalogue *
catalogue_new(struct arena *arena, const struct catalogue *base)
{
	struct catalogue *catalogue = arena_alloc(arena, sizeof(*catalogue));

	if (!catalogue)
		return NULL;
	catalogue->arena = arena;
	catalogue->base = base;
	return catalogue;
}

/* Whether a type may be called so. Only its own documents declare what is TOSCA's. */
static bool
name_ok(const struct node *body, struct diags *diags)
{
	enum value_kind kind;

	if (body->key.len == 0 || body->key.len > TYPE_NAME_MAX)
		diags_error_key(diags, body, "a type's name must have 1 to %d bytes", TYPE_NAME_MAX);
	else if (value_kind_find(body->key, false, &kind))
		diags_error_key(diags, body, "'%.*s' is TOSCA's own type and cannot be declared", STR_ARG(body->key));
	else if (body->kind != NODE_MAP && body->kind != NODE_NULL)
		diags_error(diags, body, "type '%.*s' must be a map, found %s", STR_ARG(body->key),
		            node_kind_phrase(body));
	else
		return true;
	return false;
}

static void
declare(struct catalogue *catalogue, enum type_kind kind, const struct node *root, const struct node *body,
        struct diags *diags)
{
	struct declared *declared;
	struct str version;

	if (!name_ok(body, diags))
		return;
	if (catalogue->count == CATALOGUE_TYPES_MAX) {
		if (!catalogue->full)
			diags_error_key(diags, body, "more than %d types", CATALOGUE_TYPES_MAX);
		catalogue->full = true;
		return;
	}
	version = section_text(body, "version", diags);
	if (version.ptr && !version_valid(version)) {
		diags_error(diags, node_get(body, "version"),
		            "the version of type '%.*s' must have three numbers such as 1.0.0, is '%.*s'",
		            STR_ARG(body->key), STR_ARG(version));
		return;
	}
	declared = arena_alloc(catalogue->arena, sizeof(*declared));
	if (!declared) {
		diags_error(diags, body, "out of memory");
		return;
	}
	declared->type = (struct type){
		.kind = kind,
		.name = body->key,
		.version = version.ptr ? version : STR(TYPE_VERSION_DEFAULT),
		.description = section_text(body, "description", diags),
		.builtin = catalogue->builtin,
		.node = body,
	};
	declared->root = root;
	declared->order = (uint32_t)catalogue->count++;
	if (catalogue->last)
		catalogue->last->after = declared;
	else
		catalogue->first = declared;
	catalogue->last = declared;
}

void
catalogue_add(struct catalogue *catalogue, const struct node *template_root, struct diags *diags)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const struct node *section = node_get(template_root, sections[i].key);

		(void)section_check(section, diags); /* what it refuses is passed over below */
		for (const struct node *body = section_first(section); body; body = section_next(body))
			declare(catalogue, sections[i].kind, template_root, body, diags);
	}
}

void
catalogue_take_requred(struct catalogue *catalogue)
{
	catalogue->takes_requred = true;
}

struct borrowing {
	struct catalogue *catalogue;
	const struct declared *last; /* of those that were there before */
	struct diags *diags;
};

static int
borrow(void *context, const struct type *type)
{
	struct borrowing *borrowing = context;
	const struct declared *own = borrowing->last ? borrowing->catalogue->first : NULL;

	if (type->kind == TYPE_POLICY)
		return 0;
	while (own && !(own->type.kind == type->kind && str_equal(own->type.name, type->name)))
		own = own == borrowing->last ? NULL : own->after;
	if (!own)
		declare(borrowing->catalogue, type->kind, NULL, type->node, borrowing->diags);
	return 0;
}

void
catalogue_borrow(struct catalogue *catalogue, const struct catalogue *from, struct diags *diags)
{
	struct borrowing borrowing = {catalogue, catalogue->last, diags};

	(void)catalogue_each(from, borrow, &borrowing); /* never stops */
}

int
catalogue_load_builtin(struct catalogue *catalogue, struct diags *diags)
{
	size_t before = diags->count[SEVERITY_ERROR];

	catalogue->builtin = true;
	for (size_t i = 0; i < policytypes_builtin_count; i++) {
		const struct builtin_document *document = &policytypes_builtin[i];
		struct error err = {0};
		struct node *root;

		if (yaml_read((struct str){document->text, document->len}, document->name, &document_limits_default,
		              catalogue->arena, &root, &err) != 0)
			diags_add_error(diags, document->name, &err);
		else
			catalogue_add(catalogue, root, diags);
	}
	catalogue_resolve(catalogue, diags);
	return diags->count[SEVERITY_ERROR] == before ? 0 : -ERROR_INTERNAL;
}

static int
order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static unsigned char
folded(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static int
compare_nocase(struct str a, struct str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < shorter; i++) {
		if (folded(a.ptr[i]) != folded(b.ptr[i]))
			return folded(a.ptr[i]) < folded(b.ptr[i]) ? -1 : 1;
	}
	return order(a.len, b.len);
}

/* The order of `sorted`. Names that differ in letter case only stand together; an absent version is the lowest. */
static int
compare_key(enum type_kind kind, struct str name, struct str version, const struct type *type)
{
	int r = compare_nocase(name, type->name);

	if (r == 0)
		r = str_compare(name, type->name);
	if (r == 0)
		r = order(kind, type->kind);
	if (r == 0)
		r = version.ptr ? version_compare(version, type->version) : -1;
	return r;
}

static int
compare_declared(const void *left, const void *right)
{
	const struct declared *a = *(struct declared *const *)left, *b = *(struct declared *const *)right;
	int r = compare_key(a->type.kind, a->type.name, a->type.version, &b->type);

	return r != 0 ? r : order(a->order, b->order);
}

bool
catalogue_sort(struct catalogue *catalogue)
{
	struct declared *same = NULL; /* the first of a run of equal keys */
	size_t n = 0;

	catalogue->sorted = arena_array(catalogue->arena, catalogue->count, sizeof(*catalogue->sorted));
	if (!catalogue->sorted)
		return false;
	for (struct declared *d = catalogue->first; d; d = d->after)
		catalogue->sorted[n++] = d;
	catalogue->sorted_count = n;
	qsort(catalogue->sorted, n, sizeof(*catalogue->sorted), compare_declared);
	for (size_t i = 0; i < n; i++) {
		struct declared *d = catalogue->sorted[i];

		if (same && compare_key(d->type.kind, d->type.name, d->type.version, &same->type) == 0)
			d->twice = same;
		else
			same = d;
	}
	return true;
}

void
catalogue_keep_good(struct catalogue *catalogue)
{
	struct declared **link = &catalogue->first, *last = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < catalogue->sorted_count; i++) {
		if (!catalogue->sorted[i]->failed)
			catalogue->sorted[kept++] = catalogue->sorted[i];
	}
	catalogue->sorted_count = kept;
	while (*link) {
		if ((*link)->failed) {
			struct declared *gone = *link;

			*link = gone->after;
			if (gone->copy_of) {
				gone->after = catalogue->copies;
				catalogue->copies = gone;
			}
			continue;
		}
		if (last)
			last->type.next = &(*link)->type;
		last = *link;
		last->type.next = NULL;
		link = &last->after;
	}
	catalogue->last = last;
}

struct declared *
catalogue_find_own(const struct catalogue *catalogue, enum type_kind kind, struct str name, struct str version)
{
	size_t low = 0, high = catalogue->sorted_count;
	struct declared *found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_key(kind, name, version, &catalogue->sorted[middle]->type) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == catalogue->sorted_count)
		return NULL;
	found = catalogue->sorted[low];
	if (found->type.kind != kind || !str_equal(found->type.name, name))
		return NULL;
	return !version.ptr || str_equal(found->type.version, version) ? found : NULL;
}

/* Where the names begin that are `name` in any letter case; with `after`, where they end. */
static size_t
nocase_bound(const struct catalogue *catalogue, struct str name, bool after)
{
	size_t low = 0, high = catalogue->sorted_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = compare_nocase(name, catalogue->sorted[middle]->type.name);

		if (r > 0 || (r == 0 && after))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct str
catalogue_spelling(const struct catalogue *catalogue, struct str name, bool *ret_ambiguous)
{
	size_t first = nocase_bound(catalogue, name, false), end = nocase_bound(catalogue, name, true);
	struct str found;

	*ret_ambiguous = false;
	if (first == end)
		return STR_NONE;
	found = catalogue->sorted[first]->type.name;
	*ret_ambiguous = !str_equal(found, catalogue->sorted[end - 1]->type.name);
	return found;
}

const struct type *
catalogue_find(const struct catalogue *catalogue, enum type_kind kind, struct str name, struct str version)
{
	const struct declared *lowest = NULL;

	for (const struct catalogue *c = catalogue; c; c = c->base) {
		const struct declared *found =
			catalogue_find_own(c, kind, name, version.ptr ? version : STR(TYPE_VERSION_DEFAULT));

		if (found)
			return &found->type;
	}
	for (const struct catalogue *c = version.ptr ? NULL : catalogue; c; c = c->base) {
		const struct declared *found = catalogue_find_own(c, kind, name, STR_NONE);

		if (found && (!lowest || version_compare(found->type.version, lowest->type.version) < 0))
			lowest = found;
	}
	return lowest ? &lowest->type : NULL;
}

bool
type_is_a(const struct type *type, const char *name)
{
	struct str wanted = str_from(name);

	while (type && !str_equal(type->name, wanted))
		type = type->parent;
	return type != NULL;
}

const struct property *
type_property(const struct type *type, struct str name)
{
	for (size_t i = 0; type && i < type->property_count; i++) {
		if (str_equal(type->properties[i].name, name))
			return &type->properties[i];
	}
	return NULL;
}

int
catalogue_each(const struct catalogue *catalogue, int (*visit)(void *context, const struct type *type), void *context)
{
	int r = catalogue->base ? catalogue_each(catalogue->base, visit, context) : 0;
	const struct type *type = catalogue->resolved && catalogue->first ? &catalogue->first->type : NULL;

	for (; r == 0 && type; type = type->next)
		r = visit(context, type);
	return r;
}
