/* fuzz_looptype - service templates of control loops: checked, and written as messages carry them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "engine/decide/policyset.h"
#include "runtime/looptype/looptype.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct catalogue *builtin; /* compiled once, as the service does */
	static struct arena kept;
	struct looptype_findings findings;
	struct document_limits limits = document_limits_default;
	struct node *root;
	struct arena arena;
	struct text out;
	struct definition_list list = {.out = &out, .written = {.arena = &arena}};

	if (!builtin) {
		arena_init(&kept, 0);
		if (policyset_builtin(&kept, &builtin, NULL) != 0)
			return 0; /* out of memory */
	}
	arena_init(&arena, (size_t)64 << 20);
	limits.nodes = 100000;
	if (document_read((struct str){(const char *)data, size}, "fuzz", &limits, &arena, &root, NULL) == 0) {
		looptype_check(builtin, root, (struct looptype_rules){COMPAT_AUTO, true}, &arena, &findings);
		text_init(&out, &arena);
		if (!findings.status) {
			looptype_write_definitions(builtin, root, SIZE_MAX, &list);
			(void)looptype_write_fragment(root, &out);
		}
	}
	arena_free(&arena);
	return 0;
}
