/* store_turn - whose turn it is with what a database's processes change in turns */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0660

void
store_turn_init(struct store_turn *turn)
{
	turn->fd = -1;
	pthread_mutex_init(&turn->lock, NULL);
}

int
store_turn_open(struct store_turn *turn, const char *directory, struct error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/clguard.turn", directory) >= (int)sizeof(path))
		return error_set(err, ERROR_IO, NULL, "the name of directory '%s' is too long", directory);
	turn->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (turn->fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
	return 0;
}

void
store_turn_close(struct store_turn *turn)
{
	if (turn->fd >= 0)
		(void)close(turn->fd); /* nothing was written */
	pthread_mutex_destroy(&turn->lock);
}

static int
set_byte(int fd, short type)
{
	struct flock byte = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	int rc;

	/* There is but one such byte, so that nobody waits in a circle. */
	while ((rc = fcntl(fd, F_SETLKW, &byte)) != 0 && errno == EINTR)
		;
	return rc == 0 ? 0 : errno;
}

int
store_turn_take(struct store_turn *turn)
{
	int rc = 0;

	pthread_mutex_lock(&turn->lock);
	if (turn->fd >= 0)
		rc = set_byte(turn->fd, F_WRLCK);
	if (rc != 0)
		pthread_mutex_unlock(&turn->lock);
	return rc;
}

void
store_turn_give(struct store_turn *turn)
{
	if (turn->fd >= 0)
		(void)set_byte(turn->fd, F_UNLCK); /* of one byte: needs no memory */
	pthread_mutex_unlock(&turn->lock);
}
