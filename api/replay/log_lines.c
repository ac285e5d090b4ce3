/* log_lines - the lines of decision logs, in the order of the counters that they are about */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/log_lines.h"

#include <stdlib.h>
#include <string.h>

#include "api/replay/log_map.h"
#include "base/mac.h"

#define STREAMS_MAX 64

/* The lines of one service, over its files. */
struct log_stream {
	char key[LOG_KEY_LEN];
	uint32_t epoch, run;
	uint64_t commit; /* the highest so far of this epoch */
	uint64_t number; /* of the last line, 0 before the first */
};

struct sorting {
	struct log_lines *lines;
	size_t room, epoch_room;
	struct log_stream streams[STREAMS_MAX];
	size_t stream_count;
};

/* The number of a member. No text of a line can contain the member's name: its quotes would be escaped there. */
static bool
number_behind(struct str line, struct str name, uint64_t *ret)
{
	struct str rest = str_behind(line, name);
	size_t i = 0;

	*ret = 0;
	for (; i < rest.len && i < 19 && rest.ptr[i] >= '0' && rest.ptr[i] <= '9'; i++)
		*ret = *ret * 10 + (uint64_t)(rest.ptr[i] - '0');
	return i > 0;
}

static bool
line_has(struct str line, struct str text)
{
	return memmem(line.ptr, line.len, text.ptr, text.len) != NULL;
}

static struct log_stream *
stream_of(struct sorting *sorting, const char key[LOG_KEY_LEN])
{
	struct log_stream *stream = sorting->streams;

	for (size_t i = 0; i < sorting->stream_count; i++, stream++) {
		if (memcmp(stream->key, key, LOG_KEY_LEN) == 0)
			return stream;
	}
	if (sorting->stream_count == STREAMS_MAX)
		return &sorting->streams[0];
	sorting->stream_count++;
	*stream = (struct log_stream){.epoch = UINT32_MAX, .run = sorting->lines->run_count++};
	memcpy(stream->key, key, LOG_KEY_LEN);
	return stream;
}

static bool
epoch_add(struct sorting *sorting, struct hash128 database, bool restored, uint64_t record, uint32_t *ret)
{
	struct log_lines *lines = sorting->lines;

	if (lines->epoch_count == sorting->epoch_room) {
		size_t room = sorting->epoch_room ? sorting->epoch_room * 2 : 8;
		struct log_epoch *epochs = realloc(lines->epochs, room * sizeof(*epochs));

		if (!epochs)
			return false;
		lines->epochs = epochs;
		sorting->epoch_room = room;
	}
	lines->epochs[lines->epoch_count] = (struct log_epoch){database, restored, record};
	*ret = (uint32_t)lines->epoch_count++;
	return true;
}

static bool
is_zero(struct hash128 hash)
{
	return hash.lo == 0 && hash.hi == 0;
}

/* A service has started: with the database it had, or with another. */
static bool
stream_starts(struct sorting *sorting, struct log_stream *stream, struct str line)
{
	struct str text = str_behind(line, STR("\"database\":\""));
	struct hash128 database = {0};
	struct log_lines *lines = sorting->lines;
	uint64_t commit, record;
	bool restored = false;

	if (text.len < 32 || !mac_read((struct str){text.ptr, 32}, &database) ||
	    !number_behind(line, STR("\"commit\":"), &commit) || !number_behind(line, STR("\"record\":"), &record))
		return true;
	if (stream->epoch != UINT32_MAX && is_zero(lines->epochs[stream->epoch].database) && commit >= stream->commit)
		lines->epochs[stream->epoch].database = database; /* it is the one that the lines before were about */
	for (size_t i = lines->epoch_count; i > 0 && !restored; i--) {
		const struct hash128 *known = &lines->epochs[i - 1].database;

		if (known->lo != database.lo || known->hi != database.hi)
			continue;
		restored = stream->epoch == i - 1 && commit < stream->commit; /* it was ahead of that before */
		stream->epoch = (uint32_t)(i - 1);
		if (!restored && commit > stream->commit)
			stream->commit = commit;
		if (!restored)
			return true;
	}
	stream->commit = commit;
	return epoch_add(sorting, database, restored, record, &stream->epoch);
}

static bool
line_add(struct sorting *sorting, const struct log_line *line)
{
	struct log_lines *lines = sorting->lines;

	if (lines->count == sorting->room) {
		size_t room = sorting->room ? sorting->room * 2 : 4096;
		struct log_line *larger = realloc(lines->lines, room * sizeof(*larger));

		if (!larger)
			return false;
		lines->lines = larger;
		sorting->room = room;
	}
	lines->lines[lines->count++] = *line;
	return true;
}

/* Where the line belongs. */
static bool
line_place(struct sorting *sorting, struct log_stream *stream, struct log_line *line)
{
	bool changes = line_has(line->text, STR("\"door\":\"counters\"")), stepped;
	uint64_t commit, step;

	if (line_has(line->text, STR("\"door\":\"log\",\"event\":\"started\""))) {
		stream->run = sorting->lines->run_count++;
		if (!stream_starts(sorting, stream, line->text))
			return false;
	}
	if (stream->epoch == UINT32_MAX && !epoch_add(sorting, (struct hash128){0}, false, 0, &stream->epoch))
		return false;
	line->asks = !changes;
	line->epoch = stream->epoch;
	line->run = stream->run;
	line->commit = stream->commit;
	line->step = UINT32_MAX;
	if (!number_behind(line->text, STR("\"commit\":"), &commit))
		return true;
	stepped = number_behind(line->text, STR("\"step\":"), &step);
	line->commit = commit;
	if (stepped && step < UINT32_MAX)
		line->step = (uint32_t)step;
	if (changes && commit > stream->commit)
		stream->commit = commit;
	if (stepped && !changes && line_has(line->text, STR("\"undone\":true"))) {
		line->commit = commit ? commit - 1 : 0; /* nothing of its transaction came to be */
		line->step = UINT32_MAX;
	}
	return true;
}

/* Numbers that no line has were lost, or are in a file that was not given. */
static void
count_missing(struct sorting *sorting, struct log_stream *stream, struct str line)
{
	uint64_t number;

	if (line.len < 5 || memcmp(line.ptr, "{\"n\":", 5) != 0 || !number_behind(line, STR("{\"n\":"), &number))
		return;
	if (stream->number && number > stream->number + 1)
		sorting->lines->missing += number - stream->number - 1;
	stream->number = number;
}

static bool
read_lines(struct sorting *sorting, const struct log_map *map)
{
	struct log_stream *stream = stream_of(sorting, map->key);
	uint32_t number = 1;

	for (size_t at = 0; at < map->len; number++) {
		const char *end = memchr(map->bytes + at, '\n', map->len - at);
		struct log_line line = {
			.text = {map->bytes + at, (end ? (size_t)(end - map->bytes) : map->len) - at},
			.file = map->file,
			.line = map->cut && at > 0 ? 0 : number,
		};

		at += line.text.len + 1;
		count_missing(sorting, stream, line.text);
		if (str_trim(line.text).len && (!line_place(sorting, stream, &line) || !line_add(sorting, &line)))
			return false;
	}
	return true;
}

/* By epoch, commit, step, change before question; the text's place in its file keeps what is alike in its order. */
static int
log_lines_compare(const void *a, const void *b)
{
	const struct log_line *one = a, *other = b;

	if (one->epoch != other->epoch)
		return one->epoch < other->epoch ? -1 : 1;
	if (one->commit != other->commit)
		return one->commit < other->commit ? -1 : 1;
	if (one->step != other->step)
		return one->step < other->step ? -1 : 1;
	if (one->asks != other->asks)
		return one->asks ? 1 : -1;
	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return one->line < other->line ? -1 : one->line > other->line;
}

/* Files are numbered in their order from here on. */
static bool
order_files(struct log_lines *lines)
{
	const char **paths = calloc(lines->file_count ? lines->file_count : 1, sizeof(*paths));
	bool all = true;

	if (!paths)
		return false;
	for (size_t i = 0; i < lines->file_count; i++)
		all = all && (lines->maps[i].time.ptr || lines->maps[i].len == 0);
	if (all)
		qsort(lines->maps, lines->file_count, sizeof(*lines->maps), log_map_compare);
	for (size_t i = 0; i < lines->file_count; i++) {
		paths[i] = lines->paths[lines->maps[i].file];
		lines->maps[i].file = (uint32_t)i;
	}
	lines->paths = paths;
	return true;
}

/* The newest `most` bytes of the files, from the last one back. Files that are older are none of ret's. */
static int
read_newest(const char *const *paths, size_t count, size_t most, struct log_lines *ret, struct error *err)
{
	int r = 0;

	ret->file_count = 0;
	for (size_t i = count; r == 0 && i > 0 && most > 0; i--) {
		struct log_map map;

		r = log_map_read(paths[i - 1], most, &map, err);
		if (r != 0 || !map.bytes)
			continue;
		map.file = (uint32_t)(i - 1);
		most -= map.len < most ? map.len : most;
		memmove(ret->maps + 1, ret->maps, ret->file_count * sizeof(map));
		ret->maps[0] = map;
		ret->file_count++;
	}
	return r;
}

static int
map_all(const char *const *paths, size_t count, struct log_lines *ret, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = log_map_open(paths[i], &ret->maps[i], err);
		ret->maps[i].file = (uint32_t)i;
	}
	return r;
}

int
log_lines_read(const char *const *paths, size_t count, size_t most, struct log_lines *ret, struct error *err)
{
	struct sorting *sorting = calloc(1, sizeof(*sorting));
	bool memory = sorting != NULL;
	struct error local = {0};

	*ret = (struct log_lines){
		.paths = paths, .file_count = count, .maps = calloc(count ? count : 1, sizeof(*ret->maps))};
	memory = memory && ret->maps;
	if (memory && most)
		(void)read_newest(paths, count, most, ret, &local); /* local tells */
	else if (memory)
		(void)map_all(paths, count, ret, &local);
	if (memory && !local.code) {
		memory = order_files(ret);
		sorting->lines = ret;
	}
	for (size_t i = 0; memory && !local.code && i < ret->file_count; i++)
		memory = read_lines(sorting, &ret->maps[i]);
	free(sorting);
	if (memory && !local.code) {
		if (ret->count)
			qsort(ret->lines, ret->count, sizeof(*ret->lines), log_lines_compare);
		return 0;
	}
	if (!local.code)
		(void)error_set(&local, ERROR_MEMORY, NULL, "out of memory");
	if (ret->paths == paths)
		ret->paths = NULL;
	log_lines_free(ret);
	return error_set(err, local.code, NULL, "%s", local.text);
}

void
log_lines_free(struct log_lines *lines)
{
	for (size_t i = 0; lines->maps && i < lines->file_count; i++)
		log_map_close(&lines->maps[i]);
	free(lines->maps);
	free(lines->lines);
	free(lines->epochs);
	free((void *)lines->paths); /* its own array of the caller's texts */
	*lines = (struct log_lines){0};
}
