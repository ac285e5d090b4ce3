/* chain - the form of a line of the decision log: its number, and a code that binds it to all lines before */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decision_log/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"

#define KEY_MODE 0600
#define NUMBER STR("{\"n\":")
#define FIRST STR("{\"log\":1,")
#define CODE STR(",\"mac\":\"")
#define END_LEN (8 + 32 + 2) /* of CODE, the code, and "} behind it */

void
chain_key_id(const struct hash_key *key, char out[CHAIN_KEY_ID_SIZE])
{
	char text[MAC_TEXT_SIZE];

	mac_write(mac_chain(key, (struct hash128){0}, STR("key")), text);
	memcpy(out, text, CHAIN_KEY_ID_SIZE - 1);
	out[CHAIN_KEY_ID_SIZE - 1] = '\0';
}

/* A new file with a random key. */
static int
chain_key_make(const char *path, struct error *err)
{
	char text[MAC_TEXT_SIZE + 1];
	struct hash128 random;
	int fd;
	bool good;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(err, ERROR_IO, NULL, "no random bytes: %s", strerror(errno));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, KEY_MODE);
	if (fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot make the key file '%s': %s", path, strerror(errno));
	mac_write(random, text);
	text[MAC_TEXT_SIZE - 1] = '\n';
	good = write(fd, text, MAC_TEXT_SIZE) == MAC_TEXT_SIZE;
	good = fsync(fd) == 0 && good;
	good = close(fd) == 0 && good;
	if (good)
		return 0;
	(void)unlink(path); /* it is not whole */
	return error_set(err, ERROR_IO, NULL, "cannot write the key file '%s': %s", path, strerror(errno));
}

int
chain_key_read(const char *path, bool make, struct hash_key *ret, struct error *err)
{
	char text[MAC_TEXT_SIZE + 1] = "";
	struct hash128 key;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		if (chain_key_make(path, err) != 0)
			return -(int)err->code;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_set(err, ERROR_IO, NULL, "cannot open the key file '%s': %s", path, strerror(errno));
	len = read(fd, text, sizeof(text));
	(void)close(fd); /* it was only read */
	if (len < 32 || len > 33 || (len == 33 && text[32] != '\n') || !mac_read((struct str){text, 32}, &key))
		return error_set(err, ERROR_SYNTAX, NULL, "the key file '%s' is wrong: expected 32 hex digits", path);
	*ret = (struct hash_key){key.lo, key.hi};
	return 0;
}

static size_t
finish(const struct hash_key *key, struct hash128 *mac, char *out, char *at)
{
	*mac = mac_chain(key, *mac, (struct str){out, (size_t)(at - out)});
	at = put_piece(at, CODE);
	mac_write(*mac, at);
	at = put_piece(at + MAC_TEXT_SIZE - 1, STR("\"}\n"));
	return (size_t)(at - out);
}

size_t
chain_line(const struct hash_key *key, struct hash128 *mac, uint64_t number, struct str line, char *out)
{
	char *at = put_piece(out, NUMBER);

	at = put_piece(put_number(at, (int64_t)number), line);
	return finish(key, mac, out, at);
}

size_t
chain_first_line(const struct hash_key *key, struct hash128 *mac, struct str line, char *out)
{
	return finish(key, mac, out, put_piece(out, line));
}

static bool
starts(struct str text, struct str with)
{
	return text.len >= with.len && memcmp(text.ptr, with.ptr, with.len) == 0;
}

/* Digits up to something else; false when there are none, or too many. */
static bool
chain_read_number(struct str text, uint64_t *ret)
{
	size_t i = 0;

	*ret = 0;
	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
		if (i == 18)
			return false;
		*ret = *ret * 10 + (uint64_t)(text.ptr[i] - '0');
	}
	return i > 0;
}

/* No text of a line can contain a member's name: its quotes would be escaped there. */
bool
chain_read(struct str line, struct chain_line *ret)
{
	struct str rest;

	*ret = (struct chain_line){0};
	if (line.len < END_LEN || memcmp(line.ptr + line.len - 2, "\"}", 2) != 0)
		return false;
	ret->covered = (struct str){line.ptr, line.len - END_LEN};
	rest = (struct str){line.ptr + ret->covered.len, END_LEN};
	if (!starts(rest, CODE) || !mac_read((struct str){rest.ptr + CODE.len, 32}, &ret->mac))
		return false;
	if (starts(line, NUMBER))
		return chain_read_number((struct str){line.ptr + NUMBER.len, line.len - NUMBER.len}, &ret->number);
	if (!starts(line, FIRST))
		return false;
	ret->first = true;
	rest = str_behind(ret->covered, STR("\"key\":\""));
	if (rest.len < CHAIN_KEY_ID_SIZE)
		return false;
	memcpy(ret->key, rest.ptr, CHAIN_KEY_ID_SIZE - 1);
	rest = str_behind(ret->covered, STR("\"previous\":\""));
	if (rest.len < 32 || !mac_read((struct str){rest.ptr, 32}, &ret->previous))
		return false;
	return chain_read_number(str_behind(ret->covered, STR("\"next\":")), &ret->number);
}
