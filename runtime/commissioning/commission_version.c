/* commission_version - whether a further version of a control loop type is far enough from the last one */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/commission_version.h"

#include "base/document.h"
#include "policytypes/value.h"
#include "runtime/calls/configuration.h"
#include "runtime/looptype/looptype_priv.h"
#include "runtime/rows/txn.h"

/* The commissioned version that is nearest. */
struct nearest {
	struct str name, version; /* of the newcomer */
	struct str below, above;
};

static bool
version_look_at(void *context, const struct node *root)
{
	struct nearest *nearest = context;

	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct str version = looptype_concept(template).version;

		if (!str_equal(template->key, nearest->name) || !looptype_is_loop(root, template))
			continue;
		if (version_compare(version, nearest->version) < 0) {
			if (!nearest->below.ptr || version_compare(version, nearest->below) > 0)
				nearest->below = version;
		} else if (!nearest->above.ptr || version_compare(version, nearest->above) < 0) {
			nearest->above = version;
		}
	}
	return true;
}

/* Two versions of a loop, the lower one first; and the greatest change found, with what it is. */
struct difference {
	struct txn *txn;
	const struct node *low, *high;
	enum change_level level;
	const char *what;
	struct str where;
};

static void
version_note(struct difference *difference, enum change_level level, const char *what, struct str where)
{
	if (level <= difference->level)
		return;
	difference->level = level;
	difference->what = what;
	difference->where = where;
}

/* All properties of a template's type, as a map of definitions. */
static const struct node *
properties_of(struct txn *txn, const struct node *root, const struct node *template, bool common)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *properties;
	struct text out;

	text_init(&out, txn->arena);
	(void)looptype_write_properties(engine_builtin(txn->runtime->engine), root, template, common,
	                                &out); /* there may be none */
	if (json_read(txn_text(txn, &out), "", &limits, txn->arena, &properties, NULL) == 0)
		return properties;
	txn_fail(txn, ERROR_MEMORY);
	return NULL;
}

static void
compare_properties(struct difference *difference, const struct node *low, const struct node *high)
{
	for (const struct node *old = low ? low->first : NULL; old; old = old->next) {
		const struct node *new = node_get_str(high, old->key);

		if (!new)
			version_note(difference, LEVEL_MAJOR, "is gone: property", old->key);
		else if (!str_equal(looptype_text(old, "type"), looptype_text(new, "type")))
			version_note(difference, LEVEL_MAJOR, "has another type: property", old->key);
	}
	for (const struct node *new = high ? high->first : NULL; new; new = new->next)
		if (!node_get_str(low, new->key))
			version_note(difference, LEVEL_MINOR, "is new: property", new->key);
}

/* The element that a loop lists under a name. */
static const struct node *
element_named(const struct node *root, const struct node *loop, struct str name)
{
	const struct node *elements = looptype_elements(loop);

	for (const struct node *entry = elements ? elements->first : NULL; entry; entry = entry->next)
		if (str_equal(looptype_element_ref(entry).name, name))
			return looptype_template(root, looptype_element_ref(entry));
	return NULL;
}

static void
version_compare_loops(struct difference *difference, const struct node *low_loop, const struct node *high_loop)
{
	const struct node *low = looptype_elements(low_loop), *high = looptype_elements(high_loop);

	for (const struct node *entry = low ? low->first : NULL; entry; entry = entry->next) {
		struct str name = looptype_element_ref(entry).name;
		const struct node *old = element_named(difference->low, low_loop, name);
		const struct node *new = element_named(difference->high, high_loop, name);

		if (!new) {
			version_note(difference, LEVEL_MAJOR, "is gone: element", name);
		} else if (!str_equal(looptype_text(old, "type"), looptype_text(new, "type"))) {
			version_note(difference, LEVEL_MAJOR, "has another type: element", name);
		} else {
			for (int common = 0; common < 2; common++)
				compare_properties(difference,
				                   properties_of(difference->txn, difference->low, old, common),
				                   properties_of(difference->txn, difference->high, new, common));
		}
	}
	for (const struct node *entry = high ? high->first : NULL; entry; entry = entry->next)
		if (!element_named(difference->low, low_loop, looptype_element_ref(entry).name))
			version_note(difference, LEVEL_MINOR, "is new: element", looptype_element_ref(entry).name);
}

bool
version_covers_change(struct txn *txn, struct runtime_call *call, const struct node *root, const struct node *template)
{
	struct concept id = looptype_concept(template)
	, other;
	struct nearest nearest = {.name = id.name, .version = id.version};
	struct difference difference = {.txn = txn};
	const struct node *there, *there_loop = NULL;
	enum change_level level;

	looptypes_each(txn, version_look_at, &nearest);
	other = (struct concept){id.name, nearest.below.ptr ? nearest.below : nearest.above};
	there = looptype_load(txn, other, &there_loop);
	if (!there || !there_loop)
		return true;
	difference.low = nearest.below.ptr ? there : root;
	difference.high = nearest.below.ptr ? root : there;
	version_compare_loops(&difference, nearest.below.ptr ? there_loop : template,
	                      nearest.below.ptr ? template : there_loop);
	level = change_level(id.version, other.version);
	if (level >= difference.level)
		return true;
	call_refuse(call, 406, "%.*s %.*s beside %.*s is a %s change of version, but a %s change of content (%s %.*s)",
	            STR_ARG(id.name), STR_ARG(id.version), STR_ARG(other.version), change_level_name[level],
	            change_level_name[difference.level], difference.what, STR_ARG(difference.where));
	return false;
}
