/* denials - the last denials of each thread that answers, for people who look */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/denials.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#define TEXT_SIZE 96 /* the NUL included */

enum denied_text {
	DENIED_ACTOR,
	DENIED_OPERATION,
	DENIED_TARGET,
	DENIED_CLNAME,
	DENIED_POLICY,
	DENIED_VERSION,
	DENIED_FILE,
	DENIED_TEXTS
};

/* The parts of a denial that are kept. */
struct denied {
	int64_t at_ms;
	uint32_t line;
	uint16_t reason, door;
	char texts[DENIED_TEXTS][TEXT_SIZE]; /* empty: absent */
};

#define WORDS (sizeof(struct denied) / sizeof(uint64_t))
static_assert(sizeof(struct denied) % sizeof(uint64_t) == 0, "a denial is copied word by word");

/* Words, so that a reader that meets the writer reads nothing but stale words. */
struct denial_slot {
	atomic_uint_fast64_t number; /* 2n + 2: holds the n-th of the lane; odd: being written */
	_Atomic uint64_t words[WORDS];
};

struct denial_lane {
	atomic_uint_fast64_t count; /* ever */
	struct denial_slot slots[DENIALS_KEPT];
};

struct denials {
	unsigned lanes;
	struct denial_lane lane[];
};

struct denials *
denials_new(unsigned lanes)
{
	struct denials *denials = calloc(1, sizeof(*denials) + lanes * sizeof(*denials->lane));

	if (denials)
		denials->lanes = lanes;
	return denials;
}

void
denials_free(struct denials *denials)
{
	free(denials);
}

unsigned
denials_lanes(const struct denials *denials)
{
	return denials->lanes;
}

static void
denied_keep_text(struct denied *denied, enum denied_text which, struct str text)
{
	size_t len = text.len < TEXT_SIZE - 1 ? text.len : TEXT_SIZE - 1;

	if (len)
		memcpy(denied->texts[which], text.ptr, len);
}

void
denials_add(struct denials *denials, unsigned lane_number, const struct log_entry *entry, int64_t now_ms)
{
	struct denial_lane *lane = &denials->lane[lane_number];
	uint64_t number = atomic_load_explicit(&lane->count, memory_order_relaxed); /* its only writer is this thread */
	struct denial_slot *slot = &lane->slots[number % DENIALS_KEPT];
	const struct request *request = entry->request;
	const struct guard *guard = entry->decision->guard;
	struct denied denied = {.at_ms = now_ms,
	                        .line = guard ? guard->line : entry->line,
	                        .reason = (uint16_t)entry->decision->reason,
	                        .door = (uint16_t)entry->door};
	uint64_t words[WORDS];

	denied_keep_text(&denied, DENIED_ACTOR, request ? request->attribute[ATTRIBUTE_ACTOR] : STR_NONE);
	denied_keep_text(&denied, DENIED_OPERATION, request ? request->attribute[ATTRIBUTE_OPERATION] : STR_NONE);
	denied_keep_text(&denied, DENIED_TARGET, request ? request->attribute[ATTRIBUTE_TARGET] : STR_NONE);
	denied_keep_text(&denied, DENIED_CLNAME, request ? request->attribute[ATTRIBUTE_CLNAME] : STR_NONE);
	denied_keep_text(&denied, DENIED_POLICY, guard ? guard->policy : STR_NONE);
	denied_keep_text(&denied, DENIED_VERSION, guard ? guard->version : STR_NONE);
	denied_keep_text(&denied, DENIED_FILE, guard ? str_from(guard->file) : entry->file);
	memcpy(words, &denied, sizeof(words));
	atomic_store_explicit(&slot->number, 2 * number + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release); /* a reader that sees a new word sees the odd number */
	for (size_t i = 0; i < WORDS; i++)
		atomic_store_explicit(&slot->words[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&slot->number, 2 * number + 2, memory_order_release); /* who sees it sees the words */
	atomic_store_explicit(&lane->count, number + 1, memory_order_release);
}

uint64_t
denials_count(const struct denials *denials)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < denials->lanes; i++)
		count += atomic_load_explicit(&denials->lane[i].count, memory_order_relaxed);
	return count;
}

/* False when it has been overwritten meanwhile. */
static bool
slot_read(const struct denial_slot *slot, uint64_t number, struct denied *ret)
{
	uint64_t words[WORDS];

	if (atomic_load_explicit(&slot->number, memory_order_acquire) != 2 * number + 2)
		return false;
	for (size_t i = 0; i < WORDS; i++)
		words[i] = atomic_load_explicit(&slot->words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire); /* a new word among them means a new number below */
	if (atomic_load_explicit(&slot->number, memory_order_relaxed) != 2 * number + 2)
		return false;
	memcpy(ret, words, sizeof(words));
	return true;
}

static int
newest_first(const void *a, const void *b)
{
	const struct denied *x = a, *y = b;

	return x->at_ms < y->at_ms ? 1 : x->at_ms > y->at_ms ? -1 : 0;
}

static void
denials_write_one(struct text *out, const struct denied *denied)
{
	static const char *const names[DENIED_TEXTS] = {"actor",  "operation", "target", "clname",
	                                                "policy", "version",   "file"};
	char time[TIME_TEXT_SIZE];

	time_format_instant(denied->at_ms, time);
	text_addf(out, "{\"time\":\"%s\",\"door\":\"%s\",\"reason\":\"%s\"", time, log_door_name[denied->door],
	          reason_name[denied->reason]);
	for (size_t i = 0; i < DENIED_TEXTS; i++) {
		if (!denied->texts[i][0])
			continue;
		text_addf(out, ",\"%s\":", names[i]);
		text_add_json(out, str_from(denied->texts[i]));
	}
	if (denied->line)
		text_addf(out, ",\"line\":%" PRIu32, denied->line);
	text_add(out, STR("}"));
}

size_t
denials_write(const struct denials *denials, uint64_t *seen, size_t most, struct arena *scratch, struct text *out)
{
	struct denied *list = arena_alloc(scratch, denials->lanes * DENIALS_KEPT * sizeof(*list));
	size_t count = 0, i;

	for (unsigned l = 0; list && l < denials->lanes; l++) {
		const struct denial_lane *lane = &denials->lane[l];
		uint64_t end = atomic_load_explicit(&lane->count, memory_order_acquire);
		uint64_t from = end > DENIALS_KEPT ? end - DENIALS_KEPT : 0;

		if (seen && seen[l] > from)
			from = seen[l];
		for (uint64_t n = from; n < end; n++)
			count += slot_read(&lane->slots[n % DENIALS_KEPT], n, &list[count]);
		if (seen)
			seen[l] = end;
	}
	if (count)
		qsort(list, count, sizeof(*list), newest_first);
	for (i = 0; i < count && i < most; i++) {
		text_add(out, i ? STR(",") : STR(""));
		denials_write_one(out, &list[i]);
	}
	return i;
}
