/* own_engine - a clguardd of its own for the policies of one element: started, found again, ended */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/engine/own_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define ENGINE_END_MS 5000 /* from SIGTERM to SIGKILL, and after that */
#define ENGINE_LOOK_MS 20
#define ENGINE_ASK_S 1
#define ENGINE_ARGUMENTS_MAX 64
#define TREE_FILES_MAX 16

extern char **environ;

bool
engine_place_of(const struct element_host *participant, struct str id, struct arena *arena, struct engine_place *ret,
                struct error *err)
{
	static const char digits[] = "0123456789abcdefABCDEF-";
	const char *base = participant->process->data;

	for (size_t i = 0; i < id.len; i++)
		if (!memchr(digits, id.ptr[i], sizeof(digits) - 1))
			id.len = 0;
	if (id.len == 0) {
		(void)error_set(err, ERROR_TYPE, NULL, "an engine needs an element whose id is a UUID");
		return false;
	}
	ret->folder = arena_printf(arena, "%s/engines/%.*s", base, STR_ARG(id));
	ret->lock = arena_printf(arena, "%s/lock", ret->folder);
	ret->socket = arena_printf(arena, "%s/socket", ret->folder);
	ret->log = arena_printf(arena, "%s/log", ret->folder);
	ret->data = arena_printf(arena, "%s/data", ret->folder);
	if (!ret->folder || !ret->lock || !ret->socket || !ret->log || !ret->data) {
		(void)error_set(err, ERROR_MEMORY, NULL, "out of memory");
		return false;
	}
	if (strlen(ret->socket) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return true;
	(void)error_set(err, ERROR_RANGE, NULL,
	                "data is wrong for engines: expected a path of at most %zu bytes, got '%s'",
	                sizeof(((struct sockaddr_un *)NULL)->sun_path) - strlen("/engines//socket") - id.len - 1, base);
	return false;
}

/* The lock, held from here on; -1: another process has it (EWOULDBLOCK), or errno says why not. */
static int
engine_take_lock(const struct engine_place *place, int flags)
{
	int fd = open(place->lock, O_RDWR | O_CLOEXEC | flags, S_IRUSR | S_IWUSR), problem;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	problem = errno;
	(void)close(fd); /* there is nothing to be done about it */
	errno = problem;
	return -1;
}

enum engine_state
engine_look(const struct engine_place *place, struct arena *arena)
{
	const char *address = arena_printf(arena, "unix:%s", place->socket);
	const struct client client = {.address = address, .timeout_s = ENGINE_ASK_S};
	struct error err = {0};
	struct str answer;
	unsigned status = 0;
	int fd;

	if (address && client_ask(&client, "GET", "/live", STR_NONE, NULL, arena, &status, &answer, &err) == 0 &&
	    status == 200)
		return ENGINE_ANSWERS;
	fd = engine_take_lock(place, 0);
	if (fd < 0)
		return errno == EWOULDBLOCK ? ENGINE_SILENT : ENGINE_GONE;
	(void)close(fd); /* and the lock with it */
	return ENGINE_GONE;
}

/* --- starting --- */

static int
engine_make_folder(const struct element_host *participant, const struct engine_place *place, struct arena *arena)
{
	const char *above = arena_printf(arena, "%s/engines", participant->process->data);

	if (!above || (mkdir(above, S_IRWXU) != 0 && errno != EEXIST))
		return -1;
	return mkdir(place->folder, S_IRWXU) != 0 && errno != EEXIST ? -1 : 0;
}

/* What an element's type may set of its engine. */
static bool
engine_may_set(struct str name)
{
	static const char *const names[] = {"address_connections", "address_requests", "batch_items",    "body_size",
	                                    "connections",         "durability",       "lease_s",        "listen",
	                                    "log_level",           "max_bytes",        "memory_budget",  "mode",
	                                    "policies_max",        "retention_s",      "topic_messages", "topic_size",
	                                    "topics_size",         "transactions_max", "workers"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

/* --max-bytes 1M and the like; `listen` adds to the socket. */
static int
engine_add_wants(const struct node *wants, const char **argv, size_t *count, struct arena *arena, struct error *err)
{
	for (const struct node *one = wants ? wants->first : NULL; one; one = one->next) {
		const bool listen = str_is(one->key, "listen");
		char *option =
			listen ? arena_printf(arena, "--listeners") : arena_printf(arena, "--%.*s", STR_ARG(one->key));

		if (!engine_may_set(one->key))
			return error_set(err, ERROR_UNKNOWN, NULL, "engine: '%.*s' is not a setting that a type gives",
			                 STR_ARG(one->key));
		if (!node_is_scalar(one) || node_is_null(one) || str_starts_with(one->text, STR("-")))
			return error_set(err, ERROR_TYPE, NULL, "engine: %.*s is wrong: expected a text or a number",
			                 STR_ARG(one->key));
		argv[*count] = option;
		argv[*count + 1] = arena_printf(arena, "%.*s", STR_ARG(one->text));
		if (!option || !argv[*count + 1] || *count + 3 > ENGINE_ARGUMENTS_MAX)
			return error_set(err, ERROR_MEMORY, NULL, "out of memory");
		for (char *at = option + 2; *at; at++)
			*at = *at == '_' ? '-' : *at;
		*count += 2;
	}
	return 0;
}

/* The program with the lock as its descriptor 3: the kernel gives it away when the engine has ended. 0 or an errno. */
static int
engine_spawn(const char *const argv[], const struct engine_place *place, int lock, pid_t *ret)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int r = posix_spawn_file_actions_init(&files);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		(void)posix_spawn_file_actions_destroy(&files);
		return r;
	}
	(void)sigfillset(&all); /* these cannot fail */
	(void)sigemptyset(&none);
	r = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&files, 1, place->log, O_WRONLY | O_CREAT | O_APPEND,
		                                     S_IRUSR | S_IWUSR);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, 1, 2);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, lock, 3);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes,
		                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(&attributes, &none);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &files, &attributes, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&files);
	return r;
}

int
engine_start(const struct element_host *participant, const struct engine_place *place, const struct node *wants,
             struct arena *arena, pid_t *ret_pid, struct error *err)
{
	const struct participant_settings *settings = participant->settings;
	const char *argv[ENGINE_ARGUMENTS_MAX] = {settings->engine, "--listen",
	                                          arena_printf(arena, "unix:%s", place->socket), "--data", place->data};
	size_t count = 5;
	int lock, r;

	*ret_pid = 0;
	if (settings->engine_config) {
		argv[count++] = "--config";
		argv[count++] = settings->engine_config;
	}
	r = engine_add_wants(wants, argv, &count, arena, err);
	if (r != 0)
		return r;
	if (!argv[2])
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	if (engine_make_folder(participant, place, arena) != 0)
		return error_set(err, ERROR_IO, NULL, "%s: %s", place->folder, strerror(errno));
	lock = engine_take_lock(place, O_CREAT);
	if (lock < 0 && errno == EWOULDBLOCK)
		return 0; /* it runs, or is being started */
	if (lock < 0)
		return error_set(err, ERROR_IO, NULL, "%s: %s", place->lock, strerror(errno));
	r = engine_spawn(argv, place, lock, ret_pid);
	(void)close(lock); /* the engine has it now */
	return r == 0 ? 0 : error_set(err, ERROR_IO, NULL, "%s cannot be started: %s", argv[0], strerror(r));
}

/* --- ending --- */

/* The process that listens on the socket; 0: none does. One that hangs is found too: the kernel takes the connection. */
static pid_t
engine_pid(const struct engine_place *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 0;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	               place->socket); /* engine_place_of measured it */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		peer.pid = 0;
	(void)close(fd); /* there is nothing to be done about it */
	return peer.pid;
}

void
engine_kill(const struct engine_place *place)
{
	pid_t pid = engine_pid(place);

	if (pid > 1)
		(void)kill(pid, SIGKILL); /* it may just have ended */
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status;
	(void)kind;
	(void)at;
	return remove(path);
}

/* Signals the engine until its lock is free, and takes that. -1: it does not end. */
static int
engine_await_end(const struct engine_place *place, pid_t child, int signal)
{
	const int64_t until_ms = clock_monotonic_ms() + ENGINE_END_MS;
	const struct timespec pause = {0, ENGINE_LOOK_MS * 1000000};
	bool told = false;
	int lock;

	while ((lock = engine_take_lock(place, 0)) < 0 && errno == EWOULDBLOCK && clock_monotonic_ms() < until_ms) {
		pid_t pid = child > 0 ? child : engine_pid(place);

		if (pid > 1 && !told)
			told = kill(pid, signal) == 0;
		if (child > 0 && waitpid(child, NULL, WNOHANG) != 0)
			child = 0;
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	if (lock >= 0 && child > 0)
		(void)waitpid(child, NULL, 0); /* it has closed the lock: it is about to end */
	return lock;
}

int
engine_remove(const struct engine_place *place, pid_t child, struct error *err)
{
	int lock = engine_await_end(place, child, SIGTERM);

	if (lock < 0 && errno == EWOULDBLOCK)
		lock = engine_await_end(place, 0, SIGKILL);
	if (lock < 0 && errno == EWOULDBLOCK)
		return error_set(err, ERROR_BUSY, NULL, "the engine in %s does not end", place->folder);
	if (access(place->folder, F_OK) == 0 &&
	    nftw(place->folder, remove_entry, TREE_FILES_MAX, FTW_DEPTH | FTW_PHYS) != 0) {
		(void)error_set(err, ERROR_IO, NULL, "%s cannot be removed: %s", place->folder, strerror(errno));
		if (lock >= 0)
			(void)close(lock); /* the error above counts */
		return -ERROR_IO;
	}
	if (lock >= 0)
		(void)close(lock); /* its file is gone */
	return 0;
}
