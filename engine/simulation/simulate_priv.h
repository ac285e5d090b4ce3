/* simulate_priv - what the parts of a simulation share */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_SIMULATION_SIMULATE_PRIV_H
#define ENGINE_SIMULATION_SIMULATE_PRIV_H

#include "engine/machine/runs.h"
#include "engine/simulation/simulate.h"

struct sandbox;

#define SCRIPT_NEVER INT64_MAX

struct script_event {
	int64_t at_ms, wall_ms;
	struct event event;
	bool broken; /* cannot be decoded: the topic's reader drops it */
};

enum script_outcome { SCRIPT_SUCCESS, SCRIPT_FAILURE, SCRIPT_EXCEPTION, SCRIPT_NONE };

/* A scripted answer, used once: to the next question of operation `op` (absent: of any). */
struct script_result {
	struct str op;
	int64_t after_ms;
	enum script_outcome outcome; /* of an operation */
	struct str message;
	struct str word; /* of a guard */
	bool used;
};

/* A script as read. In the arena given to the reader. */
struct script {
	struct script_event *events; /* by time */
	size_t event_count;
	struct script_result *results, *guards;
	size_t result_count, guard_count;
	size_t result_first, guard_first; /* those before are used up */
	bool guard_disabled;
	struct str *locks; /* held elsewhere */
	size_t lock_count;
	int64_t start_ms;     /* the instant of t = 0 */
	int64_t lock_lost_ms; /* or SCRIPT_NEVER */
	bool has_query, has_count;
	struct str vnf_id;
	int32_t vf_count;
};

/* The script's clock begins at `start`, else so that its first wall time fits, else in 1970. */
int script_read(json_t *json, struct arena *arena, struct script *ret, struct error *err);

/* The policies of script and options, compiled. False when one has an error; all findings are in diags. */
bool simulate_compile(json_t *script, const struct simulate_options *options, struct arena *arena,
                      const struct operational **ret, struct diags *diags);

/* The results of one event, or transaction. Lists are JSON arrays. */
struct trace {
	json_t *sequence, *notifications, *history, *requests;
	json_t *final;                                 /* or NULL */
	json_t *topic, *attempts, *operation_attempts; /* with a topic: messages; what their history holds */
	size_t open_row;                               /* index of the row that is under way */
};

/* Collects what happens, event by event. */
struct recorder {
	struct trace *traces;
	size_t count;
	json_t *timeline; /* or NULL */
	bool topic;
	int64_t start_ms; /* of the timeline */
	bool failed;      /* no memory */
};

int recorder_init(struct recorder *recorder, size_t events, const struct simulate_options *options, int64_t start_ms,
                  struct arena *arena);
void recorder_done(struct recorder *recorder);
/* A token of the sequence, as printf has it. */
void recorder_token(struct recorder *recorder, size_t index, int64_t now_ms, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* An action: its token, notification, row. word: the guard's own, for ACTION_GUARDED. */
void recorder_action(struct recorder *recorder, size_t index, int64_t now_ms, const struct action *action,
                     const char *word);
/* A request as it went to the guard. */
void recorder_request(struct recorder *recorder, size_t index, const struct request *request);
/* The members of the result but compile and diagnostics, into `ret`. */
int recorder_result(struct recorder *recorder, json_t *ret);

/* Plays the script. sandbox: the guards, or NULL. Rows are entered there too. */
int simulate_play(struct script *script, const struct operational *policies, const struct simulate_options *options,
                  struct sandbox *sandbox, struct recorder *recorder, struct error *err);

#endif
