/* admit - what is checked about an event before there is a execution */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_ADMIT_H
#define ENGINE_MACHINE_ADMIT_H

#include "engine/machine/run.h"

/* The state of the executions at admission. */
struct admission {
	int64_t wall_ms; /* for schedules */
	bool same;       /* a execution with an equal event is running */
	bool full;       /* there is no room for one more */
	/* Counts an ONSET that passed the rest of the policy's gate: as window_add. */
	uint32_t (*count)(void *context, const struct operational *policy, const struct event *event);
	void *context;
};

/* Whether an ONSET begins a execution. False: why is told, or that it is ignored, as one more of the actions. */
bool event_admit(const struct operational *policy, const struct event *event, const struct admission *admission,
                 struct actions *actions);

/* An action about an event that made no run. */
struct action *event_notify(struct actions *actions, enum action_kind kind, const struct event *event,
                            const struct operational *policy, const char *format);

#endif
