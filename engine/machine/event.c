/* event - control loop events as they come from a topic */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/event.h"

#include <stdlib.h>

#include "base/time.h"

#define VNF_ID "generic-vnf.vnf-id"
#define VNF_NAME "generic-vnf.vnf-name"
#define VSERVER_NAME "vserver.vserver-name"
#define PNF_NAME "pnf.pnf-name"

static struct str
event_text_of(const json_t *json)
{
	return json_is_string(json) ? (struct str){json_string_value(json), json_string_length(json)} : STR_NONE;
}

/* A scalar as text, in `arena`; absent for null, arrays and objects. -1 when out of memory. */
static int
scalar_keep(json_t *json, struct arena *arena, struct str *ret)
{
	char *text = NULL;

	*ret = event_text_of(json);
	if (!json_is_string(json)) {
		if (!json_is_number(json) && !json_is_boolean(json))
			return 0;
		text = json_dumps(json, JSON_ENCODE_ANY);
		if (!text)
			return -1;
		*ret = str_from(text);
	}
	*ret = arena_str(arena, *ret);
	free(text);
	return ret->ptr ? 0 : -1;
}

/* The scalar members of an object. strict: others than null are an error. */
static int
event_entries_read(json_t *object, struct arena *arena, bool strict, struct entries *ret, struct error *err)
{
	struct entry *list = arena_array(arena, json_object_size(object), sizeof(*list));
	const char *key;
	json_t *value;

	if (!list)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for an event");
	ret->list = list;
	json_object_foreach(object, key, value)
	{
		struct entry *entry = &list[ret->count];

		if (strict && (json_is_object(value) || json_is_array(value)))
			return error_set(err, ERROR_TYPE, NULL, "AAI value '%s' must be text", key);
		entry->key = arena_str(arena, str_from(key));
		if (!entry->key.ptr || scalar_keep(value, arena, &entry->value) < 0)
			return error_set(err, ERROR_MEMORY, NULL, "no memory for an event");
		if (entry->value.ptr)
			ret->count++;
	}
	return 0;
}

static int
dump_keep(json_t *json, struct arena *arena, struct str *ret)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	*ret = arena_str(arena, str_from(text));
	free(text);
	return ret->ptr ? 0 : -1;
}

/* The identity of an event: everything but the time, who asks, and whether the fault began or ended. */
static int
event_identity_read(json_t *json, struct arena *arena, struct event *ret)
{
	static const char *const apart[] = {
		"requestID", "closedLoopAlarmStart", "closedLoopAlarmEnd", "closedLoopEventStatus", "t", "time"};
	json_t *copy = json_copy(json);
	int r;

	if (!copy)
		return -1;
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++)
		(void)json_object_del(copy, apart[i]); /* it may not be there */
	r = dump_keep(copy, arena, &ret->identity);
	json_decref(copy);
	return r;
}

static int64_t
alarm_ms(const json_t *json)
{
	return json_is_integer(json) ? json_integer_value(json) : TIME_NONE;
}

int
event_read(json_t *json, struct arena *arena, struct event *ret, struct error *err)
{
	static const char *const texts[] = {"closedLoopControlName", "closedLoopEventStatus", "requestID", "target",
	                                    "target_type"};
	json_t *aai = json_object_get(json, "AAI");
	struct event event = {0};
	struct str *const to[] = {&event.clname, &event.status, &event.request_id, &event.target, &event.target_type};

	if (!json_is_object(json))
		return error_set(err, ERROR_TYPE, NULL, "an event must be an object");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *value = json_object_get(json, texts[i]);

		if (value && !json_is_null(value) && !json_is_string(value))
			return error_set(err, ERROR_TYPE, NULL, "event field '%s' must be text", texts[i]);
		if (scalar_keep(value, arena, to[i]) < 0)
			return error_set(err, ERROR_MEMORY, NULL, "no memory for an event");
	}
	event.alarm_start_ms = alarm_ms(json_object_get(json, "closedLoopAlarmStart"));
	event.alarm_end_ms = alarm_ms(json_object_get(json, "closedLoopAlarmEnd"));
	if (aai && !json_is_null(aai)) {
		if (!json_is_object(aai))
			return error_set(err, ERROR_TYPE, NULL, "event field 'AAI' must be a map");
		event.has_aai = true;
		if (event_entries_read(aai, arena, true, &event.aai, err) < 0)
			return -(int)err->code;
	}
	if (event_entries_read(json, arena, false, &event.fields, err) < 0)
		return -(int)err->code;
	if (event_identity_read(json, arena, &event) < 0 ||
	    (event.has_aai && dump_keep(aai, arena, &event.aai_identity) < 0))
		return error_set(err, ERROR_MEMORY, NULL, "no memory for an event");
	*ret = event;
	return 0;
}

static bool
any_of(struct str text, const char *const names[])
{
	while (*names && !str_equal_nocase(text, str_from(*names)))
		names++;
	return *names != NULL;
}

static bool
is_disabled(const struct event *event)
{
	static const char *const keys[] = {"vserver.is-closed-loop-disabled", "generic-vnf.is-closed-loop-disabled",
	                                   "pnf.in-maint"};
	static const char *const yes[] = {"true", "t", "yes", "y", NULL};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (any_of(entries_get(event->aai, keys[i]), yes))
			return true;
	}
	return false;
}

static bool
is_inactive(const struct event *event)
{
	static const char *const keys[] = {"vserver.prov-status", "generic-vnf.prov-status"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct str status = entries_get(event->aai, keys[i]);

		if (status.ptr && !str_equal_nocase(status, STR("ACTIVE")))
			return true;
	}
	return false;
}

/* source  spec of the event managers: the order of the checks is theirs */
const char *
event_refusal(const struct event *event)
{
	static const char *const targets[] = {"VM_NAME", "VNF_NAME", VSERVER_NAME, VNF_ID, VNF_NAME, PNF_NAME, NULL};

	if (event->request_id.len == 0)
		return "No request ID";
	if (event->target.len == 0)
		return "No target field";
	if (!any_of(event->target, targets))
		return "target field invalid";
	if (!event->has_aai)
		return "AAI is null";
	if (!event->target_type.ptr)
		return "The Target type is null";
	if (str_is(event->target_type, "VM") || str_is(event->target_type, "VNF")) {
		if (!entries_get(event->aai, VNF_ID).ptr && !entries_get(event->aai, VNF_NAME).ptr &&
		    !entries_get(event->aai, VSERVER_NAME).ptr)
			return "generic-vnf.vnf-id or generic-vnf.vnf-name or vserver.vserver-name information missing";
	} else if (!str_is(event->target_type, "PNF")) {
		return "The target type is not supported";
	} else if (!entries_get(event->aai, PNF_NAME).ptr) {
		return "AAI PNF object key pnf-name is missing";
	}
	if (is_disabled(event))
		return "is-closed-loop-disabled is set to true on VServer or VNF";
	if (is_inactive(event))
		return "prov-status is not ACTIVE on VServer or VNF";
	return NULL;
}

bool
event_is_about(const struct event *event, struct target_names names)
{
	for (size_t i = 0; i < event->aai.count; i++) {
		struct str key = event->aai.list[i].key;

		if (!str_ends_with(key, STR("-name")) && !str_ends_with(key, STR("-id")))
			continue;
		for (size_t j = 0; j < names.count; j++)
			if (str_equal(event->aai.list[i].value, names.list[j]))
				return true;
	}
	return false;
}

bool
event_is_of(const struct event *event, unsigned types)
{
	bool vnf = entries_get(event->aai, VNF_ID).len > 0 || entries_get(event->aai, VNF_NAME).len > 0;
	unsigned of = 0;

	if (str_is(event->target_type, "PNF"))
		of = 1u << TARGET_PNF;
	else if (str_is(event->target_type, "VNF"))
		of = 1u << TARGET_VNF | 1u << TARGET_VFMODULE | 1u << TARGET_VNFC;
	else if (str_is(event->target_type, "VM"))
		of = 1u << TARGET_VM | 1u << TARGET_VFMODULE | 1u << TARGET_VNFC | (vnf ? 1u << TARGET_VNF : 0);
	return of & types;
}

static enum entity
known(const struct event *event, const char *key, struct str *ret, const char **ret_why, struct str *ret_key)
{
	*ret = entries_get(event->aai, key);
	if (ret->len > 0)
		return ENTITY_KNOWN;
	*ret_why = "Enrichment data is missing %s";
	*ret_key = str_from(key);
	return ENTITY_MISFIT;
}

enum entity
event_entity(const struct event *event, enum target_type type, struct str *ret, const char **ret_why,
             struct str *ret_key)
{
	struct str field = event->target;
	bool physical = str_equal_nocase(field, STR(PNF_NAME));

	if (physical == (type == TARGET_PNF)) {
		if (physical)
			return known(event, PNF_NAME, ret, ret_why, ret_key);
		if (str_equal_nocase(field, STR(VSERVER_NAME)))
			return known(event, VSERVER_NAME, ret, ret_why, ret_key);
		if (str_equal_nocase(field, STR(VNF_ID)))
			return known(event, VNF_ID, ret, ret_why, ret_key);
		if (str_equal_nocase(field, STR(VNF_NAME))) {
			if (known(event, VNF_NAME, ret, ret_why, ret_key) == ENTITY_MISFIT)
				return ENTITY_MISFIT;
			if (entries_get(event->aai, VNF_ID).len > 0)
				return known(event, VNF_ID, ret, ret_why, ret_key);
			return known(event, VSERVER_NAME, ret, ret_why, ret_key) == ENTITY_KNOWN ? ENTITY_QUERY
			                                                                         : ENTITY_MISFIT;
		}
	}
	*ret_why = "Target does not match target type";
	return ENTITY_MISFIT;
}

void
event_attributes(const struct event *event, struct request *request)
{
	for (int i = SCOPE_ATTRIBUTES; i < ATTRIBUTE_COUNT; i++)
		request->attribute[i] = entries_get(event->aai, attribute_key[i]);
}

/* -1, 0, 1; 2 when they cannot be compared as numbers. */
static int
compare_numbers(struct str a, struct str b)
{
	char *end_a, *end_b;
	double x, y;

	if (a.len == 0 || b.len == 0)
		return 2;
	x = strtod(a.ptr, &end_a); /* both are NUL-terminated in their arenas */
	y = strtod(b.ptr, &end_b);
	if (end_a != a.ptr + a.len || end_b != b.ptr + b.len || x != x || y != y)
		return 2;
	return (x > y) - (x < y);
}

static bool
test_holds(const struct event *event, const struct clause *clause)
{
	struct str value = entries_get(event->aai, clause->attribute.ptr);
	int order;

	if (!value.ptr)
		value = entries_get(event->fields, clause->attribute.ptr);
	if (!value.ptr)
		return false;
	if (clause->kind == CLAUSE_EQUAL) {
		for (size_t i = 0; i < clause->value_count; i++) {
			if (str_equal(value, clause->values[i]) || compare_numbers(value, clause->values[i]) == 0)
				return true;
		}
		return false;
	}
	order = compare_numbers(value, clause->values[0]);
	if (order == 2)
		return false;
	switch (clause->kind) {
	case CLAUSE_GREATER:
		return order > 0;
	case CLAUSE_GREATER_EQUAL:
		return order >= 0;
	case CLAUSE_LESS:
		return order < 0;
	default:
		return order <= 0;
	}
}

/* Depth is bounded when the clause is compiled. */
bool
event_matches(const struct event *event, const struct clause *clause)
{
	bool any = false, all = true;

	if (clause->kind != CLAUSE_AND && clause->kind != CLAUSE_OR && clause->kind != CLAUSE_NOT)
		return test_holds(event, clause);
	for (const struct clause *child = clause->first; child; child = child->next) {
		bool holds = event_matches(event, child);

		any = any || holds;
		all = all && holds;
	}
	return clause->kind == CLAUSE_AND ? all : clause->kind == CLAUSE_OR ? any : !any;
}
