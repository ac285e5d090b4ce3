/* helm_workloads - the workloads that a Helm release writes: read, made idle, woken, awaited */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/helm_workloads.h"

#include "participants/framework/element_host.h"
#include "participants/kinds/cluster.h"

/* Cuts the next field, up to a tab or the line's end, off. */
static struct str
cut_field(struct str *line)
{
	const char *tab = line->len ? memchr(line->ptr, '\t', line->len) : NULL;
	struct str field = tab ? (struct str){line->ptr, (size_t)(tab - line->ptr)} : *line;

	*line = tab ? (struct str){tab + 1, line->len - field.len - 1} : STR("");
	return field;
}

/* A row: apiVersion, kind, namespace, name, replicas, suspend. NULL when it is not a workload. */
static struct release_workload *
read_workload(struct element_order *order, struct str line)
{
	struct str version = cut_field(&line), kind = cut_field(&line), space = cut_field(&line),
		   name = cut_field(&line);
	const char *slash = version.len ? memchr(version.ptr, '/', version.len) : NULL;
	struct str group = slash ? (struct str){version.ptr, (size_t)(slash - version.ptr)} : STR("");
	const char *member = workload_idle_member(kind);
	struct release_workload *workload = member ? arena_alloc(order->arena, sizeof(*workload)) : NULL;

	if (!workload)
		return NULL;
	if (slash)
		version = (struct str){slash + 1, version.len - group.len - 1};
	*workload = (struct release_workload){
		.resource = arena_printf(order->arena, "%.*s.%.*s.%.*s/%.*s", STR_ARG(kind), STR_ARG(version),
	                                 STR_ARG(group), STR_ARG(name)),
		.space = arena_str(order->arena, space),
		.replicas = cut_field(&line),
		.suspend = cut_field(&line),
		.idle_member = member,
		.suspends = strcmp(member, "suspend") == 0,
		.rolls_out = str_is(kind, "Deployment") || str_is(kind, "StatefulSet") || str_is(kind, "DaemonSet"),
	};
	return workload->resource ? workload : NULL;
}

enum act_result
release_written(struct element_order *order, const char *space, const char *name, struct str *ret_manifest,
                struct release_workload **ret)
{
	const char *const get[] = {"get", "manifest", name, "-n", space, NULL};
	const char *const read[] = {
		"create",
		"--dry-run=client",
		"--validate=false",
		"-n",
		space,
		"-f",
		"-",
		"-o",
		"jsonpath={.apiVersion}{'\\t'}{.kind}{'\\t'}{.metadata.namespace}{'\\t'}{.metadata.name}"
		"{'\\t'}{.spec.replicas}{'\\t'}{.spec.suspend}{'\\n'}",
		NULL};
	struct tool_answer answer;
	enum act_result result = cluster_helm(order, get, STR(""), &answer);
	struct str rest;

	*ret = NULL;
	*ret_manifest = answer.out;
	if (result != ACT_DONE || str_trim(answer.out).len == 0)
		return result;
	result = cluster_kubectl(order, read, answer.out, &answer);
	if (result != ACT_DONE)
		return strstr(answer.err.ptr, "no objects passed") ? ACT_DONE : result;
	for (rest = answer.out; rest.len;) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		struct str line = end ? (struct str){rest.ptr, (size_t)(end - rest.ptr)} : rest;
		struct release_workload *workload = read_workload(order, line);

		rest = end ? (struct str){end + 1, rest.len - line.len - 1} : STR("");
		if (!workload)
			continue;
		workload->next = *ret;
		*ret = workload;
	}
	return ACT_DONE;
}

enum act_result
workload_patch(struct element_order *order, const struct release_workload *workload, const char *value)
{
	const char *const words[] = {"patch",
	                             workload->resource,
	                             "-n",
	                             workload->space.ptr,
	                             "--type=merge",
	                             "-p",
	                             arena_printf(order->arena, "{\"spec\":{\"%s\":%s}}", workload->idle_member, value),
	                             NULL};
	struct tool_answer answer;

	return cluster_kubectl(order, words, STR(""), &answer);
}

enum act_result
workload_wake(struct element_order *order, const struct release_workload *workload)
{
	const char *const words[] = {
		"scale", workload->resource, "-n", workload->space.ptr, "--current-replicas=0", "--replicas=1", NULL};
	struct tool_answer answer;
	enum act_result result;

	if (workload->suspends)
		return workload->suspend.len ? ACT_DONE : workload_patch(order, workload, "false");
	if (workload->replicas.len)
		return ACT_DONE;
	result = cluster_kubectl(order, words, STR(""), &answer);
	return result != ACT_DONE && strstr(answer.err.ptr, "Expected replicas to be 0") ? ACT_DONE : result;
}

enum act_result
workload_await(struct element_order *order, const struct release_workload *workload)
{
	const char *const words[] = {
		"rollout", "status", workload->resource, "-n", workload->space.ptr, cluster_limit_word(order), NULL};
	struct tool_answer answer;
	enum act_result result;

	if (!workload->rolls_out)
		return ACT_DONE;
	order_progress(order, "waiting for the rollout of %s", workload->resource);
	result = cluster_kubectl(order, words, STR(""), &answer);
	return result == ACT_AGAIN && answer.code ? ACT_FAILED : result; /* as for manifests */
}
