/* log_map - one file of a decision log in memory: the whole of it, or its newest lines */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/replay/log_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 4096

static const char first_line[] = "{\"log\":1,";

/* A file to read, with its length. */
static int
log_map_file(const char *path, size_t *len, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;

	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		*len = (size_t)info.st_size;
		return fd;
	}
	(void)error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path,
	                fd < 0 ? strerror(errno) : "a file is expected");
	if (fd >= 0)
		(void)close(fd); /* it was only looked at */
	return -1;
}

/* Reads the fields of the first line. */
static void
log_map_head(struct log_map *map)
{
	struct str head = {map->bytes, map->len < HEAD_BYTES ? map->len : HEAD_BYTES}, key, next;

	if (head.len < sizeof(first_line) - 1 || memcmp(head.ptr, first_line, sizeof(first_line) - 1) != 0)
		return;
	key = str_behind(head, STR("\"key\":\""));
	if (key.len >= LOG_KEY_LEN)
		memcpy(map->key, key.ptr, LOG_KEY_LEN);
	next = str_behind(head, STR("\"next\":"));
	for (size_t i = 0; i < next.len && i < 19 && next.ptr[i] >= '0' && next.ptr[i] <= '9'; i++)
		map->next = map->next * 10 + (uint64_t)(next.ptr[i] - '0');
	map->time = str_behind(head, STR("\"time\":\""));
	map->time.len = map->time.len < 20 ? map->time.len : 20; /* to the second: lines with milliseconds sort alike */
}

int
log_map_open(const char *path, struct log_map *ret, struct error *err)
{
	size_t len = 0;
	int fd = log_map_file(path, &len, err);
	void *bytes = NULL;

	*ret = (struct log_map){0};
	if (fd < 0)
		return -(int)err->code;
	if (len > 0)
		bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		(void)error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
	(void)close(fd); /* it was only read */
	if (err->code)
		return -(int)err->code;
	*ret = (struct log_map){.bytes = bytes, .len = len, .mapped = true};
	log_map_head(ret);
	return 0;
}

/* As many bytes as there are, up to len: the file may have become shorter. -1: errno tells. */
static ssize_t
read_at(int fd, char *out, size_t len, size_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, out + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The first line and its end, where it tells of the log; else nothing. */
static ssize_t
read_first_line(int fd, char *out)
{
	ssize_t got = read_at(fd, out, HEAD_BYTES, 0);
	const char *end = got > 0 ? memchr(out, '\n', (size_t)got) : NULL;

	if (got < 0)
		return -1;
	return end && (size_t)got >= sizeof(first_line) && memcmp(out, first_line, sizeof(first_line) - 1) == 0
	               ? end + 1 - out
	               : 0;
}

/* The bytes from `from` on behind the first line, when `from` is not the file's beginning. */
static int
log_map_fill(int fd, size_t from, size_t to, struct log_map *map, char *bytes)
{
	ssize_t head = from ? read_first_line(fd, bytes) : 0;
	ssize_t got = head < 0 ? -1 : read_at(fd, bytes + head, to - from, from);
	const char *end;

	if (got < 0)
		return -1;
	end = got ? memrchr(bytes + head, '\n', (size_t)got) : NULL;
	got = end ? end + 1 - (bytes + head) : 0;
	if (from && got) { /* what is left of the line that was cut in two */
		ssize_t rest = (char *)memchr(bytes + head, '\n', (size_t)got) + 1 - (bytes + head);

		got -= rest;
		memmove(bytes + head, bytes + head + rest, (size_t)got);
	}
	map->bytes = bytes;
	map->len = (size_t)(head + got);
	map->cut = from > 0;
	return 0;
}

int
log_map_read(const char *path, size_t most, struct log_map *ret, struct error *err)
{
	size_t len = 0, from;
	char *bytes;
	int fd, r = 0;

	*ret = (struct log_map){0};
	fd = log_map_file(path, &len, err);
	if (fd < 0 && access(path, F_OK) != 0)
		*err = (struct error){0};
	if (fd < 0)
		return -(int)err->code;
	from = len > most ? len - most - 1 : 0; /* one more: it is the end of a line where the newest begin with one */
	bytes = malloc(HEAD_BYTES + (len - from));
	if (!bytes)
		r = error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else if (log_map_fill(fd, from, len, ret, bytes) != 0)
		r = error_set(err, ERROR_IO, NULL, "cannot read '%s': %s", path, strerror(errno));
	else
		log_map_head(ret);
	if (r != 0)
		free(bytes);
	(void)close(fd); /* it was only read */
	return r;
}

void
log_map_close(struct log_map *map)
{
	if (map->bytes && map->mapped)
		(void)munmap((void *)map->bytes, map->len);
	else
		free((void *)map->bytes); /* log_map_read's own */
	*map = (struct log_map){0};
}

int
log_map_compare(const void *a, const void *b)
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
