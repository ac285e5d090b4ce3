/* socket - listening sockets, one a worker */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/system/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESS_SIZE 256 /* of ADDR:PORT as a text */
#define INHERITED_FD 3   /* where service managers put the first; the others follow */
#define INHERITED_MOST 1024

static int
failed(struct error *err, const char *what, const char *address)
{
	return error_set(err, errno == EADDRINUSE ? ERROR_BUSY : ERROR_IO, NULL, "%s %s: %s", what, address,
	                 strerror(errno));
}

/* One bound socket; it does not listen yet. -1 with errno. */
static int
bind_one(const struct sockaddr *address, socklen_t len, bool reuse_port)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, saved;

	if (fd < 0)
		return -1;
	if (address->sa_family != AF_UNIX) {
		/* a restart need not wait for old connections */
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		if (address->sa_family == AF_INET6)
			(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){0}, sizeof(int));
	}
	if ((!reuse_port || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0) &&
	    bind(fd, address, len) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

/* The address a socket is bound to, as it would be written. */
static void
name_of(int fd, char *buf, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	char host[80], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		(void)snprintf(buf, size, "an inherited socket");
	} else if (address.ss_family == AF_UNIX) {
		(void)snprintf(buf, size, "unix:%s", ((struct sockaddr_un *)&address)->sun_path);
	} else if (getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
	                       NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		(void)snprintf(buf, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	}
}

/* The rest of the list from the first: all workers share one queue of connections. */
static int
fill_by_dup(struct sockets *sockets, struct error *err)
{
	for (unsigned i = 1; i < sockets->count; i++) {
		sockets->fds[i] = fcntl(sockets->fds[0], F_DUPFD_CLOEXEC, 0);
		if (sockets->fds[i] < 0)
			return failed(err, "cannot share", sockets->name);
	}
	return 0;
}

/* True when the path is a socket file that nobody listens on. */
static bool
is_stale(const struct sockaddr_un *address)
{
	struct stat file;
	int fd, r;

	if (lstat(address->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = fd < 0 ? 0 : connect(fd, (const struct sockaddr *)address, sizeof(*address));
	r = r != 0 && errno == ECONNREFUSED;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

bool
socket_mode_good(const char *mode)
{
	size_t len = strlen(mode);

	return len >= 3 && len <= 4 && strspn(mode, "01234567") == len && strtol(mode, NULL, 8) <= 0777;
}

/* A user's or a group's number, by its name or as digits: 0, or -1 when there is none. */
static int
find_owner(const char *name, bool group, unsigned *ret)
{
	const struct passwd *user = group ? NULL : getpwnam(name);
	const struct group *found = group ? getgrnam(name) : NULL;
	char *end = NULL;

	if (user)
		*ret = user->pw_uid;
	else if (found)
		*ret = found->gr_gid;
	else
		*ret = (unsigned)strtoul(name, &end, 10);
	return end && (end == name || *end) ? -1 : 0;
}

/* Owner first: after that the mode is still ours to set, or it fails as it must. */
static int
give_access(const char *path, const struct socket_access *access, struct error *err)
{
	unsigned owner = (unsigned)-1, group = (unsigned)-1;

	if (access->owner && find_owner(access->owner, false, &owner) != 0)
		return error_set(err, ERROR_UNKNOWN, NULL, "socket_owner: there is no user '%s'", access->owner);
	if (access->group && find_owner(access->group, true, &group) != 0)
		return error_set(err, ERROR_UNKNOWN, NULL, "socket_group: there is no group '%s'", access->group);
	if (access->mode && chmod(path, (mode_t)strtol(access->mode, NULL, 8)) != 0)
		return failed(err, "cannot set the mode of", path);
	if ((access->owner || access->group) && chown(path, owner, group) != 0)
		return failed(err, "cannot give away", path);
	return 0;
}

/* Made with no more rights than asked for, whatever the umask: nobody slips in before chmod. */
static int
bind_unix(const struct sockaddr_un *address, const struct socket_access *access)
{
	mode_t usual = access->mode ? umask(0777 & ~(mode_t)strtol(access->mode, NULL, 8)) : 0;
	int fd = bind_one((const struct sockaddr *)address, sizeof(*address), false), saved = errno;

	if (access->mode)
		(void)umask(usual); /* cannot fail */
	errno = saved;
	return fd;
}

static int
open_unix(const char *path, const struct socket_access *access, struct sockets *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)strcpy(address.sun_path, path); /* fits, see above */
	if (is_stale(&address))
		(void)unlink(path);
	ret->fds[0] = bind_unix(&address, access);
	if (ret->fds[0] < 0)
		return failed(err, "cannot listen on", path);
	(void)strcpy(ret->unix_path, path); /* of the same size */
	if (give_access(path, access, err) != 0)
		return -(int)err->code;
	if (listen(ret->fds[0], SOMAXCONN) != 0)
		return failed(err, "cannot listen on", path);
	name_of(ret->fds[0], ret->name, sizeof(ret->name));
	return fill_by_dup(ret, err);
}

static void
set_port(struct sockaddr *address, in_port_t port)
{
	if (address->sa_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = port;
	else
		((struct sockaddr_in *)address)->sin_port = port;
}

static in_port_t
port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	return address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
	                                     : ((struct sockaddr_in *)&address)->sin_port;
}

static int
open_tcp(const struct addrinfo *info, const char *text, struct sockets *ret, struct error *err)
{
	int trial = bind_one(info->ai_addr, info->ai_addrlen, false);

	if (trial < 0)
		return failed(err, "cannot listen on", text);
	set_port(info->ai_addr, port_of(trial)); /* when 0 was asked for: the one that was free */
	(void)close(trial);
	for (unsigned i = 0; i < ret->count; i++) {
		ret->fds[i] = bind_one(info->ai_addr, info->ai_addrlen, true);
		if (ret->fds[i] < 0 || listen(ret->fds[i], SOMAXCONN) != 0)
			return failed(err, "cannot listen on", text);
	}
	name_of(ret->fds[0], ret->name, sizeof(ret->name));
	return 0;
}

/* "host:port" apart: the host without brackets, NULL for all addresses. In `buf`. */
static int
socket_split(const char *text, char *buf, size_t size, char **ret_host, char **ret_port)
{
	char *colon, *host = buf;
	size_t len = strlen(text);

	if (len >= size)
		return -1;
	memcpy(buf, text, len + 1);
	colon = strrchr(buf, ':');
	if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -1;
	if (strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > UINT16_MAX)
		return -1; /* the resolver would take what is left of it in 16 bits */
	*colon = '\0';
	if (host[0] == '[' && colon > host + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	} else if (strchr(host, ':')) {
		return -1; /* IPv6 needs its brackets */
	}
	*ret_host = *host && strcmp(host, "*") != 0 ? host : NULL;
	*ret_port = colon + 1;
	return 0;
}

bool
socket_address_good(const char *listen)
{
	char buf[ADDRESS_SIZE], *host, *port;

	if (strncmp(listen, "unix:", 5) == 0)
		return listen[5] && strlen(listen + 5) < sizeof(((struct sockaddr_un *)0)->sun_path);
	return socket_split(listen, buf, sizeof(buf), &host, &port) == 0;
}

static int
open_address(const char *text, struct sockets *ret, struct error *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *info = NULL;
	char buf[ADDRESS_SIZE], *host, *port;
	int r;

	(void)socket_split(text, buf, sizeof(buf), &host, &port); /* good, see sockets_open */
	r = getaddrinfo(host, port, &hints, &info);
	if (r != 0)
		return error_set(err, ERROR_IO, NULL, "listen: %s: %s", text, gai_strerror(r));
	r = open_tcp(info, text, ret, err);
	freeaddrinfo(info);
	return r;
}

unsigned
sockets_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	long count = pid && fds && strtol(pid, NULL, 10) == (long)getpid() ? strtol(fds, NULL, 10) : 0;

	return count > 0 && count < INHERITED_MOST ? (unsigned)count : 0;
}

/* The descriptor that has this name, of those that are given; -1: none has. */
static int
inherited_by_name(const char *names, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++) {
		size_t len = strcspn(names, ":");

		if (len == strlen(name) && memcmp(names, name, len) == 0)
			return INHERITED_FD + (int)i;
		names += len + (names[len] == ':');
	}
	return -1;
}

/*
 * The descriptor that stands for an address, -1 for none: by names where there is one of ours, else by order.
 * source  sd_listen_fds_with_names(3), as a protocol: the variables name the process and count descriptors from 3 on
 */
static int
inherited_find(unsigned place)
{
	const char *names = getenv("LISTEN_FDNAMES");
	unsigned count = sockets_inherited();
	char name[32] = "listen";

	if (place)
		(void)snprintf(name, sizeof(name), "listener-%u", place);
	if (count && names && (strncmp(names, "listen", 6) == 0 || strstr(names, ":listen")))
		return inherited_by_name(names, count, name);
	return place < count ? INHERITED_FD + (int)place : -1;
}

static int
take_inherited(int fd, struct sockets *ret, struct error *err)
{
	int flags = fcntl(fd, F_GETFL), listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
		return error_set(err, ERROR_IO, NULL, "the inherited descriptor %d is not a listening socket", fd);
	(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	ret->fds[0] = fd;
	ret->inherited = true;
	name_of(fd, ret->name, sizeof(ret->name));
	return fill_by_dup(ret, err);
}

int
sockets_open(const char *listen, unsigned place, unsigned count, const struct socket_access *access,
             struct sockets *ret, struct error *err)
{
	int inherited = inherited_find(place), r;

	*ret = (struct sockets){.count = count, .fds = malloc(count * sizeof(*ret->fds))};
	if (!ret->fds)
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	for (unsigned i = 0; i < count; i++)
		ret->fds[i] = -1;
	if (inherited >= 0)
		r = take_inherited(inherited, ret, err);
	else if (!socket_address_good(listen))
		r = error_set(err, ERROR_TYPE, NULL, "'%s' is neither ADDR:PORT nor unix:PATH", listen);
	else if (strncmp(listen, "unix:", 5) == 0)
		r = open_unix(listen + 5, access, ret, err);
	else
		r = open_address(listen, ret, err);
	if (r != 0) {
		sockets_close(ret);
		sockets_done(ret);
	}
	return r;
}

void
sockets_done(struct sockets *sockets)
{
	free(sockets->fds);
	if (sockets->unix_path[0])
		(void)unlink(sockets->unix_path);
	*sockets = (struct sockets){0};
}

void
sockets_close(struct sockets *sockets)
{
	for (unsigned i = 0; i < sockets->count; i++)
		if (sockets->fds[i] >= 0)
			(void)close(sockets->fds[i]);
}
