/* rules - the rules OPV-00 to OPV-47 as one table, and how findings of them are made */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/operational/operational_priv.h"

#include <stdarg.h>
#include <stdio.h>

static const struct rule {
	const char *code;
	enum severity severity;
} rules[OPV_COUNT] = {
#define X(number, level, text) [OPV_##number] = {"OPV-" #number, SEVERITY_##level},
	OPV_RULES(X)
#undef X
};

const char *const result_route[RESULT_COUNT] = {
#define X(name, route, text, outcome) [RESULT_##name] = route,
	OPERATIONAL_RESULTS(X)
#undef X
};

const char *const result_name[RESULT_COUNT] = {
#define X(name, route, text, outcome) [RESULT_##name] = text,
	OPERATIONAL_RESULTS(X)
#undef X
};

const char *const result_outcome[RESULT_COUNT] = {
#define X(name, route, text, outcome) [RESULT_##name] = outcome,
	OPERATIONAL_RESULTS(X)
#undef X
};

const char *const result_final[RESULT_COUNT] = {
#define X(name, route, text, outcome) [RESULT_##name] = "final_" route,
	OPERATIONAL_RESULTS(X)
#undef X
};

int
final_find(struct str name)
{
	for (int i = 0; i < RESULT_COUNT; i++) {
		if (str_equal_nocase(name, str_from(result_final[i])))
			return i;
	}
	return str_equal_nocase(name, STR(FINAL_OPENLOOP)) ? RESULT_COUNT : -1;
}

struct str
entries_get(struct entries entries, const char *key)
{
	for (size_t i = 0; i < entries.count; i++) {
		if (str_is(entries.list[i].key, key))
			return entries.list[i].value;
	}
	return STR_NONE;
}

static void __attribute__((format(printf, 6, 0)))
rules_report(struct compiler *c, enum opv rule, enum severity severity, const struct node *where, const char *path,
             const char *format, va_list args)
{
	char text[ERROR_TEXT_SIZE];
	size_t kept = c->diags->kept;

	if (severity == SEVERITY_ERROR)
		c->failed = true;
	(void)vsnprintf(text, sizeof(text), format, args); /* cut when it is too long */
	diags_add(c->diags, severity, rules[rule].code, where, "%s", text);
	if (c->diags->kept > kept && path)
		c->diags->last->path = path;
}

void
opv_report_as(struct compiler *c, enum opv rule, enum severity severity, const struct node *where, const char *path,
              const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rules_report(c, rule, severity, where, path, format, args);
	va_end(args);
}

void
opv_report(struct compiler *c, enum opv rule, const struct node *where, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	rules_report(c, rule, rules[rule].severity, where, path, format, args);
	va_end(args);
}

void
opv_no_memory(struct compiler *c)
{
	if (!c->failed)
		diags_error(c->diags, c->body, "no memory for the policy");
	c->failed = true;
}

const char *
opv_path(struct compiler *c, struct str operation, const char *field)
{
	const char *path;

	if (!field)
		path = arena_printf(c->arena, "%.*s", STR_ARG(operation));
	else
		path = arena_printf(c->arena, "%.*s.%s", STR_ARG(operation), field);
	if (!path)
		opv_no_memory(c);
	return path;
}
