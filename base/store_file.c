/* store_file - a database's file as a file: is it there, is it as long as it says, has it a name? */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/store_lock.h"

#define FILE_MODE 0660
#define META_LAST_PAGE_AT 136 /* in a meta page, the number of the last page. source  the file format of LMDB 0.9 */
#define META_COMMIT_AT 144    /* behind it, the number of the commit that wrote the page */
#define COPY_MOST ((size_t)1 << 30)

int
store_file_path(const char *directory, char *ret, size_t size, struct error *err)
{
	if ((size_t)snprintf(ret, size, "%s/data.mdb", directory) >= size)
		return error_set(err, ERROR_IO, NULL, "the name of directory '%s' is too long", directory);
	return 0;
}

int
store_file_check(const char *directory, bool existing, struct error *err)
{
	char path[PATH_MAX];
	struct stat status;
	int r = store_file_path(directory, path, sizeof(path), err);

	if (r != 0 || (stat(path, &status) == 0 && status.st_size != 0))
		return r;
	if (store_lock_is_marked(directory))
		return error_set(err, ERROR_DAMAGED, NULL,
		                 "the database in '%s' has lost its file; to start an empty one remove the directory",
		                 directory);
	return existing ? error_set(err, ERROR_IO, NULL, "there is no database in '%s'", directory) : 0;
}

bool
store_file_claims_too_much(const char *directory)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char path[PATH_MAX];
	struct stat status;
	bool claims = false;
	int fd = store_file_path(directory, path, sizeof(path), NULL) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	for (size_t i = 0; i < 2 && fstat(fd, &status) == 0; i++) {
		uint64_t last_page;

		if (pread(fd, &last_page, 8, (off_t)(i * page_bytes + META_LAST_PAGE_AT)) == 8 &&
		    last_page / 2 > (uint64_t)status.st_size / page_bytes)
			claims = true;
	}
	(void)close(fd); /* only read */
	return claims;
}

bool
store_file_commits(const char *directory, uint64_t *ret)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char path[PATH_MAX];
	uint64_t numbers[2];
	bool whole = true;
	int fd = store_file_path(directory, path, sizeof(path), NULL) == 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		whole = whole && pread(fd, &numbers[i], 8, (off_t)(i * page_bytes + META_COMMIT_AT)) == 8;
	(void)close(fd); /* only read */
	if (whole)
		*ret = numbers[numbers[1] > numbers[0]];
	return whole;
}

int
store_directory_sync(const char *directory, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd >= 0 ? fsync(fd) : -1;

	if (r != 0)
		r = error_set(err, ERROR_IO, NULL, "cannot sync directory '%s': %s", directory, strerror(errno));
	if (fd >= 0)
		(void)close(fd); /* only read */
	return r;
}

/* All bytes of an open file, as a new one. 0 or -1 with errno. */
static int
copy_file(int from, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE), saved;
	off_t at = 0;
	ssize_t got;

	if (to < 0)
		return -1;
	do
		got = sendfile(to, from, &at, COPY_MOST);
	while (got > 0);
	saved = errno;
	if (close(to) != 0 && got == 0)
		return -1;
	errno = saved;
	return got == 0 ? 0 : -1;
}

int
store_private_make(char ret[32], int from, struct error *err)
{
	char path[64];
	int r;

	(void)snprintf(ret, 32, "/tmp/clguard-XXXXXX");
	if (!mkdtemp(ret))
		return error_set(err, ERROR_IO, NULL, "cannot make a directory in /tmp: %s", strerror(errno));
	(void)snprintf(path, sizeof(path), "%s/data.mdb", ret);
	if (from < 0 || copy_file(from, path) == 0)
		return 0;
	r = error_set(err, errno == ENOSPC ? ERROR_FULL : ERROR_IO, NULL, "cannot copy the private database: %s",
	              strerror(errno));
	store_private_forget(ret);
	return r;
}

void
store_private_forget(const char *directory)
{
	static const char *const files[] = {"data.mdb", "lock.mdb"};
	char path[64];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, files[i]); /* fits */
		(void)unlink(path);                                               /* may be missing after a failure */
	}
	(void)rmdir(directory); /* an empty directory in /tmp does no harm */
}
