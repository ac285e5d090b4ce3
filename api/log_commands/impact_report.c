/* impact_report - what a deployment would turn, as people read it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/log_commands/impact_report.h"

#include <inttypes.h>
#include <stdio.h>

static struct str
impact_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node_is_scalar(node) ? node->text : STR("");
}

static int64_t
impact_number(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_INT ? node->integer : 0;
}

static void
print_example(const struct node *example)
{
	static const char *const attributes[] = {"actor", "operation", "target", "clname"};
	const struct node *request = node_get(example, "request"), *now = node_get(example, "now");
	struct str policy = impact_text(now, "policy"), file = impact_text(now, "file");

	printf("  %.*s", STR_ARG(impact_text(example, "time")));
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		struct str text = impact_text(request, attributes[i]);

		if (text.len)
			printf(" %s=%.*s", attributes[i], STR_ARG(text));
	}
	printf(": was %.*s, would be %.*s", STR_ARG(impact_text(node_get(example, "was"), "status")),
	       STR_ARG(impact_text(now, "status")));
	if (policy.len)
		printf(" by %.*s", STR_ARG(policy));
	if (file.len)
		printf(" (%.*s:%" PRId64 ")", STR_ARG(file), impact_number(now, "line"));
	putchar('\n');
}

void
impact_print(const struct node *impact)
{
	const struct node *open = node_get(impact, "open"), *closed = node_get(impact, "closed");
	const struct node *examples = node_get(impact, "examples");
	struct str wrong = impact_text(impact, "error");

	if (!impact)
		return;
	if (wrong.len) {
		printf("by the decision log: %.*s\n", STR_ARG(wrong));
		return;
	}
	printf("by the decision log: of %" PRId64 " decisions %" PRId64 " would become a Deny and %" PRId64
	       " a Permit;\n"
	       "  with counters that follow the new answers %" PRId64 " and %" PRId64 "\n",
	       impact_number(open, "asked"), impact_number(open, "to_deny"), impact_number(open, "to_permit"),
	       impact_number(closed, "to_deny"), impact_number(closed, "to_permit"));
	if (impact_number(open, "uncertain"))
		printf("  %" PRId64 " of them depend on operations before the log begins\n",
		       impact_number(open, "uncertain"));
	for (const struct node *example = examples ? examples->first : NULL; example; example = example->next)
		if (str_is(impact_text(example, "loop"), "open"))
			print_example(example);
}
