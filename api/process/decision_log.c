/* decision_log - every answer about a reservation or a permission, as a line of JSON in a file */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/process/decision_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "api/process/log.h"
#include "base/text.h"

const char *const log_door_name[LOG_DOOR_COUNT] = {
#define X(name, text) [LOG_DOOR_##name] = text,
	LOG_DOORS(X)
#undef X
};

#define LANE_SIZE ((size_t)1 << 20) /* a batch of the usual size, and more */
#define WAIT_MS 100                 /* how late a line may be written */
#define FILE_MODE 0640

/* One thread's lines. Two buffers: the thread fills one while the other is written. */
struct lane {
	pthread_mutex_t lock; /* guards what follows; held for a copy or a swap, never while writing */
	char *filling, *writing;
	size_t used;
	uint64_t lines;
	/* The thread's own: */
	int64_t time_ms; /* `time` is its text */
	char time[TIME_TEXT_SIZE];
	size_t time_len; /* 0: no text yet */
};

struct decision_log {
	const struct settings *settings;
	pthread_t thread;
	bool started, failing;
	int fd;
	atomic_bool reopen;
	atomic_uint_fast64_t dropped; /* relaxed: it orders nothing */
	pthread_mutex_t lock;         /* guards what follows; taken with no other */
	pthread_cond_t wake;
	bool full, stopping;
	unsigned lane_count;
	struct lane lanes[];
};

static int
log_open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
}

static void
reopen_file(struct decision_log *log)
{
	int fd = log_open_file(log->settings->decision_log);

	if (fd < 0) {
		log_line(log->settings, LOG_LEVEL_ERROR, "cannot open the decision log '%s' again: %s",
		         log->settings->decision_log, strerror(errno));
		return;
	}
	(void)close(log->fd); /* every write was looked at */
	log->fd = fd;
}

static bool
write_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t written = write(fd, bytes, count);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			count -= (size_t)written;
		}
	}
	return true;
}

/* Takes what a lane has and writes it, while its worker fills the other buffer. */
static void
empty(struct decision_log *log, struct lane *lane)
{
	uint64_t lines;
	size_t used;
	char *bytes;
	bool good;

	pthread_mutex_lock(&lane->lock);
	bytes = lane->filling;
	lane->filling = lane->writing;
	lane->writing = bytes;
	used = lane->used;
	lines = lane->lines;
	lane->used = lane->lines = 0;
	pthread_mutex_unlock(&lane->lock);
	good = write_all(log->fd, bytes, used);
	if (!good)
		atomic_fetch_add_explicit(&log->dropped, lines, memory_order_relaxed);
	if (!good && !log->failing)
		log_line(log->settings, LOG_LEVEL_ERROR, "cannot write the decision log '%s': %s",
		         log->settings->decision_log, strerror(errno));
	log->failing = !good || (log->failing && used == 0);
}

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

static void *
writer_main(void *argument)
{
	struct decision_log *log = argument;
	bool more = true;

	while (more) {
		more = wait_for_lines(log);
		if (atomic_exchange(&log->reopen, false))
			reopen_file(log);
		for (unsigned i = 0; i < log->lane_count; i++)
			empty(log, &log->lanes[i]);
	}
	return NULL;
}

int
decision_log_open(const struct settings *settings, unsigned lanes, struct decision_log **ret, struct error *err)
{
	struct decision_log *log = calloc(1, sizeof(*log) + lanes * sizeof(log->lanes[0]));
	pthread_condattr_t monotonic;
	bool memory = log != NULL;

	if (!log)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	log->settings = settings;
	log->lane_count = lanes;
	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&log->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (unsigned i = 0; i < lanes; i++) {
		struct lane *lane = &log->lanes[i];

		pthread_mutex_init(&lane->lock, NULL);
		lane->filling = malloc(LANE_SIZE);
		lane->writing = malloc(LANE_SIZE);
		memory = memory && lane->filling && lane->writing;
	}
	log->fd = log_open_file(settings->decision_log);
	if (log->fd < 0)
		(void)error_set(err, ERROR_IO, NULL, "cannot open the decision log '%s': %s", settings->decision_log,
		                strerror(errno));
	else if (!memory || pthread_create(&log->thread, NULL, writer_main, log) != 0)
		(void)error_set(err, ERROR_MEMORY, NULL, "no memory for the decision log");
	else
		log->started = true;
	if (log->started) {
		*ret = log;
		return 0;
	}
	decision_log_close(log);
	return -(int)err->code;
}

void
decision_log_close(struct decision_log *log)
{
	if (!log)
		return;
	if (log->started) {
		pthread_mutex_lock(&log->lock);
		log->stopping = true;
		pthread_cond_signal(&log->wake);
		pthread_mutex_unlock(&log->lock);
		pthread_join(log->thread, NULL);
	}
	if (log->fd >= 0)
		(void)close(log->fd); /* every write was looked at */
	for (unsigned i = 0; i < log->lane_count; i++) {
		pthread_mutex_destroy(&log->lanes[i].lock);
		free(log->lanes[i].filling);
		free(log->lanes[i].writing);
	}
	pthread_cond_destroy(&log->wake);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* A member as it is written, up to its value. */
#define MEMBER(name) STR(",\"" name "\":")

static const struct str attribute_member[ATTRIBUTE_COUNT] = {
#define X(name, key, onap) [ATTRIBUTE_##name] = {",\"" key "\":", sizeof(",\"" key "\":") - 1},
	ATTRIBUTES(X)
#undef X
};

/* Names, times and numbers: all of a line but the texts that others chose. */
#define LINE_MOST 1024

#define FIELDS_BYTES 4096 /* of names and values, in one line */

/* How many of a request's fields a line tells; ret_most: the bytes that they may take. */
static size_t
fields_told(const struct request *request, size_t *ret_most)
{
	size_t count = 0, bytes = 0;

	*ret_most = 0;
	for (; count < request->field_count; count++) {
		const struct request_field *field = &request->fields[count];

		bytes += field_root_text[field->root].len + field->name.len + field->value.len;
		if (bytes > FIELDS_BYTES)
			break;
		*ret_most += PUT_JSON_MOST(field_root_text[field->root].len + field->name.len) +
		             PUT_JSON_MOST(field->value.len) + 4;
	}
	return count;
}

static size_t
line_most(const struct log_entry *entry)
{
	const struct guard *denier = entry->decision ? entry->decision->guard : NULL;
	size_t most = LINE_MOST + PUT_JSON_MOST(entry->id.len) + PUT_JSON_MOST(entry->trace.len) +
	              PUT_JSON_MOST(entry->user.len) + PUT_JSON_MOST(entry->client.len) +
	              PUT_JSON_MOST(entry->file.len);

	for (int i = 0; entry->request && i < ATTRIBUTE_COUNT; i++)
		most += attribute_member[i].len + PUT_JSON_MOST(entry->request->attribute[i].len);
	if (entry->request) {
		size_t fields;

		(void)fields_told(entry->request, &fields); /* only their bytes */
		most += PUT_JSON_MOST(entry->request->request_id.len) +
		        PUT_JSON_MOST(entry->request->subrequest_id.len) + fields;
	}
	for (int i = 0; i < LOG_MEMBERS && entry->members[i].name; i++)
		most += strlen(entry->members[i].name) + PUT_JSON_MOST(entry->members[i].value.len);
	if (denier)
		most += PUT_JSON_MOST(denier->policy.len) + PUT_JSON_MOST(denier->version.len) +
		        PUT_JSON_MOST(strlen(denier->file));
	return most;
}

static inline char *
put_member(char *at, struct str member, struct str value)
{
	return value.ptr ? put_json(put_piece(at, member), value) : at;
}

/* The same for all lines of a tick of the clock. */
static struct str
time_of(struct lane *lane, int64_t now_ms)
{
	if (now_ms != lane->time_ms || lane->time_len == 0)
		lane->time_len = time_format_instant(now_ms, lane->time);
	lane->time_ms = now_ms;
	return (struct str){lane->time, lane->time_len};
}

/* As a list, because a path may occur more than once. */
static char *
put_fields(char *at, const struct request *request, struct arena *arena)
{
	size_t bytes, count = fields_told(request, &bytes);

	at = put_piece(at, STR(",\"fields\":["));
	for (size_t i = 0; i < count; i++) {
		const struct request_field *field = &request->fields[i];

		at = put_json(put_piece(at, i ? STR(",[") : STR("[")), field_path(field, arena));
		at = put_json(put_piece(at, STR(",")), field->value);
		at = put_piece(at, STR("]"));
	}
	at = put_piece(at, STR("]"));
	if (count < request->field_count)
		at = put_number(put_piece(at, MEMBER("fields_left_out")), (int64_t)(request->field_count - count));
	return at;
}

static char *
put_request(char *at, const struct request *request, struct arena *arena)
{
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		at = put_member(at, attribute_member[i], request->attribute[i]);
	at = put_member(at, MEMBER("requestId"), request->request_id);
	at = put_member(at, MEMBER("subrequestId"), request->subrequest_id);
	if (request->has_vf_count)
		at = put_number(put_piece(at, MEMBER("vfCount")), request->vf_count);
	return request->field_count ? put_fields(at, request, arena) : at;
}

static char *
put_decision(char *at, const struct decision *decision)
{
	const struct guard *denier = decision->permit ? NULL : decision->guard;

	at = put_piece(at, decision->permit ? STR(",\"status\":\"Permit\"") : STR(",\"status\":\"Deny\""));
	at = put_member(at, MEMBER("reason"), str_from(reason_name[decision->reason]));
	at = put_member(at, MEMBER("missing"), str_from(decision->missing));
	if (!denier)
		return at;
	at = put_member(at, MEMBER("policy"), denier->policy);
	at = put_member(at, MEMBER("version"), denier->version);
	at = put_member(at, MEMBER("file"), str_from(denier->file));
	return put_number(put_piece(at, MEMBER("line")), denier->line);
}

static char *
put_more(char *at, const struct log_entry *entry)
{
	for (int i = 0; i < LOG_MEMBERS && entry->members[i].name; i++) {
		const struct log_member *member = &entry->members[i];

		if (!member->value.ptr)
			continue;
		at = put_piece(put_piece(at, STR(",\"")), str_from(member->name));
		at = put_json(put_piece(at, STR("\":")), member->value);
	}
	return at;
}

static struct str
line_of(struct lane *lane, const struct log_entry *entry, struct arena *arena)
{
	char *line = arena_bytes(arena, line_most(entry)), *at;

	if (!line)
		return STR_NONE;
	at = put_member(line, STR("{\"time\":"), time_of(lane, entry->at_ms));
	at = put_member(at, MEMBER("id"), entry->id);
	at = put_member(at, MEMBER("trace"), entry->trace);
	at = put_member(at, MEMBER("door"), str_from(log_door_name[entry->door]));
	at = put_member(at, MEMBER("event"), str_from(entry->event));
	at = put_member(at, MEMBER("user"), entry->user);
	at = put_member(at, MEMBER("client"), entry->client);
	if (entry->decision && entry->door != LOG_DOOR_ACCESS)
		at = put_number(put_piece(at, MEMBER("generation")), (int64_t)entry->decision->generation);
	if (entry->request)
		at = put_request(at, entry->request, arena);
	at = put_more(at, entry);
	if (entry->decision)
		at = put_decision(at, entry->decision);
	at = put_member(at, MEMBER("file"), entry->file);
	if (entry->line)
		at = put_number(put_piece(at, MEMBER("line")), entry->line);
	if (entry->reported)
		at = put_piece(at, STR(",\"enforced\":false"));
	at = put_piece(at, STR("}\n"));
	return (struct str){line, (size_t)(at - line)};
}

void
decision_log_add(struct decision_log *log, unsigned number, const struct log_entry *entry, struct arena *arena)
{
	struct lane *lane;
	struct str line;
	bool fits, full;

	if (!log)
		return;
	lane = &log->lanes[number];
	line = line_of(lane, entry, arena);
	pthread_mutex_lock(&lane->lock);
	fits = line.ptr && line.len <= LANE_SIZE - lane->used;
	full = fits && lane->used <= LANE_SIZE / 2 && lane->used + line.len > LANE_SIZE / 2;
	if (fits) {
		memcpy(lane->filling + lane->used, line.ptr, line.len);
		lane->used += line.len;
		lane->lines++;
	}
	pthread_mutex_unlock(&lane->lock);
	if (!fits)
		atomic_fetch_add_explicit(&log->dropped, 1, memory_order_relaxed);
	if (!full)
		return;
	pthread_mutex_lock(&log->lock);
	log->full = true;
	pthread_cond_signal(&log->wake);
	pthread_mutex_unlock(&log->lock);
}

void
decision_log_reopen(struct decision_log *log)
{
	if (log)
		atomic_store(&log->reopen, true);
}

uint64_t
decision_log_dropped(const struct decision_log *log)
{
	return atomic_load_explicit(&log->dropped, memory_order_relaxed);
}
