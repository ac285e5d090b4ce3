/* replay - questions of a decision log asked again, with the counters of their moment and other policies */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay/replay.h"

#include <stdlib.h>

#include "engine/decide/decide.h"
#include "engine/replay/counters.h"
#include "engine/replay/id_set.h"

#define OWN_NUMBERS (UINT64_C(1) << 63) /* of rows that no log has */
#define PASSING_MOST 256                /* rights that one transaction takes in vain, and that are followed */

struct world {
	struct replay_counters *counters;
	struct history_view view;
	uint64_t passing[PASSING_MOST]; /* rows of a transaction that was given up, until the next question */
	size_t passing_count;
};

struct replay {
	const struct policyset *set;
	bool keep_retries;
	struct pattern_scratch *scratch;
	struct world worlds[REPLAY_WORLDS];
	uint64_t own;           /* rows made so far */
	struct id_set denied;   /* closed: rights and identities of operations that are denied now */
	struct id_set granted;  /* closed: identities of questions that were denied and are permitted now */
	int64_t duration_ms;    /* of all operations that ended */
	int64_t duration_count; /* how many */
	int64_t known_ms;       /* see replay_known_from */
};

struct replay *
replay_new(const struct policyset *set, bool keep_retries)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	bool memory = replay != NULL;

	for (int i = 0; memory && i < REPLAY_WORLDS; i++) {
		struct world *world = &replay->worlds[i];

		world->counters = replay_counters_new();
		world->view = replay_counters_view(world->counters);
		memory = world->counters != NULL;
	}
	if (memory) {
		replay->set = set;
		replay->keep_retries = keep_retries;
		replay->known_ms = TIME_NONE;
		replay->scratch = pattern_scratch_new();
		memory = replay->scratch != NULL;
	}
	if (memory)
		return replay;
	replay_free(replay);
	return NULL;
}

void
replay_free(struct replay *replay)
{
	if (!replay)
		return;
	for (int i = 0; i < REPLAY_WORLDS; i++)
		replay_counters_free(replay->worlds[i].counters);
	pattern_scratch_free(replay->scratch);
	id_set_free(&replay->denied);
	id_set_free(&replay->granted);
	free(replay);
}

void
replay_known_from(struct replay *replay, int64_t known_ms)
{
	replay->known_ms = known_ms;
}

/* The identity of a question, of its repetition and of the operation that follows; false without request id. */
static bool
identity_of(struct str request_id, struct str subrequest_id, struct str actor, struct str operation, struct str target,
            struct hash128 *ret)
{
	const struct hash_key key = {0};
	const struct str parts[5] = {request_id, subrequest_id, actor, operation_canonical(operation), target};

	if (request_id.len == 0)
		return false;
	*ret = hash_parts(&key, parts, 5);
	return true;
}

static bool
question_identity(const struct request *request, struct hash128 *ret)
{
	const struct str *attribute = request->attribute;

	return identity_of(request->request_id, request->subrequest_id, attribute[ATTRIBUTE_ACTOR],
	                   attribute[ATTRIBUTE_OPERATION], attribute[ATTRIBUTE_TARGET], ret);
}

/* Whether the closed world has no such operation. */
static bool
is_denied(const struct replay *replay, const struct history_change *change)
{
	const struct operation *row = &change->row;
	struct hash128 id;

	if (change->reserved)
		return id_set_has(&replay->denied, change->reservation);
	return identity_of(row->request_id, row->subrequest_id, row->actor, row->operation, row->target, &id) &&
	       id_set_has(&replay->denied, id);
}

int
replay_change(struct replay *replay, const struct history_change *change)
{
	const struct operation *row = &change->row;
	int r = replay_counters_apply(replay->worlds[REPLAY_OPEN].counters, change);

	if (r == 0 && !is_denied(replay, change))
		r = replay_counters_apply(replay->worlds[REPLAY_CLOSED].counters, change);
	if (!change->gone && row->start_ms != TIME_NONE && row->end_ms > row->start_ms) {
		replay->duration_ms += row->end_ms - row->start_ms;
		replay->duration_count++;
	}
	return r;
}

int
replay_cut(struct replay *replay, uint64_t number)
{
	replay_counters_cut(replay->worlds[REPLAY_OPEN].counters, number);
	/* Rows of its own making have higher numbers than any log's: they go too. */
	replay_counters_cut(replay->worlds[REPLAY_CLOSED].counters, number);
	return 0;
}

/* The operation that a Permit stands for, as a row. until_ms: when it ends, or its lease does. */
static int
take(struct replay *replay, struct world *world, const struct replay_question *question, int64_t until_ms, bool ends)
{
	const struct request *request = &question->request;
	struct history_change change = {
		.number = OWN_NUMBERS | ++replay->own,
		.until_ms = until_ms,
		.row =
			{
				.actor = request->attribute[ATTRIBUTE_ACTOR],
				.operation = request->attribute[ATTRIBUTE_OPERATION],
				.target = request->attribute[ATTRIBUTE_TARGET],
				.clname = request->attribute[ATTRIBUTE_CLNAME],
				.outcome = ends ? STR("Success") : STR("Started"),
				.start_ms = question->now_ms,
				.end_ms = ends ? until_ms : TIME_NONE,
			},
	};

	if (replay->set->mode == GUARD_STRICT && change.row.operation.ptr)
		change.row.operation = operation_canonical(change.row.operation);
	if (!ends && world->passing_count < PASSING_MOST)
		world->passing[world->passing_count++] = change.number;
	return replay_counters_apply(world->counters, &change);
}

/* Removes the reservations of an abandoned transaction. */
static void
passing_end(struct world *world)
{
	for (size_t i = 0; i < world->passing_count; i++)
		replay_counters_remove(world->counters, world->passing[i]);
	world->passing_count = 0;
}

/* Applies an answer to the closed world. */
static int
follow_answer(struct replay *replay, const struct replay_question *question, bool permit)
{
	struct world *world = &replay->worlds[REPLAY_CLOSED];
	int64_t mean_ms = replay->duration_count ? replay->duration_ms / replay->duration_count : 0;
	const bool has_right = question->right.lo || question->right.hi;
	struct hash128 id;
	bool identified = question_identity(&question->request, &id);
	int r = 0;

	if (permit && identified)
		id_set_remove(&replay->denied, id);
	if (permit == question->permitted)
		return 0;
	if (!permit && has_right)
		r = id_set_add(&replay->denied, question->right);
	if (r == 0 && !permit && identified)
		r = id_set_add(&replay->denied, id);
	if (permit && identified && !replay->keep_retries)
		r = id_set_add(&replay->granted, id);
	if (r == 0 && permit && !question->undone)
		r = take(replay, world, question, question->now_ms + mean_ms, true);
	return r;
}

/* The question was answered with a Permit before, in the closed world: what the log's own Permit led to is not there. */
static int
follow_granted(struct replay *replay, const struct replay_question *question)
{
	struct hash128 id;
	int r = 0;

	if (question->right.lo || question->right.hi)
		r = id_set_add(&replay->denied, question->right);
	if (r == 0 && question_identity(&question->request, &id))
		r = id_set_add(&replay->denied, id);
	return r;
}

static int
ask_in(struct replay *replay, enum replay_world number, const struct replay_question *question,
       const bool wanted[REPLAY_WORLDS][2], struct arena *arena, struct replay_answer *ret, struct explained *ret_why)
{
	struct world *world = &replay->worlds[number];
	const struct env env = {question->now_ms, &world->view, replay->scratch};
	int r = 0;

	ret->asked = true;
	replay_counters_since(world->counters); /* of earlier questions */
	decide_with(replay->set, &question->request, &env, &ret->decision);
	ret->uncertain = replay->known_ms != TIME_NONE && replay_counters_since(world->counters) < replay->known_ms;
	if (ret->decision.permit != question->permitted && wanted[number][ret->decision.permit])
		r = decide_explain(replay->set, &question->request, &env, arena, &ret->decision, ret_why);
	if (r == 0 && question->undone && ret->decision.permit)
		r = take(replay, world, question, INT64_MAX, false);
	return r;
}

int
replay_ask(struct replay *replay, const struct replay_question *question, const bool wanted[REPLAY_WORLDS][2],
           struct arena *arena, struct replay_answer ret[REPLAY_WORLDS], struct explained *ret_why)
{
	struct hash128 id;
	int r;

	for (int i = 0; (!question->undone || question->first) && i < REPLAY_WORLDS; i++)
		passing_end(&replay->worlds[i]);
	r = ask_in(replay, REPLAY_OPEN, question, wanted, arena, &ret[REPLAY_OPEN], &ret_why[REPLAY_OPEN]);
	if (r != 0)
		return r;
	ret[REPLAY_CLOSED] = (struct replay_answer){0};
	if (question_identity(&question->request, &id) && id_set_has(&replay->granted, id))
		return question->permitted ? follow_granted(replay, question) : 0;
	r = ask_in(replay, REPLAY_CLOSED, question, wanted, arena, &ret[REPLAY_CLOSED], &ret_why[REPLAY_CLOSED]);
	return r == 0 ? follow_answer(replay, question, ret[REPLAY_CLOSED].decision.permit) : r;
}
