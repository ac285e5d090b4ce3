/* log_tail - reads the files of a decision log behind their writer */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/log_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/decision_log/chain.h"
#include "api/decision_log/log_files.h"

#define BYTES ((size_t)1 << 20) /* more than any line has */
#define FIRST_MOST 4096

bool
log_tail_open(struct log_tail *tail, const char *path, uint64_t after)
{
	*tail = (struct log_tail){.path = path, .fd = -1, .size = BYTES, .number = after};
	tail->bytes = malloc(BYTES);
	return tail->bytes != NULL;
}

void
log_tail_close(struct log_tail *tail)
{
	if (tail->fd >= 0)
		(void)close(tail->fd); /* it was only read */
	free(tail->bytes);
	*tail = (struct log_tail){.fd = -1};
}

/* The number of the first line behind a file's first line; 0 when it has none. */
static uint64_t
first_of(const char *path)
{
	char head[FIRST_MOST];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, head, sizeof(head)) : -1;
	const char *end = got > 0 ? memchr(head, '\n', (size_t)got) : NULL;
	struct chain_line line;

	if (fd >= 0)
		(void)close(fd); /* it was only read */
	return end && chain_read((struct str){head, (size_t)(end - head)}, &line) && line.first ? line.number : 0;
}

static bool
is_open(const struct log_tail *tail, const char *path)
{
	struct stat here, there;

	return tail->fd >= 0 && fstat(tail->fd, &here) == 0 && stat(path, &there) == 0 && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

/* The file with the line behind tail->number, or the first that is left; NULL: it is not there yet. */
static const char *
tail_choose(const struct log_tail *tail, const struct log_files *files)
{
	const char *chosen = NULL;

	for (size_t i = 0; i < files->count; i++) {
		uint64_t first = first_of(files->paths[i]);

		if (first == 0)
			continue;
		if (!chosen || first <= tail->number + 1)
			chosen = files->paths[i];
	}
	return chosen;
}

/* Goes to the file that comes next. False when there is none. */
static bool
tail_turn(struct log_tail *tail)
{
	struct log_files files;
	const char *path = log_files_find(tail->path, &files) == 0 ? tail_choose(tail, &files) : NULL;
	uint64_t first = path ? first_of(path) : 0;
	int fd = path && !is_open(tail, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	log_files_free(&files);
	if (fd < 0)
		return false;
	if (tail->fd >= 0)
		(void)close(tail->fd); /* it was only read */
	tail->fd = fd;
	tail->used = tail->at = 0;
	if (first > tail->number + 1) {
		tail->skipped += first - tail->number - 1;
		tail->number = first - 1;
	}
	return true;
}

/* More bytes of the open file. False when there are none. */
static bool
read_more(struct log_tail *tail)
{
	ssize_t got;

	if (tail->fd < 0)
		return false;
	memmove(tail->bytes, tail->bytes + tail->at, tail->used - tail->at);
	tail->used -= tail->at;
	tail->at = 0;
	do
		got = read(tail->fd, tail->bytes + tail->used, tail->size - tail->used);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	tail->used += (size_t)got;
	return true;
}

bool
log_tail_next(struct log_tail *tail, uint64_t *ret_number, struct str *ret)
{
	for (;;) {
		const char *start = tail->bytes + tail->at;
		const char *end = memchr(start, '\n', tail->used - tail->at);
		struct chain_line line;

		if (!end && !read_more(tail) && !tail_turn(tail))
			return false;
		if (!end)
			continue;
		tail->at += (size_t)(end - start) + 1;
		*ret = (struct str){start, (size_t)(end - start)};
		if (!chain_read(*ret, &line) || line.first || line.number <= tail->number)
			continue;
		tail->number = *ret_number = line.number;
		return true;
	}
}
