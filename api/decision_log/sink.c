/* sink - sends the lines of a decision log on, from its files: to a URL, or to the journal */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/decision_log/log_files.h"
#include "api/decision_log/log_tail.h"
#include "api/process/log.h"
#include "api/process/sender.h"
#include "base/text.h"

#define LINES_MOST 1000
#define BYTES_MOST ((size_t)512 << 10)
#define LOOK_MS 100
#define RETRY_FIRST_MS 200
#define RETRY_MOST_MS 30000
#define SEND_MS 10000
#define STALL_S 1           /* after which a datagram that is not taken is tried again */
#define SYSLOG_INFO "<134>" /* local0.info */

struct sink {
	enum sink_kind kind;
	const struct settings *settings;
	struct log_tail tail;
	char place[LOG_PATH_SIZE]; /* of the file that says how far it has come */
	struct sender sender;
	int socket;
	bool failing;
	/* Relaxed: they order nothing. */
	atomic_uint_fast64_t delivered, failures, skipped, last;
	/* The thread's. */
	struct arena arena; /* of a batch */
};

/* --- how far it has come --- */

static uint64_t
place_read(const struct sink *sink)
{
	FILE *file = fopen(sink->place, "re");
	uint64_t number = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = 0;
	(void)fclose(file); /* it was only read */
	return number;
}

static void
place_write(struct sink *sink, uint64_t number)
{
	char aside[LOG_PATH_SIZE + 4];
	FILE *file;
	bool good;

	(void)snprintf(aside, sizeof(aside), "%s.new", sink->place);
	file = fopen(aside, "we");
	good = file && fprintf(file, "%" PRIu64 "\n", number) > 0;
	good = file && fclose(file) == 0 && good;
	if (good && rename(aside, sink->place) == 0)
		return;
	log_line(sink->settings, LOG_LEVEL_WARNING, "cannot write '%s': %s; lines may be sent twice", sink->place,
	         strerror(errno));
}

/* --- sending --- */

static bool
send_url(struct sink *sink, struct str body)
{
	return sender_post(&sink->sender, STR("lines"), sink->settings->decision_log_url, body, SEND_MS, true);
}

/* One datagram a line. */
static bool
send_datagram(struct sink *sink, struct str line)
{
	const char *path = sink->settings->decision_log_journal;
	bool journal = str_ends_with(str_from(path), STR("journal/socket"));
	struct text text;
	struct str done;

	text_init(&text, &sink->arena);
	if (journal)
		text_add(&text, STR("PRIORITY=6\nSYSLOG_IDENTIFIER=clguard\nCLGUARD_LOG=decisions\nMESSAGE="));
	else
		text_add(&text, STR(SYSLOG_INFO "clguard: "));
	text_add(&text, line); /* JSON on one line */
	if (journal)
		text_add(&text, STR("\n"));
	done = text_done(&text);
	return done.ptr && send(sink->socket, done.ptr, done.len, MSG_NOSIGNAL) == (ssize_t)done.len;
}

static bool
connect_socket(struct sink *sink)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (sink->socket >= 0)
		return true;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", sink->settings->decision_log_journal);
	sink->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sink->socket >= 0) /* a reader that stands still must not hold up the end of the service */
		(void)setsockopt(sink->socket, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = STALL_S},
		                 sizeof(struct timeval));
	if (sink->socket >= 0 && connect(sink->socket, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	if (sink->socket >= 0)
		(void)close(sink->socket); /* it is of no use */
	sink->socket = -1;
	return false;
}

static void
note_result(struct sink *sink, bool good)
{
	const char *to =
		sink->kind == SINK_URL ? sink->settings->decision_log_url : sink->settings->decision_log_journal;

	if (!good)
		atomic_fetch_add_explicit(&sink->failures, 1, memory_order_relaxed);
	if (!good && !sink->failing)
		log_line(sink->settings, LOG_LEVEL_ERROR,
		         "cannot send the decision log to %s: status %u; its lines wait in "
		         "the files",
		         to, sink->sender.status);
	if (good && sink->failing)
		log_line(sink->settings, LOG_LEVEL_WARNING, "the decision log is sent to %s again", to);
	sink->failing = !good;
}

/* Sends until it succeeds. False when it ends before. */
static bool
send_surely(struct sink *sink, bool (*send_one)(struct sink *sink, struct str body), struct str body)
{
	int64_t retry_ms = RETRY_FIRST_MS;

	for (;;) {
		bool good = (sink->kind == SINK_URL || connect_socket(sink)) && send_one(sink, body);

		note_result(sink, good);
		if (good)
			return true;
		if (sink->socket >= 0)
			(void)close(sink->socket); /* the other end may be a new one */
		sink->socket = -1;
		if (!sender_rest(&sink->sender, retry_ms))
			return false;
		retry_ms = retry_ms * 2 < RETRY_MOST_MS ? retry_ms * 2 : RETRY_MOST_MS;
	}
}

static void
note_delivered(struct sink *sink, uint64_t number, uint64_t lines)
{
	place_write(sink, number);
	atomic_store_explicit(&sink->last, number, memory_order_relaxed);
	atomic_fetch_add_explicit(&sink->delivered, lines, memory_order_relaxed);
	atomic_store_explicit(&sink->skipped, sink->tail.skipped, memory_order_relaxed);
}

/* The lines that are there, as one body. Their number, and the last one's; 0 when there are none. */
static uint64_t
sink_gather(struct sink *sink, struct text *body, uint64_t *ret_last)
{
	uint64_t lines = 0, number;
	struct str line;

	text_init(body, &sink->arena);
	while (lines < LINES_MOST && body->len < BYTES_MOST && log_tail_next(&sink->tail, &number, &line)) {
		text_add(body, lines ? STR(",\n") : STR("["));
		text_add(body, line);
		*ret_last = number;
		lines++;
	}
	text_add(body, STR("]"));
	return lines;
}

static bool
deliver_batch(struct sink *sink)
{
	uint64_t last = 0, lines;
	struct text body;

	arena_reset(&sink->arena);
	lines = sink_gather(sink, &body, &last);
	if (lines == 0)
		return sender_rest(&sink->sender, LOOK_MS);
	if (!text_done(&body).ptr || !send_surely(sink, send_url, text_done(&body)))
		return false;
	note_delivered(sink, last, lines);
	return sender_rest(&sink->sender, 0);
}

static bool
deliver_lines(struct sink *sink)
{
	uint64_t number, last = 0, lines = 0;
	struct str line;

	while (lines < LINES_MOST && log_tail_next(&sink->tail, &number, &line)) {
		arena_reset(&sink->arena);
		if (!send_surely(sink, send_datagram, line))
			break;
		last = number;
		lines++;
	}
	if (lines)
		note_delivered(sink, last, lines);
	return sender_rest(&sink->sender, lines ? 0 : LOOK_MS);
}

static void *
sink_main(void *argument)
{
	struct sink *sink = argument;

	while (sink->kind == SINK_URL ? deliver_batch(sink) : deliver_lines(sink))
		;
	return NULL;
}

int
sink_open(enum sink_kind kind, const struct settings *settings, struct sink **ret, struct error *err)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	*sink = (struct sink){.kind = kind, .settings = settings, .socket = -1, .tail = {.fd = -1}};
	arena_init(&sink->arena, 0);
	sender_init(&sink->sender);
	(void)snprintf(sink->place, sizeof(sink->place), "%s.%s", settings->decision_log,
	               kind == SINK_URL ? "sent" : "journal"); /* the log's own names are as long */
	atomic_init(&sink->last, place_read(sink));
	if (!log_tail_open(&sink->tail, settings->decision_log, atomic_load(&sink->last)))
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else if (kind == SINK_URL)
		(void)sender_connect(&sink->sender, settings->https_ca, err); /* err tells */
	if (!err->code && !sender_start(&sink->sender, sink_main, sink))
		(void)error_set(err, ERROR_MEMORY, NULL, "no memory for the decision log");
	if (!err->code) {
		*ret = sink;
		return 0;
	}
	sink_close(sink);
	return -(int)err->code;
}

void
sink_close(struct sink *sink)
{
	if (!sink)
		return;
	sender_stop(&sink->sender);
	if (sink->socket >= 0)
		(void)close(sink->socket); /* every datagram was looked at */
	log_tail_close(&sink->tail);
	arena_free(&sink->arena);
	free(sink);
}

void
sink_figures(const struct sink *sink, struct sink_figures *ret)
{
	*ret = (struct sink_figures){0};
	if (!sink)
		return;
	ret->delivered = atomic_load_explicit(&sink->delivered, memory_order_relaxed);
	ret->failures = atomic_load_explicit(&sink->failures, memory_order_relaxed);
	ret->skipped = atomic_load_explicit(&sink->skipped, memory_order_relaxed);
	ret->last = atomic_load_explicit(&sink->last, memory_order_relaxed);
}
