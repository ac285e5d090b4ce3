/* fuzz_request - whatever the bytes, the fast path of a decision request and the long one agree */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/bodies/request.h"
#include "api/bodies/request_scan.h"
#include "base/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	for (int i = 0; scanned && i < ATTRIBUTE_COUNT; i++)
		if (!str_equal(quick.attribute[i], slow.attribute[i]) ||
		    !quick.attribute[i].ptr != !slow.attribute[i].ptr)
			abort();
	if (scanned && (!str_equal(quick.request_id, slow.request_id) || quick.has_vf_count != slow.has_vf_count ||
	                !str_equal(quick.subrequest_id, slow.subrequest_id) || quick.vf_count != slow.vf_count ||
	                slow.has_current_time))
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
	for (int mode = 0; mode < GUARD_MODES; mode++)
		compare((struct str){body, size}, (enum guard_mode)mode);
	free(body);
	return 0;
}
