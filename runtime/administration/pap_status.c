/* pap_status - what became of deployments: deployed policies, their status by PDP, the audit */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/document.h"
#include "base/pattern.h"
#include "runtime/administration/pap.h"
#include "runtime/policies/notification.h"

#define RECORDS_DEFAULT 10
#define RECORDS_MAX 100
#define SECONDS_MAX INT64_C(253402300799) /* the end of the year 9999 */

static const struct document_limits status_limits = {
	.bytes = SIZE_MAX, .depth = 256, .nodes = SIZE_MAX, .aliases = 0, .scalar = SIZE_MAX};

/* The filter of a listing. */
struct pap_status_filter {
	struct concept id; /* absent parts match everything */
	const struct pattern *pattern;
	struct pattern_scratch *scratch;
};

/* False, and the call refused, when the expression is bad. */
static bool
filter_begin(struct txn *txn, struct runtime_call *call, struct pap_status_filter *ret)
{
	struct error err = {0};

	*ret = (struct pap_status_filter){.id = {call->name, call->version}};
	if (!call->other.ptr)
		return true;
	if (pattern_compile(call->other, PATTERN_DOT_IN_LINE, NULL, txn->arena, &ret->pattern, &err) != 0) {
		bool open = strstr(err.text, "parenthes") != NULL;
		char *why = open ? arena_printf(&call->arena, "error parsing regexp: missing closing ): `%.*s`",
		                                STR_ARG(call->other))
		                 : arena_printf(&call->arena, "error parsing regexp: %s", err.text);

		call_answer(call, 400, str_from(why));
		return false;
	}
	ret->scratch = pattern_scratch_new();
	if (ret->scratch)
		return true;
	txn_fail(txn, ERROR_MEMORY);
	return false;
}

static bool
filter_takes(const struct pap_status_filter *filter, struct concept policy)
{
	if ((filter->id.name.ptr && !str_equal(filter->id.name, policy.name)) ||
	    (filter->id.version.ptr && !str_equal(filter->id.version, policy.version)))
		return false;
	return !filter->pattern || pattern_match(filter->pattern, filter->scratch, policy.name) == 1;
}

/* The list that was appended from `from` on: as it is, its one item alone when one was asked for, or 404. */
static void
pap_status_conclude(struct runtime_call *call, struct text *out, size_t from, size_t count)
{
	bool asked = call->name.ptr || (call->number && call->texts[0].ptr);

	if (count == 0 && asked) {
		call_answer(call, 404, STR(""));
		return;
	}
	if (count == 1 && call->version.ptr && !out->failed) {
		memmove(out->ptr + from, out->ptr + from + 1, out->len - from - 1); /* without its bracket */
		out->len--;
		return;
	}
	text_add(out, STR("]"));
}

/* --- deployed --- */

void
pap_deployed_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct policy_tally tally = policies_tally(txn, true);
	struct pap_status_filter filter;
	size_t count = 0;

	if (!filter_begin(txn, call, &filter))
		return;
	text_add(out, STR("["));
	for (size_t i = 0; i < tally.count; i++) {
		struct policy_counts counts = tally.items[i];
		const struct tosca_entity *policy;

		if (!filter_takes(&filter, counts.policy))
			continue;
		policy = counts.type.name.ptr ? NULL : document_get(txn, ENTITY_POLICY, counts.policy);
		if (policy)
			counts.type = policy->type;
		if (count++)
			text_add(out, STR(","));
		policy_counts_write(out, &counts);
	}
	pattern_scratch_free(filter.scratch);
	pap_status_conclude(call, out, 0, count);
}

/* --- status --- */

static void
add_status(struct text *out, const struct pdp *pdp, const struct pdp_policy *policy)
{
	text_add(out, STR("{\"pdpGroup\":"));
	text_add_json(out, pdp->group);
	text_add(out, STR(",\"pdpType\":"));
	text_add_json(out, pdp->type);
	text_add(out, STR(",\"pdpId\":"));
	text_add_json(out, pdp->id);
	text_add(out, STR(",\"policy\":"));
	concept_write(out, policy->policy);
	text_add(out, STR(",\"policyType\":"));
	concept_write(out, policy->type);
	text_addf(out, ",\"deploy\":%s,\"state\":\"%s\"}", policy->deploy ? "true" : "false",
	          policy_state_name[policy->state]);
}

void
pap_status_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	struct str only = call->number ? call->texts[0] : STR_NONE;
	struct pap_status_filter filter;
	size_t count = 0;

	if (!filter_begin(txn, call, &filter))
		return;
	text_add(out, STR("["));
	for (const struct pdp_group *group = groups_list(txn); group; group = group->next) {
		if (only.ptr && !str_equal(group->name, only))
			continue;
		for (const struct pdp *pdp = pdps_list(txn, group->name, STR_NONE); pdp; pdp = pdp->next)
			for (const struct pdp_policy *policy = pdp->policies; policy; policy = policy->next) {
				if (!filter_takes(&filter, policy->policy))
					continue;
				if (count++)
					text_add(out, STR(","));
				add_status(out, pdp, policy);
			}
	}
	pattern_scratch_free(filter.scratch);
	pap_status_conclude(call, out, 0, count);
}

/* --- audit --- */

/* Digits of at most 18 places; `otherwise` when it is absent, -1 when it is something else. */
static int64_t
pap_status_number_of(struct str text, int64_t otherwise)
{
	int64_t number = 0;

	if (!text.ptr)
		return otherwise;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i == 18)
			return -1;
		number = number * 10 + (text.ptr[i] - '0');
	}
	return text.len ? number : -1;
}

struct audit_query {
	struct str group;
	struct concept policy;
	int64_t most, from_ms, to_ms;
};

static bool
audit_query_read(struct runtime_call *call, struct audit_query *ret)
{
	int64_t from_s = pap_status_number_of(call->texts[2], 0),
		to_s = pap_status_number_of(call->texts[3], SECONDS_MAX);

	*ret = (struct audit_query){.group = call->texts[0],
	                            .policy = {call->name, call->version},
	                            .most = pap_status_number_of(call->texts[1], RECORDS_DEFAULT),
	                            .from_ms = (from_s < SECONDS_MAX ? from_s : SECONDS_MAX) * 1000,
	                            .to_ms = (to_s < SECONDS_MAX ? to_s : SECONDS_MAX) * 1000 + 999};
	if (ret->most >= 1 && from_s >= 0 && to_s >= 0) {
		ret->most = ret->most > RECORDS_MAX ? RECORDS_MAX : ret->most;
		return true;
	}
	call_refuse(call, 400,
	            "a parameter is malformed: recordCount is expected to be 1 or more, startTime and endTime seconds "
	            "since 1970");
	return false;
}

static bool
audit_takes(const struct audit_query *query, const struct node *row, bool *ret_older)
{
	struct concept policy = concept_read(node_get(row, "policy"));
	const struct node *time = node_get(row, "timestamp"), *group = node_get(row, "pdpGroup");
	int64_t at_ms = 0;

	if (!time || time_parse_instant(time->text, &at_ms) != 0)
		at_ms = 0;
	*ret_older = at_ms < query->from_ms;
	return at_ms <= query->to_ms && !*ret_older &&
	       (!query->group.ptr || (group && str_equal(group->text, query->group))) &&
	       (!query->policy.name.ptr || concept_equal(policy, query->policy));
}

void
pap_audit_read(struct txn *txn, struct runtime_call *call, struct text *out)
{
	const char kind = ROW_AUDIT;
	const struct str prefix = {&kind, 1};
	struct audit_query query;
	struct store_entry entry;
	char top[10];
	struct str from = {top, 9};
	int64_t count = 0;
	bool older = false;

	if (!audit_query_read(call, &query))
		return;
	top[0] = kind;
	memset(top + 1, 0xff, 8);
	text_add(out, STR("["));
	while (count < query.most && !older && txn_table_below(txn, HISTORY_DOCUMENTS, from, prefix.len, &entry)) {
		struct node *row;

		from = entry.key;
		if (json_read(entry.value, "", &status_limits, txn->arena, &row, NULL) != 0) {
			txn_fail(txn, txn->arena->exhausted ? ERROR_MEMORY : ERROR_DAMAGED);
			return;
		}
		if (!audit_takes(&query, row, &older))
			continue;
		if (count++)
			text_add(out, STR(","));
		text_add(out, entry.value);
	}
	text_add(out, STR("]"));
}
