/* doctor_limits - open files and address space, against what the settings ask for */
/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/doctor/doctor.h"
#include "api/system/descriptors.h"

#define WORKERS_GUESS 8 /* where the setting says one a CPU */

/* The hard limit of a process by its name in /proc/PID/limits; UINT64_MAX when there is none, or it cannot be read. */
static uint64_t
hard_limit_of(const char *path, const char *name)
{
	uint64_t limit = UINT64_MAX;
	FILE *in = fopen(path, "re");
	char line[256];

	while (in && fgets(line, sizeof(line), in)) {
		char soft[32], hard[32];

		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), "%31s %31s", soft, hard) == 2 && strcmp(hard, "unlimited") != 0)
			limit = strtoull(hard, NULL, 10);
	}
	if (in)
		(void)fclose(in); /* only read */
	return limit;
}

void
doctor_limits(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;
	unsigned workers = settings->workers ? (unsigned)settings->workers : WORKERS_GUESS;
	uint64_t files, space, needed = descriptors_needed(workers) + (uint64_t)settings->connections;
	char path[64] = "/proc/self/limits", whose[64] = "a service started from here";

	if (doctor->holder) {
		(void)snprintf(path, sizeof(path), "/proc/%ld/limits", doctor->holder);
		(void)snprintf(whose, sizeof(whose), "process %ld, which has the database open,", doctor->holder);
	}
	files = hard_limit_of(path, "Max open files");
	space = hard_limit_of(path, "Max address space");
	if (files < needed)
		doctor_add(doctor, DOCTOR_LIMITS, SEVERITY_WARNING,
		           "raise LimitNOFILE of the unit (ulimit -n), or lower connections",
		           "%s may open %" PRIu64 " files, and connections (%" PRId64 ") need %" PRIu64
		           ": there will be fewer connections",
		           whose, files, settings->connections, needed);
	if (space < (uint64_t)settings->map_size)
		doctor_add(doctor, DOCTOR_LIMITS, SEVERITY_WARNING,
		           "lift LimitAS of the unit (ulimit -v), or lower map_size",
		           "%s has %" PRIu64 " bytes of address space, and map_size is %" PRId64
		           ": the database will find less room",
		           whose, space, settings->map_size);
}
