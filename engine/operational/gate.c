/* gate - when an ONSET may start the loop of a trigger policy: schedule, condition, counting */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "engine/operational/operational_priv.h"
#include "guards/kinds.h"

#define CLAUSE_DEPTH_MAX 16

static const struct {
	const char *name;
	int kind;
} operators[] = {
	{"equal", CLAUSE_EQUAL},          {"valid_values", CLAUSE_EQUAL},
	{"greater_than", CLAUSE_GREATER}, {"greater_or_equal", CLAUSE_GREATER_EQUAL},
	{"less_than", CLAUSE_LESS},       {"less_or_equal", CLAUSE_LESS_EQUAL},
};

static const char *
gate_path(struct compiler *c, const struct node *trigger, const char *key)
{
	return opv_path(c, trigger->key, key);
}

/* Keys that a trigger may have itself or inside `condition`. Twice is an error. */
static const struct node *
timing_get(struct compiler *c, const struct node *trigger, const char *key, const char **ret_path)
{
	const struct node *outer = node_get(trigger, key);
	const struct node *inner = node_get(node_get(trigger, "condition"), key);

	if (!field_empty(inner)) {
		*ret_path = opv_path(c, trigger->key, arena_printf(c->arena, "condition.%s", key));
		if (!field_empty(outer))
			opv_report(c, OPV_44, outer, gate_path(c, trigger, key), "%s stands inside condition as well",
			           key);
		return inner;
	}
	*ret_path = gate_path(c, trigger, key);
	return field_empty(outer) ? NULL : outer;
}

static struct clause *
clause_new(struct compiler *c, int kind)
{
	struct clause *clause = arena_alloc(c->arena, sizeof(*clause));

	if (!clause)
		opv_no_memory(c);
	else
		clause->kind = kind;
	return clause;
}

/* {greater_than: 5} on an attribute. NULL after a finding. */
static struct clause *
read_test(struct compiler *c, const struct node *trigger, const struct node *test, struct str attribute)
{
	const struct node *operand = test->kind == NODE_MAP && test->count == 1 ? test->first : NULL;
	struct clause *clause;
	struct str *values;

	for (size_t i = 0; operand && i < sizeof(operators) / sizeof(operators[0]); i++) {
		bool list = str_is(operand->key, "valid_values");

		if (!str_is(operand->key, operators[i].name) || (operand->kind == NODE_LIST) != list ||
		    operand->kind == NODE_MAP)
			continue;
		clause = clause_new(c, operators[i].kind);
		values = arena_array(c->arena, list ? operand->count : 1, sizeof(*values));
		if (!clause || !values) {
			opv_no_memory(c);
			return NULL;
		}
		clause->attribute = field_keep(c, attribute);
		clause->values = values;
		if (!list)
			values[clause->value_count++] = field_keep(c, operand->text);
		for (const struct node *item = list ? operand->first : NULL; item; item = item->next)
			values[clause->value_count++] = field_keep(c, node_is_scalar(item) ? item->text : STR_NONE);
		return clause;
	}
	opv_report(c, OPV_44, test, gate_path(c, trigger, "condition"),
	           "must be one of equal, valid_values, greater_than, greater_or_equal, less_than, less_or_equal");
	return NULL;
}

static struct clause *read_clauses(struct compiler *c, const struct node *trigger, const struct node *list, int kind,
                                   int depth);

/* One entry of a condition: {and: [...]}, {attribute: [{equal: x}, ...]}, {attribute: {equal: x}} or {attribute: x}. */
static struct clause *
read_clause(struct compiler *c, const struct node *trigger, const struct node *entry, int depth)
{
	static const struct {
		const char *name;
		int kind;
	} junctions[] = {{"and", CLAUSE_AND}, {"or", CLAUSE_OR}, {"not", CLAUSE_NOT}};
	struct clause *all;
	const struct clause **tail;

	for (size_t i = 0; i < sizeof(junctions) / sizeof(junctions[0]); i++) {
		if (str_is(entry->key, junctions[i].name) && !node_is_scalar(entry))
			return read_clauses(c, trigger, entry, junctions[i].kind, depth + 1);
	}
	all = clause_new(c, CLAUSE_AND);
	if (!all)
		return NULL;
	if (node_is_scalar(entry)) {
		struct str *value = arena_array(c->arena, 1, sizeof(*value));

		all->kind = CLAUSE_EQUAL;
		all->attribute = field_keep(c, entry->key);
		all->values = value;
		all->value_count = 1;
		if (value)
			*value = field_keep(c, entry->text);
		else
			opv_no_memory(c);
		return all;
	}
	tail = &all->first;
	for (const struct node *test = entry->kind == NODE_LIST ? entry->first : entry; test; test = test->next) {
		struct clause *clause = read_test(c, trigger, test, entry->key);

		if (clause) {
			*tail = clause;
			tail = &clause->next;
		}
		if (entry->kind != NODE_LIST)
			break;
	}
	return all;
}

/* A map or list of maps of clauses, joined by `kind`. */
static struct clause *
read_clauses(struct compiler *c, const struct node *trigger, const struct node *list, int kind, int depth)
{
	struct clause *all = clause_new(c, kind);
	const struct clause **tail = all ? &all->first : NULL;

	if (depth > CLAUSE_DEPTH_MAX || node_is_scalar(list)) {
		opv_report(c, OPV_44, list, gate_path(c, trigger, "condition"),
		           depth > CLAUSE_DEPTH_MAX ? "clauses are nested too deep"
		                                    : "must be a list of clauses over attributes of the event");
		return NULL;
	}
	for (const struct node *item = list->first; item && tail; item = item->next) {
		const struct node *entry = list->kind == NODE_MAP ? item : item->first;

		if (list->kind == NODE_LIST && item->kind != NODE_MAP) {
			opv_report(c, OPV_44, item, gate_path(c, trigger, "condition"),
			           "must be a clause over an attribute");
			continue;
		}
		for (; entry; entry = list->kind == NODE_MAP ? NULL : entry->next) {
			struct clause *clause = read_clause(c, trigger, entry, depth);

			if (clause) {
				*tail = clause;
				tail = &clause->next;
			}
		}
	}
	return all;
}

/* `condition` is a list of clauses, or a map {constraint, period, evaluations, method}, or a map of clauses. */
static void
read_condition(struct compiler *c, const struct node *trigger, struct gate *gate)
{
	static const char *const keys[] = {"constraint", "period", "evaluations", "method", NULL};
	const struct node *condition = node_get(trigger, "condition");
	const struct node *outer = node_get(trigger, "constraint");
	bool extended = false;

	for (size_t i = 0; keys[i]; i++)
		extended = extended || node_get(condition, keys[i]);
	if (extended) {
		field_unknown(c, condition, keys, gate_path(c, trigger, "condition"));
		condition = node_get(condition, "constraint");
	}
	if (!field_empty(condition) && !field_empty(outer))
		opv_report(c, OPV_44, outer, gate_path(c, trigger, "constraint"),
		           "constraint and condition say the same thing");
	if (field_empty(condition))
		condition = outer;
	if (!field_empty(condition))
		gate->condition = read_clauses(c, trigger, condition, CLAUSE_AND, 0);
}

static void
read_counting(struct compiler *c, const struct node *trigger, struct gate *gate)
{
	const char *period_path, *evaluations_path, *method_path;
	const struct node *period = timing_get(c, trigger, "period", &period_path);
	const struct node *evaluations = timing_get(c, trigger, "evaluations", &evaluations_path);
	const struct node *method = timing_get(c, trigger, "method", &method_path);
	int64_t ms = 0;

	if (method && !str_is(field_text(method), "count"))
		opv_report(c, OPV_44, method, method_path, "the only method over events is count");
	if (period && period->kind == NODE_INT && period->integer > 0 && period->integer <= SECONDS_MAX)
		ms = period->integer * TIME_MS_SECOND;
	else if (period && (!node_is_scalar(period) || time_parse_scalar_unit(period->text, &ms) < 0 || ms <= 0))
		opv_report(c, OPV_44, period, period_path, "must be a length of time, as in 300 s");
	if (evaluations && (evaluations->kind != NODE_INT || evaluations->integer < 1 ||
	                    evaluations->integer > GATE_EVALUATIONS_MAX)) {
		opv_report(c, OPV_44, evaluations, evaluations_path, "must be an integer from 1 to %d",
		           GATE_EVALUATIONS_MAX);
		return;
	}
	if (period && !evaluations)
		opv_report(c, OPV_44, period, evaluations_path,
		           "a period needs evaluations, the number of events in it");
	if (evaluations && !period && evaluations->integer > 1)
		opv_report(c, OPV_44, evaluations, period_path, "evaluations need a period");
	if (evaluations) {
		gate->evaluations = (uint32_t)evaluations->integer;
		gate->period_ms = ms;
	}
}

/* Times as guards take them; instants make [start, end), the rest the guards' daily window. */
static void
read_schedule(struct compiler *c, const struct node *trigger, struct gate *gate)
{
	static const char *const keys[] = {"start_time", "end_time", NULL};
	const struct node *schedule = node_get(trigger, "schedule");
	const struct node *start = node_get(schedule, "start_time");
	const struct node *end = node_get(schedule, "end_time");
	struct arena scratch;
	struct diags found;

	if (field_empty(schedule) || (schedule->kind == NODE_MAP && field_empty(start) && field_empty(end)))
		return;
	field_unknown(c, schedule, keys, gate_path(c, trigger, "schedule"));
	if (field_empty(start) || field_empty(end)) {
		opv_report(c, OPV_45, schedule, gate_path(c, trigger, "schedule"), "must have start_time and end_time");
		return;
	}
	arena_init(&scratch, 0);
	diags_init(&found, &scratch);
	if (time_range_compile(&gate->schedule, start, end, GUARD_STRICT, false, &found))
		gate->has_schedule = true;
	else
		opv_report(c, OPV_45, found.first && found.first->line == end->line ? end : start,
		           gate_path(c, trigger, "schedule"), "%s",
		           found.first ? found.first->text : "start_time and end_time are not a pair of times");
	arena_free(&scratch);
}

const struct gate *
compile_gate(struct compiler *c, const struct node *trigger)
{
	struct gate *gate = arena_alloc(c->arena, sizeof(*gate));

	if (!gate) {
		opv_no_memory(c);
		return NULL;
	}
	gate->evaluations = 1;
	gate_node(c, trigger, gate);
	read_schedule(c, trigger, gate);
	read_condition(c, trigger, gate);
	read_counting(c, trigger, gate);
	if (!gate->has_schedule && !gate->condition && gate->evaluations == 1 && !gate->nodes.count &&
	    !gate->target_types)
		return NULL;
	return gate;
}

void
refuse_gate(struct compiler *c, const struct node *trigger)
{
	static const char *const keys[] = {"schedule", "condition", "constraint", "period", "evaluations", "method"};
	const struct node *filter = node_get(node_get(trigger, "target_filter"), "node");

	/* The name of a target type still tells what the trigger's own operation is for. */
	if (!field_empty(filter) && target_type_named(field_text(filter)) < 0)
		opv_report(c, OPV_44, filter, gate_path(c, trigger, "target_filter"),
		           "target_filter.node counts only on the trigger that hears the ONSET");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct node *node = node_get(trigger, keys[i]);

		if (!field_empty(node))
			opv_report(c, OPV_44, node, gate_path(c, trigger, keys[i]),
			           "%s counts only on the trigger that hears the ONSET", keys[i]);
	}
}
