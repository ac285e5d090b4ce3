/* loop - one control loop instance and its elements, as given, as answer and in memory */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/loop.h"

#include <inttypes.h>

#include "base/time.h"

#define ELEMENTS_MAX 1000 /* of an instance: what is done for each of them looks at the others */

/* Members that the runtime writes itself; everything else of what a client gave passes as it is. */
static const char *const loop_members[] = {
	"name",   "version",  "definition", "state",        "orderedState", "stateChangeResult",
	"primed", "elements", "guard",      "updatingFrom", "waiting",      "lastFailure",
	NULL};
static const char *const element_members[] = {"id",    "definition",   "version", "participantType", "participantId",
                                              "state", "orderedState", "message", "faulty",          "missing",
                                              NULL};

static bool
is_own(const char *const *members, struct str key)
{
	while (*members && !str_is(key, *members))
		members++;
	return *members != NULL;
}

bool
loop_primed(const struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		enum loop_state state = loop->elements[i].state;

		if (state == LOOP_UNINITIALISED || state == LOOP_UNINITIALISED2PASSIVE ||
		    state == LOOP_PASSIVE2UNINITIALISED)
			return false;
	}
	return loop->count > 0;
}

bool
loop_busy(const struct loop *loop)
{
	return !loop_state_settled(loop->state) || loop->replaces.ptr;
}

bool
loop_element_done(const struct loop *loop, const struct element *element)
{
	return loop->replaces.ptr ? !element->pending : element->state == element->ordered;
}

struct element *
loop_element(const struct loop *loop, struct str id)
{
	for (size_t i = 0; i < loop->count; i++)
		if (str_equal_nocase(loop->elements[i].id, id))
			return &loop->elements[i];
	return NULL;
}

static bool
is_uuid(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return text.len == 36;
}

/* In small letters, as stock participants write it whatever was given. Absent when out of memory. */
static struct str
uuid_in_small_letters(struct str text, struct arena *arena)
{
	char *copy = arena_alloc(arena, text.len);

	for (size_t i = 0; copy && i < text.len; i++)
		copy[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'F' ? text.ptr[i] + ('a' - 'A') : text.ptr[i]);
	return (struct str){copy, copy ? text.len : 0};
}

static int
read_concept(const struct node *node, const char *what, struct concept *ret, struct error *err)
{
	*ret = concept_read(node);
	if (!concept_name_valid(ret->name))
		return error_set(err, ERROR_TYPE, node,
		                 "%s has a name that is missing or not made of A-Z a-z 0-9 - _ .: '%.*s'", what,
		                 STR_ARG(ret->name));
	if (!concept_version_valid(ret->version))
		return error_set(err, ERROR_TYPE, node, "%s has a version that is missing or not like 1.0.0: '%.*s'",
		                 what, STR_ARG(ret->version));
	return 0;
}

static int
read_element(const struct node *node, struct arena *arena, struct element *ret, struct error *err)
{
	const struct node *version = node_get(node, "version"), *participant = node_get(node, "participantId");
	int r;

	if (node->kind != NODE_MAP || !is_uuid(node->key))
		return error_set(err, ERROR_TYPE, node, "an element is a map under a UUID, not under '%.*s'",
		                 STR_ARG(node->key));
	*ret = (struct element){.id = uuid_in_small_letters(node->key, arena), .version = STR("1.0.0"), .given = node};
	if (!ret->id.ptr)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	r = read_concept(node_get(node, "definition"), "an element's definition", &ret->definition, err);
	if (r != 0)
		return r;
	if (!node_is_null(version)) {
		ret->version = version->text;
		if (!concept_version_valid(ret->version))
			return error_set(err, ERROR_TYPE, version, "an element's version is like 1.0.0, not '%.*s'",
			                 STR_ARG(ret->version));
	}
	ret->participant_type = concept_read(node_get(node, "participantType"));
	ret->participant_id = concept_read(participant);
	if (!ret->participant_id.version.ptr || str_is(ret->participant_id.name, "NULL"))
		ret->participant_id = (struct concept){STR_NONE, STR_NONE}; /* ONAP's "no concept" is NULL 0.0.0 */
	return 0;
}

/* Keys differ, but UUIDs in other letters are the same ones. A row has none in capitals, so it costs nothing there. */
static int
check_ids(const struct loop *loop, struct error *err)
{
	bool capitals = false;

	for (size_t i = 0; i < loop->count; i++)
		capitals |= !str_equal(loop->elements[i].id, loop->elements[i].given->key);
	for (size_t i = 0; capitals && i < loop->count; i++)
		if (loop_element(loop, loop->elements[i].id) != &loop->elements[i])
			return error_set(err, ERROR_TYPE, loop->elements[i].given, "the element %.*s is there twice",
			                 STR_ARG(loop->elements[i].id));
	return 0;
}

int
loop_read_given(const struct node *node, struct arena *arena, struct loop *ret, struct error *err)
{
	const struct node *elements = node_get(node, "elements");
	size_t i = 0;
	int r;

	if (!node || node->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, node, "a control loop is a map");
	*ret = (struct loop){.given = node, .phase = PHASE_NONE, .failure.time_ms = TIME_NONE};
	r = read_concept(node, "a control loop", &ret->id, err);
	if (r == 0)
		r = read_concept(node_get(node, "definition"), "a control loop's definition", &ret->definition, err);
	if (r != 0)
		return r;
	if (!node_is_null(elements) && elements->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, elements, "elements is a map of UUIDs to elements");
	if (elements && elements->count > ELEMENTS_MAX)
		return error_set(err, ERROR_LIMIT, elements, "a control loop has at most %d elements", ELEMENTS_MAX);
	ret->count = elements ? elements->count : 0;
	ret->elements = arena_array(arena, ret->count, sizeof(*ret->elements));
	if (!ret->elements)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (const struct node *child = elements ? elements->first : NULL; child; child = child->next) {
		r = read_element(child, arena, &ret->elements[i++], err);
		if (r != 0)
			return r;
	}
	return check_ids(ret, err);
}

static void
write_rest(struct text *out, const struct node *given, const char *const *own)
{
	for (const struct node *child = given ? given->first : NULL; child; child = child->next) {
		if (child->kind == NODE_NULL || is_own(own, child->key))
			continue;
		text_add(out, STR(","));
		text_add_json(out, child->key);
		text_add(out, STR(":"));
		text_add_node(out, child, false);
	}
}

static void
write_concept(struct text *out, const char *key, struct concept concept)
{
	if (!concept.name.ptr)
		return;
	text_addf(out, ",\"%s\":", key);
	concept_write(out, concept);
}

void
element_write_open(struct text *out, const struct element *element, bool to_participant)
{
	/* Stock participants know an element in doubt by the state that it comes from. */
	enum loop_state state = to_participant ? loop_state_from(element->state) : element->state;

	text_add(out, STR("{\"id\":"));
	text_add_json(out, element->id);
	write_concept(out, "definition", element->definition);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, element->version);
	write_concept(out, "participantType", element->participant_type);
	write_concept(out, "participantId", element->participant_id);
	text_addf(out, ",\"state\":\"%s\",\"orderedState\":\"%s\"", loop_state_name[state],
	          loop_state_name[element->ordered]);
	if (element->message.ptr && !to_participant) {
		text_add(out, STR(",\"message\":"));
		text_add_json(out, element->message);
	}
	if (element->missing && !to_participant)
		text_add(out, STR(",\"missing\":true"));
	if (element->faulty && !to_participant)
		text_add(out, STR(",\"faulty\":true"));
	if (!node_get(element->given, "propertiesMap"))
		text_add(out, STR(",\"propertiesMap\":{}"));
	write_rest(out, element->given, element_members);
}

/* Writes the reason for which a transition, or a changed configuration, waits, and since when. */
static void
write_waiting(struct text *out, const struct loop *loop)
{
	char since[TIME_TEXT_SIZE];
	const char *comma = "";

	time_format_instant(loop->since_ms, since);
	text_addf(out, ",\"waiting\":{\"since\":\"%s\",\"startPhase\":%" PRId64 ",\"retries\":%u,\"elements\":[", since,
	          loop->phase == PHASE_NONE ? 0 : loop->phase, loop->retries);
	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];

		if (!element->pending && loop_state_settled(element->state) && element->state == element->ordered)
			continue;
		text_addf(out, "%s", comma);
		comma = ",";
		text_add_json(out, element->id);
	}
	text_add(out, STR("]}"));
}

static void
write_failure(struct text *out, const struct failure *failure)
{
	char time[TIME_TEXT_SIZE];

	time_format_instant(failure->time_ms, time);
	text_addf(out, ",\"lastFailure\":{\"time\":\"%s\"", time);
	if (failure->element.ptr) {
		text_add(out, STR(",\"element\":"));
		text_add_json(out, failure->element);
	}
	write_concept(out, "participant", failure->participant);
	text_add(out, STR(",\"message\":"));
	text_add_json(out, failure->message.ptr ? failure->message : STR(""));
	text_add(out, STR(",\"done\":"));
	text_add_json(out, failure->done.ptr ? failure->done : STR(""));
	text_add(out, STR("}"));
}

void
loop_write(struct text *out, const struct loop *loop, struct str guard)
{
	text_add(out, STR("{\"name\":"));
	text_add_json(out, loop->id.name);
	text_add(out, STR(",\"version\":"));
	text_add_json(out, loop->id.version);
	write_concept(out, "definition", loop->definition);
	text_addf(out, ",\"state\":\"%s\",\"orderedState\":\"%s\",\"stateChangeResult\":\"%s\",\"primed\":%s",
	          loop_state_name[loop->state], loop_state_name[loop->ordered], change_result_name[loop->result],
	          loop_primed(loop) ? "true" : "false");
	if (loop->replaces.ptr) {
		text_add(out, STR(",\"updatingFrom\":"));
		text_add_json(out, loop->replaces);
	}
	if (loop_busy(loop))
		write_waiting(out, loop);
	if (loop->failure.time_ms != TIME_NONE)
		write_failure(out, &loop->failure);
	if (guard.len) {
		text_add(out, STR(",\"guard\":"));
		text_add(out, guard);
	}
	write_rest(out, loop->given, loop_members);
	text_add(out, STR(",\"elements\":{"));
	for (size_t i = 0; i < loop->count; i++) {
		if (i > 0)
			text_add(out, STR(","));
		text_add_json(out, loop->elements[i].id);
		text_add(out, STR(":"));
		element_write_open(out, &loop->elements[i], false);
		text_add(out, STR("}"));
	}
	text_add(out, STR("}}"));
}

static bool same_node(const struct node *a, const struct node *b, const char *const *own);

/* Each member of a that is no own one and not null is in b and the same. */
static bool
same_members(const struct node *a, const struct node *b, const char *const *own)
{
	for (const struct node *child = a->first; child; child = child->next) {
		if (child->kind == NODE_NULL || (own && is_own(own, child->key)))
			continue;
		if (child->kind == NODE_MAP && child->count == 0 && !node_get_str(b, child->key))
			continue; /* an empty map says nothing */
		if (!same_node(child, node_get_str(b, child->key), NULL))
			return false;
	}
	return true;
}

static bool
same_node(const struct node *a, const struct node *b, const char *const *own)
{
	if (!a || !b || a->kind != b->kind)
		return false;
	if (a->kind == NODE_MAP)
		return same_members(a, b, own) && same_members(b, a, own);
	if (a->kind != NODE_LIST)
		return str_equal(a->text, b->text);
	if (a->count != b->count)
		return false;
	for (const struct node *x = a->first, *y = b->first; x; x = x->next, y = y->next)
		if (!same_node(x, y, NULL))
			return false;
	return true;
}

bool
loop_same_content(const struct loop *a, const struct loop *b)
{
	if (!concept_equal(a->definition, b->definition) || a->count != b->count ||
	    !same_node(a->given, b->given, loop_members))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct element *x = &a->elements[i], *y = loop_element(b, x->id);

		if (!y || !concept_equal(x->definition, y->definition) || !str_equal(x->version, y->version) ||
		    (x->participant_id.name.ptr && y->participant_id.name.ptr &&
		     !concept_equal(x->participant_id, y->participant_id)) ||
		    !same_node(x->given, y->given, element_members))
			return false;
	}
	return true;
}
