/* kind_kubernetes - elements are objects in a Kubernetes cluster: a Helm chart, or manifests applied by the server */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"
#include "participants/kinds/cluster_pods.h"
#include "participants/kinds/cluster_sandbox.h"
#include "participants/kinds/helm_release.h"
#include "participants/kinds/participant_kinds.h"

/*
 * An element has `manifests`, a list of objects, or `chart` as ONAP's Kubernetes participant has it: {chartId {name,
 * version}, namespace, releaseName, repository {address}, overrideParams, passiveParams}; and `namespace`, made when it is
 * not there.
 * PASSIVE: everything is there, workloads with no replicas or suspended. RUNNING: as it is written, and ready. An update
 * brings what is new, and removes what is not written any more. UNINITIALISED: what this element made is removed.
 *
 * Noted: "namespace NS", "object NS KIND.VERSION.GROUP/NAME", "release NS NAME".
 */

#define MANAGER "--field-manager=clguard"

/* --- manifests --- */

static enum act_result
apply_one(struct element_order *order, const struct node *manifest, bool idle)
{
	const char *space = arena_str(order->arena, manifest_namespace(manifest, cluster_namespace(order))).ptr;
	const char *resource = manifest->kind == NODE_MAP ? manifest_resource(manifest, order->arena) : NULL;
	const char *const words[] = {"apply", "--server-side", "--force-conflicts", MANAGER, "-n", space, "-f", "-",
	                             NULL};
	struct tool_answer answer;
	enum act_result result;
	struct text out;

	if (!resource || !space)
		return order_say(order, ACT_FAILED, "a manifest needs apiVersion, kind and metadata.name");
	result = cluster_note(order, arena_printf(order->arena, "object %s %s", space, resource));
	text_init(&out, order->arena);
	manifest_write(manifest, idle, &out);
	return result == ACT_DONE ? cluster_kubectl(order, words, text_done(&out), &answer) : result;
}

static enum act_result
await_one(struct element_order *order, const struct node *manifest)
{
	const char *space = arena_str(order->arena, manifest_namespace(manifest, cluster_namespace(order))).ptr;
	const char *const words[] = {"rollout", "status", manifest_resource(manifest, order->arena),
	                             "-n",      space,    cluster_limit_word(order),
	                             NULL};
	struct tool_answer answer;
	enum act_result result;

	char said[ORDER_MESSAGE_SIZE], why[PODS_WHY_SIZE];

	if (!manifest_rolls_out(manifest))
		return ACT_DONE;
	order_progress(order, "waiting for the rollout of %s", words[2]);
	result = cluster_kubectl(order, words, STR(""), &answer);
	if (result == ACT_DONE || !answer.code)
		return result;
	/* A workload that does not get ready in its time is not waited for again as long: the message names the reason. */
	memcpy(said, order->message, sizeof(said)); /* looking is not what the message is about */
	pods_tell(order, space, manifest, why);
	return order_say(order, ACT_FAILED, "%.*s%s%s", ORDER_MESSAGE_SIZE - PODS_WHY_SIZE - 4, said, *why ? "; " : "",
	                 why);
}

static enum act_result
apply_manifests(struct element_order *order, const struct node *manifests, bool idle)
{
	enum act_result result = ACT_DONE;

	if (manifests->kind != NODE_LIST || manifests->count == 0)
		return order_say(order, ACT_FAILED, "manifests is wrong: expected a list of objects, got %s",
		                 node_kind_phrase(manifests));
	for (const struct node *one = manifests->first; one && result == ACT_DONE; one = one->next)
		result = apply_one(order, one, idle);
	for (const struct node *one = manifests->first; one && result == ACT_DONE && !idle; one = one->next)
		result = await_one(order, one);
	return result;
}

/* --- what goes --- */

/* Whether an item still belongs to the element as it is written now. */
static bool
kubernetes_is_written(struct element_order *order, struct str item)
{
	const struct node *manifests = order_property(order, "manifests"), *chart = order_property(order, "chart");
	struct str space = cluster_namespace(order);
	const char *own;

	if (str_starts_with(item, STR("namespace ")) || sandbox_has(order, item))
		return true; /* goes with the element */
	for (const struct node *one = manifests ? manifests->first : NULL; one; one = one->next) {
		const char *resource = manifest_resource(one, order->arena);

		own = resource ? arena_printf(order->arena, "object %.*s %s", STR_ARG(manifest_namespace(one, space)),
		                              resource)
		               : NULL;
		if (own && str_is(item, own))
			return true;
	}
	own = chart ? arena_printf(order->arena, "release %.*s %.*s", STR_ARG(space),
	                           STR_ARG(release_name(order, chart)))
	            : NULL;
	return own && str_is(item, own);
}

/* Newest first, so that a namespace goes last. */
static enum act_result
remove_unwritten(struct element_order *order, bool all)
{
	const struct node *noted = order_noted(order);
	enum act_result result = ACT_DONE;

	for (const struct node *item = noted ? noted->first : NULL; item && result == ACT_DONE; item = item->next) {
		if (!all && kubernetes_is_written(order, item->text))
			continue;
		if (!order_is_shared(order, item->text, false))
			result = cluster_remove_item(order, item->text);
		if (result == ACT_DONE)
			order_forget(order, item->text);
	}
	return result;
}

static enum act_result
kubernetes_act(struct element_order *order)
{
	const struct node *manifests = order_property(order, "manifests"), *chart = order_property(order, "chart");
	const bool idle = str_is(order->state, "PASSIVE");
	enum act_result result;
	const char *space;

	if (str_is(order->state, "UNINITIALISED")) {
		result = remove_unwritten(order, true);
		return result == ACT_DONE ? order_say(order, ACT_DONE, "removed") : result;
	}
	if (!manifests == !chart)
		return order_say(order, ACT_FAILED, "an element needs either manifests or a chart");
	space = arena_str(order->arena, cluster_namespace(order)).ptr;
	if (!space)
		return order_say(order, ACT_AGAIN, "out of memory");
	result = cluster_make_namespace(order, space);
	if (result == ACT_DONE)
		result = sandbox_apply(order, space);
	if (result == ACT_DONE)
		result = manifests ? apply_manifests(order, manifests, idle) : release_apply(order, chart, space, idle);
	if (result == ACT_DONE)
		result = remove_unwritten(order, false);
	return result == ACT_DONE ? order_say(order, ACT_DONE, idle ? "there, without replicas" : "ready") : result;
}

/* --- what is seen --- */

/* Whether the element's own manifest of the item asks for replicas at all. */
static bool
is_to_work(struct element_order *order, struct str item)
{
	const struct node *manifests = order_property(order, "manifests");
	const char *wanted = cluster_item_word(order, item, 2);

	for (const struct node *one = manifests ? manifests->first : NULL; one; one = one->next) {
		const char *resource = manifest_resource(one, order->arena);

		if (resource && strcmp(resource, wanted) == 0)
			return manifest_works(one);
	}
	return true;
}

/* One object as it is there: PASSIVE, RUNNING, UNINITIALISED; from when it says nothing; absent: it cannot be told. */
static struct str
observe_object(struct element_order *order, struct str item)
{
	const char *const words[] = {
		"get", cluster_item_word(order, item, 2), "-n", cluster_item_word(order, item, 1), "-o", "json", NULL};
	struct tool_answer answer;
	const struct node *object;

	if (cluster_kubectl(order, words, STR(""), &answer) != ACT_DONE) {
		if (!cluster_is_missing(&answer))
			return STR_NONE;
		(void)order_say(order, ACT_DONE, "%s is not there", words[1]);
		return STR("UNINITIALISED");
	}
	object = cluster_objects(answer.out, order->arena);
	if (!object)
		return STR_NONE;
	if (!manifest_is_workload(object) || !is_to_work(order, item) ||
	    manifest_works(object) == str_is(order->from, "RUNNING"))
		return order->from;
	(void)order_say(order, ACT_DONE, "%s %s", words[1],
	                manifest_works(object) ? "has replicas" : "has no replicas");
	return manifest_works(object) ? STR("RUNNING") : STR("PASSIVE");
}

static struct str
kubernetes_observe(struct element_order *order)
{
	const struct node *noted = order_noted(order), *manifests = order_property(order, "manifests");
	char why[PODS_WHY_SIZE];

	if (manifests && manifests->kind == NODE_LIST)
		pods_tell(order, arena_str(order->arena, cluster_namespace(order)).ptr, manifests->first, why);
	for (const struct node *item = noted ? noted->first : NULL; item; item = item->next) {
		struct str state = order->from;

		if (str_starts_with(item->text, STR("object ")))
			state = observe_object(order, item->text);
		else if (str_starts_with(item->text, STR("release ")))
			state = release_observe(order, cluster_item_word(order, item->text, 1),
			                        cluster_item_word(order, item->text, 2));
		if (!str_equal(state, order->from))
			return state;
	}
	return order->from;
}

const struct participant_kind kind_kubernetes = {
	.name = "kubernetes",
	.help = "Elements of KubernetesControlLoopElement types: applies their manifests, or installs their Helm "
		"chart.",
	.act = kubernetes_act,
	.observe = kubernetes_observe,
};
