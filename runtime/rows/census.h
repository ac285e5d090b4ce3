/* census - how many instances, elements and participants stand where, and how far groups are behind their topics */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_ROWS_CENSUS_H
#define RUNTIME_ROWS_CENSUS_H

#include "runtime/model/bus_name.h"
#include "runtime/model/state.h"
#include "runtime/rows/txn.h"

#define CENSUS_GROUPS 100 /* that are told one by one */

/* A participant's health, as reported, or as the runtime sees one that is silent. */
#define CENSUS_HEALTHS(X) X(HEALTHY) X(NOT_HEALTHY) X(TEST_IN_PROGRESS) X(OFF_LINE) X(UNKNOWN)

enum census_health {
#define X(name) CENSUS_##name,
	CENSUS_HEALTHS(X)
#undef X
		CENSUS_HEALTH_COUNT
};

extern const char *const census_health_name[CENSUS_HEALTH_COUNT];

struct census_group {
	char topic[BUS_NAME_MAX + 1], group[BUS_NAME_MAX + 1];
	uint64_t lag; /* messages that are kept and that it has not read */
};

struct census {
	uint64_t instances[LOOP_STATE_COUNT];
	uint64_t overdue, failed; /* instances whose transition ran into its timeout, or failed, and stands */
	uint64_t elements, faulty, missing;
	uint64_t participants[CENSUS_HEALTH_COUNT]; /* that are registered */
	uint64_t groups, lag_most;
	size_t listed;
	struct census_group list[CENSUS_GROUPS]; /* the first ones by topic and name */
};

/* A reading txn. Looks at every instance: not for a thread that others wait for. Failures are the txn's. */
void census_take(struct txn *txn, struct census *ret);

#endif
