/* envelope - what all messages of the runtime have in common */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/envelope.h"

#include "base/document.h"
#include "runtime/act/message.h"
#include "runtime/model/vocabulary.h"
#include "runtime/rows/transport.h"

#define COMPOSITIONS_ROW "Mcompositions" /* somebody has spoken in the words of automation compositions */

void
envelope_send(struct txn *txn, struct str topic, struct text *out)
{
	struct str message = txn_text(txn, out);

	if (message.len > MESSAGE_MAX)
		txn_fail(txn, ERROR_LIMIT);
	if (txn->failed == 0)
		txn->runtime->transport->send(txn, topic, message);
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
envelope_begin(struct txn *txn, struct text *out, const char *type)
{
	text_init(out, txn->arena);
	text_addf(out, "{\"messageType\":\"%s\"", type);
	envelope_member(out, "messageId", txn_uuid(txn));
	envelope_member(out, "timestamp", txn_time(txn));
	if (txn->trace.ptr)
		envelope_member(out, "traceparent", txn->trace);
}

void
envelope_to_compositions(struct txn *txn)
{
	struct str known;

	if (!txn_get(txn, STR(COMPOSITIONS_ROW), &known))
		txn_put(txn, STR(COMPOSITIONS_ROW), STR("1"));
}

/* The same message in the words of automation compositions, on the topic of those who know them. */
static void
send_to_compositions(struct txn *txn, struct str message)
{
	static const struct document_limits limits = {SIZE_MAX, 256, SIZE_MAX, 0, SIZE_MAX};
	struct node *root;
	struct text out;

	if (txn->failed || json_read(message, "", &limits, txn->arena, &root, NULL) != 0) {
		txn_fail(txn, ERROR_MEMORY);
		return;
	}
	vocabulary_to_compositions(root);
	text_init(&out, txn->arena);
	text_add_node(&out, root, false);
	envelope_send(txn, txn->runtime->options.composition_topic, &out);
}

void
envelope_end(struct txn *txn, struct text *out)
{
	struct str known;

	text_add(out, STR("}"));
	envelope_send(txn, txn->runtime->options.topic, out);
	if (txn_get(txn, STR(COMPOSITIONS_ROW), &known))
		send_to_compositions(txn, txn_text(txn, out));
}

void
envelope_address(struct text *out, const struct participant *participant)
{
	envelope_concept(out, "participantType", participant->type);
	envelope_concept(out, "participantId", participant->id);
}
