/* call - one request to the control loop runtime, and its answer */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_CALL_H
#define RUNTIME_ROWS_CALL_H

#include "base/bytes.h"
#include "base/text.h"
#include "runtime/model/concept.h"

struct txn;
struct document;

/*
 * Policies that are to be compiled before `run` may write: compiling holds no transaction. `run` that finds no check for the
 * documents it would bring sets one up, in the call's scratch memory, and answers a negative code without a status; the
 * runtime's thread compiles and runs the call again.
 */
struct compile_check {
	const struct document *documents;
	size_t count;
	bool whole; /* the documents are all that would be deployed; else they are looked at by themselves */
	bool done;  /* what follows is filled in */
	bool good;
	struct str findings; /* JSON: [{"severity","file","line","column","path","text"}] */
	struct str guards;   /* JSON: what would be in force, [{"policy","version","file","line"}] */
	struct str error;    /* the first error, as a sentence with its place */
	size_t policies;
};

/* A guard's words about an order to an instance. */
struct denial {
	struct denial *next;
	struct concept loop;
	struct str json; /* {"timestamp","orderedState","guard","denied":[...]} */
};

/* Of a list that may be long: `limit` items (0: all that there are) behind the first `offset`. */
struct page {
	size_t offset, limit;
	size_t seen; /* items so far */
};

enum page_step { PAGE_SKIP, PAGE_TAKE, PAGE_END };

/*
 * One request to the runtime. The caller fills it and hands it over with runtime_call; `read` is called outside of any
 * transaction, `run` inside of one, perhaps several times; `done` on the runtime's thread after the commit.
 */
struct runtime_call {
	struct arena arena;   /* the input's and the answer's */
	struct arena scratch; /* what `read` makes of `raw`: it ends before `done` */
	/* Makes the input of `raw`, once. A negative result is the answer, with `err`. May be NULL. */
	int (*read)(struct runtime_call *call);
	/* Does the work and sets the answer. A negative result undoes it, and the answer stands if there is one. */
	int (*run)(struct txn *txn, struct runtime_call *call);
	/* After such an undoing, in a transaction of its own: what is to be kept of it. May be NULL. */
	void (*refused)(struct txn *txn, struct runtime_call *call);
	void (*done)(struct runtime_call *call);
	bool (*gone)(struct runtime_call *call); /* whoever waits for the answer is not there any more; may be NULL */
	void *context;                           /* the caller's */

	/* Input. */
	struct str raw, media; /* a body and its Content-Type, which outlive the call */
	struct document_limits limits;
	struct page page;
	const struct node *body;
	bool plain;                      /* the answer is text, not JSON */
	bool compositions;               /* asked in the words of automation compositions, and answered so */
	struct str name, version, other; /* query parameters or parts of the path */
	struct str *texts;               /* `number` of them */
	size_t number;
	struct bus_question *question;
	int64_t target_ms; /* of a clock call: run is NULL */
	struct str trace;  /* the request's, as a traceparent; absent: it has none */
	struct str user;   /* who asks; "" when nobody said */
	bool dry_run;      /* only told what it would do */
	struct compile_check *check;
	bool keep_documents; /* of a dry run that is good: what would be deployed then stays with the answer */
	const struct document *documents;
	size_t document_count;
	/* The caller's, for a `run` that only reads. */
	void (*look)(struct txn *txn, struct runtime_call *call, struct text *out);

	/* Answer. */
	unsigned status;               /* as HTTP's; 0: none yet */
	struct str reply;              /* JSON; in `arena`, in `shared` or static */
	struct bytes *shared;          /* that others may hold too; NULL for none */
	struct error err;              /* status 0: what failed */
	unsigned deployed, undeployed; /* policies of the own subgroup that it brings into force, or takes out */
	struct denial *denials;        /* what guards held back: kept though the rest is undone */

	/* A call with nothing to answer yet may wait for a topic. */
	bool waits;
	int64_t until_ns; /* monotonic; answered then in any case */
	struct runtime_call *next;
};

/* The treatment of the next item of a list. */
enum page_step page_next(struct page *page);

/* call->read: call->body from JSON or YAML, within call->limits. */
int call_read_json(struct runtime_call *call);
int call_read_yaml(struct runtime_call *call);

/* --- answers: set status and reply; the text is JSON already, or a sentence --- */

void call_answer(struct runtime_call *call, unsigned status, struct str json);
void call_refuse(struct runtime_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
