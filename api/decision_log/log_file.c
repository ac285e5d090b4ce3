/* log_file - the file of the decision log: where it was left, chained lines, and one file after the other */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/decision_log/log_files.h"
#include "api/process/log.h"
#include "base/clock.h"
#include "base/text.h"

#define FILE_MODE 0640
#define OUT_BYTES ((size_t)512 << 10)
#define FIRST_MOST 4096              /* bytes of a first line */
#define TAIL_BYTES ((size_t)1 << 20) /* the last line is looked for in these */

void
log_file_aside(const char *path, uint64_t first, char *out, size_t size)
{
	(void)snprintf(out, size, "%s.%020" PRIu64, path, first);
}

static int
open_append(const char *path)
{
	return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
}

/* A file that is to be gone on with. What is only written to, such as a pipe, cannot be read. */
static int
log_file_open_own(struct log_file *file, struct error *err)
{
	struct stat info;

	file->fd = open_append(file->path);
	if (file->fd < 0 && (errno == EACCES || errno == ENXIO))
		file->fd = open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &info) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot open the decision log '%s': %s", file->path,
		                 strerror(errno));
	file->regular = S_ISREG(info.st_mode);
	file->bytes = file->regular ? (uint64_t)info.st_size : 0;
	file->empty = file->bytes == 0;
	return 0;
}

/* Another file of the name begins: this one is moved aside, where nothing has the name. */
static int
move_aside(struct log_file *file, uint64_t first, struct error *err)
{
	char name[LOG_PATH_SIZE];
	struct stat info;

	log_file_aside(file->path, first, name, sizeof(name));
	while (stat(name, &info) == 0 && first < UINT64_MAX)
		log_file_aside(file->path, ++first, name, sizeof(name));
	if (rename(file->path, name) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot move the decision log '%s' aside: %s", file->path,
		                 strerror(errno));
	(void)close(file->fd); /* every write was looked at */
	return log_file_open_own(file, err);
}

/* The last whole line of the file, and where the next one begins. Absent when there is none in reach. */
static struct str
last_line(const struct log_file *file, char *tail, uint64_t *ret_end)
{
	size_t len = file->bytes < TAIL_BYTES ? (size_t)file->bytes : TAIL_BYTES;
	ssize_t got = pread(file->fd, tail, len, (off_t)(file->bytes - len));
	const char *end = got == (ssize_t)len ? memrchr(tail, '\n', len) : NULL, *start;

	if (!end)
		return STR_NONE;
	*ret_end = file->bytes - len + (size_t)(end + 1 - tail);
	start = memrchr(tail, '\n', (size_t)(end - tail));
	start = start ? start + 1 : tail;
	return (struct str){start, (size_t)(end - start)};
}

/* Of the file's first line. */
static bool
first_line(const struct log_file *file, char *tail, struct chain_line *ret)
{
	ssize_t got = pread(file->fd, tail, FIRST_MOST, 0);
	const char *end = got > 0 ? memchr(tail, '\n', (size_t)got) : NULL;

	return end && chain_read((struct str){tail, (size_t)(end - tail)}, ret) && ret->first;
}

/* Where the file was left. A line that is not whole was being written when the process ended. */
static int
find_end(struct log_file *file, struct error *err)
{
	char *tail = malloc(TAIL_BYTES + FIRST_MOST), key[CHAIN_KEY_ID_SIZE];
	struct chain_line first = {0}, last = {0};
	uint64_t end = 0;
	bool mine;

	if (!tail)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	chain_key_id(&file->key, key);
	mine = first_line(file, tail, &first) && strcmp(first.key, key) == 0 &&
	       chain_read(last_line(file, tail, &end), &last);
	free(tail);
	if (!mine)
		return move_aside(file, first.first ? first.number : 0, err);
	file->last = last.first ? last.number - 1 : last.number;
	file->mac = last.mac;
	file->begun_ms = clock_wall_ms();
	if (end == file->bytes)
		return 0;
	log_line(file->settings, LOG_LEVEL_WARNING,
	         "the last line of the decision log '%s' was not whole, it is cut off", file->path);
	if (ftruncate(file->fd, (off_t)end) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot cut the decision log '%s': %s", file->path,
		                 strerror(errno));
	file->bytes = end;
	return 0;
}

/* A new file after one that is still there goes on with its chain. */
static void
find_previous(struct log_file *file)
{
	struct log_files files = {0};
	struct log_file before = {.settings = file->settings, .fd = -1};
	char *tail = malloc(TAIL_BYTES);
	struct chain_line last;
	uint64_t end;

	if (tail && log_files_find(file->path, &files) == 0 && files.count > 1)
		before.fd = open(files.paths[files.count - 2], O_RDONLY | O_CLOEXEC);
	if (before.fd >= 0) {
		off_t size = lseek(before.fd, 0, SEEK_END);

		before.bytes = size > 0 ? (uint64_t)size : 0;
		if (chain_read(last_line(&before, tail, &end), &last)) {
			file->last = last.first ? last.number - 1 : last.number;
			file->mac = last.mac;
		}
		(void)close(before.fd); /* it was only read */
	}
	log_files_free(&files);
	free(tail);
}

/* The key that is given, or one beside the log. Without a file there is nothing to verify. */
static int
find_key(struct log_file *file, struct error *err)
{
	char name[LOG_PATH_SIZE];

	if (file->settings->decision_log_key)
		return chain_key_read(file->settings->decision_log_key, true, &file->key, err);
	if (!file->regular)
		return 0;
	if ((size_t)snprintf(name, sizeof(name), "%s.key", file->path) >= sizeof(name))
		return error_set(err, ERROR_LIMIT, NULL, "the name of the decision log is too long");
	return chain_key_read(name, true, &file->key, err);
}

int
log_file_open(struct log_file *file, const struct settings *settings, struct error *err)
{
	*file = (struct log_file){
		.settings = settings, .path = settings->decision_log, .fd = -1, .out_size = OUT_BYTES};
	file->out = malloc(OUT_BYTES);
	if (!file->out)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (log_file_open_own(file, err) != 0 || find_key(file, err) != 0)
		return -(int)err->code;
	if (!file->empty)
		return find_end(file, err);
	if (file->regular)
		find_previous(file);
	return 0;
}

void
log_file_close(struct log_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd); /* every write was looked at */
	free(file->out);
	file->out = NULL;
}

/* The first line of a file: what it is, and what is not in it. */
static void
put_first_line(struct log_file *file, uint64_t next)
{
	const struct settings_list *mask = &file->settings->decision_log_mask;
	char key[CHAIN_KEY_ID_SIZE], previous[MAC_TEXT_SIZE], time[TIME_TEXT_SIZE];
	struct arena arena;
	struct text line;
	struct str done;

	file->begun_ms = clock_wall_ms();
	chain_key_id(&file->key, key);
	mac_write(file->mac, previous);
	time_format_instant(file->begun_ms, time);
	arena_init(&arena, FIRST_MOST);
	text_init(&line, &arena);
	text_addf(&line, "{\"log\":1,\"time\":\"%s\",\"key\":\"%s\",\"next\":%" PRIu64 ",\"previous\":\"%s\"", time,
	          key, next, previous);
	text_addf(&line, ",\"permits\":%" PRId64 ",\"masked\":[", file->settings->decision_log_permits);
	for (size_t i = 0; i < mask->count; i++) {
		text_add(&line, i ? STR(",") : STR(""));
		text_add_json(&line, str_from(mask->items[i]));
	}
	text_add(&line, STR("]"));
	done = text_done(&line);
	if (done.ptr && done.len + CHAIN_MORE <= file->out_size - file->out_used)
		file->out_used += chain_first_line(&file->key, &file->mac, done, file->out + file->out_used);
	arena_free(&arena);
	file->empty = false;
}

bool
log_file_put(struct log_file *file, uint64_t number, struct str line)
{
	if (line.len + CHAIN_MORE + (file->empty ? FIRST_MOST : 0) > file->out_size - file->out_used)
		return false;
	if (file->empty)
		put_first_line(file, number);
	file->out_used += chain_line(&file->key, &file->mac, number, line, file->out + file->out_used);
	file->last = number;
	return true;
}

bool
log_file_is_full(const struct log_file *file)
{
	uint64_t most = (uint64_t)file->settings->decision_log_size;

	return most && file->regular && file->bytes + file->out_used - file->out_done >= most;
}

bool
log_file_flush(struct log_file *file)
{
	while (file->out_done < file->out_used) {
		ssize_t written = write(file->fd, file->out + file->out_done, file->out_used - file->out_done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			file->code = written < 0 ? errno : ENOSPC;
			return false;
		}
		file->out_done += (size_t)written;
		file->bytes += (uint64_t)written;
	}
	file->out_used = file->out_done = 0;
	file->code = 0;
	return true;
}

static void
log_file_complain(struct log_file *file, const char *what, const char *name)
{
	log_line(file->settings, LOG_LEVEL_ERROR, "cannot %s the decision log '%s': %s", what, name, strerror(errno));
}

/* The oldest of the files that were moved aside go, but for as many as are kept. */
static void
drop_old(struct log_file *file)
{
	size_t keep = (size_t)file->settings->decision_log_keep;
	struct log_files files = {0};

	if (keep == 0 || log_files_find(file->path, &files) != 0)
		return;
	for (size_t i = 0; i + keep + 1 < files.count; i++) {
		if (unlink(files.paths[i]) != 0)
			log_file_complain(file, "remove a file of", files.paths[i]);
		else
			log_line(file->settings, LOG_LEVEL_INFO, "decision log: removed '%s', %zu are kept",
			         files.paths[i], keep);
	}
	log_files_free(&files);
}

/* The first number in the file, for its name. */
static uint64_t
first_number(const struct log_file *file)
{
	struct chain_line first;
	char head[FIRST_MOST];

	return first_line(file, head, &first) ? first.number : 0;
}

void
log_file_turn(struct log_file *file, int64_t now_ms, bool moved)
{
	const struct settings *settings = file->settings;
	int64_t age_ms = settings->decision_log_age_s * 1000;
	bool full = settings->decision_log_size && file->bytes >= (uint64_t)settings->decision_log_size;
	/* By intervals of the clock, so that a day's file begins at midnight. */
	bool old = age_ms && now_ms / age_ms != file->begun_ms / age_ms;
	char name[LOG_PATH_SIZE];
	int fd;

	if (!file->regular ? !moved : file->empty || !(full || old || moved))
		return;
	if (file->regular && !moved) {
		log_file_aside(file->path, first_number(file), name, sizeof(name));
		if (rename(file->path, name) != 0) {
			log_file_complain(file, "move aside", file->path);
			file->begun_ms = now_ms; /* not again at every look */
			return;
		}
	}
	fd = open_append(file->path);
	if (fd < 0) {
		log_file_complain(file, "open", file->path);
		return; /* lines go on into the old one */
	}
	if (file->regular && fdatasync(file->fd) != 0)
		log_file_complain(file, "write", file->path);
	(void)close(file->fd); /* every write was looked at */
	file->fd = fd;
	file->bytes = 0;
	if (file->regular) {
		off_t size = lseek(fd, 0, SEEK_END);

		file->bytes = size > 0 ? (uint64_t)size : 0;
		file->empty = file->bytes == 0;
		drop_old(file);
	}
}
