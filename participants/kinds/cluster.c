/* cluster - kubectl and helm as an element's participant runs them, and manifests in the two states that they can have */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/cluster.h"

#include "base/document.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster_sandbox.h"

static const struct document_limits object_limits = {
	.bytes = (size_t)4 << 20, .depth = 128, .nodes = SIZE_MAX, .aliases = 0, .scalar = (size_t)4 << 20};

enum act_result
cluster_run(struct element_order *order, const char *tool, const char *const words[], struct str input,
            int64_t limit_ms, struct tool_answer *ret)
{
	static const char *const away[] = {"refused",
	                                   "Unable to connect",
	                                   "timed out",
	                                   "timeout",
	                                   "unavailable",
	                                   "EOF",
	                                   "TLS handshake",
	                                   "connection reset",
	                                   "unreachable",
	                                   "no route to host",
	                                   "another operation (install/upgrade/rollback) is in progress"};
	const char *argv[CLUSTER_WORDS_MAX + 3] = {tool};
	enum act_result result;
	size_t count = 1;

	if (order->settings->kubeconfig)
		argv[count++] = arena_printf(order->arena, "--kubeconfig=%s", order->settings->kubeconfig);
	for (size_t i = 0; words[i] && i < CLUSTER_WORDS_MAX; i++)
		argv[count++] = words[i];
	if (order->settings->kubeconfig && !argv[1])
		return order_say(order, ACT_AGAIN, "out of memory");
	result = tool_run(order, argv, input, limit_ms, ret);
	if (result != ACT_DONE || ret->code == 0)
		return result;
	result = ACT_FAILED;
	for (size_t i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		if (strstr(ret->err.ptr, away[i]))
			result = ACT_AGAIN;
	return order_say(order, result, "%s %s: %.*s", tool, words[0], STR_ARG(tool_words(ret)));
}

enum act_result
cluster_kubectl(struct element_order *order, const char *const words[], struct str input, struct tool_answer *ret)
{
	return cluster_run(order, order->settings->kubectl, words, input, order->settings->ready_ms + 5000, ret);
}

enum act_result
cluster_helm(struct element_order *order, const char *const words[], struct str input, struct tool_answer *ret)
{
	return cluster_run(order, order->settings->helm, words, input, order->settings->ready_ms + 5000, ret);
}

const char *
cluster_limit_word(const struct element_order *order)
{
	return arena_printf(order->arena, "--timeout=%llds", (long long)(order->settings->ready_ms + 999) / 1000);
}

enum act_result
cluster_note(struct element_order *order, const char *item)
{
	return item && order_note(order, str_from(item)) == 0
	               ? ACT_DONE
	               : order_say(order, ACT_AGAIN, "what is made cannot be kept");
}

bool
cluster_name_valid(struct str name)
{
	if (name.len == 0 || name.len > 253 || name.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789-.", name.ptr[i], 38))
			return false;
	return true;
}

struct str
cluster_namespace(const struct element_order *order)
{
	struct str chart = order_member(order_property(order, "chart"), "namespace");

	if (!chart.ptr && sandbox_is(order))
		chart = sandbox_namespace(order);
	return order_text(order, "namespace", chart.ptr ? chart : str_from(order->settings->namespace));
}

const struct node *
cluster_objects(struct str json, struct arena *arena)
{
	const struct node *items;
	struct node *root;

	if (json_read(json, "", &object_limits, arena, &root, NULL) != 0 || root->kind != NODE_MAP)
		return NULL;
	items = node_get(root, "items");
	return items ? items->first : root; /* one object is printed as itself */
}

bool
cluster_is_missing(const struct tool_answer *answer)
{
	return answer->code != 0 && (strstr(answer->err.ptr, "NotFound") || strstr(answer->err.ptr, "not found"));
}

/* The change that makes each kind of workload idle. */
static const struct {
	const char *kind, *member, *idle;
	bool rolls_out;
} workloads[] = {
	{"Deployment", "replicas", "0", true},  {"StatefulSet", "replicas", "0", true},
	{"ReplicaSet", "replicas", "0", false}, {"ReplicationController", "replicas", "0", false},
	{"CronJob", "suspend", "true", false},  {"Job", "suspend", "true", false},
};

/* Its row; the number of rows when it is none. */
static size_t
workload_of(const struct node *manifest)
{
	struct str kind = order_member(manifest, "kind");
	size_t i = 0;

	while (i < sizeof(workloads) / sizeof(workloads[0]) && !str_is(kind, workloads[i].kind))
		i++;
	return i;
}

const char *
workload_idle_member(struct str kind)
{
	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (str_is(kind, workloads[i].kind))
			return workloads[i].member;
	return str_is(kind, "DaemonSet") ? "" : NULL;
}

bool
manifest_is_workload(const struct node *manifest)
{
	return workload_of(manifest) < sizeof(workloads) / sizeof(workloads[0]);
}

bool
manifest_rolls_out(const struct node *manifest)
{
	return str_is(order_member(manifest, "kind"), "DaemonSet") ||
	       (manifest_is_workload(manifest) && workloads[workload_of(manifest)].rolls_out);
}

const char *
manifest_resource(const struct node *manifest, struct arena *arena)
{
	struct str kind = order_member(manifest, "kind"), version = order_member(manifest, "apiVersion"),
		   name = order_member(node_get(manifest, "metadata"), "name"), group = STR("");
	const char *slash = version.ptr ? memchr(version.ptr, '/', version.len) : NULL;

	if (!kind.ptr || !version.ptr || !name.ptr)
		return NULL;
	if (slash) {
		group = (struct str){version.ptr, (size_t)(slash - version.ptr)};
		version = (struct str){slash + 1, version.len - group.len - 1};
	}
	return arena_printf(arena, "%.*s.%.*s.%.*s/%.*s", STR_ARG(kind), STR_ARG(version), STR_ARG(group),
	                    STR_ARG(name));
}

struct str
manifest_namespace(const struct node *manifest, struct str otherwise)
{
	struct str own = order_member(node_get(manifest, "metadata"), "namespace");

	return own.ptr ? own : otherwise;
}

/* The members of a map but the one named. */
static void
manifest_write_members(const struct node *map, const char *but, struct text *out, bool first)
{
	for (const struct node *member = map ? map->first : NULL; member; member = member->next) {
		if (str_is(member->key, but))
			continue;
		text_add(out, first ? STR("") : STR(","));
		text_add_json(out, member->key);
		text_add(out, STR(":"));
		text_add_node(out, member, true);
		first = false;
	}
}

void
manifest_write(const struct node *manifest, bool idle, struct text *out)
{
	size_t row = workload_of(manifest);

	if (!idle || !manifest_is_workload(manifest)) {
		text_add_node(out, manifest, true);
		return;
	}
	text_addf(out, "{\"spec\":{\"%s\":%s", workloads[row].member, workloads[row].idle);
	manifest_write_members(node_get(manifest, "spec"), workloads[row].member, out, false);
	text_add(out, STR("}"));
	manifest_write_members(manifest, "spec", out, false);
	text_add(out, STR("}"));
}

bool
manifest_works(const struct node *object)
{
	const struct node *spec = node_get(object, "spec"), *replicas = node_get(spec, "replicas"),
			  *suspend = node_get(spec, "suspend");

	if (suspend && suspend->kind == NODE_BOOL && suspend->boolean)
		return false;
	return !replicas || replicas->kind != NODE_INT || replicas->integer > 0;
}
