/* doctor_log - the decision log, as clguard doctor looks at it */
/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "api/decision_log/log_files.h"
#include "api/decision_log/verify.h"
#include "api/doctor/doctor.h"

static void
verify_log(struct doctor *doctor, const char *key_path)
{
	const char *path = doctor->settings->decision_log;
	const struct verify_wanted none = {0};
	struct verify_report report = {0};
	struct log_files files = {0};
	struct error err = {0};
	struct hash_key key;
	FILE *nowhere = fopen("/dev/null", "we");
	bool whole = false;
	int r;

	r = chain_key_read(key_path, false, &key, &err);
	if (r == 0 && (!nowhere || log_files_find(path, &files) != 0))
		r = error_set(&err, ERROR_IO, NULL, "cannot look for the files of '%s'", path);
	if (r == 0)
		r = verify_files((const char *const *)files.paths, files.count, &key, &none, nowhere, &report, &err);
	if (r == 0)
		whole = verify_is_whole(&report);
	if (r != 0)
		doctor_unseen(doctor, DOCTOR_DECISION_LOG,
		              "give the key by decision_log_key, and run it as the service's user",
		              "the decision log is not verified: %s", err.text);
	else if (!whole)
		doctor_add(doctor, DOCTOR_DECISION_LOG, SEVERITY_ERROR,
		           "clguard log verify FILE tells where: find out who did it",
		           "the decision log '%s' is not whole: of its %" PRIu64 " lines %" PRIu64
		           " were changed, %" PRIu64 " are foreign, and %" PRIu64 " are missing%s",
		           path, report.lines, report.changed, report.foreign, report.missing,
		           report.torn ? "; the last one is torn" : "");
	else if (report.told)
		doctor_add(doctor, DOCTOR_DECISION_LOG, SEVERITY_WARNING,
		           "give it a faster disk, or set decision_log_overflow to block or deny",
		           "the decision log has lost %" PRIu64 " lines, as it says itself", report.told);
	log_files_free(&files);
	if (nowhere)
		(void)fclose(nowhere); /* nothing was kept */
}

void
doctor_decision_log(struct doctor *doctor)
{
	const char *path = doctor->settings->decision_log, *key = doctor->settings->decision_log_key;
	char beside[4096];

	if (!path) {
		doctor_add(doctor, DOCTOR_DECISION_LOG, SEVERITY_INFO,
		           "set decision_log: without it nothing can be looked up or replayed",
		           "no decision log is kept");
		return;
	}
	if (access(path, F_OK) != 0) {
		doctor_add(doctor, DOCTOR_DECISION_LOG, SEVERITY_INFO, NULL,
		           "there is no decision log at '%s' yet: the service makes it", path);
		return;
	}
	if (access(path, W_OK) != 0)
		doctor_add(doctor, DOCTOR_DECISION_LOG, SEVERITY_ERROR, "let the service's user own it",
		           "cannot write to the decision log '%s': %s", path, strerror(errno));
	if (!key) {
		(void)snprintf(beside, sizeof(beside), "%s.key", path); /* of one that is cut there is none */
		key = beside;
	}
	verify_log(doctor, key);
}
