/* own_engine - a clguardd of its own for the policies of one element: started, found again, ended */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARTICIPANTS_ENGINE_OWN_ENGINE_H
#define PARTICIPANTS_ENGINE_OWN_ENGINE_H

#include "participants/framework/element_host.h"

/*
 * The engine of an element stands in <data>/engines/<element id>/: `lock`, which it holds as long as it lives, `socket`,
 * on which it listens, `log`, what it says, and `data`, its database. It is in a session of its own and outlives the
 * participant that has started it: the next one finds the lock held.
 */
#define ENGINE_ITEM STR("engine") /* noted by an element that has one */

struct engine_place {
	const char *folder, *lock, *socket, *log, *data;
};

enum engine_state {
	ENGINE_GONE,   /* no process holds the lock */
	ENGINE_SILENT, /* a process holds it and does not answer: it starts, or hangs */
	ENGINE_ANSWERS
};

/* Where the element's engine is; false: the id is not one, a path is too long for a socket, or out of memory. */
bool engine_place_of(const struct element_host *participant, struct str id, struct arena *arena,
                     struct engine_place *ret, struct error *err);

/* Asks it. Any thread; nobody holds the lock of the participant. */
enum engine_state engine_look(const struct engine_place *place, struct arena *arena);

/*
 * Makes its folder and starts it, unless a process has it already. wants: a map of settings of clguardd, or NULL. *ret_pid
 * is that of the child, 0 when none was started. 0 or a negative code.
 */
int engine_start(const struct element_host *participant, const struct engine_place *place, const struct node *wants,
                 struct arena *arena, pid_t *ret_pid, struct error *err);

/* Kills one that hangs. Its data stay. */
void engine_kill(const struct engine_place *place);

/* Ends it and removes its folder, data included. 0, or a negative code: it is still there. */
int engine_remove(const struct engine_place *place, pid_t child, struct error *err);

/*
 * The order's element has an engine that answers: it is started where there is none, unless it died so often that its time
 * has not come. *ret_socket is where it is asked. As the act of a kind.
 */
enum act_result engine_await(struct element_order *order, const struct node *wants, const char **ret_socket);

/* Ends the engine of the order's element, and forgets it. */
enum act_result engine_end(struct element_order *order);

/* Looks after the engines of all elements: see engine_watch.c. For kinds' `attend`. */
void engine_attend(struct element_host *participant, struct arena *arena);

/* Caller holds the lock. One that was found dead: when it may be started again, in ms. */
int64_t engine_note_death(struct element_host *participant, struct hosted_element *element);

#endif
