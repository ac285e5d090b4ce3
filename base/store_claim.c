/* store_claim - which file a directory's name stands for, as long as some process has it open */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_claim.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

#define FILE_BITS 32 /* of a place: the file's part; above it the name's, which has fewer, for an offset is positive */
#define NAME_MASK 0x3fffffffu

static const struct hash_key key = {0, 0}; /* alike in all processes; two files that collide are only not told apart */

static uint32_t
hash_bits(const void *bytes, size_t len)
{
	return (uint32_t)hash_str(&key, (struct str){bytes, len});
}

static off_t
first_place(const struct store_claim *claim)
{
	return (off_t)((uint64_t)claim->name << FILE_BITS);
}

static off_t
place_of_file(const struct store_claim *claim, const struct stat *file)
{
	const uint64_t identity[2] = {(uint64_t)file->st_dev, (uint64_t)file->st_ino};

	return first_place(claim) + hash_bits(identity, sizeof(identity));
}

/* Whether somebody else holds a byte of [from, to). */
static bool
is_held(const struct store_claim *claim, off_t from, off_t to)
{
	struct flock region = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = to - from};

	return to > from && fcntl(claim->fd, F_OFD_GETLK, &region) == 0 && region.l_type != F_UNLCK;
}

/* The directory above, and the name in it. A path through links stands for what they lead to. */
static void
open_above(struct store_claim *claim, const char *directory)
{
	char path[PATH_MAX];
	char *slash;

	if (!realpath(directory, path))
		return;
	slash = strrchr(path, '/');
	claim->name = hash_bits(slash + 1, strlen(slash + 1)) & NAME_MASK;
	slash[slash == path] = '\0';
	claim->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
store_claim_check(struct store_claim *claim, const char *directory, const struct stat *file, struct error *err)
{
	off_t first, end, own;

	if (claim->fd < 0)
		open_above(claim, directory);
	if (claim->fd < 0)
		return 0;
	first = first_place(claim);
	end = first + ((off_t)1 << FILE_BITS);
	own = file ? place_of_file(claim, file) : end;
	if (!is_held(claim, first, own) && !is_held(claim, own + 1, end))
		return 0;
	return error_set(err, ERROR_BUSY, NULL,
	                 "another process has a database open that was '%s' before the directory or its data.mdb was "
	                 "replaced: end that process first, or put its files back",
	                 directory);
}

void
store_claim_take(struct store_claim *claim, const struct stat *file)
{
	struct flock byte = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};

	if (claim->fd < 0)
		return;
	byte.l_start = place_of_file(claim, file);
	if (fcntl(claim->fd, F_OFD_SETLK, &byte) != 0)
		store_claim_drop(claim);
}

void
store_claim_drop(struct store_claim *claim)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};

	if (claim->fd < 0)
		return;
	(void)fcntl(claim->fd, F_OFD_SETLK, &all); /* a forked child may hold a copy of the descriptor */
	(void)close(claim->fd);                    /* nothing is buffered */
	claim->fd = -1;
}
