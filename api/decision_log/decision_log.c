/* decision_log - every answer about a reservation or a permission, and every change of the counters, as a line of JSON */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/decision_log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "api/decision_log/lanes.h"
#include "api/decision_log/log_file.h"
#include "api/decision_log/log_files.h"
#include "api/process/log.h"
#include "base/clock.h"
#include "base/text.h"

#define WAIT_MS 100                 /* how late a line may be written */
#define ROOM_LEAST (LANE_BYTES / 4) /* with `deny`: a lane with less takes nothing more */
#define CLOSE_TRIES 10

/* The state that one thread keeps of its lane. */
struct log_writer {
	struct entry_time time;
	uint64_t permits; /* seen, for sampling */
	uint64_t round;   /* of the writer, when the lane's thread last waited in vain */
};

struct decision_log {
	const struct settings *settings;
	struct entry_form form;
	struct log_file file;
	struct lanes *lanes;
	pthread_t thread;
	bool started;
	atomic_bool reopen;
	/* Relaxed: they order nothing. */
	atomic_uint_fast64_t written, bytes, dropped, left_out, files, last;
	atomic_bool failing;
	atomic_uint_fast64_t rounds; /* of writing that succeeded */
	uint64_t recovered;
	pthread_mutex_t lock; /* guards what follows; taken with no other */
	pthread_cond_t wake;  /* of the writer */
	pthread_cond_t room;  /* there may be room in lanes again */
	bool full, stopping;
	pthread_mutex_t look_lock; /* guards what follows, held during a look; taken with no other */
	void (*look)(void *context, bool full, struct log_state *ret);
	void *look_context;
	uint64_t generation; /* the last that has a line */
	/* The writer's. */
	uint64_t dropped_told;
	struct arena arena;
	unsigned own;   /* the lane of its own lines, the last */
	unsigned count; /* lanes of others */
	struct log_writer writers[];
};

/* --- lines of the log's own, on its thread or before it starts --- */

static void
put_own(struct decision_log *log, struct text *line)
{
	struct str done = text_done(line);

	if (!done.ptr || lane_put(log->lanes, log->own, done) == LANE_FULL) {
		lanes_lose(log->lanes);
		atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
	}
}

static void
begin_own(struct arena *arena, struct text *line, const char *event)
{
	char time[TIME_TEXT_SIZE];

	arena_reset(arena);
	text_init(line, arena);
	time_format_instant(clock_wall_ms(), time);
	text_addf(line, ",\"time\":\"%s\",\"door\":\"log\",\"event\":\"%s\"", time, event);
}

static void
log_add_policies(struct text *line, const struct log_state *state)
{
	text_addf(line,
	          ",\"generation\":%" PRIu64 ",\"digest\":\"%016" PRIx64
	          "\",\"policies\":%zu,\"guards\":%zu,\"mode\":\"%s\"",
	          state->generation, state->digest, state->policies, state->guards,
	          state->mode == GUARD_ONAP ? "onap" : "strict");
	if (state->on_error_permit)
		text_add(line, STR(",\"on_error\":\"permit\""));
	if (state->no_guard_deny)
		text_add(line, STR(",\"when_no_guard\":\"deny\""));
	if (state->require_policies)
		text_add(line, STR(",\"require_policies\":true"));
}

/* A service begins: with which counters, and which policies. */
static void
put_started(struct decision_log *log, const struct log_state *state)
{
	char database[MAC_TEXT_SIZE];
	struct arena arena;
	struct text line;

	arena_init(&arena, 0);
	begin_own(&arena, &line, "started");
	mac_write(state->database, database);
	text_addf(&line, ",\"commit\":%" PRIu64 ",\"record\":%" PRIu64 ",\"database\":\"%s\",\"lease_ms\":%" PRId64,
	          state->position.commit, state->record, database, state->lease_ms);
	log_add_policies(&line, state);
	put_own(log, &line);
	arena_free(&arena);
}

static void
put_policies(struct decision_log *log, const struct log_state *state)
{
	struct text line;

	begin_own(&log->arena, &line, "policies");
	log_add_policies(&line, state);
	put_own(log, &line);
}

static void
log_put_count(struct decision_log *log, const char *event, uint64_t lines)
{
	struct text line;

	begin_own(&log->arena, &line, event);
	text_addf(&line, ",\"lines\":%" PRIu64, lines);
	put_own(log, &line);
}

/* Looks for changes since the last round. */
static void
log_look_around(struct decision_log *log)
{
	uint64_t dropped = atomic_load_explicit(&log->dropped, memory_order_relaxed);
	struct log_state state = {0};
	bool looked;

	pthread_mutex_lock(&log->look_lock);
	looked = log->look != NULL;
	if (looked)
		log->look(log->look_context, false, &state);
	if (looked && state.generation != log->generation)
		put_policies(log, &state);
	if (looked)
		log->generation = state.generation;
	pthread_mutex_unlock(&log->look_lock);
	if (dropped != log->dropped_told)
		log_put_count(log, "dropped", dropped - log->dropped_told);
	log->dropped_told = dropped;
}

/* --- the writer's thread --- */

/* Until lines wait, or for a moment. False when the log is being closed. */
static bool
wait_for_lines(struct decision_log *log)
{
	struct timespec until;
	bool stopping;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_nsec += WAIT_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&log->lock);
	while (!log->full && !log->stopping && pthread_cond_timedwait(&log->wake, &log->lock, &until) == 0)
		;
	log->full = false;
	stopping = log->stopping;
	pthread_mutex_unlock(&log->lock);
	return !stopping;
}

static bool
flush(struct decision_log *log)
{
	uint64_t before = log->file.bytes;
	bool good = log_file_flush(&log->file);

	atomic_fetch_add_explicit(&log->bytes, log->file.bytes - before, memory_order_relaxed);
	if (!good && !atomic_load_explicit(&log->failing, memory_order_relaxed))
		log_line(log->settings, LOG_LEVEL_ERROR, "cannot write the decision log '%s': %s; its lines wait",
		         log->file.path, strerror(log->file.code));
	if (good && atomic_load_explicit(&log->failing, memory_order_relaxed))
		log_line(log->settings, LOG_LEVEL_WARNING, "the decision log '%s' is written again", log->file.path);
	atomic_store_explicit(&log->failing, !good, memory_order_relaxed);
	return good;
}

static void
turn_file(struct decision_log *log)
{
	int fd = log->file.fd;

	log_file_turn(&log->file, clock_wall_ms(), atomic_exchange(&log->reopen, false));
	if (log->file.fd != fd || log->file.empty)
		atomic_fetch_add_explicit(&log->files, 1, memory_order_relaxed);
}

/* Writes what was swapped. False when the disk does not take it all; what is left is gone on with the next time. */
static bool
write_lines(struct decision_log *log)
{
	uint64_t number;
	struct str line;

	while (lanes_first(log->lanes, &number, &line)) {
		if (!log_file_put(&log->file, number, line)) {
			if (!flush(log))
				return false;
			turn_file(log);
			continue;
		}
		/* The writer alone changes them: an addition that is not atomic is cheaper. */
		atomic_store_explicit(&log->last, number, memory_order_relaxed);
		atomic_store_explicit(&log->written, atomic_load_explicit(&log->written, memory_order_relaxed) + 1,
		                      memory_order_relaxed);
		lanes_took(log->lanes);
		if (log_file_is_full(&log->file)) {
			if (!flush(log))
				return false;
			turn_file(log);
		}
	}
	if (!flush(log))
		return false;
	turn_file(log);
	return true;
}

/* Takes what the lanes have, while their threads fill the other buffers. */
static bool
write_round(struct decision_log *log)
{
	lanes_swap(log->lanes);
	if (!write_lines(log))
		return false;
	lanes_release(log->lanes);
	atomic_fetch_add_explicit(&log->rounds, 1, memory_order_relaxed);
	pthread_mutex_lock(&log->lock); /* whoever looks at the rounds is waiting by now */
	pthread_mutex_unlock(&log->lock);
	pthread_cond_broadcast(&log->room);
	return true;
}

static void *
writer_main(void *argument)
{
	struct decision_log *log = argument;
	bool more = true;

	while (more) {
		more = wait_for_lines(log);
		log_look_around(log);
		if (!more)
			log_put_count(log, "stopped", atomic_load_explicit(&log->written, memory_order_relaxed));
		(void)write_round(log); /* what fails is tried again */
	}
	for (int i = 0; i < CLOSE_TRIES && !write_round(log); i++)
		;
	return NULL;
}

/* --- opening and closing --- */

static int
recover_line(void *context, uint64_t number, struct str line)
{
	struct decision_log *log = context;

	while (!log_file_put(&log->file, number, line)) {
		if (!log_file_flush(&log->file))
			return -ERROR_IO;
	}
	log->recovered++;
	return 0;
}

/* The number of the first line; before it come those that a process which was killed has left. */
static int
recover(struct decision_log *log, const char *lanes_path, uint64_t *ret_next, struct error *err)
{
	uint64_t next = 0;
	int r = 0;

	if (lanes_path)
		r = lanes_recover(lanes_path, log->file.last, recover_line, log, &next, err);
	if (r == 0 && !log_file_flush(&log->file))
		r = -ERROR_IO;
	if (r != 0 && !err->code)
		return error_set(err, error_from(r), NULL, "cannot write the decision log '%s': %s", log->file.path,
		                 strerror(log->file.code));
	if (r != 0)
		return r;
	if (log->recovered)
		log_line(log->settings, LOG_LEVEL_WARNING,
		         "the decision log was not closed: %" PRIu64 " lines that waited were written to it",
		         log->recovered);
	*ret_next = next > log->file.last ? next : log->file.last + 1;
	if (next > log->file.last + 1)
		log_line(log->settings, LOG_LEVEL_ERROR,
		         "the decision log has lost %" PRIu64 " lines before line %" PRIu64, next - log->file.last - 1,
		         next);
	return 0;
}

static int
open_lanes(struct decision_log *log, struct error *err)
{
	char name[LOG_PATH_SIZE];
	const char *path = log->file.regular ? name : NULL;
	struct error why = {0};
	uint64_t next = 0;

	if (log->file.regular && (size_t)snprintf(name, sizeof(name), "%s.lanes", log->file.path) >= sizeof(name))
		return error_set(err, ERROR_LIMIT, NULL, "the name of the decision log is too long");
	if (recover(log, path, &next, err) != 0 || lanes_open(path, log->count + 1, next, &log->lanes, &why, err) != 0)
		return -(int)err->code;
	if (why.code)
		log_line(log->settings, LOG_LEVEL_WARNING,
		         "lines of the decision log that wait are lost if the service is killed: %s", why.text);
	return 0;
}

static void
init_conditions(struct decision_log *log)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&log->lock, NULL);
	pthread_mutex_init(&log->look_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&log->wake, &monotonic);
	pthread_cond_init(&log->room, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int
decision_log_open(const struct settings *settings, unsigned lanes, struct decision_log **ret, struct error *err)
{
	struct decision_log *log = calloc(1, sizeof(*log) + lanes * sizeof(log->writers[0]));
	int r;

	if (!log)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	log->settings = settings;
	log->count = log->own = lanes;
	arena_init(&log->arena, 0);
	init_conditions(log);
	for (size_t i = 0; i < settings->decision_log_mask.count; i++)
		(void)entry_form_set(&log->form,
		                     str_from(settings->decision_log_mask.items[i])); /* the setting's reader checks */
	r = log_file_open(&log->file, settings, err);
	log->form.key = log->file.key;
	if (r == 0)
		r = open_lanes(log, err);
	if (r == 0 && pthread_create(&log->thread, NULL, writer_main, log) != 0)
		r = error_set(err, ERROR_MEMORY, NULL, "no memory for the decision log");
	log->started = r == 0;
	if (r != 0) {
		decision_log_close(log);
		return r;
	}
	*ret = log;
	return 0;
}

void
decision_log_follow(struct decision_log *log, void (*look)(void *context, bool full, struct log_state *ret),
                    void *context)
{
	struct log_state state = {0};

	if (!log)
		return;
	pthread_mutex_lock(&log->look_lock);
	log->look_context = context;
	log->look = look;
	if (look) {
		look(context, true, &state);
		put_started(log, &state);
		log->generation = state.generation;
	}
	pthread_mutex_unlock(&log->look_lock);
}

void
decision_log_close(struct decision_log *log)
{
	bool left = true;

	if (!log)
		return;
	if (log->started) {
		uint64_t next;

		pthread_mutex_lock(&log->lock);
		log->stopping = true;
		pthread_cond_signal(&log->wake);
		pthread_mutex_unlock(&log->lock);
		pthread_join(log->thread, NULL);
		left = atomic_load(&log->failing);
		next = lanes_next(log->lanes);
		if (left)
			log_line(log->settings, LOG_LEVEL_ERROR,
			         "%" PRIu64 " lines of the decision log were not written: %s",
			         next - 1 - log->file.last,
			         lanes_last(log->lanes) ? "they wait for the next start" : "they are lost");
	}
	lanes_close(log->lanes, left);
	log_file_close(&log->file);
	arena_free(&log->arena);
	pthread_cond_destroy(&log->room);
	pthread_cond_destroy(&log->wake);
	pthread_mutex_destroy(&log->look_lock);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* --- lines of others --- */

/* Signals without the lock: a writer on this processor would wake up only to wait for it. */
static void
wake_writer(struct decision_log *log)
{
	pthread_mutex_lock(&log->lock);
	log->full = true;
	pthread_mutex_unlock(&log->lock);
	pthread_cond_signal(&log->wake);
}

/*
 * Waits for the writer, decision_log_wait_ms at most. A thread that has waited in vain does not wait again until something
 * has been written: a dead disk costs it one wait, and the lines after that.
 */
static bool
wait_for_room(struct decision_log *log, struct log_writer *writer, uint64_t round)
{
	struct timespec until;
	int64_t wait_ns = log->settings->decision_log_wait_ms * 1000000;
	bool written;

	if (writer->round == round + 1)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	wait_ns += until.tv_nsec;
	until.tv_sec += wait_ns / 1000000000;
	until.tv_nsec = wait_ns % 1000000000;
	pthread_mutex_lock(&log->lock);
	log->full = true;
	pthread_cond_signal(&log->wake);
	while (atomic_load_explicit(&log->rounds, memory_order_relaxed) == round &&
	       pthread_cond_timedwait(&log->room, &log->lock, &until) == 0)
		;
	written = atomic_load_explicit(&log->rounds, memory_order_relaxed) != round;
	pthread_mutex_unlock(&log->lock);
	writer->round = written ? 0 : round + 1;
	return written;
}

static bool
log_put_line(struct decision_log *log, unsigned number, struct str line)
{
	enum lane_answer answer = LANE_FULL;

	for (int i = 0; line.ptr && line.len < LANE_BYTES / 2 && i < 2; i++) {
		uint64_t round = atomic_load_explicit(&log->rounds, memory_order_relaxed);

		answer = lane_put(log->lanes, number, line);
		if (answer != LANE_FULL || i == 1 || log->settings->decision_log_overflow != LOG_OVERFLOW_BLOCK ||
		    !wait_for_room(log, &log->writers[number], round))
			break;
	}
	if (answer == LANE_BATCHED)
		wake_writer(log);
	if (answer != LANE_FULL)
		return true;
	lanes_lose(log->lanes);
	atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
	return false;
}

bool
decision_log_add(struct decision_log *log, unsigned number, const struct log_entry *entry, struct arena *arena)
{
	return !log || log_put_line(log, number, entry_line(&log->form, &log->writers[number].time, entry, arena));
}

bool
decision_log_changes(struct decision_log *log, unsigned number, const struct history_change *changes,
                     struct arena *arena)
{
	bool good = true;

	for (; log && changes; changes = changes->next) {
		good = log_put_line(log, number,
		                    entry_change(&log->form, &log->writers[number].time, changes, arena)) &&
		       good;
		arena_reset(arena);
	}
	return good;
}

bool
decision_log_takes(struct decision_log *log, unsigned number)
{
	return !log || log->settings->decision_log_overflow != LOG_OVERFLOW_DENY ||
	       (!atomic_load_explicit(&log->failing, memory_order_relaxed) &&
	        lane_room(log->lanes, number) >= ROOM_LEAST);
}

bool
decision_log_samples(struct decision_log *log, unsigned number)
{
	uint64_t one_in;

	if (!log)
		return false;
	one_in = (uint64_t)log->settings->decision_log_permits;
	if (one_in && log->writers[number].permits++ % one_in == 0)
		return true;
	atomic_fetch_add_explicit(&log->left_out, 1, memory_order_relaxed);
	return false;
}

void
decision_log_reopen(struct decision_log *log)
{
	if (log)
		atomic_store(&log->reopen, true);
}

void
decision_log_figures(const struct decision_log *log, struct log_figures *ret)
{
	uint64_t last = atomic_load_explicit(&log->last, memory_order_relaxed);
	uint64_t next = lanes_next(log->lanes);

	*ret = (struct log_figures){
		.written = atomic_load_explicit(&log->written, memory_order_relaxed),
		.bytes = atomic_load_explicit(&log->bytes, memory_order_relaxed),
		.dropped = atomic_load_explicit(&log->dropped, memory_order_relaxed),
		.left_out = atomic_load_explicit(&log->left_out, memory_order_relaxed),
		.files = atomic_load_explicit(&log->files, memory_order_relaxed),
		.recovered = log->recovered,
		.waiting = last && next > last ? next - last - 1 : 0,
		.failing = atomic_load_explicit(&log->failing, memory_order_relaxed),
		.lasting = lanes_last(log->lanes),
	};
}
