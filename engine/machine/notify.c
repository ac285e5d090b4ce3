/* notify - what a execution tells: notifications, and rows of the operation history */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/machine/run.h"

#include <inttypes.h>
#include <stdio.h>

struct str
run_subrequest(const struct run *run, uint32_t serial, char buf[SUBREQUEST_SIZE])
{
	(void)snprintf(buf, SUBREQUEST_SIZE, "%" PRIx64 "-%" PRIx64 "-%" PRIu32, (uint64_t)run->began_ms, run->number,
	               serial); /* at most 16 + 16 + 10 + 2 digits */
	return str_from(buf);
}

bool
subrequest_number(struct str id, uint64_t *ret)
{
	const char *at = id.len < SUBREQUEST_SIZE ? memchr(id.ptr, '-', id.len) : NULL, *end = id.ptr + id.len;
	uint64_t number = 0;
	unsigned digits = 0;

	for (at = at ? at + 1 : end; at < end && *at != '-'; at++, digits++) {
		const char *digit = memchr("0123456789abcdef", *at, 16);

		if (!digit || digits == 16)
			return false;
		number = number << 4 | (uint64_t)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
	}
	*ret = number;
	return digits > 0;
}

static struct str
subrequest_write(const struct action *action, char buf[SUBREQUEST_SIZE])
{
	return run_subrequest(action->run, action->serial, buf);
}

/* The words of the row, and of the notification of an attempt's end. */
static struct str
row_message(const struct action *action)
{
	switch (action->kind) {
	case ACTION_LOCK_DENIED:
		return STR("Operation denied by Lock");
	case ACTION_GUARDED:
		return STR("Operation denied by Guard");
	case ACTION_START:
		return STR_NONE;
	default:
		if (action->word.ptr)
			return action->word;
		return action->result == RESULT_SUCCESS ? STR("Success") : STR("Failed");
	}
}

bool
action_row(const struct action *action, char buf[SUBREQUEST_SIZE], struct operation *ret)
{
	switch (action->kind) {
	case ACTION_START:
	case ACTION_ENDED:
	case ACTION_LOCK_DENIED:
		break;
	case ACTION_GUARDED:
		if (action->permit)
			return false;
		break;
	case ACTION_ABORT:
		if (action->serial == 0)
			return false;
		break;
	default:
		return false;
	}
	*ret = (struct operation){
		.actor = action->directive->actor,
		.operation = action->directive->operation,
		.target = action->run->target,
		.clname = action->policy->id,
		.request_id = action->event->request_id,
		.subrequest_id = subrequest_write(action, buf),
		.outcome = action->kind == ACTION_START ? STR("Started") : str_from(result_outcome[action->result]),
		.message = row_message(action),
		.start_ms = action->start_ms,
		.end_ms = action->end_ms,
	};
	return true;
}

const char *
action_notification(const struct action *action)
{
	switch (action->kind) {
	case ACTION_ACTIVE:
		return "ACTIVE";
	case ACTION_REJECT:
		return "REJECTED";
	case ACTION_GUARD:
	case ACTION_GUARDED:
	case ACTION_START:
		return "OPERATION";
	case ACTION_ENDED:
		return action->result == RESULT_SUCCESS ? "OPERATION: SUCCESS" : "OPERATION: FAILURE";
	case ACTION_FINAL:
		if (action->final == RESULT_SUCCESS)
			return "FINAL: SUCCESS";
		return action->final == RESULT_COUNT ? "FINAL: OPENLOOP" : "FINAL: FAILURE";
	default:
		return NULL;
	}
}

const char *
action_target(const struct directive *d, struct arena *arena)
{
	const char *ids = d->entities.count > 0 ? "{" : "null";

	for (size_t i = 0; ids && i < d->entities.count; i++) {
		const struct entry *entry = &d->entities.list[i];

		ids = arena_printf(arena, "%s%s%.*s=%.*s", ids, i ? ", " : "", STR_ARG(entry->key),
		                   STR_ARG(entry->value));
	}
	return ids ? arena_printf(arena, "OperationalTarget(targetType=%s, entityIds=%s%s)",
	                          target_type_name[d->target_type], ids, d->entities.count > 0 ? "}" : "")
	           : NULL;
}

static char *
attempt_text(const struct action *action, struct arena *arena)
{
	const struct directive *d = action->directive;
	const char *target = action_target(d, arena);
	char id[SUBREQUEST_SIZE], start[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];
	struct str message = row_message(action);

	if (!target)
		return NULL;
	(void)subrequest_write(action, id);
	if (action->kind == ACTION_START)
		return arena_printf(arena, "actor=%.*s,operation=%.*s,target=%s,subRequestId=%s", STR_ARG(d->actor),
		                    STR_ARG(d->operation), target, id);
	time_format_instant(action->start_ms, start);
	time_format_instant(action->end_ms, end);
	return arena_printf(
		arena, "actor=%.*s,operation=%.*s,target=%s,start=%s,end=%s,subRequestId=%s,outcome=%s,message=%.*s",
		STR_ARG(d->actor), STR_ARG(d->operation), target, start, end, id, result_outcome[action->result],
		STR_ARG(message));
}

/* `format` with `word` for its %s. */
static char *
notify_fill(const struct action *action, struct arena *arena)
{
	const char *gap = strstr(action->format, "%s");

	if (!gap)
		return arena_printf(arena, "%s", action->format);
	return arena_printf(arena, "%.*s%.*s%s", (int)(gap - action->format), action->format, STR_ARG(action->word),
	                    gap + 2);
}

struct str
action_message(const struct action *action, struct arena *arena)
{
	const struct directive *d = action->directive;

	switch (action->kind) {
	case ACTION_GUARD:
		return str_from(arena_printf(arena, "Sending guard query for %.*s %.*s", STR_ARG(d->actor),
		                             STR_ARG(d->operation)));
	case ACTION_GUARDED:
		return str_from(arena_printf(arena, "Guard result for %.*s %.*s is %s", STR_ARG(d->actor),
		                             STR_ARG(d->operation), action->permit ? "Permit" : "Deny"));
	case ACTION_START:
	case ACTION_ENDED:
		return str_from(attempt_text(action, arena));
	case ACTION_IGNORE:
		if (action->need > 0)
			return str_from(arena_printf(arena, "%s %" PRIu32 "/%" PRIu32, action->format, action->have,
			                             action->need));
		return str_from(notify_fill(action, arena));
	default:
		return action->format ? str_from(notify_fill(action, arena)) : STR_NONE;
	}
}
