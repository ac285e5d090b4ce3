/* hosting - what each participant hosts, and when its reports named it last */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/hosting.h"

/* An entry: the element's id in 16 bytes, be64 time of its last report, and a byte of flags above the state. */
#define ID_SIZE 16
#define ENTRY_SIZE (ID_SIZE + 8 + 1)
#define STATE_MASK 0x0f
#define ENTRY_OWED 0x10    /* a report is owed: the instance is settled, and the element on its participant */
#define ENTRY_MISSING 0x20 /* found missing, or given up: not counted */
#define ENTRY_LOOK 0x40    /* the instance must see each report */

static struct str
loop_row_key(struct txn *txn, struct concept participant, struct concept loop)
{
	struct str head = txn_key(txn, ROW_HOSTING, participant.name, participant.version);
	struct str tail = txn_key(txn, '\0', loop.name, loop.version);

	return txn_key(txn, ROW_HOSTING, (struct str){head.ptr + 1, head.len - 1},
	               (struct str){tail.ptr + 1, tail.len - 1});
}

static int
hosting_hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* False when the text is not a UUID. */
static bool
pack_id(struct str text, unsigned char ret[ID_SIZE])
{
	size_t digits = 0;

	memset(ret, 0, ID_SIZE);
	for (size_t i = 0; i < text.len && digits < ID_SIZE * 2; i++) {
		int digit = hosting_hex_digit(text.ptr[i]);

		if (text.ptr[i] == '-')
			continue;
		if (digit < 0)
			return false;
		ret[digits / 2] = (unsigned char)(ret[digits / 2] << 4 | digit);
		digits++;
	}
	return digits == ID_SIZE * 2 && text.len == 36;
}

static unsigned char *
find_entry(const unsigned char *row, size_t len, const unsigned char id[ID_SIZE])
{
	for (size_t at = 0; at + ENTRY_SIZE <= len; at += ENTRY_SIZE)
		if (memcmp(row + at, id, ID_SIZE) == 0)
			return (unsigned char *)(uintptr_t)(row + at);
	return NULL;
}

static bool
is_counted(const unsigned char *entry)
{
	return (entry[ENTRY_SIZE - 1] & (ENTRY_OWED | ENTRY_MISSING)) == ENTRY_OWED;
}

/* --- the rows follow their instances --- */

static bool
is_hosted(const struct txn *txn, const struct element *element)
{
	return element->participant_id.name.ptr && !host_has_id(txn, element->participant_id) &&
	       (element->state != LOOP_UNINITIALISED || element->ordered != LOOP_UNINITIALISED);
}

static unsigned char
element_flags(const struct loop *loop, const struct element *element)
{
	bool owed = !loop_busy(loop) && element->state != LOOP_UNINITIALISED;
	bool look = element->missing || element->faulty || element->tries || element->restore != RESTORE_NONE;

	return (unsigned char)((owed ? ENTRY_OWED | (unsigned)element->state : 0) |
	                       (element->missing || element->faulty ? ENTRY_MISSING : 0) | (look ? ENTRY_LOOK : 0));
}

/* Whether the rows would stay as they are. */
static bool
hosting_is_same(const struct txn *txn, const struct loop *before, const struct loop *after)
{
	if (!before || !after || before->count != after->count)
		return false;
	for (size_t i = 0; i < after->count; i++) {
		const struct element *old = &before->elements[i], *new = &after->elements[i];

		if (!str_equal(old->id, new->id) || !concept_equal(old->participant_id, new->participant_id) ||
		    is_hosted(txn, old) != is_hosted(txn, new) ||
		    element_flags(before, old) != element_flags(after, new))
			return false;
	}
	return true;
}

static void
hosting_write_entry(struct hosting *hosting, const struct str *old_row, const struct loop *loop,
                    const struct element *element, unsigned char to[ENTRY_SIZE])
{
	const unsigned char *old;

	(void)pack_id(element->id, to); /* an element's id is a UUID */
	old = find_entry((const unsigned char *)old_row->ptr, old_row->len, to);
	to[ENTRY_SIZE - 1] = element_flags(loop, element);
	store_pack_i64(to + ID_SIZE, old && is_counted(old) ? store_unpack_i64(old + ID_SIZE) : hosting->txn->now_ms);
	if (is_counted(to) && !(old && is_counted(old)))
		stamps_add(&hosting->stamps, hosting->txn->now_ms);
	else if (!is_counted(to) && old && is_counted(old))
		stamps_remove(&hosting->stamps, store_unpack_i64(old + ID_SIZE));
}

/* The row of one participant and instance; `after` NULL: nothing is hosted any more. */
static void
follow_host(struct txn *txn, struct concept participant, struct concept loop_id, const struct loop *after)
{
	struct str key = loop_row_key(txn, participant, loop_id), old = STR_NONE;
	unsigned char *row = arena_alloc(txn->arena, (after ? after->count : 0) * ENTRY_SIZE + 1);
	struct hosting hosting;
	size_t len = 0;

	if (!row) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	hosting_begin(txn, participant, &hosting);
	(void)txn_get(txn, key, &old); /* a new one has none */
	for (size_t i = 0; after && i < after->count; i++) {
		const struct element *element = &after->elements[i];

		if (!is_hosted(txn, element) || !concept_equal(element->participant_id, participant))
			continue;
		hosting_write_entry(&hosting, &old, after, element, row + len);
		len += ENTRY_SIZE;
	}
	for (size_t at = 0; at + ENTRY_SIZE <= old.len; at += ENTRY_SIZE) {
		const unsigned char *entry = (const unsigned char *)old.ptr + at;

		if (is_counted(entry) && !find_entry(row, len, entry))
			stamps_remove(&hosting.stamps, store_unpack_i64(entry + ID_SIZE));
	}
	if (len)
		txn_put(txn, key, (struct str){(const char *)row, len});
	else if (old.ptr)
		txn_delete(txn, key);
	hosting_flush(&hosting);
}

/* Whether an element before this one has the same host. */
static bool
hosting_is_repeated(const struct loop *loop, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (concept_equal(loop->elements[j].participant_id, loop->elements[i].participant_id))
			return true;
	return false;
}

static bool
hosts_any(const struct loop *loop, struct concept participant)
{
	for (size_t i = 0; i < loop->count; i++)
		if (concept_equal(loop->elements[i].participant_id, participant))
			return true;
	return false;
}

void
hosting_follow(struct txn *txn, const struct loop *before, const struct loop *after)
{
	if (hosting_is_same(txn, before, after))
		return;
	for (size_t i = 0; before && i < before->count; i++) {
		struct concept host = before->elements[i].participant_id;

		if (host.name.ptr && !host_has_id(txn, host) && !hosting_is_repeated(before, i) &&
		    !(after && hosts_any(after, host)))
			follow_host(txn, host, before->id, NULL);
	}
	for (size_t i = 0; after && i < after->count; i++) {
		struct concept host = after->elements[i].participant_id;

		if (host.name.ptr && !host_has_id(txn, host) && !hosting_is_repeated(after, i))
			follow_host(txn, host, after->id, after);
	}
}

static bool
start_loop(void *context, struct loop *loop)
{
	hosting_follow(context, NULL, loop);
	return true;
}

void
hosting_start(struct txn *txn)
{
	struct str key = STR("Mhosting"), value;

	if (txn_get(txn, key, &value))
		return;
	loops_each(txn, STR_NONE, STR_NONE, start_loop, txn);
	txn_put(txn, key, STR("1"));
}

/* --- reports --- */

void
hosting_begin(struct txn *txn, struct concept participant, struct hosting *ret)
{
	ret->txn = txn;
	ret->participant = participant;
	ret->loop = (struct concept){STR_NONE, STR_NONE};
	ret->row_changed = false;
	stamps_begin(txn, participant, &ret->stamps);
}

void
hosting_flush(struct hosting *hosting)
{
	if (hosting->row_changed)
		txn_put(hosting->txn, loop_row_key(hosting->txn, hosting->participant, hosting->loop),
		        (struct str){(const char *)hosting->row, hosting->row_len});
	stamps_write(&hosting->stamps);
	hosting_begin(hosting->txn, hosting->participant, hosting);
}

static void
load_row(struct hosting *hosting, struct concept loop)
{
	struct str value;

	if (hosting->loop.name.ptr && concept_equal(hosting->loop, loop))
		return;
	if (hosting->row_changed)
		txn_put(hosting->txn, loop_row_key(hosting->txn, hosting->participant, hosting->loop),
		        (struct str){(const char *)hosting->row, hosting->row_len});
	hosting->loop = loop;
	hosting->row_changed = false;
	hosting->row_len = 0;
	if (!txn_get(hosting->txn, loop_row_key(hosting->txn, hosting->participant, loop), &value))
		return;
	hosting->row = (unsigned char *)(uintptr_t)value.ptr; /* txn_get's copy is ours */
	hosting->row_len = value.len;
}

enum hosting_answer
hosting_report(struct hosting *hosting, struct concept loop, struct str element, enum loop_state state)
{
	unsigned char id[ID_SIZE], *entry, flags;

	if (!concept_name_valid(loop.name) || !concept_version_valid(loop.version) || !pack_id(element, id))
		return HOSTING_UNKNOWN;
	load_row(hosting, loop);
	entry = find_entry(hosting->row, hosting->row_len, id);
	if (!entry)
		return HOSTING_UNKNOWN;
	flags = entry[ENTRY_SIZE - 1];
	if (is_counted(entry) && store_unpack_i64(entry + ID_SIZE) != hosting->txn->now_ms) {
		stamps_remove(&hosting->stamps, store_unpack_i64(entry + ID_SIZE));
		stamps_add(&hosting->stamps, hosting->txn->now_ms);
		store_pack_i64(entry + ID_SIZE, hosting->txn->now_ms);
		hosting->row_changed = true;
	}
	if (!(flags & ENTRY_OWED))
		return flags & ENTRY_LOOK ? HOSTING_LOOK : HOSTING_RIGHT;
	return !(flags & ENTRY_LOOK) && (flags & STATE_MASK) == state ? HOSTING_RIGHT : HOSTING_LOOK;
}

/* --- what is overdue --- */

static bool
entry_overdue(const unsigned char *entry, int64_t before_ms)
{
	return is_counted(entry) && store_unpack_i64(entry + ID_SIZE) < before_ms;
}

struct rows_walk {
	size_t prefix_len;
	int64_t before_ms;
	bool (*visit)(void *context, const struct hosting_row *row);
	void *context;
};

/* Behind the participant stands the instance; the key is NUL-terminated. */
static bool
visit_row(void *context, struct str key, struct str value)
{
	const struct rows_walk *walk = context;
	struct str name = str_from(key.ptr + walk->prefix_len);
	struct hosting_row row = {.loop = {name, str_from(name.ptr + name.len + 1)}, .entries = value};

	for (size_t at = 0; at + ENTRY_SIZE <= value.len; at += ENTRY_SIZE) {
		const unsigned char *entry = (const unsigned char *)value.ptr + at;

		row.overdue |= entry_overdue(entry, walk->before_ms);
		row.missing |= (entry[ENTRY_SIZE - 1] & ENTRY_MISSING) != 0;
	}
	return walk->visit(walk->context, &row);
}

void
hosting_each(struct txn *txn, struct concept participant, int64_t before_ms,
             bool (*visit)(void *context, const struct hosting_row *row), void *context)
{
	struct str key = txn_key(txn, ROW_HOSTING, participant.name, participant.version);
	struct str prefix = txn_key(txn, ROW_HOSTING, (struct str){key.ptr + 1, key.len - 1}, STR(""));
	struct rows_walk walk = {prefix.len, before_ms, visit, context};

	txn_each(txn, prefix, visit_row, &walk);
}

bool
hosting_is_overdue(const struct hosting_row *row, struct str element, int64_t before_ms)
{
	unsigned char id[ID_SIZE];
	const unsigned char *entry = NULL;

	if (pack_id(element, id))
		entry = find_entry((const unsigned char *)row->entries.ptr, row->entries.len, id);
	return entry && entry_overdue(entry, before_ms);
}

static bool
hosting_count_row(void *context, const struct hosting_row *row)
{
	for (size_t at = 0; at + ENTRY_SIZE <= row->entries.len; at += ENTRY_SIZE) {
		const unsigned char *entry = (const unsigned char *)row->entries.ptr + at;

		if (is_counted(entry))
			stamps_add(context, store_unpack_i64(entry + ID_SIZE));
	}
	return true;
}

void
hosting_recount(struct txn *txn, struct concept participant)
{
	struct stamps stamps;

	stamps_begin(txn, participant, &stamps);
	stamps_clear(&stamps);
	hosting_each(txn, participant, INT64_MIN, hosting_count_row, &stamps);
	stamps_write(&stamps);
}
