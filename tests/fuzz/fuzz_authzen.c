/* fuzz_authzen - whatever the bytes, the fast path of AuthZEN's questions and the slow one agree */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/bodies/authzen.h"
#include "api/bodies/request_scan.h"
#include "base/document.h"

#define ITEMS_MOST 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_text(struct str a, struct str b)
{
	if (!str_equal(a, b) || !a.ptr != !b.ptr)
		abort();
}

static void
same_request(const struct request *a, const struct request *b)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		same_text(a->attribute[i], b->attribute[i]);
	same_text(a->request_id, b->request_id);
	same_text(a->subrequest_id, b->subrequest_id);
	if (a->has_vf_count != b->has_vf_count || a->vf_count != b->vf_count || a->field_count != b->field_count)
		abort();
	for (size_t i = 0; i < a->field_count; i++) {
		if (a->fields[i].root != b->fields[i].root)
			abort();
		same_text(a->fields[i].name, b->fields[i].name);
		same_text(a->fields[i].value, b->fields[i].value);
	}
}

static void
compare_one(struct str body, enum guard_mode mode, struct arena *arena)
{
	struct authzen_question question;
	struct request quick, slow;
	struct error err = {0};
	struct node *root;
	bool scanned = authzen_scan(body, mode, arena, &quick);
	int r = json_read(body, "fuzz", &document_limits_default, arena, &root, &err);

	if (r == 0)
		r = authzen_read(root, arena, &question, &err);
	if (r == 0)
		r = authzen_request(&question, NULL, mode, arena, &slow, &err);
	if (r != -(int)err.code || (scanned && r != 0))
		abort();
	if (scanned)
		same_request(&quick, &slow);
}

static void
compare_batch(struct str body, enum guard_mode mode, struct arena *arena)
{
	struct authzen_batch *quick = arena_alloc(arena, sizeof(*quick)), *slow = arena_alloc(arena, sizeof(*slow));
	struct error err = {0};
	struct node *root;
	bool scanned;
	int r;

	if (!quick || !slow)
		abort();
	scanned = authzen_scan_batch(body, mode, ITEMS_MOST, arena, quick);
	r = json_read(body, "fuzz", &document_limits_default, arena, &root, &err);
	if (r == 0)
		r = authzen_read_batch(root, mode, ITEMS_MOST, arena, slow, &err);
	if (r != -(int)err.code || (scanned && (r != 0 || quick->count != slow->count)))
		abort();
	for (size_t i = 0; scanned && i < quick->count; i++) {
		if (quick->items[i].err || slow->items[i].err)
			abort();
		same_request(&quick->items[i].request, &slow->items[i].request);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + REQUEST_SCAN_SLACK);
	struct arena arena;

	if (!body)
		abort();
	memset(body + size, '"', REQUEST_SCAN_SLACK); /* what is behind the NUL has no say */
	body[size] = '\0';
	if (size)
		memcpy(body, data, size);
	arena_init(&arena, (size_t)64 << 20);
	for (int mode = 0; mode < GUARD_MODES; mode++) {
		compare_one((struct str){body, size}, (enum guard_mode)mode, &arena);
		compare_batch((struct str){body, size}, (enum guard_mode)mode, &arena);
	}
	arena_free(&arena);
	free(body);
	return 0;
}
