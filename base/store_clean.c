/* store_clean - a clean stop remembered: as what file, at which commit, the database was left */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_clean.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/store_file.h"

#define FILE_MODE 0660
#define RECORD_SIZE 256

static const struct hash_key key = {0, 0}; /* tells a torn record apart; it is not secret */

static bool
clean_path(const char *directory, const char *name, char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/%s", directory, name) < PATH_MAX;
}

/* The record of the file as it is now, with a checksum behind. False when the file cannot be read. */
static bool
describe(const char *directory, char ret[RECORD_SIZE])
{
	char path[PATH_MAX];
	struct stat status;
	uint64_t commits;
	int len;

	if (store_file_path(directory, path, sizeof(path), NULL) != 0 || stat(path, &status) != 0 ||
	    !store_file_commits(directory, &commits))
		return false;
	len = snprintf(ret, RECORD_SIZE,
	               "clguard clean stop 1\n%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 ".%09ld %" PRId64
	               ".%09ld %" PRIu64 "\n",
	               (uint64_t)status.st_dev, (uint64_t)status.st_ino, (int64_t)status.st_size,
	               (int64_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, (int64_t)status.st_ctim.tv_sec,
	               status.st_ctim.tv_nsec, commits);
	(void)snprintf(ret + len, RECORD_SIZE - (size_t)len, "%016" PRIx64 "\n",
	               hash_str(&key, (struct str){ret, (size_t)len}));
	return true;
}

void
store_clean_write(const char *directory)
{
	char made[PATH_MAX], path[PATH_MAX], record[RECORD_SIZE];
	size_t len;
	int fd;
	bool whole;

	if (!describe(directory, record) || !clean_path(directory, "clguard.clean.tmp", made) ||
	    !clean_path(directory, "clguard.clean", path))
		return;
	fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return;
	len = strlen(record);
	whole = write(fd, record, len) == (ssize_t)len && fsync(fd) == 0;
	if (close(fd) != 0 || !whole || rename(made, path) != 0)
		(void)unlink(made); /* the next start verifies */
}

void
store_clean_forget(const char *directory)
{
	char path[PATH_MAX];

	if (clean_path(directory, "clguard.clean", path) && unlink(path) == 0)
		(void)store_directory_sync(directory, NULL); /* after power loss the file's own times tell */
}

bool
store_clean_agrees(const char *directory)
{
	char path[PATH_MAX], kept[RECORD_SIZE] = "", now[RECORD_SIZE];
	ssize_t len;
	int fd;

	if (!clean_path(directory, "clguard.clean", path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, kept, sizeof(kept) - 1);
	(void)close(fd); /* only read */
	return len > 0 && describe(directory, now) && strcmp(kept, now) == 0;
}
