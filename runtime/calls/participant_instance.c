/* participant_instance - which run of a program speaks under a participant's name */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/calls/participant_instance.h"

#include "runtime/act/message.h"

#define INSTANCE_MAX 64         /* bytes */
#define SHARED_AGAIN_MS 3600000 /* two programs of one name are told of again after so long */

struct str
participant_instance_of(const struct node *message)
{
	const struct node *member = node_get(message, "instance");
	struct str instance = member && member->kind == NODE_TEXT ? member->text : STR_NONE;

	return instance.len && instance.len <= INSTANCE_MAX ? instance : STR_NONE;
}

void
participant_notice_instance(struct txn *txn, const struct node *message, struct participant *participant)
{
	struct str instance = participant_instance_of(message);

	if (!instance.ptr || (participant->instance.ptr && str_equal(instance, participant->instance)))
		return;
	if (participant->instance_before.ptr && str_equal(instance, participant->instance_before) &&
	    (participant->shared_ms == TIME_NONE || txn->now_ms - participant->shared_ms > SHARED_AGAIN_MS)) {
		participant->shared_ms = txn->now_ms;
		notify_participant_more(
			txn, "PARTICIPANT_NAME_SHARED", participant, "message",
			STR("two programs speak under this name, and take each other's messages: give each "
		            "its own"));
	}
	participant->instance_before = participant->instance;
	participant->instance = instance;
}
