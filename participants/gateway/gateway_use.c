/* gateway_use - how often the services of elements are used at the API gateway, as nginx, Envoy or Kong tell it */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/gateway/gateway_use.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"

#define LOG_LINE_MAX 16384

void
gateway_use_free(struct gateway_use *use)
{
	free(use->rows);
	*use = (struct gateway_use){0};
}

/* The next segment of a place, without the separator behind it. */
static struct str
cut_at(struct str *rest, char separator)
{
	const char *end = rest->len ? memchr(rest->ptr, separator, rest->len) : NULL;
	struct str segment = end ? (struct str){rest->ptr, (size_t)(end - rest->ptr)} : *rest;

	*rest = end ? (struct str){end + 1, rest->len - segment.len - 1} : STR("");
	return segment;
}

/* The row of "<instance>~<version>~<element id>~<service>[~...]"; NULL: it is not one of an element, or there are too many. */
static struct use_row *
use_row_of(struct gateway_use *use, struct str place, char separator)
{
	struct str element, service;

	(void)cut_at(&place, separator); /* the instance; ids of elements are unique */
	(void)cut_at(&place, separator);
	element = cut_at(&place, separator);
	service = cut_at(&place, separator);
	if (element.len == 0 || service.len == 0 || element.len >= sizeof(use->rows->element) ||
	    service.len >= sizeof(use->rows->service) || str_is(element, "external"))
		return NULL;
	for (size_t i = 0; i < use->count; i++)
		if (str_is(element, use->rows[i].element) && str_is(service, use->rows[i].service))
			return &use->rows[i];
	if (use->count == use->room) {
		size_t room = use->room ? 2 * use->room : 64;
		struct use_row *more = room <= USE_ROWS_MAX ? realloc(use->rows, room * sizeof(*more)) : NULL;

		if (!more)
			return NULL;
		use->rows = more;
		use->room = room;
	}
	use->rows[use->count] = (struct use_row){{0}, {0}, 0, 0, 0};
	memcpy(use->rows[use->count].element, element.ptr, element.len);
	memcpy(use->rows[use->count].service, service.ptr, service.len);
	return &use->rows[use->count++];
}

/* --- nginx: ADDRESS - USER [TIME] "METHOD PATH PROTOCOL" STATUS BYTES "REFERER" "AGENT" --- */

static void
read_log_line(struct gateway_use *use, struct str line)
{
	struct str request, path;
	struct use_row *row;
	long status;

	(void)cut_at(&line, '"');
	request = cut_at(&line, '"');
	(void)cut_at(&request, ' ');
	path = cut_at(&request, ' ');
	path = cut_at(&path, '?');
	if (path.len < 2 || line.len < 4)
		return;
	(void)cut_at(&line, ' ');
	status = strtol(line.ptr, NULL, 10);
	(void)cut_at(&line, ' ');
	row = use_row_of(use, (struct str){path.ptr + 1, path.len - 1}, '/');
	if (!row)
		return;
	row->requests++;
	row->denied += status == 401 || status == 403;
	row->bytes += strtoll(line.ptr, NULL, 10);
}

bool
gateway_use_read_log(struct gateway_use *use, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[LOG_LINE_MAX];
	struct stat status;

	if (!file)
		return false;
	if (fstat(fileno(file), &status) == 0) {
		if (status.st_ino != use->inode || status.st_size < use->offset)
			use->offset = 0; /* it was rotated */
		use->inode = status.st_ino;
	}
	if (fseeko(file, (off_t)use->offset, SEEK_SET) == 0) {
		while (fgets(line, sizeof(line), file)) {
			size_t len = strlen(line);

			if (len == 0 || line[len - 1] != '\n')
				break; /* it is being written: read again */
			use->offset = (int64_t)ftello(file);
			read_log_line(use, (struct str){line, len - 1});
		}
	}
	(void)fclose(file); /* it was only read */
	return true;
}

/* --- Envoy: cluster.<instance>~<version>~<element id>~<service>.<figure>: NUMBER --- */

void
gateway_use_read_envoy(struct gateway_use *use, struct str text)
{
	static const char *const figures[] = {".upstream_rq_total", ".ext_authz.denied", ".upstream_cx_rx_bytes_total"};

	for (size_t i = 0; i < use->count; i++)
		use->rows[i].requests = use->rows[i].denied = use->rows[i].bytes = 0;
	while (text.len) {
		struct str value = cut_at(&text, '\n'), name = cut_at(&value, ':');

		if (!str_starts_with(name, STR("cluster.")))
			continue;
		for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
			struct str ending = str_from(figures[i]);
			struct use_row *row;
			int64_t number;

			if (!str_ends_with(name, ending))
				continue;
			row = use_row_of(use, (struct str){name.ptr + 8, name.len - 8 - ending.len}, '~');
			number = value.len ? strtoll(value.ptr, NULL, 10) : 0;
			if (!row)
				continue;
			row->requests += i < 2 ? number : 0; /* what is denied never gets upstream */
			row->denied += i == 1 ? number : 0;
			row->bytes += i == 2 ? number : 0;
		}
	}
}

/* --- Kong: kong_http_requests_total{service="...",code="200",...} NUMBER --- */

/* The value of a label; absent: it has none. */
static struct str
kong_label(struct str line, const char *name)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i + wanted.len + 2 < line.len; i++) {
		struct str rest = {line.ptr + i + wanted.len + 2, line.len - i - wanted.len - 2};

		if (i > 0 && (line.ptr[i - 1] == '{' || line.ptr[i - 1] == ',') &&
		    memcmp(line.ptr + i, wanted.ptr, wanted.len) == 0 && line.ptr[i + wanted.len] == '=' &&
		    line.ptr[i + wanted.len + 1] == '"')
			return cut_at(&rest, '"');
	}
	return STR_NONE;
}

void
gateway_use_read_kong(struct gateway_use *use, struct str text)
{
	for (size_t i = 0; i < use->count; i++)
		use->rows[i].requests = use->rows[i].denied = use->rows[i].bytes = 0;
	while (text.len) {
		struct str line = cut_at(&text, '\n'), value = line, service, code;
		bool requests = str_starts_with(line, STR("kong_http_requests_total{"));
		struct use_row *row;
		int64_t number;

		if (!requests && !str_starts_with(line, STR("kong_bandwidth_bytes{")))
			continue;
		service = kong_label(line, "service");
		code = kong_label(line, "code");
		(void)cut_at(&value, '}');
		row = service.ptr ? use_row_of(use, service, '~') : NULL;
		number = value.len ? (int64_t)strtod(value.ptr, NULL) : 0;
		if (!row)
			continue;
		if (requests) {
			row->requests += number;
			row->denied += code.ptr && (str_is(code, "401") || str_is(code, "403")) ? number : 0;
		} else if (code = kong_label(line, "direction"), code.ptr && str_is(code, "egress")) {
			row->bytes += number;
		}
	}
}

struct str
gateway_use_write(const struct gateway_use *use, const char *element, struct arena *arena)
{
	struct text out;
	size_t written = 0;

	text_init(&out, arena);
	for (size_t i = 0; i < use->count; i++) {
		const struct use_row *row = &use->rows[i];

		if (strcmp(row->element, element) != 0)
			continue;
		text_add(&out, written++ ? STR(",{\"service\":") : STR("\"gatewayStatistics\":[{\"service\":"));
		text_add_json(&out, str_from(row->service));
		text_addf(&out, ",\"requests\":%" PRId64 ",\"denied\":%" PRId64 ",\"bytes\":%" PRId64 "}",
		          row->requests, row->denied, row->bytes);
	}
	text_add(&out, written ? STR("]") : STR(""));
	return written ? text_done(&out) : STR_NONE;
}
