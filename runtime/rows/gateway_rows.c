/* gateway_rows - what control loop types say of services: kept as rows, told to participants, with the elements' keys */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include <inttypes.h>
#include <sys/random.h>

#define KEY_BYTES 32

/* --- text --- */

static void
write_scope(const struct gateway_scope *scope, struct text *out)
{
	const char *comma = "";

	if (scope->methods != GATEWAY_METHODS_ALL) {
		text_add(out, STR(",\"methods\":["));
		for (unsigned i = 0; i < GATEWAY_METHOD_COUNT; i++) {
			if (!(scope->methods & 1u << i))
				continue;
			text_addf(out, "%s\"%s\"", comma, gateway_method_name[i]);
			comma = ",";
		}
		text_add(out, STR("]"));
	}
	text_add(out, STR(",\"paths\":["));
	for (size_t i = 0; i < scope->path_count; i++) {
		text_add(out, i ? STR(",") : STR(""));
		text_add_json(out, scope->paths[i].len ? scope->paths[i] : STR("/"));
	}
	text_add(out, STR("]"));
}

static void
write_place(uint32_t line, uint32_t column, struct text *out)
{
	if (line)
		text_addf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32, line, column);
}

static void
write_service(const struct gateway_service *service, bool placed, struct text *out)
{
	text_add(out, STR("{\"name\":"));
	text_add_json(out, service->name);
	if (service->host.ptr) {
		text_add(out, STR(",\"protocol\":"));
		text_add_json(out, service->protocol);
		text_add(out, STR(",\"host\":"));
		text_add_json(out, service->host);
		text_addf(out, ",\"port\":%" PRId64 ",\"path\":", service->port);
		text_add_json(out, service->path.len ? service->path : STR("/"));
	}
	if (!service->http || !service->https)
		text_addf(out, ",\"protocols\":[\"%s\"]", service->https ? "https" : "http");
	write_scope(&service->scope, out);
	if (placed)
		write_place(service->line, service->column, out);
	text_add(out, STR("}"));
}

/* An instance, and its type's gateway. */
struct call_places {
	const struct gateway *gateway;
	const struct loop *loop;
};

/* The service as the first element that offers it has it; element NULL: it is outside of the loop. False: nobody does. */
static bool
find_place(const struct call_places *places, const struct gateway_call *call, struct arena *arena,
           struct gateway_service *ret, const struct element **ret_element)
{
	for (size_t i = 0; i <= places->loop->count; i++) {
		const struct element *element = i ? &places->loop->elements[i - 1] : NULL;
		const struct gateway_part *part =
			element ? gateway_part_of(places->gateway, element->definition) : &places->gateway->parts[0];

		if (!part || (call->element.ptr && (!element || !str_equal(call->element, part->definition.name))))
			continue;
		for (size_t j = 0; j < part->service_count; j++) {
			if (!str_equal(part->services[j].name, call->service))
				continue;
			*ret = element ? gateway_endpoint(&part->services[j], element, arena) : part->services[j];
			*ret_element = element;
			return true;
		}
	}
	return false;
}

/* Where the call leads: at the gateway, and without one. */
static void
write_call_place(const struct call_places *places, const struct gateway_call *call, struct text *out)
{
	const struct element *element;
	struct gateway_service service;
	struct str at;

	if (!find_place(places, call, out->arena, &service, &element))
		return;
	at = element ? element->id : STR("external");
	text_addf(out, ",\"path\":\"/%.*s/%.*s/%.*s/%.*s\"", STR_ARG(places->loop->id.name),
	          STR_ARG(places->loop->id.version), STR_ARG(at), STR_ARG(service.name));
	if (service.host.ptr)
		text_addf(out, ",\"url\":\"%.*s://%.*s:%" PRId64 "%.*s\"", STR_ARG(service.protocol),
		          STR_ARG(service.host), service.port, STR_ARG(service.path));
}

/* places: NULL: where calls lead is not told. */
static void
write_calls(const struct gateway_part *part, bool placed, const struct call_places *places, struct text *out)
{
	text_add(out, STR(",\"calls\":["));
	for (size_t i = 0; i < part->call_count; i++) {
		const struct gateway_call *call = &part->calls[i];

		text_add(out, i ? STR(",{\"service\":") : STR("{\"service\":"));
		text_add_json(out, call->service);
		if (call->element.ptr) {
			text_add(out, STR(",\"element\":"));
			text_add_json(out, call->element);
		}
		write_scope(&call->scope, out);
		if (placed)
			write_place(call->line, call->column, out);
		if (places)
			write_call_place(places, call, out);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]"));
}

/* {"sandbox":...,"services":[...] without the closing brace. element: whose endpoints are told; NULL: none's. */
static void
write_part(const struct gateway_part *part, const struct element *element, struct text *out)
{
	text_addf(out, "\"sandbox\":%s,\"services\":[", part->sandbox ? "true" : "false");
	for (size_t i = 0; i < part->service_count; i++) {
		struct gateway_service service = part->services[i];

		if (element)
			service = gateway_endpoint(&service, element, out->arena);
		text_add(out, i ? STR(",") : STR(""));
		write_service(&service, false, out);
	}
	text_add(out, STR("]"));
}

/* --- rows of types: a list of parts, each {"name","version","sandbox","services","calls"}, empty lists left out --- */

static void
gateway_write_row(const struct gateway *gateway, bool placed, struct text *out)
{
	for (size_t i = 0; i < gateway->count; i++) {
		const struct gateway_part *part = &gateway->parts[i];

		text_add(out, i ? STR(",{\"name\":") : STR("[{\"name\":"));
		text_add_json(out, part->definition.name);
		text_add(out, STR(",\"version\":"));
		text_add_json(out, part->definition.version);
		text_addf(out, ",\"sandbox\":%s", part->sandbox ? "true" : "false");
		for (size_t j = 0; j < part->service_count; j++) {
			text_add(out, j ? STR(",") : STR(",\"services\":["));
			write_service(&part->services[j], placed, out);
		}
		text_add(out, part->service_count ? STR("]") : STR(""));
		if (part->call_count)
			write_calls(part, placed, NULL, out);
		text_add(out, STR("}"));
	}
	text_add(out, STR("]"));
}

void
gateway_keep(struct txn *txn, const struct node *root, bool placed)
{
	for (const struct node *template = looptype_templates(root)->first; template; template = template->next) {
		struct concept type = looptype_concept(template);
		struct gateway gateway;
		struct text out;

		if (!looptype_is_loop(root, template))
			continue;
		if (!gateway_read(root, template, txn->arena, NULL, &gateway))
			txn_fail(txn, ERROR_MEMORY);
		if (gateway.count == 0)
			continue;
		text_init(&out, txn->arena);
		gateway_write_row(&gateway, placed, &out);
		txn_put(txn, txn_key(txn, ROW_GATEWAY, type.name, type.version), txn_text(txn, &out));
	}
}

bool
gateway_load(struct txn *txn, struct concept type, struct gateway *ret)
{
	struct str row;
	int r;

	if (!type.name.ptr || !type.version.ptr ||
	    !txn_get(txn, txn_key(txn, ROW_GATEWAY, type.name, type.version), &row))
		return false;
	r = gateway_read_row(row, txn->arena, ret);
	if (r != 0)
		txn_fail(txn, error_from(r));
	return r == 0;
}

/* --- keys: (instance name, version, element id) --- */

static struct str
key_of(struct txn *txn, struct concept loop, struct str element)
{
	struct str tail = txn_key(txn, ROW_KEY, loop.version, element);

	return txn_key(txn, ROW_KEY, loop.name, (struct str){tail.ptr + 1, tail.len - 1});
}

struct str
gateway_key(struct txn *txn, struct concept loop, struct str element)
{
	struct str key;

	return txn_get(txn, key_of(txn, loop, element), &key) ? key : STR_NONE;
}

struct str
gateway_key_made(struct txn *txn, struct concept loop, struct str element)
{
	static const char digits[] = "0123456789abcdef";
	struct str known = gateway_key(txn, loop, element);
	unsigned char random[KEY_BYTES];
	char *key;

	if (known.ptr)
		return known;
	key = arena_alloc(txn->arena, 2 * KEY_BYTES);
	if (!key || getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		txn_fail(txn, key ? ERROR_IO : ERROR_MEMORY);
		return STR("");
	}
	for (size_t i = 0; i < sizeof(random); i++) {
		key[2 * i] = digits[random[i] >> 4];
		key[2 * i + 1] = digits[random[i] & 15];
	}
	known = (struct str){key, 2 * sizeof(random)};
	txn_put(txn, key_of(txn, loop, element), known);
	return known;
}

void
gateway_keys_move(struct txn *txn, const struct loop *from, const struct loop *to)
{
	for (size_t i = 0; i < to->count && !concept_equal(from->id, to->id); i++) {
		struct str key = gateway_key(txn, from->id, to->elements[i].id);

		if (key.ptr)
			txn_put(txn, key_of(txn, to->id, to->elements[i].id), key);
	}
}

static bool
forget_key(void *context, struct str key, struct str value)
{
	(void)value;
	txn_delete(context, key);
	return true;
}

void
gateway_keys_forget(struct txn *txn, struct concept loop)
{
	txn_each(txn, key_of(txn, loop, STR("")), forget_key, txn);
}

/* --- what participants are told --- */

static struct str
joined(struct txn *txn, struct concept loop, struct str last)
{
	const char *text =
		arena_printf(txn->arena, "%.*s~%.*s~%.*s", STR_ARG(loop.name), STR_ARG(loop.version), STR_ARG(last));

	if (text)
		return str_from(text);
	txn_fail(txn, ERROR_MEMORY);
	return STR("");
}

struct str
gateway_consumer(struct txn *txn, struct concept loop, struct str element)
{
	return joined(txn, loop, element);
}

struct str
gateway_group(struct txn *txn, struct concept loop, struct concept definition)
{
	return joined(txn, loop, definition.name);
}

void
gateway_write_loop(const struct gateway *gateway, struct text *out)
{
	text_add(out, STR(",\"gateway\":{"));
	write_part(&gateway->parts[0], NULL, out);
	text_add(out, STR("}"));
}

void
gateway_write_element(struct txn *txn, const struct gateway *gateway, const struct loop *loop,
                      const struct element *element, bool host, struct text *out)
{
	const struct gateway_part *part = gateway_part_of(gateway, element->definition);
	const struct call_places places = {gateway, loop};

	if (!part)
		return;
	text_add(out, STR(",\"gateway\":{"));
	write_part(part, element, out);
	write_calls(part, false, &places, out);
	if (host) {
		text_add(out, STR(",\"consumer\":{\"username\":"));
		text_add_json(out, gateway_consumer(txn, loop->id, element->id));
		text_add(out, STR(",\"keyauth_credentials\":[{\"key\":"));
		text_add_json(out, gateway_key_made(txn, loop->id, element->id));
		text_add(out, STR("}],\"acls\":[{\"group\":"));
		text_add_json(out, gateway_group(txn, loop->id, element->definition));
		text_add(out, STR("}]}"));
	}
	text_add(out, STR("}"));
}
