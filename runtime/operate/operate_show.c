/* operate_show - the running executions, as they are listed */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "runtime/operate/operate.h"

struct operate_show_listing {
	struct txn *txn;
	struct text *out;
	bool comma;
};

static void
operate_show_member(struct text *out, const char *name, struct str value)
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
	struct operate_show_listing *listing = context;
	const struct run *run = &execution->run;
	const struct operational *policy = run->policy;
	const struct directive *d = &policy->directives[run->at];
	struct text *out = listing->out;

	text_add(out, listing->comma ? STR(",{\"transaction\":") : STR("{\"transaction\":"));
	listing->comma = true;
	text_add_json(out, operation_name(listing->txn, run));
	operate_show_member(out, "closedLoopControlName", policy->id);
	operate_show_member(out, "policyName", policy->policy);
	operate_show_member(out, "policyVersion", policy->version);
	operate_show_member(out, "requestID", run->event->request_id);
	operate_show_member(out, "target", run->target);
	text_addf(out, ",\"locked\":%s", run->locked ? "true" : "false");
	operate_show_member(out, "state", str_from(run_state_name[run->state]));
	operate_show_member(out, "directive", d->id);
	operate_show_member(out, "actor", d->actor);
	operate_show_member(out, "operation", d->operation);
	text_addf(out, ",\"attempt\":%" PRIu32, run->attempt);
	operate_show_member(out, "reservation", execution->reservation);
	instant(out, "began", run->began_ms);
	instant(out, "due", run_due(run));
	instant(out, "deadline", run->deadline_ms);
	text_add(out, STR("}"));
	return true;
}

void
operations_list(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct operate_show_listing listing = {txn, out, false};

	(void)call;
	text_add(out, STR("["));
	transactions_each(txn, list_one, &listing);
	text_add(out, STR("]"));
}
