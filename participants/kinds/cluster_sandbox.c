/* cluster_sandbox - a sandboxed instance in a cluster: a namespace of its own with a quota and a network policy */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/cluster_sandbox.h"

#include "base/text.h"
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"

/*
 * In its namespace a sandbox has the ResourceQuota `clguard-sandbox`, with the hard limits of the property `quota`, and the
 * NetworkPolicy of the same name: pods reach each other, the cluster's DNS, and the API gateway (`gateway_namespace`), which
 * reaches them; nothing else passes in or out.
 */

#define QUOTA "ResourceQuota.v1./clguard-sandbox"
#define POLICY "NetworkPolicy.v1.networking.k8s.io/clguard-sandbox"

static bool
sandbox_flag(const struct node *part)
{
	const struct node *flag = node_get(part, "sandbox");

	return flag && flag->kind == NODE_BOOL && flag->boolean;
}

bool
sandbox_is(const struct element_order *order)
{
	return sandbox_flag(node_get(order->gateway, "loop")) || sandbox_flag(node_get(order->gateway, "element"));
}

struct str
sandbox_namespace(const struct element_order *order)
{
	const bool whole = sandbox_flag(node_get(order->gateway, "loop"));
	size_t room = whole ? 63 : 54, len = order->loop.len < room ? order->loop.len : room;
	char *name = arena_printf(order->arena, "%.*s%s%.*s", (int)len, order->loop.ptr, whole ? "" : "-",
	                          whole ? 0 : 8, order->id.ptr);

	for (char *at = name; at && *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
		else if (!(*at >= 'a' && *at <= 'z') && !(*at >= '0' && *at <= '9'))
			*at = '-';
	}
	if (name && name[0] == '-')
		name[0] = 'x';
	if (name && name[strlen(name) - 1] == '-')
		name[strlen(name) - 1] = 'x';
	return name ? str_from(name) : STR_NONE;
}

static enum act_result
sandbox_apply_one(struct element_order *order, const char *space, const char *resource, struct text *object)
{
	const char *const words[] = {
		"apply", "--server-side", "--force-conflicts", "--field-manager=clguard", "-n", space, "-f", "-", NULL};
	enum act_result result = cluster_note(order, arena_printf(order->arena, "object %s %s", space, resource));
	struct tool_answer answer;

	return result == ACT_DONE ? cluster_kubectl(order, words, text_done(object), &answer) : result;
}

static void
add_peers(const struct element_order *order, struct text *out)
{
	text_add(out, STR("{\"podSelector\":{}}"));
	if (!order->settings->gateway_namespace)
		return;
	text_add(out, STR(",{\"namespaceSelector\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":"));
	text_add_json(out, str_from(order->settings->gateway_namespace));
	text_add(out, STR("}}}"));
}

static enum act_result
apply_network_policy(struct element_order *order, const char *space)
{
	struct text out;

	text_init(&out, order->arena);
	text_add(&out, STR("{\"apiVersion\":\"networking.k8s.io/v1\",\"kind\":\"NetworkPolicy\",\"metadata\":{\"name\":"
	                   "\"clguard-sandbox\"},\"spec\":{\"podSelector\":{},\"policyTypes\":[\"Ingress\",\"Egress\"],"
	                   "\"ingress\":[{\"from\":["));
	add_peers(order, &out);
	text_add(&out, STR("]}],\"egress\":[{\"to\":["));
	add_peers(order, &out);
	text_add(&out,
	         STR("]},{\"to\":[{\"namespaceSelector\":{\"matchLabels\":{\"kubernetes.io/metadata.name\":"
	             "\"kube-system\"}},\"podSelector\":{\"matchLabels\":{\"k8s-app\":\"kube-dns\"}}}],\"ports\":["
	             "{\"protocol\":\"UDP\",\"port\":53},{\"protocol\":\"TCP\",\"port\":53}]}]}}"));
	return sandbox_apply_one(order, space, POLICY, &out);
}

static enum act_result
apply_quota(struct element_order *order, const char *space, const struct node *quota)
{
	struct text out;

	if (quota->kind != NODE_MAP)
		return order_say(order, ACT_FAILED, "quota is wrong: expected a map of limits, got %s",
		                 node_kind_phrase(quota));
	text_init(&out, order->arena);
	text_add(&out,
	         STR("{\"apiVersion\":\"v1\",\"kind\":\"ResourceQuota\",\"metadata\":{\"name\":\"clguard-sandbox\"},"
	             "\"spec\":{\"hard\":"));
	text_add_node(&out, quota, true);
	text_add(&out, STR("}}"));
	return sandbox_apply_one(order, space, QUOTA, &out);
}

enum act_result
sandbox_apply(struct element_order *order, const char *space)
{
	const struct node *quota = order_property(order, "quota");
	enum act_result result;

	if (!sandbox_is(order))
		return ACT_DONE;
	result = apply_network_policy(order, space);
	return result == ACT_DONE && quota ? apply_quota(order, space, quota) : result;
}

bool
sandbox_has(const struct element_order *order, struct str item)
{
	return sandbox_is(order) && (str_ends_with(item, STR(" " POLICY)) ||
	                             (str_ends_with(item, STR(" " QUOTA)) && order_property(order, "quota")));
}
