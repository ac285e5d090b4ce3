/* doctor - what is wrong, or will be, with a service's settings, files and database, and what to do about it */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_DOCTOR_DOCTOR_H
#define API_DOCTOR_DOCTOR_H

#include "api/process/settings.h"
#include "base/text.h"

/* The subject of a finding. */
#define DOCTOR_AREAS(X) \
	X(CONFIGURATION, "configuration") \
	X(POLICIES, "policies") \
	X(DATABASE, "database") \
	X(CLOCK, "clock") \
	X(LIMITS, "limits") \
	X(PERMISSIONS, "permissions") \
	X(NETWORK, "network") \
	X(DECISION_LOG, "decision_log") \
	X(SERVICE, "service")

enum doctor_area {
#define X(area, text) DOCTOR_##area,
	DOCTOR_AREAS(X)
#undef X
};

/* One finding. Texts live in the doctor's arena, or are static. */
struct doctor_finding {
	struct doctor_finding *next;
	enum severity severity;
	enum doctor_area area;
	const char *what, *advice; /* advice: what to do; NULL for an info that needs nothing */
};

struct doctor {
	const struct settings *settings;
	struct arena *arena;
	long holder; /* process that has the database open, 0: none is known */
	struct doctor_finding *first, *last;
	size_t count[SEVERITY_ERROR + 1];
	bool unseen;        /* something could not be looked at */
	bool out_of_memory; /* findings are missing */
};

/* Adds a finding. */
void doctor_add(struct doctor *doctor, enum doctor_area area, enum severity severity, const char *advice,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

/* As doctor_add, of what could not be looked at: an error, and the exit code says so. */
void doctor_unseen(struct doctor *doctor, enum doctor_area area, const char *advice, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "severity: area: what", and below it what to do. */
void doctor_print(const struct doctor *doctor, FILE *out);

/* {"errors", "warnings", "findings": [{severity, area, what, advice}]} */
void doctor_json(const struct doctor *doctor, struct text *out);

/* Settings, and the policies that they name, as clguardd --check-config looks at them. */
void doctor_configuration(struct doctor *doctor);

/* Who else may read or write what must be private; addresses that are open to all. */
void doctor_files(struct doctor *doctor);

/* How long the certificate is good. */
void doctor_certificate(struct doctor *doctor);

/* Open files and address space, of the process that has the database open, or of this one. */
void doctor_limits(struct doctor *doctor);

/* The database as a file, its counters and its clock. Leaves it as it is. Sets `holder`. */
void doctor_database(struct doctor *doctor);

/* Whether there is a decision log, and it is whole. */
void doctor_decision_log(struct doctor *doctor);

#endif
