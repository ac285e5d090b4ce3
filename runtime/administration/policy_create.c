/* policy_create - service templates entered: policy types, policies, node templates */
/* SPDX-License-Identifier: Apache-2.0 */
#include "policytypes/catalogue.h"
#include "policytypes/section.h"
#include "runtime/administration/policy_api.h"
#include "runtime/policies/in_force.h"

/* A service template on its way in: "incoming fragment" in ONAP's words. */
struct fragment {
	struct txn *txn;
	struct runtime_call *call;
	struct tosca_entity *lists[ENTITY_KINDS]; /* in its order */
	struct tosca_entity *types;     /* data types, node types and policy types as one list, for references */
	struct text differing, missing; /* lines about entities that exist with other content, and types that do not */
};

/* --- reading --- */

/* The refusal when the section that the path is about is missing. */
static const char *
absent_section(const struct node *root, enum entity_kind kind)
{
	const struct node *topology = node_get(root, "topology_template");
	const struct node *section = node_get(kind == ENTITY_POLICY_TYPE ? root : topology, entity_section[kind]);

	if (kind != ENTITY_POLICY_TYPE && node_is_null(topology))
		return "topology template not specified on service template";
	if (section_first(section))
		return NULL;
	switch (kind) {
	case ENTITY_POLICY_TYPE:
		return section ? "list of policy types specified on service template is empty"
		               : "no policy types specified on service template";
	case ENTITY_NODE_TEMPLATE:
		return "no node templates specified on topology template of service template";
	default:
		return section ? "list of policies specified on topology template of service template is empty"
		               : "no policies specified on topology template of service template";
	}
}

static int
fragment_read(struct fragment *fragment, struct txn *txn, struct runtime_call *call, enum entity_kind kind)
{
	struct tosca_entity **types = &fragment->types;
	const char *absent;
	struct error err = {0};

	*fragment = (struct fragment){.txn = txn, .call = call};
	documents_seed(txn);
	text_init(&fragment->differing, txn->arena);
	text_init(&fragment->missing, txn->arena);
	absent = absent_section(call->body, kind);
	if (absent) {
		policy_api_refuse(call, 404, "%s", absent);
		return -ERROR_CONFLICT;
	}
	for (int i = 0; i < ENTITY_KINDS; i++) {
		if (entities_read(call->body, (enum entity_kind)i, txn->arena, &fragment->lists[i], &err) == 0)
			continue;
		if (err.code == ERROR_MEMORY)
			txn_fail(txn, ERROR_MEMORY);
		else
			policy_api_refuse_at(call, 406, &err);
		return -ERROR_CONFLICT;
	}
	for (int i = ENTITY_DATA_TYPE; i <= ENTITY_POLICY_TYPE; i++) {
		for (const struct tosca_entity *entity = fragment->lists[i]; entity; entity = entity->next) {
			struct tosca_entity *copy = arena_alloc(txn->arena, sizeof(*copy));

			if (!copy) {
				txn_fail(txn, ERROR_MEMORY);
				return -ERROR_MEMORY;
			}
			*copy = *entity;
			copy->next = NULL;
			*types = copy;
			types = &copy->next;
		}
	}
	return 0;
}

/* --- checks --- */

static const struct tosca_entity *
fragment_type(const struct fragment *fragment, enum entity_kind kind, struct concept id)
{
	const struct tosca_entity *type = fragment->types;

	while (type && !(type->kind == kind && str_equal(type->id.name, id.name) &&
	                 (!id.version.ptr || str_equal(type->id.version, id.version))))
		type = type->next;
	return type;
}

/* The type that an entity names, with its version if it leaves that open. Absent name: there is none. */
static struct concept find_type(const struct fragment *fragment, const struct tosca_entity *entity)
{
	enum entity_kind kind = entity->kind == ENTITY_POLICY ? ENTITY_POLICY_TYPE : ENTITY_NODE_TYPE;
	const struct tosca_entity *type = fragment_type(fragment, kind, entity->type);
	const struct type *builtin = NULL;

	if (!type)
		type = document_get(fragment->txn, kind, entity->type);
	if (type)
		return type->id;
	if (kind == ENTITY_POLICY_TYPE)
		builtin = catalogue_find(engine_builtin(fragment->txn->runtime->engine), TYPE_POLICY, entity->type.name,
		                         entity->type.version);
	return builtin ? (struct concept){builtin->name, builtin->version} : (struct concept){STR_NONE, STR_NONE};
}

static void
check_type(struct fragment *fragment, struct tosca_entity *entity)
{
	struct concept type = entity->type.name.ptr ? find_type(fragment, entity) : entity->type;

	if (type.name.ptr)
		entity->type = type;
	else
		text_addf(&fragment->missing, "    item \"%s type\" value \"%.*s:%.*s\" INVALID, not found\n",
		          entity->kind == ENTITY_POLICY ? "policy" : "node",
		          STR_ARG(entity->type.name.ptr ? entity->type.name : STR("null")),
		          STR_ARG(entity->type.version.ptr ? entity->type.version : STR("null")));
}

/*
 * Fills in what is kept; what is there already must say the same, also when the template itself has brought it before. So
 * each is entered at once: a refusal takes all of it back.
 */
static void
check_entity(struct fragment *fragment, struct tosca_entity *entity, bool update)
{
	struct txn *txn = fragment->txn;
	const struct tosca_entity *known;

	if (entity_keep(entity, txn->runtime->options.lenient, txn->arena) != 0) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	known = document_get(txn, entity->kind, entity->id);
	if (!known || update)
		document_put(txn, entity);
	else if (!entity_same(known->kept, entity->kept, txn->arena))
		text_addf(&fragment->differing,
		          "  item \"entity\" value \"%.*s:%.*s\" INVALID, does not equal existing entity\n",
		          STR_ARG(entity->id.name), STR_ARG(entity->id.version));
}

/* 0, or the call is refused in ONAP's words. */
static int
fragment_check(struct fragment *fragment, bool update)
{
	struct text out;

	for (int i = 0; i < ENTITY_KINDS; i++)
		for (struct tosca_entity *entity = fragment->lists[i]; entity; entity = entity->next) {
			if (i >= ENTITY_NODE_TEMPLATE)
				check_type(fragment, entity);
			check_entity(fragment, entity, update && i == ENTITY_NODE_TEMPLATE);
		}
	if (fragment->txn->failed)
		return fragment->txn->failed;
	if (!fragment->differing.len && !fragment->missing.len)
		return 0;
	text_init(&out, &fragment->call->arena);
	text_add(&out, STR("\"incoming fragment\" INVALID, item has status INVALID\n"));
	if (fragment->missing.len) {
		text_add(&out, STR("  \"composite template\" INVALID, item has status INVALID\n"));
		text_add(&out, text_done(&fragment->missing));
	} else {
		text_add(&out, text_done(&fragment->differing));
	}
	policy_api_answer(fragment->call, 406, text_done(&out), STR_NONE);
	return -ERROR_CONFLICT;
}

/* --- our own checks --- */

/* The types that the template refers to and does not declare. */
static struct tosca_entity *
outer_types(const struct fragment *fragment)
{
	struct tosca_entity *all = NULL, **last = &all;

	for (int i = 0; i < ENTITY_KINDS; i++) {
		if (i == ENTITY_NODE_TEMPLATE || i == ENTITY_NODE_TYPE)
			continue;
		for (struct tosca_entity *type = documents_closure(fragment->txn, fragment->lists[i], fragment->types);
		     type;) {
			struct tosca_entity *next = type->next;

			type->next = NULL;
			if (!fragment_type(fragment, type->kind, type->id) &&
			    (!all || !fragment_type(&(struct fragment){.types = all}, type->kind, type->id))) {
				*last = type;
				last = &type->next;
			}
			type = next;
		}
	}
	return all;
}

/* 0 when the template has been compiled or need not be, else negative: it is handed to the runtime's thread. */
static int
fragment_compiled(const struct fragment *fragment)
{
	struct runtime_call *call = fragment->call;
	struct document *documents;
	struct str types;

	if (fragment->txn->runtime->options.lenient && !call->dry_run)
		return 0;
	if (call->check && call->check->done)
		return call->check->good || call->dry_run ? 0 : -ERROR_CONFLICT;
	documents = arena_array(&call->scratch, 2, sizeof(*documents));
	call->check = arena_alloc(&call->scratch, sizeof(*call->check));
	if (!documents || !call->check)
		return -ERROR_MEMORY;
	documents[0] = (struct document){.name = "body", .bytes = call->raw};
	types = types_document(fragment->txn, outer_types(fragment), &call->scratch);
	if (types.ptr)
		documents[1] = (struct document){.name = "types", .bytes = types};
	*call->check = (struct compile_check){.documents = documents, .count = types.ptr ? 2 : 1};
	return -ERROR_BUSY;
}

static int
create_refuse_findings(struct runtime_call *call)
{
	policy_api_answer(call, 406, call->check->error, call->check->findings);
	return -ERROR_CONFLICT;
}

/* --- answers --- */

static void
echo_section(struct text *out, const struct tosca_entity *list, enum entity_kind kind, bool loose)
{
	const char *comma = "";

	if (!list)
		return;
	if (out->ptr[out->len - 1] != '{')
		text_add(out, STR(","));
	text_addf(out, "\"%s\":%c", entity_section[kind], kind == ENTITY_POLICY ? '[' : '{');
	for (const struct tosca_entity *entity = list; entity; entity = entity->next) {
		text_addf(out, "%s%s", comma, kind == ENTITY_POLICY ? "{" : "");
		text_add_json(out, entity->id.name);
		text_add(out, STR(":"));
		entity_echo(out, entity, loose);
		if (kind == ENTITY_POLICY)
			text_add(out, STR("}"));
		comma = ",";
	}
	text_add(out, kind == ENTITY_POLICY ? STR("]") : STR("}"));
}

static void
echo_text(struct text *out, const struct node *root, const char *key, struct str otherwise)
{
	const struct node *node = node_get(root, key);

	text_addf(out, ",\"%s\":", key);
	text_add_json(out, node && node_is_scalar(node) && !node_is_null(node) ? node->text : otherwise);
}

static struct str
fragment_echo(const struct fragment *fragment)
{
	const struct node *root = fragment->call->body;
	const struct node *version = node_get(root, "tosca_definitions_version");
	bool loose = fragment->txn->runtime->options.lenient;
	struct text out;

	text_init(&out, &fragment->call->arena);
	text_add(&out, STR("{"));
	if (version && node_is_scalar(version)) {
		text_add(&out, STR("\"tosca_definitions_version\":"));
		text_add_json(&out, version->text);
	}
	for (int i = 0; i <= ENTITY_POLICY_TYPE; i++)
		echo_section(&out, fragment->lists[i], (enum entity_kind)i, loose);
	if (fragment->lists[ENTITY_NODE_TEMPLATE] || fragment->lists[ENTITY_POLICY]) {
		text_add(&out, out.ptr[out.len - 1] != '{' ? STR(",\"topology_template\":{")
		                                           : STR("\"topology_template\":{"));
		echo_section(&out, fragment->lists[ENTITY_NODE_TEMPLATE], ENTITY_NODE_TEMPLATE, loose);
		echo_section(&out, fragment->lists[ENTITY_POLICY], ENTITY_POLICY, loose);
		text_add(&out, STR("}"));
	}
	echo_text(&out, root, "name", STR("NULL"));
	echo_text(&out, root, "version", STR("0.0.0"));
	text_add(&out, STR("}"));
	return text_done(&out);
}

static int
create_answer_dry_run(struct runtime_call *call)
{
	struct text out;

	text_init(&out, &call->arena);
	text_addf(&out, "{\"dryRun\":true,\"good\":%s,\"findings\":", call->check->good ? "true" : "false");
	text_add(&out, call->check->findings);
	text_add(&out, STR(",\"guards\":"));
	text_add(&out, call->check->guards);
	text_add(&out, STR("}"));
	call_answer(call, 200, text_done(&out));
	return -ERROR_CONFLICT; /* nothing is kept */
}

static int
create(struct txn *txn, struct runtime_call *call, enum entity_kind kind, bool update)
{
	struct fragment fragment;
	int r = fragment_read(&fragment, txn, call, kind);

	if (r == 0 && update)
		for (const struct tosca_entity *entity = fragment.lists[ENTITY_NODE_TEMPLATE]; entity;
		     entity = entity->next)
			if (!document_get(txn, ENTITY_NODE_TEMPLATE, entity->id)) {
				policy_api_refuse(call, 404, "node template %.*s:%.*s not found",
				                  STR_ARG(entity->id.name), STR_ARG(entity->id.version));
				return -ERROR_CONFLICT;
			}
	if (r == 0)
		r = fragment_check(&fragment, update);
	if (r == 0)
		r = fragment_compiled(&fragment);
	if (r == -ERROR_CONFLICT && call->check && call->check->done && !call->status)
		return create_refuse_findings(call);
	if (r != 0)
		return r;
	if (call->dry_run)
		return create_answer_dry_run(call);
	call_answer(call, update ? 200 : 201, fragment_echo(&fragment));
	return txn->failed;
}

int
policy_types_create(struct txn *txn, struct runtime_call *call)
{
	return create(txn, call, ENTITY_POLICY_TYPE, false);
}

int
policies_create(struct txn *txn, struct runtime_call *call)
{
	return create(txn, call, ENTITY_POLICY, false);
}

int
node_templates_create(struct txn *txn, struct runtime_call *call)
{
	return create(txn, call, ENTITY_NODE_TEMPLATE, false);
}

int
node_templates_update(struct txn *txn, struct runtime_call *call)
{
	return create(txn, call, ENTITY_NODE_TEMPLATE, true);
}
