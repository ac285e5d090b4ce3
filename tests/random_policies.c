/* random_policies - random guards that can be edited, requests and a history, for tests that act upon explanations */
/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/cmocka_all.h"
#include "tests/random_policies.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 20261130;

void
pick_seed(uint64_t seed)
{
	state = seed;
}

unsigned
pick(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % below);
}

#define ONE_OF(list) (list)[pick(sizeof(list) / sizeof(*(list)))]

static const char *const actors[] = {"SO", "SO", "SO", "APPC"};
static const char *const operations[] = {"Restart", "Restart", "VF Module Create"};
static const char *const targets[] = {"t1", "t2", "t3", "x"};
static const char *const loops[] = {"loop-1", "loop-2", "loop-3"};
static const char *const texts[] = {"v0", "v1", "V1", "x", "0"};

static void
random_range(struct model_policy *policy, enum guard_mode mode)
{
	if (mode == GUARD_STRICT && pick(5) == 0) {
		unsigned day = 10 + pick(8);

		(void)snprintf(policy->start, sizeof(policy->start), "2026-04-%02uT%02u:00:00Z", day, pick(24));
		(void)snprintf(policy->end, sizeof(policy->end), "2026-04-%02uT%02u:00:00Z", day + 1 + pick(6),
		               pick(24));
		return;
	}
	(void)snprintf(policy->start, sizeof(policy->start), "%02u:%02u:00Z", pick(24), pick(60));
	(void)snprintf(policy->end, sizeof(policy->end), "%02u:%02u:00Z", pick(24), pick(60));
}

static void
random_filters(struct model_policy *policy)
{
	static const char *const fields[] = {"generic-vnf.vnf-id", "vserver.vserver-id"};
	static const char *const functions[] = {"string-equal",       "string-equal-ignore-case", "string-regexp-match",
	                                        "string-contains",    "string-greater-than",      "string-less-than",
	                                        "string-starts-with", "string-ends-with"};
	static const char *const patterns[] = {".*", "v.", "[a-z].*"};
	unsigned count = 1 + pick(4);

	policy->whitelist_overrides = pick(3) == 0;
	for (unsigned i = 0; i < count; i++) {
		struct model_filter *filter = &policy->filters[i];

		filter->field = ONE_OF(fields);
		filter->function = ONE_OF(functions);
		filter->text = strstr(filter->function, "regexp") ? ONE_OF(patterns) : ONE_OF(texts);
		filter->blacklist = pick(4) != 0;
	}
}

static void
random_limiter(struct model_policy *policy, enum guard_mode mode)
{
	static const char *const units[] = {"second", "minute", "minute", "hour", "day", "week", "month", "year"};
	static const char *const ways[] = {NULL, "operation", "target", "controlloop"};

	policy->unit = ONE_OF(units);
	policy->window = 1 + pick(strcmp(policy->unit, "minute") == 0 ? 600 : 3);
	policy->limit = 1 + pick(3);
	if (mode == GUARD_STRICT)
		policy->count_by = ONE_OF(ways);
	else if (pick(12) == 0)
		policy->limit = -(int64_t)pick(2);
	if (mode == GUARD_ONAP && pick(12) == 0)
		policy->window = INT64_MIN;
}

void
model_random(struct model_policy *policy, unsigned number, enum guard_mode mode)
{
	static const char *const listed[] = {"t1", "t2", "t3", "x", "t1"}, *const patterns[] = {".*", "/t./", "/.*/",
	                                                                                        "/t[12]/"};
	bool strict = mode == GUARD_STRICT;

	*policy =
		(struct model_policy){.kind = pick(MODEL_KINDS), .bounds = {INT64_MIN, INT64_MIN}, .window = INT64_MIN};
	(void)snprintf(policy->name, sizeof(policy->name), "p%u", number);
	policy->shadow = strict && pick(10) == 0;
	policy->first = loops[pick(2)];
	policy->second = loops[2];
	policy->actor = strict && pick(6) == 0 ? ".*" : "SO";
	policy->operation = pick(5) == 0 ? (strict ? "/Re.*/" : ".*") : "Restart";
	if (pick(4) == 0)
		policy->id = strict && pick(2) ? "/loop-./" : ONE_OF(loops);
	if (pick(3) == 0)
		random_range(policy, mode);
	if (policy->kind == MODEL_MIN_MAX || pick(5) == 0)
		(void)snprintf(policy->target, sizeof(policy->target), "%s", pick(6) ? ONE_OF(targets) : ".*");
	random_limiter(policy, mode);
	for (unsigned i = 0; i < 1 + pick(ENTRIES_MAX - 1); i++)
		policy->entries[i] = strict && pick(4) == 0 ? ONE_OF(patterns) : ONE_OF(listed);
	if (pick(3))
		policy->bounds[0] = pick(5);
	if (pick(3) || policy->bounds[0] == INT64_MIN)
		policy->bounds[1] = (policy->bounds[0] == INT64_MIN ? 0 : policy->bounds[0]) + pick(4);
	random_filters(policy);
}

/* --- as a document --- */

static void put_line(FILE *out, unsigned *line, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
put_line(FILE *out, unsigned *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(out, format, args); /* into memory */
	va_end(args);
	fputc('\n', out);
	++*line;
}

static void
put_filters(FILE *out, struct model_policy *policy, unsigned *line)
{
	bool any = false;

	put_line(out, line, "          algorithm: %s",
	         policy->whitelist_overrides ? "whitelist-overrides" : "blacklist-overrides");
	for (size_t i = 0; i < ENTRIES_MAX; i++)
		any = any || policy->filters[i].field;
	put_line(out, line, "          filters:%s", any ? "" : " []");
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		struct model_filter *filter = &policy->filters[i];

		if (!filter->field)
			continue;
		filter->line = *line;
		put_line(out, line, "          - {field: %s, function: %s, filter: '%s', blacklist: %s}", filter->field,
		         filter->function, filter->text, filter->blacklist ? "true" : "false");
	}
}

static void
put_blacklist(FILE *out, const struct model_policy *policy, unsigned *line)
{
	bool any = false;

	for (size_t i = 0; i < ENTRIES_MAX; i++)
		any = any || policy->entries[i];
	put_line(out, line, "          blacklist:%s", any ? "" : " []");
	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		if (policy->entries[i])
			put_line(out, line, "          - '%s'", policy->entries[i]);
	}
}

static void
put_scope(FILE *out, const struct model_policy *policy, unsigned *line)
{
	put_line(out, line, "          actor: '%s'", policy->actor);
	put_line(out, line, "          operation: '%s'", policy->operation);
	if (policy->id)
		put_line(out, line, "          id: '%s'", policy->id);
	if (policy->target[0])
		put_line(out, line, "          target: '%s'", policy->target);
	if (policy->start[0])
		put_line(out, line, "          timeRange: {start_time: '%s', end_time: '%s'}", policy->start,
		         policy->end);
}

static void
put_rest(FILE *out, struct model_policy *policy, unsigned *line)
{
	if (policy->kind == MODEL_LIMITER) {
		put_line(out, line, "          limit: %" PRId64, policy->limit);
		put_line(out, line, "          timeUnits: %s", policy->unit);
		if (policy->window != INT64_MIN)
			put_line(out, line, "          timeWindow: %" PRId64, policy->window);
	} else if (policy->kind == MODEL_BLACKLIST) {
		put_blacklist(out, policy, line);
	} else if (policy->kind == MODEL_FILTER) {
		put_filters(out, policy, line);
	} else {
		for (int i = 0; i < 2; i++) {
			if (policy->bounds[i] != INT64_MIN)
				put_line(out, line, "          %s: %" PRId64, i ? "max" : "min", policy->bounds[i]);
		}
	}
}

static void
put_policy(FILE *out, struct model_policy *policy, unsigned *line)
{
	static const char *const types[] = {"common.FrequencyLimiter", "common.Blacklist", "common.MinMax",
	                                    "common.Filter", "coordination.FirstBlocksSecond"};

	put_line(out, line, "    - %s:", policy->name);
	put_line(out, line, "        type: onap.policies.controlloop.guard.%s", types[policy->kind]);
	put_line(out, line, "        type_version: 1.0.0");
	put_line(out, line, "        version: 1.0.0");
	put_line(out, line, "        metadata: {mode: %s%s%s}", policy->shadow ? "shadow" : "enforce",
	         policy->kind == MODEL_LIMITER && policy->count_by ? ", count_by: " : "",
	         policy->kind == MODEL_LIMITER && policy->count_by ? policy->count_by : "");
	put_line(out, line, "        properties:");
	if (policy->kind == MODEL_COORDINATION) {
		put_line(out, line, "          controlLoop: ['%s', '%s']", policy->first, policy->second);
		return;
	}
	put_scope(out, policy, line);
	put_rest(out, policy, line);
}

struct policyset *
model_compile(struct model_policy *policies, size_t count, enum guard_mode mode, const struct catalogue *builtin,
              bool no_guard_deny)
{
	struct compile_options options = {
		.mode = mode,
		.limits = document_limits_default,
		.policies_max = 1000,
		.builtin = builtin,
		.no_guard_deny = no_guard_deny,
	};
	struct policyset *set = NULL;
	struct document document = {.name = "random.yaml"};
	unsigned line = 1;
	struct arena arena;
	struct diags diags;
	char *text = NULL;
	FILE *out = open_memstream(&text, &document.bytes.len);

	assert_non_null(out);
	put_line(out, &line, "tosca_definitions_version: tosca_simple_yaml_1_1_0");
	put_line(out, &line, "topology_template:");
	put_line(out, &line, "  policies:");
	for (size_t i = 0; i < count; i++)
		put_policy(out, &policies[i], &line);
	fclose(out);
	document.bytes.ptr = text;
	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	if (policyset_compile(&options, &document, 1, &set, &diags) != 0)
		fail_msg("%s\n%s", diags.first ? diags.first->text : "", text);
	arena_free(&arena);
	free(text);
	return set;
}

/* --- the history --- */

void
history_random(struct model_history *history, int64_t now_ms)
{
	static const int64_t reach[] = {TIME_MS_MINUTE, TIME_MS_HOUR, 4 * TIME_MS_DAY, 40 * TIME_MS_DAY};

	*history = (struct model_history){.count = pick(ROWS_MAX)};
	for (size_t i = 0; i < history->count; i++) {
		struct model_row *row = &history->rows[i];
		int64_t back = (int64_t)(pick(1000000) / 1e6 * (double)ONE_OF(reach));

		*row = (struct model_row){ONE_OF(actors), ONE_OF(operations), targets[pick(3)],
		                          ONE_OF(loops),  now_ms - back,      false};
		if (pick(8) == 0) {
			row->end_ms = now_ms + 1 + pick(3600000);
			row->live = pick(3) != 0;
		}
	}
}

static bool
differs(struct str wanted, const char *given)
{
	return wanted.ptr && !str_is(wanted, given);
}

static bool
has_ended(const struct model_history *history, const char *loop)
{
	for (size_t i = 0; i < 4; i++) {
		if (history->ended[i] && strcmp(history->ended[i], loop) == 0)
			return true;
	}
	return false;
}

static int
latest_first(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a < b) - (a > b);
}

static int
model_count(void *context, const struct count_query *query, struct count_result *ret)
{
	const struct model_history *history = context;
	int64_t ends[ROWS_MAX];
	uint32_t n = 0;

	for (size_t i = 0; i < history->count; i++) {
		const struct model_row *row = &history->rows[i];
		bool counts = query->ended_only
		                      ? !row->live && row->end_ms >= query->since_ms && row->end_ms <= query->now_ms
		                      : row->end_ms >= query->since_ms;

		if (counts && !differs(query->actor, row->actor) && !differs(query->operation, row->operation) &&
		    !differs(query->target, row->target) && !differs(query->clname, row->clname))
			ends[n++] = row->end_ms;
	}
	qsort(ends, n, sizeof(*ends), latest_first);
	ret->unknown = false;
	ret->used = n < query->limit ? n : query->limit;
	ret->limit_end = query->limit > 0 && n >= query->limit ? ends[query->limit - 1] : TIME_NONE;
	return 0;
}

static int
model_live(void *context, struct str clname, int64_t now_ms, int64_t *ret_until)
{
	const struct model_history *history = context;
	int64_t until = TIME_NONE;

	for (size_t i = 0; i < history->count; i++) {
		const struct model_row *row = &history->rows[i];

		if (row->live && row->end_ms > now_ms && str_is(clname, row->clname) &&
		    !has_ended(history, row->clname) && row->end_ms > until)
			until = row->end_ms;
	}
	if (ret_until)
		*ret_until = until;
	return until != TIME_NONE;
}

static int
model_started(void *context, struct str clname)
{
	const struct model_history *history = context;

	for (size_t i = 0; i < history->count; i++) {
		if (str_is(clname, history->rows[i].clname) && !has_ended(history, history->rows[i].clname))
			return history->rows[i].live;
	}
	return 0;
}

struct history_view
history_view_of(struct model_history *history)
{
	return (struct history_view){model_count, model_live, model_started, history};
}

void
request_random(struct request *request, enum guard_mode mode)
{
	*request = (struct request){0};
	if (pick(24))
		request->attribute[ATTRIBUTE_ACTOR] = STR("SO");
	if (pick(24))
		request->attribute[ATTRIBUTE_OPERATION] = STR("Restart");
	if (pick(4))
		request->attribute[ATTRIBUTE_CLNAME] = str_from(ONE_OF(loops));
	if (pick(6))
		request->attribute[ATTRIBUTE_TARGET] = str_from(targets[pick(3)]);
	if (pick(3))
		request->attribute[ATTRIBUTE_VNF_ID] = str_from(ONE_OF(texts));
	if (pick(3))
		request->attribute[ATTRIBUTE_VSERVER_ID] = str_from(ONE_OF(texts));
	request->has_vf_count = pick(4) != 0;
	request->vf_count = (int32_t)pick(8);
	if (mode == GUARD_ONAP && pick(4) == 0) {
		request->has_current_time = true;
		request->current_time.local_ms = (int32_t)pick(TIME_MS_DAY);
	}
}
