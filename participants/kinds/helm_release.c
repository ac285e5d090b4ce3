/* helm_release - a Helm chart as an element has it: installed, upgraded, idle or at work, rolled back, looked at, removed */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/helm_release.h"

#include "base/document.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"
#include "participants/kinds/cluster_pods.h"
#include "participants/kinds/helm_workloads.h"

/*
 * Theory of operation. helm brings a release to what the chart says; whether it works is laid over it: idle takes the
 * replicas away and suspends jobs (`passiveParams` of the chart, values for that state, may do the same before anything
 * starts). The next upgrade brings written replicas back, as helm compares with what is there; a workload that has none
 * written gets one. helm is not told to wait: rollouts are watched as those of manifests are.
 *
 * A helm that was killed leaves its release "pending", which helm itself never ends. No other tool of the element is at work
 * then (tool.h), so the release is rolled back, or removed when it was being installed.
 */

struct str
release_name(const struct element_order *order, const struct node *chart)
{
	struct str name = order_member(chart, "releaseName");

	return name.ptr ? name : order->id;
}

/* info.status of `helm status`; empty: there is no such release. */
static enum act_result
release_status(struct element_order *order, const char *space, const char *name, struct str *ret)
{
	static const struct document_limits limits = {
		.bytes = (size_t)4 << 20, .depth = 128, .nodes = SIZE_MAX, .aliases = 0, .scalar = (size_t)4 << 20};
	const char *const words[] = {"status", name, "-n", space, "-o", "json", NULL};
	struct tool_answer answer;
	enum act_result result = cluster_helm(order, words, STR(""), &answer);
	struct node *root;

	*ret = STR("");
	if (result != ACT_DONE)
		return cluster_is_missing(&answer) ? ACT_DONE : result;
	if (json_read(answer.out, "", &limits, order->arena, &root, NULL) != 0)
		return order_say(order, ACT_FAILED, "helm status does not print JSON: is it version 3?");
	*ret = order_member(node_get(root, "info"), "status");
	return ACT_DONE;
}

static enum act_result
release_roll_back(struct element_order *order, const char *space, const char *name)
{
	const char *const words[] = {"rollback", name, "-n", space, cluster_limit_word(order), NULL};
	struct tool_answer answer;

	return cluster_helm(order, words, STR(""), &answer);
}

/* Ends what a killed helm has begun. */
static enum act_result
release_recover(struct element_order *order, const char *space, const char *name, struct str status)
{
	if (str_is(status, "pending-install") || str_is(status, "uninstalling"))
		return release_remove(order, space, name);
	if (str_is(status, "pending-upgrade") || str_is(status, "pending-rollback"))
		return release_roll_back(order, space, name);
	return ACT_DONE;
}

/* --- helm upgrade --- */

#define RELEASE_WORDS_MAX 60

/* `path=value`, commas escaped, as --set takes it. */
static const char *
set_word(struct element_order *order, const struct node *value)
{
	struct text out;

	text_init(&out, order->arena);
	text_add(&out, value->key);
	text_add(&out, STR("="));
	for (size_t i = 0; i < value->text.len; i++)
		text_addf(&out, "%s%c", value->text.ptr[i] == ',' || value->text.ptr[i] == '\\' ? "\\" : "",
		          value->text.ptr[i]);
	return text_done(&out).ptr;
}

/*
 * Values of the chart: texts become words, as in ONAP's own participant, the others the text on standard input. helm lays
 * words over all others, so those that `over` has too are left out.
 */
static struct str
release_values(struct element_order *order, const struct node *values, const struct node *over,
               const char *words[RELEASE_WORDS_MAX], size_t *count)
{
	struct text out;
	bool first = true;

	text_init(&out, order->arena);
	text_add(&out, STR("{"));
	for (const struct node *value = values ? values->first : NULL; value; value = value->next) {
		if (node_get_str(over, value->key))
			continue;
		if (value->kind == NODE_TEXT && value->key.len && *count < RELEASE_WORDS_MAX - 3) {
			words[(*count)++] = "--set";
			words[(*count)++] = set_word(order, value);
			continue;
		}
		text_add(&out, first ? STR("") : STR(","));
		text_add_json(&out, value->key);
		text_add(&out, STR(":"));
		text_add_node(&out, value, true);
		first = false;
	}
	text_add(&out, STR("}"));
	return text_done(&out);
}

/* Each leaf of a map as `--set-json path=value`, so that it is laid over others by path; false: there are too many. */
static bool
add_leaves(struct element_order *order, const struct node *map, const char *path, const char *words[RELEASE_WORDS_MAX],
           size_t *count)
{
	bool good = true;

	for (const struct node *one = map && map->kind == NODE_MAP ? map->first : NULL; one && good; one = one->next) {
		struct text out;

		text_init(&out, order->arena);
		text_add(&out, str_from(path));
		for (size_t i = 0; i < one->key.len; i++)
			text_addf(&out, "%s%c", strchr(".,=[]{}\\", one->key.ptr[i]) ? "\\" : "", one->key.ptr[i]);
		if (one->kind == NODE_MAP && one->first) {
			text_add(&out, STR("."));
			good = text_done(&out).ptr && add_leaves(order, one, text_done(&out).ptr, words, count);
			continue;
		}
		text_add(&out, STR("="));
		text_add_node(&out, one, true);
		good = *count + 2 <= RELEASE_WORDS_MAX / 2;
		if (good) {
			words[(*count)++] = "--set-json";
			words[(*count)++] = text_done(&out).ptr;
		}
	}
	return good;
}

/* What a chart must have; ACT_DONE, or said why not. */
static enum act_result
release_check(struct element_order *order, const struct node *chart)
{
	const struct node *id = node_get(chart, "chartId");
	struct str name = order_member(id, "name"), version = order_member(id, "version"),
		   release = release_name(order, chart);

	if (!name.len || name.ptr[0] == '-')
		return order_say(order, ACT_FAILED, "a chart needs chartId with a name");
	if (version.len && version.ptr[0] == '-')
		return order_say(order, ACT_FAILED, "chartId.version is wrong: got '%.*s'", STR_ARG(version));
	if (!cluster_name_valid(release))
		return order_say(order, ACT_FAILED,
		                 "releaseName is wrong: expected small letters, digits and '-', got '%.*s'",
		                 STR_ARG(release));
	return ACT_DONE;
}

/* The chart as helm is told it: its name, version, repository. */
static size_t
chart_words(struct element_order *order, const struct node *chart, const char *words[RELEASE_WORDS_MAX], size_t count)
{
	const struct node *id = node_get(chart, "chartId"), *repository = node_get(chart, "repository");
	struct str name = order_member(id, "name"), version = order_member(id, "version"),
		   address = order_member(repository, "address"), alias = order_member(repository, "repoName");

	words[count++] = !address.ptr && alias.ptr
	                         ? arena_printf(order->arena, "%.*s/%.*s", STR_ARG(alias), STR_ARG(name))
	                         : name.ptr;
	if (version.len)
		words[count++] = arena_printf(order->arena, "--version=%.*s", STR_ARG(version));
	if (address.len)
		words[count++] = arena_printf(order->arena, "--repo=%.*s", STR_ARG(address));
	return count;
}

static enum act_result
release_upgrade(struct element_order *order, const struct node *chart, const char *space, bool idle)
{
	const struct node *passive = idle ? node_get(chart, "passiveParams") : NULL;
	const char *words[RELEASE_WORDS_MAX] = {"upgrade",
	                                        "--install",
	                                        arena_str(order->arena, release_name(order, chart)).ptr,
	                                        "--namespace",
	                                        space,
	                                        "--history-max=10",
	                                        cluster_limit_word(order),
	                                        "--values=-"};
	size_t count = chart_words(order, chart, words, 8);
	struct tool_answer answer;
	struct str input;

	if (!add_leaves(order, passive, "", words, &count))
		return order_say(order, ACT_FAILED, "passiveParams has too many values");
	input = release_values(order, node_get(chart, "overrideParams"), passive, words, &count);
	for (size_t i = 0; i < count; i++)
		if (!words[i] || !input.ptr)
			return order_say(order, ACT_AGAIN, "out of memory");
	order_progress(order, "helm upgrade of %s", words[2]);
	return cluster_helm(order, words, input, &answer);
}

/* --- its workloads --- */

/* What the cluster has of the manifest; NULL: nothing, or it cannot be told. missing: some of it is not there. */
static const struct node *
release_live(struct element_order *order, const char *space, struct str manifest, bool *missing)
{
	const char *const words[] = {"get", "-f", "-", "-n", space, "-o", "json", NULL};
	struct tool_answer answer;
	bool done = cluster_kubectl(order, words, manifest, &answer) == ACT_DONE;

	*missing = !done && cluster_is_missing(&answer);
	return answer.out.len ? cluster_objects(answer.out, order->arena) : NULL;
}

static enum act_result
release_settle(struct element_order *order, const char *space, const char *name, bool idle)
{
	struct release_workload *workloads;
	struct str manifest;
	enum act_result result = release_written(order, space, name, &manifest, &workloads);
	char why[PODS_WHY_SIZE] = "";
	bool missing;

	for (struct release_workload *one = workloads; one && result == ACT_DONE; one = one->next)
		if (idle)
			result = one->idle_member[0] ? workload_patch(order, one, one->suspends ? "true" : "0")
			                             : ACT_DONE;
		else
			result = one->idle_member[0] ? workload_wake(order, one) : ACT_DONE;
	for (struct release_workload *one = workloads; one && result == ACT_DONE && !idle; one = one->next)
		result = workload_await(order, one);
	if (workloads && result == ACT_FAILED) {
		char said[ORDER_MESSAGE_SIZE];

		memcpy(said, order->message, sizeof(said)); /* looking is not what the message is about */
		pods_tell(order, space, release_live(order, space, manifest, &missing), why);
		(void)order_say(order, result, "%.*s%s%s", ORDER_MESSAGE_SIZE - PODS_WHY_SIZE - 4, said,
		                *why ? "; " : "", why);
	}
	return result;
}

/* --- what the kind asks for --- */

enum act_result
release_apply(struct element_order *order, const struct node *chart, const char *space, bool idle)
{
	const char *name = arena_str(order->arena, release_name(order, chart)).ptr;
	const bool runs = order->update && str_is(order->from, "RUNNING");
	char said[ORDER_MESSAGE_SIZE];
	struct str status = STR("");
	enum act_result result;

	if (!name)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = release_check(order, chart);
	if (result == ACT_DONE)
		result = cluster_note(order, arena_printf(order->arena, "release %s %s", space, name));
	if (result == ACT_DONE)
		result = release_status(order, space, name, &status);
	if (result == ACT_DONE)
		result = release_recover(order, space, name, status);
	if (result != ACT_DONE)
		return result;
	result = release_upgrade(order, chart, space, idle);
	if (result == ACT_DONE)
		result = release_settle(order, space, name, idle);
	if (result != ACT_FAILED || !runs || !str_is(status, "deployed"))
		return result;
	memcpy(said, order->message, sizeof(said)); /* of the failure, not of the way back */
	return release_roll_back(order, space, name) == ACT_DONE
	               ? order_say(order, ACT_FAILED, "%.*s; rolled back", ORDER_MESSAGE_SIZE - 16, said)
	               : order_say(order, ACT_FAILED, "%.*s; helm cannot roll back", ORDER_MESSAGE_SIZE - 32, said);
}

enum act_result
release_remove(struct element_order *order, const char *space, const char *name)
{
	const char *const words[] = {
		"uninstall", name, "-n", space, "--ignore-not-found", "--wait", cluster_limit_word(order), NULL};
	struct tool_answer answer;

	order_progress(order, "helm uninstall of %s", name);
	return cluster_helm(order, words, STR(""), &answer);
}

/* Whether an object as it is there stands otherwise than the element. */
static struct str
live_state(struct element_order *order, const struct node *live, const struct release_workload *workloads)
{
	const char *resource = manifest_resource(live, order->arena);

	for (const struct release_workload *one = workloads; one && resource; one = one->next) {
		if (!one->idle_member[0] || strcmp(one->resource, resource) != 0)
			continue;
		if (str_is(one->replicas, "0") || str_is(one->suspend, "true") ||
		    manifest_works(live) == str_is(order->from, "RUNNING"))
			return order->from;
		(void)order_say(order, ACT_DONE, "%s %s", resource,
		                manifest_works(live) ? "has replicas" : "has no replicas");
		return manifest_works(live) ? STR("RUNNING") : STR("PASSIVE");
	}
	return order->from;
}

struct str
release_observe(struct element_order *order, const char *space, const char *name)
{
	struct release_workload *workloads;
	struct str status, manifest, state = order->from;
	const struct node *live;
	char why[PODS_WHY_SIZE];
	bool missing;

	if (release_status(order, space, name, &status) != ACT_DONE)
		return STR_NONE;
	if (status.len == 0) {
		(void)order_say(order, ACT_DONE, "release %s is not there", name);
		return STR("UNINITIALISED");
	}
	if (release_written(order, space, name, &manifest, &workloads) != ACT_DONE)
		return STR_NONE;
	live = release_live(order, space, manifest, &missing);
	if (missing) {
		(void)order_say(order, ACT_DONE, "an object of release %s is not there", name);
		return STR("UNINITIALISED");
	}
	for (const struct node *one = live; one && str_equal(state, order->from); one = one->next)
		state = live_state(order, one, workloads);
	pods_tell(order, space, live, why);
	return state;
}
