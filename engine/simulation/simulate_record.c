/* simulate_record - collects what a simulation does, event by event, and lays it out as JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/simulate_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/machine/topic.h"

/* A text that may hold any bytes, as JSON; NULL when out of memory. */
static json_t *
record_json_text(struct str text)
{
	json_t *json = json_stringn(text.ptr ? text.ptr : "", text.len);

	return json ? json : json_string("(no UTF-8)");
}

static void
record_add(struct recorder *recorder, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) < 0)
		recorder->failed = true;
}

int
recorder_init(struct recorder *recorder, size_t events, const struct simulate_options *options, int64_t start_ms,
              struct arena *arena)
{
	*recorder = (struct recorder){.count = events, .start_ms = start_ms, .topic = options->topic};
	recorder->traces = arena_array(arena, events, sizeof(*recorder->traces));
	if (!recorder->traces)
		return -1;
	if (options->timeline)
		recorder->timeline = json_array();
	for (size_t i = 0; i < events; i++) {
		struct trace *trace = &recorder->traces[i];

		trace->sequence = json_array();
		trace->notifications = json_array();
		trace->history = json_array();
		trace->requests = json_array();
		trace->topic = json_array();
		trace->attempts = json_array();
		trace->operation_attempts = json_array();
		if (!trace->sequence || !trace->notifications || !trace->history || !trace->requests || !trace->topic ||
		    !trace->attempts || !trace->operation_attempts)
			return -1;
	}
	return options->timeline && !recorder->timeline ? -1 : 0;
}

void
recorder_done(struct recorder *recorder)
{
	for (size_t i = 0; recorder->traces && i < recorder->count; i++) {
		json_decref(recorder->traces[i].sequence);
		json_decref(recorder->traces[i].notifications);
		json_decref(recorder->traces[i].history);
		json_decref(recorder->traces[i].requests);
		json_decref(recorder->traces[i].final);
		json_decref(recorder->traces[i].topic);
		json_decref(recorder->traces[i].attempts);
		json_decref(recorder->traces[i].operation_attempts);
	}
	json_decref(recorder->timeline);
	*recorder = (struct recorder){0};
}

/* "     12.500 s  event 1  text" */
static void
notify(struct recorder *recorder, size_t index, int64_t now_ms, const char *text)
{
	double seconds = (double)(now_ms - recorder->start_ms) / 1000;

	if (recorder->timeline)
		record_add(recorder, recorder->timeline,
		           json_sprintf("%11.3f s  event %zu  %s", seconds, index + 1, text));
}

void
recorder_token(struct recorder *recorder, size_t index, int64_t now_ms, const char *format, ...)
{
	json_t *token;
	va_list args;

	va_start(args, format);
	token = json_vsprintf(format, args);
	va_end(args);
	if (!token)
		token = json_string("(no UTF-8)");
	if (token)
		notify(recorder, index, now_ms, json_string_value(token));
	record_add(recorder, recorder->traces[index].sequence, token);
}

static void
record_token(struct recorder *recorder, size_t index, int64_t now_ms, const struct action *action, const char *word,
             struct arena *arena)
{
	const struct directive *d = action->directive;
	struct str target = action->run ? action->run->target : STR_NONE;
	struct str message;

	switch (action->kind) {
	case ACTION_LOCKED:
		recorder_token(recorder, index, now_ms, "lock:%.*s", STR_ARG(target));
		break;
	case ACTION_LOCK_DENIED:
		recorder_token(recorder, index, now_ms, "lock-denied:%.*s", STR_ARG(target));
		break;
	case ACTION_UNLOCK:
		recorder_token(recorder, index, now_ms, "unlock:%.*s", STR_ARG(target));
		break;
	case ACTION_GUARD_OFF:
		recorder_token(recorder, index, now_ms, "guard-disabled:%.*s", STR_ARG(d->id));
		break;
	case ACTION_GUARDED:
		recorder_token(recorder, index, now_ms, "guard:%.*s:%s", STR_ARG(d->id), word);
		break;
	case ACTION_START:
		recorder_token(recorder, index, now_ms, "start:%.*s#%u", STR_ARG(d->id), action->attempt);
		break;
	case ACTION_ENDED:
		recorder_token(recorder, index, now_ms, "end:%.*s#%u:%s", STR_ARG(d->id), action->attempt,
		               result_name[action->result]);
		break;
	case ACTION_ABORT:
		recorder_token(recorder, index, now_ms, "%s:%.*s#%u", action->timed_out ? "cl-timeout" : "lock-lost",
		               STR_ARG(d->id), action->attempt);
		break;
	case ACTION_REJECT:
		recorder_token(recorder, index, now_ms, "reject");
		break;
	case ACTION_FINAL:
		recorder_token(recorder, index, now_ms, "final:%s",
		               action->final == FINAL_NONE     ? "abort"
		               : action->final == RESULT_COUNT ? FINAL_OPENLOOP
		                                               : result_final[action->final]);
		break;
	case ACTION_IGNORE:
		message = action_message(action, arena);
		recorder_token(recorder, index, now_ms, "%.*s", STR_ARG(message));
		break;
	default:
		break;
	}
}

static void
record_notification(struct recorder *recorder, size_t index, int64_t now_ms, const struct action *action,
                    struct arena *arena)
{
	const char *name = action_notification(action);
	struct trace *trace = &recorder->traces[index];
	struct str message = STR_NONE;
	json_t *text;

	if (!name)
		return;
	message = action_message(action, arena);
	text = message.ptr ? json_sprintf("%s|%.*s", name, STR_ARG(message)) : json_string(name);
	if (!text)
		text = json_sprintf("%s|(no UTF-8)", name);
	if (text)
		notify(recorder, index, now_ms, arena_printf(arena, "  says %s", json_string_value(text)));
	record_add(recorder, trace->notifications, text);
	if (action->kind != ACTION_FINAL && action->kind != ACTION_REJECT)
		return;
	json_decref(trace->final);
	trace->final = json_pack("{s:s, s:s?, s:o}", "notification", name, "result",
	                         action->kind != ACTION_FINAL || action->final == FINAL_NONE ? NULL
	                         : action->final == RESULT_COUNT                             ? FINAL_OPENLOOP
	                                                         : result_final[action->final],
	                         "message", message.ptr ? record_json_text(message) : json_null());
	if (!trace->final)
		recorder->failed = true;
}

static void
record_row(struct recorder *recorder, size_t index, const struct action *action)
{
	struct trace *trace = &recorder->traces[index];
	char id[SUBREQUEST_SIZE];
	struct operation row;
	json_t *json;

	if (!action_row(action, id, &row))
		return;
	json = json_pack("{s:o, s:o, s:o, s:o, s:o}", "actor", record_json_text(row.actor), "operation",
	                 record_json_text(row.operation), "target", record_json_text(row.target), "outcome",
	                 record_json_text(row.outcome), "message",
	                 row.message.ptr ? record_json_text(row.message) : json_null());
	if (action->kind == ACTION_START)
		trace->open_row = json_array_size(trace->history);
	if (action->kind != ACTION_ENDED && action->kind != ACTION_ABORT)
		record_add(recorder, trace->history, json);
	else if (json_array_set_new(trace->history, trace->open_row, json) < 0)
		recorder->failed = true;
}

/* A final tells of all attempts of the transaction, the end of one of those of its operation. */
static void
record_topic(struct recorder *recorder, size_t index, int64_t now_ms, const struct action *action)
{
	struct trace *trace = &recorder->traces[index];
	json_t *attempt = topic_attempt(action), *history = NULL;

	if (action->kind == ACTION_START && action->attempt == 1 && json_array_clear(trace->operation_attempts) < 0)
		recorder->failed = true;
	if (attempt) {
		if (json_array_append(trace->attempts, attempt) < 0)
			recorder->failed = true;
		record_add(recorder, trace->operation_attempts, attempt);
	}
	if (!action_notification(action))
		return;
	if (action->kind == ACTION_FINAL)
		history = trace->attempts;
	else if (action->kind == ACTION_ENDED)
		history = trace->operation_attempts;
	record_add(recorder, trace->topic, topic_notification(action, history, now_ms));
}

void
recorder_action(struct recorder *recorder, size_t index, int64_t now_ms, const struct action *action, const char *word)
{
	struct arena arena;

	arena_init(&arena, 0);
	record_token(recorder, index, now_ms, action, word, &arena);
	record_notification(recorder, index, now_ms, action, &arena);
	record_row(recorder, index, action);
	if (recorder->topic)
		record_topic(recorder, index, now_ms, action);
	arena_free(&arena);
}

void
recorder_request(struct recorder *recorder, size_t index, const struct request *request)
{
	json_t *json = json_object();

	for (int i = 0; json && i < ATTRIBUTE_COUNT; i++) {
		if (request->attribute[i].ptr &&
		    json_object_set_new(json, attribute_key[i], record_json_text(request->attribute[i])) < 0)
			recorder->failed = true;
	}
	if (json && json_object_set_new(json, "requestId", record_json_text(request->request_id)) < 0)
		recorder->failed = true;
	if (json && request->has_vf_count && json_object_set_new(json, "vfCount", json_integer(request->vf_count)) < 0)
		recorder->failed = true;
	record_add(recorder, recorder->traces[index].requests, json);
}

int
recorder_result(struct recorder *recorder, json_t *ret)
{
	json_t *sequence = json_array(), *notifications = json_array(), *history = json_array(),
	       *requests = json_array();
	json_t *final = NULL, *topic = json_array();
	bool failed = recorder->failed || !topic || !sequence || !notifications || !history || !requests;

	for (size_t i = 0; !failed && i < recorder->count; i++) {
		struct trace *trace = &recorder->traces[i];

		failed = json_array_extend(sequence, trace->sequence) < 0 ||
		         json_array_extend(notifications, trace->notifications) < 0 ||
		         json_array_extend(history, trace->history) < 0 ||
		         json_array_extend(requests, trace->requests) < 0 || json_array_extend(topic, trace->topic) < 0;
		if (trace->final)
			final = trace->final;
	}
	/* Each takes its reference even when it fails. */
	failed |= json_object_set_new(ret, "sequence", sequence) < 0;
	failed |= json_object_set_new(ret, "final", final ? json_incref(final) : json_null()) < 0;
	failed |= json_object_set_new(ret, "notifications", notifications) < 0;
	failed |= json_object_set_new(ret, "history", history) < 0;
	failed |= json_object_set_new(ret, "guard_requests", requests) < 0;
	if (recorder->topic)
		failed |= json_object_set(ret, "topic", topic) < 0;
	json_decref(topic);
	if (recorder->timeline)
		failed |= json_object_set(ret, "timeline", recorder->timeline) < 0;
	return failed ? -1 : 0;
}
