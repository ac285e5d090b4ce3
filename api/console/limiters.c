/* limiters - GET limiters: how full each limiter is, for each that it counts apart, the fullest first */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "api/console/look.h"
#include "api/http/resources.h"
#include "base/text.h"
#include "engine/decide/decide.h"
#include "guards/kinds.h"
#include "guards/remedy.h"

#define ROWS_MOST 100000        /* of the operation log, from the newest */
#define OLD_MOST 1000           /* in a row that are older than every window: then the rest is */
#define SLOTS ((size_t)1 << 17) /* of the table of keys; a power of two */
#define KEYS_MOST (SLOTS / 2)

/* A limiter, and what it counts apart: absent ones of the four are not looked at by it. */
struct fill {
	const struct guard *guard;
	struct str scope[SCOPE_ATTRIBUTES];
	uint32_t used, limit;
	bool has_count, denies;
	enum reason reason;
	int64_t next_ms;
	char window[TIME_TEXT_SIZE];
};

/* All of one answer; in `arena`, which ends with it. */
struct survey {
	const struct policyset *set;
	struct env env;
	struct arena *arena;
	struct hash_key key;
	struct fill *fills;
	size_t count, size;
	uint32_t *slots;        /* index + 1 into fills; 0: empty */
	bool *met;              /* by a guard's order: some operation counts for it */
	struct hash128 *tuples; /* slots too: what was asked already */
	size_t tuple_count, rows, old;
	int64_t since_ms;
	bool whole; /* no row that may count was left out */
};

/* The place of a hash in a table of SLOTS: its own, or the empty one where it belongs. */
static size_t
tuple_place(const struct survey *survey, struct hash128 hash)
{
	size_t i = hash.lo & (SLOTS - 1);

	while ((survey->tuples[i].lo || survey->tuples[i].hi) &&
	       (survey->tuples[i].lo != hash.lo || survey->tuples[i].hi != hash.hi))
		i = (i + 1) & (SLOTS - 1);
	return i;
}

static bool
fill_equals(const struct fill *a, const struct fill *b)
{
	for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++)
		if (!a->scope[i].ptr != !b->scope[i].ptr || !str_equal(a->scope[i], b->scope[i]))
			return false;
	return a->guard == b->guard;
}

static bool
fills_grow(struct survey *survey)
{
	size_t size = survey->size ? survey->size * 2 : 256;
	struct fill *fills = arena_alloc(survey->arena, size * sizeof(*fills));

	if (!fills)
		return false; /* the arena says so */
	if (survey->count)
		memcpy(fills, survey->fills, survey->count * sizeof(*fills));
	survey->fills = fills;
	survey->size = size;
	return true;
}

/* False when it is there already, or there are too many. */
static bool
fill_add(struct survey *survey, const struct fill *fill)
{
	struct str parts[SCOPE_ATTRIBUTES + 1];
	size_t i;

	for (i = 0; i < SCOPE_ATTRIBUTES; i++)
		parts[i] = fill->scope[i];
	parts[i] = (struct str){(const char *)&fill->guard, sizeof(fill->guard)};
	i = hash_parts(&survey->key, parts, SCOPE_ATTRIBUTES + 1).lo & (SLOTS - 1);
	while (survey->slots[i] && !fill_equals(&survey->fills[survey->slots[i] - 1], fill))
		i = (i + 1) & (SLOTS - 1);
	if (survey->slots[i])
		return false;
	if (survey->count == KEYS_MOST) {
		survey->whole = false;
		return false;
	}
	if (survey->count == survey->size && !fills_grow(survey))
		return false;
	survey->fills[survey->count++] = *fill;
	survey->slots[i] = (uint32_t)survey->count;
	return true;
}

/* Fills in the limiter's view of a request whose scope it has. */
static void
fill_make(struct survey *survey, const struct guard *guard, const struct request *request)
{
	const struct limiter_spec *spec = guard->data;
	struct fill fill = {.guard = guard, .limit = spec->limit, .next_ms = TIME_NONE};
	struct explanation why = {0};
	struct verdict verdict;

	fill.scope[ATTRIBUTE_ACTOR] = request->attribute[ATTRIBUTE_ACTOR];
	fill.scope[ATTRIBUTE_OPERATION] = request->attribute[ATTRIBUTE_OPERATION];
	fill.scope[ATTRIBUTE_TARGET] = spec->by_target ? request->attribute[ATTRIBUTE_TARGET] : spec->target;
	fill.scope[ATTRIBUTE_CLNAME] = spec->by_clname ? request->attribute[ATTRIBUTE_CLNAME] : spec->clname;
	survey->met[guard->order] = true;
	if (!fill_add(survey, &fill))
		return;
	guard_ask(guard, request, &survey->env, &verdict);
	guard->kind->explain(guard, request, &survey->env, &verdict, survey->arena, &why);
	fill.used = why.used;
	fill.has_count = why.has_count;
	fill.denies = verdict.effect == EFFECT_DENY;
	fill.reason = verdict.reason;
	memcpy(fill.window, why.window, sizeof(fill.window));
	if (fill.denies)
		fill.next_ms = guard_permit_at(guard, request, &survey->env, survey->set->on_error_permit);
	survey->fills[survey->count - 1] = fill;
}

static void
survey_request(struct survey *survey, const struct request *request)
{
	struct lookup lookup;

	lookup_make(&lookup, survey->set, request);
	for (unsigned f = 0; f < lookup.count; f++) {
		const struct index_bucket *bucket = lookup.found[f];

		for (uint32_t i = 0; i < bucket->count; i++) {
			const struct guard *guard = bucket->entries[i].guard;

			if (guard->kind == &guard_frequency_limiter &&
			    (bucket->entries[i].exact ||
			     scope_match(&guard->scope, lookup.request, survey->env.scratch) > 0))
				fill_make(survey, guard, lookup.request);
		}
	}
}

/* A row of the log: each (actor, operation, target, loop) is asked about once. */
static int
limiters_visit_row(void *context, const struct operation *row)
{
	struct survey *survey = context;
	const struct str parts[4] = {row->actor, row->operation, row->target, row->clname};
	int64_t at_ms = row->end_ms != TIME_NONE ? row->end_ms : row->start_ms;
	struct request request = {0};
	struct hash128 hash;
	size_t place;

	if (++survey->rows > ROWS_MOST || survey->tuple_count == KEYS_MOST) {
		survey->whole = false;
		return 1;
	}
	if (at_ms != TIME_NONE && at_ms < survey->since_ms)
		return ++survey->old > OLD_MOST;
	survey->old = 0;
	hash = hash_parts(&survey->key, parts, 4);
	place = tuple_place(survey, hash);
	if (survey->tuples[place].lo || survey->tuples[place].hi)
		return 0;
	survey->tuples[place] = hash;
	survey->tuple_count++;
	request.attribute[ATTRIBUTE_ACTOR] = arena_str(survey->arena, row->actor);
	request.attribute[ATTRIBUTE_OPERATION] = arena_str(survey->arena, row->operation);
	request.attribute[ATTRIBUTE_TARGET] = arena_str(survey->arena, row->target);
	request.attribute[ATTRIBUTE_CLNAME] = arena_str(survey->arena, row->clname);
	survey_request(survey, &request);
	return survey->arena->exhausted ? -ERROR_MEMORY : 0;
}

/* Limiters that nothing was counted for. */
static void
limiters_add_empty(struct survey *survey)
{
	for (const struct guard *guard = survey->set->guards.first; guard; guard = guard->next) {
		struct fill fill = {.guard = guard, .has_count = true, .next_ms = TIME_NONE};
		const struct limiter_spec *spec = guard->data;

		if (guard->kind != &guard_frequency_limiter || survey->met[guard->order])
			continue;
		fill.limit = spec->limit;
		for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++)
			if (guard->scope.term[i].kind == TERM_EXACT)
				fill.scope[i] = guard->scope.term[i].text;
		if (spec->window.ms || spec->window.months)
			time_format_duration(spec->window, fill.window);
		(void)fill_add(survey, &fill); /* each stands there once */
	}
}

/* The longest window, so that older rows need not be looked at. */
static int64_t
longest_ms(const struct policyset *set)
{
	int64_t longest = 0;

	for (const struct guard *guard = set->guards.first; guard; guard = guard->next) {
		const struct limiter_spec *spec = guard->data;
		int64_t window;

		if (guard->kind != &guard_frequency_limiter)
			continue;
		window = spec->window.ms + (int64_t)spec->window.months * 31 * TIME_MS_DAY;
		longest = window > longest ? window : longest;
	}
	return longest;
}

static double
fullness(const struct fill *fill)
{
	if (!fill->has_count)
		return fill->denies ? 2 : 0; /* in quarantine nobody knows */
	return fill->limit ? (double)fill->used / fill->limit : 1;
}

static int
fullest_first(const void *a, const void *b)
{
	const struct fill *x = a, *y = b;
	double left = fullness(x), right = fullness(y);

	if (left != right)
		return left < right ? 1 : -1;
	return x->guard->order < y->guard->order ? -1 : x->guard->order > y->guard->order;
}

static void
write_fill(struct text *out, const struct fill *fill)
{
	char next[TIME_TEXT_SIZE];

	text_add(out, STR("{"));
	text_add(out, fill->guard->label);
	for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++) {
		if (!fill->scope[i].ptr)
			continue;
		text_addf(out, ",\"%s\":", attribute_key[i]);
		text_add_json(out, fill->scope[i]);
	}
	if (fill->has_count)
		text_addf(out, ",\"used\":%" PRIu32, fill->used);
	text_addf(out, ",\"limit\":%" PRIu32 ",\"window\":\"%s\",\"denies\":%s,\"shadow\":%s", fill->limit,
	          fill->window, fill->denies ? "true" : "false", fill->guard->shadow ? "true" : "false");
	if (fill->denies)
		text_addf(out, ",\"reason\":\"%s\"", reason_name[fill->reason]);
	if (fill->next_ms != TIME_NONE) {
		time_format_instant(fill->next_ms, next);
		text_addf(out, ",\"next\":\"%s\"", next);
	}
	text_add(out, STR("}"));
}

static bool
fill_holds(const struct fill *fill, struct str text)
{
	if (text_holds(fill->guard->policy, text))
		return true;
	for (size_t i = 0; i < SCOPE_ATTRIBUTES; i++)
		if (text_holds(fill->scope[i], text))
			return true;
	return false;
}

static void
write_page(struct survey *survey, const struct runtime_call *call, struct text *out)
{
	const struct list_request *look = call->context;
	struct look_list list = {.out = out, .page = &call->page};

	if (survey->count)
		qsort(survey->fills, survey->count, sizeof(*survey->fills), fullest_first);
	text_add(out, STR("{\"limiters\":["));
	for (size_t i = 0; i < survey->count; i++) {
		if (!fill_holds(&survey->fills[i], look->text))
			continue;
		if (look_item(&list))
			write_fill(out, &survey->fills[i]);
	}
	text_addf(out, "],\"total\":%zu,\"whole\":%s}", list.total, survey->whole ? "true" : "false");
}

static bool
survey_init(struct survey *survey, struct policyset *set, struct runtime_call *call)
{
	size_t guards = set->guards.count + 1;

	survey->set = set;
	survey->arena = &call->scratch;
	survey->key = set->index.key;
	survey->whole = true;
	survey->slots = arena_alloc(survey->arena, SLOTS * sizeof(*survey->slots));
	survey->tuples = arena_alloc(survey->arena, SLOTS * sizeof(*survey->tuples));
	survey->met = arena_alloc(survey->arena, guards * sizeof(*survey->met));
	return survey->slots && survey->tuples && survey->met;
}

static int
list_limiters(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	const struct list_request *look = call->context;
	struct policyset *set = engine_set_hold(look->service->engine);
	struct history_view view = history_reader_view;
	struct operation_filter filter = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .limit = SIZE_MAX};
	struct survey survey = {0};
	int r = survey_init(&survey, set, call) ? 0 : -ERROR_MEMORY;

	view.context = reader;
	survey.env = (struct env){engine_now(look->service->engine), &view, pattern_scratch_new()};
	survey.since_ms = survey.env.now_ms - longest_ms(set);
	if (!survey.env.scratch)
		r = -ERROR_MEMORY;
	if (r == 0)
		r = history_each(reader, &filter, limiters_visit_row, &survey);
	if (r >= 0) {
		limiters_add_empty(&survey);
		r = survey.arena->exhausted ? -ERROR_MEMORY : 0;
	}
	if (r == 0)
		write_page(&survey, call, out);
	pattern_scratch_free(survey.env.scratch);
	policyset_drop(set);
	return r < 0 ? r : 0;
}

void
limiters_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, "text");

	if (call)
		answer_history(exchange, call, list_limiters);
}
