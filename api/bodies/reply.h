/* reply - bodies of answers: decisions and refusals, the same over HTTP and on the command line */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_BODIES_REPLY_H
#define API_BODIES_REPLY_H

#include "base/text.h"
#include "engine/decide/engine.h"

/* JSON text. */
struct reply_body {
	struct str text; /* absent when memory ran out */
	bool constant;   /* static storage: the same pointer for the same bytes, always */
};

/*
 * {"status":"Permit"}, in strict mode {"status","reason","missing"?}, with "explanation" last when one is given.
 * explanation: JSON, or absent.
 */
struct reply_body reply_decision(const struct decision *decision, struct str explanation, struct arena *arena);

/* The same with its explanation; without that when memory for it is out. */
struct reply_body reply_explained(const struct decision *decision, const struct explained *why, struct arena *arena);

/*
 * The same in AuthZEN's form: {"decision":true,"context":{"reason"}}, with "missing" and "explanation" in the context. What
 * is missing has AuthZEN's name. why: NULL for no explanation, which is left out when out of memory.
 */
struct reply_body reply_evaluation(const struct decision *decision, const struct explained *why, struct arena *arena);

/* The answer to an item of a batch that is wrong: {"decision":false,"context":{"error":{"status","message"}}}. */
void reply_evaluation_error(struct text *out, const struct error *err, struct arena *arena);

/* "line 3, column 7: resource.guard.actor: null where text is expected", as far as the place is known; in `arena`. */
struct str reply_sentence(const struct error *err, struct arena *arena);

/*
 * The answer to what request_read (or a reader of bodies) refused. onap: ONAP's members; strict: also "details", a list
 * with one sentence of what is wrong and where. Returns the HTTP status: 400; 500 when out of memory; 200 for a vfCount
 * that onap mode cannot decode.
 */
unsigned reply_refusal(const struct error *err, enum guard_mode mode, struct arena *arena, struct reply_body *ret);

/* {"errorDetails": the status in words}; strict: also "details", as above, when err is given. */
struct reply_body reply_status(unsigned status, const struct error *err, enum guard_mode mode, struct arena *arena);

/* The status for what an operation of ours failed with. */
unsigned reply_status_of(enum error_code code);

#endif
