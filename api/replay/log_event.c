/* log_event - one line of a decision log as what happened: a change of the counters, or a question and its answer */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/log_event.h"

#include <string.h>

#include "base/mac.h"

const char *const log_skip_key[LOG_SKIP_COUNT] = {
#define X(name, key, text) [LOG_SKIP_##name] = key,
	LOG_SKIPS(X)
#undef X
};

const char *const log_skip_text[LOG_SKIP_COUNT] = {
#define X(name, key, text) [LOG_SKIP_##name] = text,
	LOG_SKIPS(X)
#undef X
};

#define MASKED_LEN 17 /* of "~" and 16 hex digits */

static struct str
event_text_at(const struct node *line, const char *key)
{
	const struct node *value = node_get(line, key);

	return value && node_is_scalar(value) && !node_is_null(value) ? value->text : STR_NONE;
}

static int64_t
number_at(const struct node *line, const char *key, int64_t otherwise)
{
	const struct node *value = node_get(line, key);

	return value && value->kind == NODE_INT ? value->integer : otherwise;
}

/* TIME_NONE when the member is not there. */
static int
read_time(const struct node *line, const char *key, int64_t *ret_ms, struct error *err)
{
	const struct node *value = node_get(line, key);

	*ret_ms = TIME_NONE;
	if (!value)
		return 0;
	if (node_is_scalar(value) && time_parse_instant(value->text, ret_ms) == 0)
		return 0;
	return error_set(err, ERROR_TYPE, value,
	                 "%s is wrong: expected a time such as 2026-04-14T12:00:00Z, got '%.*s'", key,
	                 STR_ARG(value->text.ptr ? value->text : STR("")));
}

/* Ids of reservations are written with their other half first. */
static struct hash128
reservation_at(const struct node *line)
{
	struct hash128 id = {0};
	struct str text = event_text_at(line, "reservation");

	return text.ptr && mac_read(text, &id) ? (struct hash128){.lo = id.hi, .hi = id.lo} : (struct hash128){0};
}

static int
read_change(const struct node *line, struct history_change *change, struct error *err)
{
	struct operation *row = &change->row;
	struct str event = event_text_at(line, "event");

	*change = (struct history_change){
		.number = (uint64_t)number_at(line, "record", 0),
		.replaces = (uint64_t)number_at(line, "replaces", 0),
		.undone = str_is(event, "undone"),
		.reservation = reservation_at(line),
		.reserved = node_get(line, "reservation") != NULL,
		.row =
			{
				.actor = event_text_at(line, "actor"),
				.operation = event_text_at(line, "operation"),
				.target = event_text_at(line, "target"),
				.clname = event_text_at(line, "clname"),
				.request_id = event_text_at(line, "requestId"),
				.subrequest_id = event_text_at(line, "subrequestId"),
				.outcome = event_text_at(line, "outcome"),
				.message = event_text_at(line, "message"),
			},
	};
	change->gone = change->undone || str_is(event, "removed");
	row->number = change->number;
	if (change->number == 0 || change->number > INT64_MAX)
		return error_set(err, ERROR_TYPE, line, "a change of the counters has no record");
	if (read_time(line, "start", &row->start_ms, err) != 0 || read_time(line, "end", &row->end_ms, err) != 0 ||
	    read_time(line, "until", &change->until_ms, err) != 0)
		return -(int)err->code;
	if (change->until_ms == TIME_NONE)
		return error_set(err, ERROR_TYPE, line, "a change of the counters has no until");
	return read_time(line, "time", &change->recorded_ms, err);
}

static bool
is_masked(struct str value)
{
	if (value.len != MASKED_LEN || value.ptr[0] != '~')
		return false;
	for (size_t i = 1; i < MASKED_LEN; i++) {
		if (!strchr("0123456789abcdef", value.ptr[i]) || value.ptr[i] == '\0')
			return false;
	}
	return true;
}

/* [[path, value], ...] */
static int
event_read_fields(const struct node *line, struct arena *arena, struct log_event *event, struct error *err)
{
	const struct node *list = node_get(line, "fields");
	struct request *request = &event->question.request;
	struct request_field *fields;

	if (node_get(line, "fields_left_out"))
		event->skip = LOG_SKIP_CUT;
	if (!list || list->kind != NODE_LIST)
		return 0;
	fields = arena_array(arena, list->count, sizeof(*fields));
	if (!fields)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	request->fields = fields;
	for (const struct node *pair = list->first; pair; pair = pair->next) {
		struct request_field *field = &fields[request->field_count++];

		if (pair->kind != NODE_LIST || pair->count != 2 || !node_is_scalar(pair->first) ||
		    !node_is_scalar(pair->last) || !field_parse(pair->first->text, &field->root, &field->name))
			return error_set(err, ERROR_TYPE, pair, "a field is not a path and a value");
		field->value = pair->last->text;
		if (is_masked(field->value))
			event->skip = LOG_SKIP_MASKED;
	}
	return 0;
}

static int
event_read_request(const struct node *line, struct log_event *event, struct error *err)
{
	struct request *request = &event->question.request;
	const struct node *count = node_get(line, "vfCount");
	struct str current = event_text_at(line, "currentTime");

	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		request->attribute[i] = event_text_at(line, attribute_key[i]);
		if (is_masked(request->attribute[i]))
			event->skip = LOG_SKIP_MASKED;
	}
	request->request_id = event_text_at(line, "requestId");
	request->subrequest_id = event_text_at(line, "subrequestId");
	request->has_vf_count =
		count && count->kind == NODE_INT && count->integer >= INT32_MIN && count->integer <= INT32_MAX;
	request->vf_count = request->has_vf_count ? (int32_t)count->integer : 0;
	if (!current.ptr)
		return 0;
	if (time_parse_of_day(current, TIME_NO_OFFSET, &request->current_time) != 0)
		return error_set(err, ERROR_TYPE, line, "currentTime is wrong: expected a time of day, got '%.*s'",
		                 STR_ARG(current));
	request->has_current_time = true;
	return 0;
}

/* Whether a guard was asked for this line: not when an earlier answer was given again, or nothing was asked. */
static bool
is_question(struct str status, struct str event)
{
	return status.ptr &&
	       (!event.ptr || str_is(event, "reserved") || str_is(event, "denied") || str_is(event, "withdrawn"));
}

static int
event_read_question(const struct node *line, struct str door, struct arena *arena, struct log_event *event,
                    struct error *err)
{
	struct replay_question *question = &event->question;

	event->kind = LOG_EVENT_QUESTION;
	event->reason = event_text_at(line, "reason");
	event->policy = event_text_at(line, "policy");
	event->version = event_text_at(line, "version");
	event->missing = event_text_at(line, "missing");
	event->generation = (uint64_t)number_at(line, "generation", 0);
	question->permitted = str_is(event_text_at(line, "status"), "Permit");
	question->right = reservation_at(line);
	question->undone = node_get(line, "undone") != NULL;
	question->first = number_at(line, "order", 0) == 0;
	if (str_is(door, "access"))
		event->skip = LOG_SKIP_ACCESS;
	else if (str_is(event->reason, "error"))
		event->skip = LOG_SKIP_FAILED;
	else if (str_is(event->reason, "quarantine"))
		event->skip = LOG_SKIP_QUARANTINE;
	if (read_time(line, "time", &question->now_ms, err) != 0)
		return -(int)err->code;
	if (question->now_ms == TIME_NONE)
		return error_set(err, ERROR_TYPE, line, "an answer has no time");
	if (event_read_fields(line, arena, event, err) != 0)
		return -(int)err->code;
	return event_read_request(line, event, err);
}

static void
read_policies(const struct node *line, struct log_event *event)
{
	event->kind = LOG_EVENT_POLICIES;
	event->generation = (uint64_t)number_at(line, "generation", 0);
	event->digest = event_text_at(line, "digest");
	event->mode = event_text_at(line, "mode");
	event->on_error_permit = str_is(event_text_at(line, "on_error"), "permit");
	event->no_guard_deny = str_is(event_text_at(line, "when_no_guard"), "deny");
	event->require_policies = node_get(line, "require_policies") != NULL;
	event->empty = number_at(line, "record", -1) == 0;
}

int
log_event_of(const struct node *line, struct arena *arena, struct log_event *ret, struct error *err)
{
	struct str door, event;

	*ret = (struct log_event){0};
	if (line->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, line, "a line of a decision log is a map, not %s",
		                 node_kind_phrase(line));
	door = event_text_at(line, "door");
	event = event_text_at(line, "event");
	if (node_get(line, "log")) {
		const struct node *masked = node_get(line, "masked");

		ret->kind = LOG_EVENT_FIRST;
		ret->permits = number_at(line, "permits", 1);
		ret->masked = masked && masked->count > 0;
	} else if (str_is(door, "counters")) {
		ret->kind = LOG_EVENT_CHANGE;
		return read_change(line, &ret->change, err);
	} else if (str_is(door, "log") && (str_is(event, "started") || str_is(event, "policies"))) {
		read_policies(line, ret);
	} else if (is_question(event_text_at(line, "status"), event)) {
		return event_read_question(line, door, arena, ret, err);
	}
	return 0;
}

int
log_event_read(struct str text, struct arena *arena, struct log_event *ret, struct error *err)
{
	struct node *line;
	int r = json_read(text, "", &document_limits_default, arena, &line, err);

	*ret = (struct log_event){0};
	return r == 0 ? log_event_of(line, arena, ret, err) : r;
}
