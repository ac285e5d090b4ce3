/* confine_system - seccomp: the system calls that the service never makes are refused */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/confine/confine_system.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/*
 * A list of what is refused, not of what is allowed: which harmless calls the C library makes changes with its version,
 * and a service that stops because of an update guards nothing. What is here makes another program of the process, looks
 * into other processes, changes the machine, or is where kernels have been broken: none of it has a use here. Who calls
 * one gets EPERM.
 */
/* clang-format off */
#define REFUSED(X) \
	X(execve) X(execveat) X(process_vm_readv) X(process_vm_writev) X(kcmp) X(pidfd_getfd) \
	X(mount) X(umount2) X(pivot_root) X(chroot) X(move_mount) X(open_tree) X(fsopen) X(fsmount) X(fsconfig) \
	X(fspick) X(mount_setattr) X(setns) X(unshare) X(swapon) X(swapoff) X(quotactl) X(acct) X(reboot) \
	X(kexec_load) X(init_module) X(finit_module) X(delete_module) X(bpf) X(perf_event_open) X(userfaultfd) \
	X(add_key) X(keyctl) X(request_key) X(io_uring_setup) X(io_uring_enter) X(io_uring_register) \
	X(open_by_handle_at) X(name_to_handle_at) X(syslog) X(vhangup) X(personality) X(settimeofday) \
	X(clock_settime) X(clock_adjtime) X(adjtimex) X(sethostname) X(setdomainname) X(setuid) X(setgid) \
	X(setreuid) X(setregid) X(setresuid) X(setresgid) X(setfsuid) X(setfsgid) X(setgroups) X(capset) \
	X(mknodat) X(fanotify_init) X(process_madvise) X(vmsplice) X(migrate_pages) X(move_pages)
/* clang-format on */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

#define CALL_NUMBER ((uint32_t)offsetof(struct seccomp_data, nr))
#define CALL_ARCHITECTURE ((uint32_t)offsetof(struct seccomp_data, arch))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

static const struct sock_filter program[] = {
	/* Calls of another architecture have other numbers: i386's on x86-64 never come from us. */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CALL_ARCHITECTURE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, CALL_NUMBER),
#ifdef __x86_64__
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1), /* x32 */
	REFUSE,
#endif
#if !CONFINE_TRACED
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
	REFUSE,
#endif
#define X(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), REFUSE,
	REFUSED(X)
#undef X
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int
install(void)
{
	const struct sock_fprog filter = {
		.len = sizeof(program) / sizeof(*program),
		.filter = (struct sock_filter *)(uintptr_t)program, /* not written to */
	};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

#else

static int
install(void)
{
	errno = ENOSYS;
	return -1;
}

#endif

void
confine_system(const struct settings *settings, char *ret, size_t size)
{
#define X(name) +1
	const int count = !CONFINE_TRACED REFUSED(X);
#undef X

	if (!settings->seccomp)
		(void)snprintf(ret, size, "all (seccomp: off)");
	else if (install() == 0)
		(void)snprintf(ret, size, "%d refused (seccomp)", count);
	else
		(void)snprintf(ret, size, "all (no seccomp here: %s)", strerror(errno));
}
