/* execution - one event and what is done about it, as rows: any process can take it up at any moment */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/operate/execution.h"

#include <stdlib.h>

#include "base/document.h"
#include "base/hash.h"
#include "runtime/act/message.h"
#include "runtime/rows/txn.h"

#define NUMBER 8 /* bytes of a number in a key */

static const struct document_limits row_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};

/* Who can make two texts meet here can as well send the one in the place of the other. */
static const struct hash_key hash_key = {0, 0};

static struct str
execution_bytes_of(const void *bytes, size_t len)
{
	return (struct str){bytes, len};
}

static struct str
execution_number_key(struct txn *txn, char kind, uint64_t number)
{
	unsigned char bytes[NUMBER];

	store_pack_u64(bytes, number);
	return txn_key(txn, kind, execution_bytes_of(bytes, NUMBER), STR_NONE);
}

static struct str
due_key(struct txn *txn, int64_t due_ms, uint64_t number)
{
	unsigned char bytes[2 * NUMBER];

	store_pack_i64(bytes, due_ms);
	store_pack_u64(bytes + NUMBER, number);
	return txn_key(txn, ROW_DUE, execution_bytes_of(bytes, sizeof(bytes)), STR_NONE);
}

static struct str
hashed_key(struct txn *txn, char kind, const struct str *parts, size_t count)
{
	struct hash128 hash = hash_parts(&hash_key, parts, count);

	return txn_key(txn, kind, execution_bytes_of(&hash, sizeof(hash)), STR_NONE);
}

/* An event is found by all of it, and by its loop and request id. */
static struct str
same_key(struct txn *txn, const struct event *event, bool by_request)
{
	const struct str whole[] = {STR("event"), event->identity};
	const struct str request[] = {STR("request"), event->clname, event->request_id};

	return by_request ? hashed_key(txn, ROW_SAME, request, 3) : hashed_key(txn, ROW_SAME, whole, 2);
}

/* --- totals --- */

#define TOTALS_KEY STR("Mtransactions")

void
totals_read(struct txn *txn, uint64_t ret[TOTALS])
{
	struct str value;
	bool there = txn_get(txn, TOTALS_KEY, &value) && value.len == TOTALS * NUMBER;

	for (size_t i = 0; i < TOTALS; i++)
		ret[i] = there ? store_unpack_u64(value.ptr + i * NUMBER) : 0;
}

void
totals_add(struct txn *txn, enum total total, int64_t by)
{
	unsigned char bytes[TOTALS * NUMBER];
	uint64_t numbers[TOTALS];

	totals_read(txn, numbers);
	numbers[total] += (uint64_t)by;
	for (size_t i = 0; i < TOTALS; i++)
		store_pack_u64(bytes + i * NUMBER, numbers[i]);
	txn_put(txn, TOTALS_KEY, execution_bytes_of(bytes, sizeof(bytes)));
}

/* --- rows of one --- */

static bool
delete_row(void *context, struct str key, struct str value)
{
	(void)value;
	txn_delete(context, key);
	return true;
}

static void
remove_rows(struct txn *txn, uint64_t number)
{
	txn_delete(txn, execution_number_key(txn, ROW_RUN, number));
	txn_delete(txn, execution_number_key(txn, ROW_EVENT, number));
	txn_delete(txn, execution_number_key(txn, ROW_PLAN, number));
	txn_each(txn, execution_number_key(txn, ROW_ATTEMPT, number), delete_row, txn);
	totals_add(txn, TOTAL_RUNNING, -1);
}

static void
index_due(struct txn *txn, struct execution *execution, int64_t due_ms)
{
	uint64_t number = execution->run.number;

	if (execution->indexed_ms == due_ms)
		return;
	if (execution->indexed_ms != INT64_MAX)
		txn_delete(txn, due_key(txn, execution->indexed_ms, number));
	if (due_ms != INT64_MAX)
		txn_put(txn, due_key(txn, due_ms, number), STR(""));
	execution->indexed_ms = due_ms;
}

void
execution_begin(struct txn *txn, struct execution *execution)
{
	unsigned char bytes[NUMBER];
	uint64_t totals[TOTALS];
	struct text plan;

	totals_add(txn, TOTAL_BEGUN, 1);
	totals_add(txn, TOTAL_RUNNING, 1);
	totals_read(txn, totals);
	execution->run.number = totals[TOTAL_BEGUN];
	execution->indexed_ms = INT64_MAX;
	text_init(&plan, txn->arena);
	plan_write(&plan, execution->run.policy);
	txn_put(txn, execution_number_key(txn, ROW_PLAN, execution->run.number), txn_text(txn, &plan));
	txn_put(txn, execution_number_key(txn, ROW_EVENT, execution->run.number), execution->json);
	store_pack_u64(bytes, execution->run.number);
	txn_put(txn, same_key(txn, &execution->event, false), execution_bytes_of(bytes, NUMBER));
	txn_put(txn, same_key(txn, &execution->event, true), execution_bytes_of(bytes, NUMBER));
}

void
execution_save(struct txn *txn, struct execution *execution)
{
	struct text row;

	index_due(txn, execution, run_due(&execution->run));
	text_init(&row, txn->arena);
	text_add(&row, STR("{"));
	run_write(&row, &execution->run);
	text_add(&row, STR(",\"right\":"));
	text_add_json(&row, execution->reservation);
	if (execution->trace.ptr) {
		text_add(&row, STR(",\"trace\":"));
		text_add_json(&row, execution->trace);
	}
	text_add(&row, STR("}"));
	txn_put(txn, execution_number_key(txn, ROW_RUN, execution->run.number), txn_text(txn, &row));
}

static bool
find_number(struct txn *txn, const struct event *event, bool by_request, uint64_t *ret_number)
{
	struct str value;

	if ((by_request && event->request_id.len == 0) || !txn_get(txn, same_key(txn, event, by_request), &value) ||
	    value.len != NUMBER)
		return false;
	*ret_number = store_unpack_u64(value.ptr);
	return true;
}

bool
execution_find(struct txn *txn, const struct event *event, bool by_request, uint64_t *ret_number)
{
	struct str row;

	/* one that could not be read, and was taken out, leaves its entry */
	return find_number(txn, event, by_request, ret_number) &&
	       txn_get(txn, execution_number_key(txn, ROW_RUN, *ret_number), &row);
}

/* The entry that finds an event may be a later one's by now. */
static void
forget_same(struct txn *txn, const struct execution *execution, bool by_request)
{
	uint64_t number;

	if (find_number(txn, &execution->event, by_request, &number) && number == execution->run.number)
		txn_delete(txn, same_key(txn, &execution->event, by_request));
}

void
execution_end(struct txn *txn, struct execution *execution)
{
	index_due(txn, execution, INT64_MAX);
	forget_same(txn, execution, false);
	forget_same(txn, execution, true);
	remove_rows(txn, execution->run.number);
}

/* --- reading --- */

static bool
execution_read_event(struct txn *txn, struct str row, struct event *ret)
{
	json_t *json = json_loadb(row.ptr, row.len, 0, NULL);
	bool good = json && event_read(json, txn->arena, ret, NULL) == 0;

	json_decref(json);
	return good;
}

/* False when a part is missing or cannot be read. */
static bool
read_parts(struct txn *txn, uint64_t number, struct str row, struct execution *ret)
{
	const struct operational *plan;
	struct node *root, *plan_root;
	const struct node *reservation;
	struct str text;

	if (json_read(row, "", &row_limits, txn->arena, &root, NULL) != 0 || !run_read(root, &ret->run) ||
	    ret->run.number != number || !txn_get(txn, execution_number_key(txn, ROW_EVENT, number), &ret->json) ||
	    !txn_get(txn, execution_number_key(txn, ROW_PLAN, number), &text) ||
	    !execution_read_event(txn, ret->json, &ret->event) ||
	    json_read(text, "", &row_limits, txn->arena, &plan_root, NULL) != 0)
		return false;
	plan = plan_read(plan_root, txn->arena);
	if (!plan || ret->run.at >= (int32_t)plan->count || (ret->run.at < 0 && ret->run.state != RUN_IDLE))
		return false;
	reservation = node_get(root, "right");
	ret->reservation = reservation ? reservation->text : STR_NONE;
	ret->trace = node_get(root, "trace") ? node_get(root, "trace")->text : STR_NONE;
	ret->run.policy = plan;
	ret->run.event = &ret->event;
	ret->run.options = &txn->runtime->run_options;
	ret->indexed_ms = run_due(&ret->run);
	return true;
}

/* An unreadable row must not stop everything else; its lock ends by itself. */
static void
drop_unreadable(struct txn *txn, uint64_t number)
{
	remove_rows(txn, number);
	notify_refusal(txn, "POLICIES_REFUSED",
	               "a transaction of an operational policy cannot be read, and was taken out");
}

bool
execution_load(struct txn *txn, uint64_t number, struct execution *ret)
{
	struct str row;

	if (!txn_get(txn, execution_number_key(txn, ROW_RUN, number), &row))
		return false;
	*ret = (struct execution){0};
	if (read_parts(txn, number, row, ret))
		return true;
	if (txn->arena->exhausted)
		txn_fail(txn, ERROR_MEMORY);
	else if (txn->writer && !txn->failed)
		drop_unreadable(txn, number);
	return false;
}

bool
execution_due(struct txn *txn, int64_t *ret_ms, uint64_t *ret_number)
{
	struct str prefix = txn_key(txn, ROW_DUE, STR(""), STR_NONE);
	struct store_entry entry;

	if (!txn_table_above(txn, HISTORY_RUNTIME, prefix, prefix.len, &entry) || entry.key.len != 1 + 2 * NUMBER)
		return false;
	*ret_ms = store_unpack_i64(entry.key.ptr + 1);
	*ret_number = store_unpack_u64(entry.key.ptr + 1 + NUMBER);
	return true;
}

void
execution_forget_due(struct txn *txn, int64_t due_ms, uint64_t number)
{
	txn_delete(txn, due_key(txn, due_ms, number));
}

struct execution_walk {
	struct txn *txn;
	bool (*visit)(void *context, struct execution *execution);
	void *context;
};

static bool
visit_run(void *context, struct str key, struct str row)
{
	struct execution_walk *walk = context;
	struct execution execution = {0};
	struct txn txn = *walk->txn;
	struct arena scratch;
	bool on = true;

	arena_init(&scratch, 0); /* a thousand policies at a time would be too many */
	txn.arena = &scratch;
	if (key.len == 1 + NUMBER && read_parts(&txn, store_unpack_u64(key.ptr + 1), row, &execution))
		on = walk->visit(walk->context, &execution);
	walk->txn->failed = txn.failed;
	arena_free(&scratch);
	return on;
}

void
transactions_each(struct txn *txn, bool (*visit)(void *context, struct execution *execution), void *context)
{
	struct execution_walk walk = {txn, visit, context};

	txn_each(txn, txn_key(txn, ROW_RUN, STR(""), STR_NONE), visit_run, &walk);
}
