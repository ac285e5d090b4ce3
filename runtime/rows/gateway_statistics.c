/* gateway_statistics - what participants report of the use of an API gateway, before it is kept */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rows/gateway_rows.h"

#include <inttypes.h>

#define ENTRIES_MAX 100               /* services of one report */
#define FIGURE_MAX (INT64_C(1) << 53) /* what JSON readers keep exactly */

/* Each is optional; an integer from 0. latencyMs: the mean of the requests. */
static const char *const figures[] = {"requests", "denied", "bytes", "latencyMs", NULL};

static bool
is_entry(const struct node *entry)
{
	const struct node *service = node_get(entry, "service"), *requests = node_get(entry, "requests");
	const struct node *denied = node_get(entry, "denied");

	if (!service || service->kind != NODE_TEXT || !concept_name_valid(service->text))
		return false;
	for (size_t i = 0; figures[i]; i++) {
		const struct node *figure = node_get(entry, figures[i]);

		if (!node_is_null(figure) &&
		    (figure->kind != NODE_INT || figure->integer < 0 || figure->integer > FIGURE_MAX))
			return false;
	}
	return node_is_null(requests) || node_is_null(denied) || denied->integer <= requests->integer;
}

static void
gateway_statistics_write_entry(const struct node *entry, struct text *out)
{
	text_add(out, STR("{\"service\":"));
	text_add_json(out, node_get(entry, "service")->text);
	for (size_t i = 0; figures[i]; i++) {
		const struct node *figure = node_get(entry, figures[i]);

		if (!node_is_null(figure))
			text_addf(out, ",\"%s\":%" PRId64, figures[i], figure->integer);
	}
	text_add(out, STR("}"));
}

/* The entries that are as they must be, and how many are not. */
static void
write_figures(const struct node *list, struct text *out)
{
	size_t written = 0, refused = list->kind != NODE_LIST;

	text_add(out, STR("\"gatewayStatistics\":["));
	for (const struct node *entry = list->kind == NODE_LIST ? list->first : NULL; entry; entry = entry->next) {
		if (written == ENTRIES_MAX || !is_entry(entry)) {
			refused++;
			continue;
		}
		text_add(out, written++ ? STR(",") : STR(""));
		gateway_statistics_write_entry(entry, out);
	}
	text_add(out, STR("]"));
	if (refused)
		text_addf(out, ",\"gatewayStatisticsRefused\":%zu", refused);
}

void
gateway_write_record(const struct node *record, struct text *out)
{
	const char *comma = "";

	text_add(out, STR("{"));
	for (const struct node *child = record->first; child; child = child->next) {
		if (child->kind == NODE_NULL || str_is(child->key, "gatewayStatisticsRefused"))
			continue;
		text_addf(out, "%s", comma);
		comma = ",";
		if (str_is(child->key, "gatewayStatistics")) {
			write_figures(child, out);
			continue;
		}
		text_add_json(out, child->key);
		text_add(out, STR(":"));
		text_add_node(out, child, false);
	}
	text_add(out, STR("}"));
}
