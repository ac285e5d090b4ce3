/* confine_process - what the process gives up once it has its sockets: its user, new privileges, system calls, files */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/confine/confine_process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "api/confine/confine_files.h"
#include "api/confine/confine_system.h"
#include "api/process/log.h"

/* "1000" is an id, also where a user is called so. */
static bool
confine_read_id(const char *text, unsigned *ret)
{
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	*ret = (unsigned)id;
	return *text >= '0' && *text <= '9' && !*end && id < UINT32_MAX;
}

static int
confine_find_user(const char *name, uid_t *ret_user, gid_t *ret_group, struct error *err)
{
	const struct passwd *entry;
	unsigned id;

	if (confine_read_id(name, &id)) {
		entry = getpwuid((uid_t)id);
		*ret_user = (uid_t)id;
		*ret_group = entry ? entry->pw_gid : (gid_t)id;
		return 0;
	}
	entry = getpwnam(name);
	if (!entry)
		return error_set(err, ERROR_UNKNOWN, NULL, "user: there is no user '%s'", name);
	*ret_user = entry->pw_uid;
	*ret_group = entry->pw_gid;
	return 0;
}

static int
confine_find_group(const char *name, gid_t *ret, struct error *err)
{
	const struct group *entry;
	unsigned id;

	if (confine_read_id(name, &id)) {
		*ret = (gid_t)id;
		return 0;
	}
	entry = getgrnam(name);
	if (!entry)
		return error_set(err, ERROR_UNKNOWN, NULL, "group: there is no group '%s'", name);
	*ret = entry->gr_gid;
	return 0;
}

/* A process that cannot become that user does not go on as another. */
static int
become(const struct settings *settings, const char *const *sockets, size_t count, struct error *err)
{
	uid_t user = getuid();
	gid_t group = getgid();
	int r = 0;

	if (settings->user)
		r = confine_find_user(settings->user, &user, &group, err);
	if (r == 0 && settings->group)
		r = confine_find_group(settings->group, &group, err);
	if (r != 0)
		return r;
	for (size_t i = 0; i < count; i++)
		if (chown(sockets[i], user, group) != 0)
			return error_set(err, ERROR_IO, NULL, "cannot hand '%s' over to user %u: %s", sockets[i],
			                 (unsigned)user, strerror(errno));
	/* Supplementary groups of root would outlive it. One that is this user already has no say over them. */
	if ((geteuid() == 0 && setgroups(0, NULL) != 0) || setresgid(group, group, group) != 0 ||
	    setresuid(user, user, user) != 0)
		return error_set(err, ERROR_IO, NULL, "cannot become user %u, group %u: %s", (unsigned)user,
		                 (unsigned)group, strerror(errno));
	if (user != 0 && (setuid(0) == 0 || geteuid() == 0))
		return error_set(err, ERROR_IO, NULL, "the process is root again after it became user %u",
		                 (unsigned)user);
	return 0;
}

int
confine_process(const struct settings *settings, const char *const *sockets, size_t count, struct error *err)
{
	char files[96], system[96];
	bool privileges;

	if ((settings->user || settings->group) && become(settings, sockets, count, err) != 0)
		return -(int)err->code;
	/* After the change of user, which would set it anew. */
	if (!settings->core_dumps && !CONFINE_TRACED)
		(void)prctl(PR_SET_DUMPABLE, 0); /* cannot fail for 0 */
	privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	confine_files(settings, files, sizeof(files));
	confine_system(settings, system, sizeof(system));
	log_line(settings, LOG_LEVEL_INFO,
	         "user %u, group %u; new privileges: %s; core dumps: %s; files: %s; system calls: %s",
	         (unsigned)geteuid(), (unsigned)getegid(), privileges ? "none" : "not limited (old kernel)",
	         settings->core_dumps || CONFINE_TRACED ? "as the system says" : "none", files, system);
	if (geteuid() == 0)
		log_line(settings, LOG_LEVEL_WARNING, "the service runs as root: set user");
	return 0;
}
