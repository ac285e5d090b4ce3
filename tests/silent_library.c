/* silent_library - the C library asked by lines of JSON, for tests/silent_yes.py */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/library/clguard.h"

/*
 *   silent_library strict|onap [--no-guard-deny] [--data DIR] [POLICY...]
 *
 * The first line that it prints tells of the load: {"findings":[...],"refused"?}. Then a line for each line that it reads:
 * {"do":"decide"|"explain"|"reserve","request":{}}, {"do":"settle"|"abort"|"renew","id","outcome"?}, {"do":"record","rows":[]},
 * {"do":"clock","now_ms"}. "http" in an answer is the status by which the service would answer the same.
 */
static int64_t now_ms;

static struct clg_engine *engine;
static struct clg_session *session;

static int64_t
manual_clock(void *context)
{
	(void)context;
	return now_ms;
}

static const char *
text_of(const json_t *map, const char *key)
{
	return json_string_value(json_object_get(map, key));
}

static int
http_of(int code, int good)
{
	switch (-code) {
	case 0:
		return good;
	case CLG_ECONFLICT:
		return 409;
	case CLG_EUNKNOWN:
		return 404;
	case CLG_ELIMIT:
	case CLG_EMISSING:
	case CLG_ETYPE:
		return 400;
	default:
		return 500;
	}
}

static void
put_text(json_t *map, const char *key, const char *value)
{
	if (value)
		json_object_set_new(map, key, json_string(value));
}

static json_t *
answer_of(int code, int good, const struct clg_error *err)
{
	json_t *answer = json_object();

	json_object_set_new(answer, "http", json_integer(http_of(code, good)));
	if (code != 0) {
		put_text(answer, "error", clg_error_name(code));
		put_text(answer, "text", err->text);
	}
	return answer;
}

static void
put_decision(json_t *answer, const struct clg_decision *decision)
{
	put_text(answer, "status", decision->effect == CLG_PERMIT ? "Permit" : "Deny");
	put_text(answer, "reason", decision->reason);
	put_text(answer, "missing", decision->missing);
	put_text(answer, "policy", decision->policy);
}

/* Members that are paths, such as resource.properties.status; as long as the map. */
static size_t
fields_of(json_t *map, struct clg_field fields[CLG_FIELDS_MAX])
{
	static const char *const roots[] = {"subject.", "action.", "resource.", "context."};
	const char *key;
	json_t *value;
	size_t count = 0;

	json_object_foreach(map, key, value)
	{
		for (size_t i = 0; i < 4 && count < CLG_FIELDS_MAX; i++) {
			if (strncmp(key, roots[i], strlen(roots[i])) == 0)
				fields[count++] = (struct clg_field){key, json_string_value(value)};
		}
	}
	return count;
}

static struct clg_request
request_of(json_t *map, int32_t *vf_count, struct clg_field fields[CLG_FIELDS_MAX])
{
	const json_t *count = json_object_get(map, "vfCount");

	*vf_count = (int32_t)json_integer_value(count);
	return (struct clg_request){
		.actor = text_of(map, "actor"),
		.operation = text_of(map, "operation"),
		.target = text_of(map, "target"),
		.clname = text_of(map, "clname"),
		.vnf_name = text_of(map, "generic-vnf.vnf-name"),
		.vnf_id = text_of(map, "generic-vnf.vnf-id"),
		.vnf_type = text_of(map, "generic-vnf.vnf-type"),
		.nf_naming_code = text_of(map, "generic-vnf.nf-naming-code"),
		.vserver_id = text_of(map, "vserver.vserver-id"),
		.cloud_region_id = text_of(map, "cloud-region.cloud-region-id"),
		.request_id = text_of(map, "requestId"),
		.subrequest_id = text_of(map, "subrequestId"),
		.vf_count = count ? vf_count : NULL,
		.fields = fields,
		.field_count = fields_of(map, fields),
	};
}

static json_t *
decide(json_t *map, bool explain)
{
	struct clg_field fields[CLG_FIELDS_MAX];
	struct clg_decision decision;
	struct clg_error err = {0};
	const char *why = NULL;
	int32_t vf_count;
	struct clg_request request = request_of(map, &vf_count, fields);
	int r = explain ? clg_explain(session, &request, &decision, &why, &err)
	                : clg_decide(session, &request, &decision);
	json_t *answer = answer_of(r, 200, &err);

	put_decision(answer, &decision);
	if (why)
		json_object_set_new(answer, "explanation", json_loads(why, 0, NULL));
	return answer;
}

static json_t *
reserve(json_t *map)
{
	struct clg_field fields[CLG_FIELDS_MAX];
	struct clg_reservation reservation;
	struct clg_error err = {0};
	int32_t vf_count;
	struct clg_request request = request_of(map, &vf_count, fields);
	int r = clg_reserve(engine, &request, 0, &reservation, &err);
	bool taken = reservation.decision.effect == CLG_PERMIT && !reservation.repeated;
	json_t *answer = answer_of(r, taken ? 201 : 200, &err);

	if (r == 0) {
		put_decision(answer, &reservation.decision);
		put_text(answer, "reservation", reservation.id[0] ? reservation.id : NULL);
	}
	clg_reservation_done(&reservation);
	return answer;
}

static json_t *
change(const char *how, const json_t *command)
{
	static const char *const names[] = {"live", "settled", "aborted", "expired"};
	const char *id = text_of(command, "id"), *outcome = text_of(command, "outcome");
	enum clg_reservation_state state = CLG_LIVE;
	struct clg_error err = {0};
	json_t *answer;
	int r;

	if (strcmp(how, "settle") == 0)
		r = clg_settle(engine, id ? id : "", outcome ? outcome : "Success", &state, &err);
	else if (strcmp(how, "abort") == 0)
		r = clg_abort(engine, id ? id : "", &state, &err);
	else
		r = clg_renew(engine, id ? id : "", 0, &state, &err);
	answer = answer_of(r, 200, &err);
	put_text(answer, "state", names[state]);
	return answer;
}

static json_t *
record(const json_t *rows)
{
	struct clg_error err = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		struct clg_operation operation = {
			.actor = text_of(row, "actor"),
			.operation = text_of(row, "operation"),
			.target = text_of(row, "target"),
			.clname = text_of(row, "closedLoopName"),
			.request_id = text_of(row, "requestId"),
			.subrequest_id = text_of(row, "subrequestId"),
			.outcome = text_of(row, "outcome"),
			.start_ms = json_integer_value(json_object_get(row, "starttime")),
			.end_ms = json_integer_value(json_object_get(row, "endtime")),
		};

		if (!operation.clname)
			operation.clname = text_of(row, "clname");
		r = clg_record(engine, &operation, 1, &err);
	}
	return answer_of(r, 200, &err);
}

static json_t *
obey(const json_t *command)
{
	const char *how = text_of(command, "do");

	if (!how)
		how = "";
	if (strcmp(how, "decide") == 0 || strcmp(how, "explain") == 0)
		return decide(json_object_get(command, "request"), strcmp(how, "explain") == 0);
	if (strcmp(how, "reserve") == 0)
		return reserve(json_object_get(command, "request"));
	if (strcmp(how, "record") == 0)
		return record(json_object_get(command, "rows"));
	if (strcmp(how, "clock") != 0)
		return change(how, command);
	now_ms = json_integer_value(json_object_get(command, "now_ms"));
	return answer_of(0, 200, NULL);
}

static void
keep_finding(void *context, const struct clg_finding *finding)
{
	static const char *const severities[] = {"info", "warning", "error"};
	char *line = NULL;

	if (asprintf(&line, "%s:%u:%u: %s: %s%s%s%s", finding->file, finding->line, finding->column,
	             severities[finding->severity], finding->code, finding->code[0] ? ": " : "", finding->text, "") < 0)
		exit(1);
	json_array_append_new(context, json_string(line));
	free(line);
}

static void
print(json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);

	puts(text);
	(void)fflush(stdout); /* a reader that is gone ends this by SIGPIPE */
	free(text);
	json_decref(answer);
}

static bool
load(int count, char **paths)
{
	struct clg_error err = {0};
	json_t *told = json_object(), *findings = json_array();
	int r = count ? clg_load(engine, (const char *const *)paths, (size_t)count, keep_finding, findings, &err) : 0;

	json_object_set_new(told, "findings", findings);
	if (r != 0)
		put_text(told, "refused", err.text);
	print(told);
	return r == 0;
}

int
main(int argc, char **argv)
{
	struct clg_options options = CLG_OPTIONS_INIT;
	struct clg_error err = {0};
	char line[1 << 16];
	int at = 2;

	if (argc < 2)
		return 2;
	options.mode = strcmp(argv[1], "onap") == 0 ? CLG_ONAP : CLG_STRICT;
	options.clock = manual_clock;
	options.process_durability = true;
	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		options.no_guard_deny = options.no_guard_deny || strcmp(argv[at], "--no-guard-deny") == 0;
		options.require_policies = options.require_policies || strcmp(argv[at], "--require-policies") == 0;
		if (strcmp(argv[at], "--data") == 0 && at + 1 < argc)
			options.data = argv[++at];
	}
	if (clg_open(&options, &engine, &err) != 0 || clg_session_open(engine, &session, &err) != 0) {
		fprintf(stderr, "silent_library: %s\n", err.text);
		return 1;
	}
	if (load(argc - at, argv + at)) {
		while (fgets(line, sizeof(line), stdin)) {
			json_t *command = json_loads(line, 0, NULL);

			print(obey(command));
			json_decref(command);
		}
	}
	clg_session_close(session);
	clg_close(engine);
	return 0;
}
