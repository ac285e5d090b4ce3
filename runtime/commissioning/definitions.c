/* definitions - one (name, version) of an element, a participant or a node type has one content */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commissioning/definitions.h"

#include <stdio.h>

#include "runtime/looptype/looptype_priv.h"
#include "runtime/rows/call.h"
#include "runtime/rows/txn.h"

#define WHERE_SIZE 256

/* The document that is to be commissioned, held against those that are. */
struct agreement {
	struct runtime_call *call;
	const struct node *root;
	bool replace, good;
};

static bool find_difference(const struct node *a, const struct node *b, char *where, size_t used);

static size_t
append_key(char *where, size_t used, struct str key)
{
	int n = snprintf(where + used, WHERE_SIZE - used, "%s%.*s", used ? "." : "", STR_ARG(key));

	return n > 0 && used + (size_t)n < WHERE_SIZE ? used + (size_t)n : used; /* a longer path is cut */
}

/* Each member of `a` is in `b`, and the same; null is as good as not there. */
static bool
find_in_map(const struct node *a, const struct node *b, char *where, size_t used)
{
	for (const struct node *child = a->first; child; child = child->next) {
		const struct node *other = node_get_str(b, child->key);

		if (child->kind == NODE_NULL && node_is_null(other))
			continue;
		if (find_difference(child, other, where, append_key(where, used, child->key)))
			return true;
	}
	return false;
}

/* Whether the trees differ; where: the members on the way to the first difference. The order of a map does not count. */
static bool
find_difference(const struct node *a, const struct node *b, char *where, size_t used)
{
	where[used] = '\0';
	if (!b || a->kind != b->kind || (a->kind == NODE_LIST && a->count != b->count))
		return true;
	if (a->kind == NODE_MAP)
		return find_in_map(a, b, where, used) || find_in_map(b, a, where, used);
	if (a->kind != NODE_LIST)
		return !str_equal(a->text, b->text);
	for (const struct node *x = a->first, *y = b->first; x; x = x->next, y = y->next)
		if (find_difference(x, y, where, used))
			return true;
	return false;
}

/* The loop by which a person finds a document. */
static struct concept loop_of(const struct node *root)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		if (looptype_is_loop(root, template))
			return looptype_concept(template);
	return (struct concept){STR_NONE, STR_NONE};
}

/* True, and the call is refused, when the two are not the same. section: where they stand in their documents. */
static bool
definitions_differ(struct agreement *agreement, const char *section, const struct node *own, const struct node *there,
                   struct str version, const struct node *document)
{
	struct concept loop = loop_of(document);
	char where[WHERE_SIZE];

	if (!find_difference(own, there, where, 0))
		return false;
	call_refuse(agreement->call, 406,
	            "%u:%u: %s.%.*s %.*s differs from %s.%.*s %.*s as it was commissioned with control loop type %.*s "
	            "%.*s%s%s: "
	            "one name and version has one content, give it another version",
	            own->key_line, own->key_column, section, STR_ARG(own->key), STR_ARG(version), section,
	            STR_ARG(there->key), STR_ARG(version), STR_ARG(loop.name), STR_ARG(loop.version),
	            where[0] ? ", in " : "", where);
	agreement->good = false;
	return true;
}

/* Whether an element, a participant or a loop of the document is of the type, or of one derived from it. */
static bool
uses_type(const struct node *root, const struct node *type)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		if (looptype_derives(root, looptype_text(template, "type"), type->key.ptr))
			return true;
	return false;
}

static struct str
definitions_version_of(const struct node *entry)
{
	struct str version = looptype_text(entry, "version");

	return version.ptr ? version : STR("0.0.0");
}

static bool
templates_agree(struct agreement *agreement, const struct node *document)
{
	const struct node *root = agreement->root;

	for (const struct node *own = looptype_templates(root)->first; own; own = own->next) {
		const struct node *there = looptype_template(document, looptype_concept(own));

		if (there && (looptype_is_element(root, own) || looptype_is_participant(root, own)) &&
		    definitions_differ(agreement, "node_templates", own, there, definitions_version_of(own), document))
			return false;
	}
	return true;
}

static bool
types_agree(struct agreement *agreement, const struct node *document)
{
	const struct node *types = looptype_section(agreement->root, "node_types");
	const struct node *others = looptype_section(document, "node_types");

	for (const struct node *own = types ? types->first : NULL; own; own = own->next) {
		const struct node *there = node_get_str(others, own->key);

		if (there && str_equal(definitions_version_of(own), definitions_version_of(there)) &&
		    uses_type(agreement->root, own) && uses_type(document, there) &&
		    definitions_differ(agreement, "node_types", own, there, definitions_version_of(own), document))
			return false;
	}
	return true;
}

static bool
shares_loop(const struct node *root, const struct node *document)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next)
		if (looptype_is_loop(root, template) && looptype_template(document, looptype_concept(template)))
			return true;
	return false;
}

static bool
agrees_with(void *context, const struct node *document)
{
	struct agreement *agreement = context;

	if (agreement->replace && shares_loop(agreement->root, document))
		return true;
	return templates_agree(agreement, document) && types_agree(agreement, document);
}

bool
definitions_agree(struct txn *txn, struct runtime_call *call, const struct node *root, bool replace)
{
	struct agreement agreement = {call, root, replace, true};

	looptypes_each(txn, agrees_with, &agreement);
	return agreement.good;
}
