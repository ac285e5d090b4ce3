/* authzen_scan - AuthZEN's usual questions, read in one pass without a tree */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/authzen.h"
#include "api/bodies/request_scan.h"
#include "api/bodies/scan.h"

#define KEY_MARKS 3     /* two quotes and a colon */
#define ITEMS_FIRST 128 /* of a batch, before its list grows */

/* The maps of a question, by number: itself, an entity of each part, the fields of each root. */
enum { MAP_QUESTION, MAP_ENTITY, MAP_FIELDS = MAP_ENTITY + AUTHZEN_PARTS };

/* The use of a member of the first two; one of a map of fields has its enum field_use instead. */
enum { MEMBER_UNKNOWN, MEMBER_TYPE, MEMBER_ID, MEMBER_PROPERTIES, MEMBER_PART };

/* As api/bodies/request_scan.c: what is not plainly good is left to api/bodies/authzen.c. */

/* "true", "false": where it ends, or NULL. */
static const char *
scan_word(const char *at, struct str *ret)
{
	size_t len = *at == 't' ? 4 : 5;

	if (strncmp(at, *at == 't' ? "true" : "false", len) != 0)
		return NULL;
	*ret = (struct str){at, len};
	return at + len;
}

/* A text, an integer or a boolean, as text. */
static const char *
scan_value(const char *at, struct str *ret)
{
	const char *end;
	int32_t number;

	at = scan_to(at, '"');
	if (*at == '"')
		return scan_text(at, ret);
	if (*at == 't' || *at == 'f')
		return scan_word(at, ret);
	end = scan_integer(at, &number);
	if (end && (*end == ',' || *end == '}')) {
		*ret = (struct str){at, (size_t)(end - at)};
		return end;
	}
	return NULL;
}

/* Behind a member's value: at the comma before the next one, or behind the brace that ends the map (*ret_more false). */
static inline const char *
scan_next(const char *at, bool *ret_more)
{
	at = scan_to(at, ',');
	*ret_more = *at == ',';
	return *at == ',' || *at == '}' ? at + 1 : NULL;
}

static unsigned
part_member(struct str key)
{
	static const struct {
		char name[12];
		size_t len;
	} parts[AUTHZEN_PARTS] = {{"subject", 7}, {"action", 6}, {"resource", 8}, {"context", 7}};

	for (unsigned part = 0; part < AUTHZEN_PARTS; part++) {
		if (key.len == parts[part].len && words_equal(key.ptr, parts[part].name, parts[part].len))
			return MEMBER_PART + part;
	}
	return MEMBER_UNKNOWN;
}

static unsigned
entity_member(enum authzen_part part, struct str key)
{
	if (part != AUTHZEN_ACTION && str_equal(key, STR("type")))
		return MEMBER_TYPE;
	if (part == AUTHZEN_ACTION ? str_equal(key, STR("name")) : str_equal(key, STR("id")))
		return MEMBER_ID;
	return str_equal(key, STR("properties")) ? MEMBER_PROPERTIES : MEMBER_UNKNOWN;
}

static __attribute__((noinline)) unsigned
key_member(unsigned map, struct str key)
{
	if (map == MAP_QUESTION)
		return part_member(key);
	return map < MAP_FIELDS ? entity_member(map - MAP_ENTITY, key) : authzen_field_use(map - MAP_FIELDS, key);
}

/* The key of a member and the colon behind it. keys: of the questions before this one in a list, or NULL. */
static inline const char *
scan_key(const char *at, unsigned map, struct scan_keys *keys, struct str *ret, unsigned *ret_member)
{
	const struct scan_key *key = keys ? scan_key_again(keys, at) : NULL;
	const char *start = at;

	if (key && key->map == map) {
		*ret = (struct str){at + 1, key->len - KEY_MARKS};
		*ret_member = key->member;
		return at + key->len;
	}
	at = scan_text(at, ret);
	if (!at || *(at = scan_to(at, ':')) != ':')
		return NULL;
	*ret_member = key_member(map, *ret);
	/* Without blanks around it: its text is then all but the marks. */
	if (keys && start == ret->ptr - 1 && at == ret->ptr + ret->len + 1)
		scan_key_keep(keys, (struct str){start, ret->len + KEY_MARKS}, map, *ret_member);
	return at + 1;
}

/* `at` is behind the brace of a map: whether it is empty. */
static inline const char *
scan_open(const char *at, bool *ret_more)
{
	if (*(at = scan_to(at, '{')) != '{')
		return NULL;
	at = scan_to(at + 1, '"');
	*ret_more = *at != '}';
	return *ret_more ? at : at + 1;
}

static bool
is_given_twice(const struct authzen_question *question, unsigned first)
{
	struct str last = question->fields[question->count - 1].name;

	for (unsigned i = first; i + 1 < question->count; i++) {
		if (str_equal(question->fields[i].name, last))
			return true;
	}
	return false;
}

/* A map of plain values: properties, or a context. */
static const char *
scan_fields(const char *at, enum field_root root, struct scan_keys *keys, struct authzen_question *question,
            struct authzen_entity *entity)
{
	unsigned use;
	bool more;

	entity->first = question->count;
	for (at = scan_open(at, &more); at && more;) {
		struct request_field *field = &question->fields[question->count];

		if (question->count++ == FIELDS_MOST ||
		    !(at = scan_key(at, MAP_FIELDS + root, keys, &field->name, &use)) ||
		    !(at = scan_value(at, &field->value)))
			return NULL;
		field->root = root;
		question->use[question->count - 1] = (uint8_t)use;
		if (is_given_twice(question, entity->first))
			return NULL;
		at = scan_next(at, &more);
	}
	entity->count = question->count - entity->first;
	return at;
}

/* One of an entity's members, once. */
static const char *
scan_member(const char *at, enum authzen_part part, unsigned member, struct scan_keys *keys,
            struct authzen_question *question)
{
	static const enum field_root roots[] = {FIELD_SUBJECT_PROPERTIES, FIELD_ACTION_PROPERTIES,
	                                        FIELD_RESOURCE_PROPERTIES};
	struct authzen_entity *entity = &question->part[part];
	struct str *text = member == MEMBER_TYPE ? &entity->type : &entity->id;

	if (member == MEMBER_TYPE || member == MEMBER_ID)
		return text->ptr || !(at = scan_text(at, text)) || text->len > ATTRIBUTE_SIZE_MAX ? NULL : at;
	if (member != MEMBER_PROPERTIES || entity->listed)
		return NULL;
	entity->listed = true;
	return scan_fields(at, roots[part], keys, question, entity);
}

static const char *
scan_part(const char *at, enum authzen_part part, struct scan_keys *keys, struct authzen_question *question)
{
	struct authzen_entity *entity = &question->part[part];
	struct str key;
	unsigned member;
	bool more;

	if (entity->given)
		return NULL;
	entity->given = true;
	if (part == AUTHZEN_CONTEXT)
		return scan_fields(at, FIELD_CONTEXT, keys, question, entity);
	for (at = scan_open(at, &more); at && more;) {
		at = scan_key(at, MAP_ENTITY + part, keys, &key, &member);
		if (at)
			at = scan_member(at, part, member, keys, question);
		if (at)
			at = scan_next(at, &more);
	}
	return at;
}

static void
question_clear(struct authzen_question *question)
{
	memset(question->part, 0, sizeof(question->part));
	question->count = 0;
}

/* A map of the four parts and nothing else. */
static const char *
scan_question(const char *at, struct scan_keys *keys, struct authzen_question *ret)
{
	unsigned member;
	struct str key;
	bool more;

	question_clear(ret);
	if (keys)
		keys->number = 0;
	for (at = scan_open(at, &more); at && more;) {
		at = scan_key(at, MAP_QUESTION, keys, &key, &member);
		if (at)
			at = member >= MEMBER_PART ? scan_part(at, member - MEMBER_PART, keys, ret) : NULL;
		if (at)
			at = scan_next(at, &more);
	}
	return at;
}

static bool
is_end(struct str body, const char *at)
{
	return at && scan_space(at) == body.ptr + body.len;
}

bool
authzen_scan(struct str body, enum guard_mode mode, struct arena *arena, struct request *ret)
{
	struct authzen_question question;

	return body.len > 0 && is_end(body, scan_question(body.ptr, NULL, &question)) &&
	       authzen_request(&question, NULL, mode, arena, ret, NULL) == 0;
}

/* Room for one more item, which is empty. NULL when out of memory. */
static struct authzen_item *
item_add(struct authzen_batch *batch, size_t *room, struct arena *arena)
{
	if (batch->count == *room) {
		size_t grown = *room ? 2 * *room : ITEMS_FIRST;
		struct authzen_item *items = arena_bytes(arena, grown * sizeof(*items));

		if (!items)
			return NULL;
		if (batch->count)
			memcpy(items, batch->items, batch->count * sizeof(*items));
		batch->items = items;
		*room = grown;
	}
	batch->items[batch->count].err = NULL;
	return &batch->items[batch->count++];
}

static const char *
scan_items(const char *at, enum guard_mode mode, size_t most, struct arena *arena, struct authzen_batch *batch)
{
	struct authzen_question question;
	struct scan_keys keys;
	size_t room = 0;

	scan_keys_init(&keys);
	if (*(at = scan_to(at, '[')) != '[')
		return NULL;
	do {
		struct authzen_item *item = batch->count < most ? item_add(batch, &room, arena) : NULL;

		at = item ? scan_question(at + 1, &keys, &question) : NULL;
		if (!at || authzen_request(&question, &batch->base, mode, arena, &item->request, NULL) != 0)
			return NULL;
		at = scan_to(at, ',');
	} while (*at == ',');
	return *at == ']' ? at + 1 : NULL;
}

bool
authzen_scan_batch(struct str body, enum guard_mode mode, size_t most, struct arena *arena, struct authzen_batch *ret)
{
	const char *at = body.ptr;
	unsigned member;
	struct str key;
	bool more;

	question_clear(&ret->base);
	ret->items = NULL;
	ret->count = 0;
	ret->semantic = AUTHZEN_EXECUTE_ALL;
	ret->explain = false;
	for (at = body.len ? scan_open(at, &more) : NULL; at && more;) {
		at = scan_key(at, MAP_QUESTION, NULL, &key, &member);
		if (!at)
			return false;
		/* Items are made of the parts before them; parts behind, and options, are not usual. */
		if (member >= MEMBER_PART)
			at = ret->count ? NULL : scan_part(at, member - MEMBER_PART, NULL, &ret->base);
		else
			at = str_equal(key, STR("evaluations")) && !ret->count ? scan_items(at, mode, most, arena, ret)
			                                                       : NULL;
		if (at)
			at = scan_next(at, &more);
	}
	return is_end(body, at);
}
