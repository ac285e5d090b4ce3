/* guarding - the guard is asked before every element action */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/act/guarding.h"

#include <inttypes.h>

#include "base/clock.h"
#include "runtime/looptype/looptype.h"
#include "runtime/rows/txn.h"

enum guarding
guarding_of(struct txn *txn, const struct loop *loop)
{
	const struct node *template = NULL, *guard;

	if (!looptype_load(txn, loop->definition, &template))
		return GUARDING_ENFORCE;
	guard = node_get(node_get(template, "metadata"), "guard");
	if (guard && str_is(guard->text, "off"))
		return GUARDING_OFF;
	return guard && str_is(guard->text, "report") ? GUARDING_REPORT : GUARDING_ENFORCE;
}

static void
write_denial(struct text *out, const struct element *element, const struct request *request,
             const struct decision *decision, struct str explanation)
{
	text_add(out, out->len ? STR(",{\"elementId\":") : STR("{\"elementId\":"));
	text_add_json(out, element->id);
	text_add(out, STR(",\"actor\":"));
	text_add_json(out, request->attribute[ATTRIBUTE_ACTOR]);
	text_add(out, STR(",\"operation\":"));
	text_add_json(out, request->attribute[ATTRIBUTE_OPERATION]);
	text_add(out, STR(",\"target\":"));
	text_add_json(out, request->attribute[ATTRIBUTE_TARGET]);
	text_addf(out, ",\"vfCount\":%" PRId32 ",\"reason\":\"%s\"", request->vf_count, reason_name[decision->reason]);
	if (decision->guard) {
		text_add(out, STR(",\"policy\":"));
		text_add_json(out, decision->guard->policy);
		text_add(out, STR(",\"file\":"));
		text_add_json(out, str_from(decision->guard->file));
		text_addf(out, ",\"line\":%" PRIu32, decision->guard->line);
	}
	text_add(out, STR(",\"explanation\":"));
	text_add(out, explanation);
	text_add(out, STR("}"));
}

static void
note_answer(struct txn *txn, enum guarding guarding, const struct request *request,
            const struct reservation *reservation, int64_t took_ns)
{
	struct reservation_note note = {
		.event = reservation->decision.permit ? RESERVATION_RESERVED_EVENT : RESERVATION_DENIED_EVENT,
		.reported = !reservation->decision.permit && guarding == GUARDING_REPORT,
		.asked = true,
		.request = *request,
		.decision = reservation->decision,
		.at_ms = txn->now_ms,
		.position = reservation->position,
		.took_ns = took_ns,
	};

	memcpy(note.id, reservation->id, sizeof(note.id));
	txn_note(txn, &note);
}

bool
guard_permits(struct txn *txn, enum guarding guarding, const struct loop *loop, struct element *element,
              const char *operation, int64_t vf_count, struct text *denials)
{
	struct engine *engine = txn->runtime->engine;
	char *target = arena_printf(txn->arena, "%.*s/%.*s", STR_ARG(element->definition.name), STR_ARG(element->id));
	struct request request = {.has_vf_count = true, .vf_count = (int32_t)vf_count};
	struct reservation reservation;
	struct decision decision;
	struct str why;
	int64_t began_ns = clock_monotonic_ns();
	int r;

	if (guarding == GUARDING_OFF)
		return true;
	if (!target) {
		txn_fail(txn, ERROR_MEMORY);
		return false;
	}
	request.attribute[ATTRIBUTE_ACTOR] = element->participant_type.name;
	request.attribute[ATTRIBUTE_OPERATION] = str_from(operation);
	request.attribute[ATTRIBUTE_TARGET] = str_from(target);
	request.attribute[ATTRIBUTE_CLNAME] = loop->id.name;
	r = engine_writer_reserve(engine, txn->writer, txn->set, &request, txn->runtime->limits.lease_ms, txn->now_ms,
	                          &reservation);
	if (r >= 0)
		note_answer(txn, guarding, &request, &reservation, clock_monotonic_ns() - began_ns);
	if (r == 1) {
		element->reservation = arena_str(txn->arena, str_from(reservation.id));
		if (!element->reservation.ptr)
			txn_fail(txn, ERROR_MEMORY);
		return true;
	}
	if (r == 0)
		r = engine_writer_explain(engine, txn->writer, txn->set, &request, txn->now_ms, txn->arena, &decision,
		                          &why);
	if (r < 0) {
		txn_fail(txn, error_from(r)); /* an order that cannot be decided is not carried out */
		return false;
	}
	if (denials)
		write_denial(denials, element, &request, &decision, why);
	return guarding == GUARDING_REPORT;
}

/* Whether an element counts for the operation when it is ordered into a state. */
static bool
counts(enum loop_state ordered, bool on_participants)
{
	return on_participants ? ordered != LOOP_UNINITIALISED : ordered == LOOP_RUNNING;
}

/* The count of the element's definition before anybody acts: without those that change without being asked. */
static int64_t
count_before(struct txn *txn, const struct loop *loop, const struct element *element, enum loop_state next, bool on)
{
	struct definition_count count = definition_count(txn, element->definition);
	int64_t sum = on ? count.on : count.running;

	for (size_t i = 0; i < loop->count; i++) {
		const struct element *other = &loop->elements[i];

		if (concept_equal(other->definition, element->definition) && !loop_order_asks(loop, other, next))
			sum += counts(loop_state_to(next), on) - counts(other->ordered, on);
	}
	return sum;
}

bool
guard_permits_order(struct txn *txn, struct loop *loop, enum loop_state next, struct text *denials)
{
	enum guarding guarding = guarding_of(txn, loop);
	enum loop_state to = loop_state_to(next);
	bool update = next == LOOP_UNINITIALISED2PASSIVE, on = update || to == LOOP_UNINITIALISED, permitted = true;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];
		int64_t count = count_before(txn, loop, element, next, on);

		if (!loop_order_asks(loop, element, next))
			continue;
		for (size_t j = 0; j <= i; j++) {
			const struct element *other = &loop->elements[j];

			if (concept_equal(other->definition, element->definition) && loop_order_asks(loop, other, next))
				count += counts(to, on) - counts(other->ordered, on);
		}
		permitted &= guard_permits(txn, guarding, loop, element, update ? "UPDATE" : loop_state_name[to], count,
		                           denials);
	}
	return permitted && txn->failed == 0;
}

bool
guard_permits_force(struct txn *txn, const struct loop *loop, struct element *element, struct text *denials)
{
	return guard_permits(txn, guarding_of(txn, loop), loop, element, "FORCE",
	                     definition_count(txn, element->definition).on, denials);
}

bool
guard_permits_change(struct txn *txn, struct loop *loop, struct text *denials)
{
	enum guarding guarding = guarding_of(txn, loop);
	bool permitted = true;

	for (size_t i = 0; i < loop->count; i++) {
		struct element *element = &loop->elements[i];

		permitted &= guard_permits(txn, guarding, loop, element, "UPDATE",
		                           definition_count(txn, element->definition).on, denials);
	}
	return permitted && txn->failed == 0;
}

struct str
denial_json(struct txn *txn, enum guarding guarding, const char *ordered, struct text *denials)
{
	struct text out;

	text_init(&out, txn->arena);
	text_addf(&out, "{\"timestamp\":\"%s\",\"ordered\":\"%s\",\"guard\":\"%s\",\"denied\":[", txn_time(txn).ptr,
	          ordered, guarding == GUARDING_REPORT ? "report" : "enforce");
	text_add(&out, txn_text(txn, denials));
	text_add(&out, STR("]}"));
	return txn_text(txn, &out);
}

void
denial_save(struct txn *txn, struct concept loop, struct str json)
{
	txn_put(txn, txn_key(txn, ROW_DENIAL, loop.name, loop.version), json);
}

struct str
denial_load(struct txn *txn, struct concept loop)
{
	struct str json;

	return txn_get(txn, txn_key(txn, ROW_DENIAL, loop.name, loop.version), &json) ? json : STR_NONE;
}
