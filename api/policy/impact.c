/* impact - what a deployment would turn, by the decision log: part of a dry run's answer */
/* SPDX-License-Identifier: Apache-2.0 */
#include "api/policy/impact.h"

#include "api/decision_log/log_files.h"
#include "api/replay/replay_report.h"
#include "engine/decide/policyset.h"

#define LOG_BYTES ((size_t)32 << 20) /* the newest of the log: some 100,000 lines */
#define EXAMPLES 5                   /* of each turn in each loop */

static int
impact_replay(const char *path, const struct policyset *set, struct arena *arena, struct replay_report *ret,
              struct error *err)
{
	struct replay_options options = {
		.set = set, .log_bytes = LOG_BYTES, .from_ms = TIME_NONE, .to_ms = TIME_NONE, .examples = EXAMPLES};
	struct log_files files;
	int r;

	if (log_files_find(path, &files) != 0) {
		r = error_set(err, ERROR_IO, NULL, "the files of the decision log cannot be found");
	} else {
		options.logs = (const char *const *)files.paths;
		options.log_count = files.count;
		r = replay_run(&options, arena, ret, err);
	}
	log_files_free(&files);
	return r;
}

/* The set as the deployment would leave it, files included. */
static int
impact_compile(struct service *service, const struct runtime_call *call, struct arena *arena, struct policyset **ret,
               struct error *err)
{
	struct diags diags;

	diags_init(&diags, arena);
	if (engine_try_deploy(service->engine, call->documents, call->document_count, ret, &diags) == 0)
		return 0;
	return error_set(err, ERROR_CONFLICT, NULL, "the policies have changed meanwhile, and do not compile any more");
}

void
impact_add(struct service *service, struct runtime_call *call, struct arena *scratch, struct text *out)
{
	const char *path = service->settings->decision_log;
	struct policyset *set = NULL;
	struct replay_report report;
	struct error err = {0};

	text_add(out, STR(",\"impact\":"));
	if (!service->decisions || !path)
		(void)error_set(&err, ERROR_MISSING, NULL, "no decision log is kept: decision_log says where");
	else if (!call->documents)
		(void)error_set(&err, ERROR_MISSING, NULL, "nothing would be in force");
	else if (impact_compile(service, call, scratch, &set, &err) == 0)
		(void)impact_replay(path, set, scratch, &report, &err); /* err tells */
	if (err.code) {
		text_add(out, STR("{\"error\":"));
		text_add_json(out, str_from(err.text));
		text_add(out, STR("}"));
	} else {
		replay_report_add(out, &report);
	}
	policyset_drop(set);
}
