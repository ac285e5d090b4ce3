/* calls - requests to the runtime: the exchange waits while the runtime writes */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/resources/calls.h"

#include <stdlib.h>

#include "api/bodies/reply.h"
#include "api/http/resources.h"
#include "base/document.h"

/* A call that an exchange waits for. Freed by whoever lets go last: the worker that answers, or the runtime. */
struct waiting {
	struct runtime_call call; /* first */
	struct exchange *exchange;
	struct runtime *runtime;
	struct bus_question question;
	atomic_int holders;    /* acquire and release: the last one sees all that the other wrote */
	atomic_bool abandoned; /* the worker answered without it */
};

void
call_free(struct runtime_call *call)
{
	arena_free(&call->arena);
	free(call);
}

static void
drop(struct waiting *waiting)
{
	if (atomic_fetch_sub_explicit(&waiting->holders, 1, memory_order_acq_rel) == 1)
		call_free(&waiting->call);
}

/* A parameter that is given but empty says as little as one that is not given. */
static struct str
query_text(struct exchange *exchange, const char *name, struct arena *arena)
{
	struct str text = exchange_query(exchange, name);

	return text.len ? arena_str(arena, text) : STR_NONE;
}

struct runtime_call *
call_new(struct exchange *exchange)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	struct error err = {0};

	if (!waiting) {
		(void)error_set(&err, ERROR_MEMORY, NULL, "out of memory");
		answer_error(exchange, &err);
		return NULL;
	}
	arena_init(&waiting->call.arena, 0);
	waiting->exchange = waiting->call.context = exchange;
	waiting->runtime = exchange->worker->service->runtime;
	waiting->call.question = &waiting->question;
	waiting->call.name = query_text(exchange, "name", &waiting->call.arena);
	waiting->call.version = query_text(exchange, "version", &waiting->call.arena);
	return &waiting->call;
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
	if (exchange->reply.body.ptr)
		exchange->reply.status = status;
}

bool
call_read_body(struct exchange *exchange, struct runtime_call *call)
{
	const struct settings *settings = exchange->worker->service->settings;
	const struct document_limits limits = {
		/* what comes here are documents: those of a file */
		.bytes = (size_t)settings->body_size,      .depth = (size_t)settings->document_depth,
		.nodes = (size_t)settings->document_nodes, .aliases = (size_t)settings->document_aliases,
		.scalar = (size_t)settings->scalar_size,
	};
	bool yaml = exchange->reads == MEDIA_YAML;
	struct error err = {0};
	struct node *root;

	if ((yaml ? yaml_read : json_read)(exchange->body, "", &limits, &call->arena, &root, &err) != 0) {
		call_free(call);
		answer_error(exchange, &err);
		return false;
	}
	call->body = root;
	return true;
}

/* The worker's thread: the runtime has answered, or it is too late. */
static void
resumed(struct exchange *exchange)
{
	struct waiting *waiting = (struct waiting *)(uintptr_t)exchange->note;
	struct error late = {0};

	if (exchange->timed_out) {
		atomic_store(&waiting->abandoned, true);
		(void)error_set(&late, ERROR_BUSY, NULL, "the commit did not come in time; it may still come");
		answer_error(exchange, &late);
	} else if (!waiting->call.status) {
		answer_error(exchange, &waiting->call.err);
	} else {
		answer_json(exchange, arena_str(exchange->arena, waiting->call.reply));
		if (exchange->reply.body.ptr)
			exchange->reply.status = waiting->call.status;
	}
	drop(waiting);
	service_finished(exchange);
}

static int
return_run(struct turn *turn, struct runtime_call *call)
{
	bus_return(turn, call->question);
	call_answer(call, 200, STR("{}"));
	return 0;
}

static void
returned(struct runtime_call *call)
{
	drop((struct waiting *)call);
}

/* The runtime's thread. */
static void
done(struct runtime_call *call)
{
	struct waiting *waiting = (struct waiting *)call;
	struct error ignored = {0};

	exchange_resume(waiting->exchange, &call->err);
	if (call->question->topic.ptr && atomic_load(&waiting->abandoned)) {
		/* What it was given did not reach anybody; if this fails too, it is offered again in a minute. */
		call->run = return_run;
		call->done = returned;
		call->gone = NULL;
		if (runtime_call(waiting->runtime, call, &ignored) == 0)
			return;
	}
	drop(waiting);
}

static bool
gone(struct runtime_call *call)
{
	return exchange_is_gone(((struct waiting *)call)->exchange);
}

void
call_submit(struct exchange *exchange, struct runtime_call *call, int64_t wait_ms)
{
	struct waiting *waiting = (struct waiting *)call;
	const struct settings *settings = exchange->worker->service->settings;

	call->done = done;
	call->gone = gone;
	exchange->note = (uintptr_t)waiting;
	atomic_init(&waiting->holders, 2);
	exchange_suspend(exchange, settings->commit_timeout_s * 1000 + wait_ms, resumed);
	if (runtime_call(waiting->runtime, call, &call->err) != 0) {
		exchange_resume(exchange, &call->err);
		drop(waiting);
	}
}

void
answer_read(struct exchange *exchange, void (*read)(struct turn *turn, struct runtime_call *call, struct text *out))
{
	struct history_reader *reader = session_reader(exchange->worker->session);
	struct runtime_call *call = call_new(exchange);
	struct error err = {0};
	struct turn turn = {0};
	struct text out;

	if (!call)
		return;
	text_init(&out, exchange->arena);
	if (history_reader_begin(reader) == 0) {
		runtime_read(exchange->worker->service->runtime, reader, exchange->arena, &turn);
		read(&turn, call, &out);
	} else {
		turn.failed = -ERROR_IO;
	}
	history_reader_end(reader);
	if (turn.failed) {
		(void)error_set(&err, error_from(turn.failed), NULL, "cannot read the runtime's database");
		answer_error(exchange, &err);
	} else {
		answer_json(exchange, call->status ? arena_str(exchange->arena, call->reply) : text_done(&out));
		if (call->status && exchange->reply.body.ptr)
			exchange->reply.status = call->status;
	}
	call_free(call);
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
