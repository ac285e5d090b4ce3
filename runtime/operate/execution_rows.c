/* execution_rows - what stands beside a execution: locks on targets, attempts, counted events */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "engine/machine/window.h"
#include "runtime/operate/execution.h"
#include "runtime/rows/txn.h"

#define NUMBER 8          /* bytes of a number in a key or value */
#define ATTEMPTS_KEPT 100 /* of one transaction */
#define WINDOWS_MOST 1024 /* AAI maps whose ONSETs are counted at a time; the one unheard longest gives way */

static const struct hash_key hash_key = {0, 0};

static struct str
execution_rows_bytes_of(const void *bytes, size_t len)
{
	return (struct str){bytes, len};
}

/* --- locks: be64 number, be64 end of the hold, the target --- */

static struct str
lock_key(struct txn *txn, struct str target)
{
	struct hash128 hash = hash_parts(&hash_key, &target, 1);

	return txn_key(txn, ROW_LOCK, execution_rows_bytes_of(&hash, sizeof(hash)), STR_NONE);
}

bool
lock_take(struct txn *txn, struct str target, uint64_t number, int64_t until_ms)
{
	struct str key = lock_key(txn, target), value;
	size_t len = 2 * NUMBER + target.len;
	unsigned char *bytes;

	if (txn_get(txn, key, &value) && value.len >= 2 * NUMBER && store_unpack_i64(value.ptr + NUMBER) > txn->now_ms)
		return false;
	bytes = arena_bytes(txn->arena, len);
	if (!bytes) {
		txn_fail(txn, ERROR_MEMORY);
		return false;
	}
	store_pack_u64(bytes, number);
	store_pack_i64(bytes + NUMBER, until_ms);
	memcpy(bytes + 2 * NUMBER, target.ptr, target.len);
	txn_put(txn, key, execution_rows_bytes_of(bytes, len));
	return true;
}

void
lock_free(struct txn *txn, struct str target, uint64_t number)
{
	struct str key = lock_key(txn, target), value;

	if (txn_get(txn, key, &value) && value.len >= NUMBER && store_unpack_u64(value.ptr) == number)
		txn_delete(txn, key);
}

/* --- attempts: be64 number, be32 serial -> be32 directive, JSON --- */

static void
pack_u32(unsigned char *out, uint32_t number)
{
	for (int i = 3; i >= 0; i--, number >>= 8)
		out[i] = (unsigned char)number;
}

static struct str
attempt_key(struct txn *txn, uint64_t number, uint32_t serial)
{
	unsigned char bytes[NUMBER + 4];

	store_pack_u64(bytes, number);
	pack_u32(bytes + NUMBER, serial);
	return txn_key(txn, ROW_ATTEMPT, execution_rows_bytes_of(bytes, sizeof(bytes)), STR_NONE);
}

void
attempt_keep(struct txn *txn, const struct execution *execution, uint32_t serial, int32_t at, struct str json)
{
	unsigned char *value = arena_bytes(txn->arena, 4 + json.len);

	if (!value) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	pack_u32(value, (uint32_t)at);
	memcpy(value + 4, json.ptr, json.len);
	txn_put(txn, attempt_key(txn, execution->run.number, serial), execution_rows_bytes_of(value, 4 + json.len));
	if (serial > ATTEMPTS_KEPT)
		txn_delete(txn, attempt_key(txn, execution->run.number, serial - ATTEMPTS_KEPT));
}

struct execution_gathering {
	struct txn *txn;
	json_t *list;
	int32_t at;
};

static bool
gather(void *context, struct str key, struct str value)
{
	struct execution_gathering *gathering = context;
	unsigned char at[4];
	json_t *json;

	(void)key;
	pack_u32(at, (uint32_t)gathering->at);
	if (value.len < 4 || (gathering->at >= 0 && memcmp(value.ptr, at, 4) != 0))
		return true;
	json = json_loadb(value.ptr + 4, value.len - 4, 0, NULL);
	if (json && json_array_append_new(gathering->list, json) < 0)
		txn_fail(gathering->txn, ERROR_MEMORY);
	return true;
}

json_t *
attempts_list(struct txn *txn, const struct execution *execution, int32_t at)
{
	struct str first = attempt_key(txn, execution->run.number, 0);
	struct execution_gathering gathering = {txn, json_array(), at};

	if (!gathering.list) {
		txn_fail(txn, ERROR_MEMORY);
		return NULL;
	}
	txn_each(txn, (struct str){first.ptr, 1 + NUMBER}, gather, &gathering);
	return gathering.list;
}

/* --- counted events: be64 heard, then the stamps, be64 each --- */

/* The row that was heard of longest ago. */
struct crowd {
	struct str oldest;
	int64_t oldest_ms;
	size_t count;
};

static bool
look_at_window(void *context, struct str key, struct str value)
{
	struct crowd *crowd = context;
	int64_t heard_ms = value.len >= NUMBER ? store_unpack_i64(value.ptr) : INT64_MIN;

	if (crowd->count++ == 0 || heard_ms < crowd->oldest_ms) {
		crowd->oldest = key;
		crowd->oldest_ms = heard_ms;
	}
	return true;
}

static void
execution_make_room(struct txn *txn)
{
	struct crowd crowd = {0};

	txn_each(txn, txn_key(txn, ROW_WINDOW, STR(""), STR_NONE), look_at_window, &crowd);
	if (crowd.count >= WINDOWS_MOST)
		txn_delete(txn, crowd.oldest);
}

uint32_t
onset_count(struct txn *txn, const struct operational *policy, const struct event *event)
{
	const struct str parts[] = {policy->id, event->aai_identity};
	struct hash128 hash = hash_parts(&hash_key, parts, 2);
	struct str key = txn_key(txn, ROW_WINDOW, execution_rows_bytes_of(&hash, sizeof(hash)), STR_NONE),
		   value = STR_NONE;
	int64_t stamps[GATE_EVALUATIONS_MAX + 1];
	unsigned char bytes[(GATE_EVALUATIONS_MAX + 2) * NUMBER];
	uint32_t count = 0, have;

	if (!txn_get(txn, key, &value))
		execution_make_room(txn);
	for (size_t at = NUMBER; at + NUMBER <= value.len && count < GATE_EVALUATIONS_MAX; at += NUMBER)
		stamps[count++] = store_unpack_i64(value.ptr + at);
	have = window_add(stamps, &count, txn->now_ms, policy->gate->period_ms, policy->gate->evaluations);
	store_pack_i64(bytes, txn->now_ms);
	for (uint32_t i = 0; i < count; i++)
		store_pack_i64(bytes + (1 + i) * NUMBER, stamps[i]);
	if (count > 0)
		txn_put(txn, key, execution_rows_bytes_of(bytes, (1 + count) * NUMBER));
	else
		txn_delete(txn, key);
	return have;
}
