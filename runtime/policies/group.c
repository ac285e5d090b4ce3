/* group - groups of policy decision points (PDPs): their subgroups, and which policies each subgroup has */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/group.h"

#include <inttypes.h>

#include "base/document.h"
#include "runtime/policies/documents.h"
#include "runtime/rows/transport.h"

#define ROW_GROUP 'G' /* of HISTORY_DOCUMENTS */

static const struct document_limits group_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

/* --- lists of names with versions --- */

void
concepts_add(struct txn *txn, struct concepts *list, struct concept id)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 8;
		struct concept *items = arena_array(txn->arena, room, sizeof(*items));

		if (!items) {
			txn_fail(txn, ERROR_MEMORY);
			return;
		}
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = id;
}

bool
concepts_has(const struct concepts *list, struct concept id)
{
	for (size_t i = 0; i < list->count; i++)
		if (concept_equal(list->items[i], id))
			return true;
	return false;
}

bool
concepts_drop(struct concepts *list, struct concept id)
{
	size_t i = 0;

	while (i < list->count && !concept_equal(list->items[i], id))
		i++;
	if (i == list->count)
		return false;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i - 1) * sizeof(*list->items));
	list->count--;
	return true;
}

struct concepts
concepts_read(struct txn *txn, const struct node *node)
{
	struct concepts list = {0};

	for (const struct node *item = node && node->kind == NODE_LIST ? node->first : NULL; item; item = item->next) {
		struct concept id = concept_read(item);

		if (id.name.ptr)
			concepts_add(txn, &list, id);
	}
	return list;
}

void
concepts_write(struct text *out, const struct concepts *list)
{
	text_add(out, STR("["));
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			text_add(out, STR(","));
		concept_write(out, list->items[i]);
	}
	text_add(out, STR("]"));
}

/* --- rows --- */

static struct str
group_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

/* A map as JSON; "{}" where there is none. */
static struct str
group_json(struct txn *txn, const struct node *map)
{
	struct text out;

	if (!map || map->kind != NODE_MAP)
		return STR("{}");
	text_init(&out, txn->arena);
	text_add_node(&out, map, false);
	return txn_text(txn, &out);
}

static void
subgroup_read(struct txn *txn, const struct node *node, struct pdp_subgroup *ret)
{
	const struct node *desired = node_get(node, "desiredInstanceCount");

	*ret = (struct pdp_subgroup){
		.type = group_text(node, "pdpType"),
		.supported = concepts_read(txn, node_get(node, "supportedPolicyTypes")),
		.policies = concepts_read(txn, node_get(node, "policies")),
		.desired = desired && desired->kind == NODE_INT ? desired->integer : 1,
		.properties = group_json(txn, node_get(node, "properties")),
	};
}

struct pdp_group *
group_read(struct txn *txn, const struct node *node)
{
	const struct node *subgroups = node_get(node, "pdpSubgroups");
	struct pdp_group *group = arena_alloc(txn->arena, sizeof(*group));
	struct str state = group_text(node, "pdpGroupState");
	bool list = subgroups && subgroups->kind == NODE_LIST;

	if (group)
		group->subgroups = arena_array(txn->arena, list ? subgroups->count : 0, sizeof(*group->subgroups));
	if (!group || !group->subgroups) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	group->name = group_text(node, "name");
	group->description = group_text(node, "description");
	group->state = state.ptr ? state : STR("PASSIVE");
	group->properties = group_json(txn, node_get(node, "properties"));
	for (const struct node *subgroup = list ? subgroups->first : NULL; subgroup; subgroup = subgroup->next)
		subgroup_read(txn, subgroup, &group->subgroups[group->count++]);
	return group;
}

static struct pdp_group *
group_of_row(struct txn *txn, struct str row)
{
	struct node *root;

	if (json_read(row, "", &group_limits, txn->arena, &root, NULL) == 0)
		return group_read(txn, root);
	txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
	return NULL;
}

struct pdp_group *
group_load(struct txn *txn, struct str name)
{
	struct str row;

	if (!concept_name_valid(name) ||
	    !txn_table_get(txn, HISTORY_DOCUMENTS, txn_key(txn, ROW_GROUP, name, STR_NONE), &row))
		return NULL;
	return group_of_row(txn, row);
}

struct pdp_group *
groups_list(struct txn *txn)
{
	char kind = ROW_GROUP;
	struct str from = {&kind, 1};
	struct pdp_group *first = NULL, **last = &first;
	struct store_entry entry;

	while (txn_table_above(txn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		struct pdp_group *group = group_of_row(txn, entry.value);

		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
		if (!group)
			break;
		*last = group;
		last = &group->next;
	}
	return first;
}

void
group_save(struct txn *txn, const struct pdp_group *group)
{
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"name\":"));
	text_add_json(&out, group->name);
	if (group->description.ptr) {
		text_add(&out, STR(",\"description\":"));
		text_add_json(&out, group->description);
	}
	text_add(&out, STR(",\"pdpGroupState\":"));
	text_add_json(&out, group->state);
	text_add(&out, STR(",\"properties\":"));
	text_add(&out, group->properties);
	text_add(&out, STR(",\"pdpSubgroups\":["));
	for (size_t i = 0; i < group->count; i++) {
		const struct pdp_subgroup *subgroup = &group->subgroups[i];

		text_add(&out, i ? STR(",{\"pdpType\":") : STR("{\"pdpType\":"));
		text_add_json(&out, subgroup->type);
		text_add(&out, STR(",\"supportedPolicyTypes\":"));
		concepts_write(&out, &subgroup->supported);
		text_add(&out, STR(",\"policies\":"));
		concepts_write(&out, &subgroup->policies);
		text_addf(&out, ",\"desiredInstanceCount\":%" PRId64 ",\"properties\":", subgroup->desired);
		text_add(&out, subgroup->properties);
		text_add(&out, STR("}"));
	}
	text_add(&out, STR("]}"));
	txn_table_put(txn, HISTORY_DOCUMENTS, txn_key(txn, ROW_GROUP, group->name, STR_NONE), txn_text(txn, &out));
}

void
group_remove(struct txn *txn, struct str name)
{
	txn_table_delete(txn, HISTORY_DOCUMENTS, txn_key(txn, ROW_GROUP, name, STR_NONE));
}

/* --- what it has --- */

struct pdp_subgroup *
group_subgroup(const struct pdp_group *group, struct str type)
{
	for (size_t i = 0; i < group->count; i++)
		if (str_equal(group->subgroups[i].type, type))
			return &group->subgroups[i];
	return NULL;
}

bool
subgroup_supports(const struct pdp_subgroup *subgroup, struct concept type)
{
	for (size_t i = 0; i < subgroup->supported.count; i++) {
		struct concept known = subgroup->supported.items[i];
		bool wild = str_ends_with(known.name, STR(".*"));
		struct str stem = {known.name.ptr, known.name.len - (wild ? 1 : 0)};

		if (str_equal(known.version, type.version) &&
		    (wild ? str_starts_with(type.name, stem) : str_equal(type.name, stem)))
			return true;
	}
	return false;
}

struct pdp_group *
group_own(struct txn *txn, struct pdp_subgroup **ret_subgroup)
{
	const struct runtime_options *options = &txn->runtime->options;
	struct pdp_group *group = options->pdp_group.len ? group_load(txn, options->pdp_group) : NULL;

	*ret_subgroup = group ? group_subgroup(group, options->pdp_type) : NULL;
	return *ret_subgroup ? group : NULL;
}

bool
group_is_own(struct txn *txn, const struct pdp_group *group, const struct pdp_subgroup *subgroup)
{
	const struct runtime_options *options = &txn->runtime->options;

	return str_equal(group->name, options->pdp_group) && str_equal(subgroup->type, options->pdp_type);
}

/* --- from the start --- */

/* Types that the one subgroup takes: every kind of policy that clguard runs or hands out. */
static const struct concept seed_supported[] = {
	{{"onap.policies.controlloop.guard.common.*", 40}, {"1.0.0", 5}},
	{{"onap.policies.controlloop.guard.coordination.*", 46}, {"1.0.0", 5}},
	{{"onap.policies.controlloop.*", 27}, {"1.0.0", 5}},
	{{"onap.policies.controlloop.*", 27}, {"2.0.0", 5}},
	{{"onap.policies.monitoring.*", 26}, {"1.0.0", 5}},
	{{"onap.policies.monitoring.*", 26}, {"2.0.0", 5}},
	{{"onap.policies.optimization.*", 28}, {"1.0.0", 5}},
	{{"onap.policies.native.*", 22}, {"1.0.0", 5}},
	{{"onap.policies.Naming", 20}, {"1.0.0", 5}},
	{{"onap.policies.match.*", 21}, {"1.0.0", 5}},
};

void
group_seed(struct txn *txn)
{
	const struct runtime_options *options = &txn->runtime->options;
	struct pdp_subgroup subgroup = {.type = options->pdp_type, .desired = 1, .properties = STR("{}")};
	struct pdp_group group = {
		.name = options->pdp_group.len ? options->pdp_group : STR("defaultGroup"),
		.description = STR("The default group that registers all supported policy types and pdps."),
		.state = STR("ACTIVE"),
		.properties = STR("{}"),
		.subgroups = &subgroup,
		.count = 1,
	};

	for (size_t i = 0; i < sizeof(seed_supported) / sizeof(*seed_supported); i++)
		concepts_add(txn, &subgroup.supported, seed_supported[i]);
	group_save(txn, &group);
}
