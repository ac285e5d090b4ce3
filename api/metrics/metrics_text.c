/* metrics_text - series in Prometheus' text format */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/metrics/metrics_text.h"

#include <inttypes.h>

void
metrics_head(struct text *out, const char *name, const char *type, const char *help)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void
metrics_one(struct text *out, const char *name, const char *type, const char *help, double value)
{
	metrics_head(out, name, type, help);
	text_addf(out, "%s %.15g\n", name, value);
}

void
metrics_label(struct text *out, struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		struct str one = {value.ptr + i, 1};

		if (*one.ptr == '\n')
			one = STR("\\n");
		else if (*one.ptr == '"' || *one.ptr == '\\')
			text_add(out, STR("\\"));
		text_add(out, one);
	}
}

void
metrics_histogram(struct text *out, const char *name, const char *labels, const struct metrics_buckets *buckets)
{
	const char *comma = *labels ? "," : "", *open = *labels ? "{" : "", *close = *labels ? "}" : "";
	uint64_t count = 0;

	for (size_t i = 0; i < buckets->count; i++) {
		count += buckets->counts[i];
		text_addf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma, buckets->bounds[i],
		          count);
	}
	count += buckets->counts[buckets->count];
	text_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, count);
	text_addf(out, "%s_sum%s%s%s %.9g\n%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, buckets->sum, name,
	          open, labels, close, count);
}
