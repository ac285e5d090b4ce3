/* operate_show - the running executions, as they are listed */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "runtime/operate/operate.h"

struct listing {
	struct txn *txn;
	struct text *out;
	bool comma;
};

static void
member(struct text *out, const char *name, struct str value)
{
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, value);
}

static void
instant(struct text *out, const char *name, int64_t ms)
{
	char text[TIME_TEXT_SIZE];

	time_format_instant(ms, text);
	text_addf(out, ",\"%s\":\"%s\"", name, text);
}

static bool
list_one(void *context, struct execution *execution)
{
	struct listing *listing = context;
	const struct run *run = &execution->run;
	const struct operational *policy = run->policy;
	const struct directive *d = &policy->directives[run->at];
	struct text *out = listing->out;

	text_add(out, listing->comma ? STR(",{\"transaction\":") : STR("{\"transaction\":"));
	listing->comma = true;
	text_add_json(out, operation_name(listing->txn, run));
	member(out, "closedLoopControlName", policy->id);
	member(out, "policyName", policy->policy);
	member(out, "policyVersion", policy->version);
	member(out, "requestID", run->event->request_id);
	member(out, "target", run->target);
	text_addf(out, ",\"locked\":%s", run->locked ? "true" : "false");
	member(out, "state", str_from(run_state_name[run->state]));
	member(out, "directive", d->id);
	member(out, "actor", d->actor);
	member(out, "operation", d->operation);
	text_addf(out, ",\"attempt\":%" PRIu32, run->attempt);
	member(out, "reservation", execution->reservation);
	instant(out, "began", run->began_ms);
	instant(out, "due", run_due(run));
	instant(out, "deadline", run->deadline_ms);
	text_add(out, STR("}"));
	return true;
}

void
operations_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct listing listing = {txn, out, false};

	(void)call;
	text_add(out, STR("["));
	transactions_each(txn, list_one, &listing);
	text_add(out, STR("]"));
}
