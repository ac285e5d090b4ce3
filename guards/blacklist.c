/* blacklist - Blacklist: targets that nothing may be done to */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "guards/kinds.h"
#include "guards/onap.h"
#include "guards/remedy.h"
#include "guards/text_set.h"
#include "policytypes/policy.h"

/*
 * type    onap.policies.controlloop.guard.common.Blacklist 1.0.0 {actor, operation, id?, timeRange?, blacklist:
 *         [text]}; seed 003's ...guard.Blacklist; a blacklist of a 2.0.0 file
 * strict  denies when the target is an entry. Entries are text, numbers too; `.*` is every target; /x/ a pattern on the
 *         whole value. A property `target` is a scope as everywhere. Without a target: missing_attribute.
 * onap    denies when the target equals an entry, in range; everything else permits. `target` is ignored. An entry that
 *         is no text (a number, yes, a map), or is `.*`, makes the guard inert; a null entry refuses it; an entry that
 *         is a list wants all its texts to equal the target. 2.0.0 files: entries are text, whatever they look like.
 * source  ONAP's policy type and its policy-xacml-pdp; differences are in doc/compatibility.md
 */

struct entry_pattern {
	const struct pattern *pattern;
	uint32_t line;
};

struct blacklist {
	const struct text_set *texts;
	const struct entry_pattern *patterns;
	size_t pattern_count;
	bool otherwise; /* there are patterns, or an entry that is every target */
	bool everything;
	uint32_t everything_line;
};

/* onap: the one text that all of a nested list's must equal; absent when there is none. */
static struct str
text_of_all(const struct node *list)
{
	for (const struct node *text = list->first; text; text = text->next) {
		if (!node_is_scalar(text) || !str_equal(text->text, list->first->text))
			return STR_NONE;
	}
	return list->first ? list->first->text : STR_NONE;
}

static struct str
entry_text(const struct node *entry)
{
	return entry->kind == NODE_LIST ? text_of_all(entry) : entry->text;
}

/* Whether an entry goes into the set of texts. Longer ones than a request can carry equal nothing. */
static bool
blacklist_is_plain(const struct guard *guard, struct str text)
{
	if (!text.ptr || text.len > ATTRIBUTE_SIZE_MAX)
		return false;
	return guard->mode == GUARD_ONAP || !(str_is(text, ".*") || text_is_pattern(text));
}

/* Strict: what cannot be meant. */
static bool
entry_good(const struct node *entry, struct diags *diags)
{
	if (node_is_null(entry) || !node_is_scalar(entry))
		diags_error(diags, entry, "an entry of a blacklist must be text, not %s", node_kind_phrase(entry));
	else if (str_trim(entry->text).len == 0)
		diags_error(diags, entry, "an entry of a blacklist is blank");
	else if (entry->text.len > ATTRIBUTE_SIZE_MAX && !text_is_pattern(entry->text))
		diags_error(diags, entry, "an entry of a blacklist has more than the %d bytes that a target may have",
		            ATTRIBUTE_SIZE_MAX);
	else
		return true;
	return false;
}

/* The first round over the entries: announces the texts, counts the others. */
static bool
entries_announce(const struct guard *guard, const struct node *entries, struct text_set *texts, size_t *ret_others,
                 struct diags *diags)
{
	bool good = true;

	*ret_others = 0;
	for (const struct node *entry = entries->first; entry; entry = entry->next) {
		struct str text = entry_text(entry);

		if (guard->mode == GUARD_STRICT && !entry_good(entry, diags))
			good = false;
		else if (blacklist_is_plain(guard, text))
			text_set_announce(texts, text);
		else
			++*ret_others;
	}
	return good;
}

static bool
blacklist_no_memory(const struct node *where, struct diags *diags)
{
	diags_error(diags, where, "no memory for a blacklist");
	return false;
}

bool
blacklist_build(struct guard *guard, const struct node *entries, struct arena *arena, struct diags *diags)
{
	struct blacklist *data = arena_alloc(arena, sizeof(*data));
	struct text_set *texts = text_set_new(entries->count, guard->key, arena);
	struct entry_pattern *patterns;
	size_t others;

	guard->kind = &guard_blacklist;
	guard->data = data;
	if (!data || !texts)
		return blacklist_no_memory(entries, diags);
	if (!entries_announce(guard, entries, texts, &others, diags))
		return false;
	patterns = arena_array(arena, others, sizeof(*patterns));
	if (!patterns || text_set_layout(texts, arena) != 0)
		return blacklist_no_memory(entries, diags);
	data->texts = texts;
	data->patterns = patterns;
	for (const struct node *entry = entries->first; entry; entry = entry->next) {
		struct str text = entry_text(entry);

		if (blacklist_is_plain(guard, text)) {
			text_set_add(texts, text, entry->line);
		} else if (guard->mode == GUARD_ONAP) {
			continue; /* equals nothing */
		} else if (text_is_pattern(text)) {
			struct entry_pattern *next = &patterns[data->pattern_count++];

			next->line = entry->line;
			if (!pattern_build(text, entry, arena, &next->pattern, diags))
				return false;
		} else if (!data->everything) {
			data->everything = true;
			data->everything_line = entry->line;
		}
	}
	data->otherwise = data->pattern_count || data->everything;
	return true;
}

static bool
compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct node *entries = policy_get(policy, "blacklist");
	bool good = common_compile(policy, guard, arena, diags);

	if (!entries || entries->kind != NODE_LIST) {
		diags_error(diags, entries ? entries : policy->properties, "blacklist must be a list of targets");
		return false;
	}
	return blacklist_build(guard, entries, arena, diags) && good;
}

/* Entries that the reference turns into an equality: a text that is not `.*`, or a list of texts. */
static bool
onap_usable(const struct node *entry)
{
	if (onap_kind(entry) == ONAP_TEXT)
		return !str_is(entry->text, ".*");
	if (onap_kind(entry) != ONAP_LIST || entry->count == 0)
		return false;
	for (const struct node *text = entry->first; text; text = text->next) {
		if (onap_kind(text) != ONAP_TEXT)
			return false;
	}
	return true;
}

static bool
compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "BlacklistDefinition"};
	const struct node *entries;

	if (!common_compile_onap(policy, guard, false, arena, diags))
		return false;
	entries = onap_list(&properties, "blacklist", diags);
	if (!entries)
		return false;
	for (const struct node *entry = entries->first; entry; entry = entry->next) {
		if (node_is_null(entry)) {
			diags_error(diags, entry, "item \"blacklist\" has no valid entry %u: it is null", entry->index);
			return false;
		}
		if (!onap_usable(entry))
			guard->inert = true;
	}
	return blacklist_build(guard, entries, arena, diags);
}

/* For targets that are none of the texts. */
static int
listed_otherwise(const struct blacklist *data, const struct env *env, struct str target, uint32_t *ret_line)
{
	int r = 0;

	for (size_t i = 0; i < data->pattern_count; i++) {
		int matched = pattern_match(data->patterns[i].pattern, env->scratch, target);

		if (matched > 0 && ret_line)
			*ret_line = data->patterns[i].line;
		if (matched > 0)
			return 1;
		if (matched < 0)
			r = matched;
	}
	if (data->everything && ret_line)
		*ret_line = data->everything_line;
	return data->everything ? 1 : r;
}

/* 1 when the target is listed, 0 if not, negative when a pattern cannot be decided. ret_line: of the entry, or NULL. */
static inline int
listed(const struct blacklist *data, const struct env *env, struct str target, uint32_t *ret_line)
{
	if (text_set_has(data->texts, target, ret_line))
		return 1;
	return data->otherwise ? listed_otherwise(data, env, target, ret_line) : 0;
}

bool
blacklist_next(const struct guard *guard, size_t *at, struct str *ret)
{
	const struct blacklist *blacklist = guard->data;

	return text_set_next(blacklist->texts, at, ret);
}

bool
blacklist_within(const struct guard *some, const struct guard *all, struct pattern_scratch *scratch, struct str *ret)
{
	const struct blacklist *x = some->data, *y = all->data;
	const struct env env = {.scratch = scratch};
	size_t at = 0, texts = 0;

	if (x->everything && !y->everything)
		return false;
	for (size_t i = 0; i < x->pattern_count && !y->everything; i++) {
		size_t j = 0;

		while (j < y->pattern_count &&
		       !str_equal(pattern_text(x->patterns[i].pattern), pattern_text(y->patterns[j].pattern)))
			j++;
		if (j == y->pattern_count)
			return false;
	}
	for (; text_set_next(x->texts, &at, ret); texts++) {
		if (listed(y, &env, *ret, NULL) != 1)
			return false;
	}
	return texts > 0;
}

static void
check(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	struct str target = request->attribute[ATTRIBUTE_TARGET];
	int r;

	if (!is_given(guard, target)) {
		verdict_missing(ret, attribute_key[ATTRIBUTE_TARGET]);
		return;
	}
	r = listed(guard->data, env, target, NULL);
	if (r < 0)
		verdict_error(ret);
	else if (r)
		*ret = (struct verdict){EFFECT_DENY, REASON_BLACKLISTED, NULL};
	else
		ret->effect = EFFECT_PERMIT;
}

static void
check_onap(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	struct str target = request->attribute[ATTRIBUTE_TARGET];

	ret->effect = EFFECT_PERMIT;
	if (target.ptr && time_range_state(&guard->range, GUARD_ONAP, request, env->now_ms) == RANGE_IN &&
	    listed(guard->data, env, target, NULL) == 1)
		*ret = (struct verdict){EFFECT_DENY, REASON_BLACKLISTED, NULL};
}

static void
explain(const struct guard *guard, const struct request *request, const struct env *env, const struct verdict *verdict,
        struct arena *arena, struct explanation *ret)
{
	struct str target = request->attribute[ATTRIBUTE_TARGET];
	uint32_t line = 0;

	explain_text(ret, "target", target);
	if (verdict->effect == EFFECT_DENY && target.ptr && listed(guard->data, env, target, &line) == 1)
		explain_number(ret, "entry_line", line, arena);
}

/* The entries that list a target, for an edit that takes them away: in words, and as a JSON list. */
struct removal {
	struct text words, json;
	size_t count;
};

static void
removal_add(struct removal *removal, struct str entry, bool pattern, uint32_t line)
{
	const char *slash = pattern ? "/" : "";
	struct text quoted;

	text_init(&quoted, removal->json.arena);
	text_addf(&quoted, "%s%.*s%s", slash, STR_ARG(entry), slash);
	text_addf(&removal->words, "%s%s'%.*s' (line %u)", removal->count ? " and " : "", pattern ? "the pattern " : "",
	          STR_ARG(text_done(&quoted)), line);
	text_add(&removal->json, removal->count ? STR(",") : STR(""));
	text_add_json(&removal->json, text_done(&quoted));
	removal->count++;
}

static bool
blacklist_is_repeated(const struct blacklist *data, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (str_equal(pattern_text(data->patterns[i].pattern), pattern_text(data->patterns[at].pattern)))
			return true;
	}
	return false;
}

/* Makes the list without the entries that match this target. */
static struct blacklist *
removal_make(const struct guard *guard, const struct remedy *remedy, struct str target, struct removal *removal)
{
	const struct blacklist *data = guard->data;
	struct blacklist *left = arena_alloc(remedy->arena, sizeof(*left));
	struct entry_pattern *patterns = arena_array(remedy->arena, data->pattern_count, sizeof(*patterns));
	uint32_t line;

	if (!left || !patterns)
		return NULL;
	*left = *data;
	left->patterns = patterns;
	left->pattern_count = 0;
	left->everything = false;
	if (text_set_has(data->texts, target, &line)) {
		removal_add(removal, target, false, line);
		left->texts = text_set_new(0, NULL, remedy->arena); /* no other text equals the target */
		if (!left->texts)
			return NULL;
	}
	for (size_t i = 0; i < data->pattern_count; i++) {
		const struct entry_pattern *entry = &data->patterns[i];

		if (pattern_match(entry->pattern, remedy->env->scratch, target) != 1)
			patterns[left->pattern_count++] = *entry;
		else if (!blacklist_is_repeated(data, i))
			removal_add(removal, pattern_text(entry->pattern), true, entry->line);
	}
	if (data->everything)
		removal_add(removal, STR(".*"), false, data->everything_line);
	left->otherwise = left->pattern_count > 0;
	return left;
}

/* An entry that stands there more than once is told of once, with its first line, and is to be taken away everywhere. */
static bool
blacklist_remedy(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	struct str target = remedy->request.attribute[ATTRIBUTE_TARGET];
	struct removal removal = {.count = 0};
	struct blacklist *left;

	if (!target.ptr)
		return remedy_attribute(remedy, ATTRIBUTE_TARGET, STR("x"), ret);
	text_init(&removal.words, remedy->arena);
	text_init(&removal.json, remedy->arena);
	text_add(&removal.words, STR("remove "));
	text_add(&removal.json, STR("{\"remove\":{\"blacklist\":["));
	left = removal_make(guard, remedy, target, &removal);
	text_add(&removal.words, STR(" from the blacklist"));
	text_add(&removal.json, STR("]}}"));
	return removal.count > 0 &&
	       remedy_policy(remedy, guard, left, text_done(&removal.json), text_done(&removal.words), ret);
}

const struct guard_kind guard_blacklist = {
	.name = "Blacklist",
	.types = {"onap.policies.controlloop.guard.common.Blacklist", "onap.policies.controlloop.guard.Blacklist",
                  NULL},
	.timeless = true,
	.compile = {[GUARD_STRICT] = compile, [GUARD_ONAP] = compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = blacklist_remedy,
	.frees = range_frees,
};
