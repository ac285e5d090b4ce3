/* test_guards_onap - what each kind of guard answers in onap mode, 2.0.0 files included, and what it refuses */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "guards/kinds.h"
#include "guards/onap.h"
#include "policytypes/policy.h"
#include "tests/cmocka_all.h"
#include "tests/guard_fixture.h"

#define MIN(n) (NOON - (n)*TIME_MS_MINUTE)
#define WHO "actor: SO\noperation: Restart\n"
#define ASK "actor=SO operation=Restart "
#define OUT "\ntimeRange: {start_time: '13:00:00Z', end_time: '14:00:00Z'}"
#define BROKEN "\ntimeRange: {start_time: '2020-01-01T00:00:00Z', end_time: '2036-01-01T00:00:00Z'}"

#define SILENT EFFECT_NOT_APPLICABLE
#define PERMIT EFFECT_PERMIT
#define DENY EFFECT_DENY
#define INDETERMINATE EFFECT_INDETERMINATE

struct row {
	const char *type, *properties;
	const struct done *done;
	const char *request;
	enum effect effect;
};

static void
ask_rows(struct fixture *fixture, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		const struct guard *guard = fixture_guard(fixture, GUARD_ONAP, row->type, row->properties, NULL);
		struct verdict got;

		if (!guard)
			fail_msg("row %zu is refused: %s", i, fixture->diags.first ? fixture->diags.first->text : "");
		fixture->done = row->done;
		got = fixture_ask(fixture, guard, row->request);
		if (got.effect != row->effect)
			fail_msg("row %zu, %s: %s", i, row->request, effect_name[got.effect]);
	}
}

#define ASK_ROWS(state, rows) ask_rows(*(state), rows, sizeof(rows) / sizeof(*rows))

#define LIMITER(window, unit, limit) WHO "timeWindow: " window "\ntimeUnits: " unit "\nlimit: " limit

static const char *const limiter = "common.FrequencyLimiter";

static void
a_limiter_counts_ended_operations_per_target(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl", MIN(10), false}, {0}};
	static const struct done outside[] = {{"SO", "Restart", "vm-1", "cl", MIN(10) - 1, false}, {0}};
	static const struct done live[] = {{"SO", "Restart", "vm-1", "cl", MIN(-5), true}, {0}};
	static const struct done future[] = {{"SO", "Restart", "vm-1", "cl", NOON + 1, false}, {0}};
	const struct row rows[] = {
		{limiter, LIMITER("10", "minute", "1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "2"), one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "Minute", "1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("'10'", "minute", "'1'"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10.9", "minute", "1.9"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("600", "second", "1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("1", "hour", "1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("1", "day", "1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "1") "\nid: other", one, ASK "target=vm-1 clname=other", DENY},
		{limiter, LIMITER("10", "minute", "1"), one, ASK "target=vm-2", PERMIT},
		{limiter, LIMITER("10", "minute", "1"), outside, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "1"), live, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "1"), future, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "0"), NULL, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "-5"), NULL, ASK "target=vm-1", DENY},
		{limiter, LIMITER("0", "minute", "1"), one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("-10", "minute", "1"), one, ASK "target=vm-1", PERMIT},
		{limiter, WHO "timeUnits: minute\nlimit: 9", one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "9"), one, ASK, DENY},
		{limiter, LIMITER("10", "minute", "9"), one, "actor=SO target=vm-1", SILENT},
		{limiter, "actor: SO\noperation: .*\ntimeWindow: 1\ntimeUnits: day\nlimit: 9", one,
	         "actor=SO target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "9") "\ntarget: vm-1", one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "9") "\ntarget: vm-1", one, ASK "target=vm-2", SILENT},
		{limiter, LIMITER("10", "minute", "9") OUT, NULL, ASK "target=vm-1", DENY},
		{limiter, LIMITER("10", "minute", "9") OUT, NULL, ASK "target=vm-1 currentTime=13:30:00Z", PERMIT},
		{limiter, LIMITER("10", "minute", "9") BROKEN, NULL, ASK "target=vm-1", DENY},
	};

	ASK_ROWS(state, rows);
}

static void
units_that_the_reference_cannot_count_by_never_limit(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl", MIN(1), false}, {0}};
	const struct row rows[] = {
		{limiter, LIMITER("1", "week", "1"), one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("1", "month", "1"), one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("1", "year", "0"), one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("1", "fortnight", "1"), one, ASK "target=vm-1", PERMIT},
		{limiter, WHO "timeWindow: 1\nlimit: 1", one, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("1", "week", "-1"), one, ASK "target=vm-1", DENY},
		{limiter, LIMITER("1", "week", "1"), one, ASK, DENY},
	};

	ASK_ROWS(state, rows);
}

static void
an_unreadable_history_permits(void **state)
{
	struct fixture *f = *state;
	const struct row rows[] = {
		{limiter, LIMITER("10", "minute", "1"), NULL, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "0"), NULL, ASK "target=vm-1", PERMIT},
		{limiter, LIMITER("10", "minute", "-1"), NULL, ASK "target=vm-1", DENY},
		{"coordination.FirstBlocksSecond", "controlLoop: [a, b]", NULL, "clname=b", PERMIT},
	};

	f->history_fails = true;
	ASK_ROWS(state, rows);
}

static void
a_blacklist_denies_equal_text_only(void **state)
{
	static const char list[] = WHO "blacklist: [vm-1, '4107', [a, a], [a, b], /x.*/]", *type = "common.Blacklist";
	const struct row rows[] = {
		{type, list, NULL, ASK "target=vm-1", DENY},
		{type, list, NULL, ASK "target=4107", DENY},
		{type, list, NULL, ASK "target=a", DENY},
		{type, list, NULL, ASK "target=b", PERMIT},
		{type, list, NULL, ASK "target=xy", PERMIT},
		{type, list, NULL, ASK "target=/x.*/", DENY},
		{type, list, NULL, ASK, PERMIT},
		{type, WHO "blacklist: []", NULL, ASK "target=vm-1", PERMIT},
		{type, WHO "target: vm-9\nblacklist: [vm-1]", NULL, ASK "target=vm-1", DENY},
		{type, WHO "blacklist: [vm-1]" OUT, NULL, ASK "target=vm-1", PERMIT},
		{type, WHO "blacklist: [vm-1]" BROKEN, NULL, ASK "target=vm-1", PERMIT},
		/* what disables the whole guard: `.*`, and what YAML 1.1 takes for no text */
		{type, WHO "blacklist: [vm-1, .*]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, 4107]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, 1.5]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, 0123]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, true]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, yes]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, Off]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, {a: b}]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, WHO "blacklist: [vm-1, []]", NULL, ASK "target=vm-1", INDETERMINATE},
		/* ... and what it does not */
		{type, WHO "blacklist: [vm-1, 'yes']", NULL, ASK "target=yes", DENY},
		{type, WHO "blacklist: [vm-1, 0x1F]", NULL, ASK "target=0x1F", DENY},
		{type, WHO "blacklist: [vm-1, 089]", NULL, ASK "target=089", DENY},
		{type, WHO "blacklist: [vm-1, 08:00:00]", NULL, ASK "target=08:00:00", DENY},
		{type, WHO "blacklist: [vm-1, 1_000]", NULL, ASK "target=1_000", PERMIT}, /* the request says "1 000" */
		{type, WHO "blacklist: [vm-1, .inf]", NULL, ASK "target=.inf", DENY},
	};

	ASK_ROWS(state, rows);
}

static void
a_guard_without_an_exact_term_is_inert(void **state)
{
	static const char *const type = "common.Blacklist";
	const struct row rows[] = {
		{type, "actor: .*\noperation: .*\nblacklist: [vm-1]", NULL, ASK "target=vm-1", INDETERMINATE},
		{type, "blacklist: [vm-1]", NULL, "target=vm-1", INDETERMINATE},
		{type, "blacklist: [vm-1]\ntarget: vm-1", NULL, "target=vm-1", INDETERMINATE},
		{type, "actor: .*\noperation: .*\nid: cl\nblacklist: [vm-1]", NULL, ASK "clname=cl target=vm-1", DENY},
		{type, "actor: 123\noperation: yes\nblacklist: [vm-1]", NULL, "actor=123 operation=false target=vm-1",
	         DENY},
		{type, "actor: /S./\noperation: Restart\nblacklist: [vm-1]", NULL, ASK "target=vm-1", SILENT},
		{"common.MinMax", "target: .*\nmax: 3", NULL, "target=.* vfCount=1", INDETERMINATE},
	};

	ASK_ROWS(state, rows);
}

static void
min_max_permits_below_its_bounds_only(void **state)
{
	static const char both[] = WHO "target: p\nmin: 2\nmax: 4", *type = "common.MinMax";
	static const char inverted[] = WHO "target: p\nmin: 4\nmax: 2", min[] = WHO "target: p\nmin: 2";
	const struct row rows[] = {
		{type, both, NULL, ASK "target=p vfCount=-1", PERMIT},
		{type, both, NULL, ASK "target=p vfCount=3", PERMIT},
		{type, both, NULL, ASK "target=p vfCount=4", DENY},
		{type, both, NULL, ASK "target=p", DENY},
		{type, both, NULL, ASK "target=q vfCount=9", SILENT},
		{type, inverted, NULL, ASK "target=p vfCount=3", PERMIT},
		{type, inverted, NULL, ASK "target=p vfCount=4", DENY},
		{type, min, NULL, ASK "target=p vfCount=1", PERMIT},
		{type, min, NULL, ASK "target=p vfCount=2", DENY},
		{type, WHO "target: p\nmax: 2.9", NULL, ASK "target=p vfCount=2", DENY},
		{type, WHO "target: .*\nmax: 2", NULL, ASK "target=p vfCount=1", DENY},
		{type, WHO "target: .*\nmax: 2", NULL, ASK "target=.* vfCount=1", PERMIT},
		{type, WHO "target: p\nmax: 4" OUT, NULL, ASK "target=p vfCount=1", DENY},
		{type, WHO "target: p\nmax: 4" BROKEN, NULL, ASK "target=p vfCount=1", DENY},
	};

	ASK_ROWS(state, rows);
}

#define ONE(algorithm, function, text, blacklist) \
	WHO "algorithm: " algorithm "-overrides\nfilters:\n- {field: Cloud-Region.cloud-region-id, filter: '" text \
	    "', function: STRING-" function ", blacklist: " blacklist "}"
#define REGION "cloud-region.cloud-region-id="

static void
a_filter_is_silent_unless_it_matches(void **state)
{
	static const char *const type = "common.Filter";
	const struct row rows[] = {
		{type, ONE("blacklist", "EQUAL", "m", "true"), NULL, ASK REGION "m", DENY},
		{type, ONE("blacklist", "EQUAL", "m", "true"), NULL, ASK REGION "n", SILENT},
		{type, ONE("blacklist", "EQUAL", "m", "true"), NULL, ASK, SILENT},
		{type, ONE("blacklist", "EQUAL", "m", "false"), NULL, ASK REGION "m", PERMIT},
		{type, ONE("whitelist", "EQUAL", "m", "false"), NULL, ASK REGION "m", PERMIT},
		{type, ONE("whitelist", "EQUAL", "m", "'TRUE'"), NULL, ASK REGION "m", DENY},
		{type, ONE("blacklist", "EQUAL", "m", "yes"), NULL, ASK REGION "m", PERMIT},
		/* operands reversed */
		{type, ONE("blacklist", "GREATER-THAN", "m", "true"), NULL, ASK REGION "a", DENY},
		{type, ONE("blacklist", "GREATER-THAN", "m", "true"), NULL, ASK REGION "m", SILENT},
		{type, ONE("blacklist", "GREATER-THAN", "m", "true"), NULL, ASK REGION "z", SILENT},
		{type, ONE("blacklist", "LESS-THAN-OR-EQUAL", "m", "true"), NULL, ASK REGION "m", DENY},
		{type, ONE("blacklist", "LESS-THAN-OR-EQUAL", "m", "true"), NULL, ASK REGION "z", DENY},
		{type, ONE("blacklist", "LESS-THAN-OR-EQUAL", "m", "true"), NULL, ASK REGION "a", SILENT},
		{type, ONE("blacklist", "STARTS-WITH", "m", "true"), NULL, ASK REGION "mn", DENY},
		{type, ONE("blacklist", "REGEXP-MATCH", "lab*", "true"), NULL, ASK REGION "lab-204", SILENT},
		{type, ONE("blacklist", "EQUAL", "m", "true") OUT, NULL, ASK REGION "m", SILENT},
		{type, ONE("blacklist", "EQUAL", "m", "true") BROKEN, NULL, ASK REGION "m", INDETERMINATE},
		{type, ONE("blacklist", "EQUAL", "m", "true") BROKEN, NULL, ASK REGION "n", SILENT},
		{type, WHO "algorithm: blacklist-overrides\nfilters: []", NULL, ASK, SILENT},
		{type, ONE("blacklist", "EQUAL", "m", "true") "\ntarget: vm-1", NULL, ASK REGION "m target=vm-2",
	         SILENT},
	};

	ASK_ROWS(state, rows);
}

static void
the_latest_row_of_the_first_loop_blocks_the_second_for_ever(void **state)
{
	static const struct done stale[] = {{"SO", "Restart", "vm-1", "a", NOON - 90 * TIME_MS_DAY, true}, {0}};
	static const struct done ended[] = {{"SO", "Restart", "vm-1", "a", MIN(1), false}, {0}};
	static const char *const type = "coordination.FirstBlocksSecond";
	const struct row rows[] = {
		{type, "controlLoop: [a, b, c]", stale, "clname=b", DENY},
		{type, "controlLoop: [a, b]", ended, "clname=b", PERMIT},
		{type, "controlLoop: [a, b]", NULL, "clname=b", PERMIT},
		{type, "controlLoop: [a, b]", stale, "clname=a", SILENT},
		{type, "controlLoop: [a, b]", stale, "clname=c", SILENT},
		{type, "controlLoop: [a, .*]", stale, "clname=c", SILENT},
		{type, "controlLoop: ['aclname:x', b]", stale, "clname=b", DENY},
	};

	ASK_ROWS(state, rows);
}

/* As guards/guard2 would build them. */
static struct guard *
legacy(struct fixture *fixture, struct guard *guard, const char *start, const char *end)
{
	struct node *from = node_new(&fixture->arena, NODE_TEXT, 1, 1),
		    *until = node_new(&fixture->arena, NODE_TEXT, 1, 1);

	node_set_plain(from, str_from(start));
	node_set_plain(until, str_from(end));
	guard->mode = GUARD_ONAP;
	guard->legacy = true;
	assert_true(time_range_compile(&guard->range, from, until, GUARD_ONAP, true, &fixture->diags));
	return guard;
}

static void
a_legacy_limiter_denies_only_when_it_knows_the_limit_is_reached(void **state)
{
	static const struct done one[] = {{"SO", "Restart", "vm-1", "cl", MIN(1), false}, {0}};
	const struct limiter_spec spec = {.limit = 1, .window = {0, TIME_MS_HOUR}, .by_target = true};
	struct fixture *f = *state;
	struct guard guard = {0};

	assert_true(limiter_build(&guard, &spec, NULL, &f->arena, &f->diags));
	f->done = one;
	legacy(f, &guard, "00:00:00Z", "23:59:59Z");
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, DENY);
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-2").effect, PERMIT);
	assert_int_equal(fixture_ask(f, &guard, ASK).effect, PERMIT);
	f->history_fails = true;
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, PERMIT);
	f->history_fails = false;
	legacy(f, &guard, "13:00:00Z", "14:00:00Z");
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, PERMIT);
	legacy(f, &guard, "PT5H", "PT24H");
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, PERMIT);
}

static void
a_legacy_blacklist_takes_every_entry_for_text(void **state)
{
	struct fixture *f = *state;
	struct node *list = node_new(&f->arena, NODE_LIST, 1, 1);
	static const char *const entries[] = {"vm-1", ".*", "4107"};
	struct guard guard = {.mode = GUARD_ONAP};

	for (int i = 0; i < 3; i++) {
		struct node *entry = node_new(&f->arena, NODE_TEXT, 1, 1);

		node_set_plain(entry, str_from(entries[i]));
		node_append(list, entry);
	}
	assert_true(blacklist_build(&guard, list, &f->arena, &f->diags));
	legacy(f, &guard, "00:00:00Z", "23:59:59Z");
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, DENY);
	assert_int_equal(fixture_ask(f, &guard, ASK "target=4107").effect, DENY);
	assert_int_equal(fixture_ask(f, &guard, ASK "target=.*").effect, DENY);
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-2").effect, PERMIT);
	assert_int_equal(fixture_ask(f, &guard, ASK).effect, PERMIT);
	legacy(f, &guard, "PT5H", "PT24H");
	assert_int_equal(fixture_ask(f, &guard, ASK "target=vm-1").effect, PERMIT);
}

static const struct {
	const char *type, *properties, *finding;
} bad[] = {
	{"common.FrequencyLimiter", WHO "timeWindow: 1\ntimeUnits: minute", "item \"limit\""},
	{"common.FrequencyLimiter", WHO "timeWindow: 1\ntimeUnits: minute\nlimit: ~", "item \"limit\""},
	{"common.FrequencyLimiter", LIMITER("'4.5'", "minute", "1"), "Cannot decode FrequencyDefinition"},
	{"common.FrequencyLimiter", LIMITER("ten", "minute", "1"), "Cannot decode FrequencyDefinition"},
	{"common.FrequencyLimiter", LIMITER("10", "minute", "true"), "Cannot decode FrequencyDefinition"},
	{"common.FrequencyLimiter", LIMITER("10", "minute", "0x10"), "Cannot decode FrequencyDefinition"},
	{"common.FrequencyLimiter", LIMITER("10", "minute", "'2147483648'"), "Cannot decode FrequencyDefinition"},
	{"common.FrequencyLimiter", LIMITER("10", "minute", "1") "\ntarget: [a]", "Cannot decode TargetTypeDefinition"},
	{"common.Blacklist", WHO "blacklist: [a, ~]", "item \"blacklist\""},
	{"common.Blacklist", WHO, "item \"blacklist\""},
	{"common.Blacklist", WHO "blacklist: a", "Cannot decode BlacklistDefinition"},
	{"common.Blacklist", WHO "blacklist: [a]\ntimeRange: {start_time: '08:00:00Z'}", "item \"end_time\""},
	{"common.Blacklist", WHO "blacklist: [a]\ntimeRange: {start_time: '', end_time: '08:00:00Z'}",
         "item \"start_time\""},
	{"common.Blacklist", WHO "blacklist: [a]\ntimeRange: always", "Cannot decode TimeRangeDefinition"},
	{"common.Blacklist", WHO "blacklist: [a]\ntimeRange: {start_time: '99:99:99', end_time: '08:00:00Z'}",
         "timestamp 99:99:99 could not be parsed"},
	{"common.Blacklist", "{}", "item \"blacklist\""},
	{"common.Blacklist", "~", "no properties specified on guard policy"},
	{"common.MinMax", WHO "max: 3", "item \"target\""},
	{"common.MinMax", WHO "target: p", "Missing min or max field in minmax policy"},
	{"common.MinMax", WHO "target: p\nmin_vf_module_instances: 1", "Missing min or max field in minmax policy"},
	{"common.Filter", WHO "filters: []", "item \"algorithm\""},
	{"common.Filter", WHO "algorithm: both\nfilters: []",
         "Unexpected value for algorithm, should be whitelist-overrides"},
	{"common.Filter", WHO "algorithm: blacklist-overrides", "item \"filters\""},
	{"common.Filter", WHO "algorithm: blacklist-overrides\nfilters: x", "Cannot decode FilterDefinition"},
	{"common.Filter", WHO "algorithm: blacklist-overrides\nfilters: [x]", "Cannot decode FilterDefinition"},
	{"common.Filter", WHO "algorithm: blacklist-overrides\nfilters: [~]", "item \"filters\""},
	{"common.Filter",
         WHO "algorithm: blacklist-overrides\nfilters: [{filter: x, function: string-equal, blacklist: true}]",
         "item \"field\""},
	{"common.Filter", ONE("blacklist", "MATCHES", "x", "true"), "Unexpected value for function in filter"},
	{"common.Filter", ONE("blacklist", "EQUAL", "x", "~"), "item \"blacklist\""},
	{"common.Filter", ONE("blacklist", "EQUAL", "x", "1"), "Cannot decode FilterDefinition"},
	{"common.Filter", ONE("blacklist", "REGEXP-MATCH", "lab-[", "true"), "pattern"},
	{"common.Filter", ONE("blacklist", "REGEXP-MATCH", "lab-[a-z&&[^x]]", "true"), "joins classes"},
	{"common.Filter", ONE("blacklist", "REGEXP-MATCH", "lab-[a[b]]", "true"), "joins classes"},
	{"common.Filter",
         WHO "algorithm: blacklist-overrides\n"
             "filters: [{field: target, filter: x, function: string-equal, blacklist: true}]",
         "Unexpected value for field in filter"},
	{"coordination.FirstBlocksSecond", "", "item \"controlLoop\" is null"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a]", "Index 1 out of bounds"},
	{"coordination.FirstBlocksSecond", "controlLoop: []", "Index 0 out of bounds"},
	{"coordination.FirstBlocksSecond", "controlLoop: a", "Cannot decode"},
	{"coordination.FirstBlocksSecond", "controlLoop: [a, 1]", "Failed to convert policy"},
	{"coordination.FirstBlocksSecond", "controlLoop: ['a&b', c]", "Failed to convert policy"},
};

static void
what_the_reference_refuses_is_refused_in_its_key_words(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct guard *guard = fixture_guard(f, GUARD_ONAP, bad[i].type, bad[i].properties, NULL);

		if (guard || !fixture_found(f, bad[i].finding))
			fail_msg("%s\n%s: %s", bad[i].type, bad[i].properties,
			         guard            ? "accepted"
			         : f->diags.first ? f->diags.first->text
			                          : "no finding");
		if (!f->diags.first->line)
			fail_msg("%s\n%s: '%s' has no place", bad[i].type, bad[i].properties, f->diags.first->text);
	}
}

static void
only_joined_classes_are_javas_own(void **state)
{
	(void)state;
	assert_true(onap_java_only(STR("[a&&b]")));
	assert_true(onap_java_only(STR("x[^]a[b]]")));
	assert_true(onap_java_only(STR("[\\]a[b]]")));
	assert_true(onap_java_only(STR("\\Qa\\E[b[c]]")));
	assert_false(onap_java_only(STR("a&&b[a&b][[:alpha:]]")));
	assert_false(onap_java_only(STR("[a\\[b]")));
	assert_false(onap_java_only(STR("\\Q[a[b]\\E")));
	assert_false(onap_java_only(STR("\\[a[b]")));
	assert_false(onap_java_only(STR("a\\")));
	assert_false(onap_java_only(STR("")));
}

static void
types_of_seed_003_are_no_guards(void **state)
{
	struct fixture *f = *state;

	assert_null(fixture_guard(f, GUARD_ONAP, "Blacklist", WHO "blacklist: [a]", NULL));
	assert_null(fixture_guard(f, GUARD_ONAP, "Common", WHO, NULL));
	assert_non_null(fixture_guard(f, GUARD_ONAP, "common.Blacklist", WHO "blacklist: [a]", NULL));
}

static void
only_version_1_0_0_of_a_type_is_a_guard(void **state)
{
	struct policy policy = {.type_name = str_from(guard_blacklist.types[0]), .type_version = STR("1.0.0")};

	(void)state;
	assert_ptr_equal(guard_kind_of(&policy, GUARD_ONAP), &guard_blacklist);
	policy.type_version = STR("1.0.1");
	assert_null(guard_kind_of(&policy, GUARD_ONAP));
	policy.type_version = STR_NONE;
	assert_null(guard_kind_of(&policy, GUARD_ONAP));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_limiter_counts_ended_operations_per_target),
		TEST(units_that_the_reference_cannot_count_by_never_limit),
		TEST(an_unreadable_history_permits),
		TEST(a_blacklist_denies_equal_text_only),
		TEST(a_guard_without_an_exact_term_is_inert),
		TEST(min_max_permits_below_its_bounds_only),
		TEST(a_filter_is_silent_unless_it_matches),
		TEST(the_latest_row_of_the_first_loop_blocks_the_second_for_ever),
		TEST(a_legacy_limiter_denies_only_when_it_knows_the_limit_is_reached),
		TEST(a_legacy_blacklist_takes_every_entry_for_text),
		TEST(what_the_reference_refuses_is_refused_in_its_key_words),
		TEST(only_joined_classes_are_javas_own),
		TEST(types_of_seed_003_are_no_guards),
		TEST(only_version_1_0_0_of_a_type_is_a_guard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
