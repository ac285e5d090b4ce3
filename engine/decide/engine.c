/* engine - the active policy set, the operation counters, and the sessions that ask them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decide/engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "engine/decide/decide.h"
#include "engine/decide/document_scope.h"
#include "engine/decide/follow.h"
#include "engine/decide/load.h"
#include "engine/decide/policyset.h"

/* Documents of one origin, copied. */
struct part {
	struct arena arena;
	struct document *documents;
	size_t count;
};

/*
 * Publishing. `current` always points to a sealed set that the engine holds. A session keeps its own reference and compares
 * one pointer a call; only when they differ does it take the publish lock, to hold the new set before the engine can drop it.
 * A set is freed by whoever drops it last, so no decision ever waits for a load, nor a load for a decision.
 */
struct engine {
	struct engine_options options;
	struct history *history;
	struct arena builtin_arena; /* the built-in types, const after engine_open */
	const struct catalogue *builtin;
	const struct registry *actors; /* built in, in the same arena */
	struct hash_key key;
	struct pattern_scratch *reserve_scratch; /* the committer's */
	struct follow follow;
	atomic_bool withhold;                /* as the option, until it is released; written under load_lock */
	pthread_mutex_t load_lock;           /* one compilation at a time; taken before publish_lock; guards parts */
	struct arena loops_arena;            /* load_lock: of the next */
	struct str *loops;                   /* load_lock: see engine_know_loops */
	size_t loop_count;                   /* load_lock */
	struct part parts[2];                /* what the set is made of: loaded, deployed */
	pthread_mutex_t publish_lock;        /* guards replacing `current` and holding what it points to */
	_Atomic(struct policyset *) current; /* written under publish_lock; read by anyone, to compare */
};

enum part_kind { PART_LOADED, PART_DEPLOYED };

struct session {
	struct engine *engine;
	struct policyset *set; /* held */
	struct history_reader *reader;
	struct history_view view; /* the guards' questions, through the session */
	struct pattern_scratch *scratch;
	bool reading;
	bool whole; /* more than a decision is asked: about one snapshot */
	bool batch; /* the set and the snapshot stay until the batch ends, at batch_ms */
	int64_t batch_ms;
};

const struct engine_options engine_options_default = {
	.history = {.map_bytes = (size_t)1 << 36, .lease_ms = 3600000, .durable = true, .future_ms = 86400000},
	.mode = GUARD_STRICT,
	.limits = {16 << 20, 64, 2000000, 1000, 1 << 20},
	.policies_max = 1000000,
};

static struct compile_options
compile_options(const struct engine *engine)
{
	return (struct compile_options){
		.mode = engine->options.mode,
		.on_error_permit = engine->options.on_error_permit,
		.no_guard_deny = engine->options.no_guard_deny,
		.require_policies = engine->options.require_policies,
		.withhold = atomic_load_explicit(&engine->withhold, memory_order_relaxed),
		.skip_bad_policies = engine->options.skip_bad_policies,
		.limits = engine->options.limits,
		.policies_max = engine->options.policies_max,
		.builtin = engine->builtin,
		.actors = engine->actors,
		.key = engine->key,
		.now_ms = engine_now(engine),
	};
}

/* The first set: empty, generation 0. */
static int
publish_empty(struct engine *engine, struct error *err)
{
	struct compile_options options = compile_options(engine);
	struct policyset *set;
	struct arena arena;
	struct diags diags;
	int r;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = policyset_compile(&options, NULL, 0, &set, &diags);
	arena_free(&arena);
	if (r != 0)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	set->since_ms = engine_now(engine);
	atomic_init(&engine->current, set);
	return 0;
}

/* The built-in actors, once for all loads. */
static int
read_actors(struct engine *engine, struct error *err)
{
	struct diags diags;

	diags_init(&diags, &engine->builtin_arena);
	engine->actors = registry_new(&engine->builtin_arena, &diags);
	if (engine->actors)
		return 0;
	return error_set(err, diags.first ? ERROR_INTERNAL : ERROR_MEMORY, NULL, "built-in actors: %s",
	                 diags.first ? diags.first->text : "out of memory");
}

int
engine_open(const struct engine_options *options, struct engine **ret, struct error *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct history_options history = options->history;
	struct error local = {0};

	if (!engine)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	engine->options = *options;
	history.clock = options->clock;
	history.clock_context = options->clock_context;
	history.carried = !options->clock;
	atomic_init(&engine->current, NULL);
	atomic_init(&engine->withhold, options->withhold);
	arena_init(&engine->builtin_arena, 0);
	arena_init(&engine->loops_arena, 0);
	arena_init(&engine->parts[PART_LOADED].arena, 0);
	arena_init(&engine->parts[PART_DEPLOYED].arena, 0);
	pthread_mutex_init(&engine->load_lock, NULL);
	pthread_mutex_init(&engine->publish_lock, NULL);
	follow_init(&engine->follow);
	if (getrandom(&engine->key, sizeof(engine->key), 0) != (ssize_t)sizeof(engine->key))
		(void)error_set(&local, ERROR_IO, NULL, "no random bytes: %s", strerror(errno));
	engine->reserve_scratch = pattern_scratch_new();
	if (!engine->reserve_scratch)
		(void)error_set(&local, ERROR_MEMORY, NULL, "out of memory");
	if (local.code || policyset_builtin(&engine->builtin_arena, &engine->builtin, &local) != 0 ||
	    read_actors(engine, &local) != 0 || publish_empty(engine, &local) != 0 ||
	    history_open(&history, &engine->history, &local) != 0) {
		engine_close(engine);
		return error_set(err, local.code, NULL, "%s", local.text);
	}
	*ret = engine;
	return 0;
}

int
engine_attach(struct engine *engine, const char *directory, struct error *err)
{
	return history_attach(engine->history, directory, err);
}

void
engine_close(struct engine *engine)
{
	if (!engine)
		return;
	history_close(engine->history);
	pattern_scratch_free(engine->reserve_scratch);
	policyset_drop(atomic_load(&engine->current));
	arena_free(&engine->builtin_arena);
	arena_free(&engine->loops_arena);
	arena_free(&engine->parts[PART_LOADED].arena);
	arena_free(&engine->parts[PART_DEPLOYED].arena);
	follow_done(&engine->follow);
	pthread_mutex_destroy(&engine->publish_lock);
	pthread_mutex_destroy(&engine->load_lock);
	free(engine);
}

static void
publish(struct engine *engine, struct policyset *set)
{
	struct policyset *old;

	pthread_mutex_lock(&engine->publish_lock);
	history_keep(engine->history, set->window_ms); /* before anybody asks: what is pruned cannot be counted */
	old = atomic_load_explicit(&engine->current, memory_order_relaxed);
	set->generation = old->generation + 1;
	set->since_ms = engine_now(engine);
	/* Release: who sees the pointer sees the sealed set. */
	atomic_store_explicit(&engine->current, set, memory_order_release);
	pthread_mutex_unlock(&engine->publish_lock);
	policyset_drop(old);
}

static int
part_copy(struct part *part, const struct document *documents, size_t count)
{
	arena_init(&part->arena, 0);
	part->count = count;
	part->documents = arena_array(&part->arena, count, sizeof(*documents));
	for (size_t i = 0; part->documents && i < count; i++) {
		struct str name = arena_str(&part->arena, str_from(documents[i].name));
		struct str bytes = arena_str(&part->arena, documents[i].bytes);
		const struct document_scope *only = only_copy(documents[i].only, &part->arena);

		if (!name.ptr || (!bytes.ptr && documents[i].bytes.ptr) || (!only && documents[i].only))
			part->documents = NULL;
		else
			part->documents[i] = (struct document){name.ptr, bytes, only};
	}
	if (part->documents)
		return 0;
	arena_free(&part->arena);
	return -ERROR_MEMORY;
}

/* 1, and the set is dropped, when a file has fewer guards in it than in the current one; else 0. Under the load lock. */
static int
set_has_shrunk(struct engine *engine, struct policyset *set, const char **ret_file, struct diags *diags)
{
	const char *file = policyset_shrunk_file(atomic_load_explicit(&engine->current, memory_order_relaxed), set);

	if (!file)
		return 0;
	*ret_file = arena_str(diags->arena, str_from(file)).ptr;
	if (!*ret_file)
		*ret_file = "a policy file"; /* out of memory */
	policyset_drop(set);
	return 1;
}

/* Compiles the new part with the other one. Under the load lock. */
static int
compile_with(struct engine *engine, enum part_kind kind, struct part *part, struct policyset **ret_set,
             struct diags *diags)
{
	const struct part *parts = engine->parts;
	size_t room = parts[PART_LOADED].count + parts[PART_DEPLOYED].count + part->count, count = 0;
	struct compile_options options = compile_options(engine);
	struct document *all = arena_array(&part->arena, room, sizeof(*all));

	if (!all)
		return -ERROR_MEMORY;
	options.loops = engine->loops;
	options.loop_count = engine->loop_count;
	for (int i = PART_LOADED; i <= PART_DEPLOYED; i++) {
		const struct part *source = i == (int)kind ? part : &parts[i];

		if (source->count)
			memcpy(all + count, source->documents, source->count * sizeof(*all));
		count += source->count;
	}
	return policyset_compile(&options, all, count, ret_set, diags);
}

/* Compiles the new part with the other one and publishes; what fails changes nothing. */
static int
load_part(struct engine *engine, enum part_kind kind, const struct document *documents, size_t count,
          const char **ret_shrunk, struct diags *diags)
{
	struct policyset *set;
	struct part part;
	int r;

	if (part_copy(&part, documents, count) != 0)
		return -ERROR_MEMORY;
	pthread_mutex_lock(&engine->load_lock);
	r = compile_with(engine, kind, &part, &set, diags);
	if (r == 0 && ret_shrunk)
		r = set_has_shrunk(engine, set, ret_shrunk, diags);
	if (r == 0) {
		publish(engine, set);
		arena_free(&engine->parts[kind].arena);
		engine->parts[kind] = part;
	} else {
		arena_free(&part.arena);
	}
	pthread_mutex_unlock(&engine->load_lock);
	return r;
}

int
engine_know_loops(struct engine *engine, const struct str *ids, size_t count)
{
	int r = 0;

	pthread_mutex_lock(&engine->load_lock);
	arena_reset(&engine->loops_arena);
	engine->loop_count = 0;
	engine->loops = arena_array(&engine->loops_arena, count, sizeof(*engine->loops));
	for (size_t i = 0; engine->loops && r == 0 && i < count; i++) {
		engine->loops[i] = arena_str(&engine->loops_arena, ids[i]);
		r = engine->loops[i].ptr ? 0 : -ERROR_MEMORY;
	}
	if (!engine->loops)
		r = -ERROR_MEMORY;
	if (r == 0)
		engine->loop_count = count;
	pthread_mutex_unlock(&engine->load_lock);
	return r;
}

int
engine_release(struct engine *engine)
{
	struct part *part = &engine->parts[PART_LOADED]; /* stands for itself */
	struct policyset *set;
	struct arena arena;
	struct diags diags;
	int r = 0;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	pthread_mutex_lock(&engine->load_lock);
	if (atomic_exchange_explicit(&engine->withhold, false, memory_order_relaxed)) {
		r = compile_with(engine, PART_LOADED, part, &set, &diags);
		if (r == 0)
			publish(engine, set);
		else
			atomic_store_explicit(&engine->withhold, true, memory_order_relaxed);
	}
	pthread_mutex_unlock(&engine->load_lock);
	arena_free(&arena);
	return r;
}

int
engine_try_deploy(struct engine *engine, const struct document *documents, size_t count, struct policyset **ret_set,
                  struct diags *diags)
{
	struct part part;
	int r;

	if (part_copy(&part, documents, count) != 0)
		return -ERROR_MEMORY;
	pthread_mutex_lock(&engine->load_lock);
	r = compile_with(engine, PART_DEPLOYED, &part, ret_set, diags);
	pthread_mutex_unlock(&engine->load_lock);
	arena_free(&part.arena);
	return r;
}

int
engine_load(struct engine *engine, const struct document *documents, size_t count, struct diags *diags)
{
	return load_part(engine, PART_LOADED, documents, count, NULL, diags);
}

int
engine_load_no_fewer(struct engine *engine, const struct document *documents, size_t count, const char **ret_file,
                     struct diags *diags)
{
	return load_part(engine, PART_LOADED, documents, count, ret_file, diags);
}

int
engine_deploy(struct engine *engine, const struct document *documents, size_t count, struct diags *diags)
{
	return load_part(engine, PART_DEPLOYED, documents, count, NULL, diags);
}

int
engine_try(const struct engine *engine, const struct document *documents, size_t count, struct policyset **ret_set,
           struct diags *diags)
{
	struct compile_options options = compile_options(engine);

	options.skip_bad_policies = false;
	return policyset_compile(&options, documents, count, ret_set, diags);
}

int
engine_load_paths(struct engine *engine, const char *const *paths, size_t count, struct diags *diags)
{
	struct document *documents;
	struct arena arena;
	size_t documents_count;
	int r;

	arena_init(&arena, 0);
	r = load_documents(paths, count, engine->options.limits.bytes, engine->options.skip_bad_policies, &arena,
	                   &documents, &documents_count, diags);
	if (r == 0)
		r = engine_load(engine, documents, documents_count, diags);
	arena_free(&arena);
	return r;
}

void
engine_info(struct engine *engine, struct engine_info *ret)
{
	const struct policyset *set;

	pthread_mutex_lock(&engine->publish_lock);
	set = atomic_load_explicit(&engine->current, memory_order_relaxed);
	*ret = (struct engine_info){
		.generation = set->generation,
		.since_ms = set->since_ms,
		.digest = set->digest,
		.policies = set->policies,
		.guards = set->guards.count,
		.policy_types = set->types,
		.counting = set->counting,
		.findings = set->finding_count,
		.mode = set->mode,
	};
	pthread_mutex_unlock(&engine->publish_lock);
}

const struct catalogue *
engine_builtin(const struct engine *engine)
{
	return engine->builtin;
}

struct follow *
engine_follow(struct engine *engine)
{
	return &engine->follow;
}

struct history *
engine_history(struct engine *engine)
{
	return engine->history;
}

int64_t
engine_now(const struct engine *engine)
{
	const struct engine_options *options = &engine->options;

	if (engine->history)
		return history_now(engine->history);
	return options->clock ? options->clock(options->clock_context) : clock_wall_ms(); /* while opening */
}

int64_t
engine_now_exact(const struct engine *engine)
{
	return engine->history ? history_now_exact(engine->history) : engine_now(engine);
}

struct policyset *
engine_set_hold(struct engine *engine)
{
	struct policyset *set;

	pthread_mutex_lock(&engine->publish_lock);
	set = atomic_load_explicit(&engine->current, memory_order_relaxed);
	policyset_hold(set);
	pthread_mutex_unlock(&engine->publish_lock);
	return set;
}

bool
engine_set_is_current(const struct engine *engine, const struct policyset *set)
{
	return atomic_load_explicit(&engine->current, memory_order_acquire) == set;
}

struct pattern_scratch *
engine_reserve_scratch(struct engine *engine)
{
	return engine->reserve_scratch;
}

/* Fills in the members that the caller left out of the rows. */
static void
complete_rows(const struct engine *engine, struct operation *rows, size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < count; i++) {
		struct operation *row = &rows[i];

		if (engine->options.mode == GUARD_STRICT)
			row->operation = operation_canonical(row->operation);
		if (row->outcome.ptr && row->end_ms == TIME_NONE && !str_equal_nocase(row->outcome, STR("Started")))
			row->end_ms = row->start_ms > now_ms ? row->start_ms : now_ms;
	}
}

int
engine_record(struct engine *engine, struct operation *rows, size_t count, struct error *err)
{
	int64_t now_ms = engine_now(engine);

	complete_rows(engine, rows, count, now_ms);
	return history_record(engine->history, rows, count, now_ms, err);
}

int
engine_record_async(struct engine *engine, struct operation *rows, size_t count,
                    void (*done)(void *context, const struct error *err), void *context, struct error *err)
{
	int64_t now_ms = engine_now(engine);

	complete_rows(engine, rows, count, now_ms);
	return history_record_async(engine->history, rows, count, now_ms, done, context, err);
}

/*
 * Decisions that ask the history look at it once, the others never touch it. While rows are refused the counts
 * may be too low, so nothing is read and the guard that asked fails.
 */
static inline bool
is_reading(struct session *session)
{
	if (!session->reading && !history_is_refusing(session->engine->history))
		session->reading = (session->whole ? history_reader_begin : history_reader_peek)(session->reader) == 0;
	return session->reading;
}

/*
 * Nothing can be read. 1: the database is still to be attached; 0: it has been in between, and now it can; -ERROR_IO. In onap
 * mode what cannot be read permits, so the first two must not be taken for the third.
 */
static __attribute__((noinline, cold)) int
is_unread(struct session *session)
{
	if (history_is_verifying(session->engine->history))
		return 1;
	return is_reading(session) ? 0 : -ERROR_IO;
}

/* What a guard asked for and did not get is counted: in onap mode it permits. */
static __attribute__((noinline, cold)) int
note_unread(struct session *session, int r)
{
	history_note_unread(session->engine->history);
	return r;
}

static int
session_count(void *context, const struct count_query *query, struct count_result *ret)
{
	struct session *session = context;
	int r = is_reading(session) ? 0 : is_unread(session);

	if (r > 0) {
		*ret = (struct count_result){query->limit, TIME_NONE, UNKNOWN_VERIFYING};
		return 0;
	}
	if (r == 0)
		r = history_reader_view.count(session->reader, query, ret);
	return r < 0 ? note_unread(session, r) : r;
}

static int
session_loop_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	struct session *session = context;
	int r = is_reading(session) ? 0 : is_unread(session);

	if (r > 0)
		return LIVENESS_VERIFYING;
	if (r == 0)
		r = history_reader_view.loop_live(session->reader, clname, now_ms, ret_until);
	return r < 0 ? note_unread(session, r) : r;
}

static int
session_loop_started(void *context, struct str clname)
{
	struct session *session = context;
	int r = is_reading(session) ? 0 : is_unread(session);

	if (r > 0)
		return LIVENESS_VERIFYING;
	if (r == 0)
		r = history_reader_view.loop_started(session->reader, clname);
	return r < 0 ? note_unread(session, r) : r;
}

int
session_open(struct engine *engine, struct session **ret, struct error *err)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	session->engine = engine;
	session->view = (struct history_view){session_count, session_loop_live, session_loop_started, session};
	session->scratch = pattern_scratch_new();
	if (!session->scratch) {
		session_close(session);
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	if (history_reader_open(engine->history, &session->reader, err) != 0) {
		session_close(session);
		return -ERROR_IO;
	}
	*ret = session;
	return 0;
}

void
session_close(struct session *session)
{
	if (!session)
		return;
	history_reader_close(session->reader);
	pattern_scratch_free(session->scratch);
	policyset_drop(session->set);
	free(session);
}

/* The first call after a publication: the only one that takes a lock. */
static __attribute__((noinline)) const struct policyset *
session_renew(struct session *session)
{
	struct engine *engine = session->engine;
	struct policyset *old = session->set;

	pthread_mutex_lock(&engine->publish_lock);
	session->set = atomic_load_explicit(&engine->current, memory_order_relaxed);
	policyset_hold(session->set);
	pthread_mutex_unlock(&engine->publish_lock);
	policyset_drop(old);
	return session->set;
}

/* The current set, held by the session. */
static inline const struct policyset *
session_set(struct session *session)
{
	/* Acquire: pairs with the release in publish. */
	if (session->batch || atomic_load_explicit(&session->engine->current, memory_order_acquire) == session->set)
		return session->set;
	return session_renew(session);
}

static inline struct env
session_env(struct session *session, int64_t now_ms)
{
	return (struct env){now_ms, &session->view, session->scratch};
}

static inline int64_t
session_now(const struct session *session)
{
	return session->batch ? session->batch_ms : engine_now(session->engine);
}

static void
session_done(struct session *session)
{
	if (!session->reading || session->batch)
		return;
	history_reader_end(session->reader);
	session->reading = false;
}

void
session_decide(struct session *session, const struct request *request, struct decision *ret)
{
	struct lookup lookup;
	struct env env;

	lookup_make(&lookup, session_set(session), request);
	env = session_env(session, lookup.timeless ? TIME_NONE : session_now(session));
	lookup_decide(&lookup, &env, ret);
	/* Answers about two states are no answer; now there is a snapshot, and the second time is the last. */
	if (session->reading && history_reader_moved(session->reader))
		lookup_decide(&lookup, &env, ret);
	session_done(session);
}

void
session_batch_begin(struct session *session)
{
	(void)session_set(session); /* the newest */
	session->batch_ms = engine_now(session->engine);
	session->batch = session->whole = true;
}

void
session_batch_end(struct session *session)
{
	session->batch = session->whole = false;
	session_done(session);
}

int
session_explain(struct session *session, const struct request *request, struct arena *arena, struct decision *ret,
                struct explained *ret_why)
{
	const struct policyset *set = session_set(session);
	struct env env = session_env(session, session_now(session));
	int r;

	session->whole = true;
	r = decide_explain(set, request, &env, arena, ret, ret_why);
	session->whole = session->batch;
	session_done(session);
	return r;
}

void
session_mark(struct session *session)
{
	history_reader_mark(session->reader);
}

struct history_position
session_position(const struct session *session)
{
	return history_reader_position(session->reader);
}

struct history_reader *
session_reader(struct session *session)
{
	return session->reader;
}
