/* task - what supervision wants done: messages, notifications, the ends of reservations */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/supervision/task.h"

void
supervision_init(struct supervision *supervision)
{
	supervision->first = NULL;
	supervision->last = &supervision->first;
	supervision->failed = false;
}

void
task_emit(struct supervision *supervision, struct task given)
{
	struct task *task = arena_alloc(supervision->arena, sizeof(*task));

	if (!task) {
		supervision->failed = true;
		return;
	}
	*task = given;
	*supervision->last = task;
	supervision->last = &task->next;
}

void
task_notify(struct supervision *supervision, const char *what, struct element *element)
{
	task_emit(supervision, (struct task){.kind = TASK_NOTIFY, .text = str_from(what), .element = element});
}

void
task_end_reservation(struct supervision *supervision, struct element *element, const char *outcome)
{
	if (!element->reservation.ptr)
		return;
	task_emit(supervision, (struct task){.kind = outcome ? TASK_SETTLE : TASK_ABORT,
	                                     .text = element->reservation,
	                                     .outcome = str_from(outcome)});
	element->reservation = STR_NONE;
}
