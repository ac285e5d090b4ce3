/* topic - notifications as they go over a topic */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_MACHINE_TOPIC_H
#define ENGINE_MACHINE_TOPIC_H

#include <jansson.h>

#include "engine/machine/run.h"

/*
 * The message of an action, a new reference; NULL when the action is told to nobody (action_notification) or memory
 * is out. history: what its `history` member holds, a list of topic_attempt, which is copied by reference; NULL for
 * an empty one.
 * Members that are unknown are left out.
 * source  ONAP's control loop notification, version 1.0.2
 */
json_t *topic_notification(const struct action *action, json_t *history, int64_t now_ms);

/* An attempt that ended, for `history`; NULL when the action is none, or out of memory. */
json_t *topic_attempt(const struct action *action);

#endif
