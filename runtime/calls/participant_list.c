/* participant_list - all participants with what they host, as an answer */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "runtime/calls/participant.h"
#include "runtime/rows/txn.h"

/* A participant that is asked for, and the elements that it hosts as JSON. */
struct listed {
	struct participant participant;
	struct text elements;
};

struct participants_listing {
	struct txn *txn;
	struct concept filter;
	struct listed *list; /* in order of name and version */
	size_t count, room;
	bool hosting;      /* one of them hosts something */
	bool commissioned; /* there is something that a participant can have acknowledged */
};

static int
participants_compare(const void *a, const void *b)
{
	const struct concept *x = &((const struct listed *)a)->participant.id;
	const struct concept *y = &((const struct listed *)b)->participant.id;
	int order = str_compare(x->name, y->name);

	return order ? order : str_compare(x->version, y->version);
}

static bool
participants_make_room(void *context, struct participant *participant)
{
	(void)participant;
	((struct participants_listing *)context)->room++;
	return true;
}

static bool
take_participant(void *context, struct participant *participant)
{
	struct participants_listing *listing = context;

	if ((listing->filter.name.ptr && !str_equal(listing->filter.name, participant->id.name)) ||
	    (listing->filter.version.ptr && !str_equal(listing->filter.version, participant->id.version)))
		return true;
	listing->hosting |= participant_load_count(listing->txn, participant->id) > 0;
	listing->list[listing->count].participant = *participant;
	text_init(&listing->list[listing->count].elements, listing->txn->arena);
	listing->count++;
	return true;
}

static bool
take_elements(void *context, struct loop *loop)
{
	const struct participants_listing *listing = context;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *element = &loop->elements[i];
		struct listed wanted = {.participant.id = element->participant_id}, *found;

		if (!element->participant_id.name.ptr)
			continue;
		found = bsearch(&wanted, listing->list, listing->count, sizeof(wanted), participants_compare);
		if (!found)
			continue;
		text_add(&found->elements, found->elements.len ? STR(",{\"id\":") : STR("{\"id\":"));
		text_add_json(&found->elements, element->id);
		text_add(&found->elements, STR(",\"controlLoopId\":"));
		concept_write(&found->elements, loop->id);
		text_add(&found->elements, STR(",\"definition\":"));
		concept_write(&found->elements, element->definition);
		text_addf(&found->elements, ",\"state\":\"%s\"}", loop_state_name[element->state]);
	}
	return true;
}

static void
write_listed(struct participants_listing *listing, struct listed *listed, struct text *out)
{
	const struct participant *participant = &listed->participant;
	char time[TIME_TEXT_SIZE];

	time_format_instant(participant->last_ms, time);
	text_add(out, STR("{\"participantId\":"));
	concept_write(out, participant->id);
	text_add(out, STR(",\"participantType\":"));
	concept_write(out, participant->type);
	text_add(out, STR(",\"participantState\":"));
	text_add_json(out, participant->state);
	text_add(out, STR(",\"healthStatus\":"));
	text_add_json(out, participant->health);
	text_addf(out, ",\"primed\":%s,\"lastMessageTime\":\"%s\",\"elements\":[",
	          participant->update_ms == TIME_NONE && listing->commissioned ? "true" : "false", time);
	if (listed->elements.len)
		text_add(out, txn_text(listing->txn, &listed->elements));
	text_add(out, STR("]}"));
}

void
participants_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct participants_listing listing = {.txn = txn, .filter = {call->name, call->version}};
	struct runtime_call every = {0}; /* instance */

	participants_each(txn, participants_make_room, &listing);
	listing.list = arena_array(txn->arena, listing.room, sizeof(*listing.list));
	if (!listing.list) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	participants_each(txn, take_participant, &listing);
	qsort(listing.list, listing.count, sizeof(*listing.list), participants_compare);
	if (listing.hosting)
		loops_page(txn, &every, take_elements, &listing);
	listing.commissioned = looptypes_any(txn);
	text_add(out, STR("{\"participantList\":["));
	for (size_t i = 0; i < listing.count; i++) {
		text_add(out, i ? STR(",") : STR(""));
		write_listed(&listing, &listing.list[i], out);
	}
	text_add(out, STR("]}"));
}
