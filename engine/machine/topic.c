/* topic - notifications as they go over a topic */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/topic.h"

#include <stdio.h>

#include "base/time.h"

/* The rule of ONAP's engine that says the same; a reader of the topic may go by it. */
static const char *
rule_of(const struct action *action)
{
	switch (action->kind) {
	case ACTION_ACTIVE:
		return "EVENT.MANAGER.ACCEPT";
	case ACTION_REJECT:
		return "EVENT";
	case ACTION_GUARD:
	case ACTION_GUARDED:
		return "PROCESS.GUARD.OUTCOME";
	case ACTION_START:
		return "PROCESS.POLICY.STARTED";
	case ACTION_ENDED:
		return action->result == RESULT_SUCCESS ? "PROCESS.POLICY.SUCCESS" : "PROCESS.POLICY.FAILURE";
	default:
		return "EVENT.MANAGER.FINAL";
	}
}

/* Sets a member unless the text is absent or no UTF-8. -1 when out of memory. */
static int
set_text(json_t *object, const char *name, struct str text)
{
	json_t *value = text.ptr ? json_stringn(text.ptr, text.len) : NULL;

	return value ? json_object_set_new(object, name, value) : 0;
}

static int
set_alarm(json_t *object, const char *name, int64_t ms)
{
	return ms == TIME_NONE ? 0 : json_object_set_new(object, name, json_integer(ms));
}

/* "2026-03-01 12:00:00.000000+00:00" */
static struct str
topic_time(int64_t ms, char buf[40])
{
	char text[TIME_TEXT_SIZE];

	time_format_instant(ms - ms % 1000, text); /* "2026-03-01T12:00:00Z" */
	(void)snprintf(buf, 40, "%.10s %.8s.%03d000+00:00", text, text + 11, (int)(ms % 1000)); /* 32 characters */
	return str_from(buf);
}

static int
set_event(json_t *object, const struct event *event)
{
	json_t *aai = json_object();
	int r = 0;

	for (size_t i = 0; aai && r == 0 && i < event->aai.count; i++)
		r = set_text(aai, event->aai.list[i].key.ptr, event->aai.list[i].value);
	if (r < 0 || (!event->has_aai && json_object_size(aai) == 0)) {
		json_decref(aai);
		aai = NULL;
	}
	if (r == 0 && event->has_aai)
		r = json_object_set_new(object, "AAI", aai);
	if (r == 0)
		r = set_alarm(object, "closedLoopAlarmStart", event->alarm_start_ms);
	if (r == 0)
		r = set_alarm(object, "closedLoopAlarmEnd", event->alarm_end_ms);
	if (r == 0)
		r = set_text(object, "closedLoopControlName", event->clname);
	if (r == 0)
		r = set_text(object, "requestId", event->request_id);
	if (r == 0)
		r = set_text(object, "closedLoopEventClient", entries_get(event->fields, "closedLoopEventClient"));
	if (r == 0)
		r = set_text(object, "targetType", event->target_type);
	return r < 0 ? r : set_text(object, "target", event->target);
}

json_t *
topic_notification(const struct action *action, json_t *history, int64_t now_ms)
{
	const char *name = action_notification(action);
	json_t *object = name ? json_object() : NULL;
	struct arena arena;
	char when[40];
	int r;

	if (!object)
		return NULL;
	arena_init(&arena, 0);
	r = set_event(object, action->event);
	if (r == 0)
		r = set_text(object, "version", STR("1.0.2"));
	if (r == 0)
		r = set_text(object, "from", STR("policy"));
	if (r == 0)
		r = set_text(object, "policyScope", str_from(rule_of(action)));
	if (r == 0 && action->policy)
		r = set_text(object, "policyName", action->policy->policy);
	if (r == 0 && action->policy)
		r = set_text(object, "policyVersion", action->policy->version);
	if (r == 0)
		r = set_text(object, "notification", str_from(name));
	if (r == 0)
		r = set_text(object, "message", action_message(action, &arena));
	if (r == 0)
		r = set_text(object, "notificationTime", topic_time(now_ms, when));
	if (r == 0)
		r = json_object_set_new(object, "history", history ? json_copy(history) : json_array());
	arena_free(&arena);
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

json_t *
topic_attempt(const struct action *action)
{
	char id[SUBREQUEST_SIZE];
	struct operation row;
	struct arena arena;
	const char *target;
	json_t *object;
	int r;

	if ((action->kind != ACTION_ENDED && action->kind != ACTION_ABORT) || !action_row(action, id, &row))
		return NULL;
	arena_init(&arena, 0);
	target = action_target(action->directive, &arena);
	object = target ? json_object() : NULL;
	r = object ? set_text(object, "actor", row.actor) : -1;
	if (r == 0)
		r = set_text(object, "operation", row.operation);
	if (r == 0)
		r = set_text(object, "target", str_from(target));
	if (r == 0)
		r = json_object_set_new(object, "start", json_integer(row.start_ms));
	if (r == 0)
		r = json_object_set_new(object, "end", json_integer(row.end_ms));
	if (r == 0)
		r = set_text(object, "subRequestId", row.subrequest_id);
	if (r == 0)
		r = set_text(object, "outcome", row.outcome);
	if (r == 0)
		r = set_text(object, "message", row.message);
	arena_free(&arena);
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}
