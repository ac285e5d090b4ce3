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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "api/process/log.h"
#include "base/store_clean.h"
#include "base/store_file.h"

#define PAUSE_MS 10          /* between two looks at a verification, or at a lock, that is waited for */
#define WAIT_MOST_MS 3600000 /* for another process that verifies the database */
#define TELL_AFTER_MS 1000   /* what takes longer is told of, and then at most so often */
#define TENTHS 10

/* The child's message, written to a pipe that takes it whole. */
struct finding {
	struct db_report report;
	struct error err;
};

static_assert(sizeof(struct finding) <= 4096, "one write of a pipe");

/* Signals that end the reading of a damaged file. Another signal comes from outside and says nothing about the file. */
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
child_main(const char *directory, bool alone, pid_t parent, struct db_progress *progress, int pipe_fd)
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
	(void)db_verify(directory, alone, progress, &finding.report, &finding.err);
	_exit(write(pipe_fd, &finding, sizeof(finding)) == (ssize_t)sizeof(finding) ? 0 : 1);
}

/* A verification that goes on in a child. */
struct verification {
	const char *directory;
	pid_t child; /* 0: none */
	int pipe;    /* where it says what it found */
};

/* progress: NULL, or shared memory. */
static int
verification_start(struct verification *verification, const char *directory, bool alone, struct db_progress *progress,
                   struct error *err)
{
	pid_t child, parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(err, ERROR_IO, NULL, "no pipe for the verification: %s", strerror(errno));
	child = fork();
	if (child == 0)
		child_main(directory, alone, parent, progress, ends[1]);
	(void)close(ends[1]); /* the child's */
	if (child < 0) {
		(void)close(ends[0]); /* nothing was written */
		return error_set(err, ERROR_IO, NULL, "no process for the verification: %s", strerror(errno));
	}
	*verification = (struct verification){directory, child, ends[0]};
	return 0;
}

/* Interprets the child's exit status. */
static int
verification_conclude(struct verification *verification, int status, struct db_report *ret, struct error *err)
{
	struct finding finding = {0};
	ssize_t got;

	verification->child = 0;
	do
		got = read(verification->pipe, &finding, sizeof(finding));
	while (got < 0 && errno == EINTR);
	(void)close(verification->pipe); /* read */
	if (WIFSIGNALED(status) && is_deadly(WTERMSIG(status)))
		return error_set(err, ERROR_DAMAGED, NULL, "the database in '%s' ends who reads it (signal %d)",
		                 verification->directory, WTERMSIG(status));
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_IO, NULL,
		                 "the verification of '%s' was killed (signal %d), perhaps for want of memory",
		                 verification->directory, WTERMSIG(status));
	if (got != (ssize_t)sizeof(finding))
		return error_set(err, ERROR_IO, NULL, "the verification said nothing");
	if (finding.err.code)
		return error_set(err, finding.err.code, NULL, "verifying '%s': %s", verification->directory,
		                 finding.err.text);
	*ret = finding.report;
	return 0;
}

/* 1 while it goes on; 0, or what was found. wait: until it ends. */
static int
verification_look(struct verification *verification, bool wait, struct db_report *ret, struct error *err)
{
	int status;
	pid_t ended;

	do
		ended = waitpid(verification->child, &status, wait ? 0 : WNOHANG);
	while (ended < 0 && errno == EINTR);
	if (ended == 0)
		return 1;
	if (ended > 0)
		return verification_conclude(verification, status, ret, err);
	verification->child = 0;
	(void)close(verification->pipe); /* nobody writes there */
	return error_set(err, ERROR_IO, NULL, "cannot wait for the verification: %s", strerror(errno));
}

int
database_verify(const char *directory, bool alone, struct db_report *ret, struct error *err)
{
	struct verification verification;
	int r = verification_start(&verification, directory, alone, NULL, err);

	return r == 0 ? verification_look(&verification, true, ret, err) : r;
}

/* --- opening the database of a service --- */

struct opening {
	const struct settings *settings;
	int64_t now_ms, began_ns, told_ns;
	struct store_lock lock;
	struct error busy; /* why it is not alone */
	bool alone, verifies, ready;
	bool told; /* that another process verifies it */
	uint64_t tenths;
	struct verification verification;
	struct db_progress *progress; /* shared with the child */
};

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

static int
quarantine(struct opening *opening, const struct error *why, struct error *err)
{
	char name[ERROR_TEXT_SIZE];
	int r = db_quarantine(opening->settings->data, opening->now_ms, name, sizeof(name), err);

	if (r == 0)
		log_line(opening->settings, LOG_LEVEL_ERROR,
		         "%s; it was put aside as '%s', and limiters count as full until their windows have passed "
		         "(clguard db accept ends that)",
		         why->text, name);
	return r;
}

/* Alone, or beside those who have it open: 0. 1: somebody verifies it just now. */
static int
take_lock(struct opening *opening, struct error *err)
{
	const char *directory = opening->settings->data;
	struct error shared = {0};

	opening->busy = (struct error){0};
	opening->alone = store_lock_take(&opening->lock, directory, true, &opening->busy) == 0;
	if (opening->alone)
		return 0;
	if (opening->busy.code != ERROR_BUSY)
		return error_set(err, opening->busy.code, NULL, "%s", opening->busy.text);
	if (store_lock_take(&opening->lock, directory, false, &shared) == 0)
		return 0;
	if (shared.code != ERROR_BUSY || clock_monotonic_ns() - opening->began_ns >= (int64_t)WAIT_MOST_MS * 1000000)
		return error_set(err, shared.code, NULL, "%s", shared.text);
	if (!opening->told && clock_monotonic_ns() - opening->began_ns >= (int64_t)TELL_AFTER_MS * 1000000) {
		log_line(opening->settings, LOG_LEVEL_INFO, "%s; waiting", shared.text);
		opening->told = true;
	}
	return 1;
}

/* With the lock: 0 when the file can be trusted, 1 when its verification has begun. */
static int
trust_or_verify(struct opening *opening, struct error *err)
{
	const char *directory = opening->settings->data;
	bool trusted = opening->alone ? store_clean_agrees(directory) : store_lock_is_verified(&opening->lock);
	int r;

	if (trusted || !(store_lock_is_marked(directory) || has_content(directory)))
		return 0;
	log_line(opening->settings, LOG_LEVEL_INFO,
	         "verifying the database in '%s', which was not left by a clean stop", directory);
	opening->began_ns = opening->told_ns = clock_monotonic_ns();
	r = verification_start(&opening->verification, directory, opening->alone, opening->progress, err);
	if (r != 0)
		return r;
	opening->verifies = true;
	return 1;
}

static void
tell_progress(struct opening *opening)
{
	struct database_progress progress;
	uint64_t tenths;

	database_progress(opening, &progress);
	tenths = progress.total ? progress.seen * TENTHS / progress.total : 0;
	if (tenths <= opening->tenths || clock_monotonic_ns() - opening->told_ns < (int64_t)TELL_AFTER_MS * 1000000)
		return;
	opening->tenths = tenths;
	opening->told_ns = clock_monotonic_ns();
	log_line(opening->settings, LOG_LEVEL_INFO, "verifying the database: %" PRIu64 " of %" PRIu64 " entries",
	         progress.seen, progress.total);
}

/* The verification has ended with r. */
static int
database_conclude(struct opening *opening, int r, const struct db_report *report, const struct error *why,
                  struct error *err)
{
	opening->verifies = false;
	if (r == 0)
		log_line(opening->settings, LOG_LEVEL_INFO, "verified: %" PRIu64 " operations in %.1f s", report->rows,
		         (double)(clock_monotonic_ns() - opening->began_ns) / 1e9);
	else if (r == -ERROR_DAMAGED && opening->alone)
		r = quarantine(opening, why, err);
	else if (r == -ERROR_DAMAGED)
		r = error_set(err, ERROR_DAMAGED, NULL, "%s; %s, so it cannot be put aside", why->text,
		              opening->busy.text);
	else
		r = error_set(err, why->code, NULL, "%s", why->text);
	return r;
}

/* The file may be opened. */
static int
hand_over(struct opening *opening, int r)
{
	opening->ready = r == 0;
	if (r == 0)
		store_lock_hand_over(&opening->lock);
	return r;
}

int
database_look(struct opening *opening, struct error *err)
{
	struct db_report report = {0};
	struct error why = {0};
	int r;

	if (opening->ready)
		return 0;
	if (opening->verifies) {
		r = verification_look(&opening->verification, false, &report, &why);
		if (r == 1) {
			tell_progress(opening);
			return 1;
		}
		return hand_over(opening, database_conclude(opening, r, &report, &why, err));
	}
	r = take_lock(opening, err);
	if (r == 0)
		r = trust_or_verify(opening, err);
	return hand_over(opening, r);
}

int
database_begin(const struct settings *settings, int64_t now_ms, struct opening **ret, struct error *err)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	void *shared =
		mmap(NULL, sizeof(*opening->progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!opening || shared == MAP_FAILED) {
		free(opening);
		if (shared != MAP_FAILED)
			(void)munmap(shared, sizeof(struct db_progress)); /* as it was mapped */
		return error_set(err, ERROR_MEMORY, NULL, "out of memory");
	}
	opening->settings = settings;
	opening->now_ms = now_ms;
	opening->progress = shared;
	opening->lock = STORE_LOCK_NONE;
	opening->began_ns = clock_monotonic_ns();
	*ret = opening;
	return 0;
}

int
database_wait(struct opening *opening, int64_t most_ms, struct error *err)
{
	const struct timespec pause = {0, PAUSE_MS * 1000000};
	struct stat status;
	sigset_t pending;
	int r;

	if (!opening->verifies && stat(opening->settings->data, &status) != 0)
		opening->ready = true; /* a new one will be made */
	for (int64_t waited_ms = 0;; waited_ms += PAUSE_MS) {
		r = database_look(opening, err);
		if (r != 1 || waited_ms >= most_ms)
			return r;
		if (sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT)))
			return error_set(err, ERROR_BUSY, NULL,
			                 "the database in '%s' is not verified yet, and the service was told to stop",
			                 opening->settings->data);
		(void)nanosleep(&pause, NULL); /* shorter does no harm */
	}
}

void
database_progress(const struct opening *opening, struct database_progress *ret)
{
	const struct db_progress *shared = opening->progress;

	*ret = (struct database_progress){
		.waiting = !opening->verifies,
		.seen = atomic_load_explicit(&shared->seen, memory_order_relaxed),
		.total = atomic_load_explicit(&shared->total, memory_order_relaxed),
		.plain = atomic_load_explicit(&shared->deployed, memory_order_relaxed) == DB_NOTHING_DEPLOYED,
	};
}

void
database_end(struct opening *opening)
{
	int status;

	if (!opening)
		return;
	if (opening->verifies) {
		(void)kill(opening->verification.child, SIGKILL); /* not waited for yet: it is there, or a zombie */
		while (waitpid(opening->verification.child, &status, 0) < 0 && errno == EINTR)
			;
		(void)close(opening->verification.pipe); /* nobody wants to know any more */
	}
	store_lock_drop(&opening->lock);
	(void)munmap(opening->progress, sizeof(*opening->progress)); /* as it was mapped */
	free(opening);
}
