/* call - the answers of calls to the control loop runtime */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/document.h"
#include "runtime/model/vocabulary.h"

enum page_step
page_next(struct page *page)
{
	size_t item = page->seen++;

	if (item < page->offset)
		return PAGE_SKIP;
	return page->limit && item - page->offset >= page->limit ? PAGE_END : PAGE_TAKE;
}

static void
call_adopt_body(struct runtime_call *call, struct node *root)
{
	if (call->compositions)
		vocabulary_to_loops(root);
	call->body = root;
}

int
call_read_json(struct runtime_call *call)
{
	struct node *root;
	int r = json_read(call->raw, "", &call->limits, &call->scratch, &root, &call->err);

	if (r == 0)
		call_adopt_body(call, root);
	return r;
}

int
call_read_yaml(struct runtime_call *call)
{
	struct node *root;
	int r = yaml_read(call->raw, "", &call->limits, &call->scratch, &root, &call->err);

	if (r == 0)
		call_adopt_body(call, root);
	return r;
}

void
call_answer(struct runtime_call *call, unsigned status, struct str json)
{
	call->status = status;
	call->reply = json;
}

void
call_refuse(struct runtime_call *call, unsigned status, const char *format, ...)
{
	char sentence[2048];
	struct text out;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args); /* a longer one is cut */
	va_end(args);
	text_init(&out, &call->arena);
	text_add(&out, STR("{\"errorDetails\":"));
	text_add_json(&out, str_from(sentence));
	text_add(&out, STR("}"));
	call_answer(call, status, text_done(&out));
}
