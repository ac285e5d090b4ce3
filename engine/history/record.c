/* record - the records of the operation log as bytes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history/record.h"

/*
 * A record, all numbers in the machine's own order (LMDB files do not travel between architectures either):
 *
 *   0 u64 check      keyed hash of all that follows, mixed with the record's number
 *   8 u8 version, u8 flags, u16 zero, u32 length of the record
 *  16 i64 start, end, recorded, until
 *  48 u64 number of the record that it replaces
 *  56 u64[2] reservation
 *  72 u16[8] lengths of the texts, 0xffff for absent ones; then the texts
 */
#define VERSION 1
#define HEADER_SIZE 88
#define ABSENT 0xffff

static void
texts_of(const struct operation *row, struct str texts[RECORD_TEXTS])
{
	const struct str all[RECORD_TEXTS] = {row->actor,      row->operation,     row->target,  row->clname,
	                                      row->request_id, row->subrequest_id, row->outcome, row->message};

	memcpy(texts, all, sizeof(all));
}

static uint64_t
record_check_of(const struct hash_key *key, uint64_t number, const char *bytes, size_t len)
{
	return hash_mix(hash_str(key, (struct str){bytes + 8, len - 8}), number);
}

size_t
record_write(const struct hash_key *key, uint64_t number, const struct record *record, char *out)
{
	const int64_t times[4] = {record->row.start_ms, record->row.end_ms, record->recorded_ms, record->until_ms};
	const uint64_t id[2] = {record->reservation.lo, record->reservation.hi};
	struct str texts[RECORD_TEXTS];
	uint16_t lengths[RECORD_TEXTS];
	size_t len = HEADER_SIZE;
	uint32_t length;
	uint64_t check;

	texts_of(&record->row, texts);
	for (size_t i = 0; i < RECORD_TEXTS; i++) {
		lengths[i] = texts[i].ptr ? (uint16_t)texts[i].len : ABSENT;
		if (texts[i].ptr && texts[i].len) {
			memcpy(out + len, texts[i].ptr, texts[i].len);
			len += texts[i].len;
		}
	}
	length = (uint32_t)len;
	memset(out, 0, 16);
	out[8] = VERSION;
	out[9] = (char)record->flags;
	memcpy(out + 12, &length, 4);
	memcpy(out + 16, times, 32);
	memcpy(out + 48, &record->replaces, 8);
	memcpy(out + 56, id, 16);
	memcpy(out + 72, lengths, 16);
	check = record_check_of(key, number, out, len);
	memcpy(out, &check, 8);
	return len;
}

/* The texts behind the header; -ERROR_DAMAGED when they are not as long as the record. */
static int
texts_read(struct str bytes, struct operation *row)
{
	struct str *const texts[RECORD_TEXTS] = {&row->actor,      &row->operation,     &row->target,  &row->clname,
	                                         &row->request_id, &row->subrequest_id, &row->outcome, &row->message};
	uint16_t lengths[RECORD_TEXTS];
	size_t at = HEADER_SIZE;

	memcpy(lengths, bytes.ptr + 72, 16);
	for (size_t i = 0; i < RECORD_TEXTS; i++) {
		size_t len = lengths[i] == ABSENT ? 0 : lengths[i];

		if (len > bytes.len - at)
			return -ERROR_DAMAGED;
		*texts[i] = lengths[i] == ABSENT ? STR_NONE : (struct str){bytes.ptr + at, len};
		at += len;
	}
	return at == bytes.len ? 0 : -ERROR_DAMAGED;
}

int
record_read(const struct hash_key *key, uint64_t number, struct str bytes, struct record *ret)
{
	struct record record = {0};
	int64_t times[4];
	uint64_t id[2], check;
	uint32_t length;
	int r;

	if (bytes.len < HEADER_SIZE)
		return -ERROR_DAMAGED;
	memcpy(&check, bytes.ptr, 8);
	memcpy(&length, bytes.ptr + 12, 4);
	if (bytes.ptr[8] != VERSION || length != bytes.len ||
	    check != record_check_of(key, number, bytes.ptr, bytes.len))
		return -ERROR_DAMAGED;
	memcpy(times, bytes.ptr + 16, 32);
	memcpy(&record.replaces, bytes.ptr + 48, 8);
	memcpy(id, bytes.ptr + 56, 16);
	record.flags = (unsigned char)bytes.ptr[9];
	record.row.start_ms = times[0];
	record.row.end_ms = times[1];
	record.recorded_ms = times[2];
	record.until_ms = times[3];
	record.reservation = (struct hash128){id[0], id[1]};
	r = texts_read(bytes, &record.row);
	if (r == 0)
		*ret = record;
	return r;
}

bool
record_counts(const struct record *record)
{
	return !(record->flags & RECORD_GONE) && !str_is(record->row.outcome, "Failure_Guard");
}
