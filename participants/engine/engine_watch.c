/* engine_watch - engines of elements are looked after: one that died is started again, with growing pauses */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/engine/own_engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/document.h"

/*
 * While its engine does not answer, a RUNNING element is reported as PASSIVE, with the reason: the runtime tells of it and
 * orders it again. Who asks the engine gets no answer, so nothing is permitted. Its policies and its counts are in its own
 * database: it has them again as soon as it answers.
 */

#define ENGINE_PAUSE_MAX_MS 60000
#define ENGINE_STEADY_MS 60000 /* one that lived so long starts at once, however often it died before */
#define ENGINE_AWAIT_LOOK_MS 50

static const struct document_limits wants_limits = {
	.bytes = SIZE_MAX, .depth = 16, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

int64_t
engine_note_death(struct element_host *participant, struct hosted_element *element)
{
	const int64_t now_ms = clock_monotonic_ms();
	int64_t pause_ms = participant->settings->retry_wait_ms;

	if (element->engine_up_ms && now_ms - element->engine_up_ms >= ENGINE_STEADY_MS)
		element->engine_deaths = 0;
	for (unsigned i = 0; i < element->engine_deaths && pause_ms < ENGINE_PAUSE_MAX_MS; i++)
		pause_ms *= 2;
	if (pause_ms > ENGINE_PAUSE_MAX_MS)
		pause_ms = ENGINE_PAUSE_MAX_MS;
	element->engine_deaths++;
	element->engine_up_ms = 0;
	element->engine_due_ms = now_ms + pause_ms;
	return pause_ms;
}

/* How a child of this process ended, as words; empty when it is not one, or has not ended. */
static void
engine_reap(struct hosted_element *element, char *words, size_t size)
{
	int status = 0;

	*words = '\0';
	if (element->engine_pid <= 0 || waitpid(element->engine_pid, &status, WNOHANG) != element->engine_pid)
		return;
	element->engine_pid = 0;
	if (WIFSIGNALED(status))
		(void)snprintf(words, size, " by signal %d", WTERMSIG(status));
	else
		(void)snprintf(words, size, " with code %d", WEXITSTATUS(status));
}

static void
engine_tell(struct hosted_element *element, const char *place, const char *state)
{
	struct arena arena;
	struct text out;

	arena_init(&arena, 0);
	text_init(&out, &arena);
	text_add(&out, STR("\"engine\":{\"address\":"));
	text_add_json(&out, str_from(place));
	text_addf(&out, ",\"state\":\"%s\",\"deaths\":%u}", state, element->engine_deaths_all);
	if (text_done(&out).ptr)
		(void)hosted_set(&element->figures, text_done(&out)); /* else those before */
	arena_free(&arena);
}

/* Caller holds the lock. */
static void
engine_found_up(struct element_host *participant, struct hosted_element *element, const struct engine_place *place)
{
	if (element->engine_up_ms)
		return;
	element->engine_up_ms = clock_monotonic_ms();
	element->engine_silent_ms = 0;
	engine_tell(element, place->socket, "UP");
	if (*element->seen && !element->busy && !element->unfinished && hosted_set(&element->seen, STR("")))
		*element->message = '\0';
	participant->report_now = true;
}

/* Caller holds the lock. */
static void
engine_found_down(struct element_host *participant, struct hosted_element *element, const struct engine_place *place,
                  const char *how)
{
	int64_t pause_ms = engine_note_death(participant, element);

	element->engine_deaths_all++;
	(void)snprintf(element->message, sizeof(element->message),
	               "its engine has ended%s, and is started again in %" PRId64 " ms; its last words are in %s", how,
	               pause_ms, place->log);
	fprintf(stderr, "%s: %s: %s\n", participant->settings->name, element->id, element->message);
	engine_tell(element, place->socket, "DOWN");
	if (!element->busy && str_is(STR("RUNNING"), element->state) && hosted_set(&element->seen, STR("PASSIVE")))
		participant->report_now = true;
}

/* The element's property `engine`, of the instance or of the definition. */
static const struct node *
engine_wants(const struct hosted_element *element, struct arena *arena)
{
	const char *const sources[] = {element->own, element->common};
	const struct node *wants = NULL;

	for (size_t i = 0; i < 2 && node_is_null(wants); i++) {
		struct node *tree;

		if (json_read(arena_str(arena, str_from(sources[i])), "", &wants_limits, arena, &tree, NULL) == 0)
			wants = node_get(tree, "engine");
		if (node_get(wants, "value"))
			wants = node_get(wants, "value");
	}
	return wants && wants->kind == NODE_MAP ? wants : NULL;
}

/* Caller holds the lock, and does again at the end: it is given up while the engine is asked. */
static void
engine_attend_one(struct element_host *participant, struct str id, struct arena *arena)
{
	struct hosted_element *element = hosted_find(&participant->hosted, id);
	const int64_t now_ms = clock_monotonic_ms();
	struct engine_place place;
	struct error err = {0};
	enum engine_state state;
	pid_t pid = 0;
	char how[48];

	if (!element || element->busy || !engine_place_of(participant, id, arena, &place, &err))
		return; /* who works on it looks after it */
	(void)pthread_mutex_unlock(&participant->lock);
	state = engine_look(&place, arena);
	(void)pthread_mutex_lock(&participant->lock);
	element = hosted_find(&participant->hosted, id);
	if (!element || element->busy)
		return;
	engine_reap(element, how, sizeof(how));
	if (state == ENGINE_ANSWERS) {
		engine_found_up(participant, element, &place);
	} else if (state == ENGINE_SILENT) {
		if (!element->engine_silent_ms)
			element->engine_silent_ms = now_ms;
		else if (now_ms - element->engine_silent_ms > participant->settings->timeout_ms)
			engine_kill(&place);
	} else if (element->engine_up_ms || !element->engine_due_ms || *how) {
		element->engine_silent_ms = 0;
		engine_found_down(participant, element, &place, how);
	} else if (now_ms >= element->engine_due_ms) {
		if (engine_start(participant, &place, engine_wants(element, arena), arena, &pid, &err) != 0)
			fprintf(stderr, "%s: %s: %s\n", participant->settings->name, element->id, err.text);
		element->engine_pid = pid;
		element->engine_due_ms = INT64_MAX; /* it is known again when it answers, or has ended */
		if (!pid)
			(void)engine_note_death(participant, element);
	}
}

struct engine_owners {
	struct str *ids;
	size_t count;
	struct arena *arena;
};

static bool
engine_take_owner(void *context, struct hosted_element *element)
{
	struct engine_owners *owners = context;
	struct str id;

	if (!strstr(element->made, "\"engine\""))
		return true;
	id = arena_str(owners->arena, str_from(element->id));
	if (id.ptr)
		owners->ids[owners->count++] = id;
	return true;
}

void
engine_attend(struct element_host *participant, struct arena *arena)
{
	struct engine_owners owners = {.arena = arena};

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	owners.ids = arena_array(arena, participant->hosted.count + 1, sizeof(*owners.ids));
	if (owners.ids)
		hosted_each(&participant->hosted, engine_take_owner, &owners);
	for (size_t i = 0; i < owners.count && !participant_is_stopping(); i++)
		engine_attend_one(participant, owners.ids[i], arena);
	(void)pthread_mutex_unlock(&participant->lock);
}

/* --- orders --- */

/* Starts it when its time has come. ACT_AGAIN: not yet, or it cannot be started. */
static enum act_result
engine_begin(struct element_order *order, const struct engine_place *place, const struct node *wants)
{
	struct element_host *participant = order->participant;
	struct hosted_element *element;
	struct error err = {0};
	int64_t left_ms = 0;
	unsigned deaths = 0;
	pid_t pid = 0;

	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&participant->hosted, order->id);
	if (element && element->engine_due_ms && element->engine_due_ms != INT64_MAX) {
		left_ms = element->engine_due_ms - clock_monotonic_ms();
		deaths = element->engine_deaths;
	}
	(void)pthread_mutex_unlock(&participant->lock);
	if (left_ms > 0)
		return order_say(order, ACT_AGAIN,
		                 "its engine has ended %u times and is started again in %" PRId64 " ms: see %s", deaths,
		                 left_ms, place->log);
	if (engine_start(participant, place, wants, order->arena, &pid, &err) != 0)
		return order_say(order, err.code == ERROR_IO || err.code == ERROR_MEMORY ? ACT_AGAIN : ACT_FAILED, "%s",
		                 err.text);
	(void)pthread_mutex_lock(&participant->lock);
	element = hosted_find(&participant->hosted, order->id);
	if (element && pid)
		element->engine_pid = pid;
	(void)pthread_mutex_unlock(&participant->lock);
	return ACT_DONE;
}

/* Whether this process has seen the element's engine end. */
static bool
engine_has_ended(struct element_order *order, const struct engine_place *place, char *how, size_t size)
{
	struct element_host *participant = order->participant;
	struct hosted_element *element;

	*how = '\0';
	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&participant->hosted, order->id);
	if (element)
		engine_reap(element, how, size);
	if (element && *how)
		engine_found_down(participant, element, place, how);
	(void)pthread_mutex_unlock(&participant->lock);
	return *how;
}

enum act_result
engine_await(struct element_order *order, const struct node *wants, const char **ret_socket)
{
	struct element_host *participant = order->participant;
	const int64_t until_ms = clock_monotonic_ms() + order->settings->timeout_ms;
	const struct timespec pause = {0, ENGINE_AWAIT_LOOK_MS * 1000000};
	struct engine_place place;
	struct error err = {0};
	struct hosted_element *element;
	enum engine_state state;
	enum act_result result;
	char how[48];

	if (!engine_place_of(participant, order->id, order->arena, &place, &err))
		return order_say(order, ACT_FAILED, "%s", err.text);
	if (order_note(order, ENGINE_ITEM) != 0)
		return order_say(order, ACT_AGAIN, "that there is an engine cannot be kept");
	order_progress(order, "waits for its engine, %s", place.folder);
	state = engine_look(&place, order->arena);
	result = state == ENGINE_GONE ? engine_begin(order, &place, wants) : ACT_DONE;
	if (result != ACT_DONE)
		return result;
	while (state != ENGINE_ANSWERS && order_may_wait() && clock_monotonic_ms() < until_ms) {
		if (engine_has_ended(order, &place, how, sizeof(how)))
			return order_say(order, ACT_AGAIN, "its engine has ended%s: see %s", how, place.log);
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
		state = engine_look(&place, order->arena);
	}
	if (state != ENGINE_ANSWERS) {
		if (state == ENGINE_SILENT && order_may_wait())
			engine_kill(&place); /* the next try starts another */
		return order_say(order, ACT_AGAIN, "its engine does not answer: see %s", place.log);
	}
	(void)pthread_mutex_lock(&participant->lock);
	element = hosted_find(&participant->hosted, order->id);
	if (element)
		engine_found_up(participant, element, &place);
	(void)pthread_mutex_unlock(&participant->lock);
	*ret_socket = place.socket;
	return ACT_DONE;
}

enum act_result
engine_end(struct element_order *order)
{
	struct element_host *participant = order->participant;
	struct hosted_element *element;
	struct engine_place place;
	struct error err = {0};
	pid_t pid;

	if (!engine_place_of(participant, order->id, order->arena, &place, &err))
		return order_say(order, ACT_FAILED, "%s", err.text);
	(void)pthread_mutex_lock(&participant->lock); /* a plain mutex does not fail */
	element = hosted_find(&participant->hosted, order->id);
	pid = element ? element->engine_pid : 0;
	if (element)
		element->engine_pid = 0; /* engine_remove waits for it */
	(void)pthread_mutex_unlock(&participant->lock);
	if (engine_remove(&place, pid, &err) != 0)
		return order_say(order, ACT_AGAIN, "%s", err.text);
	order_forget(order, ENGINE_ITEM);
	return ACT_DONE;
}
