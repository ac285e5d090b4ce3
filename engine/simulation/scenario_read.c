/* scenario_read - reads a scenario */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/simulation/scenario_priv.h"

#include "base/time.h"

static int
scenario_no_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, NULL, "no memory for the scenario");
}

/* A length of time of at least 1 ms; absent is `fallback`, below 0 that is an error. */
static int
read_length(const struct node *map, const char *key, int64_t fallback, int64_t *ret, struct error *err)
{
	const struct node *node = node_get(map, key);

	*ret = fallback;
	if (node_is_null(node))
		return fallback < 0 ? error_set(err, ERROR_MISSING, map, "'%s' is missing", key) : 0;
	if (!node_is_scalar(node) || time_parse_scalar_unit(node->text, ret) < 0 || *ret <= 0 ||
	    *ret > 36500 * TIME_MS_DAY)
		return error_set(err, ERROR_RANGE, node, "must be a length of time, as in 6 h");
	return 0;
}

static int
read_integer(const struct node *map, const char *key, int64_t fallback, int64_t most, int64_t *ret, struct error *err)
{
	const struct node *node = node_get(map, key);

	*ret = fallback;
	if (node_is_null(node))
		return 0;
	if (node->kind != NODE_INT || node->integer < 0 || node->integer > most)
		return error_set(err, ERROR_RANGE, node, "must be an integer from 0 to %lld", (long long)most);
	*ret = node->integer;
	return 0;
}

/* From 0 to 1. */
static int
read_share(const struct node *map, const char *key, double fallback, double *ret, struct error *err)
{
	const struct node *node = node_get(map, key);

	*ret = fallback;
	if (node_is_null(node))
		return 0;
	if (node->kind == NODE_INT)
		*ret = (double)node->integer;
	else if (node->kind == NODE_FLOAT)
		*ret = node->real;
	else
		return error_set(err, ERROR_TYPE, node, "must be a number from 0 to 1");
	return *ret >= 0 && *ret <= 1 ? 0 : error_set(err, ERROR_RANGE, node, "must be a number from 0 to 1");
}

/* A text; fallback NULL: it must be there. */
static int
scenario_read_text(const struct node *map, const char *key, const char *fallback, struct arena *arena, struct str *ret,
                   struct error *err)
{
	const struct node *node = node_get(map, key);

	*ret = str_from(fallback);
	if (node_is_null(node))
		return fallback ? 0 : error_set(err, ERROR_MISSING, map, "'%s' is missing", key);
	if (!node_is_scalar(node) || node->text.len == 0 || node->text.len > ATTRIBUTE_SIZE_MAX / 2)
		return error_set(err, ERROR_TYPE, node, "must be text");
	*ret = arena_str(arena, node->text);
	return ret->ptr ? 0 : scenario_no_memory(err);
}

/* A misspelled key would silently be no setting. */
static int
scenario_check_keys(const struct node *map, const char *const known[], struct error *err)
{
	for (const struct node *child = map->first; child; child = child->next) {
		const char *const *name = known;

		while (*name && !str_is(child->key, *name))
			name++;
		if (!*name)
			return error_set(err, ERROR_UNKNOWN, child, "unknown key '%.*s'", STR_ARG(child->key));
	}
	return 0;
}

static int
read_cures(const struct node *map, struct arena *arena, struct scenario_group *group, struct error *err)
{
	static const char *const keys[] = {"success", "takes", NULL};
	struct cure *cures;
	int r = 0;

	if (node_is_null(map))
		return 0;
	if (map->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, map, "must be a map by operation id");
	cures = arena_array(arena, map->count, sizeof(*cures));
	if (!cures)
		return scenario_no_memory(err);
	for (const struct node *node = map->first; r == 0 && node; node = node->next) {
		struct cure *cure = &cures[group->cure_count++];

		if (node->kind != NODE_MAP)
			return error_set(err, ERROR_TYPE, node, "must be {success, takes}");
		cure->operation = arena_str(arena, node->key);
		r = cure->operation.ptr ? scenario_check_keys(node, keys, err) : scenario_no_memory(err);
		if (r == 0)
			r = read_share(node, "success", 1, &cure->success, err);
		if (r == 0)
			r = read_length(node, "takes", 60 * TIME_MS_SECOND, &cure->takes_ms, err);
	}
	group->cures = cures;
	return r;
}

static int
read_aai(const struct node *map, struct arena *arena, struct scenario_group *group, struct error *err)
{
	struct entry *aai;

	if (node_is_null(map))
		return 0;
	if (map->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, map, "must be a map of texts");
	aai = arena_array(arena, map->count, sizeof(*aai));
	if (!aai)
		return scenario_no_memory(err);
	for (const struct node *node = map->first; node; node = node->next) {
		struct entry *entry = &aai[group->aai_count++];

		if (!node_is_scalar(node) || node->text.len > ATTRIBUTE_SIZE_MAX)
			return error_set(err, ERROR_TYPE, node, "must be text");
		*entry = (struct entry){arena_str(arena, node->key), arena_str(arena, node->text), false};
		if (!entry->key.ptr || !entry->value.ptr)
			return scenario_no_memory(err);
	}
	group->aai = aai;
	return 0;
}

static int
read_group(const struct node *node, struct arena *arena, struct scenario_group *group, struct error *err)
{
	static const char *const keys[] = {"name",     "count", "loop",    "key",      "aai",   "fails",
	                                   "recovers", "flaps", "repeats", "vf_count", "cures", NULL};
	int64_t vf_count;
	int r;

	if (node->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, node, "must be a map that describes elements");
	r = scenario_check_keys(node, keys, err);
	if (r == 0)
		r = scenario_read_text(node, "name", NULL, arena, &group->name, err);
	if (r == 0)
		r = scenario_read_text(node, "loop", NULL, arena, &group->loop, err);
	if (r == 0)
		r = scenario_read_text(node, "key", "generic-vnf.vnf-id", arena, &group->key, err);
	if (r == 0)
		r = read_integer(node, "count", 1, PLANT_ELEMENTS_MAX, &group->count, err);
	if (r == 0)
		r = read_length(node, "fails", -1, &group->fails_ms, err);
	if (r == 0)
		r = read_length(node, "recovers", 0, &group->recovers_ms, err);
	if (r == 0)
		r = read_length(node, "repeats", 0, &group->repeats_ms, err);
	if (r == 0)
		r = read_share(node, "flaps", 0, &group->flaps, err);
	if (r == 0)
		r = read_integer(node, "vf_count", 1, 1000000, &vf_count, err);
	if (r == 0)
		r = read_cures(node_get(node, "cures"), arena, group, err);
	if (r == 0)
		r = read_aai(node_get(node, "aai"), arena, group, err);
	group->vf_count = r == 0 ? (int32_t)vf_count : 0;
	return r;
}

static int
read_windows(const struct node *list, struct scenario *scenario, struct error *err)
{
	static const int64_t usual[] = {15 * TIME_MS_MINUTE, TIME_MS_HOUR, TIME_MS_DAY};

	if (node_is_null(list)) {
		memcpy(scenario->windows, usual, sizeof(usual));
		scenario->window_count = sizeof(usual) / sizeof(usual[0]);
		return 0;
	}
	if (list->kind != NODE_LIST || list->count > PLANT_WINDOWS_MAX)
		return error_set(err, ERROR_TYPE, list, "must be a list of at most %d lengths of time",
		                 PLANT_WINDOWS_MAX);
	for (const struct node *node = list->first; node; node = node->next) {
		int64_t *window = &scenario->windows[scenario->window_count++];

		if (!node_is_scalar(node) || time_parse_scalar_unit(node->text, window) < 0 || *window <= 0)
			return error_set(err, ERROR_RANGE, node, "must be a length of time, as in 1 h");
	}
	return 0;
}

static int
read_start(const struct node *node, int64_t *ret, struct error *err)
{
	*ret = 0;
	if (!node_is_null(node) && (!node_is_scalar(node) || time_parse_instant(node->text, ret) < 0 || *ret < 0))
		return error_set(err, ERROR_RANGE, node, "must be a time such as 2026-03-01T00:00:00Z");
	return 0;
}

int
scenario_read(const struct node *root, struct arena *arena, struct scenario *ret, struct error *err)
{
	static const char *const keys[] = {"duration", "start", "seed", "windows", "elements", NULL};
	const struct node *elements = node_get(root, "elements");
	struct scenario scenario = {0};
	struct scenario_group *groups;
	int64_t seed = 1;
	int r;

	if (!root || root->kind != NODE_MAP)
		return error_set(err, ERROR_TYPE, root, "a scenario must be a map");
	if (!elements || elements->kind != NODE_LIST)
		return error_set(err, ERROR_MISSING, elements ? elements : root, "'elements' must be a list");
	groups = arena_array(arena, elements->count, sizeof(*groups));
	if (!groups)
		return scenario_no_memory(err);
	r = scenario_check_keys(root, keys, err);
	if (r == 0)
		r = read_length(root, "duration", -1, &scenario.duration_ms, err);
	if (r == 0)
		r = read_start(node_get(root, "start"), &scenario.start_ms, err);
	if (r == 0)
		r = read_integer(root, "seed", 1, INT64_MAX, &seed, err);
	if (r == 0)
		r = read_windows(node_get(root, "windows"), &scenario, err);
	for (const struct node *node = elements->first; r == 0 && node; node = node->next) {
		r = read_group(node, arena, &groups[scenario.group_count], err);
		scenario.elements += r == 0 ? (size_t)groups[scenario.group_count++].count : 0;
		if (r == 0 && scenario.elements > PLANT_ELEMENTS_MAX)
			r = error_set(err, ERROR_LIMIT, node, "more than %d elements", PLANT_ELEMENTS_MAX);
	}
	if (r < 0)
		return r;
	scenario.seed = (uint64_t)seed;
	scenario.groups = groups;
	*ret = scenario;
	return 0;
}
