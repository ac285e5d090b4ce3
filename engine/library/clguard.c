/* clguard - the library's door: C types of clguard.h to and from the engine's */
/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/library/clguard.h"

#include <assert.h>
#include <stdlib.h>

#include "engine/decide/engine.h"
#include "engine/decide/explanation.h"
#include "engine/library/clguard_priv.h"

struct clg_engine {
	struct engine *engine;
};

struct clg_session {
	struct session *session;
	struct arena arena; /* the last explanation */
};

static_assert(CLG_ESYNTAX == (int)ERROR_SYNTAX && CLG_EINTERNAL == (int)ERROR_INTERNAL, "one numbering of errors");

const char *
clg_version(void)
{
	return PACKAGE_VERSION;
}

const char *
clg_error_name(int code)
{
	return error_name((enum error_code)(code < 0 ? -code : code));
}

int
clg_error_from(struct clg_error *dst, const struct error *src)
{
	static_assert(sizeof(dst->path) == sizeof(src->path) && sizeof(dst->text) == sizeof(src->text), "same room");
	if (dst) {
		dst->code = (int)src->code;
		dst->line = src->line;
		dst->column = src->column;
		memcpy(dst->path, src->path, sizeof(dst->path));
		memcpy(dst->text, src->text, sizeof(dst->text));
	}
	return -(int)src->code;
}

static struct engine_options
options_from(const struct clg_options *given)
{
	struct clg_options o = CLG_OPTIONS_INIT;
	struct engine_options options = engine_options_default;

	/* A program built against an older header knows fewer members; those it lacks keep their defaults. */
	memcpy(&o, given, given->size < sizeof(o) ? given->size : sizeof(o));
	options.history.directory = o.data;
	options.history.map_bytes = o.map_bytes;
	options.history.lease_ms = o.lease_ms;
	options.history.durable = !o.process_durability;
	options.mode = o.mode == CLG_ONAP ? GUARD_ONAP : GUARD_STRICT;
	options.on_error_permit = o.on_error_permit;
	options.no_guard_deny = o.no_guard_deny;
	options.require_policies = o.require_policies;
	options.skip_bad_policies = o.skip_bad_policies;
	options.clock = o.clock;
	options.clock_context = o.clock_context;
	return options;
}

int
clg_open(const struct clg_options *given, struct clg_engine **ret_engine, struct clg_error *err)
{
	struct clg_options defaults = CLG_OPTIONS_INIT;
	struct engine_options options = options_from(given ? given : &defaults);
	struct clg_engine *engine = calloc(1, sizeof(*engine));
	struct error error = {0};

	if (!engine) {
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	if (engine_open(&options, &engine->engine, &error) != 0) {
		free(engine);
		return clg_error_from(err, &error);
	}
	*ret_engine = engine;
	return 0;
}

void
clg_close(struct clg_engine *engine)
{
	if (!engine)
		return;
	engine_close(engine->engine);
	free(engine);
}

struct engine *
clg_engine_of(struct clg_engine *engine)
{
	return engine->engine;
}

static void
clg_report_findings(const struct diags *diags, clg_finding_fn *finding, void *context)
{
	for (const struct diag *d = diags->first; d && finding; d = d->next) {
		finding(context, &(struct clg_finding){
					 .severity = (enum clg_severity)d->severity,
					 .code = d->code ? d->code : "",
					 .file = d->file,
					 .line = d->line,
					 .column = d->column,
					 .path = d->path,
					 .text = d->text,
				 });
	}
}

/* The first error finding as the call's error. */
static void
error_from_findings(const struct diags *diags, int code, struct error *err)
{
	const struct diag *d = diags->first;

	while (d && d->severity != SEVERITY_ERROR)
		d = d->next;
	if (d)
		(void)error_set_at(err, error_from(code), d->line, d->column, "%s%s%s", d->file, d->file[0] ? ": " : "",
		                   d->text);
	else
		(void)error_set(err, error_from(code), NULL, "the policies could not be loaded");
}

int
clg_load(struct clg_engine *engine, const char *const *paths, size_t count, clg_finding_fn *finding, void *context,
         struct clg_error *err)
{
	struct error error = {0};
	struct arena arena;
	struct diags diags;
	int r;

	arena_init(&arena, 0);
	diags_init(&diags, &arena);
	r = engine_load_paths(engine->engine, paths, count, &diags);
	clg_report_findings(&diags, finding, context);
	if (r != 0)
		error_from_findings(&diags, r, &error);
	arena_free(&arena);
	return r == 0 ? 0 : clg_error_from(err, &error);
}

int
clg_session_open(struct clg_engine *engine, struct clg_session **ret_session, struct clg_error *err)
{
	struct clg_session *session = calloc(1, sizeof(*session));
	struct error error = {0};

	if (!session) {
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	arena_init(&session->arena, 0);
	if (session_open(engine->engine, &session->session, &error) != 0) {
		free(session);
		return clg_error_from(err, &error);
	}
	*ret_session = session;
	return 0;
}

void
clg_session_close(struct clg_session *session)
{
	if (!session)
		return;
	session_close(session->session);
	arena_free(&session->arena);
	free(session);
}

static inline void
clg_take(struct request *request, enum attribute attribute, const char *text, size_t *longest)
{
	struct str *at = &request->attribute[attribute];

	at->ptr = text;
	at->len = 0;
	if (!text)
		return;
	at->len = strlen(text);
	*longest = at->len > *longest ? at->len : *longest;
}

/* A program that was built against an older header knows of no fields. */
static inline bool
has_fields(const struct clg_request *given)
{
	return (given->size == 0 || given->size >= sizeof(*given)) && given->field_count > 0;
}

static __attribute__((noinline)) int
take_fields(const struct clg_request *given, struct clg_question *ret)
{
	if (given->field_count > CLG_FIELDS_MAX)
		return -CLG_ELIMIT;
	for (size_t i = 0; i < given->field_count; i++) {
		struct request_field *field = &ret->fields[i];

		field->value = str_from(given->fields[i].value);
		if (!field->value.ptr || !field_parse(str_from(given->fields[i].path), &field->root, &field->name))
			return -CLG_EUNKNOWN;
	}
	ret->request.fields = ret->fields;
	ret->request.field_count = given->field_count;
	return 0;
}

/*
 * This and clg_decision_to set member by member: a compound literal of their size would be cleared first, by an instruction that
 * takes as long as the rest of the function.
 */
int
clg_request_from(const struct clg_request *given, struct clg_question *ret)
{
	struct request *request = &ret->request;
	size_t longest = 0;

	clg_take(request, ATTRIBUTE_ACTOR, given->actor, &longest);
	clg_take(request, ATTRIBUTE_OPERATION, given->operation, &longest);
	clg_take(request, ATTRIBUTE_CLNAME, given->clname, &longest);
	clg_take(request, ATTRIBUTE_TARGET, given->target, &longest);
	clg_take(request, ATTRIBUTE_VNF_NAME, given->vnf_name, &longest);
	clg_take(request, ATTRIBUTE_VNF_ID, given->vnf_id, &longest);
	clg_take(request, ATTRIBUTE_VNF_TYPE, given->vnf_type, &longest);
	clg_take(request, ATTRIBUTE_NAMING_CODE, given->nf_naming_code, &longest);
	clg_take(request, ATTRIBUTE_VSERVER_ID, given->vserver_id, &longest);
	clg_take(request, ATTRIBUTE_REGION_ID, given->cloud_region_id, &longest);
	request->request_id = str_from(given->request_id);
	request->subrequest_id = str_from(given->subrequest_id);
	request->has_vf_count = given->vf_count != NULL;
	request->vf_count = given->vf_count ? *given->vf_count : 0;
	request->has_current_time = false;
	request->current_time = (struct time_of_day){0};
	request->fields = NULL;
	request->field_count = 0;
	if (longest > ATTRIBUTE_SIZE_MAX)
		return -CLG_ELIMIT;
	return has_fields(given) ? take_fields(given, ret) : 0;
}

int
clg_request_wrong(int code, struct clg_error *err)
{
	struct error error = {0};

	if (code == -CLG_EUNKNOWN)
		(void)error_set(&error, ERROR_UNKNOWN, NULL,
		                "the path of a field is none: expected one such as resource.properties.status");
	else
		(void)error_set(&error, ERROR_LIMIT, NULL,
		                "an attribute is longer than %d bytes, or there are more than %d fields",
		                ATTRIBUTE_SIZE_MAX, CLG_FIELDS_MAX);
	return clg_error_from(err, &error);
}

void
clg_decision_to(const struct decision *decision, struct clg_decision *ret)
{
	const struct guard *guard = decision->permit ? NULL : decision->guard;

	ret->effect = decision->permit ? CLG_PERMIT : CLG_DENY;
	ret->reason = reason_name[decision->reason];
	ret->missing = decision->missing;
	ret->policy = guard ? guard->policy.ptr : NULL;
	ret->version = guard ? guard->version.ptr : NULL;
	ret->file = guard ? guard->file : NULL;
	ret->line = guard ? guard->line : 0;
	ret->column = guard ? guard->column : 0;
	ret->generation = decision->generation;
	for (size_t i = 0; i < sizeof(ret->reserved) / sizeof(ret->reserved[0]); i++)
		ret->reserved[i] = NULL;
}

static int
clg_refuse(struct clg_decision *ret, int code)
{
	*ret = (struct clg_decision){.effect = CLG_DENY, .reason = reason_name[REASON_ERROR]};
	return code;
}

int
clg_decide(struct clg_session *session, const struct clg_request *given, struct clg_decision *ret)
{
	struct decision decision;
	struct clg_question question;
	int r = clg_request_from(given, &question);

	if (r != 0)
		return clg_refuse(ret, r);
	session_decide(session->session, &question.request, &decision);
	clg_decision_to(&decision, ret);
	return 0;
}

int
clg_explain(struct clg_session *session, const struct clg_request *given, struct clg_decision *ret,
            const char **ret_json, struct clg_error *err)
{
	struct error error = {0};
	struct decision decision;
	struct clg_question question;
	struct explained why = {.permit_at = TIME_NONE};
	struct str json;
	int r;

	arena_reset(&session->arena);
	r = clg_request_from(given, &question);
	if (r != 0) {
		(void)clg_refuse(ret, r);
		return clg_request_wrong(r, err);
	}
	(void)session_explain(session->session, &question.request, &session->arena, &decision, &why);
	clg_decision_to(&decision, ret); /* without memory it is a Deny */
	json = explanation_json(&decision, &why, &session->arena);
	if (!json.ptr) {
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	*ret_json = json.ptr;
	return 0;
}

int
clg_decide_batch(struct clg_session *session, const struct clg_request *requests, size_t count,
                 struct clg_decision *ret)
{
	int r = 0;

	session_batch_begin(session->session);
	for (size_t i = 0; i < count; i++) {
		int one = clg_decide(session, clg_element(requests, sizeof(*requests), i), &ret[i]);

		if (r == 0)
			r = one;
	}
	session_batch_end(session->session);
	return r;
}

static struct operation
row_from(const struct clg_operation *row)
{
	return (struct operation){
		.actor = str_from(row->actor),
		.operation = str_from(row->operation),
		.target = str_from(row->target),
		.clname = str_from(row->clname),
		.request_id = str_from(row->request_id),
		.subrequest_id = str_from(row->subrequest_id),
		.outcome = str_from(row->outcome),
		.message = str_from(row->message),
		.start_ms = row->start_ms ? row->start_ms : TIME_NONE,
		.end_ms = row->end_ms ? row->end_ms : TIME_NONE,
	};
}

int
clg_record(struct clg_engine *engine, const struct clg_operation *rows, size_t count, struct clg_error *err)
{
	struct operation *copies = calloc(count ? count : 1, sizeof(*copies));
	struct error error = {0};
	int r = 0;

	if (!copies) {
		(void)error_set(&error, ERROR_MEMORY, NULL, "out of memory");
		return clg_error_from(err, &error);
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *lacks;

		copies[i] = row_from(clg_element(rows, sizeof(*rows), i));
		lacks = operation_lacks(&copies[i]);
		if (lacks)
			r = error_set(&error, ERROR_MISSING, NULL, "row %zu: %s", i, lacks);
	}
	if (r == 0)
		r = engine_record(engine->engine, copies, count, &error);
	free(copies);
	return r == 0 ? 0 : clg_error_from(err, &error);
}
