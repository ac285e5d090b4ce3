/* test_no_jit - patterns where memory that was written may not be executed, as a service manager may say */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"
#include "tests/cmocka_all.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
expect_matches(void)
{
	struct pattern_scratch *scratch = pattern_scratch_new();
	const struct pattern *pattern;
	struct error err = {0};
	struct arena arena;

	assert_non_null(scratch);
	arena_init(&arena, 0);
	assert_int_equal(pattern_compile(STR("vnf-[0-9]+"), PATTERN_DOT_ALL, NULL, &arena, &pattern, &err), 0);
	assert_int_equal(pattern_match(pattern, scratch, STR("vnf-12")), 1);
	assert_int_equal(pattern_match(pattern, scratch, STR("vnf-1x")), 0);
	arena_free(&arena);
	pattern_scratch_free(scratch);
}

/* As MemoryDenyWriteExecute= of systemd.exec(5): mmap that writes and executes, mprotect that executes. */
static bool
deny_write_execute(void)
{
	const int both = PROT_WRITE | PROT_EXEC;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (unsigned)both),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)both, 4, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child: the library keeps memory that it once had for code. */
static bool
works_elsewhere(void)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(pattern_jit_works() ? 0 : 1);
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return status == 0;
}

static void
patterns_are_interpreted_when_nothing_may_be_compiled(void **state)
{
	(void)state;
	if (!works_elsewhere() || !deny_write_execute())
		skip(); /* no JIT here, or no seccomp */
	assert_false(pattern_jit_works());
	expect_matches();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(patterns_are_interpreted_when_nothing_may_be_compiled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
