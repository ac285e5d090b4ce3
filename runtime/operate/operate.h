/* operate - operational policies at work: events, answers of actors and time, carried out in one transaction each */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_OPERATE_OPERATE_H
#define RUNTIME_OPERATE_OPERATE_H

#include "runtime/endpoint/actors.h"
#include "runtime/operate/execution.h"

/*
 * A message that came on a topic: an event, or an actor's answer, if the topic is one for these. Anything may come;
 * what is not understood changes nothing.
 */
void operations_receive(struct txn *txn, struct str topic, struct str message);

/* Does the work that is due by now. True when there is more of it than one transaction should carry. */
bool operations_tick(struct txn *txn);

/* After each call: executions of the operational policies that it took out of force go on, or are aborted; and a notification. */
void operations_withdraw(struct txn *txn);

/*
 * An actor's answer: {"result", "message"}, or of the inventory {"result", "vnf-id", "vfCount"}. topic: where it came,
 * absent for HTTP; id: subRequestID.
 */
void operations_answer(struct txn *txn, struct str topic, struct str id, const json_t *message);

/* call->run: takes the target's lock away from execution call->name ("<began>-<number>"), which ends it. */
int operation_cancel(struct txn *txn, struct runtime_call *call);

/* Answers from a snapshot: the running executions, by number. */
void operations_list(struct txn *txn, struct runtime_call *call, struct text *out);

/* --- operate.c: carrying out --- */

/*
 * After a step of the run: its actions, and all that follows from them without anybody else. asked: the generation
 * before the step, whose question is on its way.
 */
void operation_drive(struct txn *txn, struct execution *execution, struct actions *actions, uint32_t asked);

/* The endpoint of whoever is asked now. False, and the txn has failed, when out of memory. */
bool operation_endpoint(struct txn *txn, const struct run *run, struct actor_endpoint *ret);

/* Into the totals, if it is an end. */
void operation_count(struct txn *txn, const struct action *action);

/* --- operate_tell.c: what is said --- */

/* A execution's name: what its subRequestIDs begin with. */
struct str operation_name(struct txn *txn, const struct run *run);

/* The subRequestID that an answer must carry now: of the attempt, or of the question to the inventory. */
struct str operation_id(struct txn *txn, const struct run *run);

/* The request for what the run waits for now. */
struct str operation_request(struct txn *txn, const struct execution *execution);

/* The action's notification, if it has one; its attempt, if it ends one, is kept for later ones. */
void operation_notify(struct txn *txn, const struct execution *execution, const struct action *action);

#endif
