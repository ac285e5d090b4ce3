/* instantiation_list - instances as answers: whole, their states, whether they are primed */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/guarding.h"
#include "runtime/calls/instantiation.h"

struct instances_listing {
	struct txn *txn;
	struct text *out;
	bool comma, mixed;
	enum loop_state ordered;
};

static void
comma(struct instances_listing *listing)
{
	if (listing->comma)
		text_add(listing->out, STR(","));
	listing->comma = true;
}

static bool
list_whole(void *context, struct loop *loop)
{
	struct instances_listing *listing = context;

	comma(listing);
	loop_write(listing->out, loop, denial_load(listing->txn, loop->id));
	return true;
}

void
instances_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct instances_listing listing = {txn, out, false, false, LOOP_UNINITIALISED};

	text_add(out, STR("{\"controlLoopList\":["));
	loops_page(txn, call, list_whole, &listing);
	text_add(out, STR("]}"));
}

static bool
list_id(void *context, struct loop *loop)
{
	struct instances_listing *listing = context;

	listing->mixed |= listing->comma && listing->ordered != loop->ordered;
	listing->ordered = loop->ordered;
	comma(listing);
	concept_write(listing->out, loop->id);
	return true;
}

/* orderedState stands for all that are listed, and is left out when they differ. */
void
instances_states(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct instances_listing listing = {txn, out, false, false, LOOP_UNINITIALISED};

	text_add(out, STR("{\"controlLoopIdentifierList\":["));
	loops_page(txn, call, list_id, &listing);
	text_add(out, STR("]"));
	if (!listing.mixed)
		text_addf(out, ",\"orderedState\":\"%s\"", loop_state_name[listing.ordered]);
	text_add(out, STR("}"));
}

static bool
list_primed(void *context, struct loop *loop)
{
	struct instances_listing *listing = context;

	comma(listing);
	text_add(listing->out, STR("{\"name\":"));
	text_add_json(listing->out, loop->id.name);
	text_add(listing->out, STR(",\"version\":"));
	text_add_json(listing->out, loop->id.version);
	text_addf(listing->out, ",\"primed\":%s}", loop_primed(loop) ? "true" : "false");
	return true;
}

void
instances_primed(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct instances_listing listing = {txn, out, false, false, LOOP_UNINITIALISED};

	text_add(out, STR("{\"primedControlLoopsList\":["));
	loops_page(txn, call, list_primed, &listing);
	text_add(out, STR("]}"));
}
