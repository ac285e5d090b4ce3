/* show - operational policies as a graph, and in their canonical form */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/show.h"

#include <inttypes.h>

#include "base/builder.h"

#define FLAT_TYPE "onap.policies.controlloop.operational.common.Drools"

/* Text inside a DOT string. */
static void
dot_text(struct str text, FILE *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			fputc('\\', out);
		if ((unsigned char)text.ptr[i] >= 0x20)
			fputc(text.ptr[i], out);
	}
}

/* With retries FAILURE becomes FAILURE_RETRIES; without them there is no FAILURE_RETRIES. */
static bool
is_dead(const struct directive *d, int route)
{
	return (route == RESULT_FAILURE && d->retries > 0) || (route == RESULT_FAILURE_RETRIES && d->retries == 0);
}

/*
 * One arrow for all live, or all dead, routes of a directive to one place. to: an index, or ROUTE_FINAL for failing
 * finals.
 */
static void
dot_arrow(const struct operational *policy, size_t from, int32_t to, bool dead, FILE *out)
{
	const struct directive *d = &policy->directives[from];
	bool first = true;

	for (int i = 0; i < RESULT_COUNT; i++) {
		if (d->route[i] != to || is_dead(d, i) != dead || (to == ROUTE_FINAL && (i == RESULT_SUCCESS || dead)))
			continue;
		if (first && to == ROUTE_FINAL)
			fprintf(out, "\td%zu -> failure [color=gray40, fontcolor=gray40, label=\"", from);
		else if (first)
			fprintf(out, "\td%zu -> d%" PRId32 " [%slabel=\"", from, to,
			        dead ? "style=dashed, color=gray60, fontcolor=gray60, " : "");
		fprintf(out, "%s%s", first ? "" : "\\n", result_route[i]);
		first = false;
	}
	if (!first)
		fputs("\"];\n", out);
}

static void
dot_directive(const struct operational *policy, size_t at, FILE *out)
{
	const struct directive *d = &policy->directives[at];

	fprintf(out, "\td%zu [label=\"", at);
	dot_text(d->id, out);
	fputs("\\n", out);
	dot_text(d->actor, out);
	fputs(": ", out);
	dot_text(d->operation, out);
	fprintf(out, "\\n%s, %" PRId32 " s", target_type_name[d->target_type], d->timeout_s);
	if (d->retries > 0)
		fprintf(out, ", %" PRId32 " %s", d->retries, d->retries == 1 ? "retry" : "retries");
	fputs("\"];\n", out);
	if (d->route[RESULT_SUCCESS] == ROUTE_FINAL)
		fprintf(out, "\td%zu -> success [label=\"success\"];\n", at);
	for (int i = 0; i < RESULT_COUNT; i++) {
		bool seen = d->route[i] == ROUTE_FINAL;

		for (int j = 0; j < i; j++)
			seen = seen || d->route[j] == d->route[i];
		if (seen)
			continue;
		dot_arrow(policy, at, d->route[i], false, out);
		dot_arrow(policy, at, d->route[i], true, out);
	}
	dot_arrow(policy, at, ROUTE_FINAL, false, out);
}

void
operational_dot(const struct operational *policy, FILE *out)
{
	fputs("digraph \"", out);
	dot_text(policy->id, out);
	fputs("\" {\n\tlabel=\"", out);
	dot_text(policy->policy, out);
	fputs("\\n", out);
	dot_text(policy->id, out);
	fprintf(out, ", %" PRId32 " s in all\"; labelloc=t; fontname=\"sans-serif\";\n", policy->timeout_s);
	fputs("\tnode [shape=box, style=\"rounded,filled\", fillcolor=\"#eef3fa\", fontname=\"sans-serif\"];\n"
	      "\tedge [fontname=\"sans-serif\", fontsize=10];\n"
	      "\tonset [label=\"ONSET\", shape=circle, fillcolor=\"#fff4cc\"];\n",
	      out);
	if (policy->trigger < 0) {
		fputs("\topenloop [label=\"FINAL: OPENLOOP\", shape=doubleoctagon];\n\tonset -> openloop;\n}\n", out);
		return;
	}
	fputs("\tsuccess [label=\"FINAL: SUCCESS\", shape=oval, fillcolor=\"#ddf2dd\"];\n"
	      "\tfailure [label=\"FINAL: FAILURE\", shape=oval, fillcolor=\"#f8dddd\"];\n",
	      out);
	fprintf(out, "\tonset -> d%" PRId32 "%s;\n", policy->trigger, policy->gate ? " [label=\"gated\"]" : "");
	for (size_t i = 0; i < policy->count; i++)
		dot_directive(policy, i, out);
	fputs("}\n", out);
}

static const char *const clause_words[] = {
	[CLAUSE_AND] = "and",  [CLAUSE_OR] = "or",         [CLAUSE_NOT] = "none of",
	[CLAUSE_EQUAL] = "is", [CLAUSE_GREATER] = ">",     [CLAUSE_GREATER_EQUAL] = ">=",
	[CLAUSE_LESS] = "<",   [CLAUSE_LESS_EQUAL] = "<=",
};

/* Control characters would end the comment. */
static void
comment_text(struct str text, FILE *out)
{
	for (size_t i = 0; i < text.len; i++)
		fputc((unsigned char)text.ptr[i] < 0x20 ? '?' : text.ptr[i], out);
}

static void
note_clause(const struct clause *clause, FILE *out)
{
	bool junction = clause->kind == CLAUSE_AND || clause->kind == CLAUSE_OR || clause->kind == CLAUSE_NOT;

	if (!junction) {
		comment_text(clause->attribute, out);
		fprintf(out, " %s ", clause_words[clause->kind]);
		for (size_t i = 0; i < clause->value_count; i++) {
			fputs(i ? " or " : "", out);
			comment_text(clause->values[i], out);
		}
		return;
	}
	fputs(clause->kind == CLAUSE_NOT ? "none of (" : "(", out);
	for (const struct clause *child = clause->first; child; child = child->next) {
		note_clause(child, out);
		if (child->next)
			fprintf(out, " %s ", clause->kind == CLAUSE_AND ? "and" : "or");
	}
	fputc(')', out);
}

static void
note_names(struct target_names names, FILE *out)
{
	for (size_t i = 0; i < names.count; i++) {
		fputs(i ? ", " : "# gate: events about ", out);
		comment_text(names.list[i], out);
	}
	if (names.count)
		fputc('\n', out);
}

static void
note_gate(const struct gate *gate, FILE *out)
{
	char start[TIME_TEXT_SIZE], end[TIME_TEXT_SIZE];

	note_names(gate->nodes, out);
	for (int i = 0; i < TARGET_COUNT; i++)
		if (gate->target_types & 1u << i)
			fprintf(out, "# gate: events about a %s\n", target_type_name[i]);
	if (gate->has_schedule && gate->schedule.kind == RANGE_INSTANTS) {
		time_format_instant(gate->schedule.start, start);
		time_format_instant(gate->schedule.end, end);
		fprintf(out, "# gate: from %s until before %s\n", start, end);
	} else if (gate->has_schedule) {
		time_format_instant(gate->schedule.start, start); /* of 1970-01-01: the time of day is what counts */
		time_format_instant(gate->schedule.end, end);
		fprintf(out, "# gate: daily %.*s to %s UTC\n", (int)strlen(start + 11) - 1, start + 11, end + 11);
	}
	if (gate->condition) {
		fputs("# gate: ", out);
		note_clause(gate->condition, out);
		fputc('\n', out);
	}
	if (gate->evaluations > 1)
		fprintf(out, "# gate: %" PRIu32 " ONSETs of one AAI map within %" PRId64 " ms\n", gate->evaluations,
		        gate->period_ms);
}

void
operational_notes(const struct operational *policy, FILE *out)
{
	note_names(policy->targets, out);
	if (policy->gate)
		note_gate(policy->gate, out);
	if (policy->waits_for_abated)
		fputs("# abatement: a successful final is held until ABATED\n", out);
	for (size_t i = 0; i < policy->count; i++) {
		const struct directive *d = &policy->directives[i];

		for (size_t j = 0; j < d->parameters.count; j++) {
			fputs("# parameter of ", out);
			comment_text(d->id, out);
			fputs(": ", out);
			comment_text(d->parameters.list[j].key, out);
			fputs(" = ", out);
			comment_text(d->parameters.list[j].value, out);
			fputc('\n', out);
		}
	}
}

static void
add_entries(struct builder *builder, struct node *parent, const char *key, struct entries entries)
{
	struct node *map = entries.count > 0 ? builder_add(builder, parent, key, NODE_MAP) : NULL;

	for (size_t i = 0; map && i < entries.count; i++)
		builder_text(builder, map, entries.list[i].key.ptr, entries.list[i].value);
}

static void
add_directive(struct builder *builder, struct node *list, const struct operational *policy, const struct directive *d)
{
	struct node *item = builder_add(builder, list, NULL, NODE_MAP);
	struct node *operation, *target;

	builder_text(builder, item, "id", d->id);
	operation = builder_add(builder, item, "operation", NODE_MAP);
	builder_text(builder, operation, "actor", d->actor);
	builder_text(builder, operation, "operation", d->operation);
	target = builder_add(builder, operation, "target", NODE_MAP);
	/* VNFC is the nested form's; the machine treats it as VM, the flat form's name for it. */
	builder_text(builder, target, "targetType",
	             str_from(target_type_name[d->target_type == TARGET_VNFC ? TARGET_VM : d->target_type]));
	add_entries(builder, target, "entityIds", d->entities);
	add_entries(builder, operation, "payload", d->payload);
	builder_integer(builder, item, "timeout", d->timeout_s);
	builder_integer(builder, item, "retries", d->retries);
	for (int i = 0; i < RESULT_COUNT; i++)
		builder_text(builder, item, result_route[i],
		             d->route[i] == ROUTE_FINAL ? str_from(result_final[i])
		                                        : policy->directives[d->route[i]].id);
}

static void
show_add_policy(struct builder *builder, struct node *list, const struct operational *policy)
{
	struct node *body = builder_entry(builder, list, builder_name(builder, policy->policy));
	struct node *properties, *operations;

	builder_text(builder, body, "type", STR(FLAT_TYPE));
	builder_text(builder, body, "type_version", STR("1.0.0"));
	builder_text(builder, body, "version", policy->version.len ? policy->version : STR("1.0.0"));
	properties = builder_add(builder, body, "properties", NODE_MAP);
	builder_text(builder, properties, "id", policy->id);
	builder_integer(builder, properties, "timeout", policy->timeout_s);
	builder_boolean(builder, properties, "abatement", policy->abatement);
	builder_text(builder, properties, "trigger",
	             policy->trigger < 0 ? STR(FINAL_OPENLOOP) : policy->directives[policy->trigger].id);
	operations = builder_add(builder, properties, "operations", NODE_LIST);
	for (size_t i = 0; i < policy->count; i++)
		add_directive(builder, operations, policy, &policy->directives[i]);
}

struct node *
operational_template(const struct operational *list, struct arena *arena)
{
	struct builder builder = {.arena = arena};
	struct node *policies;
	struct node *root = builder_template(&builder, &policies);

	for (const struct operational *at = list; at; at = at->next)
		show_add_policy(&builder, policies, at);
	return builder.failed ? NULL : root;
}
