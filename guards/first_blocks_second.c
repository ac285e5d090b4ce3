/* first_blocks_second - FirstBlocksSecond: one control loop waits while another works */
/* SPDX-License-Identifier: Apache-2.0 */
#include "guards/kinds.h"
#include "guards/onap.h"
#include "guards/remedy.h"
#include "policytypes/policy.h"

/*
 * type    onap.policies.controlloop.guard.coordination.FirstBlocksSecond 1.0.0 {controlLoop: [first, second]}
 * strict  denies the second loop while any operation of the first is live: reserved or started, not ended, its lease
 *         not over. Exactly two different loops; the first is one name, the second may be a pattern.
 * onap    denies while the row of the first loop with the latest start has outcome Started, however old. An unreadable
 *         history permits. Loops beyond the second are ignored; a name holding `clname:` is cut there, when it is asked
 *         for.
 * source  ONAP's policy type and its policy-xacml-pdp; differences are in doc/compatibility.md
 */

struct coordination {
	struct str first;
};

static bool
data_set(struct guard *guard, struct str first, const struct node *where, struct arena *arena, struct diags *diags)
{
	struct coordination *data = arena_alloc(arena, sizeof(*data));
	struct str copy = arena_str(arena, first);

	guard->data = data;
	if (!data || !copy.ptr) {
		diags_error(diags, where, "no memory for a guard");
		return false;
	}
	data->first = copy;
	return true;
}

static bool
compile(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct node *loops = policy_get(policy, "controlLoop");
	const struct node *first, *second;

	if (!common_compile(policy, guard, arena, diags))
		return false;
	if (!loops || loops->kind != NODE_LIST || loops->count != 2) {
		diags_error(diags, loops ? loops : policy->properties,
		            "controlLoop must name two control loops, not %u",
		            loops && loops->kind == NODE_LIST ? loops->count : 0);
		return false;
	}
	first = loops->first;
	second = first->next;
	for (const struct node *loop = first; loop; loop = loop->next) {
		bool pattern = node_is_scalar(loop) && text_is_pattern(loop->text);

		if (!node_is_scalar(loop) || str_trim(loop->text).len == 0 || str_is(loop->text, ".*") ||
		    (pattern && loop == first)) {
			diags_error(diags, loop, "controlLoop[%u] must be the name of one control loop", loop->index);
			return false;
		}
	}
	if (str_equal(first->text, second->text)) {
		diags_error(diags, second, "'%.*s' cannot block itself: name two different control loops",
		            STR_ARG(second->text));
		return false;
	}
	return scope_term_compile(&guard->scope.term[ATTRIBUTE_CLNAME], ATTRIBUTE_CLNAME, second->text, GUARD_STRICT,
	                          second, arena, diags) &&
	       data_set(guard, first->text, first, arena, diags);
}

/* A name that the reference can put into its XML, as a string of Java. */
static bool
onap_loop(const struct node *loop, struct diags *diags)
{
	if (onap_kind(loop) != ONAP_TEXT) {
		diags_error(diags, loop, "Failed to convert policy: controlLoop[%u] must be text, not %s", loop->index,
		            node_kind_phrase(loop));
		return false;
	}
	if (!memchr(loop->text.ptr, '&', loop->text.len) && !memchr(loop->text.ptr, '<', loop->text.len))
		return true;
	diags_error(diags, loop, "Failed to convert policy: '&' and '<' cannot stand in the name of a control loop");
	return false;
}

/* The name that the reference looks up: up to its own marker. */
static struct str
onap_cut(struct str name)
{
	const struct str marker = STR("clname:");

	for (size_t i = 0; i + marker.len <= name.len; i++) {
		if (str_starts_with((struct str){name.ptr + i, name.len - i}, marker))
			return (struct str){name.ptr, i};
	}
	return name;
}

static bool
compile_onap(const struct policy *policy, struct guard *guard, struct arena *arena, struct diags *diags)
{
	const struct onap_properties properties = {policy->properties, "CoordinationDirective"};
	const struct node *loops = NULL, *second;
	struct scope_term *term = &guard->scope.term[ATTRIBUTE_CLNAME];

	if (node_is_null(policy->properties))
		onap_null(policy->node, "controlLoop", diags); /* the place of properties that are not there */
	else
		loops = onap_list(&properties, "controlLoop", diags);
	if (!loops)
		return false;
	if (loops->count < 2) {
		diags_error(diags, loops, "Index %u out of bounds: controlLoop must name two control loops",
		            loops->count);
		return false;
	}
	second = loops->first->next;
	if (!onap_loop(loops->first, diags) || !onap_loop(second, diags))
		return false;
	term->kind = TERM_EXACT; /* `.*` too is just a name here */
	term->text = arena_str(arena, second->text);
	if (term->text.ptr)
		return data_set(guard, onap_cut(loops->first->text), loops, arena, diags);
	diags_error(diags, second, "no memory for a guard");
	return false;
}

static void
verdict_live(struct verdict *ret, int live)
{
	static const enum reason reasons[] = {
		[LIVENESS_LIVE] = REASON_BLOCKED_BY_LOOP,
		[LIVENESS_UNKNOWN] = REASON_QUARANTINE,
		[LIVENESS_VERIFYING] = REASON_VERIFYING,
	};

	if (live == LIVENESS_IDLE)
		ret->effect = EFFECT_PERMIT;
	else
		*ret = (struct verdict){EFFECT_DENY, reasons[live], NULL};
}

static void
check(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct coordination *data = guard->data;
	int live = env->history->loop_live(env->history->context, data->first, env->now_ms, NULL);

	(void)request;
	if (live < 0)
		verdict_error(ret);
	else
		verdict_live(ret, live);
}

static void
check_onap(const struct guard *guard, const struct request *request, const struct env *env, struct verdict *ret)
{
	const struct coordination *data = guard->data;
	int started = env->history->loop_started(env->history->context, data->first);

	(void)request;
	verdict_live(ret, started < 0 ? LIVENESS_IDLE : started); /* what cannot be read permits, as in ONAP */
}

static void
explain(const struct guard *guard, const struct request *request, const struct env *env, const struct verdict *verdict,
        struct arena *arena, struct explanation *ret)
{
	const struct coordination *data = guard->data;

	int64_t until_ms = TIME_NONE;

	explain_text(ret, "clname", request->attribute[ATTRIBUTE_CLNAME]);
	explain_text(ret, "first", data->first);
	if (verdict->reason == REASON_VERIFYING)
		explain_verifying(ret);
	if (verdict->reason != REASON_QUARANTINE)
		return;
	(void)env->history->loop_live(env->history->context, data->first, env->now_ms,
	                              &until_ms); /* the verdict says it */
	explain_quarantine(ret, until_ms, arena);
}

static bool
coordination_remedy(const struct guard *guard, struct remedy *remedy, struct change *ret)
{
	const struct coordination *data = guard->data;
	const struct history_view *history = remedy->env->history;

	if (history->loop_live(history->context, data->first, remedy->env->now_ms, NULL) >= LIVENESS_UNKNOWN)
		return false; /* no operation is known that could end */
	ret->kind = CHANGE_LOOP;
	ret->value = data->first;
	ret->text = explain_format(remedy->arena, "control loop '%.*s' must end its operations", STR_ARG(data->first));
	return ret->text.ptr != NULL;
}

/* onap: a row that says Started blocks for ever. */
static int64_t
coordination_frees(const struct guard *guard, const struct request *request, const struct env *env)
{
	const struct coordination *data = guard->data;
	int64_t ends = range_frees(guard, request, env), until = TIME_NONE;

	if (guard->mode == GUARD_ONAP ||
	    env->history->loop_live(env->history->context, data->first, env->now_ms, &until) <= LIVENESS_IDLE)
		return ends;
	return until == TIME_NONE || (ends != TIME_NONE && ends < until) ? ends : until;
}

const struct guard_kind guard_first_blocks_second = {
	.name = "FirstBlocksSecond",
	.types = {"onap.policies.controlloop.guard.coordination.FirstBlocksSecond", NULL},
	.compile = {[GUARD_STRICT] = compile, [GUARD_ONAP] = compile_onap},
	.check = {[GUARD_STRICT] = check, [GUARD_ONAP] = check_onap},
	.explain = explain,
	.remedy = coordination_remedy,
	.frees = coordination_frees,
};
