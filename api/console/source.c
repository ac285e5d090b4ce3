/* source - GET source: the text of a file that policies in force came from */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/console/look.h"
#include "api/http/resources.h"
#include "engine/decide/load.h"
#include "engine/decide/policyset.h"

/* Only files that the set in force names are read, whatever else the process may read. */
static bool
set_names(const struct policyset *set, struct str file)
{
	for (const struct guard *guard = set->guards.first; guard; guard = guard->next)
		if (str_is(file, guard->file))
			return true;
	for (const struct operational *policy = set->operational; policy; policy = policy->next)
		if (str_is(file, policy->file))
			return true;
	for (const struct diag *diag = set->findings; diag; diag = diag->next)
		if (str_is(file, diag->file))
			return true;
	return false;
}

static int
read_source(struct history_reader *reader, struct runtime_call *call, struct text *out)
{
	const struct list_request *look = call->context;
	struct policyset *set = engine_set_hold(look->service->engine);
	/* Documents of the database have names that are not those of files. */
	bool named = !str_starts_with(look->text, STR("policy ")) &&
	             !str_starts_with(look->text, STR("control loop ")) && set_names(set, look->text);
	struct error err = {0};
	struct str bytes;

	(void)reader;
	policyset_drop(set);
	if (!named) {
		call_refuse(call, 404, "no policy in force came from a file '%.*s'", STR_ARG(look->text));
	} else if (load_file(look->text.ptr, (size_t)look->service->settings->document_size, &call->scratch, &bytes,
	                     &err) != 0) {
		call_refuse(call, 404, "the policies are in force, but their file cannot be read: %s", err.text);
	} else {
		text_add(out, STR("{\"file\":"));
		text_add_json(out, look->text);
		text_add(out, STR(",\"text\":"));
		text_add_json(out, bytes);
		text_add(out, STR("}"));
	}
	return 0;
}

void
source_get(struct exchange *exchange)
{
	struct runtime_call *call = look_new(exchange, "file");

	if (call)
		answer_history(exchange, call, read_source);
}
