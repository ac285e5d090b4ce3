/* database - verifying a database in a child process, and what a service does when it is damaged */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/daemon/database.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/process/log.h"
#include "base/store_clean.h"
#include "base/store_file.h"
#define PAUSE_MS 10
#define WAIT_MOST_MS 3600000 /* for another process that verifies the database */
#define TELL_AFTER_MS 1000

/* What the child says, through a pipe that takes it whole. */
struct finding {
	struct db_report report;
	struct error err;
};

static_assert(sizeof(struct finding) <= 4096, "one write of a pipe");

/* What reading a damaged file ends with. Another signal comes from outside and says nothing of the file. */
static const int deadly[] = {SIGABRT, SIGBUS, SIGSEGV, SIGFPE, SIGILL};

static bool
is_deadly(int signal)
{
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		if (deadly[i] == signal)
			return true;
	return false;
}

static void
child_main(const char *directory, bool alone, pid_t parent, int pipe_fd)
{
	const struct rlimit no_core = {0, 0};
	struct finding finding = {0};

	/* The lock is the child's too: with a parent that is killed it must go, or the next start finds it taken. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	(void)setrlimit(RLIMIT_CORE, &no_core); /* a crash is an expected answer here */
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		(void)signal(deadly[i], SIG_DFL); /* the parent waits for them */
	(void)close(STDERR_FILENO);               /* LMDB prints its assertion; the parent says what it means */
	(void)db_verify(directory, alone, &finding.report, &finding.err);
	_exit(write(pipe_fd, &finding, sizeof(finding)) == (ssize_t)sizeof(finding) ? 0 : 1);
}

static int
wait_for(pid_t child, int *ret_status, struct error *err)
{
	while (waitpid(child, ret_status, 0) != child) {
		if (errno != EINTR)
			return error_set(err, ERROR_IO, NULL, "cannot wait for the verification: %s", strerror(errno));
	}
	return 0;
}

int
database_verify(const char *directory, bool alone, struct db_report *ret, struct error *err)
{
	struct finding finding = {0};
	ssize_t got;
	int ends[2], status, r;
	pid_t child, parent = getpid();

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, ERROR_IO, NULL, "no pipe for the verification: %s", strerror(errno));
	child = fork();
	if (child == 0)
		child_main(directory, alone, parent, ends[1]);
	(void)close(ends[1]); /* the child's */
	if (child < 0) {
		(void)close(ends[0]); /* nothing was written */
		return error_set(err, ERROR_IO, NULL, "no process for the verification: %s", strerror(errno));
	}
	do
		got = read(ends[0], &finding, sizeof(finding));
	while (got < 0 && errno == EINTR);
	(void)close(ends[0]); /* read */
	r = wait_for(child, &status, err);
	if (r != 0)
		return r;
	if (WIFSIGNALED(status) && is_deadly(WTERMSIG(status)))
		return error_set(err, ERROR_DAMAGED, NULL, "the database in '%s' ends who reads it (signal %d)",
		                 directory, WTERMSIG(status));
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_IO, NULL,
		                 "the verification of '%s' was killed (signal %d), perhaps for want of memory",
		                 directory, WTERMSIG(status));
	if (got != (ssize_t)sizeof(finding))
		return error_set(err, ERROR_IO, NULL, "the verification said nothing");
	if (finding.err.code)
		return error_set(err, finding.err.code, NULL, "verifying '%s': %s", directory, finding.err.text);
	*ret = finding.report;
	return 0;
}

static int
quarantine(const char *directory, int64_t now_ms, const struct error *why, char *ret_note, size_t note_size,
           struct error *err)
{
	char name[ERROR_TEXT_SIZE];
	int r = db_quarantine(directory, now_ms, name, sizeof(name), err);

	if (r == 0)
		(void)snprintf(
			ret_note, note_size,
			"%s; it was put aside as '%s', and limiters count as full until their windows have passed "
			"(clguard db accept ends that)",
			why->text, name);
	return r;
}

/* Alone, or beside those who have it open. Somebody who verifies it just now is waited for. */
static int
lock_database(const struct settings *settings, struct store_lock *lock, bool *ret_alone, struct error *busy,
              struct error *err)
{
	const struct timespec pause = {0, PAUSE_MS * 1000000};
	const char *directory = settings->data;
	sigset_t pending;

	for (int waited_ms = 0;; waited_ms += PAUSE_MS) {
		struct error shared = {0};

		*busy = (struct error){0};
		*ret_alone = store_lock_take(lock, directory, true, busy) == 0;
		if (*ret_alone)
			return 0;
		if (busy->code != ERROR_BUSY)
			return error_set(err, busy->code, NULL, "%s", busy->text);
		if (store_lock_take(lock, directory, false, &shared) == 0)
			return 0;
		if (shared.code != ERROR_BUSY || waited_ms >= WAIT_MOST_MS)
			return error_set(err, shared.code, NULL, "%s", shared.text);
		if (waited_ms == TELL_AFTER_MS)
			log_line(settings, LOG_LEVEL_INFO, "%s; waiting", shared.text);
		if (sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT)))
			return error_set(err, ERROR_BUSY, NULL, "%s, and the service was told to stop", shared.text);
		(void)nanosleep(&pause, NULL); /* shorter does no harm */
	}
}

/*
 * Whether there is more than the first two pages, with which every database begins: a data.mdb that was restored without
 * its lock file may be damaged as any other.
 */
static bool
has_content(const char *directory)
{
	char path[PATH_MAX];
	struct stat status;

	return store_file_path(directory, path, sizeof(path), NULL) == 0 && stat(path, &status) == 0 &&
	       status.st_size > 2 * sysconf(_SC_PAGESIZE);
}

/* The verification itself, with a line before it and one behind: of a large database it takes a while. */
static int
verify_told(const struct settings *settings, bool alone, struct error *why)
{
	struct timespec began, ended;
	struct db_report report;
	int r;

	log_line(settings, LOG_LEVEL_INFO, "verifying the database in '%s', which was not left by a clean stop",
	         settings->data);
	(void)clock_gettime(CLOCK_MONOTONIC, &began); /* cannot fail for this clock */
	r = database_verify(settings->data, alone, &report, why);
	(void)clock_gettime(CLOCK_MONOTONIC, &ended); /* the same */
	if (r == 0)
		log_line(settings, LOG_LEVEL_INFO, "verified: %" PRIu64 " operations in %.1f s", report.rows,
		         (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
	return r;
}

int
database_prepare(const struct settings *settings, int64_t now_ms, struct store_lock *ret_lock, char *ret_note,
                 size_t note_size, struct error *err)
{
	const char *directory = settings->data;
	struct store_lock lock = STORE_LOCK_NONE;
	struct error busy = {0}, why = {0};
	struct stat status;
	bool alone;
	int r;

	*ret_lock = STORE_LOCK_NONE;
	ret_note[0] = '\0';
	if (stat(directory, &status) != 0)
		return 0; /* a new one will be made */
	r = lock_database(settings, &lock, &alone, &busy, err);
	if (r != 0)
		return r;
	if (store_lock_is_marked(directory) || has_content(directory)) {
		if (alone ? !store_clean_agrees(directory) : !store_lock_is_verified(&lock))
			r = verify_told(settings, alone, &why);
	}
	if (r == -ERROR_DAMAGED && alone)
		r = quarantine(directory, now_ms, &why, ret_note, note_size, err);
	else if (r == -ERROR_DAMAGED)
		r = error_set(err, ERROR_DAMAGED, NULL, "%s; %s, so it cannot be put aside", why.text, busy.text);
	else if (r != 0)
		r = error_set(err, why.code, NULL, "%s", why.text);
	if (r != 0) {
		store_lock_drop(&lock);
		return r;
	}
	store_lock_hand_over(&lock);
	*ret_lock = lock;
	return 0;
}
