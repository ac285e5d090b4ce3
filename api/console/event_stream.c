/* event_stream - GET events: what happens, as it happens */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/console/event_stream.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "api/console/gauges.h"
#include "base/clock.h"
#include "api/http/resources.h"
#include "api/server/server.h"
#include "api/server/stream.h"
#include "api/server/ticket.h"
#include "api/decision_log/denials.h"
#include "api/resources/health.h"
#include "runtime/rows/bus.h"
#include "runtime/thread/runtime.h"

#define STREAMS_MOST 64
#define TICK_MS 250                           /* how soon listeners hear */
#define SECOND_MS 1000                        /* between two figures */
#define PAST_SECONDS 300                      /* of figures that a new listener is told */
#define MESSAGES_MOST 50                      /* of a topic in one tick; what is left out is counted */
#define DENIALS_MOST 50                       /* the same */
#define NOTIFICATION_BYTES ((size_t)48 << 10) /* of the messages of a topic in one tick; the same */
#define TOPICS 3

struct rate {
	uint32_t permitted, denied;
};

struct event_stream {
	struct service *service;
	struct streams streams;
	pthread_t thread;
	bool started;

	struct gauges gauges;

	/* The thread's. */
	struct history_reader *reader;
	struct arena scratch;
	uint64_t *seen; /* of denials, a number a lane */
	struct str topics[TOPICS];
	uint64_t next[TOPICS];
	uint64_t state; /* of the database when it was looked at last */
	bool listening; /* there were streams at the last tick */
	int64_t second_ms;
	uint64_t permitted, denied; /* at the last second */
	struct rate past[PAST_SECONDS];
	uint64_t seconds; /* ever; the newest is at (seconds - 1) % PAST_SECONDS */
};

static uint64_t
decided(const struct metrics *metrics, unsigned permit)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LOG_DOOR_COUNT; i++)
		sum += metrics_sum(metrics, offsetof(struct metrics_shard, door[0][0]) +
		                                    (i * 2 + permit) * sizeof(atomic_uint_fast64_t));
	return sum;
}

/* Once a second: what was decided in it. */
static void
sample(struct event_stream *events)
{
	const struct metrics *metrics = events->service->metrics;
	uint64_t permitted = decided(metrics, 1), denied = decided(metrics, 0);

	events->past[events->seconds % PAST_SECONDS] =
		(struct rate){(uint32_t)(permitted - events->permitted), (uint32_t)(denied - events->denied)};
	events->seconds++;
	events->permitted = permitted;
	events->denied = denied;
}

static void
write_rates(struct text *out, const struct event_stream *events, bool permits)
{
	uint64_t count = events->seconds < PAST_SECONDS ? events->seconds : PAST_SECONDS;

	text_addf(out, ",\"%s\":[", permits ? "permitted" : "denied");
	for (uint64_t i = events->seconds - count; i < events->seconds; i++) {
		const struct rate *rate = &events->past[i % PAST_SECONDS];

		text_addf(out, i == events->seconds - count ? "%" PRIu32 : ",%" PRIu32,
		          permits ? rate->permitted : rate->denied);
	}
	text_add(out, STR("]"));
}

/* event: past, for who is new: the rates of the last minutes. */
static void
write_past(struct text *out, const struct event_stream *events)
{
	text_add(out, STR("retry: 2000\nevent: past\ndata: {\"seconds\":1"));
	write_rates(out, events, true);
	write_rates(out, events, false);
	text_add(out, STR("}\n\n"));
}

/* event: now. Counts are since the start. */
static void
write_now(struct text *out, const struct event_stream *events)
{
	struct service *service = events->service;
	struct server_load load = server_load(service->server);
	char now[TIME_TEXT_SIZE], since[TIME_TEXT_SIZE], started[TIME_TEXT_SIZE];
	struct engine_info info;

	engine_info(service->engine, &info);
	time_format_instant(engine_now(service->engine), now);
	time_format_instant(info.since_ms, since);
	time_format_instant(service->started_ms, started);
	text_addf(out,
	          "event: now\ndata: {\"now\":\"%s\",\"started\":\"%s\",\"service\":\"%s\",\"generation\":%" PRIu64
	          ",\"since\":\"%s\",\"policies\":%zu,\"guards\":%zu,\"counting\":%zu,\"findings\":%zu",
	          now, started, service->name, info.generation, since, info.policies, info.guards, info.counting,
	          info.findings);
	text_addf(out, ",\"permitted\":%" PRIu64 ",\"denied\":%" PRIu64 ",\"recorded\":%" PRIu64 ",\"errors\":%" PRIu64,
	          events->permitted, events->denied,
	          metrics_sum(service->metrics, offsetof(struct metrics_shard, recorded)),
	          metrics_sum(service->metrics, offsetof(struct metrics_shard, errors)));
	text_addf(out, ",\"connections\":%u,\"waiting\":%u,\"reasons\":{", load.connections, load.suspended);
	for (size_t i = 0; i < REASON_COUNT; i++)
		if (i != REASON_SHADOW)
			text_addf(out, "%s\"%s\":%" PRIu64, i ? "," : "", reason_name[i],
			          metrics_sum(service->metrics, offsetof(struct metrics_shard, reason[0]) +
			                                                i * sizeof(atomic_uint_fast64_t)));
	text_add(out, STR("},\"health\":"));
	(void)health_write(service, events->reader, out); /* the text says whether it is ready */
	text_add(out, STR("}\n\n"));
}

/* event: denied, with those that came since the last look. */
static void
write_denied(struct text *out, struct event_stream *events)
{
	struct service *service = events->service;
	struct text list;

	text_init(&list, &events->scratch);
	if (denials_write(service->denials, events->seen, DENIALS_MOST, &events->scratch, &list) == 0)
		return;
	text_add(out, STR("event: denied\ndata: ["));
	text_add(out, text_done(&list));
	text_add(out, STR("]\n\n"));
}

/* event: notification, for each topic of them: as many of the newest messages as fit. */
static void
write_notifications(struct event_stream *events, struct txn *txn, size_t i, struct text *out)
{
	uint64_t end = bus_end(txn, events->topics[i]), from = events->next[i], count = end - from;
	size_t mark = out->len;

	if (end <= from)
		return;
	if (count > MESSAGES_MOST)
		count = MESSAGES_MOST;
	for (;; count /= 2) {
		out->len = mark;
		text_add(out, STR("event: notification\ndata: {\"topic\":"));
		text_add_json(out, events->topics[i]);
		text_addf(out, ",\"missed\":%" PRIu64 ",\"messages\":[", end - count - from);
		(void)bus_look(txn, events->topics[i], end - count, end, out); /* those that are kept */
		text_add(out, STR("]}\n\n"));
		if (count == 0 || out->len - mark <= NOTIFICATION_BYTES)
			break;
	}
	events->next[i] = end;
}

/* The changes that one tick announces; part i + 1 is for those who may read topic i. */
struct tidings {
	struct text all, topic[TOPICS], fresh;
};

/* The database may have been changed by any process. */
static void
events_look_at_database(struct event_stream *events, struct tidings *tidings)
{
	struct txn txn = {0};
	uint64_t state;

	if (history_reader_begin(events->reader) == 0) {
		state = store_state(history_reader_txn(events->reader));
		runtime_read(events->service->runtime, events->reader, &events->scratch, &txn);
		if (!events->listening) {
			for (size_t i = 0; i < TOPICS; i++)
				events->next[i] = bus_end(&txn, events->topics[i]);
		} else if (state != events->state) {
			text_addf(&tidings->all, "event: changed\ndata: {\"state\":%" PRIu64 "}\n\n", state);
			for (size_t i = 0; i < TOPICS; i++)
				write_notifications(events, &txn, i, &tidings->topic[i]);
		}
		events->state = state;
	}
	history_reader_end(events->reader);
}

/* Under the lock of the streams. A text that memory ran out for ends the stream: its reader asks again. */
static void
tell(struct stream *stream, struct text *text)
{
	struct str bytes = text_done(text);

	if (text->failed)
		stream_end(stream);
	else if (bytes.len)
		stream_append(stream, bytes);
}

static void
distribute(struct event_stream *events, struct tidings *tidings, int64_t now_ms)
{
	pthread_mutex_lock(&events->streams.lock);
	for (struct stream *stream = events->streams.first; stream; stream = stream->next) {
		if (stream->fresh)
			tell(stream, &tidings->fresh);
		stream->fresh = false;
		tell(stream, &tidings->all);
		for (size_t i = 0; i < TOPICS; i++)
			if (stream->grants & 1u << i)
				tell(stream, &tidings->topic[i]);
		if (stream->until_ms <= now_ms)
			stream_end(stream);
	}
	pthread_mutex_unlock(&events->streams.lock);
}

static void
tick(struct event_stream *events, bool listening, bool fresh)
{
	int64_t now_ms = clock_monotonic_ms();
	struct tidings tidings;
	bool second = now_ms >= events->second_ms;

	gauges_tick(&events->gauges, events->service, events->reader, now_ms);
	if (second) {
		sample(events);
		events->second_ms += SECOND_MS;
		if (events->second_ms <= now_ms) /* the first, or the machine slept */
			events->second_ms = now_ms + SECOND_MS;
	}
	if (listening) {
		text_init(&tidings.all, &events->scratch);
		text_init(&tidings.fresh, &events->scratch);
		for (size_t i = 0; i < TOPICS; i++)
			text_init(&tidings.topic[i], &events->scratch);
		if (!events->listening) /* what was denied before nobody listened to */
			(void)denials_write(events->service->denials, events->seen, 0, &events->scratch, &tidings.all);
		events_look_at_database(events, &tidings);
		write_denied(&tidings.all, events);
		if (fresh)
			write_past(&tidings.fresh, events);
		if (fresh || second)
			write_now(&tidings.all, events);
		distribute(events, &tidings, now_ms);
	}
	events->listening = listening;
	arena_reset(&events->scratch);
}

/* Under the lock: whether one of the streams is new. */
static bool
has_fresh(const struct streams *streams)
{
	for (const struct stream *stream = streams->first; stream; stream = stream->next)
		if (stream->fresh)
			return true;
	return false;
}

static void *
event_stream_main(void *argument)
{
	struct event_stream *events = argument;
	struct streams *streams = &events->streams;
	struct timespec until;
	bool listening, fresh, closed;

	do {
		(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&streams->lock);
		if (!streams->closed && !has_fresh(streams))
			pthread_cond_timedwait(&streams->filled, &streams->lock, &until);
		listening = streams->first != NULL;
		fresh = has_fresh(streams);
		closed = streams->closed;
		pthread_mutex_unlock(&streams->lock);
		if (!closed)
			tick(events, listening, fresh);
	} while (!closed);
	return NULL;
}

int
event_stream_open(struct service *service, struct event_stream **ret, struct error *err)
{
	const struct runtime_options *options = runtime_options_of(service->runtime);
	struct event_stream *events = calloc(1, sizeof(*events));
	int r;

	if (!events)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	events->service = service;
	gauges_init(&events->gauges);
	streams_init(&events->streams, STREAMS_MOST, &service->budget);
	arena_init(&events->scratch, 0);
	arena_charge(&events->scratch, &service->budget, BUDGET_OTHER);
	events->topics[0] = options->notifications;
	events->topics[1] = options->loop_notifications;
	events->topics[2] = options->policy_topic;
	events->seen = calloc(denials_lanes(service->denials), sizeof(*events->seen));
	r = events->seen ? history_reader_open(engine_history(service->engine), &events->reader, err)
	                 : error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (r == 0 && pthread_create(&events->thread, NULL, event_stream_main, events) != 0)
		r = error_set(err, ERROR_MEMORY, NULL, "cannot start the thread for events");
	if (r != 0) {
		event_stream_close(events);
		return r;
	}
	events->started = true;
	*ret = events;
	return 0;
}

void
event_stream_stop(struct event_stream *events)
{
	if (!events)
		return;
	streams_close(&events->streams);
	if (events->started)
		pthread_join(events->thread, NULL);
	events->started = false;
}

void
event_stream_close(struct event_stream *events)
{
	if (!events)
		return;
	event_stream_stop(events);
	history_reader_close(events->reader);
	arena_free(&events->scratch);
	streams_done(&events->streams);
	gauges_done(&events->gauges);
	free(events->seen);
	free(events);
}

void
runtime_metrics(struct exchange *exchange, struct text *out)
{
	struct service *service = exchange->worker->service;

	if (!service_is_verifying(service))
		gauges_write(&service->events->gauges, service, out);
}

/* Which topics of notifications who asks may read. */
static unsigned
grants_of(struct exchange *exchange, const struct event_stream *events)
{
	const struct service *service = exchange->worker->service;
	unsigned grants = 0;

	for (size_t i = 0; i < TOPICS; i++)
		if (exchange->worker->carries & ROLE_MESSAGES &&
		    (!service->auth ||
		     auth_covers(service->auth, &exchange->identity, ROLE_MESSAGES, events->topics[i])))
			grants |= 1u << i;
	return grants;
}

/* Digits; INT64_MAX when it is not given, -1 when it is not a number. */
static int64_t
read_seconds(struct str text)
{
	int64_t seconds = 0;

	if (!text.ptr)
		return INT64_MAX;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || seconds > INT32_MAX)
			return -1;
		seconds = seconds * 10 + (text.ptr[i] - '0');
	}
	return text.len ? seconds : -1;
}

void
service_events_get(struct exchange *exchange)
{
	struct event_stream *events = exchange->worker->service->events;
	struct str given = exchange_query(exchange, "seconds");
	int64_t seconds = read_seconds(given);
	struct error err = {0};
	struct stream *stream;

	if (seconds < 0) {
		(void)error_set(&err, ERROR_TYPE, NULL, "seconds is wrong: expected a number, got '%.*s'",
		                STR_ARG(given));
		answer_error(exchange, &err);
		return;
	}
	stream = stream_new(&events->streams);
	if (!stream) {
		(void)error_set(&err, ERROR_BUSY, NULL, "too many listen to events already: expected at most %d",
		                STREAMS_MOST);
		answer_error(exchange, &err);
		return;
	}
	pthread_mutex_lock(&events->streams.lock);
	stream->grants = grants_of(exchange, events);
	if (seconds != INT64_MAX)
		stream->until_ms = clock_monotonic_ms() + seconds * 1000;
	pthread_mutex_unlock(&events->streams.lock);
	exchange->reply.status = 200;
	exchange->reply.type = "text/event-stream";
	exchange->reply.stream = stream;
}
