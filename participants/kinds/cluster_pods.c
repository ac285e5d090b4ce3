/* cluster_pods - pods and warnings of an element's workloads, for its records and for what is said of a failure */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/cluster_pods.h"

#include "base/document.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"

#define EVENTS_MAX 5

static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed", "Unknown"};
#define PHASE_COUNT (sizeof(phases) / sizeof(phases[0]))

struct pod_counts {
	size_t of_phase[PHASE_COUNT], ready;
	int64_t restarts;
};

/* Whether the labels have each of the selector's. */
static bool
labels_match(const struct node *selector, const struct node *labels)
{
	if (!selector || selector->kind != NODE_MAP || !selector->first)
		return false;
	for (const struct node *wanted = selector->first; wanted; wanted = wanted->next) {
		const struct node *has = node_get_str(labels, wanted->key);

		if (!has || !node_is_scalar(has) || !str_equal(has->text, wanted->text))
			return false;
	}
	return true;
}

static bool
is_selected(const struct node *objects, const struct node *pod)
{
	const struct node *labels = node_get(node_get(pod, "metadata"), "labels");

	for (const struct node *one = objects; one; one = one->next) {
		const struct node *spec = node_get(one, "spec");
		const struct node *selector = node_get(node_get(spec, "selector"), "matchLabels");

		if (!selector)
			selector = node_get(node_get(node_get(spec, "template"), "metadata"), "labels"); /* a Job */
		if (labels_match(selector, labels))
			return true;
	}
	return false;
}

/* Keeps the first reason: a container's, else the scheduler's. */
static void
take_why(const struct node *pod, char why[PODS_WHY_SIZE])
{
	const struct node *status = node_get(pod, "status"), *conditions = node_get(status, "conditions");
	const struct node *containers = node_get(status, "containerStatuses");
	struct str name = order_member(node_get(pod, "metadata"), "name"), reason, message;

	for (const struct node *one = containers ? containers->first : NULL; one && !*why; one = one->next) {
		const struct node *waiting = node_get(node_get(one, "state"), "waiting");

		reason = order_member(waiting, "reason");
		message = order_member(waiting, "message");
		if (reason.ptr)
			(void)snprintf(why, PODS_WHY_SIZE, "pod %.*s: %.*s %.*s", STR_ARG(name), STR_ARG(reason),
			               STR_ARG(message)); /* cut when it is too long */
	}
	for (const struct node *one = conditions ? conditions->first : NULL; one && !*why; one = one->next) {
		message = order_member(one, "message");
		if (str_is(order_member(one, "status"), "False") && message.len)
			(void)snprintf(why, PODS_WHY_SIZE, "pod %.*s: %.*s", STR_ARG(name), STR_ARG(message));
	}
}

static void
count_pod(const struct node *pod, struct pod_counts *counts, char why[PODS_WHY_SIZE])
{
	const struct node *status = node_get(pod, "status"), *conditions = node_get(status, "conditions");
	const struct node *containers = node_get(status, "containerStatuses");
	struct str phase = order_member(status, "phase");
	bool ready = false;

	for (size_t i = 0; i < PHASE_COUNT; i++)
		counts->of_phase[i] += str_is(phase, phases[i]);
	for (const struct node *one = conditions ? conditions->first : NULL; one; one = one->next)
		ready |= str_is(order_member(one, "type"), "Ready") && str_is(order_member(one, "status"), "True");
	for (const struct node *one = containers ? containers->first : NULL; one; one = one->next) {
		const struct node *restarts = node_get(one, "restartCount");

		counts->restarts += restarts && restarts->kind == NODE_INT ? restarts->integer : 0;
	}
	counts->ready += ready;
	if (!ready && !str_is(phase, "Succeeded"))
		take_why(pod, why);
}

/* Whether the event is about a workload, or about something that is named after one, as pods are. */
static bool
warning_is_about(const struct node *objects, struct str name)
{
	for (const struct node *one = objects; one; one = one->next) {
		struct str own = order_member(node_get(one, "metadata"), "name");

		if (manifest_is_workload(one) && own.len && str_starts_with(name, own) &&
		    (name.len == own.len || name.ptr[own.len] == '-'))
			return true;
	}
	return false;
}

/* The last warnings, newest last, as kubectl sorts them. */
static void
add_events(struct element_order *order, const char *space, const struct node *objects, struct text *out)
{
	const char *const words[] = {
		"get", "events", "-n", space, "--field-selector=type=Warning", "--sort-by=.lastTimestamp",
		"-o",  "json",   NULL};
	const struct node *events[EVENTS_MAX];
	struct tool_answer answer;
	size_t count = 0;

	text_add(out, STR(",\"events\":["));
	if (cluster_kubectl(order, words, STR(""), &answer) == ACT_DONE)
		for (const struct node *one = cluster_objects(answer.out, order->arena); one; one = one->next)
			if (warning_is_about(objects, order_member(node_get(one, "involvedObject"), "name")))
				events[count++ % EVENTS_MAX] = one;
	for (size_t i = count > EVENTS_MAX ? count - EVENTS_MAX : 0, first = i; i < count; i++) {
		const struct node *one = events[i % EVENTS_MAX];
		struct str message = order_member(one, "message");

		text_add(out, i > first ? STR(",{\"reason\":") : STR("{\"reason\":"));
		text_add_json(out, order_member(one, "reason"));
		text_add(out, STR(",\"object\":"));
		text_add_json(out, order_member(node_get(one, "involvedObject"), "name"));
		text_add(out, STR(",\"message\":"));
		text_add_json(out, (struct str){message.ptr ? message.ptr : "", message.len < 300 ? message.len : 300});
		text_add(out, STR(",\"time\":"));
		text_add_json(out, order_member(one, "lastTimestamp"));
		text_add(out, STR("}"));
	}
	text_add(out, STR("]}"));
}

void
pods_tell(struct element_order *order, const char *space, const struct node *objects, char why[PODS_WHY_SIZE])
{
	const char *const words[] = {"get", "pods", "-n", space, "-o", "json", NULL};
	char before[ORDER_MESSAGE_SIZE];
	struct pod_counts counts = {{0}, 0, 0};
	struct tool_answer answer;
	const char *comma = "";
	struct text out;

	*why = '\0';
	memcpy(before, order->message, sizeof(before)); /* looking says nothing of the order */
	if (cluster_kubectl(order, words, STR(""), &answer) == ACT_DONE) {
		for (const struct node *pod = cluster_objects(answer.out, order->arena); pod; pod = pod->next)
			if (is_selected(objects, pod))
				count_pod(pod, &counts, why);
		text_init(&out, order->arena);
		text_add(&out, STR("\"kubernetes\":{\"pods\":{"));
		for (size_t i = 0; i < PHASE_COUNT; i++) {
			if (counts.of_phase[i] == 0)
				continue;
			text_addf(&out, "%s\"%s\":%zu", comma, phases[i], counts.of_phase[i]);
			comma = ",";
		}
		text_addf(&out, "},\"ready\":%zu,\"restarts\":%lld", counts.ready, (long long)counts.restarts);
		add_events(order, space, objects, &out);
		order_figures(order, text_done(&out));
	}
	memcpy(order->message, before, sizeof(before));
}
