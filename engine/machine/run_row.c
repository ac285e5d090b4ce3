/* run_row - a execution and the policy it goes by, as text that outlives the process */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/run_row.h"

#include <inttypes.h>

#define PLAN_VERSION 1
#define RUN_VERSION 1

const char *const run_state_name[RUN_DENIED + 1] = {
	[RUN_IDLE] = "IDLE",   [RUN_ENTITY] = "ENTITY",       [RUN_LOCK] = "LOCK",
	[RUN_COUNT] = "COUNT", [RUN_GUARD] = "GUARD",         [RUN_ATTEMPT] = "ATTEMPT",
	[RUN_WAIT] = "WAIT",   [RUN_ABATEMENT] = "ABATEMENT", [RUN_DENIED] = "DENIED",
};

/* --- writing --- */

static void
run_member(struct text *out, const char *name, struct str value)
{
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, value);
}

/* A list of [key, value] or, where the value is JSON itself, [key, value, true]: in order, and nothing is lost. */
static void
write_entries(struct text *out, const char *name, struct entries entries)
{
	if (entries.count == 0)
		return;
	text_addf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < entries.count; i++) {
		text_add(out, i ? STR(",[") : STR("["));
		text_add_json(out, entries.list[i].key);
		text_add(out, STR(","));
		text_add_json(out, entries.list[i].value);
		text_add(out, entries.list[i].json ? STR(",true]") : STR("]"));
	}
	text_add(out, STR("]"));
}

static void
write_directive(struct text *out, const struct directive *d)
{
	text_add(out, STR("{\"id\":"));
	text_add_json(out, d->id);
	run_member(out, "actor", d->actor);
	run_member(out, "operation", d->operation);
	run_member(out, "targetType", str_from(target_type_name[d->target_type]));
	write_entries(out, "entityIds", d->entities);
	write_entries(out, "payload", d->payload);
	write_entries(out, "parameters", d->parameters);
	text_addf(out, ",\"timeout\":%" PRId32 ",\"retries\":%" PRId32 ",\"vfChange\":%d,\"routes\":[", d->timeout_s,
	          d->retries, d->vf_change);
	for (int i = 0; i < RESULT_COUNT; i++)
		text_addf(out, i ? ",%" PRId32 : "%" PRId32, d->route[i]);
	text_add(out, STR("]}"));
}

void
plan_write(struct text *out, const struct operational *policy)
{
	text_addf(out, "{\"version\":%d,\"form\":%d,\"timeout\":%" PRId32 ",\"trigger\":%" PRId32 ",\"waits\":%s",
	          PLAN_VERSION, (int)policy->form, policy->timeout_s, policy->trigger,
	          policy->waits_for_abated ? "true" : "false");
	run_member(out, "policy", policy->policy);
	run_member(out, "policyVersion", policy->version);
	run_member(out, "id", policy->id);
	text_add(out, STR(",\"directives\":["));
	for (size_t i = 0; i < policy->count; i++) {
		if (i)
			text_add(out, STR(","));
		write_directive(out, &policy->directives[i]);
	}
	text_add(out, STR("]}"));
}

void
run_write(struct text *out, const struct run *run)
{
	text_addf(out, "\"version\":%d,\"state\":\"%s\",\"number\":%" PRIu64 ",\"generation\":%" PRIu32, RUN_VERSION,
	          run_state_name[run->state], run->number, run->generation);
	text_addf(out, ",\"at\":%" PRId32 ",\"attempt\":%" PRIu32 ",\"serial\":%" PRIu32, run->at, run->attempt,
	          run->serial);
	text_addf(out, ",\"began\":%" PRId64 ",\"deadline\":%" PRId64 ",\"due\":%" PRId64 ",\"attemptStart\":%" PRId64,
	          run->began_ms, run->deadline_ms, run->due_ms, run->attempt_ms);
	text_addf(out, ",\"locked\":%s,\"counted\":%s,\"abated\":%s,\"vfCount\":%" PRId32,
	          run->locked ? "true" : "false", run->counted ? "true" : "false", run->abated ? "true" : "false",
	          run->vf_count);
	run_member(out, "target", run->target);
}

/* --- reading: of what we wrote, but of a file that may have been damaged --- */

static struct str
run_text_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

/* The integer under `key`; *ret_good becomes false when there is none within the range. */
static int64_t
run_number_of(const struct node *map, const char *key, int64_t min, int64_t max, bool *ret_good)
{
	const struct node *node = node_get(map, key);

	if (node && node->kind == NODE_INT && node->integer >= min && node->integer <= max)
		return node->integer;
	*ret_good = false;
	return min;
}

static bool
truth_of(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_BOOL && node->boolean;
}

static struct entries
read_entries(const struct node *list, struct arena *arena, bool *ret_good)
{
	struct entries entries = {0};
	struct entry *to;

	if (!list || list->kind != NODE_LIST)
		return entries;
	to = arena_array(arena, list->count, sizeof(*to));
	if (!to) {
		*ret_good = false;
		return entries;
	}
	entries.list = to;
	for (const struct node *pair = list->first; pair; pair = pair->next, to++, entries.count++) {
		const struct node *key = pair->first, *value = key ? key->next : NULL;

		if (!value) {
			*ret_good = false;
			return entries;
		}
		*to = (struct entry){key->text, value->text, value->next != NULL};
	}
	return entries;
}

static void
read_directive(const struct node *node, size_t count, struct arena *arena, struct directive *ret, bool *ret_good)
{
	const struct node *routes = node_get(node, "routes"), *route;
	int type = target_type_find(run_text_of(node, "targetType"));

	*ret = (struct directive){
		.id = run_text_of(node, "id"),
		.actor = run_text_of(node, "actor"),
		.operation = run_text_of(node, "operation"),
		.target_type = type < 0 ? TARGET_VNF : (enum target_type)type,
		.entities = read_entries(node_get(node, "entityIds"), arena, ret_good),
		.payload = read_entries(node_get(node, "payload"), arena, ret_good),
		.parameters = read_entries(node_get(node, "parameters"), arena, ret_good),
		.timeout_s = (int32_t)run_number_of(node, "timeout", 1, INT32_MAX, ret_good),
		.retries = (int32_t)run_number_of(node, "retries", 0, INT32_MAX, ret_good),
		.vf_change = (int8_t)run_number_of(node, "vfChange", -1, 1, ret_good),
	};
	*ret_good = *ret_good && type >= 0 && routes && routes->count == RESULT_COUNT;
	route = *ret_good ? routes->first : NULL;
	for (int i = 0; route; i++, route = route->next) {
		ret->route[i] = (int32_t)route->integer;
		*ret_good = *ret_good && route->kind == NODE_INT && route->integer >= ROUTE_FINAL &&
		            route->integer < (int64_t)count;
	}
}

const struct operational *
plan_read(const struct node *root, struct arena *arena)
{
	struct operational *policy = arena_alloc(arena, sizeof(*policy));
	const struct node *list = node_get(root, "directives");
	size_t count = list && list->kind == NODE_LIST ? list->count : 0, i = 0;
	struct directive *directives = arena_array(arena, count, sizeof(*directives));
	bool good = policy && directives && list;

	if (!good)
		return NULL;
	(void)run_number_of(root, "version", PLAN_VERSION, PLAN_VERSION, &good);
	*policy = (struct operational){
		.policy = run_text_of(root, "policy"),
		.version = run_text_of(root, "policyVersion"),
		.id = run_text_of(root, "id"),
		.form = (enum operational_form)run_number_of(root, "form", 0, FORM_EL_ALTO, &good),
		.timeout_s = (int32_t)run_number_of(root, "timeout", 0, INT32_MAX, &good),
		.waits_for_abated = truth_of(root, "waits"),
		.trigger = (int32_t)run_number_of(root, "trigger", -1, (int64_t)count - 1, &good),
		.directives = directives,
		.count = count,
		.file = "",
	};
	for (const struct node *child = list->first; good && child; child = child->next, i++)
		read_directive(child, count, arena, &directives[i], &good);
	return good ? policy : NULL;
}

bool
run_read(const struct node *root, struct run *ret)
{
	struct str name = run_text_of(root, "state");
	bool good = true;
	int state = 0;

	while (state <= RUN_DENIED && !str_is(name, run_state_name[state]))
		state++;
	if (state > RUN_DENIED)
		return false;
	(void)run_number_of(root, "version", RUN_VERSION, RUN_VERSION, &good);
	*ret = (struct run){
		.state = (enum run_state)state,
		.number = (uint64_t)run_number_of(root, "number", 0, INT64_MAX, &good),
		.generation = (uint32_t)run_number_of(root, "generation", 0, UINT32_MAX, &good),
		.at = (int32_t)run_number_of(root, "at", -1, INT32_MAX, &good),
		.attempt = (uint32_t)run_number_of(root, "attempt", 0, UINT32_MAX, &good),
		.serial = (uint32_t)run_number_of(root, "serial", 0, UINT32_MAX, &good),
		.began_ms = run_number_of(root, "began", INT64_MIN, INT64_MAX, &good),
		.deadline_ms = run_number_of(root, "deadline", INT64_MIN, INT64_MAX, &good),
		.due_ms = run_number_of(root, "due", INT64_MIN, INT64_MAX, &good),
		.attempt_ms = run_number_of(root, "attemptStart", INT64_MIN, INT64_MAX, &good),
		.locked = truth_of(root, "locked"),
		.counted = truth_of(root, "counted"),
		.abated = truth_of(root, "abated"),
		.vf_count = (int32_t)run_number_of(root, "vfCount", INT32_MIN, INT32_MAX, &good),
		.target = run_text_of(root, "target"),
	};
	return good;
}
