/* lanes - numbered lines that wait to be written, in memory that outlives the process */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/lanes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x31656e616c676c63) /* "clglane1" */
#define PAGE 4096
#define FILE_MODE 0600

/* The file: a page with this, a page a lane, then two buffers a lane. */
struct lanes_header {
	uint64_t magic;
	uint32_t count, bytes; /* lanes, and of one buffer */
	atomic_uint_fast64_t next;
};

/* In the file. Written by the lane's thread and the writer; whoever reads it later finds whole lines up to `used`. */
struct shared {
	atomic_uint_fast32_t filling; /* 0 or 1 */
	atomic_uint_fast32_t used[2];
};

/* A line in a buffer: this, its bytes, and up to 7 more. */
struct piece {
	uint64_t number;
	uint32_t len, zero;
};

struct lane {
	pthread_mutex_t lock; /* held for a copy or a swap, never while writing */
	struct shared *shared;
	char *buffers[2];
};

/* Lines of one buffer, in the order of their numbers. */
struct cursor {
	const char *at, *end;
};

struct lanes {
	struct lanes_header *header;
	size_t size;
	int fd; /* -1: private memory */
	char *path;
	unsigned count;
	/* The writer's: what was swapped, and whose line lanes_first has told. */
	bool swapped;
	struct cursor *cursors, *first;
	size_t first_size;
	struct lane lanes[];
};

static size_t
file_size(unsigned count, size_t bytes)
{
	return PAGE * (1 + (size_t)count) + 2 * bytes * count;
}

static struct shared *
shared_of(struct lanes_header *header, unsigned lane)
{
	return (struct shared *)((char *)header + PAGE * (1 + (size_t)lane));
}

static char *
buffer_of(struct lanes_header *header, unsigned lane, unsigned i)
{
	return (char *)header + PAGE * (1 + (size_t)header->count) + (2 * (size_t)lane + i) * header->bytes;
}

static size_t
piece_size(size_t len)
{
	return (sizeof(struct piece) + len + 7) & ~(size_t)7;
}

/* The cursor whose line has the lowest number above `after`, or NULL. Lines that do not fit end their cursor. */
static struct cursor *
cursor_first(struct cursor *cursors, unsigned count, uint64_t after, struct piece *ret)
{
	struct cursor *first = NULL;

	for (unsigned i = 0; i < count; i++) {
		struct cursor *cursor = &cursors[i];
		struct piece piece;

		for (;; cursor->at += piece_size(piece.len)) {
			size_t left = (size_t)(cursor->end - cursor->at);

			if (left < sizeof(piece))
				break;
			memcpy(&piece, cursor->at, sizeof(piece));
			if (piece.len > left - sizeof(piece)) {
				cursor->at = cursor->end;
				break;
			}
			if (piece.number <= after)
				continue;
			if (!first || piece.number < ret->number) {
				first = cursor;
				*ret = piece;
			}
			break;
		}
	}
	return first;
}

static struct str
cursor_line(const struct cursor *cursor, const struct piece *piece)
{
	return (struct str){cursor->at + sizeof(*piece), piece->len};
}

/* The mapped file, locked and with its room on the disk; or private memory. */
static int
map(struct lanes *lanes, const char *path, struct error *ret_why, struct error *err)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, code;
	void *memory;

	lanes->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE) : -1;
	if (path && lanes->fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
	if (lanes->fd >= 0 && flock(lanes->fd, LOCK_EX | LOCK_NB) != 0)
		return error_set(err, ERROR_BUSY, NULL, "'%s' is in use by another process", path);
	if (lanes->fd >= 0) {
		code = ftruncate(lanes->fd, 0) != 0 ? errno : posix_fallocate(lanes->fd, 0, (off_t)lanes->size);
		if (code == 0) {
			flags = MAP_SHARED;
		} else {
			(void)error_set(ret_why, ERROR_FULL, NULL, "no room for '%s': %s", path, strerror(code));
			(void)unlink(path); /* nothing is in it */
			(void)close(lanes->fd);
			lanes->fd = -1;
		}
	}
	memory = mmap(NULL, lanes->size, PROT_READ | PROT_WRITE, flags, lanes->fd, 0);
	if (memory == MAP_FAILED)
		return error_set(err, ERROR_MEMORY, NULL, "no memory for the decision log: %s", strerror(errno));
	lanes->header = memory;
	return 0;
}

int
lanes_open(const char *path, unsigned count, uint64_t next, struct lanes **ret, struct error *ret_why,
           struct error *err)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes) + count * sizeof(lanes->lanes[0]));

	if (!lanes)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	lanes->fd = -1;
	lanes->size = file_size(count, LANE_BYTES);
	lanes->cursors = calloc(count, sizeof(*lanes->cursors));
	lanes->path = path ? strdup(path) : NULL;
	if (!lanes->cursors || (path && !lanes->path))
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
	else
		(void)map(lanes, path, ret_why, err); /* err tells */
	if (!lanes->header) {
		lanes_close(lanes, true);
		return -(int)err->code;
	}
	lanes->count = count;
	lanes->header->count = count;
	lanes->header->bytes = LANE_BYTES;
	atomic_init(&lanes->header->next, next);
	for (unsigned i = 0; i < count; i++) {
		struct lane *lane = &lanes->lanes[i];

		pthread_mutex_init(&lane->lock, NULL);
		lane->shared = shared_of(lanes->header, i);
		lane->buffers[0] = buffer_of(lanes->header, i, 0);
		lane->buffers[1] = buffer_of(lanes->header, i, 1);
	}
	lanes->header->magic = MAGIC; /* from here on it is a file of lanes */
	*ret = lanes;
	return 0;
}

void
lanes_close(struct lanes *lanes, bool keep)
{
	if (!lanes)
		return;
	for (unsigned i = 0; i < lanes->count; i++)
		pthread_mutex_destroy(&lanes->lanes[i].lock);
	if (lanes->header)
		(void)munmap(lanes->header, lanes->size);
	if (lanes->fd >= 0 && !keep)
		(void)unlink(lanes->path); /* what stays behind is found to hold nothing new */
	if (lanes->fd >= 0)
		(void)close(lanes->fd); /* nothing was written through it */
	free(lanes->cursors);
	free(lanes->path);
	free(lanes);
}

bool
lanes_last(const struct lanes *lanes)
{
	return lanes->fd >= 0;
}

uint64_t
lanes_next(const struct lanes *lanes)
{
	return atomic_load_explicit(&lanes->header->next, memory_order_relaxed);
}

enum lane_answer
lane_put(struct lanes *lanes, unsigned lane_number, struct str line)
{
	struct lane *lane = &lanes->lanes[lane_number];
	enum lane_answer answer = LANE_FULL;
	size_t size = piece_size(line.len);
	uint32_t i, used;

	pthread_mutex_lock(&lane->lock);
	i = (uint32_t)atomic_load_explicit(&lane->shared->filling, memory_order_relaxed);
	used = (uint32_t)atomic_load_explicit(&lane->shared->used[i], memory_order_relaxed);
	if (size <= LANE_BYTES - used) {
		struct piece piece = {.len = (uint32_t)line.len};

		piece.number = atomic_fetch_add_explicit(&lanes->header->next, 1, memory_order_relaxed);
		memcpy(lane->buffers[i] + used, &piece, sizeof(piece));
		memcpy(lane->buffers[i] + used + sizeof(piece), line.ptr, line.len);
		/* Release: whoever finds the file after a kill finds the line before its length. */
		atomic_store_explicit(&lane->shared->used[i], used + size, memory_order_release);
		answer = used <= LANE_BATCH && used + size > LANE_BATCH ? LANE_BATCHED : LANE_TAKEN;
	}
	pthread_mutex_unlock(&lane->lock);
	return answer;
}

void
lanes_lose(struct lanes *lanes)
{
	atomic_fetch_add_explicit(&lanes->header->next, 1, memory_order_relaxed);
}

size_t
lane_room(struct lanes *lanes, unsigned lane_number)
{
	struct shared *shared = lanes->lanes[lane_number].shared;
	uint32_t i = (uint32_t)atomic_load_explicit(&shared->filling, memory_order_relaxed);

	return LANE_BYTES - (size_t)atomic_load_explicit(&shared->used[i], memory_order_relaxed);
}

void
lanes_swap(struct lanes *lanes)
{
	if (lanes->swapped)
		return;
	for (unsigned i = 0; i < lanes->count; i++)
		pthread_mutex_lock(&lanes->lanes[i].lock);
	for (unsigned i = 0; i < lanes->count; i++) {
		struct shared *shared = lanes->lanes[i].shared;
		uint32_t filling = (uint32_t)atomic_load_explicit(&shared->filling, memory_order_relaxed);
		const char *bytes = lanes->lanes[i].buffers[filling];

		lanes->cursors[i] = (struct cursor){
			bytes, bytes + atomic_load_explicit(&shared->used[filling], memory_order_relaxed)};
		atomic_store_explicit(&shared->filling, 1 - filling, memory_order_relaxed);
	}
	for (unsigned i = 0; i < lanes->count; i++)
		pthread_mutex_unlock(&lanes->lanes[i].lock);
	lanes->swapped = true;
}

bool
lanes_first(struct lanes *lanes, uint64_t *ret_number, struct str *ret_line)
{
	struct piece piece;

	lanes->first = cursor_first(lanes->cursors, lanes->count, 0, &piece);
	if (!lanes->first)
		return false;
	lanes->first_size = piece_size(piece.len);
	*ret_number = piece.number;
	*ret_line = cursor_line(lanes->first, &piece);
	return true;
}

void
lanes_took(struct lanes *lanes)
{
	lanes->first->at += lanes->first_size;
}

void
lanes_release(struct lanes *lanes)
{
	for (unsigned i = 0; i < lanes->count; i++) {
		struct shared *shared = lanes->lanes[i].shared;
		uint32_t filling = (uint32_t)atomic_load_explicit(&shared->filling, memory_order_relaxed);

		atomic_store_explicit(&shared->used[1 - filling], 0, memory_order_release);
	}
	lanes->swapped = false;
}

/* Both buffers of each lane, of a file that someone may have cut short. NULL when it is not a file of lanes, or on allocation failure. */
static struct cursor *
recover_cursors(struct lanes_header *header, size_t size)
{
	struct cursor *cursors;

	if (size < sizeof(*header) || header->magic != MAGIC || header->count == 0 || header->count > 65536 ||
	    header->bytes != LANE_BYTES || file_size(header->count, header->bytes) != size)
		return NULL;
	cursors = calloc(2 * (size_t)header->count, sizeof(*cursors));
	for (unsigned i = 0; cursors && i < 2 * header->count; i++) {
		const char *bytes = buffer_of(header, i / 2, i % 2);
		/* Acquire: pairs with the release of lane_put. */
		size_t used = atomic_load_explicit(&shared_of(header, i / 2)->used[i % 2], memory_order_acquire);

		cursors[i] = (struct cursor){bytes, bytes + (used <= header->bytes ? used : 0)};
	}
	return cursors;
}

static int
recover_from(struct lanes_header *header, size_t size, uint64_t after,
             int (*visit)(void *context, uint64_t number, struct str line), void *context, uint64_t *ret_next)
{
	struct cursor *cursors = recover_cursors(header, size), *cursor;
	struct piece piece;
	int r = 0;

	if (!cursors)
		return 0;
	*ret_next = atomic_load_explicit(&header->next, memory_order_relaxed);
	while (r == 0 && (cursor = cursor_first(cursors, 2 * header->count, after, &piece)) != NULL) {
		r = visit(context, piece.number, cursor_line(cursor, &piece));
		cursor->at += piece_size(piece.len);
	}
	free(cursors);
	return r;
}

int
lanes_recover(const char *path, uint64_t after, int (*visit)(void *context, uint64_t number, struct str line),
              void *context, uint64_t *ret_next, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat info;
	void *memory = MAP_FAILED;

	*ret_next = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &info) != 0)
		r = error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
	else if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		r = error_set(err, ERROR_BUSY, NULL, "'%s' is in use by another process", path);
	else if (info.st_size > 0)
		memory = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED) {
		r = recover_from(memory, (size_t)info.st_size, after, visit, context, ret_next);
		(void)munmap(memory, (size_t)info.st_size);
	}
	if (fd >= 0)
		(void)close(fd); /* it was only read */
	return r;
}
