/* test_walk - every state that orders, answers, time and lost participants can bring about has a way out */
/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "runtime/supervision/restore.h"
#include "runtime/supervision/supervise.h"
#include "runtime/supervision/tick.h"
#include "tests/cmocka_all.h"

#define ELEMENTS 2 /* on a participant of its own each, one start phase after the other */
#define WAIT_MS 1000
#define STATES_MAX 400000
#define BUCKETS (1 << 16)
#define ROUNDS 60

/* An instance, and what its participants are. All that decides about what comes next; no pointers. */
struct place {
	struct {
		uint8_t state, ordered, asked, failed, missing, restore, due, tries, faulty, failures, reservation,
			host;
	} elements[ELEMENTS];
	uint8_t state, ordered, result, phase, retries, reverting;
};

struct walk {
	struct place *places;
	int *next, *buckets; /* a hash table of the places */
	size_t count;
	struct arena arena;
	struct place now; /* whose hosts the supervision asks for */
	enum handing handing;
};

static struct supervision_limits limits = {
	.wait_ms = WAIT_MS, .tick_ms = 100, .retries = 1, .lease_ms = INT64_C(1) << 40, .rollback = true};

static bool
permit(void *context, struct loop *loop, struct element *element, bool update, enum loop_state state)
{
	(void)context;
	(void)loop;
	(void)update;
	(void)state;
	element->reservation = STR("r");
	return true;
}

static size_t
index_of(const struct element *element)
{
	return (size_t)(element->id.ptr[0] - 'a');
}

static enum host_condition
host(void *context, const struct element *element)
{
	return (enum host_condition)((struct walk *)context)->now.elements[index_of(element)].host;
}

static enum handing
handing(void *context, const struct loop *loop, const struct element *element)
{
	(void)loop;
	(void)element;
	return ((struct walk *)context)->handing;
}

static const struct concept hosts[ELEMENTS] = {{{"a", 1}, {"1.0.0", 5}}, {{"b", 1}, {"1.0.0", 5}}};

static void
unpack(const struct place *place, struct element elements[ELEMENTS], struct loop *ret)
{
	*ret = (struct loop){
		.state = place->state,
		.ordered = place->ordered,
		.result = place->result,
		.elements = elements,
		.count = ELEMENTS,
		.phase = place->phase ? place->phase - 1 : PHASE_NONE,
		.retries = place->retries,
		.reverting = place->reverting,
		.failure.time_ms = TIME_NONE,
	};
	for (size_t i = 0; i < ELEMENTS; i++)
		elements[i] = (struct element){
			.id = {&"ab"[i], 1},
			.participant_id = hosts[i],
			.state = place->elements[i].state,
			.ordered = place->elements[i].ordered,
			.phase = (int64_t)i,
			.asked = place->elements[i].asked,
			.failed = place->elements[i].failed,
			.missing = place->elements[i].missing,
			.restore = place->elements[i].restore,
			.tried_ms = place->elements[i].due ? RESTORE_DUE : 0,
			.tries = place->elements[i].tries,
			.faulty = place->elements[i].faulty,
			.failures = place->elements[i].failures,
			.reservation = place->elements[i].reservation ? STR("r") : STR_NONE,
		};
}

static void
pack(const struct loop *loop, const struct place *from, struct place *ret)
{
	struct place place;

	memset(&place, 0, sizeof(place));
	place.state = (uint8_t)loop->state;
	place.ordered = (uint8_t)loop->ordered;
	place.result = (uint8_t)loop->result;
	place.phase = (uint8_t)(loop->phase == PHASE_NONE ? 0 : loop->phase + 1);
	place.retries = (uint8_t)loop->retries;
	place.reverting = loop->reverting;
	for (size_t i = 0; i < ELEMENTS; i++) {
		const struct element *element = &loop->elements[i];

		place.elements[i].state = (uint8_t)element->state;
		place.elements[i].ordered = (uint8_t)element->ordered;
		place.elements[i].asked = element->asked;
		place.elements[i].failed = element->failed;
		place.elements[i].missing = element->missing;
		place.elements[i].restore = (uint8_t)element->restore;
		place.elements[i].due = element->restore != RESTORE_NONE && element->tried_ms == RESTORE_DUE;
		place.elements[i].tries = (uint8_t)element->tries;
		place.elements[i].faulty = element->faulty;
		place.elements[i].failures = (uint8_t)element->failures;
		place.elements[i].reservation = element->reservation.ptr != NULL;
		place.elements[i].host = from->elements[i].host;
	}
	*ret = place;
}

/* --- what happens --- */

enum event {
	EVENT_ORDER,        /* into each of three states */
	EVENT_FORCE = 3,    /* likewise */
	EVENT_YES = 6,      /* of each element, to what it should be */
	EVENT_PASSIVE = 8,  /* each answers an update */
	EVENT_NO = 10,      /* each refuses */
	EVENT_ABSENT = 12,  /* each participant has nothing of it */
	EVENT_MISSING = 14, /* no report names the element */
	EVENT_REPORT = 16,  /* it is reported where it should be */
	EVENT_WRONG = 18,   /* it is reported as UNINITIALISED */
	EVENT_LOSE = 20,    /* each participant is lost */
	EVENT_RETURN = 22,  /* it registers again */
	EVENT_TICK = 24,    /* all waits are over */
	EVENT_COUNT
};

static const enum loop_state orders[] = {LOOP_UNINITIALISED, LOOP_PASSIVE, LOOP_RUNNING};

static void
begin(struct walk *walk, struct supervision *ret)
{
	arena_reset(&walk->arena);
	*ret = (struct supervision){
		.limits = &limits,
		.arena = &walk->arena,
		.permit = permit,
		.host = host,
		.handing = handing,
		.context = walk,
	};
	supervision_init(ret);
}

/* The runtime orders back what its tasks say. */
static void
settle_tasks(struct supervision *supervision, struct loop *loop)
{
	for (struct task *task = supervision->first; task; task = task->next) {
		if (task->kind != TASK_ROLL_BACK)
			continue;
		loop_release(supervision, loop);
		loop_order(supervision, loop,
		           loop_transition(loop_state_to(loop->state), loop_state_from(loop->state)));
		loop->reverting = true;
	}
}

static bool
all_lost(const struct place *place)
{
	return place->elements[0].host == HOST_LOST && place->elements[1].host == HOST_LOST;
}

static bool
any_lost(const struct place *place)
{
	return place->elements[0].host == HOST_LOST || place->elements[1].host == HOST_LOST;
}

/* As runtime/calls/order.c does. False when the order is refused. */
static bool
give_order(struct walk *walk, struct supervision *supervision, struct loop *loop, enum loop_state to, bool force)
{
	enum loop_state next;

	if (!force && all_lost(&walk->now) && loop->state != LOOP_UNINITIALISED)
		return false;
	if (!force && any_lost(&walk->now) && loop->state == LOOP_UNINITIALISED)
		return false;
	if (!(force && any_lost(&walk->now) && order_force(loop->state, to, &next) == ORDER_STARTS) &&
	    order_check(loop->state, loop->result, to, &next) != ORDER_STARTS)
		return false;
	loop_release(supervision, loop);
	for (size_t i = 0; force && i < ELEMENTS; i++)
		if (walk->now.elements[i].host == HOST_LOST && loop->elements[i].state != to)
			loop_release_element(supervision, &loop->elements[i], to);
	loop_order(supervision, loop, next);
	return true;
}

/* False when it cannot happen here. */
static bool
happen(struct walk *walk, struct supervision *supervision, struct loop *loop, int event)
{
	size_t i = (size_t)event % 2;
	struct element *element = &loop->elements[i];
	bool lost = walk->now.elements[i].host == HOST_LOST;

	if (event < EVENT_YES)
		return give_order(walk, supervision, loop, orders[event % 3], event >= EVENT_FORCE);
	if (event == EVENT_TICK) {
		supervision->now_ms = INT64_C(1) << 30;
		return loop_tick(supervision, loop);
	}
	if (event >= EVENT_RETURN) {
		walk->now.elements[i].host = HOST_WELL;
		(void)loop_returned(supervision, loop, hosts[i]);
		return lost;
	}
	if (lost)
		return event >= EVENT_MISSING && event < EVENT_REPORT && loop_missing(supervision, loop, element);
	if (event >= EVENT_LOSE)
		walk->now.elements[i].host = HOST_LOST;
	else if (event >= EVENT_WRONG)
		return loop_report(supervision, loop, element, LOOP_UNINITIALISED);
	else if (event >= EVENT_REPORT)
		return loop_report(supervision, loop, element, element_target(loop, element));
	else if (event >= EVENT_MISSING)
		return !loop_busy(loop) && loop_missing(supervision, loop, element);
	else if (event >= EVENT_ABSENT)
		return loop_absent(supervision, loop, element);
	else if (event >= EVENT_NO)
		return loop_answer(supervision, loop, element, element->ordered, false, STR("no"));
	else
		return loop_answer(supervision, loop, element,
		                   event >= EVENT_PASSIVE ? LOOP_PASSIVE : element_target(loop, element), true,
		                   STR("yes"));
	return true;
}

/* --- the way out --- */

/* All participants are there, keep their word, and lose nothing any more. */
static void
play_on(struct walk *walk, struct loop *loop)
{
	struct supervision supervision;

	for (int round = 0; round < ROUNDS; round++) {
		bool changed = false;

		for (size_t i = 0; i < ELEMENTS; i++) {
			struct element *element = &loop->elements[i];

			begin(walk, &supervision);
			changed |= loop_answer(&supervision, loop, element, element_target(loop, element), true,
			                       STR("yes"));
			changed |= loop_report(&supervision, loop, element, element_target(loop, element));
			settle_tasks(&supervision, loop);
		}
		if (changed)
			continue;
		begin(walk, &supervision);
		supervision.now_ms = INT64_C(1) << 30;
		changed = loop_tick(&supervision, loop);
		settle_tasks(&supervision, loop);
		loop->since_ms = 0;
		if (!changed)
			return;
	}
	fail_msg("it never comes to rest");
}

static void
can_be_removed(struct walk *walk, const struct place *from)
{
	struct element elements[ELEMENTS];
	struct supervision supervision;
	struct loop loop;

	walk->now = *from;
	unpack(from, elements, &loop);
	for (size_t i = 0; i < ELEMENTS; i++) {
		if (walk->now.elements[i].host == HOST_WELL)
			continue;
		walk->now.elements[i].host = HOST_WELL;
		begin(walk, &supervision);
		(void)loop_returned(&supervision, &loop, hosts[i]);
		settle_tasks(&supervision, &loop);
	}
	for (int i = 0; i < 4 && loop.state != LOOP_UNINITIALISED; i++) {
		play_on(walk, &loop);
		begin(walk, &supervision);
		if (!give_order(walk, &supervision, &loop, LOOP_UNINITIALISED, false))
			(void)give_order(walk, &supervision, &loop, LOOP_PASSIVE, false);
		play_on(walk, &loop);
	}
	assert_int_equal(loop.state, LOOP_UNINITIALISED);
	assert_int_equal(loop.result, CHANGE_NO_ERROR);
}

/* With nobody left, force alone leads out, at once. */
static void
can_be_forced(struct walk *walk, const struct place *from)
{
	struct element elements[ELEMENTS];
	struct supervision supervision;
	struct loop loop;

	walk->now = *from;
	for (size_t i = 0; i < ELEMENTS; i++)
		walk->now.elements[i].host = HOST_LOST;
	unpack(from, elements, &loop);
	if (loop.state == LOOP_UNINITIALISED)
		return;
	begin(walk, &supervision);
	assert_true(give_order(walk, &supervision, &loop, LOOP_UNINITIALISED, true));
	assert_int_equal(loop.state, LOOP_UNINITIALISED);
}

/* --- what a scan may leave out --- */

static const int64_t ticks[] = {-1,          0,           WAIT_MS - 1,     WAIT_MS,          WAIT_MS + 1,
                                2 * WAIT_MS, 3 * WAIT_MS, 3 * WAIT_MS + 1, INT64_C(1) << 20, INT64_C(1) << 41};

/* loop_is_due says what loop_tick would answer, and loop_due_ms never lies behind that. */
static void
tick_is_foreseen(struct walk *walk, const struct loop *loop, int64_t now_ms)
{
	struct element elements[ELEMENTS];
	struct supervision supervision;
	struct loop copy = *loop;
	bool due;

	memcpy(elements, loop->elements, sizeof(elements));
	copy.elements = elements;
	begin(walk, &supervision);
	supervision.now_ms = now_ms;
	due = loop_is_due(&supervision, &copy);
	assert_int_equal(memcmp(elements, loop->elements, sizeof(elements)), 0);
	assert_null(supervision.first);
	assert_int_equal(due, loop_tick(&supervision, &copy));
	if (now_ms >= 0 && now_ms < loop_due_ms(&limits, loop))
		assert_false(due);
}

static void
ticks_are_foreseen(struct walk *walk, const struct place *from, size_t number)
{
	struct element elements[ELEMENTS];
	struct loop loop;

	walk->now = *from;
	unpack(from, elements, &loop);
	loop.handed = number % 2;
	loop.renew_ms = number % 3 ? 0 : 2 * WAIT_MS;
	loop.replaces = number % 5 ? STR_NONE : STR("1.0.0");
	elements[0].timeout_s[number % TIMEOUTS] = elements[1].timeout_s[number % TIMEOUTS] = (int64_t)(number % 7) / 2;
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		walk->handing = (enum handing)((number / 2 + i) % 3);
		tick_is_foreseen(walk, &loop, ticks[i]);
	}
	walk->handing = HANDING_UNKNOWN;
}

/* --- the walk --- */

static size_t
hash_of(const struct place *place)
{
	const unsigned char *bytes = (const unsigned char *)place;
	size_t hash = 14695981039346656037u;

	for (size_t i = 0; i < sizeof(*place); i++)
		hash = (hash ^ bytes[i]) * 1099511628211u;
	return (hash ^ hash >> 32) % BUCKETS;
}

static void
add_place(struct walk *walk, const struct place *place)
{
	size_t bucket = hash_of(place);

	for (int i = walk->buckets[bucket]; i >= 0; i = walk->next[i])
		if (memcmp(&walk->places[i], place, sizeof(*place)) == 0)
			return;
	assert_true(walk->count < STATES_MAX);
	walk->places[walk->count] = *place;
	walk->next[walk->count] = walk->buckets[bucket];
	walk->buckets[bucket] = (int)walk->count++;
}

static void
every_place_has_a_way_out(void **state)
{
	struct walk walk = {
		.places = test_calloc(STATES_MAX, sizeof(struct place)),
		.next = test_calloc(STATES_MAX, sizeof(int)),
		.buckets = test_calloc(BUCKETS, sizeof(int)),
	};
	size_t seen[LOOP_STATE_COUNT] = {0}, standing = 0;
	struct place start;

	(void)state;
	memset(&start, 0, sizeof(start));
	memset(walk.buckets, 0xff, BUCKETS * sizeof(int));
	arena_init(&walk.arena, 0);
	add_place(&walk, &start);
	for (size_t i = 0; i < walk.count; i++) {
		struct place from = walk.places[i];

		seen[from.state]++;
		standing += from.result != CHANGE_NO_ERROR;
		can_be_removed(&walk, &from);
		can_be_forced(&walk, &from);
		ticks_are_foreseen(&walk, &from, i);
		for (int event = 0; event <= EVENT_TICK; event++) {
			struct element elements[ELEMENTS];
			struct supervision supervision;
			struct place place;
			struct loop loop;

			walk.now = from;
			unpack(&from, elements, &loop);
			begin(&walk, &supervision);
			if (!happen(&walk, &supervision, &loop, event))
				continue;
			settle_tasks(&supervision, &loop);
			pack(&loop, &walk.now, &place);
			add_place(&walk, &place);
		}
	}
	for (int i = 0; i < LOOP_STATE_COUNT; i++)
		assert_true(seen[i] > 0);
	assert_true(standing > 0);
	print_message("%zu places, %zu of them stand as FAILED or TIMEOUT\n", walk.count, standing);
	arena_free(&walk.arena);
	test_free(walk.places);
	test_free(walk.next);
	test_free(walk.buckets);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_place_has_a_way_out)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
