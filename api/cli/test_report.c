/* test_report - the results of policy tests for programs: JSON, and JUnit's XML for build servers */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cli/test_report.h"

#include <string.h>

#include "base/text.h"

void
test_report_json(const struct test_run *run, FILE *out)
{
	const char *comma = "";
	struct arena arena;
	struct text text;

	arena_init(&arena, 0);
	text_init(&text, &arena);
	text_addf(&text, "{\"passed\":%zu,\"failed\":%zu,\"tests\":[", run->passed, run->failed);
	for (const struct test_result *result = run->results; result; result = result->next, comma = ",") {
		text_addf(&text, "%s{\"file\":", comma);
		text_add_json(&text, str_from(result->file));
		text_addf(&text, ",\"line\":%u,\"column\":%u,\"name\":", result->line, result->column);
		text_add_json(&text, str_from(result->name));
		text_addf(&text, ",\"passed\":%s", result->failure ? "false" : "true");
		if (result->failure) {
			text_add(&text, STR(",\"text\":"));
			text_add_json(&text, str_from(result->failure));
		}
		text_add(&text, STR("}"));
	}
	text_add(&text, STR("]}"));
	fprintf(out, "%s\n", text_done(&text).ptr ? text_done(&text).ptr : "");
	arena_free(&arena);
}

/* Text in an attribute: what XML 1.0 does not have becomes a question mark. */
static void
write_attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\n' || c == '\t')
			fprintf(out, "&#%u;", c);
		else
			fputc(c < 0x20 ? '?' : c, out);
	}
	fputc('"', out);
}

/* The tests of the file of `first`, which stand behind one another. Returns the first of the next file. */
static const struct test_result *
write_suite(FILE *out, const struct test_result *first)
{
	const struct test_result *end = first;
	size_t tests = 0, failures = 0;

	for (; end && strcmp(end->file, first->file) == 0; end = end->next) {
		tests++;
		failures += end->failure != NULL;
	}
	fputs(" <testsuite", out);
	write_attribute(out, "name", first->file);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n", tests, failures);
	for (const struct test_result *result = first; result != end; result = result->next) {
		fputs("  <testcase", out);
		write_attribute(out, "classname", result->file);
		write_attribute(out, "name", result->name);
		write_attribute(out, "file", result->file);
		fprintf(out, " line=\"%u\"", result->line);
		if (result->failure) {
			fputs("><failure", out);
			write_attribute(out, "message", result->failure);
			fputs("/></testcase>\n", out);
		} else {
			fputs("/>\n", out);
		}
	}
	fputs(" </testsuite>\n", out);
	return end;
}

int
test_report_junit(const struct test_run *run, const char *path)
{
	FILE *out = fopen(path, "we");
	bool good;

	if (!out)
		return -1;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
	fprintf(out, " tests=\"%zu\" failures=\"%zu\">\n", run->passed + run->failed, run->failed);
	for (const struct test_result *result = run->results; result;)
		result = write_suite(out, result);
	fputs("</testsuites>\n", out);
	good = !ferror(out);
	return fclose(out) == 0 && good ? 0 : -1;
}
