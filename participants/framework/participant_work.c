/* participant_work - workers: they carry orders out, say how it went, and look at the far side in between */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "participants/framework/element_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/document.h"
#include "participants/framework/order_endpoints.h"
#include "participants/framework/order_guard.h"

#define LOOK_MS 200 /* how long a worker waits for work before it looks at the stop flag and the far side */

static const struct document_limits kept_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

/* Properties, with endpoints in place of the services that they name. */
static bool
work_read_properties(struct element_order *order, const char *json, const struct node **ret)
{
	struct node *tree;

	if (json_read(arena_str(order->arena, str_from(json)), "", &kept_limits, order->arena, &tree, NULL) != 0)
		return false;
	order->wrong |= !order->wrong && !order_point_endpoints(order, tree);
	*ret = node_is_null(tree) ? NULL : tree;
	return true;
}

static bool
read_kept(const char *json, struct arena *arena, const struct node **ret)
{
	struct node *tree;

	if (json_read(arena_str(arena, str_from(json)), "", &kept_limits, arena, &tree, NULL) != 0)
		return false;
	*ret = node_is_null(tree) ? NULL : tree;
	return true;
}

/* Caller holds the lock. The element as a worker sees it; false when out of memory. */
static bool
make_order(struct element_host *participant, const struct hosted_element *element, struct arena *arena,
           struct element_order *ret)
{
	*ret = (struct element_order){
		.settings = participant->settings,
		.loop = arena_str(arena, str_from(element->loop)),
		.loop_version = arena_str(arena, str_from(element->loop_version)),
		.id = arena_str(arena, str_from(element->id)),
		.definition = arena_str(arena, str_from(element->definition)),
		.definition_version = arena_str(arena, str_from(element->definition_version)),
		.from = arena_str(arena, str_from(element->state)),
		.state = arena_str(arena, str_from(element->ordered)),
		.update = element->update,
		.arena = arena,
		.participant = participant,
	};
	return ret->loop.ptr && ret->loop_version.ptr && ret->id.ptr && ret->definition.ptr &&
	       ret->definition_version.ptr && ret->from.ptr && ret->state.ptr &&
	       read_kept(element->fragment, arena, &ret->fragment) &&
	       read_kept(element->gateway, arena, &ret->gateway) &&
	       work_read_properties(ret, element->common, &ret->common) &&
	       work_read_properties(ret, element->own, &ret->own);
}

/* Sleeps in short pieces, so that a stop is not waited for. */
static void
pause_ms(int64_t ms)
{
	while (ms > 0 && !participant_is_stopping()) {
		const int64_t piece = ms < LOOK_MS ? ms : LOOK_MS;
		const struct timespec pause = {0, piece * 1000000};

		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
		ms -= piece;
	}
}

/* One try, for which the participant's guard is asked first. */
static enum act_result
try_order(struct element_order *order)
{
	const char *right;
	enum act_result result = order_guard_take(order, &right);

	if (result != ACT_DONE)
		return result;
	result = order->settings->kind->act(order);
	order_guard_settle(order, right, result == ACT_DONE);
	return result;
}

/* The order, again where that may help: after 1, 2, 4 ... waits. */
static enum act_result
carry_out(struct element_order *order)
{
	const struct participant_settings *settings = order->settings;
	enum act_result result = try_order(order);
	int64_t wait_ms = settings->retry_wait_ms;

	for (int64_t i = 0; i < settings->retries && result == ACT_AGAIN && !participant_is_stopping(); i++) {
		pause_ms(wait_ms);
		wait_ms = wait_ms < 60000 ? 2 * wait_ms : wait_ms;
		if (!participant_is_stopping())
			result = try_order(order);
	}
	return result;
}

static void
answer_order(struct element_host *participant, const struct element_order *order, bool good, struct arena *arena)
{
	struct text out;

	service_link_begin(&participant->service, &out, arena, "CONTROLLOOP_STATECHANGE_ACK");
	text_addf(&out, ",\"result\":%s,\"controlLoopId\":{\"name\":", good ? "true" : "false");
	text_add_json(&out, order->loop);
	text_add(&out, STR(",\"version\":"));
	text_add_json(&out, order->loop_version);
	text_add(&out, STR("},\"controlLoopResultMap\":{"));
	text_add_json(&out, order->id);
	text_add(&out, STR(":{\"state\":"));
	text_add_json(&out, order->state);
	text_addf(&out, ",\"result\":%s,\"message\":", good ? "true" : "false");
	text_add_json(&out, str_from(order->message));
	text_add(&out, STR("}}"));
	(void)service_link_publish(&participant->service, &out, arena); /* the runtime asks again */
	if (!participant->process->quiet) {
		printf("%s: %.8s of %.*s is %.*s%s%s\n", participant->settings->name, order->id.ptr,
		       STR_ARG(order->loop), STR_ARG(order->state),
		       good ? "" : ", refused: ", good ? "" : order->message);
		(void)fflush(stdout);
	}
}

/* Caller holds the lock. What the element is after the order; the element is gone when it was removed. */
static void
work_settle(struct element_host *participant, struct hosted_element *element, const struct element_order *order,
            bool good, struct arena *arena)
{
	element->busy = false;
	*element->progress = '\0';
	(void)snprintf(element->message, sizeof(element->message), "%s", good ? "" : order->message);
	if (good) {
		if (!str_is(order->state, element->state))
			element->since_ms = clock_wall_ms();
		element->unfinished =
			!hosted_set(&element->state, order->state) || !hosted_set(&element->seen, STR(""));
	}
	if (good && str_is(order->state, "UNINITIALISED") && !*element->ordered) {
		hosted_drop(&participant->hosted, element);
		return;
	}
	if (hosted_keep(&participant->hosted, element, arena) != 0)
		fprintf(stderr, "%s: the state of an element cannot be kept\n", participant->settings->name);
	if (*element->ordered) {
		const char *next = element->ordered;

		participant_queue(participant, element, arena_str(arena, str_from(next)), false);
	}
}

/* Caller holds the lock, and does again at the end. */
static void
work_on(struct element_host *participant, struct hosted_element *element, struct arena *arena)
{
	int64_t began_ms = clock_monotonic_ms(), took_ms;
	struct element_order order;
	enum act_result result = ACT_DONE;
	bool ready = make_order(participant, element, arena, &order);
	const bool there = ready && !element->update && !element->unfinished && !*element->seen &&
	                   str_equal(order.state, order.from);

	element->queued = false;
	element->busy = true;
	element->update = false;
	element->unfinished = true;
	*element->ordered = '\0';
	participant->last_start_ms = clock_wall_ms();
	ready = hosted_keep(&participant->hosted, element, arena) == 0 && ready;
	(void)pthread_mutex_unlock(&participant->lock);
	if (!order.wrong)
		(void)order_say(&order, ACT_DONE, there ? "it stands there already" : "done");
	if (order.wrong && !str_is(order.state, "UNINITIALISED"))
		result = ACT_FAILED;
	else if (!ready)
		result = order_say(&order, ACT_FAILED, "the participant cannot keep what it does");
	else if (!there)
		result = carry_out(&order);
	took_ms = clock_monotonic_ms() - began_ms;
	(void)pthread_mutex_lock(&participant->lock);
	participant->orders++;
	participant->failures += result != ACT_DONE;
	participant->last_ms = took_ms;
	participant->total_ms += took_ms;
	if (result != ACT_DONE && participant_is_stopping())
		return; /* it was cut off: the runtime orders it again when the participant is back */
	work_settle(participant, element, &order, result == ACT_DONE, arena);
	(void)pthread_mutex_unlock(&participant->lock);
	answer_order(participant, &order, result == ACT_DONE, arena);
	(void)pthread_mutex_lock(&participant->lock);
}

static struct hosted_element *
take_work(struct element_host *participant)
{
	struct hosted_element *element = participant->queue;

	if (!element)
		return NULL;
	participant->queue = element->next_order;
	if (!participant->queue)
		participant->queue_end = &participant->queue;
	return element;
}

/* --- the far side --- */

struct observed_ids {
	const char **ids;
	size_t count;
	struct arena *arena;
};

static bool
collect_id(void *context, struct hosted_element *element)
{
	struct observed_ids *list = context;
	struct str id = arena_str(list->arena, str_from(element->id));

	if (id.ptr)
		list->ids[list->count++] = id.ptr;
	return true;
}

/* Caller holds the lock. One element: the far side is asked without it. */
static void
observe_one(struct element_host *participant, const char *id, struct arena *arena)
{
	struct hosted_element *element = hosted_find(&participant->hosted, str_from(id));
	struct element_order order;
	struct str seen;

	if (!element || element->busy || element->queued || element->unfinished ||
	    !make_order(participant, element, arena, &order))
		return;
	(void)pthread_mutex_unlock(&participant->lock);
	seen = order.wrong ? STR_NONE : participant->settings->kind->observe(&order);
	(void)pthread_mutex_lock(&participant->lock);
	element = hosted_find(&participant->hosted, str_from(id));
	if (!element || element->busy || element->queued || !seen.ptr ||
	    !str_equal(order.from, str_from(element->state)))
		return; /* it was ordered meanwhile */
	if (str_is(seen, element->state))
		seen = STR("");
	else
		(void)snprintf(element->message, sizeof(element->message), "%s", order.message);
	if (str_is(seen, element->seen))
		return;
	participant->report_now = true;
	if (!hosted_set(&element->seen, seen))
		*element->seen = '\0'; /* looked at again */
}

/* Caller holds the lock. Each element in turn, until there is work. */
static void
observe(struct element_host *participant, struct arena *arena)
{
	struct observed_ids list = {.arena = arena};

	participant->observing = true;
	list.ids = arena_array(arena, participant->hosted.count + 1, sizeof(*list.ids));
	if (list.ids)
		hosted_each(&participant->hosted, collect_id, &list);
	for (size_t i = 0; i < list.count && !participant->queue && !participant_is_stopping(); i++)
		observe_one(participant, list.ids[i], arena);
	participant->observe_due_ms = clock_monotonic_ms() + participant->settings->observe_ms;
	participant->observing = false;
}

void *
participant_work(void *context)
{
	struct element_host *participant = context;
	const bool observes = participant->settings->kind->observe && participant->settings->observe_ms > 0;
	struct arena arena;

	arena_init(&arena, 0);
	(void)pthread_mutex_lock(&participant->lock);
	while (!participant_is_stopping() && !participant->refused) {
		struct hosted_element *element = take_work(participant);
		struct timespec until;

		arena_reset(&arena);
		if (element) {
			work_on(participant, element, &arena);
		} else if (observes && !participant->observing && clock_monotonic_ms() >= participant->observe_due_ms) {
			observe(participant, &arena);
		} else {
			(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
			until.tv_nsec += LOOK_MS * 1000000;
			until.tv_sec += until.tv_nsec / 1000000000;
			until.tv_nsec %= 1000000000;
			(void)pthread_cond_timedwait(&participant->work, &participant->lock,
			                             &until); /* either way: look */
		}
	}
	(void)pthread_mutex_unlock(&participant->lock);
	arena_free(&arena);
	return NULL;
}
