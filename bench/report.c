/* report - what a benchmark found: lines for a reader, and the same as JSON for bench/report.py */
/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const double curve[] = REPORT_CURVE;
static const char *prefix = "";

static void
put(const char *name, const char *leaf, double value)
{
	const char *path = getenv("CLGUARD_RESULTS");
	FILE *out = path && *path ? fopen(path, "a") : NULL;

	if (!out)
		return;
	fprintf(out, "{\"name\": \"%s/%s%s\", \"value\": %.6g}\n", prefix, name, leaf, value);
	fclose(out);
}

static void
put_curve(const char *name, const struct samples *samples)
{
	const char *path = getenv("CLGUARD_RESULTS");
	FILE *out = path && *path ? fopen(path, "a") : NULL;

	if (!out)
		return;
	fprintf(out, "{\"name\": \"%s/%s/curve\", \"value\": [", prefix, name);
	for (size_t i = 0; i < sizeof(curve) / sizeof(curve[0]); i++)
		fprintf(out, "%s[%g, %.6g]", i ? ", " : "", curve[i], samples_at(samples, curve[i]));
	fprintf(out, "]}\n");
	fclose(out);
}

void
report_begin(const char *bench, int argc, char **argv)
{
	prefix = bench;
	print_machine(argc, argv);
	fflush(stdout);
}

#define NAME(name) \
	char name[160]; \
	va_list list; \
	va_start(list, format); \
	(void)vsnprintf(name, sizeof(name), format, list); \
	va_end(list)

void
report_number(double value, const char *unit, const char *format, ...)
{
	NAME(name);
	printf("%-52s %12.6g %s\n", name, value, unit);
	fflush(stdout);
	put(name, "", value);
}

void
report_samples(struct samples *samples, const char *unit, const char *format, ...)
{
	NAME(name);
	samples_sort(samples);
	printf("%-52s p50 %9.6g  p99 %9.6g  p99.9 %9.6g  max %9.6g %s\n", name, samples_at(samples, 0.5),
	       samples_at(samples, 0.99), samples_at(samples, 0.999), samples_at(samples, 1), unit);
	fflush(stdout);
	put(name, "/mean", samples_mean(samples));
	put(name, "/p50", samples_at(samples, 0.5));
	put(name, "/p99", samples_at(samples, 0.99));
	put(name, "/p99.9", samples_at(samples, 0.999));
	put(name, "/max", samples_at(samples, 1));
	put_curve(name, samples);
}

void
report_bar(double value, double bar, const char *format, ...)
{
	NAME(name);
	printf("%-52s %12.3g (bar %g)\n", name, value, bar);
	fflush(stdout);
	put(name, "", value);
}
