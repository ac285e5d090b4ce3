/* txn - one step of the runtime inside one transaction: rows, messages, rights */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/txn.h"

#include "base/uuid.h"

void
turn_note(struct turn *turn, const struct reservation_note *note)
{
	struct arena *arena = &turn->runtime->arena; /* turn->arena may be one event's */
	struct reservation_note *copy;
	struct request *request;

	if (!turn->runtime->options.answered)
		return;
	copy = arena_alloc(arena, sizeof(*copy));
	if (!copy) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	*copy = *note;
	copy->next = NULL;
	request = &copy->request;
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		if (request->attribute[i].ptr)
			request->attribute[i] = arena_str(arena, request->attribute[i]);
	request->request_id = arena_str(arena, request->request_id);
	request->subrequest_id = arena_str(arena, request->subrequest_id);
	copy->outcome = arena_str(arena, note->outcome);
	if (turn->last_note)
		turn->last_note->next = copy;
	else
		turn->notes = copy;
	turn->last_note = copy;
}

void
turn_note_change(struct turn *turn, bool operational, const struct reservation_change *change, int r,
                 const struct reservation_status *status)
{
	static const enum reservation_event events[] = {
		[RESERVATION_SETTLE] = RESERVATION_SETTLED_EVENT,
		[RESERVATION_ABORT] = RESERVATION_ABORTED_EVENT,
		[RESERVATION_RENEW] = RESERVATION_RENEWED_EVENT,
	};
	struct reservation_note note = {
		.event = r == 0 ? events[change->action] : RESERVATION_REFUSED_EVENT,
		.operational = operational,
		.state = status->state,
		.outcome = change->action == RESERVATION_SETTLE ? change->outcome : STR_NONE,
		.at_ms = turn->now_ms,
	};

	if (r != 0 && r != -ERROR_CONFLICT)
		return;
	memcpy(note.id, status->id, sizeof(note.id));
	turn_note(turn, &note);
}

void
turn_fail(struct turn *turn, enum error_code code)
{
	if (turn->failed == 0)
		turn->failed = -(int)code;
}

void
turn_fail_row(struct turn *turn, int r)
{
	turn_fail(turn, r == -ERROR_MEMORY ? ERROR_MEMORY : ERROR_DAMAGED);
}

static struct str
copy(struct turn *turn, struct str text)
{
	struct str kept = arena_str(turn->arena, text.ptr ? text : STR(""));

	if (!kept.ptr)
		turn_fail(turn, ERROR_MEMORY);
	return kept;
}

struct str
turn_key(struct turn *turn, char kind, struct str a, struct str b)
{
	struct str key = {NULL, 1 + a.len + (b.ptr ? 1 + b.len : 0)};
	char *bytes = arena_alloc(turn->arena, key.len + 1);

	if (!bytes || key.len > STORE_KEY_MAX) {
		turn_fail(turn, bytes ? ERROR_LIMIT : ERROR_MEMORY);
		return STR("?");
	}
	bytes[0] = kind;
	if (a.len)
		memcpy(bytes + 1, a.ptr, a.len);
	if (b.ptr && b.len)
		memcpy(bytes + 2 + a.len, b.ptr, b.len); /* a NUL between them */
	key.ptr = bytes;
	return key;
}

bool
turn_table_peek(struct turn *turn, enum history_shared table, struct str key, struct str *ret)
{
	int r = turn->failed ? turn->failed : store_get(turn->txn, history_shared_table(table), key, ret);

	if (r < 0)
		turn_fail(turn, error_from(r));
	return r == 1;
}

bool
turn_table_get(struct turn *turn, enum history_shared table, struct str key, struct str *ret)
{
	struct str value;

	if (!turn_table_peek(turn, table, key, &value))
		return false;
	*ret = copy(turn, value);
	return turn->failed == 0;
}

void
turn_table_put(struct turn *turn, enum history_shared table, struct str key, struct str value)
{
	int r = turn->failed ? 0 : store_put(turn->txn, history_shared_table(table), key, value);

	if (r < 0)
		turn_fail(turn, error_from(r));
}

void
turn_table_delete(struct turn *turn, enum history_shared table, struct str key)
{
	int r = turn->failed ? 0 : store_delete(turn->txn, history_shared_table(table), key);

	if (r < 0)
		turn_fail(turn, error_from(r));
}

/* An entry as a store call left it, copied. */
static bool
take_entry(struct turn *turn, int r, struct store_entry *ret)
{
	if (r < 0)
		turn_fail(turn, error_from(r));
	if (r != 1)
		return false;
	ret->key = copy(turn, ret->key);
	ret->value = copy(turn, ret->value);
	return turn->failed == 0;
}

bool
turn_table_above(struct turn *turn, enum history_shared table, struct str key, size_t prefix_len,
                 struct store_entry *ret)
{
	if (turn->failed)
		return false;
	return take_entry(turn, store_above(turn->txn, history_shared_table(table), key, prefix_len, ret), ret);
}

bool
turn_table_below(struct turn *turn, enum history_shared table, struct str key, size_t prefix_len,
                 struct store_entry *ret)
{
	unsigned number = history_shared_table(table);
	int r = turn->failed ? 0 : store_below(turn->txn, number, key, prefix_len, ret);

	if (r == 1 && str_equal(ret->key, key))
		r = store_previous(turn->txn, number, key, prefix_len, ret);
	return take_entry(turn, r, ret);
}

bool
turn_get(struct turn *turn, struct str key, struct str *ret)
{
	return turn_table_get(turn, HISTORY_RUNTIME, key, ret);
}

void
turn_put(struct turn *turn, struct str key, struct str value)
{
	turn_table_put(turn, HISTORY_RUNTIME, key, value);
}

void
turn_delete(struct turn *turn, struct str key)
{
	turn_table_delete(turn, HISTORY_RUNTIME, key);
}

void
turn_each(struct turn *turn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
          void *context)
{
	struct str from = prefix;
	struct store_entry entry;

	while (turn_table_above(turn, HISTORY_RUNTIME, from, prefix.len, &entry)) {
		if (!visit(context, entry.key, entry.value))
			return;
		/* The copy is NUL-terminated: one byte more is the least greater key. */
		from = (struct str){entry.key.ptr, entry.key.len + 1};
		if (from.len > STORE_KEY_MAX)
			return;
	}
}

void
turn_each_down(struct turn *turn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
               void *context)
{
	char top[STORE_KEY_MAX];
	struct str from = {top, STORE_KEY_MAX};
	struct store_entry entry;

	memset(top, 0xff, sizeof(top));
	memcpy(top, prefix.ptr, prefix.len);
	while (turn_table_below(turn, HISTORY_RUNTIME, from, prefix.len, &entry) &&
	       visit(context, entry.key, entry.value))
		from = entry.key;
}

struct str
turn_uuid(struct turn *turn)
{
	char *id = arena_alloc(turn->arena, UUID_SIZE);

	if (!id) {
		turn_fail(turn, ERROR_MEMORY);
		return STR("");
	}
	uuid_make(turn->runtime->random, id);
	return (struct str){id, UUID_SIZE - 1};
}

struct str
turn_time(struct turn *turn)
{
	char *text = arena_alloc(turn->arena, TIME_TEXT_SIZE);

	if (!text) {
		turn_fail(turn, ERROR_MEMORY);
		return STR("");
	}
	time_format_instant(turn->now_ms, text);
	return str_from(text);
}

struct str
turn_text(struct turn *turn, struct text *text)
{
	struct str done = text_done(text);

	if (done.ptr)
		return done;
	turn_fail(turn, ERROR_MEMORY);
	return STR("");
}

void
runtime_read(struct runtime *runtime, struct history_reader *reader, struct arena *arena, struct turn *ret)
{
	*ret = (struct turn){
		.runtime = runtime,
		.txn = history_reader_txn(reader),
		.arena = arena,
		.now_ms = engine_now(runtime->engine),
	};
}
