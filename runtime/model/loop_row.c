/* loop_row - an instance as its row: {"loop": what clients see, "own": what the runtime keeps beside it} */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/model/loop.h"

#include <inttypes.h>

#include "base/document.h"

static const struct document_limits row_limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};

static int64_t
own_int(const struct node *own, const char *key)
{
	const struct node *node = node_get(own, key);

	return node && node->kind == NODE_INT ? node->integer : 0;
}

static struct str
own_text(const struct node *own, const char *key)
{
	const struct node *node = node_get(own, key);

	return node && node->kind == NODE_TEXT ? node->text : STR_NONE;
}

/* A state of ours, which is always there. */
static enum loop_state
row_state(const struct node *map, const char *key)
{
	int state = loop_state_find(own_text(map, key));

	return state < 0 ? LOOP_UNINITIALISED : (enum loop_state)state;
}

enum own_flag { OWN_FRAGMENT = 1, OWN_ASKED = 2, OWN_FAILED = 4, OWN_PENDING = 8, OWN_FAULTY = 16, OWN_MISSING = 32 };

static void
read_own_element(const struct node *own, struct element *ret)
{
	const struct node *timeouts = node_get(own, "timeouts");
	int64_t flags = own_int(own, "flags");
	size_t i = 0;

	ret->state = row_state(ret->given, "state");
	ret->ordered = row_state(ret->given, "orderedState");
	ret->message = own_text(ret->given, "message");
	ret->phase = own_int(own, "phase");
	ret->tries = (unsigned)own_int(own, "wrong");
	ret->failures = (unsigned)own_int(own, "failures");
	ret->restore = (enum restore)own_int(own, "restore");
	ret->tried_ms = node_get(own, "tried") ? own_int(own, "tried") : RESTORE_DUE;
	ret->reservation = own_text(own, "right");
	ret->fragment = flags & OWN_FRAGMENT;
	ret->asked = flags & OWN_ASKED;
	ret->failed = flags & OWN_FAILED;
	ret->pending = flags & OWN_PENDING;
	ret->faulty = flags & OWN_FAULTY;
	ret->missing = flags & OWN_MISSING;
	for (const struct node *child = timeouts ? timeouts->first : NULL; child && i < TIMEOUTS; child = child->next)
		ret->timeout_s[i++] = child->integer;
}

static void
read_failure(const struct node *given, struct failure *ret)
{
	const struct node *failure = node_get(given, "lastFailure");
	struct str time = own_text(failure, "time");

	ret->time_ms = TIME_NONE;
	if (!time.ptr || time_parse_instant(time, &ret->time_ms) != 0)
		return;
	ret->element = own_text(failure, "element");
	ret->participant = concept_read(node_get(failure, "participant"));
	ret->message = own_text(failure, "message");
	ret->done = own_text(failure, "done");
}

int
loop_read_row(struct str row, struct arena *arena, struct loop *ret)
{
	const struct node *own, *elements, *given;
	struct node *root;
	int r = json_read(row, "", &row_limits, arena, &root, NULL);

	if (r != 0)
		return r == -ERROR_MEMORY ? r : -ERROR_DAMAGED;
	given = node_get(root, "loop");
	own = node_get(root, "own");
	elements = node_get(own, "elements");
	r = loop_read_given(given, arena, ret, NULL);
	if (r != 0)
		return r == -ERROR_MEMORY ? r : -ERROR_DAMAGED;
	ret->state = row_state(given, "state");
	ret->ordered = row_state(given, "orderedState");
	ret->result = change_result_find(own_text(given, "stateChangeResult"));
	ret->phase = node_get(own, "phase") ? own_int(own, "phase") : PHASE_NONE;
	ret->since_ms = own_int(own, "since");
	ret->retries = (unsigned)own_int(own, "retries");
	ret->renew_ms = own_int(own, "renew");
	ret->replaces = own_text(own, "replaces");
	ret->trace = own_text(own, "trace");
	ret->reverting = own_int(own, "reverting") != 0;
	ret->sent = (uint64_t)own_int(own, "sent");
	ret->handed = own_int(own, "handed") != 0;
	read_failure(given, &ret->failure);
	for (size_t i = 0; i < ret->count; i++)
		read_own_element(node_get_str(elements, ret->elements[i].id), &ret->elements[i]);
	return 0;
}

static void
write_own_element(struct text *out, const struct element *element)
{
	text_add_json(out, element->id);
	text_addf(out, ":{\"phase\":%" PRId64 ",\"wrong\":%u,\"failures\":%u,\"flags\":%d,\"timeouts\":[",
	          element->phase, element->tries, element->failures,
	          (element->fragment ? OWN_FRAGMENT : 0) | (element->asked ? OWN_ASKED : 0) |
	                  (element->failed ? OWN_FAILED : 0) | (element->pending ? OWN_PENDING : 0) |
	                  (element->faulty ? OWN_FAULTY : 0) | (element->missing ? OWN_MISSING : 0));
	for (int i = 0; i < TIMEOUTS; i++)
		text_addf(out, "%s%" PRId64, i ? "," : "", element->timeout_s[i]);
	text_add(out, STR("]"));
	if (element->restore != RESTORE_NONE)
		text_addf(out, ",\"restore\":%d", (int)element->restore);
	if (element->restore != RESTORE_NONE && element->tried_ms != RESTORE_DUE)
		text_addf(out, ",\"tried\":%" PRId64, element->tried_ms);
	if (element->reservation.ptr) {
		text_add(out, STR(",\"right\":"));
		text_add_json(out, element->reservation);
	}
	text_add(out, STR("}"));
}

void
loop_write_row(struct text *out, const struct loop *loop)
{
	text_add(out, STR("{\"loop\":"));
	loop_write(out, loop, STR_NONE);
	text_addf(out, ",\"own\":{\"since\":%" PRId64 ",\"retries\":%u,\"renew\":%" PRId64 ",\"reverting\":%d",
	          loop->since_ms, loop->retries, loop->renew_ms, loop->reverting);
	if (loop->sent)
		text_addf(out, ",\"sent\":%" PRIu64 ",\"handed\":%d", loop->sent, loop->handed);
	if (loop->phase != PHASE_NONE)
		text_addf(out, ",\"phase\":%" PRId64, loop->phase);
	if (loop->replaces.ptr) {
		text_add(out, STR(",\"replaces\":"));
		text_add_json(out, loop->replaces);
	}
	if (loop->trace.ptr) {
		text_add(out, STR(",\"trace\":"));
		text_add_json(out, loop->trace);
	}
	text_add(out, STR(",\"elements\":{"));
	for (size_t i = 0; i < loop->count; i++) {
		if (i > 0)
			text_add(out, STR(","));
		write_own_element(out, &loop->elements[i]);
	}
	text_add(out, STR("}}}"));
}
