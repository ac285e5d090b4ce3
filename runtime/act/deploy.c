/* deploy - guard policies of control loops, in force in this engine while their element is RUNNING */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/deploy.h"

#include "base/hash.h"
#include "policytypes/section.h"
#include "runtime/act/dedicated.h"
#include "runtime/model/looptype_priv.h"
#include "runtime/rows/txn.h"

#define CHAIN_MAX 32
#define DOCUMENTS_MAX 100000

/* Key in the table of documents: (instance, version, element). */
static struct str
document_key(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str version = turn_key(turn, '-', loop->id.version, element->id);

	return turn_key(turn, 'L', loop->id.name, (struct str){version.ptr + 1, version.len - 1});
}

uint64_t
deploy_number(struct turn *turn)
{
	struct str value;

	return turn_get(turn, STR("Mdeploy"), &value) && value.len == 8 ? store_unpack_u64(value.ptr) : 0;
}

static void
count_change(struct turn *turn)
{
	unsigned char bytes[8];

	store_pack_u64(bytes, deploy_number(turn) + 1);
	turn_put(turn, STR("Mdeploy"), (struct str){(const char *)bytes, sizeof(bytes)});
	turn->deployed = true;
}

static bool
is_guard_type(const struct node *root, struct str type)
{
	for (int i = 0; type.ptr && i < CHAIN_MAX; i++) {
		if (str_starts_with(type, STR("onap.policies.controlloop.guard.")) ||
		    str_is(type, "onap.policies.controlloop.Guard"))
			return true;
		type = looptype_text(node_get_str(looptype_section(root, "policy_types"), type), "derived_from");
	}
	return false;
}

/* The policy is the one that the element names, or of the type that it names. */
static bool
is_named(const struct node *template, const struct node *policy)
{
	struct concept id = concept_read(looptype_property(template, "policy_id"));
	struct concept type = concept_read(looptype_property(template, "policy_type_id"));

	return id.name.ptr ? str_equal(policy->key, id.name) : str_equal(looptype_text(policy, "type"), type.name);
}

/* The document of an element's guards; false when there is none. type: of the instance. */
static bool
write_document(const struct node *root, struct concept type, const struct node *template, struct text *out)
{
	const struct node *policies = node_get(node_get(root, "topology_template"), "policies");
	const char *comma = "";

	text_add(out, STR("{\"tosca_definitions_version\":\"tosca_simple_yaml_1_1_0\""));
	if (dedicated_is(looptype_template(root, type)))
		dedicated_write(type, out);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "policy_types" : "data_types";
		const struct node *section = looptype_section(root, name);

		if (!section_first(section))
			continue;
		text_addf(out, ",\"%s\":", name);
		text_add_node(out, section, false);
	}
	text_add(out, STR(",\"topology_template\":{\"policies\":["));
	for (const struct node *policy = section_first(policies); policy; policy = section_next(policy)) {
		if (!is_named(template, policy) || !is_guard_type(root, looptype_text(policy, "type")))
			continue;
		text_addf(out, "%s{", comma);
		comma = ",";
		text_add_json(out, policy->key);
		text_add(out, STR(":"));
		text_add_node(out, policy, false);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]}}"));
	return comma[0] != '\0';
}

static void
put_in_force(struct turn *turn, const struct loop *loop, const struct element *element)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct text out;

	text_init(&out, turn->arena);
	if (!template || !write_document(root, loop->definition, template, &out))
		return;
	turn_table_put(turn, HISTORY_DOCUMENTS, document_key(turn, loop, element), turn_text(turn, &out));
	count_change(turn);
}

static void
take_out(struct turn *turn, const struct loop *loop, const struct element *element)
{
	struct str key = document_key(turn, loop, element), known;

	if (!turn_table_get(turn, HISTORY_DOCUMENTS, key, &known))
		return;
	turn_table_delete(turn, HISTORY_DOCUMENTS, key);
	count_change(turn);
}

/* The guards of a dedicated type are in force for its instances, whichever these are. */
static void
follow_instances(struct turn *turn, const struct loop *loop)
{
	const struct node *template = NULL;

	if (looptype_load(turn, loop->definition, &template) && dedicated_is(template))
		count_change(turn);
}

static void
deploy_follow(struct turn *turn, const struct loop *before, const struct loop *after)
{
	if (!before || !after)
		follow_instances(turn, before ? before : after);
	for (size_t i = 0; before && i < before->count; i++) {
		const struct element *old = &before->elements[i];
		const struct element *new = after ? loop_element(after, old->id) : NULL;

		if (old->fragment && old->state == LOOP_RUNNING && (!new || new->state != LOOP_RUNNING))
			take_out(turn, before, old);
	}
	for (size_t i = 0; after && i < after->count; i++) {
		const struct element *new = &after->elements[i];
		const struct element *old = before ? loop_element(before, new->id) : NULL;

		if (new->fragment &&new->state == LOOP_RUNNING && (!old || old->state != LOOP_RUNNING))
			put_in_force(turn, after, new);
	}
}

void
deploy_save(struct turn *turn, const struct loop *loop)
{
	struct loop before;
	bool known = loop_save(turn, loop, &before);

	deploy_follow(turn, known ? &before : NULL, loop);
}

void
deploy_remove(struct turn *turn, struct concept id)
{
	struct loop before;

	if (loop_remove(turn, id, &before))
		deploy_follow(turn, &before, NULL);
}

/* --- whether they would do --- */

/* Whether some element has the same document in force: then it will do for another one too. */
static bool
is_deployed(struct turn *turn, struct str document)
{
	struct str from = STR("L");
	struct store_entry entry;

	while (turn_table_above(turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		if (str_equal(entry.value, document))
			return true;
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	return false;
}

static bool
same_owner(const struct guard *a, const struct guard *b)
{
	return a->owner && b->owner ? strcmp(a->owner, b->owner) == 0 : a->owner == b->owner;
}

/* A guard in force with the name and version of one of these, and for the same control loops. */
static const struct guard *
find_namesake(const struct policyset *set, const struct policyset *of)
{
	for (const struct guard *guard = of->guards.first; guard; guard = guard->next)
		for (const struct guard *other = set->guards.first; other; other = other->next)
			if (str_equal(guard->policy, other->policy) && other->version.ptr &&
			    str_equal(guard->version, other->version) && same_owner(guard, other))
				return other;
	return NULL;
}

/* A guard that is in no set yet: an element answered for it in this turn. */
struct promise {
	struct promise *next;
	struct str policy, version, owner; /* owner: absent as the guard's */
	struct str document;
	struct concept loop;
};

static const struct promise *
find_promise(const struct turn *turn, const struct policyset *of, struct str document)
{
	for (const struct promise *promise = turn->promises; promise; promise = promise->next)
		for (const struct guard *guard = of->guards.first; guard; guard = guard->next)
			if (str_equal(guard->policy, promise->policy) && str_equal(guard->version, promise->version) &&
			    str_equal(str_from(guard->owner), promise->owner) &&
			    !str_equal(document, promise->document))
				return promise;
	return NULL;
}

static void
make_promises(struct turn *turn, const struct policyset *of, struct str document, struct concept loop)
{
	for (const struct guard *guard = of->guards.first; guard; guard = guard->next) {
		struct promise *promise = guard->version.ptr ? arena_alloc(turn->arena, sizeof(*promise)) : NULL;

		if (!guard->version.ptr)
			continue; /* it has no namesake */
		if (!promise) {
			turn_fail(turn, ERROR_MEMORY);
			return;
		}
		*promise = (struct promise){
			.next = turn->promises,
			.policy = arena_str(turn->arena, guard->policy),
			.version = arena_str(turn->arena, guard->version),
			.owner = arena_str(turn->arena, str_from(guard->owner)),
			.document = document,
			.loop = {arena_str(turn->arena, loop.name), arena_str(turn->arena, loop.version)},
		};
		turn->promises = promise;
		if (!promise->policy.ptr || !promise->version.ptr)
			turn_fail(turn, ERROR_MEMORY);
	}
}

static const char *
first_error(struct turn *turn, const struct diags *diags)
{
	const struct diag *diag = diags->first;
	const char *sentence;

	while (diag && diag->severity != SEVERITY_ERROR)
		diag = diag->next;
	sentence = diag ? arena_printf(turn->arena, "%s: %s", diag->path, diag->text) : NULL;
	return sentence ? sentence : "out of memory";
}

const char *
deploy_refusal(struct turn *turn, const struct loop *loop, const struct element *element, size_t *ret_policies)
{
	const struct node *root = looptype_load(turn, loop->definition, NULL);
	const struct node *template = root ? looptype_template(root, element->definition) : NULL;
	struct document document = {.name = "policies"};
	const char *refusal = NULL;
	const struct promise *promise;
	const struct guard *namesake;
	struct policyset *set;
	struct diags diags;
	struct text out;

	*ret_policies = 0;
	text_init(&out, turn->arena);
	if (!template || !write_document(root, loop->definition, template, &out))
		return NULL;
	document.bytes = turn_text(turn, &out);
	document.only = dedicated_only(turn, document.bytes);
	diags_init(&diags, turn->arena);
	if (engine_try(turn->runtime->engine, &document, 1, &set, &diags) != 0)
		return first_error(turn, &diags);
	*ret_policies = set->policies;
	namesake = is_deployed(turn, document.bytes) ? NULL : find_namesake(turn->set, set);
	promise = find_promise(turn, set, document.bytes);
	if (namesake)
		refusal = arena_printf(turn->arena, "policy %.*s %.*s is in force already, from %s:%u",
		                       STR_ARG(namesake->policy), STR_ARG(namesake->version), namesake->file,
		                       namesake->line);
	else if (promise)
		refusal = arena_printf(turn->arena,
		                       "policy %.*s %.*s comes into force already, for control loop %.*s %.*s",
		                       STR_ARG(promise->policy), STR_ARG(promise->version), STR_ARG(promise->loop.name),
		                       STR_ARG(promise->loop.version));
	else
		make_promises(turn, set, document.bytes, loop->id);
	policyset_drop(set);
	return (namesake || promise) && !refusal ? "out of memory" : refusal;
}

/* --- bringing them into force --- */

/* Two instances of a type bring the same document: it is in force once. */
static size_t
drop_repeated(struct arena *arena, struct document *documents, size_t count)
{
	static const struct hash_key key = {0, 0}; /* who collides pays with his own policies */
	size_t size = 2, kept = 0, *table;

	while (size < 2 * count)
		size *= 2;
	table = arena_array(arena, size, sizeof(*table));
	for (size_t i = 0; table && i < count; i++) {
		size_t at = hash_str(&key, documents[i].bytes) & (size - 1);

		while (table[at] && !str_equal(documents[table[at] - 1].bytes, documents[i].bytes))
			at = (at + 1) & (size - 1);
		if (table[at])
			continue;
		documents[kept] = documents[i];
		table[at] = ++kept;
	}
	return table ? kept : count;
}

/* The name under which findings and explanations know the document: LOOP VERSION (ELEMENT). */
static const char *
document_name(struct arena *arena, struct str key)
{
	const char *name = key.ptr + 1, *version = name + strlen(name) + 1, *element = version + strlen(version) + 1;

	return arena_printf(arena, "control loop %s %s, element %s", name, version, element);
}

int
deploy_load(struct runtime *runtime, struct history_reader *reader, struct arena *arena, uint64_t *ret_number,
            const char **ret_refused)
{
	struct document *documents = arena_array(arena, DOCUMENTS_MAX, sizeof(*documents));
	struct str from = STR("L");
	struct store_entry entry;
	struct diags diags;
	struct turn turn;
	size_t count = 0;
	int r = documents ? history_reader_begin(reader) : -ERROR_MEMORY;

	*ret_refused = NULL;
	if (r != 0)
		return r;
	runtime_read(runtime, reader, arena, &turn);
	*ret_number = deploy_number(&turn);
	while (count < DOCUMENTS_MAX && turn_table_above(&turn, HISTORY_DOCUMENTS, from, 1, &entry)) {
		const char *name = document_name(arena, entry.key);

		documents[count++] = (struct document){.name = name ? name : "", .bytes = entry.value};
		from = (struct str){entry.key.ptr, entry.key.len + 1}; /* the copy is NUL-terminated */
	}
	count = drop_repeated(arena, documents, count);
	for (size_t i = 0; i < count; i++)
		documents[i].only = dedicated_only(&turn, documents[i].bytes);
	history_reader_end(reader);
	if (turn.failed)
		return turn.failed;
	diags_init(&diags, arena);
	r = engine_deploy(runtime->engine, documents, count, &diags);
	if (r != 0) {
		const struct diag *diag = diags.first;

		while (diag && diag->severity != SEVERITY_ERROR)
			diag = diag->next;
		*ret_refused = diag ? arena_printf(arena, "%s: %s", diag->file, diag->text) : "out of memory";
	}
	return 0;
}
