/* request - the body of a decision request as what the engine asks for */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/bodies/request.h"

#include "api/bodies/java.h"
#include "policytypes/suggest.h"

#define SHOWN_MOST 64 /* bytes of what a client wrote, in a message */

static int
wrong_type(struct error *err, const struct node *node, const char *expected)
{
	return error_set(err, ERROR_TYPE, node, "%s where %s is expected", node_kind_phrase(node), expected);
}

static int
too_long(struct error *err, const struct node *node)
{
	return error_set(err, ERROR_LIMIT, node, "a value of more than %d bytes", ATTRIBUTE_SIZE_MAX);
}

struct str
request_shown(struct str text)
{
	size_t len = text.len < SHOWN_MOST ? text.len : SHOWN_MOST;

	while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	return (struct str){text.ptr, len};
}

/* The value of an attribute as text, as the mode has it. */
static int
attribute_text(const struct node *node, enum guard_mode mode, struct arena *arena, struct str *ret, struct error *err)
{
	struct str text = node->text;

	if (node->kind == NODE_NULL)
		return wrong_type(err, node, "text");
	if (mode == GUARD_ONAP) {
		text = java_text(node, arena);
		if (!text.ptr)
			return error_set(err, ERROR_MEMORY, node, "out of memory");
	} else if (node->kind != NODE_TEXT && !node_is_integer(node)) {
		return wrong_type(err, node, "text or an integer");
	}
	if (text.len > ATTRIBUTE_SIZE_MAX)
		return too_long(err, node);
	*ret = text;
	return 0;
}

bool
request_count_parse(struct str text, int32_t *ret)
{
	bool negative = text.len && text.ptr[0] == '-';
	size_t first = negative, i = first;
	int64_t value = 0;

	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && value <= INT32_MAX; i++)
		value = value * 10 + (text.ptr[i] - '0');
	value = negative ? -value : value;
	if (i == first || i < text.len || (text.ptr[first] == '0' && text.len > 1) || value < INT32_MIN ||
	    value > INT32_MAX)
		return false;
	*ret = (int32_t)value;
	return true;
}

static int
read_vf_count_strict(const struct node *node, atomic_bool *text_count, struct request *ret, struct error *err)
{
	bool good = node->kind == NODE_INT && node->integer >= INT32_MIN && node->integer <= INT32_MAX;

	if (node->kind == NODE_TEXT && request_count_parse(node->text, &ret->vf_count)) {
		if (text_count && !atomic_load_explicit(text_count, memory_order_relaxed))
			atomic_store_explicit(text_count, true, memory_order_relaxed);
		return 0;
	}
	if (node->kind == NODE_TEXT)
		return error_set(
			err, ERROR_TYPE, node,
			"vfCount is not a number: expected an integer of 32 bits in decimal digits, got '%.*s'",
			STR_ARG(request_shown(node->text)));
	if (!good)
		return wrong_type(err, node, "an integer of 32 bits");
	ret->vf_count = (int32_t)node->integer;
	return 0;
}

static int
read_vf_count(const struct node *node, struct request_form form, struct arena *arena, struct request *ret,
              struct error *err)
{
	struct str text;

	if (form.mode == GUARD_STRICT) {
		int r = read_vf_count_strict(node, form.text_count, ret, err);

		if (r != 0)
			return r;
	} else {
		if (node->kind == NODE_NULL)
			return wrong_type(err, node, "an integer");
		text = java_text(node, arena);
		if (!text.ptr)
			return error_set(err, ERROR_MEMORY, node, "out of memory");
		if (!java_decode(text, &ret->vf_count))
			return error_set(err, ERROR_RANGE, node, "Failed to decode vfCount");
	}
	ret->has_vf_count = true;
	return 0;
}

/* Identities are for reservations: a decision takes what is usable and ignores the rest, as ONAP does. */
static void
read_identity(const struct node *node, struct str *ret)
{
	if ((node->kind == NODE_TEXT || node_is_integer(node)) && node->text.len <= ATTRIBUTE_SIZE_MAX)
		*ret = node->text;
}

/* Attributes that 2.0.0 guards, events and operation rows know by another name than a request. */
static const struct {
	const char *other, *name;
} other_words[] = {
	{"recipe", "operation"},       {"operationName", "operation"},   {"closedLoopControlName", "clname"},
	{"controlLoopName", "clname"}, {"controlLoop", "clname"},        {"targets", "target"},
	{"targetEntity", "target"},    {"subRequestId", "subrequestId"},
};

/* Offers the member that the author of `key` may have meant. */
static struct suggestion
member_suggest(struct str key)
{
	static const char *const names[] = {"vfCount", "requestId", "subrequestId"};
	struct suggestion suggestion;

	suggestion_init(&suggestion, key);
	for (size_t i = 0; i < sizeof(other_words) / sizeof(*other_words); i++) {
		if (str_equal_nocase(key, str_from(other_words[i].other))) {
			suggestion.best = str_from(other_words[i].name);
			return suggestion;
		}
	}
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		suggestion_offer(&suggestion, str_from(attribute_key[i]));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		suggestion_offer(&suggestion, str_from(names[i]));
	return suggestion;
}

/* Asking about something else than its author thinks, a request with a misspelt member might be permitted. */
static int
refuse_member(const struct node *member, struct error *err)
{
	struct suggestion suggestion = member_suggest(member->key);
	struct str key = request_shown(member->key);
	int r;

	if (suggestion.best.ptr)
		r = error_set(err, ERROR_TYPE, member, "unknown attribute '%.*s'%s%.*s%s", STR_ARG(key),
		              SUGGESTION_ARG(suggestion));
	else
		r = error_set(err, ERROR_TYPE, member,
		              "unknown attribute '%.*s': expected one of actor, operation, target, clname, vfCount, "
		              "requestId, subrequestId or a field that filters test, such as %s",
		              STR_ARG(key), attribute_key[ATTRIBUTE_VNF_NAME]);
	err->line = member->key_line;
	err->column = member->key_column;
	return r;
}

/* The control loop's name by its other spelling. */
static int
read_loop_name(const struct node *member, struct arena *arena, struct request *ret, struct error *err)
{
	if (node_get(member->parent, attribute_key[ATTRIBUTE_CLNAME]))
		return error_set(err, ERROR_DUPLICATE, member,
		                 "closedLoopName and clname are two names of one attribute: expected one of them");
	return attribute_text(member, GUARD_STRICT, arena, &ret->attribute[ATTRIBUTE_CLNAME], err);
}

/* The fields of a request while it is read; they are as many as its members name. */
struct field_list {
	struct request_field *list;
	size_t count, room;
};

static int
request_field_add(struct field_list *fields, const struct request_field *field, const struct node *value,
                  struct arena *arena, struct error *err)
{
	if (!node_is_scalar(value))
		return wrong_type(err, value, "text, a number or a boolean");
	if (fields->count == FIELDS_MOST)
		return error_set(err, ERROR_LIMIT, value, "too many fields: expected at most %d", FIELDS_MOST);
	if (fields->count == fields->room) {
		size_t room = fields->room ? 4 * fields->room : 16;
		struct request_field *list = arena_bytes(arena, room * sizeof(*list));

		if (!list)
			return error_set(err, ERROR_MEMORY, value, "out of memory");
		if (fields->count)
			memcpy(list, fields->list, fields->count * sizeof(*list));
		fields->list = list;
		fields->room = room;
	}
	fields->list[fields->count] = *field;
	fields->list[fields->count++].value = value->text;
	return 0;
}

/* A member whose key is the path of a field, in strict mode: 1 when it is one, 0 if not, or negative. */
static int
request_read_field(const struct node *member, struct field_list *fields, struct arena *arena, struct request *ret,
                   struct error *err)
{
	struct request_field field = {0};
	int r = 0;

	if (!field_parse(member->key, &field.root, &field.name))
		return 0;
	if (member->kind != NODE_LIST)
		r = request_field_add(fields, &field, member, arena, err);
	for (const struct node *value = member->first; value && r == 0; value = value->next)
		r = request_field_add(fields, &field, value, arena, err);
	ret->fields = fields->list;
	ret->field_count = fields->count;
	return r == 0 ? 1 : r;
}

/* A member of resource.guard that is not an attribute by its own name. */
static int
read_other(const struct node *member, struct request_form form, struct field_list *fields, struct arena *arena,
           struct request *ret, struct error *err)
{
	int field;

	if (str_is(member->key, "vfCount"))
		return read_vf_count(member, form, arena, ret, err);
	if (str_is(member->key, "requestId"))
		read_identity(member, &ret->request_id);
	else if (str_is(member->key, "subrequestId"))
		read_identity(member, &ret->subrequest_id);
	else if (form.mode == GUARD_STRICT && str_is(member->key, "closedLoopName"))
		return read_loop_name(member, arena, ret, err);
	else if (form.mode == GUARD_STRICT && (field = request_read_field(member, fields, arena, ret, err)) != 0)
		return field < 0 ? field : 0;
	else if (form.mode == GUARD_STRICT && !form.ignores_unknown)
		return refuse_member(member, err);
	return 0;
}

/* resource.guard */
static int
read_guard(const struct node *guard, struct request_form form, struct arena *arena, struct request *ret,
           struct error *err)
{
	struct field_list fields = {0};

	if (guard->kind != NODE_MAP)
		return guard->kind == NODE_NULL ? 0 : wrong_type(err, guard, "a map");
	for (const struct node *member = guard->first; member; member = member->next) {
		int attribute = attribute_find(member->key), r;

		if (attribute >= 0)
			r = attribute_text(member, form.mode, arena, &ret->attribute[attribute], err);
		else
			r = read_other(member, form, &fields, arena, ret, err);
		if (r != 0)
			return r;
	}
	if (form.mode == GUARD_STRICT && ret->attribute[ATTRIBUTE_OPERATION].ptr)
		ret->attribute[ATTRIBUTE_OPERATION] = operation_canonical(ret->attribute[ATTRIBUTE_OPERATION]);
	return 0;
}

static int
read_resource(const struct node *resource, struct request_form form, struct arena *arena, struct request *ret,
              struct error *err)
{
	const struct node *guard;

	if (resource->kind != NODE_MAP)
		return resource->kind == NODE_NULL ? 0 : wrong_type(err, resource, "a map");
	guard = node_get(resource, "guard");
	return guard ? read_guard(guard, form, arena, ret, err) : 0;
}

/* Only currentTime means something, to onap mode; the others must have their form all the same. */
static int
request_read_time(const struct node *node, struct request *ret, struct error *err)
{
	struct time_of_day time;
	int64_t instant;
	bool good;

	if (node->kind == NODE_NULL)
		return 0;
	if (!node_is_scalar(node))
		return wrong_type(err, node, "text");
	if (str_is(node->key, "currentTime")) {
		good = time_parse_of_day(node->text, 0, &time) == 0;
		if (good) {
			ret->has_current_time = true;
			ret->current_time = time;
		}
	} else if (str_is(node->key, "currentDateTime")) {
		good = time_parse_instant(node->text, &instant) == 0 && (node->text.ptr[10] | 0x20) == 't';
	} else if (str_is(node->key, "currentDate")) {
		good = java_is_date(node->text);
	} else {
		good = java_is_zone_offset(node->text);
	}
	return good ? 0
	            : error_set(err, ERROR_TYPE, node, "'%.*s' is no %.*s", STR_ARG(node->text), STR_ARG(node->key));
}

static bool
is_action_guard(const struct node *action)
{
	return action && action->kind == NODE_TEXT && str_equal(action->text, STR("guard"));
}

bool
request_is_access(const struct node *root)
{
	const struct node *action = node_get(root, "action");

	return action && action->kind == NODE_TEXT && str_is(action->text, "access");
}

static int
no_application(const struct node *root, const struct node *action, struct error *err)
{
	if (!action || action->kind == NODE_NULL)
		return error_set(err, ERROR_UNKNOWN, action ? action : root, "No application for action null");
	return error_set(err, ERROR_UNKNOWN, action, "No application for action %.*s", STR_ARG(action->text));
}

/* The member's place at the request's top level, as far as its shape is checked. */
enum member { MEMBER_OTHER, MEMBER_ACTION, MEMBER_RESOURCE, MEMBER_TIME, MEMBER_TEXT, MEMBER_MAP };

static enum member
member_of(struct str key)
{
	static const struct {
		struct str key;
		enum member member;
	} members[] = {
		{{"action", 6}, MEMBER_ACTION},         {{"resource", 8}, MEMBER_RESOURCE},
		{{"ONAPName", 8}, MEMBER_TEXT},         {{"ONAPComponent", 13}, MEMBER_TEXT},
		{{"ONAPInstance", 12}, MEMBER_TEXT},    {{"requestId", 9}, MEMBER_TEXT},
		{{"currentTime", 11}, MEMBER_TIME},     {{"currentDate", 11}, MEMBER_TIME},
		{{"currentDateTime", 15}, MEMBER_TIME}, {{"timeZone", 8}, MEMBER_TIME},
		{{"context", 7}, MEMBER_MAP},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (str_equal(members[i].key, key))
			return members[i].member;
	return MEMBER_OTHER;
}

int
request_read(const struct node *root, struct request_form form, struct arena *arena, struct request *ret,
             struct error *err)
{
	const struct node *action = NULL, *resource = NULL;
	struct request request = {0};
	int r = 0;

	if (!root || root->kind != NODE_MAP)
		return root ? wrong_type(err, root, "a map") : error_set(err, ERROR_TYPE, NULL, "an empty body");
	for (const struct node *member = root->first; member && r == 0; member = member->next) {
		switch (member_of(member->key)) {
		case MEMBER_ACTION:
			action = member;
			/* fall through */
		case MEMBER_TEXT:
			if (!node_is_scalar(member) && member->kind != NODE_NULL)
				r = wrong_type(err, member, "text");
			break;
		case MEMBER_RESOURCE:
			resource = member;
			/* fall through */
		case MEMBER_MAP:
			if (member->kind != NODE_MAP && member->kind != NODE_NULL)
				r = wrong_type(err, member, "a map");
			break;
		case MEMBER_TIME:
			r = request_read_time(member, &request, err);
			break;
		case MEMBER_OTHER:
			break;
		}
	}
	if (r != 0)
		return r;
	if (!is_action_guard(action))
		return no_application(root, action, err);
	if (resource) {
		r = read_resource(resource, form, arena, &request, err);
		if (r != 0)
			return r;
	}
	*ret = request;
	return 0;
}
