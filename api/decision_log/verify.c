/* verify - whether the lines of a decision log are all there, and as they were written */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct verifying {
	const struct hash_key *key;
	const struct verify_wanted *wanted;
	FILE *out;
	struct verify_report *report;
	char key_id[CHAIN_KEY_ID_SIZE];
	const char *path;
	uint64_t line;
	bool chained; /* report->mac is the code of a line */
};

static void
verify_tell(struct verifying *v, const char *text, uint64_t number)
{
	fprintf(v->out, "%s:%" PRIu64 ": ", v->path, v->line);
	fprintf(v->out, text, number);
	fputc('\n', v->out);
}

/* The log says itself how many lines it has lost. */
static uint64_t
lines_told(struct str line)
{
	static const char *const events[] = {"\"event\":\"dropped\",\"lines\":", "\"event\":\"lost\",\"lines\":"};

	for (size_t i = 0; i < 2; i++) {
		const char *found = memmem(line.ptr, line.len, events[i], strlen(events[i]));
		uint64_t lines = 0;

		if (!found || !memmem(line.ptr, line.len, "\"door\":\"log\"", 12))
			continue;
		for (found += strlen(events[i]); *found >= '0' && *found <= '9' && lines < UINT32_MAX; found++)
			lines = lines * 10 + (uint64_t)(*found - '0');
		return lines;
	}
	return 0;
}

static void
verify_first(struct verifying *v, const struct chain_line *line)
{
	struct verify_report *report = v->report;

	if (strcmp(line->key, v->key_id) != 0) {
		report->foreign++;
		verify_tell(v, "the file was written under another key", 0);
	}
	if (v->chained && (line->previous.lo != report->mac.lo || line->previous.hi != report->mac.hi)) {
		report->changed++;
		verify_tell(v, "the file does not follow the one before: it was changed, or files are missing", 0);
	}
	report->mac = line->previous;
	if (report->last == 0 && line->number)
		report->last = line->number - 1;
	v->chained = true;
}

static void
verify_number(struct verifying *v, uint64_t number)
{
	struct verify_report *report = v->report;

	if (report->first == 0)
		report->first = number;
	if (number <= report->last && report->lines > 1) {
		report->changed++;
		verify_tell(v, "line %" PRIu64 " stands behind a later one", number);
	} else if (number > report->last + 1 && (report->last || v->chained)) {
		report->missing += number - report->last - 1;
		fprintf(v->out, "%s:%" PRIu64 ": lines %" PRIu64 " to %" PRIu64 " are missing\n", v->path, v->line,
		        report->last + 1, number - 1);
	}
	report->last = number;
}

static void
verify_line(struct verifying *v, struct str text)
{
	struct verify_report *report = v->report;
	struct chain_line line;
	struct hash128 mac;

	report->lines++;
	if (!chain_read(text, &line)) {
		report->foreign++;
		verify_tell(v, "not a line of a decision log, or its number or code was changed", 0);
		v->chained = false;
		return;
	}
	if (line.first)
		verify_first(v, &line);
	else
		verify_number(v, line.number);
	mac = mac_chain(v->key, report->mac, line.covered);
	if (v->chained && (mac.lo != line.mac.lo || mac.hi != line.mac.hi)) {
		report->changed++;
		verify_tell(v, "this line was changed, or lines before it were taken out or put in", 0);
	}
	report->mac = line.mac;
	v->chained = true;
	report->told += lines_told(text);
	if (!line.first && v->wanted->number == line.number &&
	    (!v->wanted->has_mac || (v->wanted->mac.lo == line.mac.lo && v->wanted->mac.hi == line.mac.hi)))
		report->has_wanted = true;
}

static int
verify_file(struct verifying *v, struct error *err)
{
	FILE *file = fopen(v->path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool failed;

	if (!file)
		return error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", v->path, strerror(errno));
	v->report->files++;
	for (v->line = 1; (len = getline(&line, &size, file)) > 0; v->line++) {
		if (line[len - 1] == '\n')
			verify_line(v, (struct str){line, (size_t)len - 1});
		else
			v->report->torn = true;
	}
	failed = ferror(file);
	if (v->report->torn)
		verify_tell(v, "the last line is not whole: it is being written, or the service was killed", 0);
	free(line);
	(void)fclose(file); /* it was only read */
	return failed ? error_set(err, ERROR_IO, NULL, "cannot read '%s'", v->path) : 0;
}

int
verify_files(const char *const *paths, size_t count, const struct hash_key *key, const struct verify_wanted *wanted,
             FILE *out, struct verify_report *ret, struct error *err)
{
	struct verifying v = {.key = key, .wanted = wanted, .out = out, .report = ret};

	*ret = (struct verify_report){0};
	chain_key_id(key, v.key_id);
	for (size_t i = 0; i < count; i++) {
		v.path = paths[i];
		ret->torn = false;
		if (verify_file(&v, err) != 0)
			return -(int)err->code;
	}
	return 0;
}

bool
verify_is_whole(const struct verify_report *report)
{
	return report->changed == 0 && report->foreign == 0 && report->missing <= report->told;
}
