/* census - how many instances, elements and participants stand where, and how far groups are behind their topics */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/census.h"

#include "base/document.h"
#include "runtime/rows/bus_priv.h"
#include "runtime/rows/rows.h"

const char *const census_health_name[CENSUS_HEALTH_COUNT] = {
#define X(name) [CENSUS_##name] = #name,
	CENSUS_HEALTHS(X)
#undef X
};

static bool
census_count_loop(void *context, struct loop *loop)
{
	struct census *census = context;

	census->instances[loop->state]++;
	if (loop_busy(loop)) {
		census->overdue += loop->result == CHANGE_TIMEOUT;
		census->failed += loop->result == CHANGE_FAILED;
	}
	census->elements += loop->count;
	for (size_t i = 0; i < loop->count; i++) {
		census->faulty += loop->elements[i].faulty;
		census->missing += loop->elements[i].missing;
	}
	return true;
}

static bool
census_count_participant(void *context, struct participant *participant)
{
	struct census *census = context;
	size_t health = 0;

	if (participant->left)
		return true;
	while (health < CENSUS_UNKNOWN && !str_is(participant->health, census_health_name[health]))
		health++;
	census->participants[health]++;
	return true;
}

struct census_walk {
	struct txn *txn;
	struct census *census;
	struct arena rows; /* reset for each */
};

static void
copy_name(char to[BUS_NAME_MAX + 1], struct str name)
{
	size_t len = name.len < BUS_NAME_MAX ? name.len : BUS_NAME_MAX;

	memcpy(to, name.ptr, len);
	to[len] = '\0';
}

static void
census_add_group(struct census *census, struct str topic, struct str group, uint64_t lag)
{
	struct census_group *listed;

	census->groups++;
	if (lag > census->lag_most)
		census->lag_most = lag;
	if (census->listed == CENSUS_GROUPS)
		return;
	listed = &census->list[census->listed++];
	copy_name(listed->topic, topic);
	copy_name(listed->group, group);
	listed->lag = lag;
}

/* Key: g topic NUL group. Value: JSON, see bus_group.c. */
static bool
census_count_group(void *context, struct str key, struct str value)
{
	static const struct document_limits limits = {SIZE_MAX, 8, SIZE_MAX, 0, SIZE_MAX};
	struct census_walk *walk = context;
	const char *end = memchr(key.ptr, '\0', key.len);
	struct arena *own = walk->txn->arena;
	struct str name, group;
	const struct node *next;
	struct topic topic;
	struct node *root;
	uint64_t place;

	if (!end || json_read(value, "", &limits, &walk->rows, &root, NULL) != 0) {
		txn_fail(walk->txn, ERROR_DAMAGED);
		return false;
	}
	name = (struct str){key.ptr + 1, (size_t)(end - key.ptr) - 1};
	group = (struct str){end + 1, key.len - (size_t)(end + 1 - key.ptr)};
	next = node_get(root, "next");
	place = next ? (uint64_t)next->integer : 0;
	walk->txn->arena = &walk->rows;
	if (bus_topic_read(walk->txn, name, &topic)) {
		if (place < topic.first) /* what went unread is not behind any more: it is gone */
			place = topic.first;
		census_add_group(walk->census, name, group, topic.next > place ? topic.next - place : 0);
	}
	walk->txn->arena = own;
	arena_reset(&walk->rows);
	return walk->txn->failed == 0;
}

void
census_take(struct txn *txn, struct census *ret)
{
	struct census_walk walk = {.txn = txn, .census = ret};
	struct runtime_call all = {0};

	*ret = (struct census){0};
	loops_page(txn, &all, census_count_loop, ret);
	participants_each(txn, census_count_participant, ret);
	arena_init(&walk.rows, 0);
	bus_each(txn, STR("g"), census_count_group, &walk);
	arena_free(&walk.rows);
}
