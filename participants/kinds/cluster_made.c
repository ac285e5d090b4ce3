/* cluster_made - what elements have made in a cluster: namespaces, and the way back of all */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"
#include "participants/kinds/helm_release.h"

/* One that is being removed is waited for, and is not there then. */
static enum act_result
cluster_find_namespace(struct element_order *order, const char *name, bool *ret)
{
	const char *const get[] = {"get", "namespace", name, "-o", "jsonpath={.status.phase}", NULL};
	const char *const gone[] = {"wait", "--for=delete", arena_printf(order->arena, "namespace/%s", name),
	                            cluster_limit_word(order), NULL};
	struct tool_answer answer;
	enum act_result result = cluster_kubectl(order, get, STR(""), &answer);

	*ret = result == ACT_DONE && !str_is(str_trim(answer.out), "Terminating");
	if (result != ACT_DONE)
		return cluster_is_missing(&answer) ? ACT_DONE : result;
	if (*ret)
		return ACT_DONE;
	order_progress(order, "waiting for the end of namespace %s", name);
	return cluster_kubectl(order, gone, STR(""), &answer);
}

enum act_result
cluster_make_namespace(struct element_order *order, const char *name)
{
	const char *const create[] = {"create", "namespace", name, NULL};
	const char *item = arena_printf(order->arena, "namespace %s", name);
	struct tool_answer answer;
	enum act_result result;
	bool there;

	if (!item || !cluster_name_valid(str_from(name)))
		return order_say(order, ACT_FAILED,
		                 "namespace is wrong: expected small letters, digits and '-', got '%s'", name);
	result = cluster_find_namespace(order, name, &there);
	if (result == ACT_DONE && there) /* made for another element: it goes with the last one */
		return order_is_shared(order, str_from(item), false) ? cluster_note(order, item) : ACT_DONE;
	if (result == ACT_DONE)
		result = cluster_note(order, item);
	return result == ACT_DONE ? cluster_kubectl(order, create, STR(""), &answer) : result;
}

const char *
cluster_item_word(struct element_order *order, struct str item, int n)
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

enum act_result
cluster_remove_item(struct element_order *order, struct str item)
{
	const char *first = cluster_item_word(order, item, 1), *second = cluster_item_word(order, item, 2),
		   *limit = cluster_limit_word(order);
	const char *const object[] = {"delete", second, "-n", first, "--ignore-not-found", "--wait", limit, NULL};
	const char *const space[] = {"delete", "namespace", first, "--ignore-not-found", "--wait=false", NULL};
	struct tool_answer answer;

	if (str_starts_with(item, STR("object ")))
		return cluster_kubectl(order, object, STR(""), &answer);
	if (str_starts_with(item, STR("namespace ")))
		return cluster_kubectl(order, space, STR(""), &answer);
	return release_remove(order, first, second);
}
