/* fuzz_records - whatever bytes stand in the log, they are a record that writes back as they are, or damage */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/history/entry.h"
#include "engine/history/key.h"
#include "engine/history/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash_key key = {5, 6};

#define NUMBER 7

/* The check is right, so that what lies behind it is reached. Its place and its rule: engine/history_format.c. */
static void
put_check(char *bytes, size_t size)
{
	uint64_t check = hash_mix(hash_str(&key, (struct str){bytes + 8, size - 8}), NUMBER);

	memcpy(bytes, &check, sizeof(check));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct count_entry entries[KEYS_MAX];
	struct hash128 identity;
	struct record record;
	char *bytes, out[RECORD_MAX];
	uint32_t length = (uint32_t)size;

	if (record_read(&key, NUMBER, (struct str){(const char *)data, size}, &record) == 0)
		abort(); /* nobody outside knows the key; a collision would be one in 2^64 */
	if (size < 16 || size > RECORD_MAX)
		return 0;
	bytes = malloc(size);
	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	memcpy(bytes + 12, &length, sizeof(length));
	put_check(bytes, size);
	if (record_read(&key, NUMBER, (struct str){bytes, size}, &record) == 0) {
		if (record_entries(&key, NUMBER, &record, entries) > KEYS_MAX)
			abort();
		(void)record_identity(&key, &record, &identity); /* it may have none */
		memset(bytes + 10, 0, 2);                        /* not used */
		put_check(bytes, size);
		if (record_write(&key, NUMBER, &record, out) != size || memcmp(out, bytes, size) != 0)
			abort();
	}
	free(bytes);
	return 0;
}
