/* log_lines - the lines of decision logs, in the order of the counters that they are about */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/log_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mac.h"

#define STREAMS_MAX 64
#define HEAD_BYTES 4096
#define KEY_LEN 8

/* A file in memory. */
struct log_map {
	const char *bytes;
	size_t len;
	size_t from, to;   /* of the lines that are read: bytes */
	uint32_t file;     /* in log_lines.paths */
	struct str time;   /* of its first line; absent when it has none */
	uint64_t next;     /* of its first line: the number of the next */
	char key[KEY_LEN]; /* of its first line: which service writes it */
};

/* The lines of one service, over its files. */
struct log_stream {
	char key[KEY_LEN];
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

/* What stands behind a member's name. No text can contain it: its quotes would be escaped there. */
static struct str
lines_behind(struct str line, struct str name)
{
	const char *found = memmem(line.ptr, line.len, name.ptr, name.len);

	if (!found)
		return STR_NONE;
	found += name.len;
	return (struct str){found, (size_t)(line.ptr + line.len - found)};
}

static bool
number_behind(struct str line, struct str name, uint64_t *ret)
{
	struct str rest = lines_behind(line, name);
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

static int
map_file(const char *path, uint32_t file, struct log_map *ret, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	struct str head, key;
	void *bytes = NULL;

	if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		(void)error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path,
		                fd < 0 ? strerror(errno) : "a file is expected");
	} else if (info.st_size > 0) {
		bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes == MAP_FAILED)
			(void)error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
	}
	if (fd >= 0)
		(void)close(fd); /* it was only read */
	if (err->code)
		return -(int)err->code;
	*ret = (struct log_map){.bytes = bytes, .len = (size_t)info.st_size, .to = (size_t)info.st_size, .file = file};
	head = (struct str){ret->bytes, ret->len < HEAD_BYTES ? ret->len : HEAD_BYTES};
	if (head.len < 9 || memcmp(head.ptr, "{\"log\":1,", 9) != 0)
		return 0;
	key = lines_behind(head, STR("\"key\":\""));
	if (key.len >= KEY_LEN)
		memcpy(ret->key, key.ptr, KEY_LEN);
	(void)number_behind(head, STR("\"next\":"), &ret->next); /* 0 will do */
	ret->time = lines_behind(head, STR("\"time\":\""));
	ret->time.len = ret->time.len < 20 ? ret->time.len : 20; /* to the second: lines with milliseconds sort alike */
	return 0;
}

static struct log_stream *
stream_of(struct sorting *sorting, const char key[KEY_LEN])
{
	struct log_stream *stream = sorting->streams;

	for (size_t i = 0; i < sorting->stream_count; i++, stream++) {
		if (memcmp(stream->key, key, KEY_LEN) == 0)
			return stream;
	}
	if (sorting->stream_count == STREAMS_MAX)
		return &sorting->streams[0];
	sorting->stream_count++;
	*stream = (struct log_stream){.epoch = UINT32_MAX, .run = sorting->lines->run_count++};
	memcpy(stream->key, key, KEY_LEN);
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
	struct str text = lines_behind(line, STR("\"database\":\""));
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

	for (size_t at = 0; at < map->to; number++) {
		const char *end = memchr(map->bytes + at, '\n', map->to - at);
		struct log_line line = {
			.text = {map->bytes + at, (end ? (size_t)(end - map->bytes) : map->to) - at},
			.file = map->file,
			.line = number,
		};

		at += line.text.len + 1;
		if (at <= map->from)
			continue;
		count_missing(sorting, stream, line.text);
		if (str_trim(line.text).len && (!line_place(sorting, stream, &line) || !line_add(sorting, &line)))
			return false;
	}
	return true;
}

static int
compare_maps(const void *a, const void *b)
{
	const struct log_map *one = a, *other = b;
	int order = 0;

	if (one->time.ptr && other->time.ptr)
		order = memcmp(one->time.ptr, other->time.ptr,
		               one->time.len < other->time.len ? one->time.len : other->time.len);
	if (order == 0)
		order = (one->next > other->next) - (one->next < other->next);
	return order != 0 ? order : (one->file > other->file) - (one->file < other->file);
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
		qsort(lines->maps, lines->file_count, sizeof(*lines->maps), compare_maps);
	for (size_t i = 0; i < lines->file_count; i++) {
		paths[i] = lines->paths[lines->maps[i].file];
		lines->maps[i].file = (uint32_t)i;
	}
	lines->paths = paths;
	return true;
}

/* Leaves out what is older than the newest `most` bytes, and the line that is being written. */
static void
maps_narrow(struct log_lines *lines, size_t most)
{
	for (size_t i = lines->file_count; i > 0; i--) {
		struct log_map *map = &lines->maps[i - 1];
		const char *end = map->len ? memrchr(map->bytes, '\n', map->len) : NULL;

		map->to = end ? (size_t)(end + 1 - map->bytes) : 0;
		map->from = map->to > most ? map->to - most : 0;
		most -= map->to - map->from;
		if (map->from == map->to)
			map->to = map->from = 0;
	}
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
	for (size_t i = 0; memory && !local.code && i < count; i++) {
		(void)map_file(paths[i], (uint32_t)i, &ret->maps[i], &local); /* local tells */
		if (most && local.code == ERROR_IO && access(paths[i], F_OK) != 0)
			local = (struct error){0};
	}
	if (memory && !local.code) {
		memory = order_files(ret);
		sorting->lines = ret;
		if (most)
			maps_narrow(ret, most);
	}
	for (size_t i = 0; memory && !local.code && i < count; i++)
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
	for (size_t i = 0; lines->maps && i < lines->file_count; i++) {
		if (lines->maps[i].bytes)
			(void)munmap((void *)lines->maps[i].bytes, lines->maps[i].len);
	}
	free(lines->maps);
	free(lines->lines);
	free(lines->epochs);
	free((void *)lines->paths); /* its own array of the caller's texts */
	*lines = (struct log_lines){0};
}
