/* host - the policy participant that is built in: elements that the runtime hosts itself */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/host.h"

#include "runtime/act/deploy.h"
#include "runtime/model/vocabulary.h"
#include "runtime/rows/txn.h"

struct concept host_offer(struct txn *txn, struct concept type)
{
	struct participant host = {
		.id = {STR(HOST_NAME), type.version},
		.type = type,
		.state = STR("PASSIVE"),
		.health = STR("HEALTHY"),
		.last_ms = txn->now_ms,
		.update_ms = TIME_NONE,
		.status_ms = TIME_NONE,
		.lost_ms = TIME_NONE,
		.move_ms = TIME_NONE,
		.greeting = NOT_GREETED,
	};
	struct participant known;

	if (!txn->runtime->options.policy_participant.len || !type.name.ptr ||
	    !str_equal(vocabulary_type(type.name), vocabulary_type(txn->runtime->options.policy_participant)) ||
	    !concept_name_valid(type.name) || !concept_version_valid(type.version))
		return (struct concept){STR_NONE, STR_NONE};
	if (!participant_load(txn, host.id, &known) || !concept_equal(known.type, type) ||
	    !participant_is_registered(&known))
		participant_save(txn, &host);
	return host.id;
}

/* The participant's words after an executed order; *ret_good: false when it was not executed. */
static struct str
obey(struct txn *txn, const struct loop *loop, const struct element *element, bool *ret_good)
{
	size_t policies = 0;
	const char *refusal, *message;

	*ret_good = true;
	if (element->ordered != LOOP_RUNNING)
		return STR("done");
	refusal = deploy_refusal(txn, loop, element, &policies);
	*ret_good = refusal == NULL;
	if (refusal)
		return str_from(refusal);
	if (policies == 0)
		return STR("no guard and no operational policy is named: there is nothing to put into force");
	message = arena_printf(txn->arena, "%zu polic%s in force", policies, policies == 1 ? "y" : "ies");
	return message ? str_from(message) : STR("in force");
}

void
host_act(struct txn *txn, struct supervision *supervision, struct loop *loop, int64_t phase)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];
		struct str message;
		bool good;

		if (!element->asked || element->phase != phase || !host_has_id(txn, element->participant_id) ||
		    !str_equal(vocabulary_type(element->participant_type.name),
		               vocabulary_type(txn->runtime->options.policy_participant)))
			continue;
		message = obey(txn, loop, element, &good);
		(void)loop_answer(supervision, loop, element, element->ordered, good, message); /* or it is done */
	}
}
