/* test_guards - what each kind of guard answers in strict mode, and what it refuses */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guards/kinds.h"
#include "policytypes/policy.h"
#include "tests/cmocka_all.h"
#include "tests/guard_fixture.h"

#define MIN(n) (NOON - (n)*TIME_MS_MINUTE)
#define WHO "actor: SO\noperation: Restart\n"
#define ASK "actor=SO operation=Restart "

#define NO_GUARD EFFECT_NOT_APPLICABLE, REASON_PERMIT, NULL
#define PERMIT EFFECT_PERMIT, REASON_PERMIT, NULL
#define DENY(reason) EFFECT_DENY, REASON_##reason, NULL
#define MISSING(key) EFFECT_DENY, REASON_MISSING_ATTRIBUTE, key
#define FAILED EFFECT_INDETERMINATE, REASON_ERROR, NULL

struct row {
	const char *type, *properties, *metadata;
	const struct done *done;
	const char *request;
	struct verdict verdict;
};

static bool
same_text(const char *a, const char *b)
{
	return str_equal(str_from(a), str_from(b));
}

static void
ask_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const struct guard *guard =
			fixture_guard(fixture, GUARD_STRICT, row->type, row->properties, row->metadata);
		struct verdict got;

		if (!guard)
			fail_msg("row %zu is refused: %s", i, fixture->diags.first ? fixture->diags.first->text : "");
		fixture->done = row->done;
		got = fixture_ask(fixture, guard, row->request);
		if (got.effect != row->verdict.effect || got.reason != row->verdict.reason ||
		    !same_text(got.missing, row->verdict.missing))
			fail_msg("row %zu, %s: %s, %s, %s", i, row->request, effect_name[got.effect],
			         reason_name[got.reason], got.missing ? got.missing : "");
	}
}

#define ASK_ROWS(state, rows) ask_rows(*(state), rows, sizeof(rows) / sizeof(*rows))

static void
a_limiter_denies_at_its_limit_within_its_window(void **state)
{
	static const struct done two[] = {
		{"SO", "Restart", "vm-1", "cl", MIN(3), false}, {"SO", "Restart", "vm-1", "cl", MIN(9), false}, {0}};
	static const struct done edge[] = {{"SO", "Restart", "vm-1", "cl", MIN(10), false}, {0}};
	static const struct done outside[] = {{"SO", "Restart", "vm-1", "cl", MIN(10) - 1, false}, {0}};
	static const struct done live[] = {{"SO", "Restart", "vm-1", "cl", MIN(-30), true}, {0}};
	static const struct done future[] = {{"SO", "Restart", "vm-1", "cl", MIN(-5), false}, {0}};
	static const char today[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 2",
			  *limiter = "common.FrequencyLimiter";
	static const char once[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1";
	const struct row rows[] = {
		{limiter, today, NULL, NULL, ASK "target=vm-1", {PERMIT}},
		{limiter, today, NULL, two, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, today, NULL, two, ASK "target=vm-2", {PERMIT}},
		{limiter, today, NULL, two, ASK, {MISSING("target")}},
		{limiter, today, NULL, two, "actor=APPC operation=Restart target=vm-1", {NO_GUARD}},
		{limiter, once, NULL, edge, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, once, NULL, outside, ASK "target=vm-1", {PERMIT}},
		{limiter, once, NULL, live, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, once, NULL, future, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
	};

	ASK_ROWS(state, rows);
}

static void
a_limiter_counts_by_what_its_type_or_its_metadata_say(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl-a", MIN(3), false}, {0}};
	static const char seed[] = WHO "time_window: 10 m\nlimit: 1", *old = "FrequencyLimiter";
	static const char seed_target[] = WHO "time_window: 10 m\nlimit: 1\ntarget: vm-1";
	static const char seed_loop[] = WHO "time_window: 10 m\nlimit: 1\ncontrolLoopName: cl-b";
	static const char seed_pattern[] = WHO "time_window: 10 m\nlimit: 1\ntarget: /vm-./";
	static const char today[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1", *new = "common.FrequencyLimiter";
	static const char today_id[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1\nid: cl-b";
	const struct row rows[] = {
		/* seed 003: all operations of actor and operation, narrowed by what the guard names */
		{old, seed, NULL, one, ASK "target=vm-2 clname=cl-b", {DENY(LIMIT_REACHED)}},
		{old, seed, NULL, one, ASK, {DENY(LIMIT_REACHED)}},
		{old, seed_target, NULL, one, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{old, seed_target, NULL, one, ASK "target=vm-2", {NO_GUARD}},
		{old, seed_loop, NULL, one, ASK "target=vm-1 clname=cl-b", {PERMIT}},
		{old, seed_pattern, NULL, one, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{old, seed_pattern, NULL, one, ASK "target=vm-2", {PERMIT}},
		/* today's: by target of the request, whatever the loop */
		{new, today_id, NULL, one, ASK "target=vm-1 clname=cl-b", {DENY(LIMIT_REACHED)}},
		{new, today_id, NULL, one, ASK "target=vm-2 clname=cl-b", {PERMIT}},
		/* metadata */
		{new, today, "{count_by: operation}", one, ASK "target=vm-2", {DENY(LIMIT_REACHED)}},
		{new, today, "{count_by: operation}", one, ASK, {DENY(LIMIT_REACHED)}},
		{new, today, "{count_by: controlloop}", one, ASK "clname=cl-a", {DENY(LIMIT_REACHED)}},
		{new, today, "{count_by: controlloop}", one, ASK "clname=cl-b", {PERMIT}},
		{new, today, "{count_by: controlloop}", one, ASK "target=vm-1", {MISSING("clname")}},
		{old, seed, "{count_by: target}", one, ASK "target=vm-2", {PERMIT}},
		{old, seed, "{count_by: target}", one, ASK, {MISSING("target")}},
	};

	ASK_ROWS(state, rows);
}

static void
a_match_all_limiter_counts_the_actor_and_operation_of_the_request(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl", MIN(3), false}, {0}};
	static const char all[] = "actor: .*\noperation: /.*/\ntime_window: 10 m\nlimit: 1", *old = "FrequencyLimiter";
	static const char any[] = "actor: .*\noperation: .*\ntime_window: 10 m\nlimit: 1";
	const struct row rows[] = {
		{old, all, NULL, one, ASK, {DENY(LIMIT_REACHED)}},
		{old, all, NULL, one, "actor=APPC operation=Restart", {PERMIT}},
		{old, all, NULL, one, "operation=Restart", {MISSING("actor")}},
		{old, all, NULL, one, "actor=SO", {NO_GUARD}},
		{old, any, NULL, one, "actor=SO", {MISSING("operation")}},
	};

	ASK_ROWS(state, rows);
}

static void
windows_of_weeks_months_and_years_limit(void **state)
{
	static const struct done week[] = {{"SO", "Restart", "vm-1", "cl", NOON - 7 * TIME_MS_DAY, false}, {0}};
	static const struct done over_week[] = {{"SO", "Restart", "vm-1", "cl", NOON - 7 * TIME_MS_DAY - 1, false},
	                                        {0}};
	static const struct done month[] = {{"SO", "Restart", "vm-1", "cl", NOON - 31 * TIME_MS_DAY, false}, {0}};
	static const struct done over_month[] = {{"SO", "Restart", "vm-1", "cl", NOON - 31 * TIME_MS_DAY - 1, false},
	                                         {0}};
	static const struct done year[] = {{"SO", "Restart", "vm-1", "cl", NOON - 365 * TIME_MS_DAY, false}, {0}};
	static const struct done over_year[] = {{"SO", "Restart", "vm-1", "cl", NOON - 365 * TIME_MS_DAY - 1, false},
	                                        {0}};
	static const char *const limiter = "common.FrequencyLimiter";
	static const char weeks[] = WHO "timeWindow: 1\ntimeUnits: week\nlimit: 1";
	static const char months[] =
		WHO "timeWindow: 1\ntimeUnits: month\nlimit: 1"; /* 14 March to 14 April: 31 days */
	static const char years[] = WHO "timeWindow: 1\ntimeUnits: year\nlimit: 1";
	const struct row rows[] = {
		{limiter, weeks, NULL, week, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, weeks, NULL, over_week, ASK "target=vm-1", {PERMIT}},
		{limiter, months, NULL, month, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, months, NULL, over_month, ASK "target=vm-1", {PERMIT}},
		{limiter, years, NULL, year, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
		{limiter, years, NULL, over_year, ASK "target=vm-1", {PERMIT}},
	};

	ASK_ROWS(state, rows);
}

static void
an_unreadable_history_is_an_error(void **state)
{
	struct fixture *f = *state;
	const struct row rows[] = {
		{"common.FrequencyLimiter",
	         WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1",
	         NULL,
	         NULL,
	         ASK "target=vm-1",
	         {FAILED}},
		{"coordination.FirstBlocksSecond", "controlLoop: [a, b]", NULL, NULL, "clname=b", {FAILED}},
		{"coordination.FirstBlocksSecond", "controlLoop: [a, b]", NULL, NULL, "clname=a", {NO_GUARD}},
	};

	f->history_fails = true;
	ASK_ROWS(state, rows);
}

static void
a_blacklist_denies_its_entries(void **state)
{
	static const char list[] = WHO "blacklist: [vm-1, 4107, 010, yes, '/lab-[0-9]+/']", *new = "common.Blacklist";
	static const char all[] = WHO "blacklist: [.*]", scoped[] = WHO "target: vm-1\nblacklist: [vm-1, vm-2]";
	const struct row rows[] = {
		{new, list, NULL, NULL, ASK "target=vm-1", {DENY(BLACKLISTED)}},
		{new, list, NULL, NULL, ASK "target=VM-1", {PERMIT}},
		{new, list, NULL, NULL, ASK "target=vm-11", {PERMIT}},
		{new, list, NULL, NULL, ASK "target=4107", {DENY(BLACKLISTED)}},
		{new, list, NULL, NULL, ASK "target=010", {DENY(BLACKLISTED)}},
		{new, list, NULL, NULL, ASK "target=10", {PERMIT}},
		{new, list, NULL, NULL, ASK "target=yes", {DENY(BLACKLISTED)}},
		{new, list, NULL, NULL, ASK "target=lab-204", {DENY(BLACKLISTED)}},
		{new, list, NULL, NULL, ASK "target=lab-204x", {PERMIT}},
		{new, list, NULL, NULL, ASK, {MISSING("target")}},
		{new, all, NULL, NULL, ASK "target=anything", {DENY(BLACKLISTED)}},
		{new, all, NULL, NULL, ASK, {MISSING("target")}},
		{new, scoped, NULL, NULL, ASK "target=vm-1", {DENY(BLACKLISTED)}},
		{new, scoped, NULL, NULL, ASK "target=vm-2", {NO_GUARD}},
		{new, scoped, NULL, NULL, ASK, {NO_GUARD}},
		{"Blacklist", list, NULL, NULL, ASK "target=vm-1", {DENY(BLACKLISTED)}},
		{new, WHO "blacklist: []", NULL, NULL, ASK "target=vm-1", {PERMIT}},
		{new, "actor: .*\noperation: .*\nblacklist: [vm-1]", NULL, NULL, "target=vm-1", {DENY(BLACKLISTED)}},
		{new,
	         WHO "blacklist: ['/(a+)+(a+)+[bc]/']",
	         NULL,
	         NULL,
	         ASK "target=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	         {FAILED}},
	};

	ASK_ROWS(state, rows);
}

static void
min_max_permits_from_min_to_max(void **state)
{
	static const char both[] = WHO "target: pool\nmin: 2\nmax: 4", *new = "common.MinMax";
	static const char low[] = WHO "target: pool\nmin: 2", high[] = WHO "target: pool\nmax: 4";
	static const char seed[] = WHO "min_vf_module_instances: 2\nmax_vf_module_instances: 4";
	const struct row rows[] = {
		{new, both, NULL, NULL, ASK "target=pool vfCount=1", {DENY(BELOW_MIN)}},
		{new, both, NULL, NULL, ASK "target=pool vfCount=2", {PERMIT}},
		{new, both, NULL, NULL, ASK "target=pool vfCount=4", {PERMIT}},
		{new, both, NULL, NULL, ASK "target=pool vfCount=5", {DENY(ABOVE_MAX)}},
		{new, both, NULL, NULL, ASK "target=pool", {MISSING("vfCount")}},
		{new, both, NULL, NULL, ASK "target=other vfCount=9", {NO_GUARD}},
		{new, low, NULL, NULL, ASK "target=pool vfCount=1", {DENY(BELOW_MIN)}},
		{new, low, NULL, NULL, ASK "target=pool vfCount=2147483647", {PERMIT}},
		{new, high, NULL, NULL, ASK "target=pool vfCount=-2147483648", {PERMIT}},
		{new, high, NULL, NULL, ASK "target=pool vfCount=5", {DENY(ABOVE_MAX)}},
		{"MinMax", seed, NULL, NULL, ASK "vfCount=1", {DENY(BELOW_MIN)}},
		{"MinMax", seed, NULL, NULL, ASK "target=x vfCount=4", {PERMIT}},
		{"MinMax", seed, NULL, NULL, ASK "target=x vfCount=5", {DENY(ABOVE_MAX)}},
	};

	ASK_ROWS(state, rows);
}

/* The only filter of a guard, on the region. */
#define ONE(function, text, blacklist) \
	WHO "algorithm: blacklist-overrides\nfilters:\n- {field: cloud-region.cloud-region-id, filter: '" text \
	    "', function: string-" function ", blacklist: " blacklist "}"
#define REGION "cloud-region.cloud-region-id="

static void
a_filter_compares_the_value_with_the_filter(void **state)
{
	static const char *const filter = "common.Filter";
	const struct row rows[] = {
		{filter, ONE("equal", "north-2", "true"), NULL, NULL, ASK REGION "north-2", {DENY(FILTERED)}},
		{filter, ONE("equal", "north-2", "true"), NULL, NULL, ASK REGION "North-2", {PERMIT}},
		{filter, ONE("equal", "north-2", "true"), NULL, NULL, ASK, {MISSING("cloud-region.cloud-region-id")}},
		{filter, ONE("equal", "north-2", "false"), NULL, NULL, ASK, {PERMIT}},
		{filter, ONE("equal", "north-2", "false"), NULL, NULL, ASK REGION "south", {PERMIT}},
		{filter,
	         ONE("equal-ignore-case", "Nörth.2", "true"),
	         NULL,
	         NULL,
	         ASK REGION "NÖRTH.2",
	         {DENY(FILTERED)}},
		{filter, ONE("equal-ignore-case", "Nörth.2", "true"), NULL, NULL, ASK REGION "NÖRTHx2", {PERMIT}},
		{filter, ONE("equal-ignore-case", "ЯΩ", "true"), NULL, NULL, ASK REGION "яω", {DENY(FILTERED)}},
		{filter, ONE("equal-ignore-case", "lab", "true"), NULL, NULL, ASK REGION "labs", {PERMIT}},
		{filter, ONE("regexp-match", "lab-[0-9]+", "true"), NULL, NULL, ASK REGION "lab-204", {DENY(FILTERED)}},
		{filter, ONE("regexp-match", "lab-[0-9]+", "true"), NULL, NULL, ASK REGION "lab-204b", {PERMIT}},
		{filter, ONE("contains", "or", "true"), NULL, NULL, ASK REGION "north", {DENY(FILTERED)}},
		{filter, ONE("contains", "ro", "true"), NULL, NULL, ASK REGION "north", {PERMIT}},
		{filter, ONE("starts-with", "no", "true"), NULL, NULL, ASK REGION "north", {DENY(FILTERED)}},
		{filter, ONE("starts-with", "or", "true"), NULL, NULL, ASK REGION "north", {PERMIT}},
		{filter, ONE("ends-with", "th", "true"), NULL, NULL, ASK REGION "north", {DENY(FILTERED)}},
		{filter, ONE("ends-with", "rt", "true"), NULL, NULL, ASK REGION "north", {PERMIT}},
		{filter, ONE("greater-than", "m", "true"), NULL, NULL, ASK REGION "n", {DENY(FILTERED)}},
		{filter, ONE("greater-than", "m", "true"), NULL, NULL, ASK REGION "m", {PERMIT}},
		{filter, ONE("greater-than", "m", "true"), NULL, NULL, ASK REGION "l", {PERMIT}},
		{filter, ONE("greater-than-or-equal", "m", "true"), NULL, NULL, ASK REGION "m", {DENY(FILTERED)}},
		{filter, ONE("less-than", "m", "true"), NULL, NULL, ASK REGION "l", {DENY(FILTERED)}},
		{filter, ONE("less-than", "m", "true"), NULL, NULL, ASK REGION "m", {PERMIT}},
		{filter, ONE("less-than-or-equal", "m", "true"), NULL, NULL, ASK REGION "m", {DENY(FILTERED)}},
		{filter, ONE("less-than", "10", "true"), NULL, NULL, ASK REGION "9", {PERMIT}},
		/* by UTF-16 a character beyond U+FFFF (here U+1F600) comes before U+FF5E, by UTF-8 after it */
		{filter, ONE("less-than", "～", "true"), NULL, NULL, ASK REGION "😀", {DENY(FILTERED)}},
		{filter, ONE("less-than", "한", "true"), NULL, NULL, ASK REGION "😀", {PERMIT}},
	};

	ASK_ROWS(state, rows);
}

#define TWO(algorithm) \
	WHO "algorithm: " algorithm "-overrides\nfilters:\n" \
	    "- {field: cloud-region.cloud-region-id, filter: north, function: string-equal, blacklist: true}\n" \
	    "- {field: generic-vnf.vnf-id, filter: v-17, function: string-equal, blacklist: false}"

static void
filters_of_one_guard_are_combined_by_its_algorithm(void **state)
{
	static const char *const filter = "common.Filter";
	const struct row rows[] = {
		{filter, TWO("blacklist"), NULL, NULL, ASK REGION "north generic-vnf.vnf-id=v-17", {DENY(FILTERED)}},
		{filter, TWO("blacklist"), NULL, NULL, ASK REGION "south generic-vnf.vnf-id=v-17", {PERMIT}},
		{filter, TWO("whitelist"), NULL, NULL, ASK REGION "north generic-vnf.vnf-id=v-17", {PERMIT}},
		{filter, TWO("whitelist"), NULL, NULL, ASK REGION "north generic-vnf.vnf-id=v-18", {DENY(FILTERED)}},
		{filter, TWO("whitelist"), NULL, NULL, ASK REGION "north", {DENY(FILTERED)}},
		{filter, TWO("whitelist"), NULL, NULL, ASK "generic-vnf.vnf-id=v-17", {PERMIT}},
		{filter, TWO("whitelist"), NULL, NULL, ASK, {MISSING("cloud-region.cloud-region-id")}},
		/* the first match in the list gives the reason */
		{filter,
	         WHO "filters:\n- {field: vserver.vserver-id, filter: s, function: string-equal}\n"
	             "- {field: cloud-region.cloud-region-id, filter: north, function: string-equal}",
	         NULL,
	         NULL,
	         ASK REGION "north",
	         {MISSING("vserver.vserver-id")}},
		/* defaults of the type: blacklist-overrides, blacklist: true */
		{filter,
	         WHO "filters:\n- {field: vserver.vserver-id, filter: s, function: string-equal}",
	         NULL,
	         NULL,
	         ASK "vserver.vserver-id=s",
	         {DENY(FILTERED)}},
	};

	ASK_ROWS(state, rows);
}

static void
the_first_loop_blocks_the_second_while_it_has_a_live_operation(void **state)
{
	static const struct done live[] = {{"SO", "Restart", "vm-1", "b", MIN(-5), true},
	                                   {"SO", "Restart", "vm-1", "a", MIN(1), false},
	                                   {"SO", "Restart", "vm-2", "a", MIN(-5), true},
	                                   {0}};
	static const struct done expired[] = {{"SO", "Restart", "vm-1", "a", NOON, true}, {0}};
	static const char pair[] = "controlLoop: [a, b]", *type = "coordination.FirstBlocksSecond";
	const struct row rows[] = {
		{type, pair, NULL, live, "clname=b", {DENY(BLOCKED_BY_LOOP)}},
		{type, pair, NULL, live, "clname=a", {NO_GUARD}},
		{type, pair, NULL, live, "clname=c", {NO_GUARD}},
		{type, pair, NULL, live, ASK, {NO_GUARD}},
		{type, pair, NULL, expired, "clname=b", {PERMIT}},
		{type, pair, NULL, NULL, "clname=b", {PERMIT}},
		{type, "controlLoop: [a, /b.*/]", NULL, live, "clname=b2", {DENY(BLOCKED_BY_LOOP)}},
		{type, "controlLoop: [a, b]\ntarget: vm-1", NULL, live, "clname=b target=vm-2", {NO_GUARD}},
	};

	ASK_ROWS(state, rows);
}

#define NIGHT "\ntimeRange: {start_time: '22:00:00Z', end_time: '05:00:00Z'}"
#define DAY "\ntimeRange: {start_time: '08:00:00Z', end_time: '18:00:00Z'}"

static void
out_of_its_range_a_guard_is_not_in_force(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl", MIN(3), false}, {0}};
	static const char limiter[] = WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1";
	const struct row rows[] = {
		{"common.Blacklist", WHO "blacklist: [vm-1]" NIGHT, NULL, NULL, ASK "target=vm-1", {NO_GUARD}},
		{"common.Blacklist", WHO "blacklist: [vm-1]" NIGHT, NULL, NULL, ASK, {NO_GUARD}},
		{"common.Blacklist", WHO "blacklist: [vm-1]" DAY, NULL, NULL, ASK "target=vm-1", {DENY(BLACKLISTED)}},
		{"common.Blacklist",
	         WHO "blacklist: [vm-1]" DAY,
	         NULL,
	         NULL,
	         ASK "target=vm-1 currentTime=23:00:00Z",
	         {DENY(BLACKLISTED)}},
		{"common.MinMax", WHO "target: p\nmax: 1" NIGHT, NULL, NULL, ASK "target=p vfCount=9", {NO_GUARD}},
		{"common.MinMax", WHO "target: p\nmax: 1" DAY, NULL, NULL, ASK "target=p vfCount=9", {DENY(ABOVE_MAX)}},
		{"common.FrequencyLimiter",
	         WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1" NIGHT,
	         NULL,
	         one,
	         ASK "target=vm-1",
	         {NO_GUARD}},
		{"common.FrequencyLimiter",
	         WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1" DAY,
	         NULL,
	         one,
	         ASK "target=vm-1",
	         {DENY(LIMIT_REACHED)}},
		{"FrequencyLimiter",
	         WHO "time_window: 10 m\nlimit: 1\ntime_range: {start_time: PT5H, end_time: PT24H}",
	         NULL,
	         one,
	         ASK,
	         {DENY(LIMIT_REACHED)}},
		{"common.FrequencyLimiter", limiter, NULL, one, ASK "target=vm-1", {DENY(LIMIT_REACHED)}},
	};

	ASK_ROWS(state, rows);
}

static const struct {
	const char *type, *properties, *metadata, *finding;
} bad[] = {
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 0", NULL, "limit"},
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 2147483648", NULL, "limit"},
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: fortnight\nlimit: 1", NULL, "fortnight"},
	{"common.FrequencyLimiter", WHO "timeWindow: 0\ntimeUnits: minute\nlimit: 1", NULL, "timeWindow"},
	{"common.FrequencyLimiter", WHO "timeWindow: 1001\ntimeUnits: year\nlimit: 1", NULL, "timeWindow"},
	{"common.FrequencyLimiter", WHO "timeWindow: 12001\ntimeUnits: month\nlimit: 1", NULL, "timeWindow"},
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: minute\ntime_window: 10 m\nlimit: 1", NULL,
         "time_window"},
	{"common.FrequencyLimiter", WHO "limit: 1", NULL, "timeWindow"},
	{"FrequencyLimiter", WHO "time_window: 0 s\nlimit: 1", NULL, "time_window"},
	{"FrequencyLimiter", WHO "time_window: 10 parsecs\nlimit: 1", NULL, "time_window"},
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1", "{count_by: moon}", "count_by"},
	{"common.FrequencyLimiter", WHO "timeWindow: 10\ntimeUnits: minute\nlimit: 1", "{mode: loud}", "mode"},
	{"common.Blacklist", WHO "blacklist: ['/vm-[/']", NULL, "pattern"},
	{"common.Blacklist", WHO "blacklist: ['']", NULL, "blank"},
	{"common.Blacklist", WHO "blacklist: [~]", NULL, "blacklist"},
	{"common.Blacklist", WHO "blacklist: vm-1", NULL, "list"},
	{"common.Blacklist", "actor: ''\noperation: x\nblacklist: [a]", NULL, "actor"},
	{"common.Blacklist", "actor: /[/\noperation: x\nblacklist: [a]", NULL, "pattern"},
	{"common.Blacklist", WHO "blacklist: [a]\ntimeRange: {start_time: '08:00:00', end_time: '09:00:00Z'}", NULL,
         "08:00:00"},
	{"common.MinMax", WHO "target: p\nmin: 4\nmax: 3", NULL, "min 4 is above max 3"},
	{"common.MinMax", WHO "target: p", NULL, "neither min nor max"},
	{"common.MinMax", WHO "target: p\nmax: 2147483648", NULL, "max"},
	{"common.Filter", ONE("matches", "x", "true"), NULL, "string-matches"},
	{"common.Filter", ONE("regexp-match", "lab-[", "true"), NULL, "pattern"},
	{"common.Filter", ONE("equal", "x", "yes"), NULL, "blacklist"},
	{"common.Filter",
         WHO "algorithm: blacklist-overrides\nfilters:\n- {field: actor, filter: s, function: string-equal}", NULL,
         "actor"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a]", NULL, "controlLoop"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a, b, c]", NULL, "controlLoop"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a, a]", NULL, "cannot block itself"},
	{"coordination.FirstBlocksSecond", "controlLoop: [/a/, b]", NULL, "one control loop"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a, '.*']", NULL, "one control loop"},
};

static void
bad_properties_are_refused_with_their_place(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct guard *guard =
			fixture_guard(f, GUARD_STRICT, bad[i].type, bad[i].properties, bad[i].metadata);

		if (guard || !fixture_found(f, bad[i].finding))
			fail_msg("%s\n%s: %s", bad[i].type, bad[i].properties,
			         guard            ? "accepted"
			         : f->diags.first ? f->diags.first->text
			                          : "no finding");
		assert_true(f->diags.first->line > 0);
	}
}

static void
all_that_is_wrong_with_a_policy_is_told_at_once(void **state)
{
	struct fixture *f = *state;

	assert_null(fixture_guard(f, GUARD_STRICT, "common.Blacklist",
	                          "actor: /[/\noperation: ' '\nblacklist: ['/(/', '', ok]", "{mode: loud}"));
	assert_true(fixture_found(f, "mode must be"));
	assert_true(fixture_found(f, "operation is blank"));
	assert_true(fixture_found(f, "entry of a blacklist is blank"));
}

static void
mode_shadow_is_kept_for_the_engine(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_guard(f, GUARD_STRICT, "common.Blacklist", WHO "blacklist: [a]", "{mode: shadow}")->shadow);
	assert_false(
		fixture_guard(f, GUARD_STRICT, "common.Blacklist", WHO "blacklist: [a]", "{mode: enforce}")->shadow);
	assert_false(fixture_guard(f, GUARD_STRICT, "common.Blacklist", WHO "blacklist: [a]", NULL)->shadow);
}

static const struct {
	const char *type, *properties;
} one_of_each[] = {
	{"common.FrequencyLimiter", WHO "id: cl\ntarget: t\ntimeWindow: 10\ntimeUnits: minute\nlimit: 1"},
	{"common.Blacklist", WHO "blacklist: [a, b, /c/]"},
	{"common.MinMax", WHO "target: /p/\nmin: 1"},
	{"common.Filter", TWO("blacklist")},
	{"common.Filter", ONE("equal-ignore-case", "x", "true")},
	{"coordination.FirstBlocksSecond", "controlLoop: [a, b]"},
};

static void
compiling_survives_memory_that_ends_anywhere(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 2 * sizeof(one_of_each) / sizeof(*one_of_each); i++) {
		enum guard_mode mode = i % 2 ? GUARD_ONAP : GUARD_STRICT;
		const struct policy *policy =
			fixture_policy(f, mode, one_of_each[i / 2].type, one_of_each[i / 2].properties, NULL);
		size_t limit = 0;
		bool good;

		assert_non_null(policy);
		do {
			struct arena arena;
			struct guard *guard;

			arena_init(&arena, ++limit);
			diags_init(&f->diags, &f->arena);
			good = guard_compile(policy, guard_kind_of(policy, mode), mode, &arena, NULL, &guard,
			                     &f->diags);
			assert_true(good == (f->diags.count[SEVERITY_ERROR] == 0));
			arena_free(&arena);
		} while (!good && limit < 20000);
		assert_true(good && limit > sizeof(struct guard));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_limiter_denies_at_its_limit_within_its_window),
		TEST(a_limiter_counts_by_what_its_type_or_its_metadata_say),
		TEST(a_match_all_limiter_counts_the_actor_and_operation_of_the_request),
		TEST(windows_of_weeks_months_and_years_limit),
		TEST(an_unreadable_history_is_an_error),
		TEST(a_blacklist_denies_its_entries),
		TEST(min_max_permits_from_min_to_max),
		TEST(a_filter_compares_the_value_with_the_filter),
		TEST(filters_of_one_guard_are_combined_by_its_algorithm),
		TEST(the_first_loop_blocks_the_second_while_it_has_a_live_operation),
		TEST(out_of_its_range_a_guard_is_not_in_force),
		TEST(bad_properties_are_refused_with_their_place),
		TEST(all_that_is_wrong_with_a_policy_is_told_at_once),
		TEST(mode_shadow_is_kept_for_the_engine),
		TEST(compiling_survives_memory_that_ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
