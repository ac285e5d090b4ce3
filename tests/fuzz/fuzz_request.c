/* fuzz_request - whatever the bytes, the fast path of a decision request and the long one agree */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "base/document.h"

#define LIST_MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct request *quick, const struct request *slow)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (!str_equal(quick->attribute[i], slow->attribute[i]) ||
		    !quick->attribute[i].ptr != !slow->attribute[i].ptr)
			abort();
	if (!str_equal(quick->request_id, slow->request_id) || quick->has_vf_count != slow->has_vf_count ||
	    !str_equal(quick->subrequest_id, slow->subrequest_id) || quick->vf_count != slow->vf_count ||
	    slow->has_current_time)
		abort();
}

static void
compare(struct str body, enum guard_mode mode)
{
	struct request quick, slow = {0};
	struct error err = {0};
	struct arena arena;
	struct node *root;
	bool scanned = request_scan(body, mode, &quick);
	int r;

	arena_init(&arena, (size_t)64 << 20);
	r = json_read(body, "fuzz", &document_limits_default, &arena, &root, &err);
	if (r == 0)
		r = request_read(root, (struct request_form){.mode = mode}, &arena, &slow, &err);
	if (r != -(int)err.code || (scanned && r != 0))
		abort();
	if (scanned)
		same(&quick, &slow);
	arena_free(&arena);
}

/* The same of a list: where the quick reader takes it, each of its questions is what the other reads. */
static void
compare_list(struct str body, enum guard_mode mode)
{
	struct request quick[LIST_MOST];
	size_t count, at = 0;
	struct error err = {0};
	struct arena arena;
	struct node *root;

	if (!request_scan_list(body, mode, LIST_MOST, quick, &count))
		return;
	arena_init(&arena, (size_t)64 << 20);
	if (json_read(body, "fuzz", &document_limits_default, &arena, &root, &err) != 0)
		abort();
	for (const struct node *question = node_get(root, "decisions")->first; question; question = question->next) {
		struct request slow = {0};

		if (at == count ||
		    request_read(question, (struct request_form){.mode = mode}, &arena, &slow, &err) != 0)
			abort();
		same(&quick[at++], &slow);
	}
	if (at != count)
		abort();
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *body = malloc(size + REQUEST_SCAN_SLACK);

	if (!body)
		abort();
	memset(body + size, '"', REQUEST_SCAN_SLACK); /* what is behind the NUL has no say */
	body[size] = '\0';
	if (size)
		memcpy(body, data, size);
	for (int mode = 0; mode < GUARD_MODES; mode++) {
		compare((struct str){body, size}, (enum guard_mode)mode);
		compare_list((struct str){body, size}, (enum guard_mode)mode);
	}
	free(body);
	return 0;
}
