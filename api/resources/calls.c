/* calls - requests to the runtime: the exchange waits while the runtime writes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/calls.h"

#include <stdlib.h>

#include "api/bodies/reply.h"
#include "api/http/reading.h"
#include "api/http/resources.h"
#include "base/document.h"
#include "runtime/model/vocabulary.h"

#define NODES_MORE 1000      /* values that aliases may add to a document, beside one a byte */
#define PAGE_MOST 1000000000 /* of offset and limit */
#define TRIES_MOST 8         /* that wait or run */

/*
 * A call that an exchange waits for. Freed by whoever lets go last: the worker when the answer is sent or the client has
 * gone, or the thread that answers.
 */
struct waiting {
	struct runtime_call call; /* first */
	struct reading_job job;   /* of a reading call */
	struct exchange *exchange;
	struct service *service;
	struct bus_question question;
	char *body;
	size_t charged; /* taken from the budget for the body and for this */
	void (*read)(struct txn *txn, struct runtime_call *call, struct text *out);
	int (*read_history)(struct history_reader *reader, struct runtime_call *call, struct text *out);
	/* Adds to the answer. */
	void (*add)(struct service *service, struct runtime_call *call, struct arena *scratch, struct text *out);
	bool apart;            /* on the thread for what is tried */
	bool yaml, is_yaml;    /* the answer shall be YAML, and is */
	atomic_int holders;    /* acquire and release: the last one sees all that the other wrote */
	atomic_bool abandoned; /* nobody reads the answer */
};

static void
waiting_free(struct waiting *waiting)
{
	struct budget *budget = &waiting->service->budget;
	size_t charged = waiting->charged;

	arena_free(&waiting->call.scratch);
	arena_free(&waiting->call.arena);
	bytes_drop(waiting->call.shared);
	if (waiting->apart)
		atomic_fetch_sub_explicit(&waiting->service->tries, 1, memory_order_relaxed);
	free(waiting->body);
	free(waiting);
	budget_give(budget, charged);
}

static int
return_run(struct txn *txn, struct runtime_call *call)
{
	bus_return(txn, call->question);
	call_answer(call, 200, STR("{}"));
	return 0;
}

static void
returned(struct runtime_call *call)
{
	waiting_free((struct waiting *)call);
}

/*
 * Messages that were given and did not reach anybody are given back. If that fails too, they are offered again in a
 * minute. False when there is nothing to give back.
 */
static bool
give_back(struct waiting *waiting)
{
	struct runtime_call *call = &waiting->call;
	struct error ignored = {0};

	if (!call->shared || !atomic_load(&waiting->abandoned))
		return false;
	call->run = return_run;
	call->done = returned;
	call->gone = NULL;
	return runtime_call(waiting->service->runtime, call, &ignored) == 0;
}

static void
waiting_drop(struct waiting *waiting)
{
	if (atomic_fetch_sub_explicit(&waiting->holders, 1, memory_order_acq_rel) == 1 && !give_back(waiting))
		waiting_free(waiting);
}

/* A parameter that is given but empty says as little as one that is not given. */
static struct str
query_text(struct exchange *exchange, const char *name, struct arena *arena)
{
	struct str text = exchange_query(exchange, name);

	return text.len ? arena_str(arena, text) : STR_NONE;
}

static int
calls_query_number(struct exchange *exchange, const char *name, size_t *ret, struct error *err)
{
	struct str text = exchange_query(exchange, name);

	*ret = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || *ret > PAGE_MOST / 10)
			return error_set(err, ERROR_TYPE, NULL,
			                 "%s is wrong: expected a number from 0 to %d, got '%.*s'", name, PAGE_MOST,
			                 STR_ARG(text));
		*ret = *ret * 10 + (size_t)(text.ptr[i] - '0');
	}
	return 0;
}

int
call_read_page(struct exchange *exchange, struct runtime_call *call, struct error *err)
{
	if (calls_query_number(exchange, "offset", &call->page.offset, err) != 0)
		return -(int)err->code;
	return calls_query_number(exchange, "limit", &call->page.limit, err);
}

static int
fill(struct exchange *exchange, struct waiting *waiting, struct error *err)
{
	struct runtime_call *call = &waiting->call;

	call->compositions = str_starts_with(exchange->path, STR("/onap/automationcomposition/"));
	call->name = query_text(exchange, "name", &call->arena);
	call->version = query_text(exchange, "version", &call->arena);
	if (exchange->trace_text[0])
		call->trace = arena_str(&call->arena, str_from(exchange->trace_text));
	return call->arena.exhausted ? error_set(err, ERROR_MEMORY, NULL, "out of memory") : 0;
}

struct runtime_call *
call_new(struct exchange *exchange)
{
	struct service *service = exchange->worker->service;
	struct waiting *waiting = NULL;
	struct error err = {0};

	if (budget_take(&service->budget, sizeof(*waiting), BUDGET_OTHER)) {
		waiting = calloc(1, sizeof(*waiting));
		if (!waiting)
			budget_give(&service->budget, sizeof(*waiting));
	}
	if (!waiting) {
		(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
		answer_error(exchange, &err);
		return NULL;
	}
	waiting->charged = sizeof(*waiting);
	waiting->service = service;
	waiting->exchange = exchange;
	arena_init(&waiting->call.arena, 0);
	arena_charge(&waiting->call.arena, &service->budget, BUDGET_OTHER);
	arena_init(&waiting->call.scratch, 0);
	arena_charge(&waiting->call.scratch, &service->budget, BUDGET_OTHER);
	waiting->call.question = &waiting->question;
	waiting->yaml = exchange->writes == MEDIA_YAML;
	if (fill(exchange, waiting, &err) == 0)
		return &waiting->call;
	answer_error(exchange, &err);
	waiting_free(waiting);
	return NULL;
}

void
call_free(struct runtime_call *call)
{
	if (call)
		waiting_free((struct waiting *)call);
}

void
answer_refusal(struct exchange *exchange, unsigned status, const char *sentence)
{
	struct text out;

	text_init(&out, exchange->arena);
	text_add(&out, STR("{\"errorDetails\":"));
	text_add_json(&out, str_from(sentence));
	text_add(&out, STR("}"));
	answer_json(exchange, text_done(&out));
	if (exchange->reply.status == 200)
		exchange->reply.status = status;
}

void
call_take_body(struct exchange *exchange, struct runtime_call *call, int (*read)(struct runtime_call *call))
{
	struct waiting *waiting = (struct waiting *)call;
	size_t charged;

	call->raw = exchange->body;
	call->media = arena_str(&call->arena, exchange->content_type);
	call->read = read;
	waiting->body = exchange_take_body(exchange, &charged);
	waiting->charged += charged;
}

void
call_take_document(struct exchange *exchange, struct runtime_call *call)
{
	const struct settings *settings = exchange->worker->service->settings;
	size_t nodes = exchange->body.len + NODES_MORE;

	call->limits = (struct document_limits){
		.bytes = (size_t)settings->body_size,
		.depth = (size_t)settings->document_depth,
		.nodes = nodes < (size_t)settings->body_nodes ? nodes : (size_t)settings->body_nodes,
		.aliases = (size_t)settings->document_aliases,
		.scalar = (size_t)settings->scalar_size,
	};
	call_take_body(exchange, call, exchange->reads == MEDIA_YAML ? call_read_yaml : call_read_json);
}

static void
release(void *owner)
{
	waiting_drop(owner);
}

/* The answer's bytes stay the call's, which the reply holds until they are sent. */
static void
answer_call(struct exchange *exchange, struct waiting *waiting)
{
	struct reply *reply = &exchange->reply;

	answer_json(exchange, waiting->call.reply);
	if (!waiting->call.reply.ptr) {
		waiting_drop(waiting);
		return;
	}
	reply->status = waiting->call.status;
	reply->media = waiting->is_yaml ? MEDIA_YAML : MEDIA_JSON;
	if (waiting->call.plain && waiting->call.status == 200)
		reply->type = "text/plain; charset=utf-8";
	reply->owner = waiting;
	reply->release = release;
}

/* The worker's thread: it is answered, or it is too late. */
static void
call_resumed(struct exchange *exchange)
{
	struct waiting *waiting = (struct waiting *)(uintptr_t)exchange->note;
	struct error late = {0};

	if (!exchange->timed_out && waiting->call.status) {
		answer_call(exchange, waiting);
		service_finished(exchange);
		return;
	}
	if (exchange->timed_out) {
		atomic_store(&waiting->abandoned, true);
		(void)error_set(&late, ERROR_BUSY, NULL, "the %s did not come in time%s",
		                waiting->call.run ? "commit" : "answer",
		                waiting->call.run ? "; it may still come" : "");
		answer_error(exchange, &late);
	} else {
		answer_error(exchange, &waiting->call.err);
	}
	waiting_drop(waiting);
	service_finished(exchange);
}

/* The worker's thread: the client has gone before it was answered. */
static void
call_ended(struct exchange *exchange)
{
	struct waiting *waiting = (struct waiting *)(uintptr_t)exchange->note;

	atomic_store(&waiting->abandoned, true);
	waiting_drop(waiting);
	exchange_stops_polling(exchange);
}

/* The answer in the words of the route: control loops, or automation compositions. */
static void
answer_in_words(struct runtime_call *call, struct arena *scratch)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;
	struct text out;

	if (!call->compositions || !call->status || json_read(call->reply, "", &limits, scratch, &root, NULL) != 0)
		return;
	vocabulary_to_compositions(root);
	text_init(&out, &call->arena);
	text_add_node(&out, root, false);
	call->reply = text_done(&out);
}

/* Counts the policies that a call brought into force or withdrew, or failed to. */
static void
count_deployments(struct metrics *metrics, const struct runtime_call *call)
{
	bool good = call->status >= 200 && call->status < 300;

	atomic_fetch_add_explicit(good ? &metrics->deploy_success : &metrics->deploy_failure, call->deployed,
	                          memory_order_relaxed);
	atomic_fetch_add_explicit(good ? &metrics->undeploy_success : &metrics->undeploy_failure, call->undeployed,
	                          memory_order_relaxed);
}

static void
call_return(struct waiting *waiting)
{
	exchange_resume(waiting->exchange, &waiting->call.err);
	waiting_drop(waiting);
}

/* The thread for what is tried. The answer ends with the brace of its object. */
static void
run_adding(struct reading_job *job, struct history_reader *reader, struct arena *scratch)
{
	struct waiting *waiting = (struct waiting *)((char *)job - offsetof(struct waiting, job));
	struct runtime_call *call = &waiting->call;
	struct text out;

	(void)reader;
	if (atomic_load(&waiting->abandoned) ||
	    exchange_is_gone(waiting->exchange)) { /* no client waits for it any more */
		call_return(waiting);
		return;
	}
	text_init(&out, &call->arena);
	text_add(&out, (struct str){call->reply.ptr, call->reply.len - 1});
	waiting->add(waiting->service, call, scratch, &out);
	text_add(&out, STR("}"));
	call->reply = text_done(&out);
	call_return(waiting);
}

/* The runtime's thread. */
static void
call_done(struct runtime_call *call)
{
	struct waiting *waiting = (struct waiting *)call;

	if ((call->deployed || call->undeployed) && !call->dry_run)
		count_deployments(waiting->service->metrics, call);
	if (call->run)
		answer_in_words(call, &call->arena);
	waiting->job.run = run_adding;
	if (waiting->add && !call->err.code && call->status == 200 && call->reply.ptr &&
	    reading_submit(waiting->service->trying, &waiting->job))
		return;
	call_return(waiting);
}

static bool
call_gone(struct runtime_call *call)
{
	return exchange_is_gone(((struct waiting *)call)->exchange);
}

static void
call_suspend(struct exchange *exchange, struct waiting *waiting, int64_t wait_ms)
{
	exchange->note = (uintptr_t)waiting;
	exchange->ended = call_ended;
	atomic_init(&waiting->holders, 2);
	exchange_suspend(exchange, waiting->service->settings->commit_timeout_s * 1000 + wait_ms, call_resumed);
}

void
call_submit(struct exchange *exchange, struct runtime_call *call, int64_t wait_ms)
{
	struct waiting *waiting = (struct waiting *)call;

	call->done = call_done;
	call->gone = call_gone;
	call_suspend(exchange, waiting, wait_ms);
	if (runtime_call(waiting->service->runtime, call, &call->err) != 0)
		call_done(call);
}

/* --- answers that are only read --- */

/* JSON is YAML, but not what a person who asks for YAML wants to see. */
static void
answer_in_yaml(struct waiting *waiting, struct arena *scratch)
{
	struct runtime_call *call = &waiting->call;
	struct str yaml;

	if (!waiting->yaml || !call->reply.ptr || json_to_yaml(call->reply, scratch, &yaml) != 0)
		return;
	yaml = arena_str(&call->arena, yaml);
	if (!yaml.ptr)
		return; /* the JSON will do */
	call->reply = yaml;
	waiting->is_yaml = true;
}

static void
read_rows(struct waiting *waiting, struct history_reader *reader, struct arena *scratch, struct text *out)
{
	struct runtime_call *call = &waiting->call;
	struct txn txn = {.failed = -ERROR_IO};

	if (history_reader_begin(reader) == 0) {
		runtime_read(waiting->service->runtime, reader, scratch, &txn);
		waiting->read(&txn, call, out);
	}
	history_reader_end(reader);
	if (txn.failed)
		(void)error_set(&call->err, error_from(txn.failed), NULL, "%s",
		                txn.failed == -ERROR_MEMORY ? "out of memory" : "cannot read the runtime's database");
}

/* The thread for long answers. */
static void
run_reading(struct reading_job *job, struct history_reader *reader, struct arena *scratch)
{
	struct waiting *waiting = (struct waiting *)((char *)job - offsetof(struct waiting, job));
	struct runtime_call *call = &waiting->call;
	struct text out;

	text_init(&out, &call->arena);
	if (call_gone(call)) {
		(void)error_set(&call->err, ERROR_BUSY, NULL, "the client has gone"); /* nobody hears it */
	} else if (waiting->read) {
		read_rows(waiting, reader, scratch, &out);
	} else {
		int r = history_reader_begin(reader);

		if (r == 0)
			r = waiting->read_history(reader, call, &out);
		history_reader_end(reader);
		if (r != 0)
			(void)error_set(&call->err, error_from(r), NULL, "the database cannot be read");
	}
	if (!call->err.code && !call->status)
		call_answer(call, 200, text_done(&out));
	if (!call->err.code && !call->reply.ptr)
		(void)error_set(&call->err, ERROR_MEMORY, NULL, "out of memory; ask for less, by limit and offset");
	if (call->err.code)
		call->status = 0;
	else {
		answer_in_words(call, scratch);
		answer_in_yaml(waiting, scratch);
	}
	call_done(call);
}

static void
submit_reading(struct exchange *exchange, struct waiting *waiting)
{
	struct service *service = waiting->service;

	waiting->job.run = run_reading;
	call_suspend(exchange, waiting, 0);
	if (reading_submit(waiting->apart ? service->trying : service->reading, &waiting->job))
		return;
	(void)error_set(&waiting->call.err, ERROR_BUSY, NULL, "the service is stopping");
	call_done(&waiting->call);
}

void
answer_read_call(struct exchange *exchange, struct runtime_call *call,
                 void (*read)(struct txn *txn, struct runtime_call *call, struct text *out))
{
	struct waiting *waiting = (struct waiting *)call;
	struct error err = {0};

	if (!call->page.limit && call_read_page(exchange, call, &err) != 0) {
		call_free(call);
		answer_error(exchange, &err);
		return;
	}
	waiting->read = read;
	submit_reading(exchange, waiting);
}

void
answer_read(struct exchange *exchange, void (*read)(struct txn *txn, struct runtime_call *call, struct text *out))
{
	struct runtime_call *call = call_new(exchange);

	if (call)
		answer_read_call(exchange, call, read);
}

void
answer_history(struct exchange *exchange, struct runtime_call *call,
               int (*read)(struct history_reader *reader, struct runtime_call *call, struct text *out))
{
	struct waiting *waiting = (struct waiting *)call;

	waiting->read_history = read;
	submit_reading(exchange, waiting);
}

/* Counts one more that is tried; false, and refused, when there are too many. */
static bool
try_begin(struct exchange *exchange, struct waiting *waiting)
{
	struct service *service = waiting->service;

	if (atomic_fetch_add_explicit(&service->tries, 1, memory_order_relaxed) >=
	    TRIES_MOST) { /* a count orders nothing */
		atomic_fetch_sub_explicit(&service->tries, 1, memory_order_relaxed);
		call_free(&waiting->call);
		answer_refusal(exchange, 503, "too much is being tried: try again");
		return false;
	}
	waiting->apart = true;
	return true;
}

bool
call_add_apart(struct exchange *exchange, struct runtime_call *call,
               void (*add)(struct service *service, struct runtime_call *call, struct arena *scratch, struct text *out))
{
	struct waiting *waiting = (struct waiting *)call;

	waiting->add = add;
	return try_begin(exchange, waiting);
}

void
answer_apart(struct exchange *exchange, struct runtime_call *call,
             int (*read)(struct history_reader *reader, struct runtime_call *call, struct text *out))
{
	struct waiting *waiting = (struct waiting *)call;

	if (!try_begin(exchange, waiting))
		return;
	waiting->read_history = read;
	submit_reading(exchange, waiting);
}

struct str
path_part(struct str path, unsigned n)
{
	size_t from = 1, to;

	for (;; n--, from = to + 1) {
		for (to = from; to < path.len && path.ptr[to] != '/'; to++)
			continue;
		if (n == 0 || to >= path.len)
			break;
	}
	return n == 0 && from <= to ? (struct str){path.ptr + from, to - from} : STR_NONE;
}
