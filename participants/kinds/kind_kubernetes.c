/* kind_kubernetes - elements are objects in a Kubernetes cluster: a Helm chart, or manifests applied by the server */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/document.h"
#include "participants/kinds/cluster.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/participant_kinds.h"

/*
 * An element has `manifests`, a list of objects, or `chart` as ONAP's Kubernetes participant has it: {chartId {name,
 * version}, namespace, releaseName, repository {address}, overrideParams}; and `namespace`, made when it is not there.
 * PASSIVE: everything is there, workloads with no replicas or suspended. RUNNING: as it is written, and ready. An update
 * brings what is new, and removes what is not written any more. UNINITIALISED: what this element made is removed.
 *
 * Noted: "namespace NS", "object NS KIND.VERSION.GROUP/NAME", "release NS NAME".
 */

#define MANAGER "--field-manager=clguard"

static const struct document_limits object_limits = {
	.bytes = (size_t)4 << 20, .depth = 128, .nodes = SIZE_MAX, .aliases = 0, .scalar = (size_t)4 << 20};

static struct str
namespace_of(const struct element_order *order)
{
	struct str chart = order_member(order_property(order, "chart"), "namespace");

	return order_text(order, "namespace", chart.ptr ? chart : str_from(order->settings->namespace));
}

static enum act_result
kubectl(struct element_order *order, const char *const words[], struct str input, struct tool_answer *ret)
{
	return cluster_run(order, order->settings->kubectl, words, input, order->settings->ready_ms + 5000, ret);
}

static const char *
limit_word(const struct element_order *order)
{
	return arena_printf(order->arena, "--timeout=%llds", (long long)(order->settings->ready_ms + 999) / 1000);
}

/* Notes what is about to be made. */
static enum act_result
kubernetes_note(struct element_order *order, const char *item)
{
	return item && order_note(order, str_from(item)) == 0
	               ? ACT_DONE
	               : order_say(order, ACT_AGAIN, "what is made cannot be kept");
}

static enum act_result
make_namespace(struct element_order *order, struct str name)
{
	const char *text = arena_str(order->arena, name).ptr;
	const char *const get[] = {"get", "namespace", text, "-o", "name", NULL};
	const char *const create[] = {"create", "namespace", text, NULL};
	struct tool_answer answer;
	enum act_result result = kubectl(order, get, STR(""), &answer);

	if (result == ACT_DONE || !cluster_is_missing(&answer))
		return result;
	result = kubernetes_note(order, arena_printf(order->arena, "namespace %s", text));
	return result == ACT_DONE ? kubectl(order, create, STR(""), &answer) : result;
}

/* --- manifests --- */

static enum act_result
apply_one(struct element_order *order, const struct node *manifest, bool idle)
{
	const char *space = arena_str(order->arena, manifest_namespace(manifest, namespace_of(order))).ptr;
	const char *resource = manifest->kind == NODE_MAP ? manifest_resource(manifest, order->arena) : NULL;
	const char *const words[] = {"apply", "--server-side", "--force-conflicts", MANAGER, "-n", space, "-f", "-",
	                             NULL};
	struct tool_answer answer;
	enum act_result result;
	struct text out;

	if (!resource || !space)
		return order_say(order, ACT_FAILED, "a manifest needs apiVersion, kind and metadata.name");
	result = kubernetes_note(order, arena_printf(order->arena, "object %s %s", space, resource));
	text_init(&out, order->arena);
	manifest_write(manifest, idle, &out);
	return result == ACT_DONE ? kubectl(order, words, text_done(&out), &answer) : result;
}

static enum act_result
await_one(struct element_order *order, const struct node *manifest)
{
	const char *space = arena_str(order->arena, manifest_namespace(manifest, namespace_of(order))).ptr;
	const char *const words[] = {
		"rollout", "status", manifest_resource(manifest, order->arena), "-n", space, limit_word(order), NULL};
	struct tool_answer answer;
	enum act_result result;

	if (!manifest_rolls_out(manifest))
		return ACT_DONE;
	result = kubectl(order, words, STR(""), &answer);
	/* What does not get ready in its time is not tried again for as long: the message says what it waits for. */
	return result == ACT_AGAIN && answer.code ? ACT_FAILED : result;
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

/* --- charts --- */

static struct str
release_of(const struct element_order *order, const struct node *chart)
{
	struct str name = order_member(chart, "releaseName");

	return name.ptr ? name : order->id;
}

/* Workloads of the release: with no replicas. */
static enum act_result
idle_release(struct element_order *order, const char *space, const char *release)
{
	const char *label = arena_printf(order->arena, "app.kubernetes.io/instance=%s", release);
	const char *const words[] = {"scale", "deployment,statefulset", "-l", label, "-n", space, "--replicas=0", NULL};
	struct tool_answer answer;
	enum act_result result = kubectl(order, words, STR(""), &answer);

	return result == ACT_FAILED && strstr(answer.err.ptr, "no objects passed") ? ACT_DONE : result;
}

static enum act_result
apply_chart(struct element_order *order, const struct node *chart, bool idle)
{
	const struct node *id = node_get(chart, "chartId"), *values = node_get(chart, "overrideParams");
	struct str name = order_member(id, "name"), version = order_member(id, "version"),
		   address = order_member(node_get(chart, "repository"), "address"), release = release_of(order, chart);
	const char *space = arena_str(order->arena, namespace_of(order)).ptr;
	const char *words[20] = {"upgrade",  "--install", arena_str(order->arena, release).ptr,
	                         name.ptr,   "-n",        space,
	                         "--values", "-",         limit_word(order)};
	struct tool_answer answer;
	enum act_result result;
	size_t count = 9;
	struct text input;

	if (!name.ptr || !release.ptr || !space)
		return order_say(order, ACT_FAILED, "a chart needs chartId with a name");
	if (version.ptr) {
		words[count++] = "--version";
		words[count++] = version.ptr;
	}
	if (address.ptr) {
		words[count++] = "--repo";
		words[count++] = address.ptr;
	}
	if (!idle)
		words[count++] = "--wait";
	text_init(&input, order->arena);
	text_add_node(&input, values, true);
	if (!values)
		text_add(&input, STR("{}"));
	result = kubernetes_note(order, arena_printf(order->arena, "release %s %.*s", space, STR_ARG(release)));
	if (result == ACT_DONE)
		result = cluster_run(order, order->settings->helm, words, text_done(&input),
		                     order->settings->ready_ms + 5000, &answer);
	return result == ACT_DONE && idle ? idle_release(order, space, words[2]) : result;
}

/* --- what goes --- */

/* The n-th word of an item, NUL-terminated; words have no spaces. */
static const char *
item_word(struct element_order *order, struct str item, int n)
{
	while (n-- > 0) {
		const char *space = memchr(item.ptr, ' ', item.len);

		if (!space)
			return "";
		item = (struct str){space + 1, item.len - (size_t)(space + 1 - item.ptr)};
	}
	for (size_t i = 0; i < item.len; i++)
		if (item.ptr[i] == ' ')
			item.len = i;
	return arena_str(order->arena, item).ptr;
}

static enum act_result
kubernetes_remove_item(struct element_order *order, struct str item)
{
	const char *first = item_word(order, item, 1), *second = item_word(order, item, 2), *limit = limit_word(order);
	const char *const object[] = {"delete", second, "-n", first, "--ignore-not-found", "--wait", limit, NULL};
	const char *const space[] = {"delete", "namespace", first, "--ignore-not-found", "--wait=false", NULL};
	const char *const release[] = {"uninstall", second, "-n", first, "--ignore-not-found", "--wait", limit, NULL};
	struct tool_answer answer;

	if (str_starts_with(item, STR("object ")))
		return kubectl(order, object, STR(""), &answer);
	if (str_starts_with(item, STR("namespace ")))
		return kubectl(order, space, STR(""), &answer);
	return cluster_run(order, order->settings->helm, release, STR(""), order->settings->ready_ms + 5000, &answer);
}

/* Whether an item still belongs to the element as it is written now. */
static bool
kubernetes_is_written(struct element_order *order, struct str item)
{
	const struct node *manifests = order_property(order, "manifests"), *chart = order_property(order, "chart");
	struct str space = namespace_of(order);
	const char *own;

	if (str_starts_with(item, STR("namespace ")))
		return true; /* goes with the element */
	for (const struct node *one = manifests ? manifests->first : NULL; one; one = one->next) {
		const char *resource = manifest_resource(one, order->arena);

		own = resource ? arena_printf(order->arena, "object %.*s %s", STR_ARG(manifest_namespace(one, space)),
		                              resource)
		               : NULL;
		if (own && str_is(item, own))
			return true;
	}
	own = chart ? arena_printf(order->arena, "release %.*s %.*s", STR_ARG(space), STR_ARG(release_of(order, chart)))
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
			result = kubernetes_remove_item(order, item->text);
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

	if (str_is(order->state, "UNINITIALISED")) {
		result = remove_unwritten(order, true);
		return result == ACT_DONE ? order_say(order, ACT_DONE, "removed") : result;
	}
	if (!manifests == !chart)
		return order_say(order, ACT_FAILED, "an element needs either manifests or a chart");
	result = make_namespace(order, namespace_of(order));
	if (result == ACT_DONE)
		result = manifests ? apply_manifests(order, manifests, idle) : apply_chart(order, chart, idle);
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
	const char *wanted = item_word(order, item, 2);

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
	const char *const words[] = {"get", item_word(order, item, 2), "-n", item_word(order, item, 1), "-o", "json",
	                             NULL};
	struct tool_answer answer;
	struct node *object;

	if (kubectl(order, words, STR(""), &answer) != ACT_DONE) {
		if (!cluster_is_missing(&answer))
			return STR_NONE;
		(void)order_say(order, ACT_DONE, "%s is not there", words[1]);
		return STR("UNINITIALISED");
	}
	if (json_read(answer.out, "", &object_limits, order->arena, &object, NULL) != 0)
		return STR_NONE;
	if (!manifest_is_workload(object) || !is_to_work(order, item) ||
	    manifest_works(object) == str_is(order->from, "RUNNING"))
		return order->from;
	(void)order_say(order, ACT_DONE, "%s %s", words[1],
	                manifest_works(object) ? "has replicas" : "has no replicas");
	return manifest_works(object) ? STR("RUNNING") : STR("PASSIVE");
}

static struct str
observe_release(struct element_order *order, struct str item)
{
	const char *const words[] = {"status", item_word(order, item, 2), "-n", item_word(order, item, 1), NULL};
	struct tool_answer answer;

	if (cluster_run(order, order->settings->helm, words, STR(""), order->settings->timeout_ms, &answer) == ACT_DONE)
		return order->from;
	if (!cluster_is_missing(&answer))
		return STR_NONE;
	(void)order_say(order, ACT_DONE, "release %s is not there", words[1]);
	return STR("UNINITIALISED");
}

static struct str
kubernetes_observe(struct element_order *order)
{
	const struct node *noted = order_noted(order);

	for (const struct node *item = noted ? noted->first : NULL; item; item = item->next) {
		struct str state = order->from;

		if (str_starts_with(item->text, STR("object ")))
			state = observe_object(order, item->text);
		else if (str_starts_with(item->text, STR("release ")))
			state = observe_release(order, item->text);
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
