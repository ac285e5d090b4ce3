/* compile_check - policies compiled without being published: for a call that would bring them */
/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/administration/compile_check.h"

#include <inttypes.h>

#include "engine/decide/policyset.h"
#include "runtime/act/deploy.h"

#define GUARDS_SHOWN 1000

static void
add_finding(struct text *out, const struct diag *diag)
{
	text_addf(out, "{\"severity\":\"%s\",\"file\":", severity_name(diag->severity));
	text_add_json(out, str_from(diag->file));
	text_addf(out, ",\"line\":%" PRIu32 ",\"column\":%" PRIu32 ",\"path\":", diag->line, diag->column);
	text_add_json(out, str_from(diag->path ? diag->path : ""));
	text_add(out, STR(",\"text\":"));
	text_add_json(out, str_from(diag->text));
	text_add(out, STR("}"));
}

/* Of the documents that were given: what is wrong with files is not this call's business. */
static bool
compile_check_is_about(const struct compile_check *check, const struct diag *diag)
{
	for (size_t i = 0; i < check->count; i++)
		if (strcmp(check->documents[i].name, diag->file) == 0)
			return true;
	return diag->file[0] == '\0';
}

static struct str
compile_check_write_findings(const struct compile_check *check, const struct diags *diags, struct arena *arena)
{
	const char *comma = "";
	struct text out;

	text_init(&out, arena);
	text_add(&out, STR("["));
	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		if (diag->severity < SEVERITY_WARNING || (check->good && !compile_check_is_about(check, diag)))
			continue;
		text_add(&out, str_from(comma));
		add_finding(&out, diag);
		comma = ",";
	}
	text_add(&out, STR("]"));
	return text_done(&out);
}

static struct str
write_guards(const struct policyset *set, struct arena *arena)
{
	struct text out;
	size_t count = 0;

	text_init(&out, arena);
	text_add(&out, STR("["));
	for (const struct guard *guard = set ? set->guards.first : NULL; guard && count < GUARDS_SHOWN;
	     guard = guard->next) {
		text_add(&out, count++ ? STR(",{\"policy\":") : STR("{\"policy\":"));
		text_add_json(&out, guard->policy);
		text_add(&out, STR(",\"version\":"));
		text_add_json(&out, guard->version);
		text_add(&out, STR(",\"file\":"));
		text_add_json(&out, str_from(guard->file));
		text_addf(&out, ",\"line\":%" PRIu32 "}", guard->line);
	}
	text_add(&out, STR("]"));
	return text_done(&out);
}

/* With skip_bad_policies the set is made without what is bad; what this call brings must not be among that. */
static bool
is_spoilt(const struct compile_check *check, const struct diags *diags)
{
	for (const struct diag *diag = diags->first; diag; diag = diag->next)
		if (diag->severity == SEVERITY_ERROR && compile_check_is_about(check, diag))
			return true;
	return false;
}

void
compile_check_run(struct engine *engine, struct compile_check *check, struct arena *arena)
{
	struct policyset *set = NULL;
	struct diags diags;
	struct arena scratch;
	int r;

	arena_init(&scratch, 0);
	diags_init(&diags, &scratch);
	r = check->whole ? engine_try_deploy(engine, check->documents, check->count, &set, &diags)
	                 : engine_try(engine, check->documents, check->count, &set, &diags);
	check->good = r == 0 && !is_spoilt(check, &diags);
	check->findings = compile_check_write_findings(check, &diags, arena);
	check->guards = write_guards(set, arena);
	check->policies = set ? set->policies : 0;
	check->error = check->good ? STR("") : arena_str(arena, str_from(deploy_first_error(&diags, &scratch)));
	check->done = check->findings.ptr && check->guards.ptr && check->error.ptr;
	policyset_drop(set);
	arena_free(&scratch);
}
