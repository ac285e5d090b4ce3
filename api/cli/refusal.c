/* refusal - what a service says when it refuses, in full */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/refusal.h"

#include <stdio.h>

#include "api/cli/loop_client.h"

/* Entries of a list that are texts. */
static void
print_details(const struct node *list, struct str told)
{
	for (const struct node *detail = list && list->kind == NODE_LIST ? list->first : NULL; detail;
	     detail = detail->next)
		if (node_is_scalar(detail) && !str_equal(detail->text, told))
			fprintf(stderr, "  %.*s\n", STR_ARG(detail->text));
}

/* "policy x 1.0.0:7:9: error: text" for each finding. */
static void
print_refused_findings(const struct node *findings)
{
	for (const struct node *item = findings && findings->kind == NODE_LIST ? findings->first : NULL; item;
	     item = item->next)
		fprintf(stderr, "%.*s:%.*s:%.*s: %.*s: %.*s\n", STR_ARG(ask_member(item, "file", NULL)),
		        STR_ARG(ask_member(item, "line", NULL)), STR_ARG(ask_member(item, "column", NULL)),
		        STR_ARG(ask_member(item, "severity", NULL)), STR_ARG(ask_member(item, "text", NULL)));
}

/* Prints the guards' reasons for a refused order. */
static void
print_denials(const struct node *list)
{
	for (const struct node *denied = list && list->kind == NODE_LIST ? list->first : NULL; denied;
	     denied = denied->next) {
		const struct node *guards = node_get(node_get(denied, "explanation"), "guards");
		struct str change = ask_member(guards ? guards->last : NULL, "change", NULL);

		fprintf(stderr, "  %.*s:%.*s: %.*s for %.*s%s%.*s\n", STR_ARG(ask_member(denied, "file", NULL)),
		        STR_ARG(ask_member(denied, "line", NULL)), STR_ARG(ask_member(denied, "reason", NULL)),
		        STR_ARG(ask_member(denied, "target", NULL)), change.len ? "; " : "", STR_ARG(change));
	}
}

void
refusal_print(const char *command, unsigned status, struct str body, struct arena *arena)
{
	static const char *const lists[] = {"details", "warnings"};
	struct node *root = NULL;
	struct str why;

	if (json_read(body, "", &loop_client_limits, arena, &root, NULL) != 0)
		root = NULL;
	why = ask_member(root, "errorDetails", NULL);
	if (!why.len)
		why = ask_member(root, "error", NULL); /* as the policy API refuses */
	fprintf(stderr, "%s: %u %.*s\n", command, status, STR_ARG(why.len ? why : body));
	if (!why.len)
		return;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		print_details(node_get(root, lists[i]), why);
	print_refused_findings(node_get(root, "findings"));
	print_denials(node_get(node_get(root, "guard"), "denied"));
}
