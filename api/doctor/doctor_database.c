/* doctor_database - the database as a file, its counters and its clock, as clguard doctor looks at them */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/daemon/database.h"
#include "api/doctor/doctor.h"
#include "base/clock.h"
#include "base/store_clean.h"
#include "base/store_lock.h"

#define FULL_PERCENT 80
#define FREE_BYTES_MIN (UINT64_C(64) << 20) /* of free pages that are worth a compaction */
#define AHEAD_MOST 1000                     /* rows that are counted */
#define PATH_BYTES 4096

static const char quarantine_advice[] =
	"restore a backup (clguard db restore), or put it aside with clguard db verify --quarantine";

/* Whether the file is known to be sound; verifies it unless another process has. lock: taken when alone. */
static bool
database_is_sound(struct doctor *doctor, const struct store_lock *lock, bool alone)
{
	const char *directory = doctor->settings->data;
	struct db_report report;
	struct error err = {0};
	int r;

	if (!alone && store_lock_is_verified(lock))
		return true;
	if (alone && !store_clean_agrees(directory))
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_INFO, NULL,
		           "the database was not left by a clean stop: the next start verifies it");
	r = database_verify(directory, alone, &report, &err);
	if (r == 0)
		return true;
	if (r == -ERROR_DAMAGED && strstr(err.text, "the database has format"))
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_ERROR,
		           "use the clguard that made it, or a newer one; clguard db dump there and clguard db import "
		           "here "
		           "carry the counters",
		           "%s", err.text);
	else if (r == -ERROR_DAMAGED)
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_ERROR, quarantine_advice, "%s", err.text);
	else
		doctor_unseen(doctor, DOCTOR_DATABASE, "try again as the service's user", "%s", err.text);
	return false;
}

static void
look_at_room(struct doctor *doctor, const struct history_metrics *metrics)
{
	uint64_t unused = metrics->file_bytes - metrics->used_bytes;
	struct statvfs disk;

	if (metrics->max_bytes && metrics->used_bytes > metrics->max_bytes / 100 * FULL_PERCENT)
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_WARNING,
		           "raise max_bytes and map_size, or take out old operations: retention_s, clguard db prune",
		           "the database uses %" PRIu64 " of %" PRIu64 " bytes: at the limit whatever counts is denied",
		           metrics->used_bytes, metrics->max_bytes);
	if (unused > FREE_BYTES_MIN && unused > metrics->file_bytes / 2)
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_INFO,
		           "clguard db compact gives them back, while the service does not run",
		           "%" PRIu64 " of %" PRIu64 " bytes of the file are free pages", unused, metrics->file_bytes);
	if (statvfs(doctor->settings->data, &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < metrics->file_bytes / 10 + FREE_BYTES_MIN)
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_WARNING,
		           "make room on the disk: when a commit fails whatever counts is denied",
		           "the disk of '%s' has %" PRIu64 " bytes left", doctor->settings->data,
		           (uint64_t)disk.f_bavail * disk.f_frsize);
}

static int
count_ahead(void *context, const struct operation *row)
{
	size_t *count = context;

	(void)row; /* the filter has chosen it */
	return ++*count >= AHEAD_MOST;
}

static void
doctor_look_at_clock(struct doctor *doctor, struct history *history, struct history_reader *reader)
{
	int64_t difference_ms = history_clock_difference(history), now_ms = clock_wall_ms();
	int64_t apart_ms = difference_ms < 0 ? -difference_ms : difference_ms;
	const struct operation_filter ahead = {
		.from_ms = now_ms + doctor->settings->clock_difference_ms, .to_ms = TIME_NONE, .limit = AHEAD_MOST};
	size_t count = 0;

	if (apart_ms > doctor->settings->clock_difference_ms)
		doctor_add(doctor, DOCTOR_CLOCK, SEVERITY_WARNING,
		           "see that the wall clock is right (timedatectl), then clguard db accept while the service "
		           "does not "
		           "run",
		           "the wall clock is %" PRId64 " s %s the decision clock, by which limits count",
		           apart_ms / 1000, difference_ms < 0 ? "behind" : "ahead of");
	if (history_each(reader, &ahead, count_ahead, &count) < 0)
		doctor_unseen(doctor, DOCTOR_CLOCK, quarantine_advice, "the operations cannot be read");
	else if (count)
		doctor_add(doctor, DOCTOR_CLOCK, SEVERITY_WARNING,
		           "look at them: clguard db dump; a wrong one goes with clguard record --undo. max_future_s "
		           "refuses "
		           "others",
		           "%zu%s of the operations lie ahead of now, and count until a window after that", count,
		           count >= AHEAD_MOST ? " or more" : "");
}

static void
look_inside(struct doctor *doctor)
{
	struct history_options options = engine_options_default.history;
	struct history_reader *reader = NULL;
	struct history *history = NULL;
	struct history_metrics metrics;
	struct error err = {0};
	int r;

	options.directory = doctor->settings->data;
	options.map_bytes = (size_t)doctor->settings->map_size;
	options.max_bytes = (size_t)doctor->settings->max_bytes;
	options.existing = options.carried = options.untended = true;
	r = history_open(&options, &history, &err);
	if (r == 0)
		r = history_reader_open(history, &reader, &err);
	if (r == 0 && history_reader_begin(reader) == 0) {
		if (history_metrics(reader, &metrics) == 0) {
			look_at_room(doctor, &metrics);
			if (metrics.quarantined)
				doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_WARNING,
				           "wait until the windows have passed, or clguard db accept when the counters "
				           "are right",
				           "the database is in quarantine: it replaces another, and limiters count as "
				           "full");
			if (metrics.difference)
				doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_ERROR, quarantine_advice,
				           "%" PRId64 " reservations are neither live nor ended", metrics.difference);
		}
		doctor_look_at_clock(doctor, history, reader);
		history_reader_end(reader);
	} else {
		doctor_unseen(doctor, DOCTOR_DATABASE, "try again as the service's user",
		              "the database does not open: %s", err.text);
	}
	history_reader_close(reader);
	history_close(history);
}

/* Takes the lock: alone, or shared beside others. False, after a finding, when neither. */
static bool
doctor_lock(struct doctor *doctor, struct store_lock *lock, bool *ret_alone)
{
	const char *directory = doctor->settings->data;
	struct error busy = {0}, err = {0};
	const char *number;
	int r = store_lock_take(lock, directory, true, &busy);

	*ret_alone = r == 0;
	if (r == 0)
		return true;
	number = r == -ERROR_BUSY ? strstr(busy.text, "by process ") : NULL;
	if (number && sscanf(number, "by process %ld", &doctor->holder) == 1)
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_INFO, NULL, "%s", busy.text);
	if (r == -ERROR_BUSY && store_lock_take(lock, directory, false, &err) == 0)
		return true;
	doctor_unseen(doctor, DOCTOR_DATABASE,
	              r == -ERROR_BUSY ? "wait until the verification is done, and look again"
	                               : "run it as the service's user",
	              "%s", err.code ? err.text : busy.text);
	return false;
}

void
doctor_database(struct doctor *doctor)
{
	const char *directory = doctor->settings->data;
	struct store_lock lock = STORE_LOCK_NONE;
	char path[PATH_BYTES];
	struct stat file;
	bool alone, sound;

	if (!directory) {
		doctor_add(doctor, DOCTOR_DATABASE, SEVERITY_WARNING, "set data to a directory of the service's own",
		           "no data: operation counters live in a private temporary database and are gone at exit");
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/data.mdb", directory); /* of one that is cut there is none */
	if (stat(path, &file) != 0) {
		bool lost = errno == ENOENT && store_lock_is_marked(directory);

		if (errno != ENOENT && errno != ENOTDIR)
			doctor_unseen(doctor, DOCTOR_DATABASE, "run it as the service's user",
			              "cannot look at '%s': %s", path, strerror(errno));
		else
			doctor_add(doctor, DOCTOR_DATABASE, lost ? SEVERITY_ERROR : SEVERITY_INFO,
			           lost ? quarantine_advice : "nothing: the service makes it when it starts",
			           lost ? "the database in '%s' has lost its file" : "there is no database in '%s' yet",
			           directory);
		return;
	}
	if (!doctor_lock(doctor, &lock, &alone))
		return;
	sound = database_is_sound(doctor, &lock, alone);
	store_lock_drop(&lock);
	if (sound)
		look_inside(doctor);
}
