/* metrics_text - series in Prometheus' text format */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_METRICS_METRICS_TEXT_H
#define API_METRICS_METRICS_TEXT_H

#include "base/text.h"

/* A series begins: its help and its type ("counter", "gauge", "histogram"). */
void metrics_head(struct text *out, const char *name, const char *type, const char *help);

/* A whole series that has no labels. */
void metrics_one(struct text *out, const char *name, const char *type, const char *help, double value);

/* A label's value, as it stands between quotes. */
void metrics_label(struct text *out, struct str value);

struct metrics_buckets {
	const double *bounds;   /* upper ones, rising; `count` of them */
	const uint64_t *counts; /* not cumulative; one more than bounds: what lies above the last */
	size_t count;
	double sum; /* of all that was observed */
};

/* The lines of one histogram. labels: such as "route=\"x\"", or empty. */
void metrics_histogram(struct text *out, const char *name, const char *labels, const struct metrics_buckets *buckets);

#endif
