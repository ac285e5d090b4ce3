/* txn - one step of the runtime inside one transaction: rows, messages, reservations */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/txn.h"

#include "base/trace.h"
#include "base/uuid.h"

void
txn_note(struct txn *txn, const struct reservation_note *note)
{
	struct arena *arena = &txn->runtime->arena; /* txn->arena may be one event's */
	struct reservation_note *copy;

	if (!txn->runtime->options.answered)
		return;
	copy = arena_alloc(arena, sizeof(*copy));
	if (copy) {
		*copy = *note;
		copy->next = NULL;
	}
	if (!copy || !request_copy(arena, &copy->request)) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	copy->outcome = arena_str(arena, note->outcome);
	if (txn->trace.len > TRACE_ID_AT + TRACE_ID_LEN)
		copy->trace = arena_str(arena, (struct str){txn->trace.ptr + TRACE_ID_AT, TRACE_ID_LEN});
	if (txn->last_note)
		txn->last_note->next = copy;
	else
		txn->notes = copy;
	txn->last_note = copy;
}

void
txn_note_change(struct txn *txn, bool operational, const struct reservation_change *change, int r,
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
		.at_ms = txn->now_ms,
	};

	if (r != 0 && r != -ERROR_CONFLICT)
		return;
	memcpy(note.id, status->id, sizeof(note.id));
	txn_note(txn, &note);
}

void
txn_fail(struct txn *txn, enum error_code code)
{
	if (txn->failed == 0)
		txn->failed = -(int)code;
}

void
txn_fail_row(struct txn *txn, int r)
{
	txn_fail(txn, r == -ERROR_MEMORY ? ERROR_MEMORY : ERROR_DAMAGED);
}

static struct str
txn_copy(struct txn *txn, struct str text)
{
	struct str kept = arena_str(txn->arena, text.ptr ? text : STR(""));

	if (!kept.ptr)
		txn_fail(txn, ERROR_MEMORY);
	return kept;
}

struct str
txn_key(struct txn *txn, char kind, struct str a, struct str b)
{
	struct str key = {NULL, 1 + a.len + (b.ptr ? 1 + b.len : 0)};
	char *bytes = arena_alloc(txn->arena, key.len + 1);

	if (!bytes || key.len > STORE_KEY_MAX) {
		txn_fail(txn, bytes ? ERROR_LIMIT : ERROR_MEMORY);
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
txn_table_peek(struct txn *txn, enum history_shared table, struct str key, struct str *ret)
{
	int r = txn->failed ? txn->failed : store_get(txn->store, history_shared_table(table), key, ret);

	if (r < 0)
		txn_fail(txn, error_from(r));
	return r == 1;
}

bool
txn_table_get(struct txn *txn, enum history_shared table, struct str key, struct str *ret)
{
	struct str value;

	if (!txn_table_peek(txn, table, key, &value))
		return false;
	*ret = txn_copy(txn, value);
	return txn->failed == 0;
}

void
txn_table_put(struct txn *txn, enum history_shared table, struct str key, struct str value)
{
	int r = txn->failed ? 0 : store_put(txn->store, history_shared_table(table), key, value);

	if (r < 0)
		txn_fail(txn, error_from(r));
}

void
txn_table_delete(struct txn *txn, enum history_shared table, struct str key)
{
	int r = txn->failed ? 0 : store_delete(txn->store, history_shared_table(table), key);

	if (r < 0)
		txn_fail(txn, error_from(r));
}

/* An entry as a store call left it, copied. */
static bool
take_entry(struct txn *txn, int r, struct store_entry *ret)
{
	if (r < 0)
		txn_fail(txn, error_from(r));
	if (r != 1)
		return false;
	ret->key = txn_copy(txn, ret->key);
	ret->value = txn_copy(txn, ret->value);
	return txn->failed == 0;
}

bool
txn_table_above(struct txn *txn, enum history_shared table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	if (txn->failed)
		return false;
	return take_entry(txn, store_above(txn->store, history_shared_table(table), key, prefix_len, ret), ret);
}

bool
txn_table_below(struct txn *txn, enum history_shared table, struct str key, size_t prefix_len, struct store_entry *ret)
{
	unsigned number = history_shared_table(table);
	int r = txn->failed ? 0 : store_below(txn->store, number, key, prefix_len, ret);

	if (r == 1 && str_equal(ret->key, key))
		r = store_previous(txn->store, number, key, prefix_len, ret);
	return take_entry(txn, r, ret);
}

bool
txn_get(struct txn *txn, struct str key, struct str *ret)
{
	return txn_table_get(txn, HISTORY_RUNTIME, key, ret);
}

void
txn_put(struct txn *txn, struct str key, struct str value)
{
	txn_table_put(txn, HISTORY_RUNTIME, key, value);
}

void
txn_delete(struct txn *txn, struct str key)
{
	txn_table_delete(txn, HISTORY_RUNTIME, key);
}

void
txn_each(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
         void *context)
{
	struct str from = prefix;
	struct store_entry entry;

	while (txn_table_above(txn, HISTORY_RUNTIME, from, prefix.len, &entry)) {
		if (!visit(context, entry.key, entry.value))
			return;
		/* The copy is NUL-terminated: one byte more is the least greater key. */
		from = (struct str){entry.key.ptr, entry.key.len + 1};
		if (from.len > STORE_KEY_MAX)
			return;
	}
}

void
txn_each_down(struct txn *txn, struct str prefix, bool (*visit)(void *context, struct str key, struct str value),
              void *context)
{
	char top[STORE_KEY_MAX];
	struct str from = {top, STORE_KEY_MAX};
	struct store_entry entry;

	memset(top, 0xff, sizeof(top));
	memcpy(top, prefix.ptr, prefix.len);
	while (txn_table_below(txn, HISTORY_RUNTIME, from, prefix.len, &entry) &&
	       visit(context, entry.key, entry.value))
		from = entry.key;
}

struct str
txn_uuid(struct txn *txn)
{
	char *id = arena_alloc(txn->arena, UUID_SIZE);

	if (!id) {
		txn_fail(txn, ERROR_MEMORY);
		return STR("");
	}
	uuid_make(txn->runtime->random, id);
	return (struct str){id, UUID_SIZE - 1};
}

struct str
txn_time(struct txn *txn)
{
	char *text = arena_alloc(txn->arena, TIME_TEXT_SIZE);

	if (!text) {
		txn_fail(txn, ERROR_MEMORY);
		return STR("");
	}
	time_format_instant(txn->now_ms, text);
	return str_from(text);
}

struct str
txn_text(struct txn *txn, struct text *text)
{
	struct str done = text_done(text);

	if (done.ptr)
		return done;
	txn_fail(txn, ERROR_MEMORY);
	return STR("");
}

void
runtime_read(struct runtime *runtime, struct history_reader *reader, struct arena *arena, struct txn *ret)
{
	*ret = (struct txn){
		.runtime = runtime,
		.store = history_reader_txn(reader),
		.arena = arena,
		.now_ms = engine_now(runtime->engine),
	};
}
