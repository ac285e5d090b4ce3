/* envelope - what all messages of the runtime have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/envelope.h"

#include "base/document.h"
#include "runtime/act/message.h"
#include "runtime/model/vocabulary.h"
#include "runtime/rows/transport.h"

#define COMPOSITIONS_ROW "Mcompositions" /* somebody has spoken in the words of automation compositions */

void
envelope_send(struct turn *turn, struct str topic, struct text *out)
{
	struct str message = turn_text(turn, out);

	if (message.len > MESSAGE_MAX)
		turn_fail(turn, ERROR_LIMIT);
	if (turn->failed == 0)
		turn->runtime->transport->send(turn, topic, message);
}

void
envelope_member(struct text *out, const char *key, struct str value)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, value);
}

void
envelope_concept(struct text *out, const char *key, struct concept concept)
{
	text_addf(out, ",\"%s\":", key);
	concept_write(out, concept);
}

void
envelope_begin(struct turn *turn, struct text *out, const char *type)
{
	text_init(out, turn->arena);
	text_addf(out, "{\"messageType\":\"%s\"", type);
	envelope_member(out, "messageId", turn_uuid(turn));
	envelope_member(out, "timestamp", turn_time(turn));
}

void
envelope_to_compositions(struct turn *turn)
{
	struct str known;

	if (!turn_get(turn, STR(COMPOSITIONS_ROW), &known))
		turn_put(turn, STR(COMPOSITIONS_ROW), STR("1"));
}

/* The same message in the words of automation compositions, on the topic of those who know them. */
static void
send_to_compositions(struct turn *turn, struct str message)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;
	struct text out;

	if (turn->failed || json_read(message, "", &limits, turn->arena, &root, NULL) != 0) {
		turn_fail(turn, ERROR_MEMORY);
		return;
	}
	vocabulary_to_compositions(root);
	text_init(&out, turn->arena);
	text_add_node(&out, root, false);
	envelope_send(turn, turn->runtime->options.composition_topic, &out);
}

void
envelope_end(struct turn *turn, struct text *out)
{
	struct str known;

	text_add(out, STR("}"));
	envelope_send(turn, turn->runtime->options.topic, out);
	if (turn_get(turn, STR(COMPOSITIONS_ROW), &known))
		send_to_compositions(turn, turn_text(turn, out));
}

void
envelope_address(struct text *out, const struct participant *participant)
{
	envelope_concept(out, "participantType", participant->type);
	envelope_concept(out, "participantId", participant->id);
}
