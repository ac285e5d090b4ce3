/* notification - what became of policies that were deployed or undeployed, on the topic for policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policies/notification.h"

#include <stdlib.h>

#include "runtime/policies/documents.h"
#include "runtime/rows/transport.h"

void
policy_counts_write(struct text *out, const struct policy_counts *counts)
{
	text_add(out, STR("{\"policy-type\":"));
	text_add_json(out, counts->type.name.ptr ? counts->type.name : STR(""));
	text_add(out, STR(",\"policy-type-version\":"));
	text_add_json(out, counts->type.version.ptr ? counts->type.version : STR(""));
	text_add(out, STR(",\"policy-id\":"));
	text_add_json(out, counts->policy.name);
	text_add(out, STR(",\"policy-version\":"));
	text_add_json(out, counts->policy.version);
	text_addf(out, ",\"success-count\":%zu,\"failure-count\":%zu,\"incomplete-count\":%zu}", counts->success,
	          counts->failure, counts->incomplete);
}

/* --- counting --- */

static int
counts_compare(const void *left, const void *reservation)
{
	const struct policy_counts *a = left, *b = reservation;
	int r = str_compare(a->policy.name, b->policy.name);

	return r ? r : version_order(a->policy.version, b->policy.version);
}

struct tally_room {
	struct policy_tally tally;
	size_t room;
};

static void
notification_tally_add(struct txn *txn, struct tally_room *room, struct policy_counts counts)
{
	struct policy_tally *tally = &room->tally;

	if (tally->count == room->room) {
		size_t more = room->room ? 2 * room->room : 64;
		struct policy_counts *items = arena_array(txn->arena, more, sizeof(*items));

		if (!items) {
			txn_fail(txn, ERROR_MEMORY);
			return;
		}
		if (tally->count)
			memcpy(items, tally->items, tally->count * sizeof(*items));
		tally->items = items;
		room->room = more;
	}
	tally->items[tally->count++] = counts;
}

/* Entries of one policy become one. */
static void
tally_merge(struct policy_tally *tally)
{
	size_t kept = 0;

	if (tally->count)
		qsort(tally->items, tally->count, sizeof(*tally->items), counts_compare);
	for (size_t i = 0; i < tally->count; i++) {
		struct policy_counts *last = kept ? &tally->items[kept - 1] : NULL, *item = &tally->items[i];

		if (!last || counts_compare(last, item) != 0) {
			tally->items[kept++] = *item;
			continue;
		}
		last->success += item->success;
		last->failure += item->failure;
		last->incomplete += item->incomplete;
		if (!last->type.name.ptr)
			last->type = item->type;
	}
	tally->count = kept;
}

struct policy_tally
policies_tally(struct txn *txn, bool deployed)
{
	struct tally_room room = {0};

	for (const struct pdp_group *group = groups_list(txn); group; group = group->next) {
		for (size_t i = 0; deployed && i < group->count; i++)
			for (size_t j = 0; j < group->subgroups[i].policies.count; j++)
				notification_tally_add(
					txn, &room,
					(struct policy_counts){.policy = group->subgroups[i].policies.items[j]});
		for (const struct pdp *pdp = pdps_list(txn, group->name, STR_NONE); pdp; pdp = pdp->next) {
			for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next) {
				if (policy->deploy != deployed)
					continue;
				notification_tally_add(txn, &room,
				                       (struct policy_counts){
							       .policy = policy->policy,
							       .type = policy->type,
							       .success = policy->state == POLICY_SUCCESS,
							       .failure = policy->state == POLICY_FAILURE,
							       .incomplete = policy->state == POLICY_WAITING,
						       });
			}
		}
	}
	tally_merge(&room.tally);
	return room.tally;
}

const struct policy_counts *
policy_tally_find(const struct policy_tally *tally, struct concept policy)
{
	const struct policy_counts key = {.policy = policy};

	return tally->count ? bsearch(&key, tally->items, tally->count, sizeof(*tally->items), counts_compare) : NULL;
}

/* --- telling --- */

static void
add_counts(struct txn *txn, struct text *out, struct policy_counts counts)
{
	const struct tosca_entity *entity =
		counts.type.name.ptr ? NULL : document_get(txn, ENTITY_POLICY, counts.policy);

	if (entity)
		counts.type = entity->type;
	if (out->ptr[out->len - 1] != '[')
		text_add(out, STR(","));
	policy_counts_write(out, &counts);
}

void
notify_policies(struct txn *txn, const struct concepts *policies, size_t gone)
{
	struct policy_tally there = policies_tally(txn, true), leaving = policies_tally(txn, false);
	struct text out;

	text_init(&out, txn->arena);
	text_add(&out, STR("{\"deployed-policies\":["));
	for (size_t i = 0; i < policies->count && !out.failed; i++) {
		const struct policy_counts *counts = policy_tally_find(&there, policies->items[i]);

		if (counts)
			add_counts(txn, &out, *counts);
	}
	text_add(&out, STR("],\"undeployed-policies\":["));
	for (size_t i = 0; i < policies->count && !out.failed; i++) {
		const struct policy_counts *counts = policy_tally_find(&leaving, policies->items[i]);
		struct policy_counts told = counts ? *counts : (struct policy_counts){.policy = policies->items[i]};

		if (policy_tally_find(&there, policies->items[i]))
			continue;
		told.success += gone;
		add_counts(txn, &out, told);
	}
	text_add(&out, STR("]}"));
	txn->runtime->transport->send(txn, txn->runtime->options.policy_topic, txn_text(txn, &out));
}
