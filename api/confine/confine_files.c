/* confine_files - Landlock: only the files that the settings name, and what the C library needs, can be opened */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/confine/confine_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_LINUX_LANDLOCK_H

#include <linux/landlock.h>

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define APPEND (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define ALL_OF_VERSION_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define REFER (UINT64_C(1) << 13)    /* version 2 */
#define TRUNCATE (UINT64_C(1) << 14) /* version 3 */
#define OF_FILES (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | TRUNCATE)

struct ruleset {
	int fd;
	uint64_t handled; /* rights that the kernel knows */
	unsigned rules;
};

/* Allows the path, and everything below it where it is a directory. */
static void
rule_add(struct ruleset *set, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights & set->handled};
	struct stat status;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, set->fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
		set->rules++;
	(void)close(rule.parent_fd); /* only named */
}

/* The directory in which the path stands; false when that is the root, which is everything. */
static bool
parent_of(const char *path, char *buf, size_t size)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 1 && path[0] == '/')
		return false;
	if (len >= size)
		return false;
	(void)snprintf(buf, size, "%.*s", len ? (int)len : 1, len ? path : ".");
	return true;
}

/* The path and its directory: an editor replaces a file, and a deployment a directory, by another of its name. */
static void
rule_add_around(struct ruleset *set, const char *path, uint64_t rights)
{
	char parent[PATH_MAX], real[PATH_MAX];

	if (!path)
		return;
	rule_add(set, path, rights);
	if (parent_of(path, parent, sizeof(parent)))
		rule_add(set, parent, rights);
	if (realpath(path, real) && strcmp(real, path) != 0 && parent_of(real, parent, sizeof(parent)))
		rule_add(set, parent, rights); /* behind a symbolic link */
}

/* Policy files may be symbolic links to wherever they are kept. */
static void
rule_add_links(struct ruleset *set, const char *directory)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		char path[PATH_MAX];

		if (entry->d_type != DT_LNK ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= sizeof(path))
			continue;
		rule_add_around(set, path, READ);
	}
	if (entries)
		(void)closedir(entries); /* only read */
}

static void
add_system(struct ruleset *set)
{
	static const char *const read_only[] = {"/usr",
	                                        "/lib",
	                                        "/lib64",
	                                        "/etc",
	                                        "/proc",
	                                        "/sys/devices/system",
	                                        "/run/systemd/resolve",
	                                        "/run/NetworkManager",
	                                        "/run/resolvconf",
	                                        PKGDATADIR};
	static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"};
	const char *libraries = getenv("LD_LIBRARY_PATH");

	for (size_t i = 0; i < sizeof(read_only) / sizeof(*read_only); i++)
		rule_add(set, read_only[i], READ);
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++)
		rule_add(set, devices[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	while (libraries && *libraries) {
		size_t len = strcspn(libraries, ":");
		char path[PATH_MAX];

		if (len && len < sizeof(path)) {
			(void)snprintf(path, sizeof(path), "%.*s", (int)len, libraries);
			rule_add(set, path, READ);
		}
		libraries += len + (libraries[len] == ':');
	}
}

static void
add_database(struct ruleset *set, const struct settings *settings)
{
	const char *temporary = getenv("TMPDIR");
	char parent[PATH_MAX];

	if (!settings->data) {
		rule_add(set, temporary && *temporary ? temporary : "/tmp", set->handled & ~LANDLOCK_ACCESS_FS_EXECUTE);
		return;
	}
	/* Made here, because a rule is about what is there. Who opens the database says what is wrong with it. */
	(void)mkdir(settings->data, 0750);
	rule_add(set, settings->data, set->handled & ~LANDLOCK_ACCESS_FS_EXECUTE);
	if (parent_of(settings->data, parent, sizeof(parent)))
		rule_add(set, parent, LANDLOCK_ACCESS_FS_READ_DIR);
	else
		rule_add(set, "/", LANDLOCK_ACCESS_FS_READ_DIR);
}

static void
add_settings(struct ruleset *set, const struct settings *settings)
{
	const char *const files[] = {settings->users,           settings->tokens,      settings->roles,
	                             settings->tls_certificate, settings->tls_key,     settings->tls_client_ca,
	                             settings->jwt_keys,        settings->jwt_keys_ca, settings->entities,
	                             settings->https_ca};
	/* Files that the decision log keeps beside its own: rotated ones, lines that wait, its key, the sinks' positions. */
	const char *const kept[] = {settings->decision_log, settings->decision_log_key};
	char parent[PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		rule_add_around(set, files[i], READ);
	for (size_t i = 0; i < settings->config.count; i++)
		rule_add_around(set, settings->config.items[i], READ); /* read again by a reload */
	for (size_t i = 0; i < settings->policies.count; i++) {
		rule_add_around(set, settings->policies.items[i], READ);
		rule_add_links(set, settings->policies.items[i]);
	}
	rule_add_around(set, settings->audit_log, APPEND);
	rule_add_around(set, settings->decision_log, APPEND);
	rule_add_around(set, settings->decision_log_journal, LANDLOCK_ACCESS_FS_WRITE_FILE);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (kept[i] && parent_of(kept[i], parent, sizeof(parent)))
			rule_add(set, parent, set->handled & ~LANDLOCK_ACCESS_FS_EXECUTE);
	}
	for (size_t i = 0; i <= settings->listeners.count; i++) {
		const char *address = i ? settings->listeners.items[i - 1] : settings->listen;
		char path[PATH_MAX];

		if (strncmp(address, "unix:", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%.*s", (int)strcspn(address + 5, ","), address + 5);
		if (parent_of(path, parent, sizeof(parent))) /* it goes away at the end */
			rule_add(set, parent, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	}
}

void
confine_files(const struct settings *settings, char *ret, size_t size)
{
	struct landlock_ruleset_attr rights = {.handled_access_fs = ALL_OF_VERSION_1};
	struct ruleset set = {.fd = -1};
	long version;

	if (!settings->landlock) {
		(void)snprintf(ret, size, "all (landlock: off)");
		return;
	}
	version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version >= 2)
		rights.handled_access_fs |= REFER;
	if (version >= 3)
		rights.handled_access_fs |= TRUNCATE;
	set.handled = rights.handled_access_fs;
	if (version >= 1)
		set.fd = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights.handled_access_fs), 0);
	if (set.fd < 0) {
		(void)snprintf(ret, size, "all (no Landlock here: %s)", strerror(errno));
		return;
	}
	add_system(&set);
	add_database(&set, settings);
	add_settings(&set, settings);
	if (syscall(SYS_landlock_restrict_self, set.fd, 0) == 0)
		(void)snprintf(ret, size, "those of %u paths (Landlock %ld)", set.rules, version);
	else
		(void)snprintf(ret, size, "all (no Landlock here: %s)", strerror(errno));
	(void)close(set.fd); /* the kernel keeps what is in force */
}

#else

void
confine_files(const struct settings *settings, char *ret, size_t size)
{
	(void)snprintf(ret, size, settings->landlock ? "all (built without Landlock)" : "all (landlock: off)");
}

#endif
