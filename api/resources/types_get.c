/* types_get - GET types and types/NAME: what policies may say, built in or declared by documents in force, for forms */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/types.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "base/text.h"
#include "engine/decide/policyset.h"

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

/* The types that documents in force declare. */
static void
list_own_types(const struct policyset *set, struct text *out)
{
	for (size_t i = 0; i < set->own_type_count; i++) {
		const struct policyset_type *own = &set->own_types[i];
		const struct type type = {
			.kind = own->kind, .name = own->name, .version = own->version, .description = own->description};

		(void)list_type(out, &type); /* never stops */
	}
}

/* The schema of such a type by name, and by version when it is given; copied, absent when there is none. */
static struct str
own_type_schema(struct exchange *exchange, struct str name, struct str version)
{
	struct policyset *set = engine_set_hold(exchange->worker->service->engine);
	struct str schema = STR_NONE;

	for (size_t i = 0; i < set->own_type_count && !schema.ptr; i++)
		if (str_equal(set->own_types[i].name, name) &&
		    (!version.len || str_equal(set->own_types[i].version, version)))
			schema = arena_str(exchange->arena, set->own_types[i].schema);
	policyset_drop(set);
	return schema;
}

void
types_get(struct exchange *exchange)
{
	struct policyset *set = engine_set_hold(exchange->worker->service->engine);
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("["));
	(void)catalogue_each(engine_builtin(exchange->worker->service->engine), list_type, &out); /* never stops */
	list_own_types(set, &out);
	policyset_drop(set);
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

	if (!type)
		text = own_type_schema(exchange, name, exchange_query(exchange, "version"));
	if (text.ptr) {
		answer_json(exchange, text);
	} else if (!type) {
		(void)error_set(&err, ERROR_UNKNOWN, NULL, "there is no type '%.*s' of that version", STR_ARG(name));
		answer_problem(exchange, 404, &err);
	} else if (types_schema(catalogue, type, exchange->arena, &text, &err) != 0) {
		answer_error(exchange, &err);
	} else {
		answer_json(exchange, text);
	}
}
