/* test_confine - after confinement other files cannot be opened, and calls that the service never makes are refused */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/confine/confine_files.h"
#include "api/confine/confine_system.h"
#include "base/arena.h"
#include "tests/cmocka_all.h"

#define SKIPPED 77
#define CHECK(good) \
	do { \
		if (!(good)) \
			return __LINE__ & 0x3f; /* an exit code that is neither 0 nor 77 */ \
	} while (0)

static struct arena arena;
static struct settings settings;
static char folder[] = "/tmp/clguard-confine-XXXXXX";

static const char *
in_folder(const char *name)
{
	return arena_printf(&arena, "%s/%s", folder, name);
}

static void
put_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(close(fd), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	arena_init(&arena, 0);
	settings_init(&settings, &arena);
	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {"secrets", "logs", "policies", "elsewhere"};

		assert_int_equal(mkdir(in_folder(names[i]), 0700), 0);
	}
	put_file(in_folder("secrets/users"));
	put_file(in_folder("policies/a.yaml"));
	put_file(in_folder("elsewhere/other"));
	settings.data = in_folder("data");
	settings.users = in_folder("secrets/users");
	settings.decision_log = in_folder("logs/decisions");
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	assert_int_equal(system(arena_printf(&arena, "rm -rf %s", folder)), 0);
	arena_free(&arena);
	return 0;
}

/* A child that is confined does what it does; its exit code. */
static int
confined(int (*body)(void))
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(SKIPPED);
		_exit(body());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
expect_confined(int (*body)(void))
{
	int code = confined(body);

	if (code == SKIPPED)
		skip();
	assert_int_equal(code, 0);
}

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static bool
denied(const char *path, int flags)
{
	return !opens(path, flags) && errno == EACCES;
}

static int
files_body(void)
{
	char said[96];

	confine_files(&settings, said, sizeof(said));
	if (strstr(said, "no Landlock") || strstr(said, "without Landlock"))
		return SKIPPED;
	CHECK(strncmp(said, "those of ", 9) == 0);
	/* What the service needs. */
	CHECK(opens(in_folder("secrets/users"), O_RDONLY));
	CHECK(opens(in_folder("data/data.mdb"), O_RDWR | O_CREAT));
	CHECK(rename(in_folder("data/data.mdb"), in_folder("data/aside.mdb")) == 0);
	CHECK(unlink(in_folder("data/aside.mdb")) == 0);
	CHECK(opens(in_folder("logs/decisions"), O_WRONLY | O_APPEND | O_CREAT));
	CHECK(opens("/etc/passwd", O_RDONLY));
	CHECK(opens("/proc/self/status", O_RDONLY));
	CHECK(opens("/dev/null", O_RDWR));
	/* And nothing else. */
	CHECK(denied(in_folder("elsewhere/other"), O_RDONLY));
	CHECK(denied(in_folder("policies/a.yaml"), O_RDONLY)); /* no setting names it */
	CHECK(denied(in_folder("secrets/users"), O_WRONLY));
	CHECK(denied(in_folder("secrets/new"), O_WRONLY | O_CREAT));
	CHECK(denied("/etc/passwd", O_WRONLY));
	CHECK(denied("/tmp/clguard-confine-new", O_WRONLY | O_CREAT));
	return 0;
}

static int
replaced_body(void)
{
	char said[96];

	confine_files(&settings, said, sizeof(said));
	if (strncmp(said, "those of ", 9) != 0)
		return SKIPPED;
	return opens(in_folder("secrets/users"), O_RDONLY) ? 0 : 1;
}

static int
system_body(void)
{
	char said[96], *const words[] = {(char[]){"true"}, NULL};

	confine_system(&settings, said, sizeof(said));
	if (strstr(said, "no seccomp"))
		return SKIPPED;
	CHECK(strstr(said, "refused (seccomp)"));
	/* What the service does goes on. */
	CHECK(opens("/dev/null", O_RDONLY));
	CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	CHECK(getpid() > 0);
	/* What it never does is refused. */
	CHECK(execv("/bin/true", words) == -1 && errno == EPERM);
	CHECK(CONFINE_TRACED || (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 && errno == EPERM));
	CHECK(syscall(SYS_setresuid, -1, -1, -1) == -1 && errno == EPERM);
	CHECK(syscall(SYS_unshare, 0) == -1 && errno == EPERM);
	CHECK(syscall(SYS_bpf, 0, NULL, 0) == -1 && errno == EPERM);
	CHECK(syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == EPERM);
#ifdef __x86_64__
	CHECK(syscall(0x40000000 + SYS_getpid) == -1 && errno == EPERM);
#endif
	return 0;
}

static int
off_body(void)
{
	struct settings open = settings;
	char files[96], system[96];

	open.landlock = open.seccomp = 0;
	confine_files(&open, files, sizeof(files));
	confine_system(&open, system, sizeof(system));
	CHECK(strcmp(files, "all (landlock: off)") == 0 && strcmp(system, "all (seccomp: off)") == 0);
	CHECK(opens(in_folder("elsewhere/other"), O_RDONLY));
	CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	return 0;
}

static void
only_files_of_the_settings_open(void **state)
{
	(void)state;
	expect_confined(files_body);
}

static void
a_file_may_be_replaced(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		char said[96];

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
			_exit(SKIPPED);
		confine_files(&settings, said, sizeof(said));
		if (strncmp(said, "those of ", 9) != 0)
			_exit(SKIPPED);
		while (!opens(in_folder("secrets/again"), O_RDONLY))
			(void)usleep(1000);
		_exit(opens(in_folder("secrets/users"), O_RDONLY) ? 0 : 1);
	}
	put_file(in_folder("secrets/users.new"));
	assert_int_equal(rename(in_folder("secrets/users.new"), in_folder("secrets/users")), 0);
	put_file(in_folder("secrets/again"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED));
	expect_confined(replaced_body);
}

static void
calls_that_the_service_never_makes_are_refused(void **state)
{
	(void)state;
	expect_confined(system_body);
}

static void
both_can_be_turned_off(void **state)
{
	(void)state;
	expect_confined(off_body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_files_of_the_settings_open),
		cmocka_unit_test(a_file_may_be_replaced),
		cmocka_unit_test(calls_that_the_service_never_makes_are_refused),
		cmocka_unit_test(both_can_be_turned_off),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
