/* authzen_search - AuthZEN 1.0: who may, on what, and what may be done, of what is known */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "api/bodies/authzen.h"
#include "api/http/resources.h"
#include "api/http/service.h"
#include "api/resources/calls.h"
#include "api/authzen/authzen_entities.h"
#include "engine/analysis/names.h"
#include "engine/decide/policyset.h"

/*
 * Without guards everything is permitted to everybody, so that only what is known can be listed: what the guards in
 * force name, what the newest rows of the operation history are about, and what the entities document holds. Each of
 * them is asked about as a question of its own, all of one page on one policy set, at one instant and one state of the
 * counters. Names are listed in the order of their bytes, and a token is the last name of a page, in hexadecimal.
 */

#define HISTORY_ROWS 100000 /* that are looked at for names */
#define PAGE_ROWS 1000      /* results of a page, at most */

static const enum attribute sought_attribute[] = {
	[AUTHZEN_SUBJECT] = ATTRIBUTE_ACTOR,
	[AUTHZEN_ACTION] = ATTRIBUTE_OPERATION,
	[AUTHZEN_RESOURCE] = ATTRIBUTE_TARGET,
};

/* Of one name the lowest is taken. */
enum known_rank { KNOWN_ENTITY, KNOWN_OTHERWISE /* an entity of another type */, KNOWN_BY_NAME };

struct known {
	struct str name;
	enum known_rank rank;
	const struct node *entity; /* of the document, or NULL */
};

struct authzen_search {
	enum authzen_part sought;
	struct authzen_question question;
	struct str after; /* the last name of the page before; absent: from the first on */
	size_t limit;
	struct arena *arena;
	struct known *known;
	size_t count, room;
};

static int
known_add(struct authzen_search *search, struct str name, enum known_rank rank, const struct node *entity)
{
	if (search->count == search->room) {
		size_t room = search->room ? 2 * search->room : 256;
		struct known *known = arena_bytes(search->arena, room * sizeof(*known));

		if (!known)
			return -ERROR_MEMORY;
		if (search->count)
			memcpy(known, search->known, search->count * sizeof(*known));
		search->known = known;
		search->room = room;
	}
	search->known[search->count++] = (struct known){name, rank, entity};
	return 0;
}

/* A name of a policy or a row; the same ones mostly come one after the other. */
static int
name_add(void *context, struct str name)
{
	struct authzen_search *search = context;

	if (name.len == 0 || (search->count && str_equal(search->known[search->count - 1].name, name)))
		return 0;
	name = arena_str(search->arena, name);
	return name.ptr ? known_add(search, name, KNOWN_BY_NAME, NULL) : -ERROR_MEMORY;
}

static int
row_add(void *context, const struct operation *row)
{
	const struct authzen_search *search = context;

	return name_add(context, search->sought == AUTHZEN_SUBJECT  ? row->actor
	                         : search->sought == AUTHZEN_ACTION ? row->operation
	                                                            : row->target);
}

static int
entities_add(struct authzen_search *search, const struct node *entities)
{
	struct str type = search->question.part[search->sought].type;
	int r = 0;

	for (const struct node *entity = entities ? entities->first : NULL; entity && r == 0; entity = entity->next) {
		const struct node *its = node_get(entity, "type");
		bool same = search->sought == AUTHZEN_ACTION || str_equal(its->text, type);

		r = known_add(search, node_get(entity, search->sought == AUTHZEN_ACTION ? "name" : "id")->text,
		              same ? KNOWN_ENTITY : KNOWN_OTHERWISE, entity);
	}
	return r;
}

static int
known_compare(const void *left, const void *right)
{
	const struct known *a = left, *b = right;
	int order = str_compare(a->name, b->name);

	return order ? order : (int)a->rank - (int)b->rank;
}

/* Sorted, each name once, those before the page and entities of another type left out. */
static void
known_reduce(struct authzen_search *search)
{
	size_t kept = 0;
	struct str last = STR_NONE;

	if (search->count)
		qsort(search->known, search->count, sizeof(*search->known), known_compare);
	for (size_t i = 0; i < search->count; i++) {
		struct known *known = &search->known[i];
		bool repeated = last.ptr && str_equal(last, known->name);

		last = known->name;
		if (!repeated && known->rank != KNOWN_OTHERWISE &&
		    (!search->after.ptr || str_compare(known->name, search->after) > 0))
			search->known[kept++] = *known;
	}
	search->count = kept;
}

static int
names_collect(struct authzen_search *search, struct service *service, struct history_reader *reader, struct error *err)
{
	enum attribute attribute = sought_attribute[search->sought];
	const struct operation_filter newest = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = HISTORY_ROWS};
	struct policyset *set = engine_set_hold(service->engine);
	struct authzen_entities entities = {0};
	int r = policyset_names(set, attribute, name_add, search);

	policyset_drop(set);
	if (r == 0)
		r = history_each(reader, &newest, row_add, search);
	if (r == 0 && service->settings->entities)
		r = authzen_entities_read(service->settings, search->arena, &entities, err);
	if (r == 0)
		r = entities_add(search, entities.list[search->sought]);
	if (r == 0)
		known_reduce(search);
	return r < 0 ? error_set(err, error_from(r), NULL,
	                         r == -ERROR_MEMORY ? "out of memory" : "the database cannot be read")
	             : 0;
}

/* Hexadecimal digits; false when it is not a token of ours. */
static bool
token_read(struct str token, struct arena *arena, struct str *ret)
{
	static const char digits[] = "0123456789abcdef";
	char *name = arena_bytes(arena, token.len / 2 + 1);

	if (!name || token.len % 2)
		return false;
	for (size_t i = 0; i < token.len; i++) {
		const char *digit = token.ptr[i] ? strchr(digits, token.ptr[i]) : NULL;

		if (!digit)
			return false;
		name[i / 2] = (char)(i % 2 ? name[i / 2] | (digit - digits) : (digit - digits) << 4);
	}
	*ret = (struct str){name, token.len / 2};
	return true;
}

static int
page_read(const struct node *page, struct authzen_search *search, struct error *err)
{
	const struct node *token = node_get(page, "token"), *limit = node_get(page, "limit");

	search->limit = PAGE_ROWS;
	if (node_is_null(page))
		return 0;
	if (page->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, page, "%s where a map is expected", node_kind_phrase(page));
	if (!node_is_null(limit) && (limit->kind != NODE_INT || limit->integer < 1))
		return error_set(err, ERROR_TYPE, limit,
		                 "limit is not a number of results: expected an integer from 1 on");
	if (!node_is_null(limit) && limit->integer < PAGE_ROWS)
		search->limit = (size_t)limit->integer;
	if (node_is_null(token) || (token->kind == NODE_TEXT && token->text.len == 0))
		return 0;
	if (token->kind != NODE_TEXT || !token_read(token->text, search->arena, &search->after))
		return error_set(err, ERROR_TYPE, token, "token is not a next_token of an answer");
	return 0;
}

/* The question about one of those that are known. */
static int
candidate_request(struct authzen_search *search, const struct known *known, enum guard_mode mode, struct arena *arena,
                  struct request *ret, struct error *err)
{
	struct authzen_question *question = &search->question;
	struct authzen_entity *entity = &question->part[search->sought], given = *entity;
	unsigned count = question->count;
	int r = 0;

	/* Properties that the question states are meant for each; else each has its own. */
	if (known->entity && !given.listed)
		r = authzen_read_part(known->entity, search->sought, arena, question, err);
	entity->given = true;
	entity->id = known->name;
	if (r == 0)
		r = authzen_request(question, NULL, mode, arena, ret, err);
	*entity = given;
	question->count = count;
	return r;
}

static void
result_add(struct text *out, const struct authzen_search *search, struct str name, bool first)
{
	text_add(out, first ? STR("{") : STR(",{"));
	if (search->sought != AUTHZEN_ACTION) {
		text_add(out, STR("\"type\":"));
		text_add_json(out, search->question.part[search->sought].type);
		text_add(out, STR(","));
	}
	text_add(out, search->sought == AUTHZEN_ACTION ? STR("\"name\":") : STR("\"id\":"));
	text_add_json(out, name);
	text_add(out, STR("}"));
}

static int
results_add(struct authzen_search *search, struct session *session, enum guard_mode mode, struct text *out,
            struct error *err)
{
	size_t found = 0, i = 0;
	struct arena arena;
	int r = 0;

	arena_init(&arena, 0);
	text_add(out, STR("{\"results\":["));
	session_batch_begin(session);
	for (; i < search->count && found < search->limit && r == 0; i++) {
		struct decision decision;
		struct request request;

		arena_reset(&arena);
		r = candidate_request(search, &search->known[i], mode, &arena, &request, err);
		if (r != 0)
			break;
		session_decide(session, &request, &decision);
		if (decision.permit)
			result_add(out, search, search->known[i].name, found++ == 0);
	}
	session_batch_end(session);
	arena_free(&arena);
	text_add(out, STR("],\"page\":{\"next_token\":\""));
	for (size_t j = 0; i < search->count && i > 0 && j < search->known[i - 1].name.len; j++)
		text_addf(out, "%02x", (unsigned char)search->known[i - 1].name.ptr[j]);
	text_add(out, STR("\"}}"));
	return r;
}

/* The thread for long answers. */
static int
search_read(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	struct service *service = call->context;
	struct authzen_search *search = arena_alloc(&call->scratch, sizeof(*search));
	const struct known any = {.name = STR("x")};
	struct session *session = NULL;
	struct error *err = &call->err;
	struct request request;
	struct node *root;
	int r;

	if (!search)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	search->sought = (enum authzen_part)call->number;
	search->arena = &call->scratch;
	r = json_read(call->raw, "", &call->limits, &call->scratch, &root, err);
	if (r == 0)
		r = authzen_read_search(root, search->sought, search->arena, &search->question, err);
	if (r == 0)
		r = page_read(node_get(root, "page"), search, err);
	if (r == 0) /* what the question lacks is wrong whatever is known */
		r = candidate_request(search, &any, service->mode, search->arena, &request, err);
	if (r == 0)
		r = names_collect(search, service, reader, err);
	if (r == 0)
		r = session_open(service->engine, &session, err);
	if (r == 0)
		r = results_add(search, session, service->mode, out, err);
	session_close(session);
	return r;
}

static void
search_submit(struct exchange *exchange, enum authzen_part sought)
{
	const struct settings *settings = exchange->worker->service->settings;
	struct runtime_call *call = call_new(exchange);

	if (!call)
		return;
	call_take_body(exchange, call, NULL);
	call->limits = (struct document_limits){
		.bytes = (size_t)settings->body_size,
		.depth = (size_t)settings->body_depth,
		.nodes = (size_t)settings->body_nodes,
		.scalar = (size_t)settings->body_size,
	};
	call->context = exchange->worker->service;
	call->number = sought;
	answer_history(exchange, call, search_read);
}

void
search_subject_post(struct exchange *exchange)
{
	search_submit(exchange, AUTHZEN_SUBJECT);
}

void
search_resource_post(struct exchange *exchange)
{
	search_submit(exchange, AUTHZEN_RESOURCE);
}

void
search_action_post(struct exchange *exchange)
{
	search_submit(exchange, AUTHZEN_ACTION);
}
