/* log_entry - what a line of the decision log tells, and its JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/log_entry.h"

#include <stdio.h>

#include "base/text.h"
#include "engine/decide/reserve.h"

const char *const log_door_name[LOG_DOOR_COUNT] = {
#define X(name, text) [LOG_DOOR_##name] = text,
	LOG_DOORS(X)
#undef X
};

/* A member as it is written, up to its value. */
#define MEMBER(name) STR(",\"" name "\":")

/* Of one length, so that a name is copied without a call. */
#define ATTRIBUTE_MEMBER_SIZE 32

static const struct attribute_member {
	char text[ATTRIBUTE_MEMBER_SIZE + 1];
	size_t len;
} attribute_member[ATTRIBUTE_COUNT] = {
#define X(name, key, onap) [ATTRIBUTE_##name] = {",\"" key "\":", sizeof(",\"" key "\":") - 1},
	ATTRIBUTES(X)
#undef X
};

#define MASKED_MOST 24 /* a masked value, and what stands around it */
#define LINE_MOST 2048 /* names, times and numbers: all of a line but the texts that others chose */

bool
entry_form_set(struct entry_form *form, struct str name)
{
	int attribute = attribute_find(name);
	const struct {
		const char *name;
		bool *masked;
	} others[] = {
		{"requestId", &form->masked_ids},   {"user", &form->masked_user},     {"client", &form->masked_client},
		{"message", &form->masked_message}, {"fields", &form->masked_fields},
	};

	if (attribute >= 0) {
		form->masked[attribute] = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (str_is(name, others[i].name)) {
			*others[i].masked = true;
			return true;
		}
	}
	return false;
}

/* Inline, so that a name of a known length is copied without a call: a line has a dozen of them. */
static inline char *
put_member(char *at, struct str member, struct str value)
{
	return value.ptr ? put_json(put_piece(at, member), value) : at;
}

/* A value that is not to be read, but told from others: "~" and half of its keyed hash. */
static char *
put_masked(char *at, const struct entry_form *form, struct str value)
{
	char text[MAC_TEXT_SIZE];

	mac_write(mac_chain(&form->key, (struct hash128){0}, value), text);
	at = put_piece(at, STR("\"~"));
	at = put_piece(at, (struct str){text, 16});
	return put_piece(at, STR("\""));
}

static inline char *
put_value(char *at, const struct entry_form *form, bool masked, struct str member, struct str value)
{
	if (!value.ptr)
		return at;
	at = put_piece(at, member);
	return masked ? put_masked(at, form, value) : put_json(at, value);
}

static char *
put_time(char *at, struct str member, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	if (ms == TIME_NONE)
		return at;
	return put_member(at, member, (struct str){text, time_format_instant(ms, text)});
}

/* The time of the line, and where it stands among the changes of the counters. */
static char *
put_head(char *at, struct entry_time *time, int64_t at_ms, const struct history_position *position)
{
	if (at_ms != time->ms || time->len == 0)
		time->len = time_format_instant(at_ms, time->text);
	time->ms = at_ms;
	at = put_member(at, MEMBER("time"), (struct str){time->text, time->len});
	if (!position->commit)
		return at;
	at = put_number(put_piece(at, MEMBER("commit")), (int64_t)position->commit);
	return position->inside ? put_number(put_piece(at, MEMBER("step")), position->step) : at;
}

#define FIELDS_BYTES 4096 /* of names and values, in one line */

/* How many of a request's fields a line tells; ret_most: the bytes that they may take. */
static size_t
fields_told(const struct request *request, size_t *ret_most)
{
	size_t count = 0, bytes = 0;

	*ret_most = 0;
	for (; count < request->field_count; count++) {
		const struct request_field *field = &request->fields[count];

		bytes += field_root_text[field->root].len + field->name.len + field->value.len;
		if (bytes > FIELDS_BYTES)
			break;
		*ret_most += PUT_JSON_MOST(field_root_text[field->root].len + field->name.len) +
		             PUT_JSON_MOST(field->value.len) + MASKED_MOST;
	}
	return count;
}

static size_t
line_most(const struct log_entry *entry)
{
	const struct guard *denier = entry->decision ? entry->decision->guard : NULL;
	size_t most = LINE_MOST + PUT_JSON_MOST(entry->id.len) + PUT_JSON_MOST(entry->trace.len) +
	              PUT_JSON_MOST(entry->user.len) + PUT_JSON_MOST(entry->client.len) +
	              PUT_JSON_MOST(entry->file.len);

	for (int i = 0; entry->request && i < ATTRIBUTE_COUNT; i++)
		most += attribute_member[i].len + PUT_JSON_MOST(entry->request->attribute[i].len);
	if (entry->request) {
		size_t fields;

		(void)fields_told(entry->request, &fields); /* only their bytes */
		most += PUT_JSON_MOST(entry->request->request_id.len) +
		        PUT_JSON_MOST(entry->request->subrequest_id.len) + fields;
	}
	for (int i = 0; i < LOG_MEMBERS && entry->members[i].name; i++)
		most += strlen(entry->members[i].name) + PUT_JSON_MOST(entry->members[i].value.len);
	if (denier)
		most += PUT_JSON_MOST(denier->policy.len) + PUT_JSON_MOST(denier->version.len) +
		        PUT_JSON_MOST(strlen(denier->file));
	return most;
}

/* onap mode decides by the request's time: HH:MM:SS.mmm and the offset it had. */
static char *
put_current_time(char *at, const struct request *request)
{
	const struct time_of_day *time = &request->current_time;
	int32_t offset_s = time->offset_ms / 1000, of_day = time->local_ms;
	char text[48];
	int len;

	if (!request->has_current_time)
		return at;
	len = snprintf(text, sizeof(text), "%02d:%02d:%02d.%03d", of_day / 3600000, of_day / 60000 % 60,
	               of_day / 1000 % 60, of_day % 1000);
	if (time->has_offset)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%c%02d:%02d:%02d", offset_s < 0 ? '-' : '+',
		                (offset_s < 0 ? -offset_s : offset_s) / 3600,
		                (offset_s < 0 ? -offset_s : offset_s) / 60 % 60,
		                (offset_s < 0 ? -offset_s : offset_s) % 60);
	return put_member(at, MEMBER("currentTime"), (struct str){text, (size_t)len});
}

/* As a list, because a path may occur more than once. */
static char *
put_fields(char *at, const struct entry_form *form, const struct request *request, struct arena *arena)
{
	size_t bytes, count = fields_told(request, &bytes);

	at = put_piece(at, STR(",\"fields\":["));
	for (size_t i = 0; i < count; i++) {
		const struct request_field *field = &request->fields[i];

		at = put_json(put_piece(at, i ? STR(",[") : STR("[")), field_path(field, arena));
		at = put_value(at, form, form->masked_fields, STR(","), field->value);
		at = put_piece(at, STR("]"));
	}
	at = put_piece(at, STR("]"));
	if (count < request->field_count)
		at = put_number(put_piece(at, MEMBER("fields_left_out")), (int64_t)(request->field_count - count));
	return at;
}

static char *
put_request(char *at, const struct entry_form *form, const struct request *request, struct arena *arena)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		struct str value = request->attribute[i];

		if (!value.ptr)
			continue;
		memcpy(at, attribute_member[i].text, ATTRIBUTE_MEMBER_SIZE);
		at += attribute_member[i].len;
		at = form->masked[i] ? put_masked(at, form, value) : put_json(at, value);
	}
	at = put_value(at, form, form->masked_ids, MEMBER("requestId"), request->request_id);
	at = put_value(at, form, form->masked_ids, MEMBER("subrequestId"), request->subrequest_id);
	if (request->has_vf_count)
		at = put_number(put_piece(at, MEMBER("vfCount")), request->vf_count);
	at = put_current_time(at, request);
	return request->field_count ? put_fields(at, form, request, arena) : at;
}

static char *
put_decision(char *at, const struct decision *decision)
{
	const struct guard *denier = decision->permit ? NULL : decision->guard;

	at = put_piece(at, decision->permit ? STR(",\"status\":\"Permit\"") : STR(",\"status\":\"Deny\""));
	at = put_member(at, MEMBER("reason"), str_from(reason_name[decision->reason]));
	at = put_member(at, MEMBER("missing"), str_from(decision->missing));
	if (!denier)
		return at;
	at = put_member(at, MEMBER("policy"), denier->policy);
	at = put_member(at, MEMBER("version"), denier->version);
	at = put_member(at, MEMBER("file"), str_from(denier->file));
	return put_number(put_piece(at, MEMBER("line")), denier->line);
}

static char *
put_more(char *at, const struct log_entry *entry)
{
	for (int i = 0; i < LOG_MEMBERS && entry->members[i].name; i++) {
		const struct log_member *member = &entry->members[i];

		if (!member->value.ptr)
			continue;
		at = put_piece(put_piece(at, STR(",\"")), str_from(member->name));
		at = put_json(put_piece(at, STR("\":")), member->value);
	}
	return at;
}

struct str
entry_line(const struct entry_form *form, struct entry_time *time, const struct log_entry *entry, struct arena *arena)
{
	char *line = arena_bytes(arena, line_most(entry)), *at;

	if (!line)
		return STR_NONE;
	at = put_head(line, time, entry->at_ms, &entry->position);
	if (entry->undone)
		at = put_number(put_piece(at, STR(",\"undone\":true,\"order\":")), entry->order);
	at = put_member(at, MEMBER("id"), entry->id);
	at = put_member(at, MEMBER("trace"), entry->trace);
	at = put_member(at, MEMBER("door"), str_from(log_door_name[entry->door]));
	at = put_member(at, MEMBER("event"), str_from(entry->event));
	at = put_value(at, form, form->masked_user, MEMBER("user"), entry->user);
	at = put_value(at, form, form->masked_client, MEMBER("client"), entry->client);
	if (entry->decision && entry->door != LOG_DOOR_ACCESS)
		at = put_number(put_piece(at, MEMBER("generation")), (int64_t)entry->decision->generation);
	if (entry->request)
		at = put_request(at, form, entry->request, arena);
	at = put_more(at, entry);
	if (entry->decision)
		at = put_decision(at, entry->decision);
	at = put_member(at, MEMBER("file"), entry->file);
	if (entry->line)
		at = put_number(put_piece(at, MEMBER("line")), entry->line);
	if (entry->reported)
		at = put_piece(at, STR(",\"enforced\":false"));
	return (struct str){line, (size_t)(at - line)};
}

static size_t
change_most(const struct operation *row)
{
	const struct str texts[] = {row->actor,      row->operation,     row->target,  row->clname,
	                            row->request_id, row->subrequest_id, row->outcome, row->message};
	size_t most = LINE_MOST;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		most += PUT_JSON_MOST(texts[i].len);
	return most;
}

static struct str
change_event(const struct history_change *change)
{
	if (change->undone)
		return STR("undone");
	if (change->gone)
		return STR("removed");
	return change->replaces ? STR("updated") : STR("entered");
}

struct str
entry_change(const struct entry_form *form, struct entry_time *time, const struct history_change *change,
             struct arena *arena)
{
	const struct operation *row = &change->row;
	const bool *masked = form->masked;
	char *line = arena_bytes(arena, change_most(row)), *at, id[RESERVATION_ID_SIZE];

	if (!line)
		return STR_NONE;
	at = put_head(line, time, change->recorded_ms, &change->position);
	at = put_piece(at, STR(",\"door\":\"counters\""));
	at = put_member(at, MEMBER("event"), change_event(change));
	at = put_number(put_piece(at, MEMBER("record")), (int64_t)change->number);
	if (change->replaces)
		at = put_number(put_piece(at, MEMBER("replaces")), (int64_t)change->replaces);
	if (change->reserved) {
		reservation_id_write(change->reservation, id);
		at = put_member(at, MEMBER("reservation"), str_from(id));
	}
	at = put_value(at, form, masked[ATTRIBUTE_ACTOR], MEMBER("actor"), row->actor);
	at = put_value(at, form, masked[ATTRIBUTE_OPERATION], MEMBER("operation"), row->operation);
	at = put_value(at, form, masked[ATTRIBUTE_TARGET], MEMBER("target"), row->target);
	at = put_value(at, form, masked[ATTRIBUTE_CLNAME], MEMBER("clname"), row->clname);
	at = put_value(at, form, form->masked_ids, MEMBER("requestId"), row->request_id);
	at = put_value(at, form, form->masked_ids, MEMBER("subrequestId"), row->subrequest_id);
	at = put_member(at, MEMBER("outcome"), row->outcome);
	at = put_value(at, form, form->masked_message, MEMBER("message"), row->message);
	at = put_time(at, MEMBER("start"), row->start_ms);
	at = put_time(at, MEMBER("end"), row->end_ms);
	at = put_time(at, MEMBER("until"), change->until_ms);
	return (struct str){line, (size_t)(at - line)};
}
