/* reading - one thread for answers that may be long, so that no HTTP worker makes them */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef API_HTTP_READING_H
#define API_HTTP_READING_H

#include "engine/decide/engine.h"

/*
 * A list of all instances takes as long as there are instances, and decisions wait behind whatever a worker does. So
 * such answers are made here, one after the other, and their exchanges wait suspended.
 */
struct reading;

/* One answer to make. The caller's, until `run` is called. */
struct reading_job {
	struct reading_job *next;
	/* The thread. scratch: its memory for the one job, from the budget; it ends with the job. */
	void (*run)(struct reading_job *job, struct history_reader *reader, struct arena *scratch);
};

/* errors  ERROR_MEMORY, ERROR_IO, those of history_reader_open */
int reading_open(struct engine *engine, struct budget *budget, struct reading **ret, struct error *err);

/* Any thread. False when it stops. */
bool reading_submit(struct reading *reading, struct reading_job *job);

/* Runs what waits and ends the thread; later jobs are refused. Takes NULL, as reading_close does. */
void reading_stop(struct reading *reading);
void reading_close(struct reading *reading);

#endif
