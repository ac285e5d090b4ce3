/* types_get - GET types and types/NAME: what policies may say, as data for forms */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/types.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "base/text.h"

#define PATH "/clguard/v1/types/"

static int
list_type(void *context, const struct type *type)
{
	struct text *out = context;

	text_addf(out, "%s{\"kind\":\"%s\",\"name\":", out->len > 1 ? "," : "", type_kind_word[type->kind]);
	text_add_json(out, type->name);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, type->version);
	text_add(out, STR(",\"description\":"));
	text_add_json(out, type->description);
	text_add(out, STR("}"));
	return 0;
}

void
types_get(struct exchange *exchange)
{
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("["));
	(void)catalogue_each(engine_builtin(exchange->worker->service->engine), list_type, &out); /* never stops */
	text_add(&out, STR("]"));
	answer_json(exchange, text_done(&out));
}

void
type_get(struct exchange *exchange)
{
	const struct catalogue *catalogue = engine_builtin(exchange->worker->service->engine);
	const struct str name = {exchange->path.ptr + sizeof(PATH) - 1, exchange->path.len - (sizeof(PATH) - 1)};
	const struct type *type = types_find(catalogue, name, exchange_query(exchange, "version"));
	struct error err = {0};
	struct str text = STR_NONE;

	if (!type) {
		(void)error_set(&err, ERROR_UNKNOWN, NULL, "there is no built-in type '%.*s' of that version",
		                STR_ARG(name));
		answer_problem(exchange, 404, &err);
	} else if (types_schema(catalogue, type, exchange->arena, &text, &err) != 0) {
		answer_error(exchange, &err);
	} else {
		answer_json(exchange, text);
	}
}
