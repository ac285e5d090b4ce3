/* tool - a program that a participant runs: kubectl, helm */
/* SPDX-License-Identifier: Apache-2.0 */
#include "participants/kinds/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "participants/framework/element_host.h"

#define OUTPUT_MAX ((size_t)4 << 20)
#define TOOL_LOOK_MS 200
#define TOOL_END_MS 3000 /* from SIGTERM to SIGKILL: helm notes that it was cancelled */
#define TURN_LOOK_MS 100

extern char **environ;

/* The three pipes: what the tool reads, writes and complains on. Ends of ours are -1 once they are closed. */
struct tool_pipes {
	int ours[3], theirs[3];
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* there is nothing to be done about it */
	*fd = -1;
}

static void
pipes_close(struct tool_pipes *pipes)
{
	for (int i = 0; i < 3; i++) {
		close_end(&pipes->ours[i]);
		close_end(&pipes->theirs[i]);
	}
}

static int
pipes_open(struct tool_pipes *ret)
{
	*ret = (struct tool_pipes){{-1, -1, -1}, {-1, -1, -1}};
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0) {
			pipes_close(ret);
			return -1;
		}
		ret->theirs[i] = ends[i != 0];
		ret->ours[i] = ends[i == 0];
		(void)fcntl(ret->ours[i], F_SETFL, O_NONBLOCK); /* a fresh pipe takes it */
	}
	return 0;
}

/*
 * One tool of an element at a time, over kills of the participant too: each holds a socket of the element's name, which the
 * kernel gives away again when the last one who has it has ended. -1: another has it, or there are no sockets.
 */
static int
take_turn(const struct element_order *order)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), length;

	if (fd < 0)
		return -1;
	length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "clguard-tool %.*s %s",
	                  STR_ARG(order->id), order->settings->name); /* the id is what counts: cut is good enough */
	if (length > (int)sizeof(address.sun_path) - 2)
		length = (int)sizeof(address.sun_path) - 2;
	if (bind(fd, (const struct sockaddr *)&address,
	         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
		return fd;
	(void)close(fd); /* there is nothing to be done about it */
	return -1;
}

static int
await_turn(const struct element_order *order, int64_t until_ms)
{
	const struct timespec pause = {0, TURN_LOOK_MS * 1000000};
	int turn = take_turn(order);

	while (turn < 0 && clock_monotonic_ms() < until_ms && !participant_is_stopping()) {
		(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
		turn = take_turn(order);
	}
	return turn;
}

/* In a process group of its own, with default signals. 0 or an errno. */
static int
start_tool(const char *const argv[], const struct tool_pipes *pipes, int turn, pid_t *ret)
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
	for (int i = 0; i < 3 && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(&files, pipes->theirs[i], i);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, turn, 3); /* the copy stays open in it */
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes,
		                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
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

static void
tool_feed(int *fd, struct str *input)
{
	ssize_t sent = input->len ? write(*fd, input->ptr, input->len) : 0;

	if (sent > 0) {
		input->ptr += sent;
		input->len -= (size_t)sent;
	}
	if (input->len == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR))
		close_end(fd);
}

static void
tool_drain(int *fd, struct text *out)
{
	char bytes[16384];
	ssize_t got = read(*fd, bytes, sizeof(bytes));

	if (got > 0 && out->len + (size_t)got <= OUTPUT_MAX)
		text_add(out, (struct str){bytes, (size_t)got});
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		close_end(fd);
}

/* Until both outputs are closed. False when the time is over, or the program is told to stop. */
static bool
exchange_bytes(struct tool_pipes *pipes, struct str input, int64_t until_ms, struct text *out, struct text *err)
{
	while (pipes->ours[1] >= 0 || pipes->ours[2] >= 0) {
		struct pollfd ends[3] = {
			{pipes->ours[0], POLLOUT, 0}, {pipes->ours[1], POLLIN, 0}, {pipes->ours[2], POLLIN, 0}};

		if (clock_monotonic_ms() >= until_ms || participant_is_stopping())
			return false;
		if (poll(ends, 3, TOOL_LOOK_MS) <= 0)
			continue;
		if (ends[0].revents)
			tool_feed(&pipes->ours[0], &input);
		if (ends[1].revents)
			tool_drain(&pipes->ours[1], out);
		if (ends[2].revents)
			tool_drain(&pipes->ours[2], err);
	}
	return true;
}

/* Its exit code. One that closed its outputs may still be at work: it gets the rest of the time. */
static int
wait_tool(pid_t pid, int64_t until_ms, bool *done)
{
	const struct timespec pause = {0, 5000000};
	int status = 0;

	while (*done && waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_monotonic_ms() >= until_ms || participant_is_stopping())
			*done = false;
		else
			(void)nanosleep(&pause, NULL); /* a signal only makes it shorter */
	}
	if (!*done) {
		(void)kill(-pid, SIGTERM); /* it may just have ended */
		until_ms = clock_monotonic_ms() + TOOL_END_MS;
		while (waitpid(pid, &status, WNOHANG) == 0 && clock_monotonic_ms() < until_ms)
			(void)nanosleep(&pause, NULL);
		(void)kill(-pid, SIGKILL); /* what it started, too */
		(void)waitpid(pid, &status, 0);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

enum act_result
tool_run(struct element_order *order, const char *const argv[], struct str input, int64_t limit_ms,
         struct tool_answer *ret)
{
	const int64_t until_ms = clock_monotonic_ms() + limit_ms;
	struct tool_pipes pipes;
	struct text out, err;
	pid_t pid = 0;
	int r, turn = await_turn(order, until_ms);
	bool done;

	*ret = (struct tool_answer){.out = STR(""), .err = STR("")};
	if (turn < 0)
		return order_say(order, ACT_AGAIN, "%s waits: another tool of the element is at work", argv[0]);
	if (pipes_open(&pipes) != 0) {
		(void)close(turn); /* there is nothing to be done about it */
		return order_say(order, ACT_AGAIN, "%s cannot be started: %s", argv[0], strerror(errno));
	}
	r = start_tool(argv, &pipes, turn, &pid);
	(void)close(turn); /* the tool has it now */
	for (int i = 0; i < 3; i++)
		close_end(&pipes.theirs[i]);
	if (r != 0) {
		pipes_close(&pipes);
		return order_say(order, ACT_FAILED, "%s cannot be started: %s", argv[0], strerror(r));
	}
	text_init(&out, order->arena);
	text_init(&err, order->arena);
	done = exchange_bytes(&pipes, input, until_ms, &out, &err);
	pipes_close(&pipes);
	ret->code = wait_tool(pid, until_ms, &done);
	if (!done)
		return order_say(order, ACT_AGAIN, "%s %s took longer than %lld ms", argv[0], argv[1] ? argv[1] : "",
		                 (long long)limit_ms);
	ret->out = out.len ? text_done(&out) : STR("");
	ret->err = err.len ? text_done(&err) : STR("");
	return ret->out.ptr && ret->err.ptr ? ACT_DONE : order_say(order, ACT_AGAIN, "out of memory");
}

struct str
tool_words(const struct tool_answer *answer)
{
	struct str words = str_trim(answer->err);
	const char *end;

	if (words.len == 0)
		words = str_trim(answer->out);
	end = words.len ? memchr(words.ptr, '\n', words.len) : NULL;
	return end ? (struct str){words.ptr, (size_t)(end - words.ptr)} : words;
}
